"""The requests that make a tab: its sheet, columns, looks, warning, highlights and chart. Pure.

Looks are set once, when a tab, a row or a column is made. After that they are the officers' to change.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby

from sheets_sync.cells import BLOCK, HEADER_LOOK, LOOKS, TITLE, TONES, Json, cell_json
from sheets_sync.held import (
    CHART_METADATA,
    COLUMN_METADATA,
    KEPT_METADATA,
    LOOKS_METADATA,
    ROW_METADATA,
    TAB_METADATA,
    HeldTab,
)
from sheets_sync.layout import Layout, column_letters
from sheets_sync.tabs import HEADER, Content, Highlight, Link, Row, Tab, Tone
from sheets_sync.writing import Cell, write_requests

LOOKS_VERSION = 1
"""The version of what stands out in our tabs. What a new version adds comes to tabs that exist; what officers have
changed of the rest stays."""
_MARKS_SINCE = 1
ROOM_FOR_CHART = 20
"""Rows below the progress that the chart covers."""
_WORTH = 4
"""How many times as many rows of a column have to say the same as others, so that it is shorter to write it so."""


@dataclass
class Names:
    """The ids and titles that are taken in the spreadsheet, including those given out here."""

    ids: set[int] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)

    def free_id(self) -> int:
        """An id for a new sheet or chart, so that the batch that makes it can refer to it."""
        found = next(number for number in count(1) if number not in self.ids)
        self.ids.add(found)
        return found

    def free_title(self, title: str) -> str:
        """The title, with a number after it if it is taken. Sheets ignores case when it compares titles."""
        taken = {other.casefold() for other in self.titles}
        numbered = (f"{title} {number}" for number in count(2))
        found = (
            title if title.casefold() not in taken else next(t for t in numbered if t.casefold() not in taken)
        )
        self.titles.add(found)
        return found


def make(layout: Layout, sheet_id: int, title: str) -> list[Json]:
    """Everything of a new tab except the chart."""
    tab, width = layout.tab, len(layout.columns)
    spare = ROOM_FOR_CHART if tab.id == "progress" else 1  # a sheet must have a row that isn't frozen
    grid = {
        "rowCount": len(layout.rows) + spare,
        "columnCount": width,
        "frozenRowCount": tab.header_index + 1,
        "frozenColumnCount": 1,
    }
    properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid, "hidden": tab.is_charted}
    ours = {"sheetId": sheet_id, "startColumnIndex": 0, "endColumnIndex": width}
    warning = {
        "range": ours,
        "description": "Kept by Muster: what is typed here is undone",
        "warningOnly": True,
    }
    return [
        {"addSheet": {"properties": properties}},
        _metadata(TAB_METADATA, f"{tab.id}:{sheet_id}", {"sheetId": sheet_id}),
        *(column_metadata(sheet_id, place, name) for place, name in enumerate(layout.identities)),
        *(column_size(layout, sheet_id, place, place) for place in range(width)),
        *(row_metadata(sheet_id, index, row.key) for index, row in _known_by_metadata(tab)),
        *_values(layout, sheet_id),
        *_looks(layout, sheet_id),
        {"addProtectedRange": {"protectedRange": warning}},
        *_rules(layout, sheet_id, -1),
        _metadata(LOOKS_METADATA, str(LOOKS_VERSION), {"sheetId": sheet_id}),
    ]


def later_looks(layout: Layout, held: HeldTab) -> list[Json]:
    """What stands out in tabs of this version, and not yet in this one. The rules that it has are the officers' now."""
    if held.looks >= LOOKS_VERSION:
        return []
    version = str(LOOKS_VERSION)
    if held.looks_id is None:
        note = _metadata(LOOKS_METADATA, version, {"sheetId": held.sheet_id})
    else:
        note = _new_value(held.looks_id, version)
    return [*_rules(layout, held.sheet_id, held.looks), note]


def _rules(layout: Layout, sheet_id: int, looks: int) -> list[Json]:
    """By which rows, cells and heads stand out: those that are newer than this version of the looks."""
    newer = [highlight for highlight in layout.tab.highlights if highlight.since > looks]
    rules = [_highlight(layout, sheet_id, highlight, order) for order, highlight in enumerate(newer)]
    return [*rules, *(_marked_columns(layout, sheet_id, len(newer)) if looks < _MARKS_SINCE else [])]


def _known_by_metadata(tab: Tab) -> Iterable[tuple[int, Row]]:
    return () if tab.is_by_position else enumerate(tab.title_block)


def _values(layout: Layout, sheet_id: int) -> Iterator[Json]:
    """What all cells hold. Where nearly all rows of a column say the same, it is said once, and then the exceptions: of
    a thousand commanders most have most milestones."""
    rows, listed = layout.rows, range(len(layout.rows))[layout.listed]
    common: dict[int, Content] = {}
    for place in range(len(layout.columns)):
        counted = Counter(rows[index].cells[place] for index in listed)
        content, times = counted.most_common(1)[0] if counted else (None, 0)
        if content is not None and times > _WORTH * (len(listed) - times + 1):
            common[place] = content
            area = {"sheetId": sheet_id, "startRowIndex": listed.start, "endRowIndex": listed.stop}
            area |= {"startColumnIndex": place, "endColumnIndex": place + 1}
            cell, fields = cell_json(content, None), "userEnteredValue"
            yield {"repeatCell": {"range": area, "cell": cell, "fields": fields}}
    cells = [
        Cell(index, place, value) for index, row in enumerate(rows) for place, value in enumerate(row.cells)
    ]
    others = [cell for cell in cells if cell.column not in common or cell.row not in listed]
    yield from write_requests(sheet_id, others)
    exceptions = [cell for cell in cells if cell.column in common and cell.row in listed]
    yield from write_requests(sheet_id, [cell for cell in exceptions if cell.content != common[cell.column]])


def _looks(layout: Layout, sheet_id: int) -> list[Json]:
    """The looks of all cells as few rectangles: given for each cell, they would take as many bytes as the values."""
    bands: list[tuple[Json, Json]] = []
    beside: dict[tuple[int, int], tuple[Json, Json]] = {}
    for column in range(len(layout.columns)):
        start, here = 0, {}
        for look, alike in groupby(look_of(layout, row, column) for row in layout.rows):
            end = start + len(list(alike))
            area, other = beside.get((start, end), ({}, {}))
            if look and look == other:
                area["endColumnIndex"] = column + 1
            elif look:
                area = {"sheetId": sheet_id, "startRowIndex": start, "endRowIndex": end}
                area |= {"startColumnIndex": column, "endColumnIndex": column + 1}
                bands.append((area, look))
            here[start, end] = area, look
            start = end
        beside = here
    fields = "userEnteredFormat,dataValidation"
    return [{"repeatCell": {"range": area, "cell": look, "fields": fields}} for area, look in bands]


def column_metadata(sheet_id: int, index: int, identity: str) -> Json:
    """What a column is found again by."""
    return _metadata(COLUMN_METADATA, identity, {"dimensionRange": _line(sheet_id, "COLUMNS", index)})


def row_metadata(sheet_id: int, index: int, key: str) -> Json:
    """What a row of the title block is found again by."""
    return _metadata(ROW_METADATA, key, {"dimensionRange": _line(sheet_id, "ROWS", index)})


def column_size(layout: Layout, sheet_id: int, index: int, place: int) -> Json:
    """The width of a column that is new at this index, or that it is hidden."""
    if layout.is_hidden(place):
        return hide_column(sheet_id, index)
    properties = {"pixelSize": layout.columns[place].width, "hiddenByUser": False}
    area = _line(sheet_id, "COLUMNS", index)
    size = {"range": area, "properties": properties, "fields": "pixelSize,hiddenByUser"}
    return {"updateDimensionProperties": size}


def hide_column(sheet_id: int, index: int) -> Json:
    area = _line(sheet_id, "COLUMNS", index)
    hidden = {"range": area, "properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
    return {"updateDimensionProperties": hidden}


def rename_column(metadata_id: int, identity: str) -> Json:
    """What the column is found by from now on, wherever it is."""
    return _new_value(metadata_id, identity)


def _new_value(metadata_id: int, value: str) -> Json:
    new = {"metadataValue": value}
    filters = [_lookup(metadata_id)]
    return {
        "updateDeveloperMetadata": {
            "dataFilters": filters,
            "developerMetadata": new,
            "fields": "metadataValue",
        }
    }


def drop_metadata(metadata_id: int) -> Json:
    return {"deleteDeveloperMetadata": {"dataFilter": _lookup(metadata_id)}}


def kept_request(sheet_id: int, metadata_id: int | None, value: str) -> Json:
    """Says who keeps a tab, if nothing says so yet in new metadata."""
    if metadata_id is None:
        return _metadata(KEPT_METADATA, value, {"sheetId": sheet_id})
    return _new_value(metadata_id, value)


def uncolour(sheet_id: int, start: int, end: int, first_column: int) -> Json:
    """Takes from new rows the backgrounds of their neighbours, from a column on: Google gives them to inserted rows."""
    area = {"sheetId": sheet_id, "startRowIndex": start, "endRowIndex": end, "startColumnIndex": first_column}
    return {"repeatCell": {"range": area, "cell": {}, "fields": "userEnteredFormat.backgroundColorStyle"}}


def freeze(sheet_id: int, rows: int) -> Json:
    properties = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": rows}}
    return {"updateSheetProperties": {"properties": properties, "fields": "gridProperties.frozenRowCount"}}


def look_of(layout: Layout, row: Row, place: int) -> Json:
    """How a new cell looks, as fields of a cell."""
    look = _format_of(layout, row, place)
    return ({"userEnteredFormat": look} if look else {}) | box_of(row.cells[place])


def box_of(content: Content) -> Json:
    """What makes a cell a check box, on a phone too, as a field of the cell; nothing if it is none."""
    is_box = isinstance(content, bool)
    return {"dataValidation": {"condition": {"type": "BOOLEAN"}, "strict": True}} if is_box else {}


def _format_of(layout: Layout, row: Row, place: int) -> Json:
    if layout.is_hidden(place):
        return {}
    if row.key == HEADER:
        return HEADER_LOOK
    if row.key.startswith("#"):
        return _look_in_title_block(layout, row, place)
    column = layout.columns[place]
    wrap = {"wrapStrategy": "WRAP"} if column.wraps else {}
    return LOOKS[column.kind] | {"verticalAlignment": "MIDDLE"} | wrap


def _look_in_title_block(layout: Layout, row: Row, place: int) -> Json:
    label, value = layout.shown[:2]
    if row.key == layout.rows[0].key:
        return TITLE if place == label else {}
    content = row.cells[place]
    if isinstance(content, Link):
        return {"textFormat": {"link": {"uri": str(content)}}}
    return BLOCK | (LOOKS["time"] | {"horizontalAlignment": "LEFT"} if place == value else {})


def chart_requests(
    layouts: Sequence[Layout],
    held: Mapping[str, HeldTab],
    sheet_ids: Mapping[str, int],
    reshaped: Collection[str],
    names: Names,
) -> list[Json]:
    """The chart on `IMS Progress`: made with that tab, and updated when the rows or columns of its numbers change.

    A chart that officers have deleted stays deleted.
    """
    charted = next((layout for layout in layouts if layout.tab.is_charted), None)
    if charted is None:
        return []
    shown = next(layout for layout in layouts if layout.tab.id == "progress")
    host = shown.tab
    spec = _chart_spec(charted, sheet_ids[charted.tab.id])
    if host.id not in held:
        chart_id, sheet_id = names.free_id(), sheet_ids[host.id]
        anchor = {"sheetId": sheet_id, "rowIndex": len(host.all_rows) + 1}
        anchor["columnIndex"] = shown.shown[1]  # not across the freeze, nor in a hidden column
        position = {"overlayPosition": {"anchorCell": anchor, "widthPixels": 760, "heightPixels": 340}}
        return [
            {"addChart": {"chart": {"chartId": chart_id, "spec": spec, "position": position}}},
            _metadata(CHART_METADATA, str(chart_id), {"sheetId": sheet_id}),
        ]
    chart = held[host.id].chart
    if chart is not None and charted.tab.id in reshaped:
        return [{"updateChartSpec": {"chartId": chart, "spec": spec}}]
    return []


def _chart_spec(layout: Layout, sheet_id: int) -> Json:
    header = layout.tab.header_index

    def source(column: int) -> Json:
        area = {
            "sheetId": sheet_id,
            "startRowIndex": header,
            "endRowIndex": max(len(layout.rows), header + 2),
            "startColumnIndex": column,
            "endColumnIndex": column + 1,
        }
        return {"sourceRange": {"sources": [area]}}

    time, *numbers = layout.shown
    series = [{"series": source(column), "targetAxis": "LEFT_AXIS"} for column in numbers]
    axes = [{"position": "BOTTOM_AXIS", "title": "Time"}, {"position": "LEFT_AXIS", "title": "Points"}]
    chart = {
        "chartType": "LINE",
        "legendPosition": "BOTTOM_LEGEND",
        "headerCount": 1,
        "axis": axes,
        "domains": [{"domain": source(time)}],
        "series": series,
    }
    return {"title": "Points over time", "basicChart": chart, "hiddenDimensionStrategy": "SHOW_ALL"}


def _highlight(layout: Layout, sheet_id: int, highlight: Highlight, order: int) -> Json:
    """For the column from top to bottom, so that it works wherever rows are later. Above the data, nothing but
    the heading stands in such a column."""
    column = layout.place(highlight.column)
    first, end = (0, layout.shown[-1] + 1) if highlight.whole_row else (column, column + 1)
    area = {"sheetId": sheet_id, "startColumnIndex": first, "endColumnIndex": end}
    cell = f"${column_letters(column)}1"
    if highlight.words is None:
        return _rule(area, f'=AND({cell}<>"",{cell}<>"{highlight.column}")', highlight.tone, order)
    return _rule(area, f'={cell}="{highlight.words}"', highlight.tone, order)


def _marked_columns(layout: Layout, sheet_id: int, order: int) -> list[Json]:
    """The rule by which the heads of columns stand out that the first row marks."""
    if layout.tab.marks is None:
        return []
    area = {"sheetId": sheet_id, "startRowIndex": 0, "endRowIndex": layout.tab.header_index + 1}
    return [_rule(area, f'=A$1="{layout.tab.marks}"', "today", order)]


def _rule(area: Json, formula: str, tone: Tone, order: int) -> Json:
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}
    rule = {"ranges": [area], "booleanRule": {"condition": condition, "format": TONES[tone]}}
    return {"addConditionalFormatRule": {"rule": rule, "index": order}}


def _metadata(key: str, value: str, location: Json) -> Json:
    metadata = {"metadataKey": key, "metadataValue": value, "location": location, "visibility": "DOCUMENT"}
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _line(sheet_id: int, dimension: str, index: int) -> Json:
    return {"sheetId": sheet_id, "dimension": dimension, "startIndex": index, "endIndex": index + 1}


def _lookup(metadata_id: int) -> Json:
    return {"developerMetadataLookup": {"metadataId": metadata_id}}
