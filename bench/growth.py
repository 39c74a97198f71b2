"""How costs grow: each use case on servers of 1, 10 and 100 alliances, and with rosters of 10, 100 and 1,000.

The tables are filled directly: the product itself records one commander, and what that wrote is copied under other ids.
The first recount finds no drift in the copies, or the measurement fails.
"""

import gc
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from bench.bills import Bill, Billed
from bench.busy import (
    ADMIN,
    ALLIANCE,
    EVERYTHING,
    FRIDAY_NOON,
    MEMBER_SECRET,
    SERVER,
    TABLE,
    SetClock,
    product,
)
from bench.tables import Budget, Measurement, verdict
from chalicelib.bootstrap import Muster
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key, key_id, secret_hash
from chalicelib.domain.binding import Binding
from chalicelib.domain.importing import Columns
from chalicelib.domain.roster import Alliance, Server
from chalicelib.services.imports import Options
from chalicelib.store import keys
from local.dynamodb import table_definition
from local.sheets import SheetsServer
from local.strict_dynamodb import StrictDynamoDB
from sheets_sync.allowance import Allowance
from sheets_sync.allowance import Budget as Requests
from sheets_sync.google import Google, connect
from sheets_sync.sync import sync

BY_ALLIANCES = (1, 100), (10, 100), (100, 100)
BY_ROSTER = (10, 10), (10, 100), (10, 1000)
"""Servers by alliances, and commanders in each."""
MOST_MEMBERS = 990
"""Of `ALLIANCE`, so that others can join."""
REPEATS = 3
"""Processor time is the least of so many. Each time is another commander's."""
MOST_OFF, MOST_OFF_CPU = 0.15, 0.3
"""How far above the promise an exponent may be: of what is counted, and of processor time, which is noisy."""
_SPREADSHEET = "growth"
_NEW = "Kestrel", "Quokka", "Umbra"
_HOW = f"""\
Exponents: how a cost grows from one size to ten times that size, and from there to ten times that again, as the power
of the size: 0 is constant, 1 is linear. *By alliances*: 1, 10 and 100 alliances of 100, so 100, 1,000 and 10,000
commanders. *By roster*: 10 alliances of 10, 100 and 1,000, so again 100, 1,000 and 10,000 commanders. What is counted
is calls, units (read and write units together), and bytes (read from DynamoDB, or sent to and from Google): the largest
of their exponents is shown. Processor time is our own, without the stand-ins for DynamoDB and Google: the least of
{REPEATS} tries. What has a fixed part begins flat, so the second exponent is the one that is judged: it may exceed the
promise by {MOST_OFF:g} for what is counted, and by {MOST_OFF_CPU:g} for processor time, which is noisy. A dash: nothing
was counted. The promise is what the design says or implies, for alliances and for the roster: 0 or 1. The first columns
have what was counted on the two largest servers: 100 alliances of 100, and 10 of 1,000."""
_COLUMNS = (
    "what",
    "calls, units, kB at 100 × 100",
    "at 10 × 1,000",
    "promised",
    "counted, by alliances",
    "CPU, by alliances",
    "counted, by roster",
    "CPU, by roster",
    "as promised",
)


class Cost(NamedTuple):
    """`units` are DynamoDB's, `cpu` is in seconds."""

    calls: int
    units: float
    bytes: int
    cpu: float

    @property
    def counted(self) -> str:
        return f"{self.calls:,}, {self.units:,g}, {self.bytes / 1000:,.1f}"


@dataclass(frozen=True, slots=True)
class UseCase:
    """`do` is what is measured, after `before`; both get the world and the number of the try. `promised`: the exponents
    by alliances and by roster. `is_warm`: in a process that has read the standing in the last ten seconds."""

    what: str
    promised: tuple[int, int]
    do: Callable[["World", int], object]
    before: Callable[["World", int], object] | None = None
    is_warm: bool = True


@dataclass
class World:
    """A server with so many alliances of so many commanders, on the day after all of them reported the first four
    milestones of each event, or all five if it `is_done`, and were counted. `counted`: what was noted of that."""

    alliances: int
    roster: int
    is_done: bool = False
    dynamodb: StrictDynamoDB = field(default_factory=StrictDynamoDB)
    counted: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = SetClock(FRIDAY_NOON - timedelta(days=0 if self.is_done else 1))
        self.billed = Billed(self.dynamodb)
        self.dynamodb.client().create_table(TableName=TABLE, **table_definition())
        _fill(self)
        self.muster = self.process()
        self.key = self.muster.directory.member_key(MEMBER_SECRET)
        self.clock.now += timedelta(days=1)

    def process(self, *, is_warm: bool = True) -> Muster:
        """A process that knows the definitions; if it is warm, it has also just read the standing."""
        muster = product(self.billed.client(), self.clock)
        muster.directory.member_key(MEMBER_SECRET)
        muster.directory.events()
        muster.directory.server(SERVER)
        muster.directory.alliance(SERVER, ALLIANCE)
        for event in load_catalog() if is_warm else ():
            muster.tiers.stamp(SERVER, event)
        self.muster = muster
        return muster


def measure(
    by_alliances: Sequence[tuple[int, int]] = BY_ALLIANCES, by_roster: Sequence[tuple[int, int]] = BY_ROSTER
) -> Measurement:
    costs = {size: costs_of(*size) for size in dict.fromkeys([*by_alliances, *by_roster])}
    rows, budgets = [], []
    for what, promises in PROMISES.items():
        kept, cells = True, list[str]()
        for axis, (sizes, promised) in enumerate(zip((by_alliances, by_roster), promises, strict=True)):
            found = [(size[axis], costs[size][what]) for size in sizes]
            for names, off in ((("calls", "units", "bytes"), MOST_OFF), (("cpu",), MOST_OFF_CPU)):
                exponents = _exponents(found, *names)
                kept &= (exponents[-1] or 0.0) <= promised + off
                cells.append("; ".join("–" if one is None else f"{one:.2f}" for one in exponents))
        largest = (costs[sizes[-1]][what].counted for sizes in (by_alliances, by_roster))
        rows.append((what, *largest, f"{promises[0]}; {promises[1]}", *cells, verdict(kept)))
        if what in BUDGETS:
            measured = f"CPU by roster: exponents {cells[-1]}"
            budgets.append(Budget(what, BUDGETS[what], measured, kept))
    return Measurement("Growth", _HOW, _COLUMNS, rows, budgets)


def costs_of(alliances: int, roster: int) -> dict[str, Cost]:
    """What each use case costs on a server of that size."""
    world = World(alliances, roster)
    with SheetsServer() as sheets:
        gc.collect()
        gc.freeze()  # the collector would look at all items of the stand-in again and again
        try:
            return {case.what: _cost(case, world) for case in USE_CASES} | _synced(world, sheets)
        finally:
            gc.unfreeze()


def _cost(case: UseCase, world: World) -> Cost:
    bills = []
    for turn in range(REPEATS):
        if case.before:
            case.before(world, turn)
        world.process(is_warm=case.is_warm)
        with world.billed.bill() as bill:
            case.do(world, turn)
        bills.append(bill)
    first: Bill = bills[0]
    units, cpu = first.write_units + first.read_units, min(bill.cpu for bill in bills)
    return Cost(first.calls.total(), units, first.bytes_read, cpu)


def _report(world: World, number: int) -> None:
    world.muster.reporting.report(ADMIN, _called(ALLIANCE, number), EVERYTHING, SERVER, ALLIANCE)


def _report_new(world: World, turn: int) -> None:
    world.muster.reporting.report(ADMIN, _NEW[turn], EVERYTHING, SERVER, ALLIANCE)


def _receipt(world: World, turn: int) -> None:
    world.muster.member_pages.receipt(world.key, _id(ALLIANCE, turn), FRIDAY_NOON)


def _progress(world: World, _: int) -> None:
    views = world.muster.public_views
    views.event_progress(views.event_state(SERVER, load_catalog()[0].id))


def _standings(world: World, _: int) -> None:
    views = world.muster.public_views
    views.standings(views.state(SERVER))


def _correct(world: World, turn: int) -> None:
    world.muster.corrections.correct(ADMIN, "void", _called(ALLIANCE, turn), EVERYTHING[0], "a slip", SERVER)


def _rename(world: World, turn: int) -> None:
    world.muster.rosters.rename(ADMIN, SERVER, ALLIANCE, _id(ALLIANCE, turn), f"Somebody {turn}")


def _import(world: World, turn: int) -> None:
    text = f"Commander\n{_called(ALLIANCE, 3)}\nImported {turn}\n"
    world.muster.imports.roster(ADMIN, SERVER, ALLIANCE, text, Columns(), Options(is_new=True))


def _recount(world: World, _: int) -> None:
    refreshed = world.muster.refresh.refresh_totals()
    assert refreshed.drifts == ()


def _due(world: World, _: int) -> None:
    assert len(world.muster.sheet_queue.due()) == world.alliances


def _forget_counts(world: World, _: int = 0) -> None:
    """All was counted last before the day began."""
    table = world.dynamodb.database.tables[TABLE]
    for item in world.counted:
        table.put(table.key_of(item), item)


USE_CASES = [
    UseCase("recount of everything, once a day", (1, 1), _recount, _forget_counts),
    UseCase("report", (0, 0), _report),
    UseCase(
        "report, the first in ten seconds of its process",
        (1, 0),
        lambda world, turn: _report(world, 3 + turn),
        is_warm=False,
    ),
    UseCase("report by a new name: is it near to another?", (0, 1), _report_new),
    UseCase("receipt", (0, 0), _receipt),
    UseCase(
        "form, for a known commander",
        (0, 0),
        lambda world, turn: world.muster.member_pages.form(world.key, name=_called(ALLIANCE, turn)),
    ),
    UseCase(
        "form, for nobody yet: it suggests names",
        (0, 1),
        lambda world, _: world.muster.member_pages.form(world.key, name=""),
    ),
    UseCase("progress", (1, 0), _progress, is_warm=False),
    UseCase("standings", (1, 0), _standings, is_warm=False),
    UseCase("roster", (0, 1), lambda world, _: world.muster.rosters.listing(ADMIN, SERVER, ALLIANCE)),
    UseCase(
        "who is missing",
        (0, 1),
        lambda world, _: world.muster.exports.missing(ADMIN, SERVER, ALLIANCE, EVERYTHING),
    ),
    UseCase(
        "export",
        (0, 1),
        lambda world, _: world.muster.exports.completions(ADMIN, SERVER, ALLIANCE, load_catalog()[0].id),
    ),
    UseCase(
        "ledger, a page of 50",
        (1, 0),
        lambda world, _: world.muster.ledger_pages.of_server(ADMIN, SERVER),
        lambda world, _: world.muster.counting.bring_up(SERVER),
    ),
    UseCase("correction", (0, 0), _correct),
    UseCase("rename", (0, 0), _rename),
    UseCase("import of two names, one of them new", (0, 1), _import),
    UseCase(
        "recount, one alliance has changed", (1, 1), _recount, lambda world, turn: _report(world, 6 + turn)
    ),
    UseCase(
        "view of an alliance's sheet",
        (1, 1),
        lambda world, _: world.muster.sheet_queue.view(Binding(_SPREADSHEET, SERVER, ALLIANCE)),
    ),
    UseCase(
        "view of a server's sheet",
        (1, 0),
        lambda world, _: world.muster.sheet_queue.view(Binding(_SPREADSHEET, SERVER)),
    ),
    UseCase("which sheets are due, of one for each alliance", (1, 0), _due),
]
"""The recount of everything first: it tells whether the copies are sound."""
SHEETS = {
    "difference of an alliance's sheet, one tick has changed": ((0, 1), ALLIANCE),
    "difference of a server's sheet, one tick has changed": ((1, 0), None),
}
BUDGETS = {next(iter(SHEETS)): "CPU linear in rows", USE_CASES[0].what: "linear"}
PROMISES = {case.what: case.promised for case in USE_CASES} | {what: one for what, (one, _) in SHEETS.items()}


def _synced(world: World, server: SheetsServer) -> dict[str, Cost]:
    """What a sync costs at Google, after a first one, when one completion was voided, or restored."""
    costs = {}
    for what, (_, alliance) in SHEETS.items():
        sheet = Binding(server.create_spreadsheet("Officers", {}), SERVER, alliance)
        seconds = []
        for action in (None, "void", "restore"):
            world.clock.now += timedelta(minutes=1)
            if action:
                correct = world.process().corrections.correct
                correct(ADMIN, action, _called(ALLIANCE, 9), EVERYTHING[0], "a slip", SERVER)
            view = world.process().sheet_queue.view(sheet)
            server.requests.clear()
            budget = Requests(Allowance(1000, lambda: datetime.now(UTC)), lambda: math.inf, time.sleep)
            with connect(Google(server.url), budget) as spreadsheets:
                began = time.thread_time()
                sync(sheet, view, spreadsheets)
                seconds.append(time.thread_time() - began)
            sheet = replace(sheet, last_success_at=world.clock.now)
        traffic = sum(request.request_bytes + request.response_bytes for request in server.requests)
        costs[what] = Cost(len(server.requests), 0, traffic, min(seconds[1:]))
    return costs


def _exponents(found: Sequence[tuple[int, Cost]], *names: str) -> list[float | None]:
    """From each size to the next, the largest of these costs; None where nothing was counted."""
    return [
        max(
            (
                math.log(getattr(after, name) / getattr(before, name)) / math.log(size / less)
                for name in names
                if getattr(before, name) and getattr(after, name)
            ),
            default=None,
        )
        for (less, before), (size, after) in pairwise(found)
    ]


def _fill(world: World) -> None:
    muster = product(world.dynamodb.client(), world.clock)
    for event in load_catalog():
        muster.stores.definitions.put_event(event)
    muster.stores.definitions.put_server(Server(SERVER, public_standings=True))
    for number in range(world.alliances):
        labels = f"A{number:02}", f"Alliance {number:02}"
        muster.stores.definitions.put_alliance(Alliance(SERVER, _alliance(number), *labels))
        muster.stores.sheets.bind(f"sheet-{number:02}", SERVER, _alliance(number))
    key = Key(key_id(secret_hash(MEMBER_SECRET)), "member", "bench", SERVER, ALLIANCE, world.clock())
    muster.stores.access_keys.put(MEMBER_SECRET, key)
    muster.stores.access_keys.signing_secret()
    so_far = [
        event.global_id(milestone)
        for event in load_catalog()
        for milestone in (event.milestones if world.is_done else event.milestones[:-1])
    ]
    first = muster.reporting.report(ADMIN, _called(ALLIANCE, 0), so_far, SERVER, ALLIANCE, is_new=True)
    world.clock.now += timedelta(
        hours=1
    )  # a count reads the ledger for what was reported just before the last one
    muster.refresh.refresh_totals()
    _copy(world, first.commander.id)
    world.dynamodb.let_time_pass()


def _copy(world: World, first: str) -> None:
    """Turns what the table holds about the commander with the id `first` into the same about everybody."""
    table = world.dynamodb.database.tables[TABLE]
    items = world.dynamodb.quiet_client().scan(TableName=TABLE)["Items"]
    of_commander = json.dumps([item for item in items if first in json.dumps(item)])
    of_alliance = [item for item in items if "changes" in item]
    counted = [item for item in items if item["SK"]["S"] == "COUNTED"]
    (added,) = (item["SK"]["S"] for item in json.loads(of_commander) if item.get("action") == {"S": "add"})

    def put(item: Any) -> None:
        table.put(table.key_of(item), item)

    for one in json.loads(of_commander):
        table.put(table.key_of(one), None)  # another id takes its place
    for alliance in map(_alliance, range(world.alliances)):
        members = min(world.roster, MOST_MEMBERS) if alliance == ALLIANCE else world.roster
        number = {"N": str(members)}
        defined = table.get(keys.alliance(SERVER, alliance)) or {}
        put({**defined, "on_roster": number, "roster_changes": number})
        for item in of_alliance:
            counters = {name: number for name, value in item.items() if "N" in value}
            put({**item, "SK": {"S": f"ALLIANCE#{alliance}"}, **counters})
        for item in counted:
            item["of." + alliance] = {"M": {**item["of." + ALLIANCE]["M"], "changes": number}}
        for member in range(members):
            name, identity = _called(alliance, member), _id(alliance, member)
            copies = of_commander.replace(added, f"{added.partition('~')[0]}~{identity}")
            for old, new in (
                (first, identity),
                (_called(ALLIANCE, 0), name),
                (_called(ALLIANCE, 0).casefold(), name.casefold()),
                (ALLIANCE, alliance),
            ):
                copies = copies.replace(old, new)
            for item in json.loads(copies):
                put(item)
    world.counted = counted
    _forget_counts(world)


def _alliance(number: int) -> str:
    return f"alliance-{number:02}"


def _called(alliance: str, number: int) -> str:
    return f"Member {alliance[-2:]} {number:03}"


def _id(alliance: str, number: int) -> str:
    return f"{alliance[-2:]}-{number:03}-{'x' * 5}"


if __name__ == "__main__":
    print(measure().markdown())
