"""Charts as inline SVG: line, area, column and bar charts, detailed enough for a person to read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

from .areas import Area
from .canonical import hex_colour
from .errors import ApiError, Json
from .formats import number_text
from .reading import Reader
from .scalars import is_number

COLOURS = ("#4285f4", "#ea4335", "#fbbc04", "#34a853", "#ff6d01", "#46bdc6")
TOP, RIGHT, BOTTOM, LEFT = 48, 20, 44, 76
CHARACTER = 6.2
MAX_LABELS, MAX_LABEL = 12, 24


@dataclass(frozen=True)
class Series:
    name: str
    values: list[float | None]
    colour: str
    kind: str


def draw(reader: Reader, spec: Json, width: int, height: int) -> Markup:
    """The chart of a ChartSpec. A kind that can't be drawn shows its title and says so."""
    parts = [_text(width / 2, 24, spec.get("title", ""), "middle", 'class="chart-title"')]
    basic = spec.get("basicChart")
    if basic is None:
        parts.append(_text(width / 2, height / 2, "This kind of chart is not drawn here.", "middle"))
    else:
        labels, series = _data(reader, basic)
        plot = _Plot(width, height, labels, series)
        parts += plot.bars() if basic.get("chartType") == "BAR" else plot.upright()
        parts += plot.legend() if basic.get("legendPosition") != "NO_LEGEND" else []
        parts += _axis_titles(basic, width, height)
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, spec.get("title", "Chart"), Markup("").join(parts)
    )


class _Plot:
    """The plotting area, and the scale of its values."""

    def __init__(self, width: int, height: int, labels: list[str], series: list[Series]) -> None:
        self.labels, self.series = labels, series
        self.left, self.right, self.top, self.bottom = LEFT, width - RIGHT, TOP, height - BOTTOM
        values = [value for each in series for value in each.values if value is not None]
        self.ticks = _ticks(min([0, *values]), max([0, *values]))

    def upright(self) -> list[Markup]:
        """Columns, lines and areas over a horizontal domain."""
        parts = []
        for tick in self.ticks:
            parts.append(_line(self.left, self.y(tick), self.right, self.y(tick)))
            parts.append(_text(self.left - 6, self.y(tick) + 4, number_text(tick, "#,##0.###"), "end"))
        step = ceil(len(self.labels) / MAX_LABELS) or 1
        for index, label in enumerate(self.labels):
            if index % step == 0:
                fitting = _shortened(label, int(self.band() * step / CHARACTER))
                parts.append(_text(self.x(index), self.bottom + 16, fitting, "middle"))
        columns = [each for each in self.series if each.kind in ("COLUMN", "COMBO", "")]
        for place, each in enumerate(columns):
            band = self.band() * 0.7 / len(columns)
            for index, value in enumerate(each.values):
                if value is not None:
                    left = self.x(index) - self.band() * 0.35 + place * band
                    parts.append(
                        _rect(left, self.y(max(value, 0)), band, abs(self.y(0) - self.y(value)), each.colour)
                    )
        for each in self.series:
            if each not in columns:
                parts += self._curve(each)
        return parts

    def bars(self) -> list[Markup]:
        """Bars to the right, the domain downwards."""
        parts = []
        self.left += int(CHARACTER * min(MAX_LABEL, max(map(len, self.labels), default=0))) - LEFT // 2
        for tick in self.ticks:
            x = self._across(tick)
            parts += [
                _line(x, self.top, x, self.bottom),
                _text(x, self.bottom + 16, number_text(tick, "#,##0.###"), "middle"),
            ]
        slot = (self.bottom - self.top) / max(1, len(self.labels))
        for index, label in enumerate(self.labels):
            middle = self.top + slot * (index + 0.5)
            parts.append(_text(self.left - 6, middle + 4, _shortened(label, MAX_LABEL), "end"))
            for place, each in enumerate(self.series):
                value = each.values[index] if index < len(each.values) else None
                if value is not None:
                    thick = slot * 0.7 / len(self.series)
                    start, end = sorted((self._across(0), self._across(value)))
                    y = middle - slot * 0.35 + place * thick
                    parts.append(_rect(start, y, end - start, thick, each.colour))
        return parts

    def legend(self) -> list[Markup]:
        if len(self.series) < 2 and not any(each.name for each in self.series):
            return []
        parts, x = [], float(self.left)
        for each in self.series:
            parts += [
                _rect(x, self.top - 16, 10, 10, each.colour),
                _text(x + 14, self.top - 7, each.name, "start"),
            ]
            x += 28 + 7 * len(each.name)
        return parts

    def x(self, index: int) -> float:
        return self.left + self.band() * (index + 0.5)

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)

    def band(self) -> float:
        return (self.right - self.left) / max(1, len(self.labels))

    def _across(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return self.left + (value - low) / (high - low) * (self.right - self.left)

    def _curve(self, series: Series) -> list[Markup]:
        points = [
            (self.x(index), self.y(value)) for index, value in enumerate(series.values) if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts = []
        if series.kind in ("AREA", "STEPPED_AREA") and points:
            base = self.y(0)
            outline = f"{points[0][0]:.1f},{base:.1f} {path} {points[-1][0]:.1f},{base:.1f}"
            parts.append(
                Markup('<polygon points="{}" fill="{}" opacity=".25"/>').format(outline, series.colour)
            )
        if series.kind != "SCATTER":
            markup = Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="2"/>')
            parts.append(markup.format(path, series.colour))
        if series.kind == "SCATTER" or len(points) <= MAX_LABELS:
            circle = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>')
            parts += [circle.format(x, y, series.colour) for x, y in points]
        return parts


def _data(reader: Reader, basic: Json) -> tuple[list[str], list[Series]]:
    """The labels of the domain, and the series; header rows give the names."""
    headers = basic.get("headerCount", 0)
    domains = basic.get("domains", [])
    labels = [text for text, _ in _cells(reader, domains[0].get("domain", {}))][headers:] if domains else []
    series = []
    for place, each in enumerate(basic.get("series", [])):
        cells = _cells(reader, each.get("series", {}))
        name = " ".join(text for text, _ in cells[:headers])
        colour = hex_colour(each["colorStyle"]) if "colorStyle" in each else COLOURS[place % len(COLOURS)]
        kind = each.get("type") or basic.get("chartType", "")
        series.append(Series(name, [value for _, value in cells[headers:]], colour, kind))
    if not labels:
        labels = [str(number + 1) for number in range(max((len(each.values) for each in series), default=0))]
    return labels, series


def _cells(reader: Reader, data: Json) -> list[tuple[str, float | None]]:
    """Text and number of each cell of a ChartData. Hidden rows are skipped, which is Google's default."""
    found: list[tuple[str, float | None]] = []
    for source in data.get("sourceRange", {}).get("sources", []):
        area = Area.of(source)
        try:
            sheet = reader.book.sheet(area.sheet)
            box = sheet.box(area)
        except ApiError:
            continue
        for row in box.rows:
            if sheet.lines["ROWS"][row].get("hiddenByUser"):
                continue
            for column in box.columns:
                value = reader.evaluator.value(sheet, row, column)
                text = reader.formatted_value(sheet, row, column) or ""
                found.append((text, float(value) if is_number(value) else None))
    return found


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers that reach from `low` to `high`."""
    if high == low:
        high = low + 1
    rough = (high - low) / 5
    size = 10 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    return [step * number for number in range(floor(low / step), ceil(high / step) + 1)]


def _axis_titles(basic: Json, width: int, height: int) -> Sequence[Markup]:
    parts = []
    for axis in basic.get("axis", []):
        if axis.get("position") == "BOTTOM_AXIS":
            parts.append(_text(width / 2, height - 8, axis.get("title", ""), "middle"))
        elif axis.get("position") == "LEFT_AXIS":
            turned = f'transform="rotate(-90 14 {height / 2:.0f})"'
            parts.append(_text(14, height / 2, axis.get("title", ""), "middle", turned))
    return parts


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: max(0, length - 1)] + "…"


def _text(x: float, y: float, text: str, anchor: str, attributes: str = "") -> Markup:
    markup = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" {}>{}</text>')
    return markup.format(x, y, anchor, Markup(attributes), escape(text))


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#e3e5e8"/>').format(
        x1, y1, x2, y2
    )


def _rect(x: float, y: float, width: float, height: float, colour: str) -> Markup:
    markup = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>')
    return markup.format(x, y, width, height, colour)
