"""Requests about the parts of a sheet besides its cells: merges, filters, protections, formats, charts."""

from typing import Any

from .areas import Area, Box
from .book import NOUNS, Book, Sheet, new_id
from .canonical import canonical
from .entry import with_value
from .errors import Json, invalid, unimplemented
from .masks import assign, for_writing


def merge_cells(book: Book, body: Json) -> Json:
    """Only the first cell of each merge keeps its value."""
    sheet, box = _box(book, body)
    _check_whole_merges(sheet, box)
    for dimension, noun in NOUNS.items():
        start, end = (box.top, box.bottom) if dimension == "ROWS" else (box.left, box.right)
        if start < sheet.frozen(dimension) < end:
            raise invalid(f"You can't merge frozen and non-frozen {noun}s.")
    merges = _without_merges_in(sheet, box)
    match body.get("mergeType", "MERGE_ALL"):
        case "MERGE_ROWS":
            boxes = [Box(sheet.id, row, row + 1, box.left, box.right) for row in box.rows]
        case "MERGE_COLUMNS":
            boxes = [Box(sheet.id, box.top, box.bottom, column, column + 1) for column in box.columns]
        case _:
            boxes = [box]
    for each in boxes:
        for row in each.rows:
            for column in each.columns:
                if (row, column) != (each.top, each.left) and sheet.cells[row][column]:
                    sheet.cells[row][column] = with_value(sheet.cells[row][column], "", "RAW")
    sheet.parts["merges"] = merges + [
        b.area().grid_range() for b in boxes if len(b.rows) * len(b.columns) > 1
    ]
    return {}


def unmerge_cells(book: Book, body: Json) -> Json:
    sheet, box = _box(book, body)
    _check_whole_merges(sheet, box)
    sheet.parts["merges"] = _without_merges_in(sheet, box)
    return {}


def set_basic_filter(book: Book, body: Json) -> Json:
    given = _filter(canonical("BasicFilter", body.get("filter", {})))
    if "tableId" in given:
        raise unimplemented("tables")
    sheet, box = _box(book, given)
    merges = [Area.of(merge) for merge in sheet.parts.get("merges", [])]
    if any(merge.bottom != (merge.top or 0) + 1 and merge.intersects(box.area()) for merge in merges):
        raise invalid("You can't create a filter over range containing vertical merges.")
    sheet.parts["basicFilter"] = given
    return {}


def clear_basic_filter(book: Book, body: Json) -> Json:
    book.sheet(body.get("sheetId", 0)).parts.pop("basicFilter", None)
    return {}


def add_filter_view(book: Book, body: Json) -> Json:
    given = _filter(canonical("FilterView", body.get("filter", {})))
    if given.keys() & {"tableId", "namedRangeId"}:
        raise unimplemented("filter views of tables and named ranges")
    sheet = _checked_sheet(book, given.get("range", {}))
    views = sheet.parts_list("filterViews")
    view = {
        "filterViewId": _own_id(book, "filterViews", given),
        "title": f"Filter {len(views) + 1}",
        "range": {},
    } | given
    views.append(view)
    return {"filter": view}


def update_filter_view(book: Book, body: Json) -> Json:
    given = body.get("filter", {})
    views, index = _found(book, "filterViews", given.get("filterViewId", 0), "filter view")
    mask = for_writing(body.get("fields"), "FilterView")
    if mask.keys() & {"criteria", "filterSpecs"}:
        mask |= {"criteria": {}, "filterSpecs": {}}
    views[index] = assign(mask, views[index], _filter(canonical("FilterView", given)))
    return {}


def delete_filter_view(book: Book, body: Json) -> Json:
    return _delete(book, "filterViews", body.get("filterId", 0), "filter view")


def add_named_range(book: Book, body: Json) -> Json:
    given = canonical("NamedRange", body.get("namedRange", {}))
    _check_named_range(book, given, None)
    named = {"namedRangeId": str(new_id())} | given
    book.parts.setdefault("namedRanges", []).append(named)
    return {"namedRange": named}


def update_named_range(book: Book, body: Json) -> Json:
    given = canonical("NamedRange", body.get("namedRange", {}))
    old = _named_range(book, given.get("namedRangeId"))
    new = assign(for_writing(body.get("fields"), "NamedRange"), old, given)
    _check_named_range(book, new, old)
    book.parts["namedRanges"] = [new if each is old else each for each in book.parts["namedRanges"]]
    return {}


def delete_named_range(book: Book, body: Json) -> Json:
    book.parts["namedRanges"].remove(_named_range(book, body.get("namedRangeId")))
    return {}


def add_protected_range(book: Book, body: Json) -> Json:
    given = canonical("ProtectedRange", body.get("protectedRange", {}))
    if given.keys() & {"tableId", "namedRangeId"}:
        raise unimplemented("protected tables and named ranges")
    if "warningOnly" in given and "editors" in given:
        raise invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")
    sheet = _checked_sheet(book, given.get("range", {}))
    protected: Json = {"protectedRangeId": _own_id(book, "protectedRanges", given), "range": {}} | given
    whole = Area(sheet.id)
    if Area.of(protected["range"]) == whole and any(
        Area.of(each["range"]) == whole for each in sheet.parts.get("protectedRanges", [])
    ):
        raise invalid(f'Sheet "{sheet.title}" already has sheet protection.')
    sheet.parts_list("protectedRanges").append(protected)
    return {"protectedRange": protected | {"requestingUserCanEdit": True}}


def update_protected_range(book: Book, body: Json) -> Json:
    given = canonical("ProtectedRange", body.get("protectedRange", {}))
    ranges, index = _found(book, "protectedRanges", given.get("protectedRangeId", 0), "protected range")
    ranges[index] = assign(for_writing(body.get("fields"), "ProtectedRange"), ranges[index], given)
    return {}


def delete_protected_range(book: Book, body: Json) -> Json:
    return _delete(book, "protectedRanges", body.get("protectedRangeId", 0), "protected range")


def add_conditional_format_rule(book: Book, body: Json) -> Json:
    rule = canonical("ConditionalFormatRule", body.get("rule", {}))
    rules = _rule_sheet(book, rule).parts_list("conditionalFormats")
    rules.insert(_rule_place(body.get("index", 0), len(rules)), rule)
    return {}


def update_conditional_format_rule(book: Book, body: Json) -> Json:
    if ("rule" in body) == ("newIndex" in body):
        raise invalid("Exactly one of rule and newIndex must be set.")
    if "rule" in body:
        rule = canonical("ConditionalFormatRule", body["rule"])
        rules, index = _rules(_rule_sheet(book, rule), body)
        old, rules[index] = rules[index], rule
        return {"newRule": rule, "newIndex": index, "oldRule": old}
    rules, index = _rules(book.sheet(body.get("sheetId", 0)), body)
    rule = rules.pop(index)
    rules.insert(_rule_place(body["newIndex"], len(rules)), rule)
    return {"newRule": rule, "newIndex": body["newIndex"], "oldIndex": index}


def delete_conditional_format_rule(book: Book, body: Json) -> Json:
    rules, index = _rules(book.sheet(body.get("sheetId", 0)), body)
    return {"rule": rules.pop(index)}


def add_banding(book: Book, body: Json) -> Json:
    given = canonical("BandedRange", body.get("bandedRange", {}))
    sheet = _checked_sheet(book, given.get("range", {}))
    if not given.keys() & {"rowProperties", "columnProperties"}:
        raise invalid("At least one of rowProperties and columnProperties must be specified.")
    band = {"bandedRangeId": _own_id(book, "bandedRanges", given)} | given
    sheet.parts_list("bandedRanges").append(band)
    _check_bands(sheet)
    return {"bandedRange": band}


def update_banding(book: Book, body: Json) -> Json:
    given = canonical("BandedRange", body.get("bandedRange", {}))
    bands, index = _found(book, "bandedRanges", given.get("bandedRangeId", 0), "banding")
    bands[index] = assign(for_writing(body.get("fields"), "BandedRange"), bands[index], given)
    _check_bands(_checked_sheet(book, bands[index].get("range", {})))
    return {}


def delete_banding(book: Book, body: Json) -> Json:
    return _delete(book, "bandedRanges", body.get("bandedRangeId", 0), "banding")


def add_chart(book: Book, body: Json) -> Json:
    given = canonical("EmbeddedChart", body.get("chart", {}))
    if "spec" not in given:
        raise invalid("A chart must have a spec.")
    if unknown := given.keys() - {"chartId", "spec", "position"}:
        raise unimplemented(f"charts with {', '.join(sorted(unknown))}")
    position = _position(given.get("position", {}))
    sheet = book.sheet(position["overlayPosition"]["anchorCell"].get("sheetId", 0))
    chart = {"chartId": _own_id(book, "charts", given), "spec": given["spec"], "position": position}
    sheet.parts_list("charts").append(chart)
    return {"chart": chart}


def update_chart_spec(book: Book, body: Json) -> Json:
    charts, index = _found(book, "charts", body.get("chartId", 0), "chart")
    charts[index] |= {"spec": canonical("ChartSpec", body.get("spec", {}))}
    return {}


def update_embedded_object_position(book: Book, body: Json) -> Json:
    charts, index = _found(book, "charts", body.get("objectId", 0), "chart")
    chart = charts[index]
    old = chart["position"]["overlayPosition"]
    given = canonical("EmbeddedObjectPosition", body.get("newPosition", {}))
    overlay = assign(
        for_writing(body.get("fields"), "OverlayPosition"), old, given.get("overlayPosition", {})
    )
    position = _position(given | {"overlayPosition": overlay})
    sheet = book.sheet(position["overlayPosition"]["anchorCell"].get("sheetId", 0))
    charts.remove(chart)
    sheet.parts_list("charts").append(chart | {"position": position})
    return {"position": position}


def delete_embedded_object(book: Book, body: Json) -> Json:
    return _delete(book, "charts", body.get("objectId", 0), "embedded object")


def _box(book: Book, body: Json) -> tuple[Sheet, Box]:
    area = Area.of(body.get("range", {}))
    sheet = book.sheet(area.sheet)
    return sheet, sheet.box(area)


def _checked_sheet(book: Book, grid_range: Json) -> Sheet:
    """The sheet of a range, which must start inside its grid."""
    sheet, _ = _box(book, {"range": grid_range})
    return sheet


def _check_whole_merges(sheet: Sheet, box: Box) -> None:
    for merge in sheet.parts.get("merges", []):
        area = Area.of(merge)
        if box.area().intersects(area) and not box.area().contains(area):
            raise invalid("You must select all cells in a merged range to merge or unmerge them.")


def _without_merges_in(sheet: Sheet, box: Box) -> list[Json]:
    return [merge for merge in sheet.parts.get("merges", []) if not box.area().intersects(Area.of(merge))]


def _filter(value: Json) -> Json:
    """A filter with its criteria both by column and as a list, as they are answered; the list has precedence."""
    if specs := value.get("filterSpecs"):
        criteria = {str(spec.get("columnIndex", 0)): spec.get("filterCriteria", {}) for spec in specs}
        return value | {"criteria": criteria}
    if criteria := value.get("criteria", {}):
        specs = [
            {"columnIndex": int(key), "filterCriteria": criteria[key]} for key in sorted(criteria, key=int)
        ]
        return value | {"filterSpecs": specs}
    return value


_KEYS = {
    "filterViews": "filterViewId",
    "protectedRanges": "protectedRangeId",
    "bandedRanges": "bandedRangeId",
    "charts": "chartId",
}


def _own_id(book: Book, name: str, given: Json) -> int:
    """The id that a new part asks for, or a new one. An id that is in use is refused."""
    wish = given.get(_KEYS[name])
    if wish is None:
        return new_id()
    if any(part[_KEYS[name]] == wish for sheet in book.sheets for part in sheet.parts.get(name, [])):
        raise invalid(f"The {_KEYS[name]} {wish} already exists.")
    return int(wish)


def _found(book: Book, name: str, part_id: int, noun: str) -> tuple[list[Json], int]:
    """The list that holds a part, and its place there."""
    for sheet in book.sheets:
        for index, part in enumerate(sheet.parts.get(name, [])):
            if part[_KEYS[name]] == part_id:
                return sheet.parts_list(name), index
    raise invalid(f"No {noun} with id: {part_id}")


def _delete(book: Book, name: str, part_id: int, noun: str) -> Json:
    parts, index = _found(book, name, part_id, noun)
    del parts[index]
    return {}


def _named_range(book: Book, named_range_id: Any) -> Json:
    for named in book.parts.get("namedRanges", []):
        if named["namedRangeId"] == named_range_id:
            found: Json = named
            return found
    raise invalid(f"No named range with id: {named_range_id}")


def _check_named_range(book: Book, named: Json, old: Json | None) -> None:
    name = named.get("name", "")
    if not name.replace("_", "a").isalnum() or name[:1].isdigit():
        raise invalid(f"The name {name!r} is not a valid name for a named range.")
    other = book.named_range(name)
    if other is not None and other is not old:
        raise invalid(
            f"Cannot add named range with name {name}, a named range with that name already exists."
        )
    _checked_sheet(book, named.get("range", {}))


def _rule_sheet(book: Book, rule: Json) -> Sheet:
    if not rule.get("ranges"):
        raise invalid("A conditional format rule must have at least one range.")
    if not rule.keys() & {"booleanRule", "gradientRule"}:
        raise invalid("A conditional format rule must be a booleanRule or a gradientRule.")
    if rule.get("booleanRule", {}).get("condition", {}).get("type", "").startswith("DATE_"):
        raise unimplemented("conditional formats by date")
    sheets = {id(sheet): sheet for sheet in (_checked_sheet(book, each) for each in rule["ranges"])}
    if len(sheets) > 1:
        raise invalid("All ranges of a conditional format rule must be on the same sheet.")
    return next(iter(sheets.values()))


def _rule_place(index: int, count: int) -> int:
    if not 0 <= index <= count:
        raise invalid(f"Invalid conditional format index: {index}")
    return index


def _rules(sheet: Sheet, body: Json) -> tuple[list[Json], int]:
    rules, index = sheet.parts_list("conditionalFormats"), body.get("index", 0)
    if not 0 <= index < len(rules):
        raise invalid(f"No conditional format on sheet: {sheet.id} at index: {index}")
    return rules, index


def _check_bands(sheet: Sheet) -> None:
    areas = [Area.of(band["range"]) for band in sheet.parts["bandedRanges"]]
    if any(one.intersects(other) for place, one in enumerate(areas) for other in areas[:place]):
        raise invalid(
            "You cannot add alternating background colors to a range that already has "
            "alternating background colors."
        )


def _position(given: Json) -> Json:
    """Where a chart lies. Sizes that are not given are those of a new chart."""
    if given.get("newSheet") or "sheetId" in given:
        raise unimplemented("charts on sheets of their own")
    if "overlayPosition" not in given:
        raise invalid("A chart must have a position.")
    sizes = {"widthPixels": 600, "heightPixels": 371}
    return {"overlayPosition": {"anchorCell": {}} | sizes | given["overlayPosition"]}
