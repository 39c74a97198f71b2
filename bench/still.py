"""A DynamoDB that stands still: it answers reads from what a table held, and takes writes without doing them.

It costs next to nothing, so that what is measured is the program that asks.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Typed = Mapping[str, Any]


class StillDynamoDB:
    """A client like boto3's, with what report, form, receipt and progress call."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """It holds what the table holds now."""
        self._answers: dict[tuple[str, str], Any] = {}
        self._partitions: dict[str, dict[str, Typed]] = {}
        request: dict[str, Any] = {"TableName": table}
        while True:
            page = client.scan(**request)
            for item in page["Items"]:
                pk, sk = _key(item)
                self._partitions.setdefault(pk, {})[sk] = item
            if "LastEvaluatedKey" not in page:
                break
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def add(self, key: tuple[str, str], *counters: str) -> None:
        """Adds 1 to each of these numbers of an item."""
        pk, sk = key
        item = self._partitions[pk][sk]
        added = {name: {"N": str(int(item[name]["N"]) + 1)} for name in counters}
        self._partitions[pk][sk] = {**item, **added}
        self._answers.clear()

    def get_item(self, **request: Any) -> Typed:
        item = self._item(request["Key"])
        return {"Item": item} if item else {}

    def batch_get_item(self, **request: Any) -> Typed:
        ((table, asked),) = request["RequestItems"].items()
        return {"Responses": {table: [item for key in asked["Keys"] if (item := self._item(key))]}}

    def query(self, **request: Any) -> Typed:
        """The partition `:pk`, and of it what begins with `:prefix`, if that is asked."""
        values = request["ExpressionAttributeValues"]
        asked = values[":pk"]["S"], values.get(":prefix", {"S": ""})["S"]
        if asked not in self._answers:
            pk, prefix = asked
            items = sorted(self._partitions.get(pk, {}).items())
            self._answers[asked] = {"Items": [item for sk, item in items if sk.startswith(prefix)]}
        return self._answers[asked]  # type: ignore[no-any-return]

    def transact_write_items(self, **_: Any) -> Typed:
        return {}

    put_item = update_item = delete_item = transact_write_items

    def _item(self, key: Typed) -> Typed | None:
        pk, sk = _key(key)
        return self._partitions.get(pk, {}).get(sk)


def _key(item: Typed) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]
