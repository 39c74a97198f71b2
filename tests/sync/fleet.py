"""Many spreadsheets at the stand-in, bound and run over; what a sync does to each is kept small."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.binding import Binding
from chalicelib.domain.roster import Alliance, Server
from chalicelib.domain.sheet_view import SheetView
from local.sheets import SheetsServer
from sheets_sync.allowance import Limits
from sheets_sync.google import Google, Spreadsheets
from sheets_sync.run import sync_due
from tests.stores import Store
from tests.world import HIDDEN_MOTIVATIONS, World, new_world


def sync(sheet: Binding, view: SheetView, spreadsheets: Spreadsheets) -> None:
    """A read, and a write of the points."""
    spreadsheets.overview(sheet.spreadsheet_id, "spreadsheetId")
    spreadsheets.write(sheet.spreadsheet_id, [points(view)])


def points(view: SheetView) -> dict[str, Any]:
    total = sum(event.progress.points for event in view.events)
    rows = [{"values": [{"userEnteredValue": {"numberValue": total}}]}]
    return {"updateCells": {"start": {}, "rows": rows, "fields": "userEnteredValue"}}


@dataclass
class Fleet:
    world: World
    server: SheetsServer
    google: Google
    limit: int = 60
    remaining: Callable[[], float] = lambda: math.inf
    pauses: list[float] = field(default_factory=list)
    """What a run waited; the clock goes on by it."""
    statuses: set[int] = field(default_factory=set)
    """What was answered, up to the last look."""

    def bind(self, *names: str, server: str = "101", alliance: str | None = None) -> None:
        for name in names:
            self.server.create_spreadsheet(name, {"T": []}, name)
            self.world.muster.stores.sheets.bind(name, server, alliance)

    def add_server(self, server: str) -> None:
        self.world.muster.stores.definitions.put_server(Server(server))
        self.world.muster.stores.definitions.put_alliance(Alliance(server, "nova", "NOVA", "Nova Guard"))

    def report(self, name: str, server: str = "101") -> None:
        key = self.world.key(server=server)
        self.world.muster.reporting.report(key, name, [HIDDEN_MOTIVATIONS])

    def run(self, do: Callable[[Binding, SheetView, Spreadsheets], None] = sync) -> dict[str, int]:
        source = self.world.muster.sheet_queue
        return sync_due(source, self.google, Limits(self.limit), self.remaining, self._sleep, do=do)

    def run_a_minute_later(self) -> dict[str, int]:
        self.world.clock.advance(minutes=1)
        return self.run()

    def sheet(self, name: str) -> Binding:
        found = self.world.muster.stores.sheets.get(name)
        assert found
        return found

    def shown(self, name: str) -> str:
        """What the sync last wrote."""
        return "".join(cell for row in self.server.values(name, "T") for cell in row)

    def asked(self) -> list[tuple[str, str]]:
        """The requests since the last look: their kind and what spreadsheet they were about."""
        seen: list[tuple[str, str]] = [
            (request.kind, request.path.split("/")[3].split(":")[0]) for request in self.server.requests
        ]
        self.statuses |= {request.status for request in self.server.requests}
        self.server.requests.clear()
        return seen

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.world.clock.advance(seconds=seconds)


@contextmanager
def new_fleet(store: Store = "memory") -> Iterator[Fleet]:
    with new_world(store) as world, SheetsServer(clock=world.clock) as server:
        yield Fleet(world, server, Google(server.url))
