"""What a report and a read of progress cost in DynamoDB: calls, and the units that AWS bills."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.tables import Measurement, verdict
from chalicelib.bootstrap import Muster, assemble, dynamodb_table
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key
from chalicelib.domain.roster import Alliance, Server
from chalicelib.settings import Settings
from chalicelib.store.keys import OF_ALLIANCE, OF_COMMANDER
from local.dynamodb import DynamoDB

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FRIDAY_NOON = datetime(2023, 11, 17, 12, tzinfo=UTC)
ALLIANCES = 90
TABLE = "muster-bench"
ADMIN = Key("bench", "admin", "bench")
MOST_WRITE_UNITS, MOST_READ_UNITS, MOST_CALLS = 8, 2.0, 3
"""The budget for a report of a known commander."""
MOST_PROGRESS_UNITS, MOST_QUERIES = 3.0, 1

_WRITE_UNIT, _READ_UNIT = 1024, 4096
_HOW = f"""\
Measured on the last day, when all five milestones of both November 2023 events can be reported, on a server with
{ALLIANCES} alliances, a sample of the points for each hour, and a reading. Definitions are in the process's cache, as
they are in all requests of half a minute except the first. The size of items follows DynamoDB's rules. A write in a
transaction counts twice; a ledger entry counts once more for each of its two indexes; an eventually consistent read
counts half. For the receipt, a process reads the standing of all alliances once in ten seconds, with one consistent
query for each event, and adds what it records itself. DynamoDB here is moto."""
_COLUMNS = "what", "calls", "write units", "read units", "bytes read", "budget", "within budget"


@dataclass
class Bill:
    """What was asked of the table, and what it costs."""

    calls: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    read_units: float = 0.0
    bytes_read: int = 0

    def row(self, what: str, budget: str, is_met: bool | None) -> tuple[str, ...]:
        calls = ", ".join(f"{number} {name}" for name, number in sorted(self.calls.items()))
        judged = "" if is_met is None else verdict(is_met)
        units = f"{self.write_units}", f"{self.read_units:g}", f"{self.bytes_read:,}"
        return what, f"{self.calls.total()}: {calls}", *units, budget, judged


def measure() -> Measurement:
    everything = [event.global_id(milestone) for event in load_catalog() for milestone in event.milestones]
    first_of_each = [event.global_id(event.milestones[0]) for event in load_catalog()]
    dynamodb = DynamoDB(TABLE)
    dynamodb.start()
    try:
        client = dynamodb.client()
        report = _server_with_alliances(client).reporting.report
        for number in range(ALLIANCES):
            report(ADMIN, f"Commander{number:02}", everything, "101", f"alliance-{number:02}")
        _fill_standing(client)
        for name in ("Known", "Early"):
            report(ADMIN, name, first_of_each, "101", "alliance-00")
        known = _report(client, "Known", everything)
        early = _report(client, "Early", everything, is_first=True)
        new = _report(client, "New", everything)
        again = _report(client, "New", everything)
        with _billed(client) as settling:
            _warm(client).counting.bring_up("101", "alliance-00")
        with _billed(client) as void:
            corrections = _warm(client).corrections
            corrections.correct(ADMIN, "void", "Known", everything[0], "a slip", "101")
        muster = _warm(client)
        with _billed(client) as progress:
            muster.overview.progress("101", load_catalog()[0].id)
        client.close()
    finally:
        dynamodb.stop()
    report_budget = (
        f"{MOST_WRITE_UNITS} write units, {MOST_READ_UNITS:g} read units, {MOST_CALLS} round trips"
    )
    report_is_met = known.write_units <= MOST_WRITE_UNITS and known.read_units <= MOST_READ_UNITS
    progress_is_met = progress.read_units <= MOST_PROGRESS_UNITS and progress.calls.total() <= MOST_QUERIES
    rows = [
        known.row(
            "report of ten milestones; the commander has two of them",
            report_budget,
            report_is_met and known.calls.total() <= MOST_CALLS,
        ),
        early.row("the same, the first in ten seconds of its process", "", None),
        new.row("report of ten milestones by a new commander", "", None),
        again.row("the same report again", "", None),
        settling.row("writing the eight ledger entries of these reports", "", None),
        void.row("voiding one completion", "", None),
        progress.row(
            f"progress of an event with {ALLIANCES} alliances",
            f"{MOST_PROGRESS_UNITS:g} read units, {MOST_QUERIES} query",
            progress_is_met,
        ),
    ]
    return Measurement("Reports and progress", _HOW, _COLUMNS, rows)


def _server_with_alliances(client: "DynamoDBClient") -> Muster:
    muster = _product(client)
    for event in load_catalog():
        muster.stores.definitions.put_event(event)
    muster.stores.definitions.put_server(Server("101"))
    for number in range(ALLIANCES):
        identity = f"alliance-{number:02}"
        muster.stores.definitions.put_alliance(
            Alliance("101", identity, f"A{number:02}", f"Alliance {number:02}")
        )
    return muster


def _fill_standing(client: "DynamoDBClient") -> None:
    """Adds what else is in the partition of an event: a sample for each hour, and a reading."""
    muster = _product(client)
    for event in load_catalog():
        for hour in range(4 * 24 + 12):
            at = FRIDAY_NOON - timedelta(hours=hour)
            muster.stores.completions.note_points("101", event.id, at, 9000 - 50 * hour)
        muster.readings.log(ADMIN, "101", event.id, 12_000, confirm=True)


def _report(
    client: "DynamoDBClient", name: str, milestones: Sequence[str], *, is_first: bool = False
) -> Bill:
    muster = _warm(client)
    for event in () if is_first else load_catalog():
        muster.tiers.stamp("101", event)
    with _billed(client) as bill:
        muster.reporting.report(ADMIN, name, milestones, "101", "alliance-00")
    return bill


def _warm(client: "DynamoDBClient") -> Muster:
    """A product whose cache holds what an earlier request looked up."""
    muster = _product(client)
    muster.directory.events()
    muster.directory.server("101")
    muster.directory.alliance("101", "alliance-00")
    return muster


def _product(client: "DynamoDBClient") -> Muster:
    return assemble(Settings(TABLE), dynamodb_table(TABLE, client), lambda: FRIDAY_NOON)


@contextmanager
def _billed(client: "DynamoDBClient") -> Iterator[Bill]:
    """The bill for what is asked through `client` in the block. Written items are measured as they are at its end."""
    bill, asked = Bill(), []
    written: list[tuple[int, Mapping[str, Any]]] = []

    def before(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    def after(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        bill.calls[model.name] += 1
        parameters = asked[-1]
        if model.name == "TransactWriteItems":
            for change in parameters["TransactItems"]:
                ((kind, request),) = change.items()
                written.append((2, _key(request["Item"]) if kind == "Put" else request["Key"]))
        elif model.name == "BatchWriteItem":
            written.extend((1, _key(one["PutRequest"]["Item"])) for one in parameters["RequestItems"][TABLE])
        elif model.name == "UpdateItem":
            written.append((1, parameters["Key"]))
        elif model.name == "PutItem":
            raise AssertionError("a write that is not billed here")
        else:
            _read(bill, model.name, parameters, parsed)

    events = client.meta.events
    events.register("provide-client-params.dynamodb.*", before)
    events.register("after-call.dynamodb.*", after)
    try:
        yield bill
    finally:
        events.unregister("provide-client-params.dynamodb.*", before)
        events.unregister("after-call.dynamodb.*", after)
    for times, key in written:
        item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        indexes = sum(name in item for name in (OF_ALLIANCE, OF_COMMANDER))
        bill.write_units += (times + indexes) * math.ceil(_size(item) / _WRITE_UNIT)


def _read(bill: Bill, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """A query is billed by the page, other reads by the item. A missing item costs as much as a small one."""
    if operation == "Query":
        sizes = [sum(map(_size, answer["Items"]))]
        is_consistent = parameters.get("ConsistentRead", False)
    elif operation == "GetItem":
        sizes = [_size(answer.get("Item", {}))]
        is_consistent = parameters.get("ConsistentRead", False)
    else:
        asked = parameters["RequestItems"][TABLE]
        found = answer["Responses"][TABLE]
        sizes = [*map(_size, found), *[0] * (len(asked["Keys"]) - len(found))]
        is_consistent = asked.get("ConsistentRead", False)
    bill.bytes_read += sum(sizes)
    units = sum(max(1, math.ceil(size / _READ_UNIT)) for size in sizes)
    bill.read_units += units if is_consistent else units / 2


def _key(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("PK", "SK")}


def _size(item: Mapping[str, Any]) -> int:
    """In bytes: names and values in UTF-8; a byte for two digits of a number, and one more; three more for each map."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        digits = str(content).strip("-").replace(".", "").strip("0")
        return 1 + math.ceil(len(digits) / 2)
    if kind == "M":
        return 3 + len(content) + _size(content)
    return 1
