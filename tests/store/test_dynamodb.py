"""The one rule for all calls to DynamoDB: what passes is tried again, within bounds, and nothing is done twice."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.errors import Busy
from chalicelib.store.backoff import ATTEMPTS, within
from chalicelib.store.dynamodb import SILENT, DynamoDBTable
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Change, ConditionFailed, Delete, Put, Update
from local.dynamodb import table_definition
from local.strict_dynamodb import FaultKind, StrictDynamoDB
from local.strict_dynamodb.errors import cancelled, refusal
from local.strict_dynamodb.faults import is_possible

ONE, TWO = ItemKey("P", "one"), ItemKey("P", "two")
SILENCES: tuple[FaultKind, ...] = ("unreached", "cut", "timeout")
CALLS: dict[str, Callable[[DynamoDBTable], object]] = {
    "GetItem": lambda table: table.get(ONE),
    "BatchGetItem": lambda table: table.get_many([ONE, TWO]),
    "Query": lambda table: list(table.query("P")),
    "Scan": lambda table: list(table.scan()),
    "PutItem": lambda table: table.write(Put(ONE, {"points": 2})),
    "UpdateItem": lambda table: table.write(Update(ONE, set={"points": 2})),
    "DeleteItem": lambda table: table.write(Delete(ONE)),
    "BatchWriteItem": lambda table: table.put_many([Put(ONE, {"points": 2}), Put(TWO, {"points": 2})]),
    "TransactWriteItems": lambda table: table.transact([Update(ONE, add={"points": 1}), Put(TWO, {})]),
}
WRITES: list[tuple[str, Change]] = [
    ("PutItem", Put(ONE, {"points": 2, "list": (1, 2), "of": None}, unless_exists=True)),
    ("UpdateItem", Update(TWO, set={"lease": "mine"}, remove=["old"], expected={"lease": None})),
    ("DeleteItem", Delete(TWO, expected={"old": True})),
]


@pytest.fixture
def dynamodb() -> StrictDynamoDB:
    dynamodb = StrictDynamoDB()
    dynamodb.client().create_table(TableName="strict", **table_definition())
    return dynamodb


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def table(dynamodb: StrictDynamoDB, pauses: list[float]) -> DynamoDBTable:
    return DynamoDBTable(dynamodb.client(), "strict", pauses.append)


def asked(dynamodb: StrictDynamoDB) -> int:
    """How many calls there were, since this was asked last."""
    count = len(dynamodb.calls)
    dynamodb.calls.clear()
    return count


@pytest.mark.parametrize("kind", get_args(FaultKind))
@pytest.mark.parametrize("operation", CALLS)
def test_whatever_passes_is_tried_again(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, operation: str, kind: FaultKind
) -> None:
    if not is_possible(kind, operation):
        return
    table.write(Put(ONE, {"points": 1}))
    without = CALLS[operation](table)
    table.write(Put(ONE, {"points": 1}))
    dynamodb.inject(kind, kind, on=operation)
    answer = CALLS[operation](table)
    assert dynamodb.suffered == {(operation, kind): 1 if kind == "stale" else 2}
    dynamodb.let_time_pass()
    if kind != "stale":
        assert answer == without
    if operation == "TransactWriteItems":
        assert (table.get(ONE, consistent=True) or {})["points"] == 2, "added once"


def test_the_latest_items_are_current_where_no_index_is_asked(
    dynamodb: StrictDynamoDB, table: DynamoDBTable
) -> None:
    """Else what forgets a name would miss the entry that was written last."""
    for number in range(10):
        table.write(Put(ItemKey("P", f"{number}"), {}))
        dynamodb.inject("stale", on="Query")
        assert [item["SK"] for item in table.latest("P", None, 1)] == [f"{number}"]


@pytest.mark.parametrize("operation", CALLS)
def test_attempts_are_bounded_and_pauses_grow(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, pauses: list[float], operation: str
) -> None:
    for _ in range(50):
        dynamodb.inject("throttled", on=operation)
    asked(dynamodb)
    with pytest.raises(Busy):
        CALLS[operation](table)
    assert asked(dynamodb) == ATTEMPTS
    assert len(pauses) == ATTEMPTS - 1
    assert all(0 <= pause <= 0.02 * 2**attempt for attempt, pause in enumerate(pauses))
    assert sum(pauses) < 4


@pytest.mark.parametrize("kind", SILENCES)
@pytest.mark.parametrize("operation", CALLS)
def test_silence_takes_long_so_it_is_waited_for_less_often(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, operation: str, kind: FaultKind
) -> None:
    dynamodb.inject(*[kind] * 50, on=operation)
    asked(dynamodb)
    with pytest.raises(Busy):
        CALLS[operation](table)
    assert asked(dynamodb) == SILENT


def test_cancelled_and_throttled_attempts_at_a_transaction_share_one_bound(
    dynamodb: StrictDynamoDB, table: DynamoDBTable
) -> None:
    for _ in range(20):
        dynamodb.inject("conflict", "over_limit", "internal")
    asked(dynamodb)
    with pytest.raises(Busy):
        table.transact([Put(ONE, {}), Put(TWO, {})])
    assert asked(dynamodb) == ATTEMPTS


def test_what_is_wrong_is_not_tried_again(dynamodb: StrictDynamoDB, table: DynamoDBTable) -> None:
    table.write(Put(ONE, {"word": "text"}))
    asked(dynamodb)
    with pytest.raises(ClientError, match="ValidationException"):
        table.write(Put(ONE, {"text": "x" * 400 * 1024}))
    assert asked(dynamodb) == 1
    with pytest.raises(ClientError, match="ValidationError"):
        table.transact([Update(ONE, add={"word": 1}), Put(TWO, {}, unless_exists=True)])
    assert asked(dynamodb) == 1


def test_an_error_among_the_reasons_is_told_rather_than_the_condition_beside_it(table: DynamoDBTable) -> None:
    """Else whoever decides anew when a condition fails does so until there are no attempts left."""
    table.write(Put(ONE, {"word": "text"}))
    with pytest.raises(ClientError, match="ValidationError"):
        table.transact([Update(ONE, add={"word": 1}), Update(TWO, set={"a": 1}, exists=True)])


def test_a_condition_that_failed_beside_a_conflict_is_told(
    dynamodb: StrictDynamoDB, table: DynamoDBTable
) -> None:
    table.write(Put(TWO, {"points": 3}))

    def meanwhile() -> None:
        dynamodb.database.hold = None
        with pytest.raises(ConditionFailed) as raised:
            table.transact([Update(ONE, add={"points": 1}), Put(TWO, {}, unless_exists=True)])
        assert raised.value.found == {TWO: {"PK": "P", "SK": "two", "points": 3}}

    dynamodb.database.hold = meanwhile
    table.transact([Update(ONE, add={"points": 1})])
    assert dynamodb.database.hold is None


@pytest.mark.parametrize(("operation", "change"), WRITES, ids=[operation for operation, _ in WRITES])
@pytest.mark.parametrize("kind", ["lost_answer", "cut", "timeout", "late"])
def test_a_write_whose_answer_was_lost_is_known_again(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, operation: str, change: Change, kind: FaultKind
) -> None:
    table.write(Put(TWO, {"old": True}))
    dynamodb.inject(kind, on=operation)
    table.write(change)
    dynamodb.let_time_pass()
    with pytest.raises(ConditionFailed):
        table.write(change)


def test_a_transaction_keeps_its_token_while_an_earlier_copy_may_be_on_its_way(
    dynamodb: StrictDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt is not answered, the second is cancelled, and then the first arrives."""
    client: Any = dynamodb.client()
    send = client.transact_write_items
    sent: list[Any] = []

    def slow(**request: Any) -> Any:
        sent.append(request)
        if len(sent) == 1:
            raise ReadTimeoutError(endpoint_url="https://dynamodb.strict.invalid/")
        if len(sent) == 2:
            raise cancelled([{"Code": "TransactionConflict"}, {"Code": "None"}])
        send(**sent[0])
        return send(**request)

    monkeypatch.setattr(client, "transact_write_items", slow, raising=False)
    table = DynamoDBTable(client, "strict", lambda _: None)
    table.transact([Put(ONE, {}, unless_exists=True), Update(TWO, add={"points": 1})])
    assert len({request["ClientRequestToken"] for request in sent}) == 1
    assert (table.get(TWO, consistent=True) or {})["points"] == 1


def test_a_transaction_that_was_only_cancelled_is_begun_with_another_token(
    dynamodb: StrictDynamoDB, table: DynamoDBTable
) -> None:
    dynamodb.inject("conflict", "conflict")
    asked(dynamodb)
    table.transact([Put(ONE, {}, unless_exists=True), Put(TWO, {})])
    assert len({call.parameters["ClientRequestToken"] for call in dynamodb.calls}) == 3


@pytest.mark.parametrize("kind", ["throttled", "conflict"])
def test_a_write_of_somebody_else_is_not_taken_for_ones_own(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, kind: FaultKind
) -> None:
    """Even the same: this one was never made."""
    put = Put(ONE, {"points": 2}, unless_exists=True)
    table.write(put)
    dynamodb.inject(kind, on="PutItem")
    with pytest.raises(ConditionFailed):
        table.write(put)


def test_nor_is_another_one_after_a_lost_answer(dynamodb: StrictDynamoDB, table: DynamoDBTable) -> None:
    table.write(Put(ONE, {"lease": "theirs", "old": True}))
    table.write(Put(TWO, {}))
    for change in (
        Put(ONE, {"lease": "mine"}, unless_exists=True),
        Update(ONE, set={"lease": "mine"}, expected={"lease": None}),
        Update(ONE, set={"lease": "theirs"}, remove=["old"], expected={"lease": None}),
        Delete(ONE, expected={"lease": "mine"}),
        Update(ItemKey("P", "three"), set={"a": 1}, exists=True),
    ):
        dynamodb.inject("lost_answer", on=type(change).__name__ + "Item")
        with pytest.raises(ConditionFailed):
            table.write(change)


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_a_batch_of_which_nothing_is_ever_processed_is_given_up(
    dynamodb: StrictDynamoDB, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    client: Any = dynamodb.client()
    asked_so_far: list[object] = []

    def process_nothing(RequestItems: object) -> dict[str, object]:  # noqa: N803 - boto3's own name
        asked_so_far.append(RequestItems)
        assert len(asked_so_far) <= ATTEMPTS
        return {"Responses": {}, "UnprocessedKeys": RequestItems, "UnprocessedItems": RequestItems}

    for name in ("batch_get_item", "batch_write_item"):
        monkeypatch.setattr(client, name, process_nothing, raising=False)
    with pytest.raises(Busy):
        CALLS[operation](DynamoDBTable(client, "strict", lambda _: None))
    assert len(asked_so_far) == ATTEMPTS


@pytest.mark.parametrize("kind", ["lost_answer", "cut", "late"])
def test_a_single_write_that_adds_adds_once(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, kind: FaultKind
) -> None:
    for operation in ("UpdateItem", "TransactWriteItems"):
        dynamodb.inject(kind, on=operation)
    table.write(Update(ONE, add={"points": 1}))
    dynamodb.let_time_pass()
    assert table.get(ONE, consistent=True) == {"PK": "P", "SK": "one", "points": 1}


def test_a_transaction_that_is_under_way_gets_the_time_to_recover(
    dynamodb: StrictDynamoDB, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB brings a transaction that got stuck to its end when it is asked again after 5 seconds."""
    client: Any = dynamodb.client()
    send, tokens = client.transact_write_items, set()

    def stuck(**request: Any) -> Any:
        tokens.add(request["ClientRequestToken"])
        if sum(pauses) < 5:
            raise refusal(
                "TransactWriteItems", "TransactionInProgressException", "It is already in progress."
            )
        return send(**request)

    monkeypatch.setattr(client, "transact_write_items", stuck, raising=False)
    DynamoDBTable(client, "strict", pauses.append).transact([Put(ONE, {})])
    assert sum(pauses) >= 5
    assert len(tokens) == 1


def test_the_last_entries_are_given_across_pages(dynamodb: StrictDynamoDB, table: DynamoDBTable) -> None:
    """A page ends after 1 MB, however many are wanted."""
    table.put_many([Put(ItemKey("P", f"{number:02}"), {"of_alliance": "nova"}) for number in range(9)])
    dynamodb.database.page_bytes = 40
    for index, partition in ((None, "P"), ("of_alliance", "nova")):
        found = table.latest(partition, "08", 6, index)
        assert [item["SK"] for item in found] == ["07", "06", "05", "04", "03", "02"]


def test_of_puts_with_one_key_the_last_stands(table: DynamoDBTable) -> None:
    table.put_many([Put(ONE, {"points": 1}), Put(TWO, {"points": 2}), Put(ONE, {"points": 3})])
    assert [item["points"] for item in table.query("P", consistent=True)] == [3, 2]


def test_when_somebodys_time_is_over_nothing_is_begun_or_tried_again(
    dynamodb: StrictDynamoDB, table: DynamoDBTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("chalicelib.store.backoff.time.monotonic", lambda: now)
    slow = DynamoDBTable(dynamodb.client(), "strict", lambda _: None)
    with within(20):
        now = 19.0
        slow.write(Put(ONE, {}))
        dynamodb.inject("throttled", "throttled", on="GetItem")
        asked(dynamodb)
        slow_answers = dynamodb.answer

        def slowly(operation: str, request: Any) -> dict[str, Any]:
            nonlocal now
            now += 2
            return slow_answers(operation, request)

        monkeypatch.setattr(dynamodb, "answer", slowly)
        late = DynamoDBTable(dynamodb.client(), "strict", lambda _: None)
        with pytest.raises(Busy):
            late.get(ONE)
        assert asked(dynamodb) == 1
        with pytest.raises(Busy):
            late.get(ONE)
        with pytest.raises(Busy):
            late.query_each([("P", ""), ("Q", "")])
        assert asked(dynamodb) == 0
    assert late.get(ONE) is not None, "others have their own time"
