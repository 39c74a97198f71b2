"""What a spreadsheet holds of ours, out of one answer of the Sheets API."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sheets_sync.cells import HEADER_LOOK, Value, checksum, held_value, read_mark
from sheets_sync.tabs import Content

TAB_METADATA = "muster.tab"
COLUMN_METADATA = "muster.column"
CHART_METADATA = "muster.chart"
KEY_COLUMN = "muster key"
"""The name of the hidden last column, in which each row's mark is."""

MANAGED_FIELDS = (
    "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount,frozenRowCount)),"
    "developerMetadata(metadataKey,metadataValue),charts(chartId),"
    "data(rowData(values(userEnteredValue,note,userEnteredFormat(backgroundColor))),"
    "columnMetadata(developerMetadata(metadataId,metadataKey,metadataValue))))"
)
"""The field mask of the read of our tabs."""
OVERVIEW_FIELDS = "sheets(properties(sheetId,title),charts(chartId),developerMetadata(metadataKey))"
"""The field mask of the read of everybody's tabs, by name alone: where one of ours is, or may be, missing."""

_SHADE = 1 / 255
"""Colours come back as 8-bit values."""


@dataclass(frozen=True, slots=True)
class HandEdit:
    """A managed cell that does not hold what was written into it, and is restored."""

    tab: str
    cell: str
    held: Value

    def __str__(self) -> str:
        content = "nothing" if self.held is None else f"“{self.held}”"
        return f"{self.tab}!{self.cell} held {content}"


@dataclass(frozen=True, slots=True)
class HeldTab:
    """A tab of ours as it is. `columns` and `keys` are by index, None where it isn't ours."""

    sheet_id: int
    title: str
    row_count: int
    frozen_rows: int
    chart: int | None
    columns: list[str | None]
    column_metadata: dict[int, int]
    keys: list[str | None]
    checksums: list[list[str]]
    values: list[list[Value]]
    touched: list[set[int]]
    """By row, the columns in which there is a value, a note or a background."""
    remarked: list[set[int]]
    """By row, the columns in which there is a note or a background: surely a person's."""

    def value(self, row: int, column: int) -> Value:
        values = self.values[row] if row < len(self.values) else []
        return values[column] if column < len(values) else None

    def foreign_columns(self) -> set[int]:
        return {index for index, name in enumerate(self.columns) if name is None}

    def has_remarks(self, row: int) -> bool:
        """Whether officers keep something in this row: a value in a column of theirs, a note, a background."""
        if row >= len(self.touched):
            return False
        return bool(self.remarked[row] or self.touched[row] & self.foreign_columns())

    def was_left(self, row: int) -> bool:
        """Whether the row has stayed for the officers' sake, not listed any more: its mark is of the label alone."""
        return len(self.checksums[row]) == 1

    def former_labels(self, column: str, labels: Mapping[str, Content]) -> set[str]:
        """What was written into the first column, `column`, of rows that have another of these labels now, by key."""
        place = self.columns.index(column) if column in self.columns else len(self.columns)
        found = set()
        for row, key in enumerate(self.keys):
            value = self.value(row, place)
            is_as_written = self.checksums[row][:1] == [checksum(value)]
            if isinstance(value, str) and is_as_written and key and value != labels.get(key, value):
                found.add(value)
        return found

    def hand_edits(self, keys: Collection[str]) -> list[HandEdit]:
        """The cells of the rows of these keys that hold something else than was written into them."""
        found = []
        for row, key in enumerate(self.keys):
            if key is None or key not in keys:
                continue
            written = dict(zip(self._written_columns(), self.checksums[row], strict=False))
            for column, expected in written.items():
                value = self.value(row, column)
                if checksum(value) != expected:
                    found.append(HandEdit(self.title, f"{column_letters(column)}{row + 1}", value))
        return found

    def _written_columns(self) -> list[int]:
        return [index for index, name in enumerate(self.columns) if name not in (None, KEY_COLUMN)]


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
    properties = sheet["properties"]
    grid = properties.get("gridProperties", {})
    data = (sheet.get("data") or [{}])[0]
    columns: list[str | None] = [None] * grid.get("columnCount", 0)
    column_metadata = {}
    for index, column in enumerate(data.get("columnMetadata", [])):
        for metadata in column.get("developerMetadata", []):
            name = metadata.get("metadataValue", "")
            if metadata["metadataKey"] == COLUMN_METADATA and name not in columns:
                columns[index] = name
                column_metadata[index] = metadata["metadataId"]
    key_column = columns.index(KEY_COLUMN) if KEY_COLUMN in columns else None
    row_count = grid.get("rowCount", 0)
    cells = [row.get("values", []) for row in data.get("rowData", [])]
    values = [[held_value(cell) for cell in row] for row in cells]
    remarked = [{i for i, cell in enumerate(row) if cell.get("note") or _is_coloured(cell)} for row in cells]
    touched = [{i for i, value in enumerate(row) if value is not None} for row in values]
    keys: list[str | None] = [None] * row_count
    checksums: list[list[str]] = [[] for _ in range(row_count)]
    for index, row in enumerate(values):
        if key_column is not None and key_column < len(row):
            key, sums = read_mark(row[key_column])
            if key is not None and key not in keys:
                keys[index], checksums[index] = key, sums
    return HeldTab(
        sheet_id=sheet_id,
        title=properties["title"],
        row_count=row_count,
        frozen_rows=grid.get("frozenRowCount", 0),
        chart=_chart(sheet),
        columns=columns,
        column_metadata=column_metadata,
        keys=keys,
        checksums=checksums,
        values=values,
        touched=[one | other for one, other in zip(touched, remarked, strict=True)],
        remarked=remarked,
    )


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
    """Whether somebody gave the cell a background: any but that of our own header."""
    colour = cell.get("userEnteredFormat", {}).get("backgroundColor")
    if colour is None:
        return False
    ours = HEADER_LOOK["backgroundColorStyle"]["rgbColor"]
    return any(abs(colour.get(part, 0.0) - ours[part]) > _SHADE for part in ours)


def column_letters(index: int) -> str:
    """`A` for 0, `AA` for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
