"""What reports, pages and reads of progress cost in DynamoDB: calls, and the units that AWS bills."""

from collections.abc import Sequence

from bench.bills import Bill, Billed
from bench.busy import (
    ADMIN,
    ALLIANCE,
    ALLIANCES,
    EVERYTHING,
    FRIDAY_NOON,
    MEMBER_SECRET,
    ROSTER,
    SERVER,
    TABLE,
    fill,
    product,
)
from bench.tables import Budget, Measurement, verdict
from chalicelib.bootstrap import Muster
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key
from local.dynamodb import table_definition
from local.strict_dynamodb import StrictDynamoDB

MOST_WRITE_UNITS, MOST_READ_UNITS, MOST_CALLS = 8, 2.0, 3
"""The budget for a report of a known commander."""
MOST_RECEIPT_UNITS = 4.0
MOST_PROGRESS_UNITS, MOST_QUERIES = 3.0, 1

_HOW = f"""\
Measured on the last day, when all five milestones of both November 2023 events can be reported, on a server with
{ALLIANCES} alliances, with a sample of the points for each hour and a reading, after the scheduled recount; the roster
has {ROSTER} commanders. Definitions are in the process's cache, as they are in all requests of half a minute except the
first. The size of items follows DynamoDB's rules. A write in a transaction counts twice; a ledger entry counts once
more for each of its two indexes; an eventually consistent read counts half. For a report, a process reads the standing
of all alliances once in ten seconds, with one consistent query for each event, and adds what it records itself; a
receipt shows the same, or else what the last recount noted. DynamoDB here is the strict stand-in of the tests."""
_COLUMNS = "what", "calls", "write units", "read units", "bytes read", "budget", "within budget"


def measure() -> Measurement:
    dynamodb = StrictDynamoDB()
    dynamodb.client().create_table(TableName=TABLE, **table_definition())
    fill(dynamodb.client())
    billed = Billed(dynamodb)
    known, muster = _report(billed, "Member001", EVERYTHING)
    key = muster.directory.member_key(MEMBER_SECRET)
    receipt = _receipt(billed, muster, key, "Member001")
    later = _receipt(billed, _warm(billed), key, "Member001")
    early, _ = _report(billed, "Member002", EVERYTHING, is_first=True)
    new, _ = _report(billed, "Newcomer", EVERYTHING)
    again, _ = _report(billed, "Newcomer", EVERYTHING)
    muster = _warm(billed)
    with billed.bill() as form:
        muster.member_pages.form(key, name="Member001")
    with billed.bill() as settling:
        muster.counting.bring_up(SERVER, ALLIANCE)
    with billed.bill() as void:
        muster.corrections.correct(ADMIN, "void", "Member001", EVERYTHING[0], "a slip", SERVER)
    progress, budgets = [], list[Budget]()
    for event in load_catalog():
        with billed.bill() as bill:
            muster.overview.progress(SERVER, event.id)
        budget = f"{MOST_PROGRESS_UNITS:g} read units, {MOST_QUERIES} query"
        is_met = bill.read_units <= MOST_PROGRESS_UNITS and bill.calls.total() <= MOST_QUERIES
        progress.append(bill.row(f"progress of {event.name}", budget, verdict(is_met)))
        measured = f"{bill.read_units:g}, {bill.calls.total()}"
        budgets.append(
            Budget(f"progress of {event.name}, refreshed, with a reading", f"≤ {budget}", measured, is_met)
        )
    budget = f"{MOST_WRITE_UNITS} write units, {MOST_READ_UNITS:g} read units, {MOST_CALLS} round trips"
    is_met = known.write_units <= MOST_WRITE_UNITS and known.read_units <= MOST_READ_UNITS
    is_met &= known.calls.total() <= MOST_CALLS
    measured = f"{known.write_units}, {known.read_units:g}, {known.calls.total()}"
    budgets.insert(0, Budget("report of ten, known commander", f"≤ {budget}", measured, is_met))
    receipts = f"{MOST_RECEIPT_UNITS:g} read units"
    for what, bill in (("receipt", receipt), ("receipt, later or in another process", later)):
        is_met = bill.read_units <= MOST_RECEIPT_UNITS
        budgets.append(Budget(what, f"≤ {receipts}", f"{bill.read_units:g}", is_met))
    rows = [
        known.row("report of ten milestones; the commander has two of them", budget, verdict(is_met)),
        early.row("the same, the first in ten seconds of its process"),
        new.row("report of ten milestones by a new commander"),
        again.row("the same report again"),
        form.row("the form, for a known commander"),
        receipt.row("the receipt of a report", receipts, verdict(receipt.read_units <= MOST_RECEIPT_UNITS)),
        later.row(
            "a receipt that is opened in another process, or later",
            receipts,
            verdict(later.read_units <= MOST_RECEIPT_UNITS),
        ),
        *progress,
        settling.row("writing the ledger entries of these reports"),
        void.row("voiding one completion"),
    ]
    return Measurement("Reports, pages and progress", _HOW, _COLUMNS, rows, budgets)


def _report(
    billed: Billed, name: str, milestones: Sequence[str], *, is_first: bool = False
) -> tuple[Bill, Muster]:
    muster = _warm(billed)
    for event in () if is_first else load_catalog():
        muster.tiers.stamp(SERVER, event)
    with billed.bill() as bill:
        muster.reporting.report(ADMIN, name, milestones, SERVER, ALLIANCE)
    return bill, muster


def _receipt(billed: Billed, muster: Muster, key: Key, name: str) -> Bill:
    commander = muster.stores.commanders.named(SERVER, name)
    assert commander
    with billed.bill() as bill:
        muster.member_pages.receipt(key, commander.id, FRIDAY_NOON)
    return bill


def _warm(billed: Billed) -> Muster:
    """A product whose cache holds what an earlier request looked up."""
    muster = product(billed.client())
    muster.directory.events()
    muster.directory.server(SERVER)
    muster.directory.alliance(SERVER, ALLIANCE)
    return muster


if __name__ == "__main__":
    print(measure().markdown())
