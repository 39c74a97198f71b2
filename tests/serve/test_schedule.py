"""The schedule of one process: what runs when, and what is known about it."""

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from chalice.app import Rate

import app
from chalicelib.telemetry import RunFailed
from manage.serve.schedule import GRACE, LATE, Job, Schedule
from manage.serve.site import PERIODS
from tests.world import HandSeconds

CONFIG = Path(__file__).parent.parent.parent / ".chalice" / "config.json"


@dataclass
class Diary:
    """Two jobs, what they did, and at which second; each takes as long as `takes` says."""

    seconds: HandSeconds = field(default_factory=HandSeconds)
    stopped: threading.Event = field(default_factory=threading.Event)
    takes: dict[str, float] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    done: list[tuple[str, float]] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.seconds()
        jobs = [
            Job("refresh", lambda _, context: self.do("refresh", context), 300, 240),
            Job("sync", lambda _, context: self.do("sync", context), 60, 55),
        ]
        self.schedule = Schedule(jobs, self.stopped, self.seconds)

    def do(self, name: str, context: object) -> None:
        self.done.append((name, self.seconds() - self.began))
        self.contexts.append(context)
        self.seconds.seconds += self.takes.get(name, 0)
        if name in self.fails:
            raise RuntimeError("on purpose")

    def pass_to(self, second: float) -> None:
        """Time passes as the schedule waits for it, from one run to the next."""
        while (wait := self.schedule.run_due()) + self.seconds() - self.began <= second:
            self.seconds.seconds += wait
        self.seconds.seconds = self.began + second


def test_each_job_runs_at_once_and_then_in_its_period() -> None:
    diary = Diary()
    diary.pass_to(310)
    assert [second for name, second in diary.done if name == "refresh"] == [0, 300]
    assert [second for name, second in diary.done if name == "sync"] == [0, 60, 120, 180, 240, 300]


def test_runs_that_were_missed_are_caught_up_by_one() -> None:
    diary = Diary(takes={"refresh": 200})
    diary.pass_to(250)
    assert diary.done == [("refresh", 0), ("sync", 200), ("sync", 240)]


def test_a_run_that_fails_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    diary = Diary(fails={"sync"})
    diary.pass_to(70)
    assert diary.done == [("refresh", 0), ("sync", 0), ("sync", 60)]
    assert [record.getMessage() for record in caplog.records] == ["sync failed"] * 2


def test_a_run_knows_how_long_it_may_take_and_that_the_end_is_near() -> None:
    diary = Diary()
    diary.schedule.run_due()
    refresh, sync = diary.contexts
    assert (refresh.get_remaining_time_in_millis(), sync.get_remaining_time_in_millis()) == (240_000, 55_000)
    assert refresh.aws_request_id != sync.aws_request_id
    diary.stopped.set()
    assert sync.get_remaining_time_in_millis() == GRACE * 1000
    diary.seconds.seconds += 50
    assert sync.get_remaining_time_in_millis() == 5_000


def test_nothing_begins_once_it_is_stopped() -> None:
    diary = Diary()
    diary.stopped.set()
    diary.schedule.run_due()
    assert diary.done == []


def test_it_works_while_its_thread_lives_and_every_job_ends_well_now_and_then() -> None:
    diary = Diary(fails={"sync"})
    assert not diary.schedule.works, "it has not begun"
    diary.schedule.start()
    assert diary.schedule.works
    diary.seconds.seconds += LATE
    assert not diary.schedule.works
    diary.stopped.set()
    diary.schedule.join()
    assert not diary.schedule.works


def test_periods_and_limits_are_those_of_the_functions_in_aws_but_news_keeps_no_sheet_waiting() -> None:
    limits = json.loads(CONFIG.read_text())["lambda_functions"]
    sources: list[Any] = app.app.event_sources
    for source in sources:
        expression, limit = source.schedule_expression, limits[source.name]["lambda_timeout"]
        here = min(limit, 20) if source.name == "tell_news" else limit
        assert PERIODS[source.name] == (expression.value * 60, here)
        assert expression.unit == Rate.MINUTES
    assert {source.name for source in sources} == PERIODS.keys()


def test_a_run_whose_failure_is_logged_is_not_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    def failed(*_: object) -> None:
        raise RunFailed("see the log")

    schedule = Schedule([Job("sync", failed, 60)], threading.Event(), HandSeconds())
    schedule.run_due()
    assert not caplog.records
    assert not schedule.works
