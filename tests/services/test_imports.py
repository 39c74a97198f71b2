"""Imports that run out of time, that meet a busy store, and that bring times which were missing."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.bootstrap import Muster
from chalicelib.domain.access import Key
from chalicelib.domain.errors import Busy, TooLarge
from chalicelib.domain.importing import Columns
from chalicelib.services import imports
from chalicelib.services.imports import ALL, PLANNING, ImportResult, Options
from chalicelib.store.table import Change, Table
from tests.stores import on_dynamodb
from tests.world import DEFENDERS, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS, World

NOVA = "101", "nova"
ROSTER = "IGN\n" + "".join(f"Hawk{n}\n" for n in range(40))
LIST = "IGN,Milestone\n" + "".join(f"Hawk{n},hidden-motivations\n" for n in range(40))
TIMED = "Player,Milestone,Am\nKestrel,Hidden Motivations,15.11.2023 10:00\n"


class Sluggish:
    """The table, where each transaction takes so many seconds, and may be told to fail."""

    def __init__(self, table: Table, world: World, seconds: float) -> None:
        self._table, self._world, self._seconds = table, world, seconds
        self.busy: Callable[[Sequence[Change]], bool] = lambda _: False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def transact(self, changes: Sequence[Change]) -> None:
        self._world.seconds.seconds += self._seconds
        if self.busy(changes):
            raise Busy
        self._table.transact(changes)


@pytest.fixture
def officer(world: World) -> Key:
    return world.key("officer", "101", None)


def sluggish(world: World, seconds: float) -> tuple[Muster, Sluggish]:
    table = Sluggish(world.muster.stores.table, world, seconds)
    return world.process(table=table), table


def statuses(imported: ImportResult) -> list[str]:
    return [line.status for line in imported.lines]


def totals(world: World) -> tuple[int, int]:
    progress = world.muster.overview.progress("101", DEFENDERS)
    return progress.completions, progress.commanders


def roster(world: World, officer: Key) -> list[str]:
    return [one.name for one in world.muster.rosters.roster(officer, *NOVA)]


Import = Callable[[Muster, Options], ImportResult]


@pytest.fixture(params=["roster", "completions"])
def send(request: pytest.FixtureRequest, officer: Key) -> Iterator[Import]:
    if request.param == "roster":
        yield lambda muster, how: muster.imports.roster(officer, *NOVA, ROSTER, Columns(), how)
    else:
        yield lambda muster, how: muster.imports.completions(officer, *NOVA, LIST, Columns(), how)


def test_who_is_not_on_a_closed_roster_is_refused_by_a_dry_run_too(world: World, officer: Key) -> None:
    world.muster.administration.change_alliance(officer, *NOVA, is_open=False, new_per_day=None)
    for how in (Options(dry_run=True), Options()):
        refused = world.muster.imports.completions(officer, *NOVA, TIMED, Columns(timestamp="Am"), how).lines
        reason = "Kestrel is not on the roster of Nova Guard. Import the roster first."
        assert [(line.status, *line.reasons) for line in refused] == [("refused", reason)]


def test_a_dry_run_tells_who_has_no_room_as_the_roster_fills(
    world: World, officer: Key, send: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_COMMANDERS", 38)
    tried = send(world.muster, Options(dry_run=True, is_new=True))
    assert statuses(tried) == ["new"] * 38 + ["refused"] * 2


class TestTime:
    def test_it_stops_in_time_and_says_what_is_left(self, world: World, officer: Key, send: Import) -> None:
        muster, _ = sluggish(world, 1.0)
        began = world.seconds()
        first = send(muster, Options(is_new=True))
        assert world.seconds() - began <= ALL + 1
        done = int(ALL)
        assert statuses(first) == ["new"] * done + ["later"] * (40 - done)
        assert (first.new, first.remaining, first.next_line) == (done, 40 - done, done + 2)
        assert all("Send the same again" in line.reasons[0] for line in first.lines if line.status == "later")
        assert len(roster(world, officer)) == done, "what it says is what was done"

    def test_the_rest_is_done_from_the_line_on_that_it_tells(
        self, world: World, officer: Key, send: Import
    ) -> None:
        muster, _ = sluggish(world, 1.0)
        line: int | None = 1
        rounds = []
        while line:
            imported = send(muster, Options(is_new=True, from_line=line))
            rounds.append(len(imported.lines))
            line = imported.next_line
        assert rounds == [40, 28, 16, 4]
        assert sorted(roster(world, officer)) == sorted(f"Hawk{n}" for n in range(40))
        again = send(muster, Options())
        assert (again.known, again.remaining, again.next_line) == (40, 0, None)
        assert muster.ledger_pages.differences("101") == []

    def test_sending_all_of_it_again_gets_on_too(self, world: World, officer: Key, send: Import) -> None:
        muster, _ = sluggish(world, 1.0)
        lefts = [send(muster, Options(is_new=True)).remaining for _ in range(4)]
        assert lefts == [28, 16, 4, 0]

    def test_a_dry_run_stops_in_time_as_well(
        self, world: World, send: Import, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slow(*_: object) -> list[str]:
            world.seconds.seconds += 1
            return []

        monkeypatch.setattr("chalicelib.services.imports.near_names", slow)
        tried = send(world.process(), Options(dry_run=True))
        looked_at = int(PLANNING)
        assert statuses(tried) == ["new"] * looked_at + ["later"] * (40 - looked_at)
        assert (tried.remaining, tried.next_line) == (40 - looked_at, looked_at + 2)
        rest = send(world.process(), Options(dry_run=True, from_line=tried.next_line or 0))
        assert (len(rest.lines), rest.new) == (40 - looked_at, looked_at)

    def test_all_or_nothing_is_nothing_if_there_is_no_time_to_look(
        self, world: World, officer: Key, send: Import, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def slow(*_: object) -> list[str]:
            world.seconds.seconds += 1
            return []

        monkeypatch.setattr("chalicelib.services.imports.near_names", slow)
        with pytest.raises(TooLarge) as caught:
            send(world.process(), Options(all_or_nothing=True))
        assert [error.field for error in caught.value.errors] == ["csv"]
        assert roster(world, officer) == []

    def test_a_line_that_the_store_is_too_busy_for_is_left_and_spoils_no_other(
        self, world: World, officer: Key, send: Import
    ) -> None:
        muster, table = sluggish(world, 0)
        table.busy = lambda changes: "Hawk7'" in repr(changes)
        imported = send(muster, Options(is_new=True))
        assert (imported.new, imported.remaining, imported.next_line) == (39, 1, 9)
        assert "Hawk7" not in roster(world, officer)
        table.busy = lambda _: False
        assert send(muster, Options(is_new=True, from_line=9)).new == 1


class TestTimesThatWereMissing:
    """A completion that was imported without its time gets it when the file is sent again with a better mapping."""

    AT = datetime(2023, 11, 15, 10, tzinfo=UTC)

    def completions(
        self, world: World, officer: Key, text: str = TIMED, *, dry_run: bool = False, **columns: Any
    ) -> ImportResult:
        how = Options(dry_run=dry_run)
        return world.muster.imports.completions(officer, *NOVA, text, Columns(**columns), how)

    def said_at(self, world: World, officer: Key) -> list[datetime | None]:
        exported = world.muster.exports.completions(officer, *NOVA, DEFENDERS)
        return [one.reported_at for one in exported.completions]

    def test_it_is_added_once_and_counts_as_before(self, world: World, officer: Key) -> None:
        first = self.completions(world, officer, without_times=True)
        assert (statuses(first), self.said_at(world, officer)) == (["new"], [None])
        before = totals(world)
        world.clock.advance(hours=1)
        dry = self.completions(world, officer, timestamp="Am", dry_run=True)
        assert (dry.timed, dry.lines[0].times, self.said_at(world, officer)) == (
            *(1, (HIDDEN_MOTIVATIONS,), [None]),
        )
        real = self.completions(world, officer, timestamp="Am")
        assert real.lines == dry.lines
        assert self.said_at(world, officer) == [self.AT]
        assert totals(world) == before == (1, 1)
        again = self.completions(world, officer, timestamp="Am")
        assert (again.known, again.timed) == (1, 0)

    def test_the_ledger_tells_and_can_still_make_the_cards_anew(self, world: World, officer: Key) -> None:
        self.completions(world, officer, without_times=True)
        world.clock.advance(hours=1)
        self.completions(world, officer, timestamp="Am")
        entry = world.muster.ledger_pages.of_server(officer, "101").entries[0]
        assert (entry.action, entry.actor.key_id, entry.milestones) == (
            *("time", officer.id, (HIDDEN_MOTIVATIONS,)),
        )
        assert entry.before
        assert entry.after
        assert "reported_at" not in entry.before[HIDDEN_MOTIVATIONS]
        assert entry.after[HIDDEN_MOTIVATIONS] == {
            **entry.before[HIDDEN_MOTIVATIONS],
            "reported_at": self.AT,
        }
        assert world.muster.ledger_pages.differences("101") == []
        assert world.muster.refresh.refresh_totals().drifts == ()

    def test_a_time_that_is_there_stands(self, world: World, officer: Key) -> None:
        self.completions(world, officer, timestamp="Am")
        world.clock.advance(hours=1)
        later = TIMED.replace("10:00", "11:00")
        assert statuses(self.completions(world, officer, later, timestamp="Am")) == ["known"]
        assert self.said_at(world, officer) == [self.AT]

    def test_nobody_reported_after_it_was_recorded(self, world: World, officer: Key) -> None:
        self.completions(world, officer, without_times=True)
        world.clock.advance(hours=5)
        later = TIMED.replace("10:00", "13:00")
        assert statuses(self.completions(world, officer, later, timestamp="Am")) == ["known"]
        assert self.said_at(world, officer) == [None]

    def test_what_a_line_adds_and_what_it_times_are_told_apart(self, world: World, officer: Key) -> None:
        self.completions(world, officer, without_times=True)
        world.clock.advance(hours=1)
        more = TIMED.replace("Hidden Motivations", "Hidden Motivations; Enlisting Old Allies")
        dry = self.completions(world, officer, more, timestamp="Am", dry_run=True)
        real = self.completions(world, officer, more, timestamp="Am")
        assert real.lines == dry.lines
        (line,) = real.lines
        assert (line.status, line.milestones, line.times) == (
            *("new", (ENLISTING_OLD_ALLIES,), (HIDDEN_MOTIVATIONS,)),
        )
        assert self.said_at(world, officer) == [self.AT, self.AT]
        assert totals(world) == (2, 1)

    def test_a_time_before_the_milestone_opened_is_refused(self, world: World, officer: Key) -> None:
        self.completions(world, officer, without_times=True)
        early = TIMED.replace("15.11", "14.11")
        (line,) = self.completions(world, officer, early, timestamp="Am").lines
        assert line.status == "refused"
        assert line.reasons == (
            "Hidden Motivations opens Wed 15 Nov at 00:00 UTC. The time of this report is earlier: "
            "Tue 14 Nov at 10:00 UTC.",
        )
        assert self.said_at(world, officer) == [None]


@on_dynamodb
def test_who_has_only_just_joined_is_known_whatever_reads_are_late(world: World, officer: Key) -> None:
    """Sent again at once, as after a line that was put off."""
    text = "IGN,Milestone\nKestrel,hidden-motivations\nMerlin,hidden-motivations\n"
    imports = world.muster.imports
    imports.completions(officer, *NOVA, text, Columns(), Options(is_new=True))
    for _ in range(20):
        world.dynamodb.inject("stale", "stale", "stale", "stale", on="Query")
        again = imports.completions(officer, *NOVA, text, Columns(), Options(is_new=True))
        assert statuses(again) == ["known", "known"]
