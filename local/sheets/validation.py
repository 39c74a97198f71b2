"""Data validation: check boxes, and what a person may type into a cell that has a strict rule."""

from .book import EMPTY, Cell
from .entry import typed
from .errors import Json, invalid

OPERANDS = {"BOOLEAN": (0, 2), "ONE_OF_LIST": (1, 500)}
"""How many values a condition has, for those that the stand-in knows."""


def check_rule(rule: Json) -> Json:
    """Refuses a rule that Google would not take."""
    condition = rule.get("condition", {})
    if "type" not in condition:
        raise invalid("A data validation rule must have a condition with a type.")
    least, most = OPERANDS.get(condition["type"], (0, 500))
    if not least <= len(condition.get("values", [])) <= most:
        raise invalid(f"A {condition['type']} condition must have {least} to {most} values.")
    return rule


def is_box(cell: Cell) -> bool:
    """Whether a cell shows as a check box."""
    return _condition(cell).get("type") == "BOOLEAN"


def box_values(cell: Cell) -> tuple[Json, Json]:
    """What a check box holds when it is ticked and when it is not: TRUE and FALSE, unless its rule says otherwise."""
    own = [_meant(value) for value in _condition(cell).get("values", [])]
    defaults: list[Json] = [{"boolValue": True}, {"boolValue": False}]
    on, off = own + defaults[len(own) :]
    return on, off


def is_ticked(cell: Cell) -> bool:
    return cell.get("userEnteredValue") == box_values(cell)[0]


def check_typed(cell: Cell, name: str) -> None:
    """Refuses what a person has typed if the cell's rule is strict and forbids it. Other rules only warn.

    What is known of conditions are check boxes and lists.
    """
    value = cell.get("userEnteredValue")
    if value is None or not cell.get("dataValidation", EMPTY).get("strict"):
        return
    condition = _condition(cell)
    listed = [_meant(each) for each in condition.get("values", [])]
    if (is_box(cell) and value not in box_values(cell)) or (
        condition["type"] == "ONE_OF_LIST" and value not in listed
    ):
        raise invalid(
            f"The data you entered in cell {name} violates the data validation rules set on this cell."
        )


def _condition(cell: Cell) -> Json:
    found: Json = cell.get("dataValidation", EMPTY).get("condition", EMPTY)
    return found


def _meant(value: Json) -> Json:
    return typed(value.get("userEnteredValue", ""))[0] or EMPTY
