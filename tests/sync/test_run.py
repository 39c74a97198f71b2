"""A run over many sheets: whose turn it is, what is spent, what fails, and that nobody waits for anybody else."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.bootstrap import seconds_left
from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.due import FRESHNESS, LEASE, PATIENCE, obstacle_now
from chalicelib.domain.sheet_view import SheetView
from chalicelib.services.sheet_views import SheetViews
from local.sheets import Fault, Quota
from sheets_sync.google import Spreadsheets
from sheets_sync.run import ENOUGH, NEEDS
from tests.stores import Store, on_dynamodb
from tests.sync.fleet import Fleet, new_fleet, sync

ALL = {"synced": 3, "failed": 0, "put_off": 0}
NONE = {"synced": 0, "failed": 0, "put_off": 0}


@pytest.fixture
def fleet(store: Store) -> Iterator[Fleet]:
    with new_fleet(store) as fleet:
        yield fleet


@pytest.fixture
def three(fleet: Fleet) -> Fleet:
    fleet.bind("a", "b", "c")
    assert fleet.run() == ALL
    fleet.asked()
    fleet.report("Kestrel")
    return fleet


class TestWhatIsDue:
    @on_dynamodb
    def test_a_sheet_that_is_not_due_costs_no_request_and_no_write(self, three: Fleet) -> None:
        assert three.run_a_minute_later() == ALL
        three.asked()
        three.world.dynamodb.calls.clear()
        assert three.run_a_minute_later() == NONE
        assert three.asked() == []
        assert {call.operation for call in three.world.dynamodb.calls} <= {"GetItem", "Query"}

    def test_a_stale_sheet_is_synced_though_nothing_changed(self, three: Fleet) -> None:
        three.run()
        three.world.clock.advance(seconds=FRESHNESS.total_seconds())
        assert three.run() == ALL

    def test_each_sheet_is_bound_to_its_own_server(self, three: Fleet) -> None:
        three.add_server("102")
        three.bind("other", server="102")
        assert three.run()["synced"] == 4
        assert (three.shown("a"), three.shown("other")) == ("100", "0")
        three.report("Merlin", server="102")
        three.asked()
        assert three.run() == {**NONE, "synced": 1}
        assert {name for _, name in three.asked()} == {"other"}


class TestManySheets:
    def test_the_changed_ones_come_first_nothing_starves_and_no_quota_is_exceeded(
        self, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nothing = SheetView("101", GameDay(), fleet.world.clock(), ())
        monkeypatch.setattr(
            SheetViews, "of", lambda self, sheet, survey, **_: nothing
        )  # what they show does not matter here
        fleet.add_server("102")
        quiet, busy = [f"quiet-{n:03}" for n in range(180)], [f"busy-{n:03}" for n in range(20)]
        fleet.bind(*quiet)
        fleet.bind(*busy, server="102")
        fleet.server.quota = Quota()
        at_most = 60 - (NEEDS["read"] - 1)
        done = [fleet.run_a_minute_later()["synced"] for _ in range(4)]
        assert done == [at_most, at_most, at_most, 200 - 3 * at_most]

        fleet.world.clock.advance(minutes=20)
        fleet.report("Kestrel", server="102")
        fleet.asked()
        assert fleet.run_a_minute_later()["synced"] == at_most
        written = [name for kind, name in fleet.asked() if kind == "write"]
        assert written[:20] == busy
        assert set(written[20:]) <= set(quiet)

        runs = 1
        while len(set(written)) < 200:
            fleet.report(f"Commander{runs}", server="102")  # the busy ones change again before every run
            fleet.run_a_minute_later()
            written += [name for kind, name in fleet.asked() if kind == "write"]
            runs += 1
        assert runs == 5, "180 at some 39 a run, beside the 20"
        assert fleet.statuses == {200}

    def test_a_run_that_begins_right_after_another_spends_what_that_left(self, fleet: Fleet) -> None:
        fleet.server.quota = Quota()
        fleet.bind(*(f"s-{n:02}" for n in range(80)))
        assert fleet.run()["synced"] == 59
        assert fleet.run() == {"synced": 0, "failed": 0, "put_off": 21}
        fleet.world.clock.advance(seconds=30)
        assert fleet.run() == {"synced": 0, "failed": 0, "put_off": 21}
        fleet.world.clock.advance(seconds=26)
        assert fleet.run() == {"synced": 21, "failed": 0, "put_off": 0}, "in step again after a short wait"
        assert sum(fleet.pauses) == 4
        assert {request.status for request in fleet.server.requests} == {200}


class TestTime:
    def test_no_sheet_is_begun_without_time_for_it(self, three: Fleet) -> None:
        left = iter([60.0, 60, 60, 60, 60, 60, 60])
        three.remaining = lambda: next(left, ENOUGH + 1)
        counts = three.run()
        assert counts["put_off"] > 0
        assert counts["synced"] + counts["put_off"] == 3
        assert counts["failed"] == 0
        three.remaining = lambda: 60
        assert three.run()["synced"] == counts["put_off"]

    def test_a_lambda_context_tells_the_time_left(self) -> None:
        class Context:
            def get_remaining_time_in_millis(self) -> int:
                return 54_321

        assert seconds_left(Context())() == 54.321
        assert seconds_left(None)() == float("inf")


LATER, LASTING = timedelta(minutes=1), PATIENCE


class TestFailures:
    """Sheet b has a fault; a and c must be as if it had none."""

    @pytest.mark.parametrize("kind", ["refuse", "refuse_after"])
    @pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
    @pytest.mark.parametrize("match", ["GET /v4/spreadsheets/b", "b:batchUpdate"])
    def test_what_may_have_been_applied_is_begun_anew_at_once(
        self, three: Fleet, kind: str, status: int, match: str
    ) -> None:
        three.server.inject(Fault(kind, status, match))  # type: ignore[arg-type]
        assert three.run() == ALL
        mine = [kind for kind, name in three.asked() if name == "b"]
        assert mine == (["read"] if "GET" in match else ["read", "write"]) + ["read", "write"]
        assert (three.shown("b"), three.sheet("b").last_error) == ("100", None)

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("drop", match="b:batchUpdate"),
            Fault("drop_after", match="b:batchUpdate"),
            Fault("not_json", 200, match="b:batchUpdate"),
            Fault("not_json", 502, match="b:batchUpdate"),
            Fault("not_json", 200, match="GET /v4/spreadsheets/b"),
            Fault("hang", seconds=60, match="b:batchUpdate"),
            Fault("hang_after", seconds=60, match="b:batchUpdate"),
        ],
    )
    def test_so_is_what_was_cut_off_or_came_to_nothing(
        self, three: Fleet, fault: Fault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if fault.kind.startswith("hang"):
            monkeypatch.setattr("sheets_sync.google.READ_TIMEOUT", 0.5)
        three.server.inject(fault)
        assert three.run() == ALL
        assert (three.shown("b"), three.sheet("b").last_error) == ("100", None)

    @pytest.mark.parametrize(
        ("fault", "words", "wait"),
        [
            (Fault("refuse", 500), "answered 500", LATER),
            (Fault("refuse_after", 503), "answered 503", LATER),
            (Fault("drop"), "could not be reached", LATER),
            (Fault("drop_after"), "could not be reached", LATER),
            (Fault("not_json", 200), "answered 200, and Muster could not read the answer", LATER),
            (Fault("refuse", 400), "answered 400", LASTING),
        ],
    )
    def test_what_goes_on_is_noted_and_heals_later(
        self, three: Fleet, fault: Fault, words: str, wait: timedelta
    ) -> None:
        twice = Fault(fault.kind, fault.status, "b:batchUpdate")
        three.server.inject(*[twice] * (1 if fault.status == 400 else 2))
        assert three.run() == {"synced": 2, "failed": 1, "put_off": 0}
        assert words in (three.sheet("b").last_error or "")
        assert three.asked().count(("write", "b")) == (1 if fault.status == 400 else 2), (
            "never what was refused"
        )
        plainly = obstacle_now(three.sheet("b"), three.world.clock())
        assert (plainly is not None) == (fault.status == 400), "what was refused is not tried again at once"
        self.heals_after(wait, three)

    @pytest.mark.parametrize("what", ["unshared", "deleted"])
    def test_what_only_people_can_mend_is_told_and_tried_seldom(self, three: Fleet, what: str) -> None:
        if what == "unshared":
            three.server.unshare("b")
        else:
            three.server.delete_spreadsheet("b")
        assert three.run() == {"synced": 2, "failed": 1, "put_off": 0}
        error = three.sheet("b").last_error or ""
        assert ("Share it, as editor" if what == "unshared" else "does not exist any more") in error
        assert [kind for kind, name in three.asked() if name == "b"] == ["read"]
        if what == "unshared":
            three.server.share("b")
        else:
            three.server.create_spreadsheet("b", {"T": []}, "b")
        self.heals_after(LASTING, three)

    def test_binding_it_again_has_it_tried_at_once(self, three: Fleet) -> None:
        three.server.unshare("b")
        three.run()
        three.server.share("b")
        three.world.muster.stores.sheets.bind("b", "101", None)
        assert three.run_a_minute_later() == {**NONE, "synced": 1}

    def test_a_binding_of_no_server_is_told_without_asking_google(self, three: Fleet) -> None:
        three.world.muster.stores.sheets.bind("b", "999", None)
        assert three.run() == {"synced": 2, "failed": 1, "put_off": 0}
        assert three.sheet("b").last_error == "Server '999' doesn't use Muster."
        assert {name for _, name in three.asked()} == {"a", "c"}

    def test_a_fault_of_our_own_is_logged_with_its_trace_and_the_others_go_on(
        self, three: Fleet, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(sheet: Binding, view: SheetView, spreadsheets: Spreadsheets) -> None:
            if sheet.spreadsheet_id == "b":
                raise RuntimeError("a bug")
            sync(sheet, view, spreadsheets)

        assert three.run(broken) == {"synced": 2, "failed": 1, "put_off": 0}
        assert "RuntimeError: a bug" in caplog.text
        assert "internal error" in (three.sheet("b").last_error or "")
        assert "a bug" not in (three.sheet("b").last_error or "")
        self.heals_after(LASTING, three)

    def test_a_refusal_for_quota_is_waited_for_and_sent_again(self, three: Fleet) -> None:
        three.server.inject(Fault("refuse", 429, "b:batchUpdate", retry_after=7))
        assert three.run() == ALL
        assert three.pauses == [7]
        assert three.asked().count(("write", "b")) == 2

    def test_one_that_goes_on_is_noted_and_the_others_are_still_tried(self, three: Fleet) -> None:
        three.server.inject(*[Fault("refuse", 429, "spreadsheets/b")] * 3)
        assert three.run() == {"synced": 2, "failed": 1, "put_off": 0}
        assert "limit of requests" in (three.sheet("b").last_error or "")
        self.heals_after(LATER, three)

    def test_where_all_are_refused_for_quota_the_run_ends(self, three: Fleet) -> None:
        three.server.quota = Quota(reads_per_user=0)
        assert three.run() == {"synced": 0, "failed": 2, "put_off": 1}
        assert len(three.asked()) == 6, "three tries of each"
        three.server.quota = None
        assert three.run_a_minute_later() == ALL

    def test_a_failure_is_tried_again_only_where_there_is_room(self, three: Fleet) -> None:
        left = 60.0

        def slowly(sheet: Binding, view: SheetView, spreadsheets: Spreadsheets) -> None:
            nonlocal left
            left = ENOUGH
            sync(sheet, view, spreadsheets)

        three.remaining = lambda: left
        three.server.inject(Fault("refuse", 500, "batchUpdate"))
        assert three.run(slowly) == {"synced": 0, "failed": 1, "put_off": 2}

    @staticmethod
    def heals_after(wait: timedelta, fleet: Fleet) -> None:
        """Not before, though it is due; and the error stays on record."""
        fleet.asked()
        fleet.world.clock.advance(seconds=wait.total_seconds() - 1)
        if wait > LATER:
            fleet.run()
            assert "b" not in {name for _, name in fleet.asked()}
        fleet.world.clock.advance(seconds=1)
        assert fleet.run()["failed"] == 0
        assert fleet.shown("b") == "100"
        sheet = fleet.sheet("b")
        assert sheet.last_success_at
        assert sheet.last_error_at
        assert sheet.last_success_at > sheet.last_error_at


class TestTwoRuns:
    def test_a_sheet_that_another_run_has_is_left_to_it(self, three: Fleet) -> None:
        source = three.world.muster.sheet_queue
        mine = next(due for due in source.due() if due.sheet.spreadsheet_id == "b")
        assert source.lease(mine, "another run")
        assert three.run() == {"synced": 2, "failed": 0, "put_off": 0}
        three.world.clock.advance(seconds=LEASE.total_seconds())
        assert three.run() == {**NONE, "synced": 1}, "the other run is dead"

    def test_runs_at_the_same_moment_write_each_sheet_once(self, fleet: Fleet) -> None:
        fleet.bind(*(f"s-{n:02}" for n in range(12)))
        begun, both_in = [], threading.Barrier(4)

        def counted(sheet: Binding, view: SheetView, spreadsheets: Spreadsheets) -> None:
            begun.append(sheet.spreadsheet_id)
            sync(sheet, view, spreadsheets)

        def run() -> None:
            both_in.wait()
            counts.append(fleet.run(counted))

        counts: list[dict[str, int]] = []
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(begun) == [f"s-{n:02}" for n in range(12)]
        assert sum(each["synced"] for each in counts) == 12
        assert sum(each["failed"] for each in counts) == 0

    def test_a_killed_run_leaves_what_it_had_to_a_later_one(self, three: Fleet) -> None:
        class Killed(BaseException):
            pass

        def killed(sheet: Binding, view: SheetView, spreadsheets: Spreadsheets) -> None:
            raise Killed

        with pytest.raises(Killed):
            three.run(killed)
        assert three.run_a_minute_later() == {"synced": 2, "failed": 0, "put_off": 0}
        three.world.clock.advance(seconds=LEASE.total_seconds())
        assert three.run() == {**NONE, "synced": 1}


def test_a_run_logs_one_line_that_programs_can_read(three: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sheets_sync.run")
    three.run()
    (line,) = [record for record in caplog.records if record.message.startswith("sheets run")]
    said = json.loads(
        json.dumps({name: getattr(line, name) for name in ("due", "synced", "failed", "put_off")})
    )
    assert said == {"due": 3, "synced": 3, "failed": 0, "put_off": 0}
