"""What operators see of a Lambda function: in a process of its own, which believes that it is one."""

import json
import os
import re
import subprocess
import sys
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import pytest

from chalicelib.telemetry import Metric, log_problem
from manage.serve.command import Readable
from tests.world import HIDDEN_MOTIVATIONS

METRICS, NOTED = set(get_args(Metric)), ["Reports", "Duplicates", "Rejections", "Drift"]

SCRIPT = """
import json, logging, os
from threading import Thread
from chalice.app import Chalice
from chalicelib import bootstrap
from chalicelib.services.refresh import Refreshed
from chalicelib.telemetry import RunFailed
from tests.world import new_world, HIDDEN_MOTIVATIONS
import app
from chalice.test import Client

class Finding:
    def refresh_totals(self, remaining):
        error = logging.getLogger("chalicelib.services.counting").error
        thread = Thread(target=error, args=("drift corrected: %s", {"server": "101"}))
        thread.start()
        thread.join()
        return Refreshed(1, (object(),))

with new_world() as world:
    bootstrap.use(world.muster)
    secret = world.secret()
    with Client(app.app) as client:
        body = json.dumps({"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        for _ in range(2):
            client.http.post("/v1/completions", headers=headers, body=body)
        answer = client.http.post("/v1/completions", headers=headers, body="{}")
        run = ("refresh_totals", client.events.generate_cw_event("", "", {}, ""))
        client.lambda_.invoke(*run)
        os.environ["METRICS"] = "all"
        vars(world.muster)["refresh"] = Finding()
        try:
            client.lambda_.invoke(*run)
        except RunFailed as failed:
            ended = str(failed)
    print("ANSWER", json.dumps([answer.json_body, secret, ended]))
"""

OF_PROBLEMS = """
import json, logging
from botocore.exceptions import ClientError
from chalice.test import Client
import app
from chalicelib import bootstrap
from chalicelib.domain.errors import Busy
from chalicelib.http import problems
from chalicelib.services.member_pages import MemberPages
from chalicelib.services.overview import Overview
from chalicelib.services.refresh import Refresh
from tests.world import HIDDEN_MOTIVATIONS, new_world

FORM = {"Content-Type": "application/x-www-form-urlencoded"}

with new_world() as world:
    bootstrap.use(world.muster)
    member, reader = world.secret(), world.secret("reader")

    def broken(*_, **__):
        try:
            {}["Kestrel"]
        except KeyError as error:
            raise ValueError(f"Kestrel may not use {member}") from error

    def throttled(*_, **__):
        try:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": f"Kestrel {member}"}}, "Query")
        except ClientError as error:
            raise Busy from error

    def asked(method, path, status, headers=(), body=""):
        answer = getattr(client.http, method)(path, headers=dict(headers), body=body)
        assert answer.status_code == status, answer.body
        is_json = "json" in answer.headers["Content-Type"]
        told = json.loads(answer.body)["request_id"] if is_json else answer.body.decode()
        print("ANSWER", json.dumps(told))

    with Client(app.app) as client:
        bearer = {"Authorization": f"Bearer {member}", "Content-Type": "application/json"}
        report = {"commander": "Kestrel\\u202e", "milestones": [HIDDEN_MOTIVATIONS]}
        asked("post", "/v1/completions", 422, bearer, json.dumps(report))
        asked("post", "/v1/completions", 422, bearer, json.dumps({"Kestrel": member}))
        asked("post", f"/f/{member}", 422, FORM, f"commander=Kestrel%E2%80%AE&milestone={HIDDEN_MOTIVATIONS}")
        asked("get", "/f/Kestrel-may-not", 401, {"Accept": "text/html"})
        asked("get", f"/v1/servers/101/alliances/nova/missing.csv?key={reader}&milestone=x", 404)
        asked("delete", "/v1/events", 405)
        MemberPages.form = broken
        asked("get", f"/f/{member}", 500, {"Accept": "text/html"})
        Overview.schedule = throttled
        asked("get", "/v1/servers/101/schedule", 503)
        problems.within = broken
        asked("get", "/health", 500)
        Refresh.refresh_totals = broken
        try:
            client.lambda_.invoke("refresh_totals", client.events.generate_cw_event("", "", {}, ""))
        except Exception as error:
            print("ANSWER", json.dumps(f"{type(error).__name__}: {error}"))
    parameters = f"?key={reader}&token={member}&access_token={reader}"
    at = f"Retrying after /api/webhooks/12/{member}, /f/{member} and {parameters}, with Bearer {member}"
    logging.getLogger("urllib3.connectionpool").warning(at)
    logging.getLogger("urllib3.connectionpool").info("not of interest")
    print("ANSWER", json.dumps([member, reader]))
"""


@dataclass(frozen=True)
class Written:
    """What a function wrote: its JSON lines, what the script tells, and all but that."""

    lines: list[dict[str, Any]]
    answers: list[Any]
    all: str


@cache
def written(script: str) -> Written:
    settings = {"AWS_LAMBDA_FUNCTION_NAME": "muster", "POWERTOOLS_SERVICE_NAME": "muster-test"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    answers = [json.loads(line.removeprefix("ANSWER")) for line in said if line.startswith("ANSWER")]
    lines = [json.loads(line) for line in said if line.startswith("{")]
    rest = [line for line in said if not line.startswith("ANSWER")]
    assert len(rest) == len(lines), "each line is JSON"
    return Written(lines, answers, "\n".join([*rest, done.stderr]))


def test_the_log_tells_what_happened_and_no_name_or_key() -> None:
    """CloudWatch makes metrics of it only if it is asked to. A run that has logged an error ends in one."""
    told = written(SCRIPT)
    ((problem, secret, ended),) = told.answers
    numbers = [line for line in told.lines if METRICS & line.keys()]
    assert [(METRICS & line.keys()).pop() for line in numbers] == [*NOTED, "Drift"]
    assert numbers[2]["request_id"] == problem["request_id"]
    assert {line["service"] for line in numbers} == {"muster-test"}
    said = [{name: line[name] for name in line.keys() - {"request_id", "service"}} for line in numbers[:4]]
    assert said == [{"Reports": 1}, {"Duplicates": 1}, {"Rejections": 1, "code": "malformed"}, {"Drift": 0}]
    (metric,) = numbers[4]["_aws"]["CloudWatchMetrics"]
    assert metric == {
        "Namespace": "Muster",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "Drift", "Unit": "Count"}],
    }
    (drift,) = (line for line in told.lines if str(line.get("message", "")).startswith("drift corrected"))
    assert drift["level"] == "ERROR"
    assert ended == "errors were logged: 1; the first: drift corrected: {'server': '101'}"
    for hidden in ("Kestrel", secret, HIDDEN_MOTIVATIONS):
        assert hidden not in told.all


def problems() -> list[dict[str, Any]]:
    return [line for line in written(OF_PROBLEMS).lines if "cause" in line]


def test_each_problem_is_one_line_with_what_it_was_and_why() -> None:
    fields = ("level", "status", "code", "method", "route")
    assert [tuple(map(line.get, fields)) for line in problems()] == [
        ("INFO", 422, "invalid-name", "POST", "/v1/completions"),
        ("INFO", 422, "malformed", "POST", "/v1/completions"),
        ("INFO", 422, "invalid-name", "POST", "/f/{key}"),
        ("INFO", 401, "invalid-key", "GET", "/f/{key}"),
        ("INFO", 404, "unknown-milestone", "GET", "/v1/servers/{server}/alliances/{alliance}/missing.csv"),
        ("INFO", 405, "method-not-allowed", "DELETE", "/v1/events"),
        ("ERROR", 500, "internal", "GET", "/f/{key}"),
        ("WARNING", 503, "busy", "GET", "/v1/servers/{server}/schedule"),
        ("ERROR", 500, "internal", "GET", "/health"),
        ("ERROR", 500, "run-failed", None, None),
    ]
    assert problems()[-1]["function"] == "refresh_totals"
    broken, throttled = (re.sub(r":\d+", "", line["cause"]) for line in problems()[6:8])
    assert broken == "ValueError (<string>), from KeyError (<string>)"
    assert throttled == "Busy (<string>), from ClientError ThrottlingException in Query (<string>)"


def test_the_id_of_a_problem_finds_its_line() -> None:
    found = [line["request_id"] for line in problems()]
    assert len(set(found)) == len(found)
    *answers, of_run, _ = written(OF_PROBLEMS).answers
    for number, answer in enumerate(answers):
        if number != 2:  # there the form is shown again, without an id
            assert found[number] in answer
    assert of_run == f"RunFailed: see the log of request {found[-1]}"


def test_a_traceback_is_one_field_of_its_line() -> None:
    assert [bool(line.get("exception")) for line in problems()] == [False] * 6 + [True] * 4
    shown = problems()[6]["exception"]
    first, second = shown.split("\n\n")
    assert first.startswith("Traceback (most recent call last):\n  File ")
    assert re.search(r"\nKeyError \(<string>:\d+\)$", first)
    assert "chalicelib/http/pages.py" in second
    assert re.search(r"\nValueError \(<string>:\d+\)$", second)


def test_no_secret_and_no_name_is_in_any_line() -> None:
    told = written(OF_PROBLEMS)
    for secret in [*told.answers[-1], "Kestrel"]:
        assert secret not in told.all
    (retried,) = (line["message"] for line in told.lines if "Retrying" in str(line.get("message")))
    parameters = "?key=…&token=…&access_token=…"
    assert retried == f"Retrying after /api/webhooks/12/… /f/… and {parameters} with Bearer …"


def test_a_terminal_shows_a_problem_with_its_fields_and_the_traceback_below(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As `./muster serve` logs there."""
    try:
        raise KeyError("Kestrel")
    except KeyError as error:
        log_problem("internal", error)
    shown = Context().run(Readable("%(levelname)s %(message)s").format, caplog.records[0])
    first, *below = shown.splitlines()  # without the request of another test
    assert re.fullmatch(
        r"ERROR internal code=internal status=500 cause=KeyError \(test_telemetry.py:\d+\)", first
    )
    assert below[0] == "Traceback (most recent call last):"
    assert "Kestrel" not in below[-1]
