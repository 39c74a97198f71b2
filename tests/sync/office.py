"""Officers at work in sheets whose edits count, over a store: the whole way, at the Sheets stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.access import Key
from local.sheets import Person, SheetsServer
from sheets_sync.cells import held_value
from sheets_sync.content.words import SAYS
from sheets_sync.google import Google
from sheets_sync.layout import column_letters
from sheets_sync.run import sync_due
from sheets_sync.tabs import HEADER, NEW
from tests.stores import Store
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS, World, new_world

COMMANDERS, PROGRESS = "IMS Commanders", "IMS Progress"
HIDDEN = "Hidden Motivations"


@dataclass
class Office:
    """A spreadsheet that is bound with edits, and an officer at it. Cells are named by heading and label."""

    world: World
    server: SheetsServer
    id: str = "sheet-one"
    is_watched: bool = False
    """Whether the stand-in's Drive tells what was touched."""

    def sync(self) -> None:
        """The run of a minute later, that looks at every sheet."""
        self.touch()
        self.run()

    def run(self) -> None:
        """The run of a minute later."""
        self.world.clock.advance(minutes=1)
        queue, google = self.world.muster.sheet_queue, Google(self.server.url)
        drive_url = self.server.url if self.is_watched else None
        done = sync_due(queue, google, sleep=lambda _: None, drive_url=drive_url)
        assert done["failed"] == 0, [one.last_error for one in self.world.muster.stores.sheets.all()]

    def touch(self) -> None:
        """As Drive would tell."""
        for sheet in self.world.muster.stores.sheets.all():
            self.world.muster.stores.sheets.touch(sheet.spreadsheet_id, self.world.clock())

    @property
    def admin(self) -> Key:
        return self.world.key("admin", None, None)

    @property
    def officer(self) -> Person:
        return self.server.person(self.id)

    def grid(self, tab: str) -> list[list[Any]]:
        sheets = self.server.snapshot(self.id)["sheets"]
        sheet = next(each for each in sheets if each["properties"]["title"] == tab)
        rows = sheet["data"][0].get("rowData", [])
        return [[held_value(cell) for cell in row.get("values", [])] for row in rows]

    def at(self, tab: str, label: str, heading: str) -> str:
        """The cell of the row with that label (empty: the blank one) under that heading, in A1 notation."""
        if not label:
            return self.at_key(tab, NEW, heading)
        header, grid = self.header(tab), self.grid(tab)
        row = next(n for n, cells in enumerate(grid) if n > header and cells and cells[0] == label)
        return f"{column_letters(grid[header].index(heading))}{row + 1}"

    def at_key(self, tab: str, key: str, heading: str) -> str:
        """The same, of the row with that key."""
        header, grid = self.header(tab), self.grid(tab)
        keys = grid[header].index(HEADER)
        row = next(n for n, cells in enumerate(grid) if len(cells) > keys and cells[keys] == key)
        return f"{column_letters(grid[header].index(heading))}{row + 1}"

    def header(self, tab: str) -> int:
        return next(n for n, row in enumerate(self.grid(tab)) if row and row[0] in ("Commander", "Event"))

    def value(self, tab: str, cell: str) -> Any:
        letters = cell.rstrip("0123456789")
        row = self.grid(tab)[int(cell[len(letters) :]) - 1]
        column = next(n for n in range(100) if column_letters(n) == letters)
        return row[column] if column < len(row) else None

    def shown(self, tab: str, label: str, heading: str) -> Any:
        return self.value(tab, self.at(tab, label, heading))

    def says(self, label: str, tab: str = COMMANDERS) -> str:
        return str(self.shown(tab, label, SAYS) or "")

    def tick(self, label: str, heading: str = HIDDEN, tab: str = COMMANDERS) -> None:
        self.officer.tick(tab, self.at(tab, label, heading))

    def type(self, label: str, heading: str, text: str, tab: str = COMMANDERS) -> None:
        self.officer.type(tab, self.at(tab, label, heading), text)

    def clear(self, label: str, heading: str, tab: str = COMMANDERS) -> None:
        self.officer.clear(tab, self.at(tab, label, heading))

    def report(self, name: str) -> None:
        self.world.muster.reporting.report(self.world.key(), name, [HIDDEN_MOTIVATIONS], is_new=True)

    def done(self) -> set[str]:
        """Who has Hidden Motivations."""
        cards = self.world.muster.stores.completions.alliance_cards("101", DEFENDERS, "nova", consistent=True)
        names = {one.id: one.name for one in self.world.muster.stores.commanders.roster("101", "nova")}
        return {names[card.commander] for card in cards if "hidden-motivations" in card.completions}

    @property
    def names(self) -> list[str]:
        roster = self.world.muster.stores.commanders.roster("101", "nova", consistent=True)
        return [one.name for one in roster if not one.retired_at]


@contextmanager
def new_office(
    *names: str, store: Store = "memory", edits: bool = True, is_watched: bool = False
) -> Iterator[Office]:
    """With a roster, and a sheet that has been synced."""
    with new_world(store) as world, SheetsServer(clock=world.clock) as server:
        office = Office(world, server, is_watched=is_watched)
        for name in names:
            world.muster.rosters.add(office.admin, "101", "nova", name, is_new=True)
        server.create_spreadsheet("Nova officers", {"Own": [["kept"]]}, office.id)
        world.muster.stores.sheets.bind(office.id, "101", "nova", edits=edits)
        office.sync()
        yield office
