"""The format that a cell finally has: defaults, its own format, banding and conditional formats."""

import re
from collections.abc import Iterator
from itertools import pairwise

from .areas import Area
from .book import EMPTY, Book, Sheet
from .canonical import colour, hex_colour
from .errors import Json
from .formulas import Evaluator
from .scalars import Error, Value, display, is_number

DEFAULT_FORMAT: Json = {
    "backgroundColor": {"red": 1, "green": 1, "blue": 1},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {},
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": {}},
    },
    "backgroundColorStyle": {"rgbColor": {"red": 1, "green": 1, "blue": 1}},
}


class Formats:
    """Effective formats of one sheet at one moment."""

    def __init__(self, book: Book, sheet: Sheet, evaluator: Evaluator) -> None:
        self.sheet = sheet
        self.evaluator = evaluator
        self.default: Json = book.parts["properties"]["defaultFormat"]
        self.rules = [
            (rule, [Area.of(value) for value in rule["ranges"]])
            for rule in sheet.parts.get("conditionalFormats", [])
        ]
        self.bands = [(band, Area.of(band["range"])) for band in sheet.parts.get("bandedRanges", [])]
        self._known: dict[tuple[int, ...], tuple[list[Json], Json]] = {}

    def effective(self, row: int, column: int) -> Json:
        """The CellFormat that shows. Later layers win; among conditional rules, the first that holds wins.

        Cells with the same layers share one result.
        """
        layers = list(self.layers(row, column))
        key = tuple(map(id, layers))
        if key not in self._known:
            result = merged(self.default, {"hyperlinkDisplayType": "PLAIN_TEXT"})
            for layer in layers:
                result = merged(result, layer)
            self._known[key] = layers, result
        return self._known[key][1]

    def layers(self, row: int, column: int) -> Iterator[Json]:
        for band, area in self.bands:
            if area.holds(row, column) and (background := _band(self.sheet, band, area, row, column)):
                yield {
                    "backgroundColor": background.get("rgbColor", EMPTY),
                    "backgroundColorStyle": background,
                }
        if own := self.sheet.cells[row][column].get("userEnteredFormat"):
            yield own
        for rule, areas in reversed(self.rules):
            if any(area.holds(row, column) for area in areas) and (
                layer := self._rule(rule, areas, row, column)
            ):
                yield layer

    def _rule(self, rule: Json, areas: list[Area], row: int, column: int) -> Json | None:
        if "gradientRule" in rule:
            return self._gradient(rule["gradientRule"], areas, row, column)
        boolean = rule["booleanRule"]
        origin = (min(area.top or 0 for area in areas), min(area.left or 0 for area in areas))
        holds = self.holds(boolean["condition"], row, column, origin)
        found: Json = boolean.get("format", EMPTY)
        return found if holds else None

    def holds(self, condition: Json, row: int, column: int, origin: tuple[int, int]) -> bool:
        """Whether a BooleanCondition holds for a cell; relative references count from `origin`."""
        value = self.evaluator.value(self.sheet, row, column)
        offset = row - origin[0], column - origin[1]
        operands = [
            self._operand(each.get("userEnteredValue", ""), *offset) for each in condition.get("values", [])
        ]
        kind: str = condition["type"]
        if kind == "CUSTOM_FORMULA":
            return bool(operands) and not isinstance(operands[0], str | Error) and bool(operands[0])
        if kind in ("BLANK", "NOT_BLANK"):
            return (value is None or value == "") == (kind == "BLANK")
        if kind.startswith("NUMBER_"):
            return _number_holds(kind, value, operands)
        return kind.startswith("TEXT_") and _text_holds(
            kind, display(value), [display(each) for each in operands]
        )

    def _operand(self, text: str, rows: int, columns: int) -> Value:
        if text.startswith("="):
            return self.evaluator.formula(text, self.sheet, rows, columns)
        try:
            return float(text)
        except ValueError:
            return text

    def _gradient(self, rule: Json, areas: list[Area], row: int, column: int) -> Json | None:
        value = self.evaluator.value(self.sheet, row, column)
        if not is_number(value):
            return None
        numbers = [number for area in areas for number in self._numbers(area)]
        points = [rule[name] for name in ("minpoint", "midpoint", "maxpoint") if name in rule]
        stops = [(_stop(point, numbers), point.get("colorStyle", {})) for point in points]
        for (low, one), (high, other) in pairwise(stops):
            if value <= high or other is stops[-1][1]:
                share = (value - low) / (high - low) if high > low else 1.0
                return _background(one, other, max(0.0, min(1.0, share)))
        return None

    def _numbers(self, area: Area) -> Iterator[float]:
        box = self.sheet.box(area)
        for row in box.rows:
            for column in box.columns:
                value = self.evaluator.value(self.sheet, row, column)
                if is_number(value):
                    yield value


def merged(below: Json, above: Json) -> Json:
    """`below` with what `above` sets; nested messages are merged, colours replaced."""
    result = dict(below)
    for name, value in above.items():
        nested = name in ("textFormat", "borders", "padding") and isinstance(result.get(name), dict)
        result[name] = merged(result[name], value) if nested else value
    return result


def _number_holds(kind: str, value: Value, operands: list[Value]) -> bool:
    limits = [each for each in operands if is_number(each)]
    if not is_number(value) or not limits or len(limits) < len(operands):
        return False
    tests = {
        "NUMBER_GREATER": value > limits[0],
        "NUMBER_GREATER_THAN_EQ": value >= limits[0],
        "NUMBER_LESS": value < limits[0],
        "NUMBER_LESS_THAN_EQ": value <= limits[0],
        "NUMBER_EQ": value == limits[0],
        "NUMBER_NOT_EQ": value != limits[0],
        "NUMBER_BETWEEN": limits[0] <= value <= limits[-1],
        "NUMBER_NOT_BETWEEN": not limits[0] <= value <= limits[-1],
    }
    return tests[kind]


def _text_holds(kind: str, text: str, operands: list[str]) -> bool:
    text, part = text.casefold(), operands[0].casefold() if operands else ""
    tests = {
        "TEXT_CONTAINS": part in text,
        "TEXT_NOT_CONTAINS": part not in text,
        "TEXT_STARTS_WITH": text.startswith(part),
        "TEXT_ENDS_WITH": text.endswith(part),
        "TEXT_EQ": text == part,
        "TEXT_NOT_EQ": text != part,
        "TEXT_IS_EMAIL": re.fullmatch(r"\S+@\S+\.\S+", text) is not None,
        "TEXT_IS_URL": re.fullmatch(r"https?://\S+", text) is not None,
    }
    return tests[kind]


def _band(sheet: Sheet, band: Json, area: Area, row: int, column: int) -> Json | None:
    for name, index, start, end in (
        ("rowProperties", row, area.top or 0, area.bottom or sheet.size("ROWS")),
        ("columnProperties", column, area.left or 0, area.right or sheet.size("COLUMNS")),
    ):
        if colours := band.get(name):
            if index == start and "headerColorStyle" in colours:
                found = "headerColorStyle"
            elif index == end - 1 and "footerColorStyle" in colours:
                found = "footerColorStyle"
            else:
                odd = (index - start - ("headerColorStyle" in colours)) % 2
                found = "secondBandColorStyle" if odd else "firstBandColorStyle"
            result: Json | None = colours.get(found)
            return result
    return None


def _stop(point: Json, numbers: list[float]) -> float:
    low, high = min(numbers), max(numbers)
    match point.get("type"):
        case "MIN":
            return low
        case "MAX":
            return high
        case "NUMBER":
            return float(point["value"])
        case _:
            return low + (high - low) * float(point.get("value", 50)) / 100


def _background(one: Json, other: Json, share: float) -> Json:
    first, last = (bytes.fromhex(hex_colour(each)[1:]) for each in (one, other))
    mixed = colour(*(round(a + (b - a) * share) for a, b in zip(first, last, strict=True)))
    return {"backgroundColor": mixed, "backgroundColorStyle": {"rgbColor": mixed}}
