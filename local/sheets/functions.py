"""The operators and functions of formulas."""

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .scalars import Error, Value, display, is_number

NAME, VALUE, DIVISION, MISSING = Error("#NAME?"), Error("#VALUE!"), Error("#DIV/0!"), Error("#N/A")

# The value of an argument: one value, or those of a range.
Operand = Value | list[Value]
# An argument that is evaluated only when it is needed: IF needs only one of two.
Argument = Callable[[], Operand]


def single(operand: Operand) -> Value:
    """An operand where one value is needed. A range must have one cell."""
    if isinstance(operand, list):
        return operand[0] if len(operand) == 1 else VALUE
    return operand


def number(value: Value) -> float | Error:
    """A value where a number is needed."""
    if value is None or value == "":
        return 0
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return VALUE
    return value


def first_error(values: Iterable[Value]) -> Error | None:
    return next((value for value in values if isinstance(value, Error)), None)


def call(name: str, arguments: list[Argument]) -> Operand:
    function = FUNCTIONS.get(name.upper())
    return NAME if function is None else function(arguments)


def _arithmetic(function: Callable[[float, float], Value]) -> Callable[[Value, Value], Value]:
    def apply(one: Value, other: Value) -> Value:
        left, right = number(one), number(other)
        if isinstance(left, Error):
            return left
        return right if isinstance(right, Error) else function(left, right)

    return apply


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Value, Value], Value]:
    return lambda one, other: test(_order(one, other), _order(other, one))


def _order(value: Value, other: Value) -> tuple[int, Any]:
    """Numbers before text before booleans, text in any case; an empty cell is 0, or "" beside text."""
    if value is None:
        value = "" if isinstance(other, str) else 0
    if isinstance(value, bool):
        return 2, value
    return (1, value.casefold()) if isinstance(value, str) else (0, value)


COMPARISONS: dict[str, Callable[[Value, Value], Value]] = {
    "=": _compared(operator.eq),
    "<>": _compared(operator.ne),
    "<": _compared(operator.lt),
    "<=": _compared(operator.le),
    ">": _compared(operator.gt),
    ">=": _compared(operator.ge),
}
JOINS: dict[str, Callable[[Value, Value], Value]] = {"&": lambda one, other: display(one) + display(other)}
SUMS = {"+": _arithmetic(operator.add), "-": _arithmetic(operator.sub)}
PRODUCTS = {
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(lambda one, other: one / other if other else DIVISION),
}


def _values(arguments: list[Argument]) -> Iterator[Value]:
    for argument in arguments:
        operand = argument()
        yield from operand if isinstance(operand, list) else [operand]


def _of_numbers(function: Callable[[list[float]], float]) -> Callable[[list[Argument]], Value]:
    """A function of the numbers among its arguments; the first error among them wins."""

    def apply(arguments: list[Argument]) -> Value:
        values = list(_values(arguments))
        return first_error(values) or function([value for value in values if is_number(value)])

    return apply


def _of_truths(function: Callable[[list[bool]], bool]) -> Callable[[list[Argument]], Value]:
    def apply(arguments: list[Argument]) -> Value:
        values = [number(value) for value in _values(arguments) if value is not None]
        return first_error(values) or function([bool(value) for value in values])

    return apply


def _if(arguments: list[Argument]) -> Operand:
    if not 2 <= len(arguments) <= 3:
        return MISSING
    condition = number(single(arguments[0]()))
    if isinstance(condition, Error):
        return condition
    if condition:
        return arguments[1]()
    return arguments[2]() if len(arguments) == 3 else False


FUNCTIONS: dict[str, Callable[[list[Argument]], Operand]] = {
    "SUM": _of_numbers(sum),
    "MAX": _of_numbers(lambda numbers: max(numbers, default=0)),
    "MIN": _of_numbers(lambda numbers: min(numbers, default=0)),
    "COUNT": lambda arguments: sum(map(is_number, _values(arguments))),
    "COUNTA": lambda arguments: sum(value is not None for value in _values(arguments)),
    "IF": _if,
    "AND": _of_truths(all),
    "OR": _of_truths(any),
    "NOT": _of_truths(lambda values: not any(values)),
    "HYPERLINK": lambda arguments: arguments[-1]() if len(arguments) in (1, 2) else MISSING,
    "SPARKLINE": lambda _arguments: "",  # A picture, which has no value.
}
