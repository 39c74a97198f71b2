"""The budgets of DESIGN §10 that are counted, by the measurements of `make bench`; and that these compare equals."""

import json

import pytest

from bench import cpu, reports
from chalicelib import bootstrap


def test_reports_receipts_and_progress_keep_their_budgets() -> None:
    rows = reports.measure().rows
    judged = {row[0]: row[-1] for row in rows if row[-1]}
    assert len(judged) == 5
    assert set(judged.values()) == {"yes"}, rows


def test_the_peer_whose_processor_time_is_compared_does_the_same_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bootstrap, "_muster", None)
    both = cpu.Both()
    for job in cpu.jobs():
        answers = [program(job.event, cpu.Context()) for program in (both.ours, both.theirs)]
        for answer in answers:
            assert answer["statusCode"] == job.status, job.what
            told = answer["body"] + str(answer["headers"]) + str(answer["multiValueHeaders"])
            assert job.holds in told, job.what
        if job.event["path"].startswith("/v1/"):
            mine, peers = (json.loads(answer["body"]) for answer in answers)
            assert peers.keys() <= mine.keys(), job.what
            for name in peers.keys() - {
                "progress",
                "projection",
            }:  # sums of a table that stands still; a line
                assert peers[name] == mine[name], (job.what, name)
