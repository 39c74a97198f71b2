"""An item for each completion, and a counter: what most people build first on DynamoDB.

A completion is put on condition that it is not there yet, then the server's counters of that event are raised. Progress
is one read of one item.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

POINTS = 100


class Counters:
    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def report(
        self, server: str, alliance: str, commander: str, milestones: Sequence[str], at: datetime
    ) -> list[str]:
        """The milestones, as `EVENT/MILESTONE`, that are recorded now."""
        return [
            milestone for milestone in milestones if self._record(server, alliance, commander, milestone, at)
        ]

    def progress(self, server: str, event: str) -> dict[str, int]:
        """Points, completions, and completions of each milestone."""
        found = self._client.get_item(TableName=self._table, Key=_counter(server, event)).get("Item", {})
        return {name: int(value["N"]) for name, value in found.items() if name not in ("PK", "SK")}

    def _record(self, server: str, alliance: str, commander: str, milestone: str, at: datetime) -> bool:
        event, _, name = milestone.partition("/")
        item = {
            "PK": {"S": f"COMPLETIONS#{server}#{event}"},
            "SK": {"S": f"{commander}#{name}"},
            "alliance": {"S": alliance},
            "at": {"S": at.isoformat()},
        }
        try:
            self._client.put_item(
                TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(PK)"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        self._client.update_item(
            TableName=self._table,
            Key=_counter(server, event),
            UpdateExpression="ADD points :points, completions :one, #milestone :one",
            ExpressionAttributeNames={"#milestone": name},
            ExpressionAttributeValues={":points": {"N": str(POINTS)}, ":one": {"N": "1"}},
        )
        return True


def _counter(server: str, event: str) -> dict[str, Any]:
    return {"PK": {"S": f"SERVER#{server}"}, "SK": {"S": f"EVENT#{event}"}}
