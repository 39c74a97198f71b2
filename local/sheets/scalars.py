"""Values of cells: numbers, text, booleans, errors, and nothing."""

from dataclasses import dataclass
from typing import TypeGuard

from .errors import Json

ERROR_TYPES = {
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#N/A": "N_A",
    "#NUM!": "NUM",
}


@dataclass(frozen=True)
class Error:
    """A value such as `#REF!`."""

    text: str

    @property
    def kind(self) -> str:
        """The API's ErrorType."""
        return ERROR_TYPES.get(self.text, "ERROR")


# None is an empty cell.
Value = float | int | str | bool | Error | None


def is_number(value: Value) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def display(value: Value) -> str:
    """A value as text, as `&` joins it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, Error):
        return value.text
    return value if isinstance(value, str) else f"{value:.15g}"


def extended(value: Value) -> Json | None:
    """A value as the API's ExtendedValue; None if the cell shows nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, Error):
        return {"errorValue": {"type": value.kind, "message": value.text}}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"numberValue": whole(value)}


def whole(number: float) -> float:
    """JSON has only one kind of number, so 1.0 is written as 1."""
    return int(number) if float(number).is_integer() and abs(number) < 2**53 else number
