"""Many sheets whose edits count, under Google's quota: what is asked for, what waits, and how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from bench.tables import Budget, Measurement
from chalicelib.bootstrap import Muster, assemble, sqlite_table
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key
from chalicelib.domain.roster import Alliance, Server
from chalicelib.settings import Settings
from local.sheets import Quota, SheetsServer
from local.sheets.traffic import RecordedRequest
from sheets_sync.google import Google
from sheets_sync.run import sync_due

SHEETS, CHANGED, EDITED, MINUTES = 200, 20, 10, 10
SLACK = 5
"""Minutes at the end in which nothing happens but runs."""
LONGEST = timedelta(minutes=2)
"""In which an edit is to be taken."""
COMMANDERS = "Ash", "Elm", "Oak"
MILESTONES = "unraveling-anomalies", "enlisting-old-allies", "hidden-motivations"
EVENT, TAB = "2023-11-defenders-of-peace", "IMS Commanders"
NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)
ADMIN = Key("bench", "admin", "bench")

_HOW = f"""\
{SHEETS} sheets, each of an alliance on a server of its own, with edits and Google's quota (60 reads and 60 writes in
any minute), at the stand-in. First all are written; then, in each of {MINUTES} minutes, members report in {CHANGED}
alliances, and officers tick a box in {EDITED} other sheets. A run comes every minute. Requests are those of these
minutes and {SLACK} more; what waits is counted from the act to the end of the run that takes and shows it."""


class _Clock:
    now = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class _Fleet:
    muster: Muster
    server: SheetsServer
    clock: _Clock
    runs: int = 0

    def run(self) -> dict[str, int]:
        self.clock.now += timedelta(minutes=1)
        google, limits = Google(self.server.url), self.muster.settings.sheets_requests
        return sync_due(self.muster.sheet_queue, google, limits, sleep=self._sleep, drive_url=self.server.url)

    def _sleep(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def has(self, number: int, commander: str, milestone: str) -> bool:
        found = self.muster.stores.commanders.named(f"{number}", commander, consistent=True)
        assert found
        cards = self.muster.stores.completions.cards(f"{number}", "nova", found.id, [EVENT], consistent=True)
        return milestone in cards[EVENT].completions

    def report(self, number: int, commander: str, milestone: str) -> None:
        key = Key("member", "member", "member", f"{number}", "nova")
        self.muster.reporting.report(key, commander, [f"{EVENT}/{milestone}"])

    def cell(self, number: int, commander: str, milestone: str) -> str:
        values = self.server.values(f"sheet-{number}", TAB)
        heading = next(
            one.name for one in self.muster.directory.event(EVENT).milestones if one.id == milestone
        )
        row = next(n for n, row in enumerate(values) if row and row[0] == commander)
        return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[values[2].index(heading)]}{row + 1}"

    def shows(self, number: int, commander: str, milestone: str) -> bool:
        cell, values = self.cell(number, commander, milestone), self.server.values(f"sheet-{number}", TAB)
        return values[int(cell[1:]) - 1]["ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(cell[0])] == "TRUE"


def measure() -> Measurement:
    clock = _Clock()
    with SheetsServer(clock=clock) as server:
        table = sqlite_table(None)
        fleet = _Fleet(assemble(Settings("bench"), table, clock, lambda _: None), server, clock)
        _set_up(fleet)
        server.quota = Quota()
        first = 0
        while fleet.run()["put_off"]:
            first += 1
        server.requests.clear()
        waits, runs = _work(fleet)
        drive = [one for one in server.requests if "/drive/" in one.path]
        rows = [_row(waits, server.requests, drive, first + 1)]
    columns = (
        *("minutes until all are written first", "reads", "writes", "Drive", "refused by a quota"),
        *("an edit waits (median, longest)", "a report waits (median, longest)"),
    )
    seen = Budget(
        "seeing what officers edited in many sheets",
        "1 request a minute for each service account",
        f"{len(drive) / runs:.2f} a minute for {SHEETS} sheets",
        len(drive) <= runs,
    )
    taken = Budget(
        "an edit, from the act until it counts and shows",
        "two minutes after Drive tells of it",
        f"{max(waits['edit']) / timedelta(minutes=1):.1f} minutes at most, {SHEETS} sheets",
        max(waits["edit"]) <= LONGEST,
    )
    return Measurement("Many sheets under Google's quota", _HOW, columns, rows, [seen, taken])


def _set_up(fleet: _Fleet) -> None:
    definitions, muster = fleet.muster.stores.definitions, fleet.muster
    for event in load_catalog():
        definitions.put_event(event)
    for number in range(SHEETS):
        definitions.put_server(Server(f"{number}"))
        definitions.put_alliance(Alliance(f"{number}", "nova", "NOVA", "Nova Guard"))
        for name in COMMANDERS:
            muster.rosters.add(ADMIN, f"{number}", "nova", name, is_new=True)
        fleet.server.create_spreadsheet(f"Officers {number}", {"Own": [["kept"]]}, f"sheet-{number}")
        muster.stores.sheets.bind(f"sheet-{number}", f"{number}", "nova", edits=True)


def _work(fleet: _Fleet) -> tuple[dict[str, list[timedelta]], int]:
    """How long edits and reports waited, and how many runs there were. Each is of another commander and milestone of
    its sheet."""
    waits: dict[str, list[timedelta]] = {"edit": [], "report": []}
    waiting: list[tuple[str, datetime, tuple[int, str, str]]] = []
    turns = iter(
        (number, commander, milestone)
        for commander in COMMANDERS
        for milestone in MILESTONES
        for number in range(SHEETS)
    )
    for minute in range(MINUTES + SLACK):
        if minute < MINUTES:
            for _ in range(CHANGED):
                what = next(turns)
                fleet.report(*what)
                waiting.append(("report", fleet.clock(), what))
            for _ in range(EDITED):
                what = next(turns)
                fleet.server.person(f"sheet-{what[0]}").tick(TAB, fleet.cell(*what))
                waiting.append(("edit", fleet.clock(), what))
        fleet.run()
        for one in list(waiting):
            kind, since, what = one
            if fleet.has(*what) and fleet.shows(*what):
                waits[kind].append(fleet.clock() - since)
                waiting.remove(one)
    if waiting:
        raise AssertionError(f"{len(waiting)} reports and edits were never shown")
    return waits, MINUTES + SLACK


def _row(
    waits: dict[str, list[timedelta]],
    requests: Sequence[RecordedRequest],
    drive: Sequence[RecordedRequest],
    first: int,
) -> Sequence[str]:
    kinds = [one.kind for one in requests if "/drive/" not in one.path]
    refused = sum(one.status == 429 for one in requests)
    minutes = [[span / timedelta(minutes=1) for span in waits[kind]] for kind in ("edit", "report")]
    figures = [f"{median(each):.1f} min, {max(each):.1f} min" for each in minutes]
    counts = f"{first}", f"{kinds.count('read')}", f"{kinds.count('write')}", f"{len(drive)}", f"{refused}"
    return *counts, *figures


if __name__ == "__main__":
    print(measure().markdown())
