"""What a spreadsheet holds of ours, read from one answer of the Sheets API."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sheets_sync.base import Base, number_in, read_base, read_columns
from sheets_sync.cells import HEADER_LOOK, Formula, Value, held_value
from sheets_sync.failures import SheetError
from sheets_sync.layout import BASE_COLUMN, KEY_COLUMN, LINE

TAB_METADATA = "muster.tab"
COLUMN_METADATA = "muster.column"
ROW_METADATA = "muster.row"
CHART_METADATA = "muster.chart"
KEPT_METADATA = "muster.kept"
LOOKS_METADATA = "muster.looks"

SPARE_COLUMN = "#spare"
"""The name of columns of ours that show nothing any more: they are hidden, and used again."""
OLD_MARK_COLUMN = "muster key"
"""In the last column of ours, version 0.1.0 had a mark for each row: its key, a blank and checksums."""
_OLD_KEYS = {"#title": "#about", "#as-of": "#state"}

MANAGED_FIELDS = (
    "properties(title),sheets(properties(sheetId,title,gridProperties(rowCount,columnCount,frozenRowCount)),merges,"
    "developerMetadata(metadataId,metadataKey,metadataValue),charts(chartId),"
    "protectedRanges(range,warningOnly,requestingUserCanEdit),"
    "data(rowData(values(userEnteredValue,note,userEnteredFormat(backgroundColor))),"
    "rowMetadata(developerMetadata(metadataKey,metadataValue)),"
    "columnMetadata(developerMetadata(metadataId,metadataKey,metadataValue))))"
)
"""The field mask for reading our tabs."""
OVERVIEW_FIELDS = "sheets(properties(sheetId,title),charts(chartId),developerMetadata(metadataKey))"
"""The field mask for reading only the names of all tabs, when one of ours is or may be missing."""

LOOKED_BELOW = 5_000
"""How many rows are looked at below the last that is ours: more than a tab lists, if it has lost all that tells.
Somebody can add a million rows with one click, and a run has no time and no memory for these."""
LAST_ROW = 100_000
"""The lowest row in which there may be one of ours. What tells can be written into any row."""

_SHADE = 1 / 255
"""Colours come back as 8-bit values."""


@dataclass(frozen=True, slots=True)
class HeldColumn:
    """A column of ours, and the id of the metadata that makes it ours."""

    name: str
    metadata_id: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row of one of our tabs as it is.

    `key`: what it is said to be about; None: nothing. Whether that is so is decided in `known`. `base`: what was last
    written into it, if it says so. `remarked`: the columns in which there is a note or a background, which is surely a
    person's.
    """

    values: Sequence[Value] = ()
    remarked: Collection[int] = ()
    key: str | None = None
    base: Base | None = None

    def value(self, column: int) -> Value:
        return self.values[column] if column < len(self.values) else None


@dataclass(frozen=True)
class HeldTab:
    """A tab of ours as it is: `columns` (None: not ours) and `rows` are all of the sheet, by index, but for rows far
    below ours.

    `tall_merges`: from where to where merged areas go over more than one row. `kept`: what it says about who keeps it,
    and the id of the metadata that says so. `looks`: the version of the looks that it has, and the id of the metadata
    that says so. `closed`: the rows and columns of areas that are protected against us.
    """

    sheet_id: int
    title: str
    frozen_rows: int
    chart: int | None
    columns: Sequence[HeldColumn | None]
    rows: Sequence[HeldRow]
    tall_merges: Sequence[tuple[int, int]] = ()
    kept: str | None = None
    kept_id: int | None = None
    looks: int = 0
    looks_id: int | None = None
    closed: Sequence[tuple[range, range]] = ()

    @cached_property
    def names(self) -> list[str | None]:
        return [column.name if column else None for column in self.columns]

    def place(self, name: str) -> int | None:
        """The index of our column of this name, if it is still there."""
        return self.names.index(name) if name in self.names else None

    def is_closed(self, row: int, column: int) -> bool:
        return any(row in rows and column in columns for rows, columns in self.closed)

    @cached_property
    def remarked_columns(self) -> Collection[int]:
        """The columns in which there is a note or a background of a person's."""
        return {column for row in self.rows for column in row.remarked}

    @cached_property
    def remarked_rows(self) -> Collection[int]:
        """The rows in which officers keep something: a value in a column of theirs, a note, a background."""
        theirs = [index for index, column in enumerate(self.columns) if column is None]
        return {
            index
            for index, row in enumerate(self.rows)
            if row.remarked or any(row.value(column) is not None for column in theirs)
        }


def has_ours(overview: Mapping[str, Any]) -> bool:
    """Whether any tab carries our metadata."""
    metadata = (each for sheet in overview.get("sheets", []) for each in sheet.get("developerMetadata", []))
    return any(each.get("metadataKey") == TAB_METADATA for each in metadata)


def held_tabs(spreadsheet: Mapping[str, Any]) -> dict[str, HeldTab]:
    """Our tabs by id. Raises SheetError if they can't be looked at."""
    return {
        tab_id: _held_tab(sheet, sheet["properties"].get("sheetId", 0))
        for sheet in spreadsheet.get("sheets", [])
        if (tab_id := _tab_id(sheet)) is not None
    }


def _tab_id(sheet: Mapping[str, Any]) -> str | None:
    """Which of our tabs it is. A copy that somebody made of one carries the same metadata, but has not the same id."""
    sheet_id = str(sheet["properties"].get("sheetId", 0))
    told = (
        each.get("metadataValue", "").partition(":")
        for each in sheet.get("developerMetadata", [])
        if each["metadataKey"] == TAB_METADATA
    )
    return next((tab_id for tab_id, _, made_as in told if made_as == sheet_id), None)


def _held_tab(sheet: Mapping[str, Any], sheet_id: int) -> HeldTab:
    grid = sheet["properties"].get("gridProperties", {})
    data = (sheet.get("data") or [{}])[0]
    columns = _columns(data.get("columnMetadata", []), grid.get("columnCount", 0))
    said = {each["metadataKey"]: each for each in reversed(sheet["developerMetadata"])}
    kept, looks = said.get(KEPT_METADATA, {}), said.get(LOOKS_METADATA, {})
    return HeldTab(
        kept=kept.get("metadataValue"),
        kept_id=kept.get("metadataId"),
        looks=max(0, number_in(looks.get("metadataValue", ""))),
        looks_id=looks.get("metadataId"),
        closed=_closed(sheet, grid.get("rowCount", 0), grid.get("columnCount", 0)),
        sheet_id=sheet_id,
        title=sheet["properties"]["title"],
        frozen_rows=grid.get("frozenRowCount", 0),
        chart=_chart(sheet),
        columns=columns,
        rows=_rows(data, grid.get("rowCount", 0), [column.name if column else None for column in columns]),
        tall_merges=[
            span
            for merge in sheet.get("merges", [])
            if (span := (merge.get("startRowIndex", 0), merge["endRowIndex"]))[1] - span[0] > 1
        ],
    )


def _closed(sheet: Mapping[str, Any], rows: int, columns: int) -> list[tuple[range, range]]:
    areas = [
        each.get("range", {})
        for each in sheet.get("protectedRanges", [])
        if not each.get("warningOnly") and not each.get("requestingUserCanEdit")
    ]
    return [
        (
            range(area.get("startRowIndex", 0), area.get("endRowIndex", rows)),
            range(area.get("startColumnIndex", 0), area.get("endColumnIndex", columns)),
        )
        for area in areas
    ]


def _columns(found: Sequence[Mapping[str, Any]], count: int) -> list[HeldColumn | None]:
    """All `count` columns. Of two that carry the same name, as after a copy, the first is ours."""
    columns: list[HeldColumn | None] = [None] * count
    taken = set()
    for index, column in enumerate(found):
        for metadata in column.get("developerMetadata", []):
            name = metadata.get("metadataValue", "")
            if metadata["metadataKey"] == COLUMN_METADATA and (name == SPARE_COLUMN or name not in taken):
                columns[index] = HeldColumn(name, metadata["metadataId"])
                taken.add(name)
    return columns


def _rows(data: Mapping[str, Any], count: int, names: Sequence[str | None]) -> list[HeldRow]:
    """Those of `count` that are looked at. Google leaves out the empty last ones. Raises SheetError if one of ours is
    below `LAST_ROW`: without it, there would soon be two about the same."""
    key_column, base_column, old_marks = (
        names.index(name) if name in names else None for name in (KEY_COLUMN, BASE_COLUMN, OLD_MARK_COLUMN)
    )
    given: Sequence[Mapping[str, Any]] = data.get("rowData", [])
    telling = [column for column in (key_column, base_column, old_marks) if column is not None]
    ours = (
        index for index, row in enumerate(given) if _is_told(row, telling) or _key_in_metadata(data, index)
    )
    last = max(ours, default=-1)
    if last >= LAST_ROW:
        words = f"One of Muster's rows is row {last + 1:,} of its tab. Delete rows above it, or that row."
        raise SheetError(words, lasting=True)
    end = min(count, last + 1 + LOOKED_BELOW)
    found: list[tuple[HeldRow, str | None]] = []
    for index, row in enumerate(given[:end]):
        cells = row.get("values", [])
        values = [held_value(cell) for cell in cells]
        remarked = [column for column, cell in enumerate(cells) if cell.get("note") or _is_coloured(cell)]
        held = HeldRow(values, remarked)
        key = _old_key(_at(held, old_marks)) or _text(_at(held, key_column)) or _key_in_metadata(data, index)
        found.append((held, key))
    bases = [_at(held, base_column) for held, _ in found]
    columns = next((told for base in bases if (told := read_columns(base))), None)
    by_position = LINE if key_column is None else None
    rows = [
        HeldRow(held.values, held.remarked, key, read_base(base, key or by_position, columns))
        for (held, key), base in zip(found, bases, strict=True)
    ]
    return rows + [HeldRow()] * (end - len(rows))


def _is_told(row: Mapping[str, Any], columns: Sequence[int]) -> bool:
    """Whether there is anything in one of these columns."""
    cells = row.get("values", ())
    return any(column < len(cells) and cells[column] for column in columns)


def _at(row: HeldRow, column: int | None) -> Value:
    return None if column is None else row.value(column)


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and not isinstance(value, Formula) else None


def _old_key(value: Value) -> str | None:
    """The key in a mark of version 0.1.0."""
    key, blank, _ = (_text(value) or "").partition(" ")
    return _OLD_KEYS.get(key, key) if blank else None


def _key_in_metadata(data: Mapping[str, Any], index: int) -> str | None:
    """The title block's rows have their keys there: in a cell, they would hide the text that goes on over it."""
    lines = data.get("rowMetadata", [])
    found = lines[index].get("developerMetadata", []) if index < len(lines) else []
    return next((each.get("metadataValue") for each in found if each["metadataKey"] == ROW_METADATA), None)


def _chart(sheet: Mapping[str, Any]) -> int | None:
    """The id of our chart, if it is still there."""
    charts = {str(chart["chartId"]): int(chart["chartId"]) for chart in sheet.get("charts", [])}
    ours = (
        m.get("metadataValue")
        for m in sheet.get("developerMetadata", [])
        if m["metadataKey"] == CHART_METADATA
    )
    return next((charts[chart_id] for chart_id in ours if chart_id in charts), None)


def _is_coloured(cell: Mapping[str, Any]) -> bool:
    """Whether somebody gave the cell a background other than that of our own header."""
    colour = cell.get("userEnteredFormat", {}).get("backgroundColor")
    if colour is None:
        return False
    ours = HEADER_LOOK["backgroundColorStyle"]["rgbColor"]
    return any(abs(colour.get(part, 0.0) - ours[part]) > _SHADE for part in ours)
