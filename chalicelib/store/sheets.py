"""Which spreadsheets are bound to what, and how their last sync went."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.report import Sheet
from chalicelib.store import keys
from chalicelib.store.table import Item, Put, Table, Update


class Sheets:
    def __init__(self, table: Table) -> None:
        self._table = table

    def bind(self, spreadsheet_id: str, server: str, alliance: str | None) -> None:
        item: Item = {"id": spreadsheet_id, "server": server, "alliance": alliance}
        self._table.write(Put(keys.sheet(spreadsheet_id), item))

    def all(self) -> Iterator[Sheet]:
        return map(_sheet, self._table.query(keys.SHEETS))

    def synced(self, spreadsheet_id: str, at: datetime) -> None:
        self._table.write(Update(keys.sheet(spreadsheet_id), set={"last_success_at": rfc3339(at)}))

    def failed(self, spreadsheet_id: str, at: datetime, error: str) -> None:
        """Notes why the last sync failed, in words for officers."""
        state = {"last_error_at": rfc3339(at), "last_error": error}
        self._table.write(Update(keys.sheet(spreadsheet_id), set=state))


def _sheet(item: Item) -> Sheet:
    times = {
        name: datetime.fromisoformat(item[name])
        for name in ("last_success_at", "last_error_at")
        if name in item
    }
    return Sheet(item["id"], item["server"], item.get("alliance"), last_error=item.get("last_error"), **times)
