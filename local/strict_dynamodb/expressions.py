"""The DynamoDB expressions that the product sends, with DynamoDB's refusals.

Conditions are terms joined by AND: `attribute_exists`, `attribute_not_exists`, `begins_with`, comparisons of an
attribute with a value. Updates are SET of values, ADD of numbers, REMOVE; all of whole attributes. Anything else that
DynamoDB knows raises NotImplementedError: add it here when it is needed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from local.strict_dynamodb.errors import DataInvalid, Invalid
from local.strict_dynamodb.values import Item, Value, checked, is_less, total

RESERVED = frozenset((Path(__file__).parent / "reserved_words.txt").read_text(encoding="utf-8").split())

_MOST_BYTES = 4096
_MOST_OPERATORS = 300
_TOKEN = re.compile(r"\s*([#:]\w+|\w+|<>|<=|>=|[=<>,()+\-.\[\]])", flags=re.ASCII)
_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": is_less,
    ">": lambda one, other: is_less(other, one),
    "<=": lambda one, other: one == other or is_less(one, other),
    ">=": lambda one, other: one == other or is_less(other, one),
}
_ORDERED = {"S": "STRING", "N": "NUMBER"}
_FUNCTIONS = {"attribute_exists": 1, "attribute_not_exists": 1, "begins_with": 2}


@dataclass(frozen=True, slots=True)
class Term:
    """A comparison or function of an attribute (a name or its placeholder) and the placeholder of a value."""

    operator: str
    path: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """What an update does to an attribute."""

    verb: str
    path: str
    value: str | None = None


class Expressions:
    """All expressions of one request, with its placeholders. Each placeholder must be defined, and each defined one
    must be used."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._names: dict[str, str] = request.get("ExpressionAttributeNames", {})
        values: dict[str, Any] = request.get("ExpressionAttributeValues", {})
        for given, placeholders in (("Names", self._names), ("Values", values)):
            if f"ExpressionAttribute{given}" in request and not placeholders:
                raise Invalid(f"ExpressionAttribute{given} must not be empty")
        for placeholder in self._names:
            if not re.fullmatch(r"#\w+", placeholder, flags=re.ASCII):
                message = f'Syntax error; key: "{placeholder}"'
                raise Invalid(f"ExpressionAttributeNames contains invalid key: {message}")
        for placeholder in values:
            if not re.fullmatch(r":\w+", placeholder, flags=re.ASCII):
                message = f'Syntax error; key: "{placeholder}"'
                raise Invalid(f"ExpressionAttributeValues contains invalid key: {message}")
        self._values: dict[str, Value] = {name: checked(value) for name, value in values.items()}
        self._used: set[str] = set()
        self._any = False

    def condition(self, kind: str, text: str | None) -> "Condition":
        """The condition in an expression of that kind; without an expression, one that always holds. Raises Invalid."""
        if text is None:
            return Condition(())
        self._any = True
        terms = []
        for term in _condition(kind, text):
            value = None if term.value is None else self._value(kind, term.value)
            self._check_operand(kind, term.operator, value)
            terms.append((term.operator, self._name(kind, term.path), value))
        return Condition(tuple(terms))

    def update(self, text: str | None) -> "Update":
        """What an UpdateExpression does. Raises Invalid."""
        if text is None:
            return Update(())
        self._any = True
        kind, actions = "UpdateExpression", []
        for action in _update(text):
            value = None if action.value is None else self._value(kind, action.value)
            if action.verb == "ADD" and value and "N" not in value:
                raise Invalid(
                    f"Invalid {kind}: Incorrect operand type for operator or function; operator: ADD, operand "
                    f"type: {_type(value)}, typeSet: ALLOWED_FOR_ADD_OPERAND"
                )
            actions.append((action.verb, self._name(kind, action.path), value))
        written: set[str] = set()
        for _, name, _ in actions:
            if name in written:
                raise Invalid(
                    f"Invalid {kind}: Two document paths overlap with each other; must remove or rewrite one of "
                    f"these paths; path one: [{name}], path two: [{name}]"
                )
            written.add(name)
        return Update(tuple(actions))

    def close(self) -> None:
        """Call it after the last expression. Raises Invalid for placeholders that were given but not used."""
        for given, placeholders in (("Names", self._names), ("Values", self._values)):
            if placeholders and not self._any:
                raise Invalid(f"ExpressionAttribute{given} can only be specified when using expressions")
            if unused := sorted(set(placeholders) - self._used):
                raise Invalid(
                    f"Value provided in ExpressionAttribute{given} unused in expressions: keys: "
                    f"{{{', '.join(unused)}}}"
                )

    def _name(self, kind: str, path: str) -> str:
        if not path.startswith("#"):
            if path.upper() in RESERVED:
                raise Invalid(
                    f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {path}"
                )
            return path
        if path not in self._names:
            raise Invalid(
                f"Invalid {kind}: An expression attribute name used in the document path is not defined; "
                f"attribute name: {path}"
            )
        self._used.add(path)
        return self._names[path]

    def _value(self, kind: str, placeholder: str) -> Value:
        if placeholder not in self._values:
            raise Invalid(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                f"attribute value: {placeholder}"
            )
        self._used.add(placeholder)
        return self._values[placeholder]

    @staticmethod
    def _check_operand(kind: str, operator: str, value: Value | None) -> None:
        if value is None or operator in ("=", "<>"):
            return
        allowed = {"S"} if operator == "begins_with" else _ORDERED
        if not value.keys() & allowed:
            raise Invalid(
                f"Invalid {kind}: Incorrect operand type for operator or function; operator or function: {operator}, "
                f"operand type: {_type(value)}"
            )


@dataclass(frozen=True, slots=True)
class Condition:
    """Terms that must all hold: an operator, an attribute's name, and perhaps a value."""

    terms: tuple[tuple[str, str, Value | None], ...]

    def is_met(self, item: Item | None) -> bool:
        return all(_is_so(operator, (item or {}).get(name), value) for operator, name, value in self.terms)


@dataclass(frozen=True, slots=True)
class Update:
    """Which attributes an update changes, and how."""

    actions: tuple[tuple[str, str, Value | None], ...]

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.actions]

    @property
    def only_removes(self) -> bool:
        return bool(self.actions) and all(verb == "REMOVE" for verb, _, _ in self.actions)

    def applied(self, item: Item) -> Item:
        """The item after the update. Raises DataInvalid if the update does not fit the item."""
        after = dict(item)
        for verb, name, value in self.actions:
            if value is None:
                after.pop(name, None)
            elif verb == "SET" or name not in item:
                after[name] = value
            elif "N" not in item[name]:
                raise DataInvalid("An operand in the update expression has an incorrect data type")
            else:
                after[name] = total(item[name], value)
        return after


def _is_so(operator: str, stored: Value | None, value: Value | None) -> bool:
    if operator == "attribute_exists":
        return stored is not None
    if operator == "attribute_not_exists":
        return stored is None
    if value is None or stored is None:
        return operator == "<>"
    if operator == "begins_with":
        return bool(stored.get("S", "").startswith(value["S"])) if "S" in stored else False
    return _COMPARISONS[operator](stored, value)


def _type(value: Value) -> str:
    names = {**_ORDERED, "BOOL": "BOOLEAN", "NULL": "NULL", "M": "MAP", "L": "LIST"}
    return names[next(iter(value))]


class _Tokens:
    """The words and signs of an expression, one after another. Raises Invalid for anything else."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        if not text.strip():
            raise Invalid(f"Invalid {kind}: The expression can not be empty;")
        if len(text.encode()) > _MOST_BYTES:
            raise Invalid(
                f"Invalid {kind}: Expression size has exceeded the maximum allowed size; expression size: "
                f"{len(text.encode())}"
            )
        self._tokens, at = [], 0
        while rest := text[at:].strip():
            found = _TOKEN.match(text, at)
            if not found:
                raise Invalid(f'Invalid {kind}: Syntax error; token: "{rest[0]}", near: "{rest[:20]}"')
            self._tokens.append(found[1])
            at = found.end()
        self._next = 0

    def __bool__(self) -> bool:
        return self._next < len(self._tokens)

    def peek(self) -> str:
        return self._tokens[self._next] if self else "<EOF>"

    def take(self, *expected: str) -> str:
        """The next token; it must be one of `expected`, if any are given."""
        token = self.peek()
        if not self or (expected and token not in expected):
            near = "".join(self._tokens[max(0, self._next - 1) : self._next + 2])
            raise Invalid(f'Invalid {self.kind}: Syntax error; token: "{token}", near: "{near}"')
        self._next += 1
        return token

    def path(self) -> str:
        token = self.take()
        if not re.fullmatch(r"#?\w+", token):
            raise Invalid(f'Invalid {self.kind}: Syntax error; token: "{token}", near: "{token}"')
        if self.peek() in (".", "["):
            raise NotImplementedError(f"a part of an attribute in a {self.kind}")
        return token

    def value(self) -> str:
        token = self.take()
        if not token.startswith(":"):
            if re.fullmatch(r"#?\w+", token):
                raise NotImplementedError(f"an attribute as operand in a {self.kind}")
            raise Invalid(f'Invalid {self.kind}: Syntax error; token: "{token}", near: "{token}"')
        return token


@lru_cache(maxsize=4096)
def _condition(kind: str, text: str) -> tuple[Term, ...]:
    tokens, terms = _Tokens(kind, text), []
    while True:
        terms.append(_term(tokens))
        if not tokens:
            break
        joined = tokens.take()
        if joined.upper() == "OR":
            raise NotImplementedError("OR")
        if joined.upper() != "AND":
            raise Invalid(f'Invalid {kind}: Syntax error; token: "{joined}", near: "{joined}"')
    if 2 * len(terms) - 1 > _MOST_OPERATORS:
        raise Invalid(
            f"Invalid {kind}: The expression contains more operators than are allowed; {_MOST_OPERATORS}"
        )
    return tuple(terms)


def _term(tokens: _Tokens) -> Term:
    if tokens.peek() == "(" or tokens.peek().upper() == "NOT":
        raise NotImplementedError(tokens.peek())
    first = tokens.take()
    if tokens.peek() == "(":
        if first not in _FUNCTIONS:
            known = {"attribute_type", "contains", "size"}
            if first in known:
                raise NotImplementedError(first)
            raise Invalid(f"Invalid {tokens.kind}: Invalid function name; function: {first}")
        tokens.take("(")
        if tokens.peek().startswith(":"):
            raise Invalid(
                f"Invalid {tokens.kind}: Operator or function requires a document path; operator or function: {first}"
            )
        path, value = tokens.path(), None
        if _FUNCTIONS[first] == 2:
            tokens.take(",")
            value = tokens.value()
        if tokens.peek() == ",":
            raise Invalid(
                f"Invalid {tokens.kind}: Incorrect number of operands for operator or function; operator or "
                f"function: {first}"
            )
        tokens.take(")")
        return Term(first, path, value)
    if first.startswith(":"):
        raise NotImplementedError("a value on the left of a comparison")
    if not re.fullmatch(r"#?\w+", first):
        raise Invalid(f'Invalid {tokens.kind}: Syntax error; token: "{first}", near: "{first}"')
    if tokens.peek().upper() in ("BETWEEN", "IN", ".", "["):
        raise NotImplementedError(tokens.peek())
    return Term(tokens.take(*_COMPARISONS), first, tokens.value())


@lru_cache(maxsize=4096)
def _update(text: str) -> tuple[Action, ...]:
    tokens, seen = _Tokens("UpdateExpression", text), set()
    actions: list[Action] = []
    while tokens:
        verb = tokens.take().upper()
        if verb == "DELETE":
            raise NotImplementedError(verb)
        if verb not in ("SET", "ADD", "REMOVE"):
            raise Invalid(f'Invalid {tokens.kind}: Syntax error; token: "{verb}", near: "{verb}"')
        if verb in seen:
            raise Invalid(
                f'Invalid {tokens.kind}: The "{verb}" section can only be used once in an update expression;'
            )
        seen.add(verb)
        actions.extend(_actions(tokens, verb))
    return tuple(actions)


def _actions(tokens: _Tokens, verb: str) -> Iterator[Action]:
    while True:
        path, value = tokens.path(), None
        if verb == "SET":
            tokens.take("=")
        if verb != "REMOVE":
            value = tokens.value()
        if tokens.peek() in ("+", "-", "("):
            raise NotImplementedError(f"{tokens.peek()} in SET")
        yield Action(verb, path, value)
        if tokens.peek() != ",":
            return
        tokens.take(",")
