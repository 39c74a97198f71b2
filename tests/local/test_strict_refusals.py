"""What DynamoDB refuses, the stand-in refuses: each with the page of AWS's documentation that says so.

`guide` is the DynamoDB developer guide, `api` the API reference (2012-08-10).
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from local.dynamodb import table_definition
from local.strict_dynamodb import StrictDynamoDB
from local.strict_dynamodb.expressions import RESERVED

CONSTRAINTS = "guide, Quotas and limits (Constraints)"
RESERVED_WORDS = "guide, Reserved words"
NAMES = "guide, Expression attribute names (aliases)"
VALUES = "guide, Using expression attribute values"
CONDITIONS = "guide, Condition and filter expressions, operators, and functions"
UPDATES = "guide, Using update expressions"
KEY_CONDITIONS = "guide, Key condition expressions for the Query operation"
TRANSACTIONS = "guide, DynamoDB Transactions: How it works"
INDEXES = "guide, Using Global Secondary Indexes"
TYPES = "guide, Data types and naming rules"
PUT, UPDATE = "api, PutItem", "api, UpdateItem"
QUERY, BATCH_GET, BATCH_WRITE = "api, Query", "api, BatchGetItem", "api, BatchWriteItem"
TRANSACT = "api, TransactWriteItems"

TABLE = "strict"
Request = dict[str, Any]


def key(sk: str = "one", pk: str = "P") -> Request:
    return {"PK": {"S": pk}, "SK": {"S": sk}}


def put(**item: Any) -> Request:
    return {"TableName": TABLE, "Item": {**key(), **item}}


def update(
    expression: str, names: Request | None = None, values: Request | None = None, **more: Any
) -> Request:
    request = {"TableName": TABLE, "Key": key(), "UpdateExpression": expression, **more}
    if names is not None:
        request["ExpressionAttributeNames"] = names
    if values is not None:
        request["ExpressionAttributeValues"] = values
    return request


def delete_if(condition: str, **more: Any) -> Request:
    return {"TableName": TABLE, "Key": key(), "ConditionExpression": condition, **more}


def query(condition: str, **values: Request) -> Request:
    named = {f":{name}": value for name, value in values.items()}
    return {"TableName": TABLE, "KeyConditionExpression": condition, "ExpressionAttributeValues": named}


def transaction(*puts: Request, **more: Any) -> Request:
    return {"TransactItems": [{"Put": one} for one in puts], **more}


ONE = {":v": {"N": "1"}}
TEXT = {":v": {"S": "a text"}}
DEEP: Request = {"S": "core"}
for _ in range(32):
    DEEP = {"L": [DEEP]}

REFUSED: list[tuple[str, str, str, Request, str]] = [
    ("a reserved word", RESERVED_WORDS, "update_item", update("SET zone = :v", None, TEXT), "reserved keyword: zone"),
    ("a reserved word in any case", RESERVED_WORDS, "update_item", update("REMOVE Name"), "reserved keyword: Name"),
    ("a reserved word in a condition", RESERVED_WORDS, "delete_item",
     delete_if("attribute_exists(role)"), "reserved"),
    ("an unknown name", NAMES, "update_item",
     update("SET #a = :v", {"#b": "b"}, TEXT), "not defined; attribute name: #a"),
    ("an unknown value", VALUES, "update_item",
     update("SET a1 = :w", None, TEXT), "not defined; attribute value: :w"),
    ("a name that is not used", NAMES, "update_item",
     update("SET a1 = :v", {"#b": "b"}, TEXT), "unused in expressions"),
    ("a value that is not used", VALUES, "update_item",
     update("REMOVE a1", None, ONE), "unused in expressions: keys: {:v}"),
    ("names without an expression", NAMES, "put_item",
     put() | {"ExpressionAttributeNames": {"#a": "a"}}, "can only be"),
    ("values without an expression", VALUES, "put_item", put() | {"ExpressionAttributeValues": ONE}, "can only be"),
    ("no names", NAMES, "update_item", update("SET a1 = :v", {}, TEXT), "must not be empty"),
    ("no values", VALUES, "update_item", update("REMOVE a1", None, {}), "must not be empty"),
    ("a name without its sign", NAMES, "update_item", update("SET a1 = :v", {"a": "b"}, TEXT), "invalid key"),
    ("an empty expression", UPDATES, "update_item", update(""), "can not be empty"),
    ("no expression at all", UPDATES, "update_item", update("SETS a1 = :v", None, TEXT), "Syntax error"),
    ("a dash in a name", TYPES, "update_item", update("SET a1-b = :v", None, TEXT), "Syntax error"),
    ("a section twice", UPDATES, "update_item",
     update("SET a1 = :v SET b1 = :v", None, TEXT), "can only be used once"),
    ("an attribute twice", UPDATES, "update_item", update("SET a1 = :v REMOVE a1", None, TEXT), "paths overlap"),
    (
        "an attribute twice under two names",
        UPDATES,
        "update_item",
        update("SET #a = :v, #b = :v", {"#a": "a.b", "#b": "a.b"}, TEXT),
        "paths overlap",
    ),
    ("a change of the key", UPDATE, "update_item", update("SET SK = :v", None, TEXT), "part of the key"),
    ("adding a text", UPDATES, "update_item", update("ADD a1 :v", None, TEXT), "operator: ADD, operand type: STRING"),
    ("adding a truth", UPDATES, "update_item", update("ADD a1 :v", None, {":v": {"BOOL": True}}), "operator: ADD"),
    ("adding to a text", UPDATES, "update_item", update("ADD word :v", None, ONE), "incorrect data type"),
    ("an unknown function", CONDITIONS, "delete_item", delete_if("exists(PK)"), "Invalid function name"),
    ("a value where a path should be", CONDITIONS, "delete_item",
     delete_if("attribute_exists(:v)", ExpressionAttributeValues=TEXT), "requires a document path"),
    ("too many operands", CONDITIONS, "delete_item",
     delete_if("attribute_exists(PK, :v)", ExpressionAttributeValues=TEXT), "number of operands"),
    ("the order of truths", CONDITIONS, "delete_item",
     delete_if("a1 < :v", ExpressionAttributeValues={":v": {"BOOL": True}}), "Incorrect operand type"),
    ("the beginning of a number", CONDITIONS, "delete_item",
     delete_if("begins_with(a1, :v)", ExpressionAttributeValues=ONE), "Incorrect operand type"),
    ("half a condition", CONDITIONS, "delete_item", delete_if("attribute_exists(PK) AND"), "Syntax error"),
    ("an expression over 4 KB", CONSTRAINTS, "update_item",
     update("REMOVE " + ", ".join(f"attribute_of_a_long_name_{n}" for n in range(160))), "maximum allowed size"),
    ("more than 300 operators", CONSTRAINTS, "delete_item",
     delete_if(" AND ".join(["a1=:v"] * 151), ExpressionAttributeValues=TEXT), "operators"),
    ("an empty key", CONSTRAINTS, "get_item", {"TableName": TABLE, "Key": key("")}, "empty string value. Key: SK"),
    ("an empty key that is put", CONSTRAINTS, "put_item", {"TableName": TABLE, "Item": key("one", "")}, "Key: PK"),
    ("half a key", PUT, "put_item", {"TableName": TABLE, "Item": {"PK": {"S": "P"}}}, "Missing the key SK"),
    ("half a key that is read", PUT, "get_item", {"TableName": TABLE, "Key": {"PK": {"S": "P"}}}, "match the schema"),
    ("a key with more", PUT, "get_item", {"TableName": TABLE, "Key": {**key(), "a": {"S": "b"}}}, "match the schema"),
    ("a number as key", PUT, "put_item",
     {"TableName": TABLE, "Item": {**key(), "SK": {"N": "1"}}}, "Type mismatch for key"),
    ("a key of 2,049 bytes", CONSTRAINTS, "get_item",
     {"TableName": TABLE, "Key": key("one", "é" * 1024 + "e")}, "2048 bytes"),
    ("a sort key of 1,025 bytes", CONSTRAINTS, "put_item",
     {"TableName": TABLE, "Item": key("é" * 512 + "e")}, "1024 bytes"),
    ("an item over 400 KB", CONSTRAINTS, "put_item", put(text={"S": "x" * 400 * 1024}), "Item size has exceeded"),
    ("an item that grows over 400 KB", CONSTRAINTS, "update_item",
     update("SET a1 = :v", None, {":v": {"S": "x" * 400 * 1024}}), "Item size to update has exceeded"),
    ("a value of no type", TYPES, "put_item", put(a={}), "exactly one of the supported datatypes"),
    ("a value of two types", TYPES, "put_item",
     put(a={"S": "1", "N": "1"}), "exactly one of the supported datatypes"),
    ("no number", TYPES, "put_item", put(a={"N": "seven"}), "numeric value: seven"),
    ("not a number", TYPES, "put_item", put(a={"N": "NaN"}), "numeric value"),
    ("39 digits", TYPES, "put_item", put(a={"N": "1" * 39}), "38 significant digits"),
    ("a number that is too large", TYPES, "put_item", put(a={"N": "1E126"}), "overflow"),
    ("a number that is too small", TYPES, "put_item", put(a={"N": "1E-131"}), "underflow"),
    ("a null that is none", TYPES, "put_item", put(a={"NULL": False}), "Null attribute value"),
    ("33 levels", CONSTRAINTS, "put_item", put(a=DEEP), "Nesting Levels"),
    ("a number as key of an index", INDEXES, "put_item", put(of_alliance={"N": "1"}), "Type mismatch for Index Key"),
    ("an empty key of an index", INDEXES, "put_item", put(of_alliance={"S": ""}), "IndexKey: of_alliance"),
    ("a query without its partition", KEY_CONDITIONS, "query",
     query("SK = :s", s={"S": "a"}), "missed key schema element: PK"),
    ("a query of many partitions", KEY_CONDITIONS, "query",
     query("begins_with(PK, :p)", p={"S": "a"}), "missed key schema"),
    ("a query by no key", KEY_CONDITIONS, "query",
     query("PK = :p AND a1 = :v", p={"S": "P"}, v={"S": "b"}), "not supported"),
    ("two conditions on a key", KEY_CONDITIONS, "query",
     query("PK = :p AND SK > :v AND SK < :w", p={"S": "P"}, v={"S": "a"}, w={"S": "b"}), "one condition per key"),
    ("a key that is not so", KEY_CONDITIONS, "query",
     query("PK = :p AND SK <> :v", p={"S": "P"}, v={"S": "a"}), "Invalid operator"),
    ("an empty partition", KEY_CONDITIONS, "query", query("PK = :p", p={"S": ""}), "empty string value. Key: PK"),
    ("a partition that is a number", KEY_CONDITIONS, "query",
     query("PK = :p", p={"N": "1"}), "does not match schema type"),
    ("a page after half a key", QUERY, "query",
     query("PK = :p", p={"S": "P"}) | {"ExclusiveStartKey": {"PK": {"S": "P"}}}, "starting key is invalid"),
    ("an unknown index", QUERY, "query",
     query("PK = :p", p={"S": "P"}) | {"IndexName": "other"}, "specified index: other"),
    ("a consistent read of an index", INDEXES, "query",
     query("of_alliance = :p", p={"S": "P"}) | {"IndexName": "of_alliance", "ConsistentRead": True},
     "not supported on global"),
    ("101 keys", BATCH_GET, "batch_get_item",
     {"RequestItems": {TABLE: {"Keys": [key(str(n)) for n in range(101)]}}}, "Too many items"),
    ("a key twice", BATCH_GET, "batch_get_item", {"RequestItems": {TABLE: {"Keys": [key(), key()]}}}, "duplicates"),
    ("26 puts", BATCH_WRITE, "batch_write_item",
     {"RequestItems": {TABLE: [{"PutRequest": {"Item": key(str(n))}} for n in range(26)]}}, "Too many items"),
    ("an item put twice", BATCH_WRITE, "batch_write_item",
     {"RequestItems": {TABLE: [{"PutRequest": {"Item": key()}}] * 2}}, "duplicates"),
    ("a batch with a wrong item", BATCH_WRITE, "batch_write_item",
     {"RequestItems": {TABLE: [{"PutRequest": {"Item": key()}}, {"PutRequest": {"Item": key("")}}]}}, "Key: SK"),
    ("101 changes", TRANSACT, "transact_write_items",
     transaction(*({"TableName": TABLE, "Item": key(str(n))} for n in range(101))), "less than or equal to 100"),
    ("two operations on one item", TRANSACT, "transact_write_items",
     transaction(put(), put()), "multiple operations on one item"),
    ("4 MB", TRANSACT, "transact_write_items",
     transaction(*({"TableName": TABLE, "Item": {**key(str(n)), "a": {"S": "x" * 390_000}}} for n in range(11))),
     "4 MB"),
    ("a token of 37 characters", TRANSACT, "transact_write_items",
     transaction(put(), ClientRequestToken="x" * 37), "less than or equal to 36"),
    ("two kinds in one change", TRANSACT, "transact_write_items",
     {"TransactItems": [{"Put": put(), "Delete": {"TableName": TABLE, "Key": key("two")}}]}, "only contain one of"),
]  # fmt: skip


@pytest.fixture
def dynamodb() -> StrictDynamoDB:
    dynamodb = StrictDynamoDB()
    dynamodb.client().create_table(TableName=TABLE, **table_definition())
    dynamodb.client().put_item(TableName=TABLE, Item={**key(), "word": {"S": "text"}})
    return dynamodb


def refused(call: Callable[..., Any], request: Request) -> ClientError:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return raised.value


@pytest.mark.parametrize(
    ("source", "method", "request_", "words"), [pytest.param(*one[1:], id=one[0]) for one in REFUSED]
)
def test_it_refuses(
    dynamodb: StrictDynamoDB, source: str, method: str, request_: Request, words: str
) -> None:
    assert source.startswith(("guide, ", "api, "))
    error = refused(getattr(dynamodb.client(), method), request_)
    assert error.response["Error"]["Code"] == "ValidationException"
    assert words in error.response["Error"]["Message"]
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    stored = dynamodb.client().scan(TableName=TABLE)["Items"]
    assert stored == [{**key(), "word": {"S": "text"}}], "nothing is written"


def test_botocore_itself_refuses_what_its_model_does(dynamodb: StrictDynamoDB) -> None:
    client: Any = dynamodb.client()
    for request in (
        {"TableName": TABLE},
        {"TableName": TABLE, "Key": key(), "Consistent": True},
        {"Key": key()},
    ):
        with pytest.raises(ParamValidationError):
            client.get_item(**request)
    with pytest.raises(ParamValidationError, match="valid min value: 1"):
        client.query(**query("PK = :p", p={"S": "P"}), Limit=0)
    with pytest.raises(ParamValidationError, match="valid types"):
        client.put_item(TableName=TABLE, Item={**key(), "points": {"N": 7}})


def test_what_it_does_not_know_it_does_not_answer(dynamodb: StrictDynamoDB) -> None:
    """As DynamoDB does: refusing it would be wrong, and so would be doing it otherwise."""
    client: Any = dynamodb.client()
    for method, request in (
        ("describe_table", {"TableName": TABLE}),
        ("put_item", put() | {"ReturnValues": "ALL_OLD"}),
        ("delete_item", delete_if("attribute_exists(PK) OR attribute_exists(a1)")),
        ("update_item", update("SET a1 = if_not_exists(a1, :v)", None, ONE)),
        ("update_item", update("SET a1.b1 = :v", None, ONE)),
        ("put_item", put(a={"SS": ["x"]})),
    ):
        with pytest.raises(NotImplementedError):
            getattr(client, method)(**request)


def test_a_table_that_is_not_there_is_not_found(dynamodb: StrictDynamoDB) -> None:
    error = refused(dynamodb.client().get_item, {"TableName": "other", "Key": key()})
    assert error.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_condition_that_fails_tells_the_item_if_it_is_asked_to(dynamodb: StrictDynamoDB) -> None:
    asked = delete_if("attribute_not_exists(PK)")
    plain = refused(dynamodb.client().delete_item, asked)
    told = refused(dynamodb.client().delete_item, asked | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    for error in (plain, told):
        assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert "Item" not in plain.response
    answer: Any = told.response
    assert answer["Item"] == {**key(), "word": {"S": "text"}}


def test_a_transaction_tells_its_reasons_in_order_and_writes_nothing(dynamodb: StrictDynamoDB) -> None:
    old = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    changes = [
        {"Put": {"TableName": TABLE, "Item": key("two")}},
        {"Delete": delete_if("attribute_not_exists(PK)") | old},
        {"Delete": delete_if("attribute_exists(PK)") | old | {"Key": key("three")}},
        {"Update": update("ADD a1 :v", None, ONE) | {"Key": key("four")}},
    ]
    answer: Any = refused(dynamodb.client().transact_write_items, {"TransactItems": changes}).response
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason["Code"] for reason in answer["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed", "ConditionalCheckFailed", "None"]
    assert answer["CancellationReasons"][1]["Item"] == {**key(), "word": {"S": "text"}}
    assert "Item" not in answer["CancellationReasons"][2]
    assert len(dynamodb.client().scan(TableName=TABLE)["Items"]) == 1


def test_what_only_the_stored_item_shows_is_a_reason_of_the_transaction(dynamodb: StrictDynamoDB) -> None:
    changes = [{"Update": update("ADD word :v", None, ONE)}]
    answer: Any = refused(dynamodb.client().transact_write_items, {"TransactItems": changes}).response
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["ValidationError"]


def test_its_reserved_words_are_those_of_another_implementation() -> None:
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    assert set(ReservedKeywords.get_reserved_keywords()) == RESERVED
