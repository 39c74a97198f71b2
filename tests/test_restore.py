"""`make restore` brings a table to what another one holds, whatever cuts it off. Only who may do what stays."""

from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.services.webhook_settings import WantedWebhook
from chalicelib.store import keys
from deploy.restore import Restore
from local.dynamodb import table_definition
from local.strict_dynamodb.faults import BATCHES, FaultKind
from tests.stores import TABLE_NAME, on_dynamodb
from tests.world import CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS, World

RESTORED, SHEET = "restored", "sheet-of-the-officers"
WEBHOOK = "https://discord.com/api/webhooks/12345678901/TOKEN"
Items = dict[tuple[str, str], Any]

pytestmark = on_dynamodb


@dataclass
class Case:
    """A table in which much has happened since a state of it was restored to another one, and what it must hold when
    it has been brought back: keys, the secret that proofs are signed with, and webhooks are as they are now."""

    world: World
    restore: Restore
    wanted: Items

    @property
    def held(self) -> Items:
        return held(self.world, TABLE_NAME)


@pytest.fixture
def case(world: World) -> Case:
    world.dynamodb.database.page_bytes = 2_000
    muster, leaked = world.muster, world.key()
    for name in ("Altair", "Bellatrix", "Castor"):
        muster.reporting.report(leaked, name, [HIDDEN_MOTIVATIONS])
    muster.stores.sheets.bind(SHEET, "101", "nova", edits=True)
    sync(world, "as it was then")
    muster.webhook_settings.add(world.key("admin", None, None), WantedWebhook(WEBHOOK, ["scoreboard"], "101"))
    client = world.dynamodb.quiet_client()
    client.create_table(TableName=RESTORED, **table_definition())
    then = held(world, TABLE_NAME)
    for item in then.values():
        client.put_item(TableName=RESTORED, Item=item)

    muster.stores.access_keys.end(leaked, world.clock(), revoke=True, more=[])
    world.clock.advance(hours=1)
    muster.reporting.report(world.key("officer"), "Altair", [CONFRONTING_RESILIENCE], "101", "nova")
    muster.reporting.report(world.key("officer"), "Deneb", [HIDDEN_MOTIVATIONS], "101", "nova")
    muster.stores.sheets.bind("another", "101", None)
    sync(world, "as it is now")
    (webhook,) = muster.stores.webhooks.all()
    muster.stores.webhooks.disable(webhook, "It is gone.", world.clock())
    muster.stores.access_keys.signing_secret()  # which makes it
    lost = keys.event(DEFENDERS)
    client.delete_item(TableName=TABLE_NAME, Key={"PK": {"S": lost.pk}, "SK": {"S": lost.sk}})

    now = held(world, TABLE_NAME)
    of_keys = {
        place: item for place, item in now.items() if place[0].startswith(("KEY", "SIGNING", "WEBHOOKS"))
    }
    assert of_keys != {place: item for place, item in then.items() if place in of_keys}
    sheet = keys.SHEETS, keys.sheet(SHEET).sk
    bound = {name: value for name, value in then[sheet].items() if name != "revision"}
    read: list[int] = []
    restore = Restore(TABLE_NAME, RESTORED, read.append, world.dynamodb.client(), lambda _: None)
    return Case(world, restore, then | of_keys | {sheet: bound})


def sync(world: World, revision: str) -> None:
    """As if the sheet had been synced."""
    sheets, now = world.muster.stores.sheets, world.clock()
    for attempt in ("lease", "synced"):
        bound = sheets.get(SHEET)
        assert bound
        assert sheets.lease(bound, "run", now) if attempt == "lease" else sheets.synced(bound, now, revision)


def held(world: World, table: str) -> Items:
    """All that a table holds."""
    client, items, asked = world.dynamodb.quiet_client(), [], {"TableName": table, "ConsistentRead": True}
    while True:
        page: Any = client.scan(**asked)  # type: ignore[arg-type]
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def test_it_holds_what_the_other_table_holds_and_keys_stay(case: Case) -> None:
    before = case.held
    shown = case.restore.differences()
    assert case.held == before
    assert (shown.back["events"], shown.changed["cards"], shown.gone["cards"]) == (1, 0, 2)
    assert (shown.changed["sheets"], shown.gone["sheets"], shown.gone["commanders"]) == (1, 1, 1)
    assert case.restore.bring() == shown
    assert case.held == case.wanted
    assert not case.restore.differences()


@pytest.mark.parametrize("writes", range(4))
def test_what_is_cut_off_is_done_by_doing_it_again(case: Case, writes: int) -> None:
    left = iter([None] * writes)

    def cut_off(operation: str) -> FaultKind | None:
        return next(left, "internal") if operation == "BatchWriteItem" else None

    case.world.dynamodb.chaos = cut_off
    with pytest.raises(ClientError):
        case.restore.bring()
    assert case.held != case.wanted
    case.world.dynamodb.chaos = None
    case.restore.bring()
    assert case.held == case.wanted


def test_batches_of_which_a_part_is_not_processed_are_sent_again(case: Case) -> None:
    dice = Random(1)
    case.world.dynamodb.chaos = lambda operation: (
        "unprocessed" if operation in BATCHES and dice.random() < 0.5 else None
    )
    case.restore.bring()
    assert case.held == case.wanted
    assert {operation for operation, _ in case.world.dynamodb.suffered} == BATCHES.keys()
