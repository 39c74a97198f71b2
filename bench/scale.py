"""113 servers with 10,000 sheets in an event's busiest hour: how old sheets get, with one account at Google and ten.

What a run and a sync cost is measured; what comes of it is simulated, with the product's own rules of which sheet is
due and whose turn it is.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from random import Random
from statistics import median, quantiles

import boto3
from botocore.config import Config

from bench.bills import Billed
from bench.busy import ADMIN, ALLIANCE, EVERYTHING, FRIDAY_NOON, SERVER, TABLE, SetClock, product
from bench.growth import World
from bench.tables import Measurement
from chalicelib.bootstrap import Muster
from chalicelib.catalog import load_catalog
from chalicelib.domain.accounts import shared_out
from chalicelib.domain.binding import Binding
from chalicelib.domain.due import BATCH, FRESHNESS, Due, due_first, is_urgent
from chalicelib.domain.roster import Alliance, Server
from chalicelib.store.dynamodb import AT_ONCE, CLIENT
from local.dynamodb import REGION, table_definition
from local.sheets import SheetsServer
from local.strict_dynamodb import StrictDynamoDB
from sheets_sync.allowance import RESERVE, Limits
from sheets_sync.google import Google
from sheets_sync.run import ENOUGH, NEEDS, sync_due

SERVERS, ALLIANCES, ROSTER, SHEETS = 113, 90, 41, 10_000
COMMANDERS = 418_100
BUSIEST = COMMANDERS / 4
"""Reports in the busiest hour: as docs/OPERATIONS.md counts requests."""
WARM_UP, HOUR, COOL_DOWN = 60, 60, 300
"""Minutes with half as many reports, the minutes that are told of, and the most that are simulated after them."""
TIMEOUT, CALL, GOOGLE = 55.0, 0.01, 0.6
"""Seconds: of a run in Lambda; assumed of a call of DynamoDB, and of a read and a write at Google together."""
SHARES = {"512 MB": 0.29, "1,769 MB": 1.0}
"""How much of a processor Lambda gives for that memory."""
_ONE = 1 + ALLIANCES
"""The sheets of a server: its own, and one for each alliance."""
_FEW = 8
"""Servers, and sheets, of which processor time is measured."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu` in seconds, with that of boto3, gspread and requests; units are DynamoDB's reads."""

    calls: int
    units: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Costs:
    """Of a look at all servers; of one that reads no server again; and of a sync of an alliance's sheet in which a
    commander has reported."""

    look: Cost
    again: Cost
    sync: Cost


def measure(servers: int = SERVERS, sheets: int = SHEETS) -> Measurement:
    sync = sync_cost()
    costs = {
        size: Costs(*look_costs(*size), sync) for size in ((servers, sheets), (servers, servers), (1, _ONE))
    }
    rows = []
    for what, size, accounts, memory in (
        (f"{sheets:,} sheets", (servers, sheets), 1, "512 MB"),
        (f"{sheets:,} sheets", (servers, sheets), 10, "512 MB"),
        (f"{sheets:,} sheets", (servers, sheets), 10, "1,769 MB"),
        (f"{servers} servers' sheets alone", (servers, servers), 1, "512 MB"),
        ("one server alone, with a sheet for each alliance", (1, _ONE), 1, "512 MB"),
    ):
        found = simulate(costs[size], SHARES[memory], accounts, *size)
        rows.append((f"{what}; {accounts}, {memory}", *found.row(costs[size])))
    return Measurement(_TITLE, _how(costs[servers, sheets], servers, sheets), _COLUMNS, rows)


_TITLE = "113 servers and 10,000 sheets"
_COLUMNS = (
    "sheets; accounts, memory of the function",
    "syncs a minute",
    "requests to Google a minute",
    "read units a minute",
    "a report, in its alliance's sheet: median, 95 of 100, longest",
    "a report, in its server's sheet",
    "age of the server's totals in an alliance's sheet",
)


def _how(costs: Costs, servers: int, sheets: int) -> str:
    look, again, sync = costs.look, costs.again, costs.sync
    kept = TIMEOUT - ENOUGH - RESERVE
    turn = GOOGLE + sync.calls * CALL
    most = Limits().user - NEEDS["read"] + 1
    return f"""\
{servers} servers with {ALLIANCES} alliances each, both events of November 2023 open, and {sheets:,} sheets: one for
each server, the others for alliances. Commanders report as OPERATIONS.md counts requests: each of {COMMANDERS:,} once
on the busiest day, a quarter of them in the busiest hour, so {BUSIEST / 60:,.0f} a minute; in the hour before, half as
many. Whose report it is, is drawn by lot.

Measured: a look at all servers takes {look.calls:,} calls and {look.units:,.0f} read units: {again.calls} and
{again.units:,.0f} for the sheets and the list of servers, then for each server a query of its alliances and one of each
event. It takes {look.cpu:.1f} s of processor time; {again.cpu:.1f} s if no server is read again. (Before, it took
{1 + servers * 4:,} calls, one after the other, and each sync read its server again.) A sync of an alliance's sheet with
{ROSTER} commanders, one of whom has reported, takes a read and a write at Google, {sync.calls} calls of the table,
{sync.units:.1f} read units, and {1000 * sync.cpu:.0f} ms of processor time. Processor time is this machine's, measured
over HTTP to the stand-ins, so that what boto3, requests and gspread take is in it.

Assumed: a call of DynamoDB takes {1000 * CALL:.0f} ms, and {AT_ONCE} are under way at once in the look; a read and a
write at Google take {GOOGLE:g} s together. Lambda gives a processor for {SHARES["512 MB"]:.0%} of the time with 512 MB,
and for all of it with 1,769 MB; more than one is of no use to a Python process.

The arithmetic: a run has {TIMEOUT:g} − {ENOUGH:g} − {RESERVE:g} = {kept:g} s in which it begins syncs. An account that
waits for nothing but Google and the table makes {kept:g} ÷ {turn:.2f} = {kept / turn:.0f} of them, and Google allows
{most} a minute, as one read is kept for a second one. For all accounts together, the processor allows ({kept:g} − the
look's {look.cpu:.1f} s ÷ its share) × its share ÷ {sync.cpu:.3f}: with 512 MB {_most(costs, "512 MB"):.0f}, and
{_most(costs, "1,769 MB"):.0f} with 1,769 MB. If every sheet has news of its own before its turn comes, all wait equally
long: sheets ÷ syncs a minute.

Simulated, minute by minute, with the product's own `due_first`, `is_urgent` and `shared_out`: what a report waits until
the sheet of its alliance shows it, and its server's sheet; and at the end of each minute, how old the totals are that
alliances' sheets show. Totals of others are due {BATCH // timedelta(minutes=1)} minutes after a sheet's last sync. A
run that follows one which was behind reads no server again that was read within that time."""


def _most(costs: Costs, memory: str) -> float:
    share = SHARES[memory]
    return ((TIMEOUT - ENOUGH - RESERVE) * share - costs.look.cpu) / costs.sync.cpu


# What it costs


def look_costs(servers: int, sheets: int) -> tuple[Cost, Cost]:
    """Of a look that reads all servers, and of one that reads none again. Calls and units are of all servers; processor
    time is of a few, as many times as that."""
    dynamodb, few = filled(servers, sheets), filled(_FEW, sheets * _FEW // servers)
    clock, billed, costs = SetClock(FRIDAY_NOON), Billed(dynamodb), list[Cost]()
    queue = product(billed.client(), clock).sheet_queue
    with over_http(few, clock) as muster:
        for now in (FRIDAY_NOON, FRIDAY_NOON - timedelta(days=30)):  # then no event is open
            clock.now = now
            queue.due()
            with billed.bill() as bill:
                queue.due()
            muster.sheet_queue.due()
            seconds = cpu_of(muster.sheet_queue.due) * servers / _FEW
            costs.append(Cost(bill.calls.total(), bill.read_units, seconds))
    return costs[0], costs[1]


def sync_cost() -> Cost:
    """Of an alliance's sheet, by a run over a few of them that each have one report to show."""
    world = World(ALLIANCES, ROSTER)
    with SheetsServer() as server, over_http(world.dynamodb, world.clock) as muster:
        for number in range(ALLIANCES):
            if number < _FEW:
                server.create_spreadsheet("Officers", {"Own": [["kept"]]}, f"sheet-{number:02}")
            else:
                world.muster.stores.sheets.unbind(f"sheet-{number:02}")

        def run(muster: Muster) -> None:
            done = sync_due(muster.sheet_queue, Google(server.url), sleep=lambda _: None)
            assert done == {"synced": _FEW, "failed": 0, "put_off": 0}, done

        def report(turn: int) -> None:
            world.clock.now += timedelta(minutes=1)
            for number in range(_FEW):
                alliance = f"alliance-{number:02}"
                name = f"Member {alliance[-2:]} {turn:03}"
                world.muster.reporting.report(ADMIN, name, EVERYTHING, SERVER, alliance)

        run(world.muster)
        report(1)
        with world.billed.bill() as bill:
            run(world.process(is_warm=False))
        with world.billed.bill() as without:
            world.muster.sheet_queue.due()
        report(2)
        seconds = cpu_of(lambda: run(muster)) - cpu_of(lambda: muster.sheet_queue.due())
    calls = (bill.calls.total() - without.calls.total()) // _FEW
    return Cost(calls, (bill.read_units - without.read_units) / _FEW, seconds / _FEW)


@contextmanager
def over_http(dynamodb: StrictDynamoDB, clock: SetClock) -> Iterator[Muster]:
    """The product with boto3's own client, whose processor time is a good part of all."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamodb.url,
        region_name=REGION,
        config=Config(**CLIENT),
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    try:
        yield product(client, clock)
    finally:
        dynamodb.stop()


def cpu_of(do: Callable[[], object]) -> float:
    """Seconds of processor time of this thread."""
    began = time.thread_time()
    do()
    return time.thread_time() - began


def filled(servers: int, sheets: int) -> StrictDynamoDB:
    """Servers with alliances in each of which somebody has reported, and sheets that are up to date: of one of each,
    all others are copies."""
    dynamodb, clock = StrictDynamoDB(), SetClock(FRIDAY_NOON)
    dynamodb.client().create_table(TableName=TABLE, **table_definition())
    muster = product(dynamodb.client(), clock)
    for event in load_catalog():
        muster.stores.definitions.put_event(event)
    for number in range(servers):
        muster.stores.definitions.put_server(Server(f"{number + 101}"))
    muster.stores.definitions.put_alliance(Alliance(SERVER, ALLIANCE, "A00", "Alliance 00"))
    muster.reporting.report(ADMIN, "Member", EVERYTHING, SERVER, ALLIANCE, is_new=True)
    muster.stores.sheets.bind("sheet", SERVER, ALLIANCE, account="muster-1@a-project.iam.gserviceaccount.com")
    queue = muster.sheet_queue
    (due,) = queue.due()
    leased = queue.lease(due, "run")
    assert leased
    queue.synced(leased)
    table = dynamodb.database.tables[TABLE]
    items = dynamodb.quiet_client().scan(TableName=TABLE)["Items"]
    kinds = "ALLIANCES#", "STANDING#"
    of_alliance = json.dumps(
        [item for item in items if item["PK"]["S"].startswith(kinds) and ALLIANCE in str(item)]
    )
    (of_sheet,) = (json.dumps(item) for item in items if item["PK"]["S"] == "SHEETS")
    for number in range(servers * ALLIANCES):
        server, alliance = f"{number // ALLIANCES + 101}", f"alliance-{number % ALLIANCES:02}"
        for item in json.loads(of_alliance.replace(ALLIANCE, alliance).replace(f"#{SERVER}", f"#{server}")):
            table.put(table.key_of(item), {**item, **({"server": {"S": server}} if "server" in item else {})})
    for number, place in enumerate(places(servers, sheets)):
        copy = json.loads(of_sheet.replace("#sheet", f"#sheet-{number:05}"))
        copy |= {"id": {"S": f"sheet-{number:05}"}, "server": {"S": f"{place[0] + 101}"}}
        alliance = copy.pop("alliance")
        if len(place) > 1:
            copy["alliance"] = {"S": alliance["S"].replace("00", f"{place[1]:02}")}
        table.put(table.key_of(copy), copy)
    dynamodb.let_time_pass()
    return dynamodb


def places(servers: int, sheets: int) -> list[tuple[int, ...]]:
    """What each sheet is bound to: the first ones to a server each, the others to a server and an alliance."""
    alliances = [divmod(number, ALLIANCES) for number in range(sheets - servers)]
    return [*((server,) for server in range(servers)), *alliances]


# What comes of it


@dataclass
class Found:
    """Seconds that reports of the busiest hour waited until the sheet of their `alliances` and of their `servers`
    showed them; how old `totals` were that alliances' sheets showed; and how many `syncs` there were in that hour, and
    `looks` that read the servers."""

    alliances: list[float] = field(default_factory=list)
    servers: list[float] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)
    syncs: int = 0
    looks: int = 0

    def row(self, costs: Costs) -> Sequence[str]:
        a_minute = self.syncs / HOUR
        units = (self.looks * costs.look.units + (HOUR - self.looks) * costs.again.units) / HOUR
        units += a_minute * costs.sync.units
        counts = f"{a_minute:,.0f}", f"{2 * a_minute:,.0f}", f"{units:,.0f}"
        return *counts, *map(_spread, (self.alliances, self.servers, self.totals))


def simulate(costs: Costs, share: float, accounts: int, servers: int, sheets: int) -> Found:
    """The hours, minute by minute, until all reports of the busiest one are shown. The first sheets are servers', which
    all have as many reports."""
    busiest = BUSIEST * servers / SERVERS
    fleet, found = _Fleet(servers, sheets, accounts), Found()
    for minute in range(WARM_UP + HOUR + COOL_DOWN):
        is_told = WARM_UP <= minute < WARM_UP + HOUR
        if minute >= WARM_UP + HOUR and not fleet.waiting:
            break
        fleet.report(minute, round(busiest / 60 * (1.0 if is_told else 0.5)), is_told=is_told)
        done, looked = fleet.run(60.0 * (minute + 1), costs, share, found)
        if is_told:
            found.syncs, found.looks = found.syncs + done, found.looks + looked
            found.totals += fleet.ages(60.0 * (minute + 2))
    return found


@dataclass
class _Sheet:
    binding: Binding
    place: tuple[int, ...]
    """Its server; and its alliance, if it is not the server's."""
    shown: int = 0
    """How many reports of its place it shows."""
    totals_at: float = 0.0


class _Fleet:
    def __init__(self, servers: int, sheets: int, accounts: int) -> None:
        self._random = Random(0)
        self._servers = servers
        self._reports: dict[tuple[int, ...], list[tuple[float, bool]]] = defaultdict(list)
        """By server, and by server and alliance: when, and whether it is told of."""
        self._known: dict[tuple[int, ...], int] = {}
        """How many reports the last look found."""
        self._looked_at, self._is_behind = 0.0, False
        self.waiting = 0
        """Reports to tell of that a sheet still has to show."""
        bound_to = places(servers, sheets)
        bound = [
            Binding(f"{number:05}", f"{place[0]}", f"{place[1]}" if place[1:] else None)
            for number, place in enumerate(bound_to)
        ]
        whose = shared_out(bound, [f"account-{number}" for number in range(accounts)])
        self._sheets = {}
        for one, place in zip(bound, bound_to, strict=True):
            at = -self._random.uniform(0, FRESHNESS.total_seconds())
            binding = replace(
                one,
                account=whose[one.spreadsheet_id],
                last_success_at=_instant(at),
                revision=self._revision(place),
            )
            self._sheets[one.spreadsheet_id] = _Sheet(binding, place, totals_at=at)
        self._places = set(bound_to)

    def report(self, minute: int, number: int, *, is_told: bool) -> None:
        for at in sorted(60 * (minute + self._random.random()) for _ in range(number)):
            server = self._random.randrange(self._servers)
            for place in ((server,), (server, self._random.randrange(ALLIANCES))):
                self._reports[place].append((at, is_told))
                self.waiting += is_told and place in self._places

    def run(self, begins: float, costs: Costs, share: float, found: Found) -> tuple[int, bool]:
        """A run that shows what was reported until it looked. Returns how many sheets it synced, and whether it read
        the servers."""
        looks = not self._is_behind or begins - self._looked_at >= BATCH.total_seconds()
        if looks:
            self._looked_at = begins
            self._known = {place: len(reports) for place, reports in self._reports.items()}
        look = costs.look if looks else costs.again
        now = look.calls / AT_ONCE * CALL + look.cpu / share
        wanted = [(one.binding, self._revision(one.place)) for one in self._sheets.values()]
        due = due_first(wanted, _instant(begins))
        queues: dict[str | None, list[Due]] = defaultdict(list)
        for one in due:
            queues[one.sheet.account].append(one)
        turns = [queue[: Limits().user - NEEDS["read"] + 1] for queue in queues.values()]
        alone, done = GOOGLE + costs.sync.calls * CALL + costs.sync.cpu / share, 0
        for syncs in zip_longest(*turns):  # each account does one at a time
            if now > TIMEOUT - ENOUGH - RESERVE:
                break
            begun = [one for one in syncs if one]
            now += max(alone, len(begun) * costs.sync.cpu / share)
            for one in begun:
                self._synced(one, begins + now, found)
            done += len(begun)
        urgent = sum(is_urgent(one, _instant(begins)) for one in due)  # and what was done came first
        self._is_behind = 0 < done <= urgent - done
        return done, looks

    def ages(self, now: float) -> list[float]:
        return [now - one.totals_at for one in self._sheets.values() if one.binding.alliance]

    def _synced(self, due: Due, at: float, found: Found) -> None:
        sheet = self._sheets[due.sheet.spreadsheet_id]
        known = self._known.get(sheet.place, 0)
        waits = found.alliances if due.sheet.alliance else found.servers
        for reported, is_told in self._reports[sheet.place][sheet.shown : known]:
            if is_told:
                waits.append(at - reported)
                self.waiting -= 1
        sheet.shown, sheet.totals_at = known, self._looked_at
        sheet.binding = replace(due.sheet, last_success_at=_instant(at), revision=due.revision)

    def _revision(self, place: tuple[int, ...]) -> str:
        """As the product makes it: 16 digits that are the sheet's own, then what others move."""
        own = f"{self._known.get(place, 0):016}"
        return own if len(place) == 1 else f"{own}{self._known.get(place[:1], 0)}"


def _instant(seconds: float) -> datetime:
    return FRIDAY_NOON + timedelta(seconds=seconds)


def _spread(seconds: Sequence[float]) -> str:
    """The median, what 95 of 100 do not exceed, and the most; in minutes."""
    minutes = [each / 60 for each in seconds]
    return (
        f"{median(minutes):.1f}, {quantiles(minutes, n=20)[-1]:.1f}, {max(minutes):.1f} min"
        if minutes
        else ""
    )


if __name__ == "__main__":
    print(measure().markdown())
