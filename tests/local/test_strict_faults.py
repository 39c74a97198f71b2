"""What goes wrong with the real DynamoDB goes wrong with the stand-in, and the client sees the same of it."""

from collections.abc import Callable
from random import Random
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from local.dynamodb import REGION, table_definition
from local.strict_dynamodb import Chaos, StrictDynamoDB
from local.strict_dynamodb.operations import TOKEN_SECONDS

TABLE = "strict"
SENT = {"TableName": TABLE}


def key(sk: str) -> dict[str, Any]:
    return {"PK": {"S": "P"}, "SK": {"S": sk}}


def adding(sk: str) -> dict[str, Any]:
    return {
        **SENT,
        "Key": key(sk),
        "UpdateExpression": "ADD points :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }


def client_of(dynamodb: StrictDynamoDB) -> Any:
    """Without the types of the stubs, which know no request that is made up of parts."""
    return dynamodb.client()


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dynamodb(clock: Clock) -> StrictDynamoDB:
    dynamodb = StrictDynamoDB(clock)
    client_of(dynamodb).create_table(TableName=TABLE, **table_definition())
    return dynamodb


def points(dynamodb: StrictDynamoDB, sk: str) -> int:
    item = client_of(dynamodb).get_item(**SENT, Key=key(sk), ConsistentRead=True).get("Item", {})
    return int(item["points"]["N"]) if item else 0


def code(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return raised.value.response["Error"]["Code"]


def test_a_transaction_holds_its_items_against_writes_and_not_against_reads(dynamodb: StrictDynamoDB) -> None:
    client = client_of(dynamodb)
    seen: list[object] = []

    def meanwhile() -> None:
        dynamodb.database.hold = None
        seen.append(points(dynamodb, "one"))
        seen.append(code(client.update_item, **adding("one")))
        seen.append(code(client.put_item, **SENT, Item=key("one")))
        seen.append(code(client.delete_item, **SENT, Key=key("two")))
        with pytest.raises(ClientError) as raised:
            client.transact_write_items(
                TransactItems=[{"Update": adding("three")}, {"Update": adding("two")}]
            )
        answer: Any = raised.value.response
        seen.append([reason["Code"] for reason in answer["CancellationReasons"]])
        left = client.batch_write_item(
            RequestItems={TABLE: [{"PutRequest": {"Item": key(sk)}} for sk in ("one", "four")]}
        )
        seen.append(left["UnprocessedItems"])
        client.update_item(**adding("five"))

    dynamodb.database.hold = meanwhile
    client.transact_write_items(TransactItems=[{"Update": adding("one")}, {"Update": adding("two")}])
    conflict = "TransactionConflictException"
    assert seen[:4] == [0, conflict, conflict, conflict]
    assert seen[4:] == [["None", "TransactionConflict"], {TABLE: [{"PutRequest": {"Item": key("one")}}]}]
    assert [points(dynamodb, sk) for sk in ("one", "two", "three", "five")] == [1, 1, 0, 1]
    client.update_item(**adding("one"))
    assert points(dynamodb, "one") == 2


def test_a_token_stands_for_its_transaction_for_ten_minutes(dynamodb: StrictDynamoDB, clock: Clock) -> None:
    send, once = client_of(dynamodb).transact_write_items, {"TransactItems": [{"Update": adding("one")}]}
    send(**once, ClientRequestToken="token")
    send(**once, ClientRequestToken="token")
    assert points(dynamodb, "one") == 1
    other = [{"Update": adding("two")}]
    mismatch = code(send, TransactItems=other, ClientRequestToken="token")
    assert mismatch == "IdempotentParameterMismatchException"
    clock.seconds += TOKEN_SECONDS
    send(**once, ClientRequestToken="token")
    assert points(dynamodb, "one") == 2


def test_a_transaction_that_is_late_is_in_progress_then_done_once(dynamodb: StrictDynamoDB) -> None:
    send = client_of(dynamodb).transact_write_items
    once: dict[str, Any] = {"TransactItems": [{"Update": adding("one")}], "ClientRequestToken": "token"}
    dynamodb.inject("late")
    with pytest.raises(ReadTimeoutError):
        send(**once)
    codes = []
    while points(dynamodb, "one") == 0:
        try:
            send(**once)
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert set(codes) <= {"TransactionInProgressException"}
    send(**once)
    assert points(dynamodb, "one") == 1


def test_a_write_that_is_late_may_overtake_what_came_after_it(dynamodb: StrictDynamoDB) -> None:
    client = client_of(dynamodb)
    dynamodb.inject("late", on="PutItem")
    with pytest.raises(ReadTimeoutError):
        client.put_item(**SENT, Item={**key("one"), "points": {"N": "1"}})
    client.put_item(**SENT, Item={**key("one"), "points": {"N": "2"}})
    dynamodb.let_time_pass()
    assert points(dynamodb, "one") == 1


@pytest.mark.parametrize(
    ("kind", "raised", "is_done"),
    [
        ("throttled", ClientError, False),
        ("over_limit", ClientError, False),
        ("internal", ClientError, False),
        ("conflict", ClientError, False),
        ("unreached", (ConnectTimeoutError, EndpointConnectionError), False),
        ("lost_answer", ClientError, True),
        ("cut", ConnectionClosedError, True),
        ("timeout", ReadTimeoutError, True),
    ],
)
@pytest.mark.parametrize("is_transaction", [False, True])
def test_a_fault_comes_before_or_after_the_effect(
    dynamodb: StrictDynamoDB, kind: Any, raised: Any, is_done: bool, is_transaction: bool
) -> None:
    client = client_of(dynamodb)
    dynamodb.inject(kind, on="TransactWriteItems" if is_transaction else "UpdateItem")
    request = {"TransactItems": [{"Update": adding("one")}]} if is_transaction else adding("one")
    call = client.transact_write_items if is_transaction else client.update_item
    with pytest.raises(raised):
        call(**request)
    assert points(dynamodb, "one") == is_done
    assert [(one[1], times) for one, times in dynamodb.suffered.items()] == [(kind, 1)]
    client.update_item(**adding("one"))
    assert points(dynamodb, "one") == is_done + 1, "one call suffers, not the next"


def test_a_fault_after_the_effect_hides_a_refusal_too(dynamodb: StrictDynamoDB) -> None:
    dynamodb.inject("cut", on="PutItem")
    with pytest.raises(ConnectionClosedError):
        client_of(dynamodb).put_item(**SENT, Item=key("one"), ConditionExpression="attribute_exists(PK)")


def test_of_a_batch_any_part_is_left(dynamodb: StrictDynamoDB) -> None:
    client, left, found = client_of(dynamodb), set(), set()
    for _ in range(60):
        dynamodb.inject("unprocessed", on="BatchWriteItem")
        dynamodb.inject("unprocessed", on="BatchGetItem")
        written = client.batch_write_item(
            RequestItems={TABLE: [{"PutRequest": {"Item": key(sk)}} for sk in ("one", "two")]}
        )
        left.add(len(written["UnprocessedItems"].get(TABLE, [])))
        read = client.batch_get_item(RequestItems={TABLE: {"Keys": [key("one"), key("two")]}})
        found.add(
            (len(read["Responses"][TABLE]), len(read["UnprocessedKeys"].get(TABLE, {}).get("Keys", [])))
        )
    assert left == {0, 1, 2}
    assert {unread for _, unread in found} == {0, 1, 2}


def test_a_stale_read_is_of_some_writes_ago_and_a_consistent_one_never(dynamodb: StrictDynamoDB) -> None:
    client, seen = client_of(dynamodb), set()
    condition = {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": "P"}}}
    index = {
        "IndexName": "of_alliance",
        "KeyConditionExpression": "of_alliance = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "nova"}},
    }
    for number in range(10):
        sk = f"{number}"
        client.put_item(**SENT, Item={**key(sk), "points": {"N": sk}, "of_alliance": {"S": "nova"}})
    client.delete_item(**SENT, Key=key("0"))
    for _ in range(200):
        dynamodb.inject("stale", "stale", "stale", on="Query")
        seen.add(len(client.query(**SENT, **condition)["Items"]))
        seen.add(-len(client.query(**SENT, **index)["Items"]))
        assert len(client.query(**SENT, **condition, ConsistentRead=True)["Items"]) == 9
    assert {0, 5, 10} <= seen
    assert -10 in seen
    dynamodb.let_time_pass()
    dynamodb.inject("stale", on="Query")
    assert len(client.query(**SENT, **condition)["Items"]) == 9


def test_pages_end_where_they_are_full_and_go_on_from_there(dynamodb: StrictDynamoDB) -> None:
    client = client_of(dynamodb)
    for number in range(7):
        client.put_item(**SENT, Item={**key(f"{number}"), "text": {"S": "x" * 100}})
    dynamodb.database.page_bytes = 300
    pages = list(client_pages(client.scan, **SENT))
    assert [len(page) for page in pages] == [3, 3, 1]
    dynamodb.database.page_bytes = 1024 * 1024
    request = {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": {":pk": {"S": "P"}}}
    pages = list(client_pages(client.query, **SENT, **request, ScanIndexForward=False, Limit=7))
    assert [item["SK"]["S"] for page in pages for item in page] == list("6543210")
    assert [len(page) for page in pages] == [7, 0], (
        "after a page that is full nobody knows that it was the last"
    )


def client_pages(call: Callable[..., Any], **request: Any) -> Any:
    while True:
        page = call(**request)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def test_chaos_is_the_same_again_from_the_same_seed() -> None:
    def sequence(seed: int) -> list[str | None]:
        chaos = Chaos(Random(seed), 0.5)
        return [chaos(operation) for operation in ("GetItem", "PutItem", "TransactWriteItems") * 100]

    assert sequence(1) == sequence(1) != sequence(2)
    assert len(set(sequence(1))) == 12, "every kind, and none"
    assert "conflict" not in sequence(1)[::3], "no read meets a conflict"
    assert "stale" not in sequence(1)[1::3]


def test_boto3_gets_the_same_over_http(dynamodb: StrictDynamoDB) -> None:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    real: Any = boto3.client(  # type: ignore[call-overload]
        "dynamodb", endpoint_url=dynamodb.url, region_name=REGION, config=once, **keys
    )
    try:
        item = {**key("one"), "points": {"N": "7.50"}, "is": {"BOOL": True}, "list": {"L": [{"NULL": True}]}}
        real.put_item(**SENT, Item=item)
        for client in (real, client_of(dynamodb)):
            got = client.get_item(**SENT, Key=key("one"))["Item"]
            assert got == {**item, "points": {"N": "7.5"}}
        condition = {"ConditionExpression": "attribute_not_exists(PK)"}
        transaction = [{"Put": {**SENT, "Item": key("one"), **condition}}, {"Update": adding("two")}]
        answers = []
        for client in (real, client_of(dynamodb)):
            with pytest.raises(ClientError) as raised:
                client.transact_write_items(TransactItems=transaction)
            answer: Any = raised.value.response
            answers.append((answer["Error"], answer["CancellationReasons"]))
        assert answers[0] == answers[1]
        dynamodb.inject("lost_answer", on="UpdateItem")
        assert code(real.update_item, **adding("two")) == "InternalServerError"
        assert points(dynamodb, "two") == 1
    finally:
        real.close()
        dynamodb.stop()
