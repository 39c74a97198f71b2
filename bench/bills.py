"""What calls of DynamoDB cost: the units that AWS bills, by its rules for the sizes of items."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from chalicelib.store.keys import OF_ALLIANCE, OF_COMMANDER
from local.strict_dynamodb import StrictDynamoDB
from local.strict_dynamodb.client import METHODS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WRITE_UNIT, _READ_UNIT = 1024, 4096


@dataclass
class Bill:
    """What was asked of the table, and what it costs."""

    calls: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    read_units: float = 0.0
    bytes_read: int = 0
    cpu: float = 0.0
    """Seconds of processor time of the thread that asks, without the stand-in's."""

    def row(self, what: str, budget: str = "", is_met: str = "") -> tuple[str, ...]:
        calls = ", ".join(f"{number} {name}" for name, number in sorted(self.calls.items()))
        units = f"{self.write_units}", f"{self.read_units:g}", f"{self.bytes_read:,}"
        return what, f"{self.calls.total()}: {calls}", *units, budget, is_met


class Billed:
    """A client like boto3's, of which each call is put on the bill that is open."""

    def __init__(self, dynamodb: StrictDynamoDB) -> None:
        self._client, self._quiet = dynamodb.client(), dynamodb.quiet_client()
        self._bill: Bill | None = None
        self._written: list[tuple[int, Mapping[str, Any]]] = []

    def client(self) -> "DynamoDBClient":
        return cast("DynamoDBClient", self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._client, name)

        def billed(**request: Any) -> Any:
            began = time.thread_time()
            answer = call(**request)
            if self._bill:
                self._bill.calls[METHODS[name]] += 1
                self._note(self._bill, name, request, answer)
                self._bill.cpu -= time.thread_time() - began
            return answer

        return billed

    @contextmanager
    def bill(self) -> Iterator[Bill]:
        """The bill for what is asked in the block. What is written is measured as it is at its end; what is gone
        then is billed as small."""
        bill = self._bill = Bill()
        self._written.clear()
        began = time.thread_time()
        try:
            yield bill
        finally:
            bill.cpu += time.thread_time() - began
            self._bill = None
        for times, request in self._written:
            answer = self._quiet.get_item(**request, ConsistentRead=True)
            item = answer.get("Item", {})
            indexes = sum(name in item for name in (OF_ALLIANCE, OF_COMMANDER))
            bill.write_units += (times + indexes) * max(1, math.ceil(_size(item) / _WRITE_UNIT))

    def _note(self, bill: Bill, name: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """A write in a transaction counts twice. A query is billed by the page, other reads by the item; a missing item
        costs as much as a small one."""
        is_consistent, sizes = request.get("ConsistentRead", False), list[int]()
        match name:
            case "transact_write_items":
                for change in request["TransactItems"]:
                    self._write(2, *change.values())
            case "batch_write_item":
                for table, batch in request["RequestItems"].items():
                    for one in batch:
                        self._write(1, one["PutRequest"] | {"TableName": table})
            case "update_item" | "put_item":
                self._write(1, request)
            case "query":
                sizes = [sum(map(_size, answer["Items"]))]
            case "get_item":
                sizes = [_size(answer.get("Item", {}))]
            case "batch_get_item":
                ((table, asked),) = request["RequestItems"].items()
                found = answer["Responses"][table]
                is_consistent = asked.get("ConsistentRead", False)
                sizes = [*map(_size, found), *[0] * (len(asked["Keys"]) - len(found))]
            case _:
                raise AssertionError(f"{name} is not billed here")
        bill.bytes_read += sum(sizes)
        units = sum(max(1, math.ceil(size / _READ_UNIT)) for size in sizes)
        bill.read_units += units if is_consistent else units / 2

    def _write(self, times: int, request: Mapping[str, Any]) -> None:
        item = request["Item"] if "Item" in request else request["Key"]
        key = {name: item[name] for name in ("PK", "SK")}
        self._written.append((times, {"TableName": request["TableName"], "Key": key}))


def _size(item: Mapping[str, Any]) -> int:
    """In bytes: names and values in UTF-8; a byte for two digits of a number, and one more; three more for each map."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        digits = str(content).strip("-").replace(".", "").strip("0")
        return 1 + math.ceil(len(digits) / 2)
    if kind == "M":
        return 3 + len(content) + _size(content)
    if kind == "L":
        return 3 + len(content) + sum(map(_value_size, content))
    return 1
