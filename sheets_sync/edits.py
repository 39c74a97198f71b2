"""What officers entered into the inputs of a sheet: held tabs and tabs to show → edits (DESIGN §7, "As input"). Pure.

What an edit is, is decided here and nowhere else. The table of cases in the test is the specification.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from chalicelib.domain.edits import Edit, NewCommander, OfficialPoints, Rename, Tick
from chalicelib.domain.messages import Message, say
from sheets_sync.base import Written
from sheets_sync.cells import Formula, Value, same, value_of
from sheets_sync.content.progress import NONE
from sheets_sync.content.words import CONFIRM
from sheets_sync.held import HeldRow, HeldTab
from sheets_sync.known import Known
from sheets_sync.tabs import ABOUT, NEW, STATE, Input, Tab

MOST_POINTS = 10**12
"""As over HTTP."""
OFFERED_AT = 2, 3
"""The places in the head of a tab where the boxes of an offer stand: *apply these*, *put back*."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cell, wherever its row and its column are: the tab's id, the row's key, the column's identity."""

    tab: str
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Entered:
    """What an officer entered into an input cell, over what was `written`. It is an edit, or `why_not` says why not."""

    place: Place
    value: Value
    written: Written
    edit: Edit | None = None
    why_not: Message | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`taken`: the edits to apply, in this order. `braked`: edits that wait until an officer says that they are meant.
    `refused`: what is put back."""

    taken: tuple[Entered, ...] = ()
    braked: tuple[Entered, ...] = ()
    refused: tuple[Entered, ...] = ()


def decide(tabs: Sequence[Tab], held: Mapping[str, HeldTab], rows: Mapping[str, Known]) -> Decision:
    """What to do about what was entered since the last sync. `rows`: which row is whose, by tab.

    The brake: if many commanders would lose ticks or names, none of that is applied, unless an officer has ticked a box
    that was offered for exactly that.
    """
    found = [each for tab in tabs if tab.id in rows for each in _entered_in(tab, held[tab.id], rows[tab.id])]
    edits = sorted((each for each in found if each.edit), key=lambda each: _ORDER.index(type(each.edit)))
    refused = [each for each in found if each.why_not]
    losing = [each for each in edits if _loses_something(each.edit)]
    who = next((tab for tab in tabs if tab.id == "commanders"), None)
    if who is None or not is_braked(len({each.place.row for each in losing}), len(who.rows)):
        return Decision(tuple(edits), refused=tuple(refused))
    answer = _answer_to(labels_for(losing), who, held[who.id], rows[who.id])
    if answer == "apply":
        return Decision(tuple(edits), refused=tuple(refused))
    others = tuple(each for each in edits if each not in losing)
    if answer == "put back":
        back = [Entered(each.place, each.value, each.written, why_not=say("put-back")) for each in losing]
        return Decision(others, refused=(*refused, *back))
    return Decision(others, tuple(losing), tuple(refused))


_ORDER = (Rename, NewCommander, Tick, OfficialPoints)
"""A name that a rename gives up is free for somebody new."""


def is_braked(losing: int, listed: int) -> bool:
    """Whether so many of the listed commanders would lose ticks or names that it may be a slip."""
    return losing > max(3, min(10, listed / 5))


def labels_for(braked: Iterable[Entered]) -> tuple[str, str]:
    """What stands over the two boxes of the offer. It names the set, so a box can't be taken for one of another set."""
    told = sorted(repr((each.place, each.value, each.written)) for each in braked)
    digest = sha256("\n".join(told).encode()).hexdigest()[:6]
    return f"apply these {digest}", f"put back {digest}"


def confirmation(edit: OfficialPoints) -> str:
    """What a box in the row confirms: that number, over that reading."""
    return sha256(f"{edit.points} over {edit.generation}".encode()).hexdigest()[:12]


def _loses_something(edit: Edit | None) -> bool:
    return isinstance(edit, Rename) or (isinstance(edit, Tick) and not edit.done)


def _answer_to(labels: tuple[str, str], tab: Tab, held: HeldTab, rows: Known) -> str | None:
    """Which one of the offered boxes is ticked."""
    columns = [held.place(tab.columns[place].identity) for place in OFFERED_AT]
    head = [held.rows[rows.places[key]] if key in rows.places else HeldRow() for key in (ABOUT, STATE)]
    above, boxes = ([None if at is None else row.value(at) for at in columns] for row in head)
    if above != list(labels):
        return None
    return {(True, False): "apply", (False, True): "put back"}.get((boxes[0] is True, boxes[1] is True))


def _entered_in(tab: Tab, held: HeldTab, knowing: Known) -> Iterator[Entered]:
    rows = {key: _Row(tab, held, key, held.rows[index]) for key, index in knowing.places.items()}
    labels = {row.label for key, row in rows.items() if key in knowing.trusted}
    for row in tab.rows:
        for place in range(len(tab.columns)) if row.key in rows else ():
            made = row.inputs.get(place)
            if row.key in knowing.trusted and made:
                yield from rows[row.key].entered(place, made, value_of(row.cells[place]))
            elif row.key in knowing.trusted and tab.columns[place].kind == "box":
                yield from rows[row.key].ticked_early(place)
            elif made and made.kind == "name":
                yield from rows[row.key].named_as_another(labels)
            elif made:
                yield from rows[row.key].unclear(value_of(row.cells[place]), place)
    if NEW in rows and tab.id == "commanders" and tab.columns[0].input:
        yield from rows[NEW].new()


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it is held, which is known to be about `key`."""

    tab: Tab
    held: HeldTab
    key: str
    row: HeldRow

    @property
    def label(self) -> Value:
        """What the first column says, if that was written."""
        at = self.held.place(self.tab.columns[0].identity)
        return None if at is None or self._over(0) else self.row.value(at)

    def entered(self, place: int, made: Input, ours: Value) -> Iterator[Entered]:
        """What was entered into the input at this place of the tab, if that is neither what was written nor `ours`."""
        found = self._over(place)
        if found is None or found.written.generation is None or same(found.value, ours):
            return
        if what := self._meant(made, found.place.column, found.value, found.written):
            yield _judged(found, what)

    def ticked_early(self, place: int) -> Iterator[Entered]:
        """A tick where there is no box yet."""
        found = self._over(place)
        if found is not None and found.value is True and found.place.column != CONFIRM:
            yield _judged(found, Tick(self.key, found.place.column, True, 0, self.held.title))

    def named_as_another(self, labels: Collection[Value]) -> Iterator[Entered]:
        """That the label was overwritten with one of these, of other rows; then nothing of this row is believed."""
        found = self._over(0)
        if found is not None and found.value is not None and found.value in labels:
            yield _judged(found, say("name-taken", name=str(found.value)))

    def unclear(self, ours: Value, place: int) -> Iterator[Entered]:
        """What was entered into the input at this place, where it is unclear whose row that is."""
        found = self._over(place)
        if found is not None and not same(found.value, ours):
            yield _judged(found, say("row-unclear"))

    def new(self) -> Iterator[Entered]:
        """What was typed into the blank row."""
        found = self._over(0)
        if found is not None and found.value is not None:
            name = _text(found.value)
            yield _judged(found, NewCommander(name, self.held.title) if name else say("no-name-at-all"))

    def _meant(self, made: Input, column: str, theirs: Value, written: Written) -> Edit | Message | None:
        """What it means that the cell holds `theirs` over a state of that generation; None: nothing."""
        title = self.held.title
        if made.kind == "tick":
            if isinstance(theirs, bool):
                return Tick(self.key, column, theirs, written.number, title)
            return say("no-tick")
        if made.kind == "name":
            name = _text(theirs)
            return Rename(self.key, name, written.number, title) if name else say("no-name-at-all")
        if made.kind == "reading":
            seen = None if written.generation == NONE else written.generation
            if theirs is None:
                return OfficialPoints(self.key, None, seen, title) if seen else None
            if not isinstance(theirs, float) or not theirs.is_integer() or not 0 <= theirs <= MOST_POINTS:
                return say("no-number")
            points = OfficialPoints(self.key, int(theirs), seen, title)
            return replace(points, confirmed=self._confirms(points))
        return None

    def _confirms(self, points: OfficialPoints) -> bool:
        """Whether the row's box was offered for these points, and is ticked."""
        place = next((at for at, one in enumerate(self.tab.columns) if one.identity == CONFIRM), None)
        found = None if place is None else self._over(place)
        return found is not None and found.value is True and found.written.generation == confirmation(points)

    def _over(self, place: int) -> Entered | None:
        """What the cell holds, over what was written, if that is something else."""
        identity = self.tab.columns[place].identity
        at, written = (
            self.held.place(identity),
            (self.row.base.written if self.row.base else {}).get(identity),
        )
        if at is None or written is None or written.is_in(self.row.value(at)):
            return None
        return Entered(Place(self.tab.id, self.key, identity), self.row.value(at), written)


def _judged(found: Entered, what: Edit | Message) -> Entered:
    return replace(found, why_not=what) if isinstance(what, Message) else replace(found, edit=what)


def _text(value: Value) -> str | None:
    """The name that was typed. A formula is none, and neither is what Google took for a number: zeros may be lost.

    Of what begins with a +, which says that somebody is new, Google makes a formula as soon as it is typed.
    """
    if isinstance(value, Formula) and value.startswith("=+"):
        return value[1:].strip()
    return value.strip() or None if isinstance(value, str) and not isinstance(value, Formula) else None
