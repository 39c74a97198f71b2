"""The items of the table, and what of them is kept for a while."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from bench.peers.fastapi_mangum.models import Event, Reading, Standing

T = TypeVar("T")

KEPT, RECENT = 30.0, 10.0
"""Seconds: for definitions and keys, and for the sums that reports and receipts show."""
to_item, of_value = TypeSerializer().serialize, TypeDeserializer().deserialize


class Table:
    def __init__(self, client: Any, name: str, monotonic: Callable[[], float]) -> None:
        self.client, self.name, self._monotonic = client, name, monotonic
        self._kept: dict[Any, tuple[float, Any]] = {}

    def kept(self, key: Any, seconds: float, load: Callable[[], T]) -> T:
        until, value = self._kept.get(key, (-1.0, None))
        if self._monotonic() >= until:
            value = load()
            self._kept[key] = self._monotonic() + seconds, value
        return cast(T, value)

    def get(self, pk: str, sk: str, *, consistent: bool = False) -> dict[str, Any] | None:
        key = {"PK": to_item(pk), "SK": to_item(sk)}
        answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=consistent)
        return _plain(answer["Item"]) if "Item" in answer else None

    def query(self, pk: str) -> Iterator[dict[str, Any]]:
        request = {
            "TableName": self.name,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": {":pk": to_item(pk)},
        }
        while True:
            page = self.client.query(**request)
            yield from map(_plain, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def events(self) -> list[Event]:
        def load() -> list[Event]:
            return [Event.model_validate_json(item["definition"]) for item in self.query("EVENTS")]

        return self.kept("events", KEPT, load)

    def cards(
        self, server: str, alliance: str, commander: str, *, consistent: bool = False
    ) -> dict[str, dict[str, Any]]:
        """The commander's cards, by event id."""
        keys = {f"CARDS#{server}#{event.id}#{alliance}": event.id for event in self.events()}
        asked = [{"PK": to_item(pk), "SK": to_item(f"COMMANDER#{commander}")} for pk in keys]
        request = {self.name: {"Keys": asked, "ConsistentRead": consistent}}
        found = map(_plain, self.client.batch_get_item(RequestItems=request)["Responses"][self.name])
        return {event: {} for event in keys.values()} | {keys[item["PK"]]: item for item in found}

    def recent_standing(self, server: str, event: str) -> Standing:
        return self.kept(("standing", server, event), RECENT, lambda: self.standing(server, event))

    def standing(self, server: str, event: str) -> Standing:
        standing = Standing()
        for item in self.query(f"STANDING#{server}#{event}"):
            kind, _, rest = item["SK"].partition("#")
            if kind == "ALLIANCE":
                standing.commanders += int(item["commanders"])
                for name, count in item.items():
                    if name.startswith("done."):
                        standing.completions[name.removeprefix("done.")] += int(count)
            elif kind == "TIER":
                standing.stamps[int(rest)] = datetime.fromisoformat(item["reached_at"]), item["reached_by"]
            elif kind == "READING":
                standing.reading = Reading(points=item["points"], read_at=item["read_at"])
                standing.reported = int(item["reported"])
            elif kind == "HISTORY":
                hours = sorted((int(name[1:]), int(item[name])) for name in item if name[1:].isdigit())
                standing.history = [(datetime.fromtimestamp(h * 3600, UTC), points) for h, points in hours]
        return standing


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: of_value(value) for name, value in item.items()}
