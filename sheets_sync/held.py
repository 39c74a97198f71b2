"""What a spreadsheet holds of ours, read from one answer of the Sheets API."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sheets_sync.cells import HEADER_LOOK, Value, held_value, read_mark
from sheets_sync.layout import KEY_COLUMN

TAB_METADATA = "muster.tab"
COLUMN_METADATA = "muster.column"
CHART_METADATA = "muster.chart"

MANAGED_FIELDS = (
    "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount,frozenRowCount)),"
    "developerMetadata(metadataKey,metadataValue),charts(chartId),"
    "data(rowData(values(userEnteredValue,note,userEnteredFormat(backgroundColor))),"
    "columnMetadata(developerMetadata(metadataId,metadataKey,metadataValue))))"
)
"""The field mask for reading our tabs."""
OVERVIEW_FIELDS = "sheets(properties(sheetId,title),charts(chartId),developerMetadata(metadataKey))"
"""The field mask for reading only the names of all tabs, when one of ours is or may be missing."""

_SHADE = 1 / 255
"""Colours come back as 8-bit values."""


@dataclass(frozen=True, slots=True)
class HeldColumn:
    """A column of ours, and the id of the metadata that makes it ours."""

    name: str
    metadata_id: int


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row of one of our tabs as it is; without a `key` it isn't ours.

    `checksums`: of what was last written into its cells, from the left. `remarked`: the columns in which there is a
    note or a background, which is surely a person's.
    """

    values: Sequence[Value] = ()
    remarked: Collection[int] = ()
    key: str | None = None
    checksums: Sequence[str] = ()

    def value(self, column: int) -> Value:
        return self.values[column] if column < len(self.values) else None

    @property
    def is_blank(self) -> bool:
        return not self.remarked and all(value is None for value in self.values)

    @property
    def was_left(self) -> bool:
        """Whether the row is not listed but stays for what officers keep in it: its mark is of the label alone."""
        return len(self.checksums) == 1


@dataclass(frozen=True, slots=True)
class HeldTab:
    """A tab of ours as it is: `columns` (None: not ours) and `rows` are all of the sheet, by index."""

    sheet_id: int
    title: str
    frozen_rows: int
    chart: int | None
    columns: Sequence[HeldColumn | None]
    rows: Sequence[HeldRow]

    @property
    def names(self) -> list[str | None]:
        return [column.name if column else None for column in self.columns]

    @property
    def shown(self) -> list[int]:
        """The indexes of our columns that are not hidden, from the left."""
        return [index for index, name in enumerate(self.names) if name not in (None, KEY_COLUMN)]

    def place(self, name: str) -> int | None:
        """The index of our column of this name, if it is still there."""
        return self.names.index(name) if name in self.names else None

    def remarked_rows(self) -> set[int]:
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
    """Our tabs by id. A copy that somebody made of one carries the same metadata, but not the same sheet id."""
    found = {}
    for sheet in spreadsheet.get("sheets", []):
        sheet_id = sheet["properties"].get("sheetId", 0)
        for metadata in sheet.get("developerMetadata", []):
            tab_id, _, made_as = metadata.get("metadataValue", "").partition(":")
            if metadata["metadataKey"] == TAB_METADATA and made_as == str(sheet_id):
                found[tab_id] = _held_tab(sheet, sheet_id)
    return found


def _held_tab(sheet: Mapping[str, Any], sheet_id: int) -> HeldTab:
    grid = sheet["properties"].get("gridProperties", {})
    data = (sheet.get("data") or [{}])[0]
    columns = _columns(data.get("columnMetadata", []), grid.get("columnCount", 0))
    key_column = next((i for i, one in enumerate(columns) if one and one.name == KEY_COLUMN), None)
    return HeldTab(
        sheet_id=sheet_id,
        title=sheet["properties"]["title"],
        frozen_rows=grid.get("frozenRowCount", 0),
        chart=_chart(sheet),
        columns=columns,
        rows=_rows(data.get("rowData", []), grid.get("rowCount", 0), key_column),
    )


def _columns(found: Sequence[Mapping[str, Any]], count: int) -> list[HeldColumn | None]:
    """All `count` columns. Of two that carry the same name, as after a copy, the first is ours."""
    columns: list[HeldColumn | None] = [None] * count
    for index, column in enumerate(found):
        for metadata in column.get("developerMetadata", []):
            name = metadata.get("metadataValue", "")
            is_taken = any(other and other.name == name for other in columns)
            if metadata["metadataKey"] == COLUMN_METADATA and not is_taken:
                columns[index] = HeldColumn(name, metadata["metadataId"])
    return columns


def _rows(found: Sequence[Mapping[str, Any]], count: int, key_column: int | None) -> list[HeldRow]:
    """All `count` rows, of which Google leaves out the empty last ones. Of two with the same key the first is ours."""
    rows: list[HeldRow] = []
    known: set[str] = set()
    for row in found:
        held = _row(row.get("values", []), key_column)
        if held.key in known:
            held = replace(held, key=None, checksums=())
        elif held.key is not None:
            known.add(held.key)
        rows.append(held)
    return rows + [HeldRow()] * (count - len(rows))


def _row(cells: Sequence[Mapping[str, Any]], key_column: int | None) -> HeldRow:
    values = [held_value(cell) for cell in cells]
    remarked = [index for index, cell in enumerate(cells) if cell.get("note") or _is_coloured(cell)]
    held = HeldRow(values, remarked)
    key, checksums = read_mark(None if key_column is None else held.value(key_column))
    return replace(held, key=key, checksums=checksums)


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
