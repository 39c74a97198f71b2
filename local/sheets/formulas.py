"""A small evaluator of formulas. A function that it does not know gives `#NAME?`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from .areas import Area
from .book import EMPTY, Book, Sheet
from .errors import ApiError
from .functions import COMPARISONS, JOINS, NAME, PRODUCTS, SUMS, Operand, call, first_error, single
from .references import Reference, Token, parse_reference, tokens
from .scalars import Error, Value

REF, UNPARSABLE = Error("#REF!"), Error("#ERROR!")
MAX_DEPTH = 200


class Evaluator:
    """Values of cells at one moment. It remembers what it has computed, so it must not be used after a change."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._values: dict[tuple[int, int, int], Value] = {}
        self._running: set[tuple[int, int, int]] = set()

    def value(self, sheet: Sheet, row: int, column: int) -> Value:
        """The effective value of a cell. A formula that needs itself, or too many others, gives an error."""
        entered = sheet.cells[row][column].get("userEnteredValue", EMPTY)
        if "formulaValue" not in entered:
            return next(iter(entered.values()), None)
        key = (sheet.id, row, column)
        if key not in self._values:
            if key in self._running or len(self._running) > MAX_DEPTH:
                return REF
            self._running.add(key)
            self._values[key] = self.formula(entered["formulaValue"], sheet)
            self._running.remove(key)
        return self._values[key]

    def formula(self, text: str, sheet: Sheet, rows: int = 0, columns: int = 0) -> Value:
        """The value of a formula on `sheet`. `rows` and `columns` move its relative references."""
        node = _parsed(text)
        if node is None:
            return UNPARSABLE
        result = single(node(Scope(self, sheet, rows, columns)))
        return 0 if result is None else result


@dataclass(frozen=True)
class Scope:
    """Where a formula stands."""

    evaluator: Evaluator
    sheet: Sheet
    rows: int
    columns: int

    def referred(self, reference: Reference) -> Operand:
        moved = reference.offset(self.rows, self.columns)
        target = self.sheet if reference.title is None else self.evaluator.book.titled(reference.title)
        if moved is None or target is None:
            return REF
        return self.values(target, moved.area(target.id))

    def named(self, name: str) -> Operand:
        found = self.evaluator.book.named_range(name)
        if found is None:
            return NAME
        area = Area.of(found["range"])
        return self.values(self.evaluator.book.sheet(area.sheet), area)

    def values(self, sheet: Sheet, area: Area) -> Operand:
        try:
            box = sheet.box(area)
        except ApiError:
            return REF
        return [self.evaluator.value(sheet, row, column) for row in box.rows for column in box.columns]


Node = Callable[[Scope], Operand]


def hyperlink(text: str) -> str | None:
    """The address that a `=HYPERLINK("…")` formula points to, if it is written literally."""
    items = [token for token in tokens(text) if token.kind != "space"]
    if [token.text.upper() for token in items[:2]] != ["HYPERLINK", "("] or len(items) < 3:
        return None
    return _literal(items[2].text) if items[2].kind == "string" else None


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> Node | None:
    """None: not a formula."""
    try:
        return _Parser([token for token in tokens(text) if token.kind != "space"]).whole()
    except SyntaxError:
        return None


class _Parser:
    """Recursive descent, one method for each level of binding, loosest first."""

    def __init__(self, items: list[Token]) -> None:
        self.items = items

    def whole(self) -> Node:
        node = self.comparison()
        if self.items:
            raise SyntaxError(self.items[0].text)
        return node

    def comparison(self) -> Node:
        return self.left_to_right(self.joined, COMPARISONS)

    def joined(self) -> Node:
        return self.left_to_right(self.summed, JOINS)

    def summed(self) -> Node:
        return self.left_to_right(self.multiplied, SUMS)

    def multiplied(self) -> Node:
        return self.left_to_right(self.unary, PRODUCTS)

    def left_to_right(
        self, operand: Callable[[], Node], operators: dict[str, Callable[[Value, Value], Value]]
    ) -> Node:
        node = operand()
        while self.items and self.items[0].text in operators:
            node = _binary(operators[self.items.pop(0).text], node, operand())
        return node

    def unary(self) -> Node:
        if self.take("-"):
            return _binary(SUMS["-"], _constant(0), self.unary())
        if self.take("+"):
            return self.unary()
        node = self.primary()
        while self.take("%"):
            node = _binary(PRODUCTS["/"], node, _constant(100))
        return node

    def primary(self) -> Node:
        if not self.items:
            raise SyntaxError("unexpected end")
        kind, text = self.items.pop(0)
        match kind:
            case "number":
                return _constant(float(text))
            case "string":
                return _constant(_literal(text))
            case "error":
                return _constant(Error(text))
            case "reference":
                return partial(_referred, parse_reference(text))
            case "name" if self.take("("):
                return partial(_called, text, self.arguments())
            case "name" if text.upper() in ("TRUE", "FALSE"):
                return _constant(text.upper() == "TRUE")
            case "name":
                return partial(_named, text)
        if text != "(":
            raise SyntaxError(text)
        node = self.comparison()
        self.expect(")")
        return node

    def arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.take(")"):
            if found:
                self.expect(",", ";")
            found.append(self.comparison())
        return found

    def take(self, text: str) -> bool:
        if self.items and self.items[0] == ("operator", text):
            self.items.pop(0)
            return True
        return False

    def expect(self, *texts: str) -> None:
        if not any(self.take(text) for text in texts):
            raise SyntaxError(f"expected {texts[0]}")


def _literal(text: str) -> str:
    return text[1:-1].replace('""', '"')


def _constant(value: Value) -> Node:
    return lambda _scope: value


def _referred(reference: Reference, scope: Scope) -> Operand:
    return scope.referred(reference)


def _named(name: str, scope: Scope) -> Operand:
    return scope.named(name)


def _called(name: str, arguments: list[Node], scope: Scope) -> Operand:
    return call(name, [partial(argument, scope) for argument in arguments])


def _binary(function: Callable[[Value, Value], Value], left: Node, right: Node) -> Node:
    def node(scope: Scope) -> Value:
        one, other = single(left(scope)), single(right(scope))
        return first_error((one, other)) or function(one, other)

    return node
