"""The page that shows a spreadsheet as a person would see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, product, takewhile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .a1 import box_name, cell_name, letters
from .areas import Area, Box, Dimension
from .book import EMPTY, Book, Sheet
from .canonical import hex_colour
from .charts import draw
from .conditions import merged
from .errors import Json
from .reading import Reader
from .scalars import Error, display, is_number
from .validation import is_box, is_ticked

REFRESH_SECONDS = 5
MAX_ROWS = 1000
HEADER_HEIGHT, NUMBER_WIDTH = 24, 46
# How many rows and columns are shown besides the used ones, as far as the grid goes.
SPARE: dict[Dimension, tuple[int, int]] = {"ROWS": (6, 24), "COLUMNS": (2, 10)}


@dataclass
class Cell:
    """One cell of the page, spanning what it is merged with."""

    name: str
    text: str
    style: str
    classes: str
    note: str | None
    link: str | None
    entered: str | None
    """What was typed, if that is not the text."""
    ticked: bool | None
    """None if it is no check box."""
    rowspan: int
    colspan: int
    charts: list[Markup]


@dataclass
class Line:
    """A row, or a column's heading."""

    label: str
    size: int
    frozen: str = ""
    cells: list[Cell] = field(default_factory=list)


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def index(books: Iterable[Book]) -> str:
    """The list of all spreadsheets."""
    return (
        _templates()
        .get_template("index.html")
        .render(books=sorted(books, key=lambda book: book.title.casefold()))
    )


def shown_tab(book: Book, query: Mapping[str, str]) -> Sheet:
    """The tab that `gid` names, or the first visible one."""
    return next((each for each in book.visible() if str(each.id) == query.get("gid")), book.visible()[0])


def sheet(
    book: Book, query: Mapping[str, str], form: Mapping[str, str] = EMPTY, problem: str | None = None
) -> str:
    """One tab. `refresh=0` stops reloading. After an act that was refused, `form` and `problem` tell of it."""
    shown = shown_tab(book, query)
    refreshing = query.get("refresh") != "0"
    grid = _Grid(Reader(book), shown, all_rows=query.get("rows") == "all")

    def address(**changes: str) -> str:
        return "?" + urlencode(
            {"gid": str(shown.id)} | {k: query[k] for k in ("refresh", "rows") if k in query} | changes
        )

    return (
        _templates()
        .get_template("sheet.html")
        .render(
            book=book,
            shown=shown,
            tabs=[(each, address(gid=str(each.id)), _tab_colour(each)) for each in book.visible()],
            refresh=REFRESH_SECONDS if refreshing else None,
            toggle=address(refresh="0" if refreshing else "1"),
            here=address(),
            form=form,
            problem=problem,
            everything=address(rows="all"),
            columns=grid.column_lines,
            rows=grid.row_lines(),
            left_out=grid.left_out,
            width=NUMBER_WIDTH + sum(line.size for line in grid.column_lines),
            protected=[_protection(shown, each) for each in shown.parts.get("protectedRanges", [])],
            gridlines=not shown.properties["gridProperties"].get("hideGridlines"),
        )
    )


class _Span(NamedTuple):
    """What one cell of the page shows, and where. It spans more than one row or column if cells are merged."""

    row: int
    column: int
    """The cell whose content shows: the first of a merge, even if its row or column is hidden."""
    rows: list[int]
    columns: list[int]
    """The visible columns that it takes on the page."""


class _Grid:
    """The visible part of a sheet's grid."""

    def __init__(self, reader: Reader, sheet: Sheet, all_rows: bool) -> None:
        self.reader, self.sheet = reader, sheet
        self.formats = reader.formats(sheet)
        last_row, last_column = _extent(sheet)
        rows = min(max(last_row + SPARE["ROWS"][0], SPARE["ROWS"][1]), sheet.size("ROWS"))
        columns = min(max(last_column + SPARE["COLUMNS"][0], SPARE["COLUMNS"][1]), sheet.size("COLUMNS"))
        self.left_out = 0 if all_rows else max(0, rows - MAX_ROWS)
        self.rows = self._visible("ROWS", rows - self.left_out)
        self.columns = self._visible("COLUMNS", columns)
        self.merges = [sheet.box(Area.of(merge)) for merge in sheet.parts.get("merges", [])]
        self.charts = _charts(reader, sheet)
        self.row_offsets = self._offsets("ROWS", self.rows, HEADER_HEIGHT, "top")
        self.column_offsets = self._offsets("COLUMNS", self.columns, NUMBER_WIDTH, "left")
        self.column_lines = [
            Line(
                letters(column),
                sheet.lines["COLUMNS"][column]["pixelSize"],
                self.column_offsets.get(column, ""),
            )
            for column in self.columns
        ]

    def row_lines(self) -> list[Line]:
        covered: set[tuple[int, int]] = set()
        lines = []
        for row in self.rows:
            frozen = self.row_offsets.get(row, "")
            line = Line(str(row + 1), self.sheet.lines["ROWS"][row]["pixelSize"], frozen)
            for column in self.columns:
                if (row, column) not in covered:
                    span = self._span(row, column)
                    covered.update(product(span.rows, span.columns))
                    line.cells.append(self._cell(span))
            lines.append(line)
        return lines

    def _span(self, row: int, column: int) -> _Span:
        """The span of a visible cell: the cell itself, or the visible part of its merge."""
        for merge in self.merges:
            if row in merge.rows and column in merge.columns:
                rows = [each for each in self.rows if each in merge.rows]
                columns = [each for each in self.columns if each in merge.columns]
                return _Span(merge.top, merge.left, rows, columns)
        return _Span(row, column, [row], [column])

    def _cell(self, span: _Span) -> Cell:
        row, column = span.row, span.column
        own = self.sheet.cells[row][column]
        text = self.reader.formatted_value(self.sheet, row, column) or ""
        look = self._look(span)
        frozen = self.row_offsets.get(span.rows[0], "") + self.column_offsets.get(span.columns[0], "")
        classes = self._classes(span, text, look)
        return Cell(
            name=cell_name(row, column),
            text=text,
            style=_css(look) + frozen + (self._clip(span) if "spill" in classes else ""),
            classes=" ".join(classes),
            note=own.get("note"),
            link=self.reader.hyperlink(self.sheet, row, column),
            entered=_entered(own, text),
            ticked=is_ticked(own) if is_box(own) else None,
            rowspan=len(span.rows),
            colspan=len(span.columns),
            charts=self.charts.get((row, column), []),
        )

    def _look(self, span: _Span) -> Json:
        """The format that shows, without defaults. A merge takes its far borders from its last visible cell."""
        look: Json = EMPTY
        for layer in self.formats.layers(span.row, span.column):
            look = merged(look, layer)
        if len(span.rows) > 1 or len(span.columns) > 1:
            last = self.sheet.cells[span.rows[-1]][span.columns[-1]]
            borders = last.get("userEnteredFormat", EMPTY).get("borders", EMPTY)
            far = {side: border for side, border in borders.items() if side in ("right", "bottom")}
            look = merged(look, {"borders": far})
        return look

    def _classes(self, span: _Span, text: str, look: Json) -> list[str]:
        """What the style sheet needs to know about a cell."""
        value = self.reader.evaluator.value(self.sheet, span.row, span.column)
        wrap = look.get("wrapStrategy")
        marks = {
            "number": is_number(value),
            "centred": isinstance(value, bool | Error),
            "wrap": wrap in ("WRAP", "LEGACY_WRAP") or "\n" in text,
            "spill": text and not wrap and self._is_empty(span.row, span.columns[-1] + 1),
            "note": "note" in self.sheet.cells[span.row][span.column],
            "frozen-row": span.rows[0] in self.row_offsets,
            "frozen-column": span.columns[0] in self.column_offsets,
            "charted": (span.row, span.column) in self.charts,
        }
        return [name for name, holds in marks.items() if holds]

    def _clip(self, span: _Span) -> str:
        """How far to the right text may go on, as CSS: up to the next cell that holds something."""
        beyond = range(span.columns[-1] + 1, self.sheet.size("COLUMNS"))
        free = takewhile(lambda column: self._is_empty(span.row, column), beyond)
        shown = (self.sheet.lines["COLUMNS"][column] for column in free if column in self.columns)
        return f"clip-path:inset(0 -{sum(line['pixelSize'] for line in shown)}px 0 0);"

    def _is_empty(self, row: int, column: int) -> bool:
        cells = self.sheet.cells[row]
        return column >= len(cells) or "userEnteredValue" not in cells[column]

    def _visible(self, dimension: Dimension, count: int) -> list[int]:
        lines = self.sheet.lines[dimension]
        return [index for index in range(count) if not lines[index].get("hiddenByUser")]

    def _offsets(self, dimension: Dimension, visible: list[int], start: int, side: str) -> dict[int, str]:
        """Where frozen lines stick, as CSS."""
        frozen = [index for index in visible if index < self.sheet.frozen(dimension)]
        sizes = [self.sheet.lines[dimension][index]["pixelSize"] for index in frozen]
        places = accumulate(sizes, initial=start)
        return {index: f"{side}:{place}px;" for index, place in zip(frozen, places, strict=False)}


def _entered(cell: Json, shown: str) -> str | None:
    entered = cell.get("userEnteredValue", EMPTY)
    text = entered.get("formulaValue") or display(next(iter(entered.values()), None))
    return None if text == shown else text


def _extent(sheet: Sheet) -> tuple[int, int]:
    """The number of rows and columns that hold anything worth showing."""
    used = sheet.used()
    rows, columns = (used.bottom, used.right) if used else (0, 0)
    for chart in sheet.parts.get("charts", []):
        anchor = chart["position"]["overlayPosition"]["anchorCell"]
        rows, columns = (
            max(rows, anchor.get("rowIndex", 0) + 18),
            max(columns, anchor.get("columnIndex", 0) + 6),
        )
    for merge in sheet.parts.get("merges", []):
        rows, columns = max(rows, merge["endRowIndex"]), max(columns, merge["endColumnIndex"])
    return rows, columns


def _charts(reader: Reader, sheet: Sheet) -> dict[tuple[int, int], list[Markup]]:
    """The charts by the cell that they are anchored to."""
    found: dict[tuple[int, int], list[Markup]] = {}
    for chart in sheet.parts.get("charts", []):
        place = chart["position"]["overlayPosition"]
        anchor = place["anchorCell"]
        x, y = place.get("offsetXPixels", 0), place.get("offsetYPixels", 0)
        width, height = place["widthPixels"], place["heightPixels"]
        drawing = Markup(
            '<div class="chart" style="left:{}px;top:{}px;width:{}px;height:{}px">{}</div>'
        ).format(x, y, width, height, draw(reader, chart["spec"], width, height))
        found.setdefault((anchor.get("rowIndex", 0), anchor.get("columnIndex", 0)), []).append(drawing)
    return found


def _css(look: Json) -> str:
    """A CellFormat as CSS. The style sheet decides what is not set."""
    rules = []
    if "backgroundColorStyle" in look:
        rules.append(f"background-color:{hex_colour(look['backgroundColorStyle'])}")
    text = look.get("textFormat", EMPTY)
    if "foregroundColorStyle" in text:
        rules.append(f"color:{hex_colour(text['foregroundColorStyle'])}")
    if "bold" in text:
        rules.append(f"font-weight:{'bold' if text['bold'] else 'normal'}")
    if text.get("italic"):
        rules.append("font-style:italic")
    if lines := [
        css for name, css in (("underline", "underline"), ("strikethrough", "line-through")) if text.get(name)
    ]:
        rules.append(f"text-decoration:{' '.join(lines)}")
    if "fontSize" in text:
        rules.append(f"font-size:{text['fontSize']}pt")
    if "mono" in text.get("fontFamily", "").lower():
        rules.append("font-family:ui-monospace,monospace")
    if "horizontalAlignment" in look:
        rules.append(f"text-align:{look['horizontalAlignment'].lower()}")
    if "verticalAlignment" in look:
        rules.append(f"vertical-align:{look['verticalAlignment'].lower()}")
    styles = {
        "DASHED": "dashed 1px",
        "DOTTED": "dotted 1px",
        "DOUBLE": "double 3px",
        "SOLID_MEDIUM": "solid 2px",
    }
    for side, border in look.get("borders", EMPTY).items():
        style = styles.get(
            border.get("style"), "solid 3px" if border.get("style") == "SOLID_THICK" else "solid 1px"
        )
        rules.append(f"border-{side}:{style} {hex_colour(border.get('colorStyle', EMPTY))}")
    return "".join(f"{rule};" for rule in rules)


def _tab_colour(sheet: Sheet) -> str | None:
    style = sheet.properties.get("tabColorStyle")
    return style and hex_colour(style)


def _protection(sheet: Sheet, protected: Json) -> str:
    """A protected range in words."""
    area = Area.of(protected["range"])
    whole = area == Area(sheet.id)
    box: Box = sheet.box(area)
    where = "The whole tab" if whole else box_name(sheet.title, box).rpartition("!")[2]
    what = "asks before an edit" if protected.get("warningOnly") else "is protected"
    description = protected.get("description")
    return f"{where} {what}" + (f": {description}" if description else "")
