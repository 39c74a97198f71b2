"""A server as it is on the last day of both November 2023 events: what a report, a page and a read of progress cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.bootstrap import Muster, assemble
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Key, key_id, secret_hash
from chalicelib.domain.roster import Alliance, Server
from chalicelib.settings import Settings
from chalicelib.store.dynamodb import DynamoDBTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FRIDAY_NOON = datetime(2023, 11, 17, 12, tzinfo=UTC)
"""All five milestones of both events can be reported."""
TABLE = "muster-bench"
SERVER, ALLIANCE = "101", "alliance-00"
ALLIANCES, ROSTER = 90, 100
ADMIN = Key("bench", "admin", "bench")
MEMBER_SECRET = "a-members-link-of-the-bench"
EVERYTHING = [event.global_id(milestone) for event in load_catalog() for milestone in event.milestones]
FIRST_OF_EACH = [event.global_id(event.milestones[0]) for event in load_catalog()]


@dataclass
class SetClock:
    """A clock that is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def product(
    client: "DynamoDBClient",
    clock: Callable[[], datetime] = lambda: FRIDAY_NOON,
    monotonic: Callable[[], float] = time.monotonic,
) -> Muster:
    """With one query at a time, so that all of its processor time is that of the thread that asks."""
    table = DynamoDBTable(client, TABLE, time.sleep, at_once=1)
    return assemble(Settings(TABLE), table, clock, monotonic=monotonic)


def fill(client: "DynamoDBClient") -> None:
    """Fills the table: in each of `ALLIANCES` alliances somebody has reported everything; `ALLIANCE` has a roster of
    `ROSTER`, who have reported the first of each event. Every hour the scheduled recount took a sample, a tier is
    stamped, and there is a reading that is ahead of the reports."""
    clock = SetClock(FRIDAY_NOON - timedelta(hours=4 * 24 + 12))
    muster = product(client, clock)
    definitions = muster.stores.definitions
    for event in load_catalog():
        definitions.put_event(event)
    definitions.put_server(Server(SERVER))
    for number in range(ALLIANCES):
        identity, tag = f"alliance-{number:02}", f"A{number:02}"
        definitions.put_alliance(Alliance(SERVER, identity, tag, f"Alliance {number:02}"))
    key = Key(key_id(secret_hash(MEMBER_SECRET)), "member", "bench", SERVER, ALLIANCE, FRIDAY_NOON)
    muster.stores.access_keys.put(MEMBER_SECRET, key)
    for hour in range(4 * 24 + 12):
        clock.now = FRIDAY_NOON - timedelta(hours=4 * 24 + 12 - hour)
        for event in load_catalog():
            muster.stores.completions.note_points(SERVER, event.id, clock.now, 350 * hour)
    clock.now = FRIDAY_NOON
    for number in range(ROSTER):
        muster.reporting.report(ADMIN, f"Member{number:03}", FIRST_OF_EACH, SERVER, ALLIANCE, is_new=True)
    for number in range(ALLIANCES):
        name = f"Commander{number:02}"
        muster.reporting.report(ADMIN, name, EVERYTHING, SERVER, f"alliance-{number:02}", is_new=True)
    for event in load_catalog():
        muster.readings.log(ADMIN, SERVER, event.id, 90_000, confirm=True)
    muster.refresh.refresh_totals()
    muster.directory.key(MEMBER_SECRET)  # notes that it was used
    muster.stores.access_keys.signing_secret()
