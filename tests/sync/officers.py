"""Officers at work in `IMS Commanders`, and what is theirs in it: so that a test can say that it is as they left it."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from local.sheets import ApiError
from sheets_sync.cells import HEADER_LOOK
from sheets_sync.held import COLUMN_METADATA
from sheets_sync.layout import KEY_COLUMN, column_letters
from tests.sync.desk import FIRST, Desk

OWN = "own"
"""The name of each column of the officers."""
Things = Counter[Hashable]
"""Of a row: values in columns of the officers, notes and backgrounds wherever, each with its column."""


@dataclass(frozen=True)
class Theirs:
    """`rows`: what officers keep in rows of ours, by key. `own`: rows that are theirs as a whole. `all`: each thing."""

    rows: dict[str, Things] = field(default_factory=dict)
    own: Counter[Hashable] = field(default_factory=Counter)
    all: Things = field(default_factory=Counter)
    twice: set[str] = field(default_factory=set)
    """Keys that stand in several rows."""


def theirs(desk: Desk, tab_id: str = "commanders") -> Theirs:
    data = desk.tab(tab_id)["data"][0]
    names = _names(desk, tab_id)
    found = Theirs()
    rows = data.get("rowMetadata", [])
    for index, row in enumerate(data.get("rowData", [])):
        values: list[tuple[str, str]] = []
        things: Things = Counter()
        for at, cell in enumerate(row.get("values", [])):
            value = cell.get("userEnteredValue")
            if value is not None:
                values.append((names[at], str(value)))
                if names[at] == OWN:
                    things[OWN, "value", str(value)] += 1
            if "note" in cell:
                things[names[at], "note", cell["note"]] += 1
            colour = cell.get("userEnteredFormat", {}).get("backgroundColorStyle")
            if colour and not _is_headers(colour):
                things[names[at], "colour", str(colour)] += 1
        marks = rows[index].get("developerMetadata", []) if index < len(rows) else []
        key = dict(values).get(KEY_COLUMN) or next((each["metadataValue"] for each in marks), None)
        if key is None:
            if values or things:
                found.own[tuple(sorted(values)), tuple(sorted(map(str, things)))] += 1
        elif key in found.rows:
            found.twice.add(key)
            found.rows[key] += things
        else:
            found.rows[key] = things
        found.all.update(things)
    return found


def _is_headers(colour: dict[str, Any]) -> bool:
    ours = HEADER_LOOK["backgroundColorStyle"]["rgbColor"]
    return all(abs(colour["rgbColor"].get(part, 0) - ours[part]) < 0.01 for part in ours)


def _names(desk: Desk, tab_id: str) -> list[str]:
    """Of all columns. Those of the officers have none: they may change places with each other."""
    count = desk.tab(tab_id)["properties"]["gridProperties"]["columnCount"]
    names = [OWN] * count
    for at, column in enumerate(desk.tab(tab_id)["data"][0].get("columnMetadata", [])):
        for each in column.get("developerMetadata", []):
            if each["metadataKey"] == COLUMN_METADATA:
                names[at] = each["metadataValue"]
    return names


ACTS = (
    *("sort", "sort back", "sort some", "sort labels", "insert", "insert below", "insert column", "delete"),
    *(
        "move",
        "copy",
        "copy cells",
        "cut",
        "merge",
        "freeze",
        "hide",
        "note",
        "colour",
        "caption",
        "own",
        "type",
    ),
    *("undo", "rename tab", "duplicate tab", "delete column", "protect"),
)


def act(desk: Desk, kind: str, one: int, other: int) -> bool:
    """An officer does something with the rows `one` and `other`. Whether it may have made unclear whose a row is."""
    try:
        return _act(desk, kind, one, other)
    except ApiError:
        return False  # the browser would not let them


def _act(desk: Desk, kind: str, one: int, other: int) -> bool:
    person, tab = desk.person, desk.tab("commanders")["properties"]["title"]
    grid = desk.tab("commanders")["properties"]["gridProperties"]
    last = grid["rowCount"]
    first, second = (FIRST + number % (last - FIRST) for number in (one, other))
    row, to = first + 1, second + 1
    width = column_letters(grid["columnCount"] - 1)
    own = column_letters(grid["columnCount"] - 1)
    match kind:
        case "sort" | "sort back":
            person.sort(tab, None, by="ADE"[one % 3], descending=kind == "sort back")
        case "sort some":
            top, bottom = sorted((row, to))
            person.sort(tab, f"A{top}:{width}{bottom}", by="A", descending=True)
        case "sort labels":
            top, bottom = sorted((row, to))
            person.sort(tab, f"A{top}:A{bottom}", by="A", descending=bool(one % 2))
            return True
        case "insert":
            person.insert_before(tab, f"{1 + one % last}:{1 + one % last}")
        case "insert below":
            person.insert_after(tab, f"{row}:{row}")
        case "insert column":
            place = column_letters(other % grid["columnCount"])
            person.insert_before(tab, f"{place}:{place}")
        case "delete":
            person.delete(tab, f"{row}:{row}")
        case "delete column":
            place = column_letters(3 + other % 5)
            person.delete(tab, f"{place}:{place}")
        case "move":
            person.move(tab, f"{row}:{row}", f"{to}:{to}")
        case "copy":
            person.copy(tab, f"A{row}:{width}{row}", f"A{to}")
            return True
        case "copy cells":
            person.copy(tab, f"D{row}:E{row}", f"D{to}")
        case "cut":
            person.cut(tab, f"{own}{row}", f"{own}{to}")
        case "merge":
            person.merge(tab, f"{own}{min(row, to)}:{own}{max(row, to)}")
        case "freeze":
            person.freeze(tab, rows=one % 6)
        case "hide":
            person.hide(tab, f"{row}:{row}", hidden=bool(other % 2))
        case "note":
            person.note(tab, f"{'ADE'[other % 3]}{row}", f"note {one} {other}")
        case "colour":
            person.colour(tab, f"{'ADE'[other % 3]}{row}", 1, (one % 5) / 10, 0)
        case "caption":
            person.insert_before(tab, f"{row}:{row}")
            person.type(tab, f"A{row}", f"caption {one}")
            person.type(tab, f"E{row}", f"more {other}")
        case "own":
            person.type(tab, f"{own}{row}", f"own {one} {other}")
        case "type":
            person.type(tab, f"{'ADEF'[other % 4]}{row}", f"typed {one}")
            return other % 4 == 0
        case "undo":
            person.undo()
            return True
        case "rename tab":
            person.rename_tab(tab, f"Members {one}")
        case "duplicate tab":
            if len(desk.server.snapshot(desk.id)["sheets"]) < 10:
                person.duplicate_tab(tab, f"Copy {one} {other}")
        case "protect":
            if one % 2:
                person.protect(tab, f"D{row}:E{row}")
            else:
                person.unprotect(tab)
    return False
