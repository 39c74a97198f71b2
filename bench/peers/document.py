"""A document for each alliance: it is read, changed and written back, as with a JSON file or a row of a spreadsheet.

Nothing can be counted twice, since a completion is one entry of the document, and totals are counted from it. `locked`:
the document has a version, and is only written if nobody else wrote it in between; else all begins again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

POINTS = 100


class Documents:
    def __init__(self, client: Any, table: str, *, locked: bool = False) -> None:
        self._client, self._table, self._locked = client, table, locked

    def report(
        self, server: str, alliance: str, commander: str, milestones: Sequence[str], at: datetime
    ) -> list[str]:
        """The milestones, as `EVENT/MILESTONE`, that are recorded now."""
        while True:
            item = self._read(server, alliance)
            commanders, version = item["commanders"]["M"], int(item["version"]["N"])
            done = commanders.get(commander, {"M": {}})["M"]
            new = {milestone: {"S": at.isoformat()} for milestone in milestones if milestone not in done}
            changed = {**commanders, commander: {"M": {**done, **new}}}
            if not new or self._write({**item, "commanders": {"M": changed}}, version):
                return list(new)

    def progress(self, server: str, event: str) -> dict[str, int]:
        """Points, completions, and completions of each milestone."""
        counted = {"points": 0, "completions": 0}
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"SERVER#{server}"}},
        }
        while True:
            page = self._client.query(**request)
            for item in page["Items"]:
                for commander in item["commanders"]["M"].values():
                    for milestone in commander["M"]:
                        of, _, name = milestone.partition("/")
                        if of == event:
                            counted["points"] += POINTS
                            counted["completions"] += 1
                            counted[name] = counted.get(name, 0) + 1
            if "LastEvaluatedKey" not in page:
                return counted
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _read(self, server: str, alliance: str) -> dict[str, Any]:
        key = {"PK": {"S": f"SERVER#{server}"}, "SK": {"S": f"ALLIANCE#{alliance}"}}
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return {"commanders": {"M": {}}, "version": {"N": "0"}, **key, **found.get("Item", {})}

    def _write(self, item: dict[str, Any], version: int) -> bool:
        """Whether it was written."""
        request = {"TableName": self._table, "Item": {**item, "version": {"N": str(version + 1)}}}
        if self._locked:
            condition = "attribute_not_exists(PK)" if version == 0 else "version = :version"
            request["ConditionExpression"] = condition
            if version:
                request["ExpressionAttributeValues"] = {":version": {"N": str(version)}}
        try:
            self._client.put_item(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True
