"""Which row of a tab is whose, whatever officers did to it: held tab and tab to show → rows by key. Pure.

A row says three times who it is about: by its key, by its base, which carries a check of the key, and by its labels. If
these contradict each other, the best claim to each key wins, so that no row is taken for two and no key for two rows.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sheets_sync.base import Base
from sheets_sync.cells import Value, value_of
from sheets_sync.held import HeldRow, HeldTab
from sheets_sync.tabs import HEADER, NEW, Tab

_WHOLE, _FITTING, _LABELLED, _NAMED, _KEYED = range(5)
"""How good a claim is. Whole: key, base and labels agree. Fitting: the base fits the key. Labelled: the labels say it
and the cells do not deny it. Named: the labels alone say it. Keyed: the key alone."""


@dataclass(frozen=True, slots=True)
class Known:
    """`places`: the row of each key that the tab shows, if there is one. `trusted`: the keys whose rows may be believed
    about what an officer changed: the key stands once, the base fits it, and the labels are nobody else's."""

    places: Mapping[str, int]
    trusted: Collection[str]


@dataclass(frozen=True, slots=True)
class _Claim:
    strength: int
    index: int
    key: str


def known_rows(tabs: Iterable[Tab], held: Mapping[str, HeldTab]) -> dict[str, Known]:
    """Which row is whose, in each tab that is there, but for those by position: there a row is a place."""
    return {tab.id: known(tab, held[tab.id]) for tab in tabs if tab.id in held and not tab.is_by_position}


def known(tab: Tab, held: HeldTab) -> Known:
    """The rows of a tab whose rows are known by keys."""
    reader = _Reader.of(tab, held)
    claims = [claim for index, row in enumerate(held.rows) for claim in reader.claims(index, row)]
    claims.sort(key=lambda claim: (claim.strength, claim.index not in held.remarked_rows, claim.index))
    places: dict[str, int] = {}
    taken: set[int] = set()
    for claim in claims:
        if claim.key not in places and claim.index not in taken:
            places[claim.key] = claim.index
            taken.add(claim.index)
    if HEADER not in places and (header := _header(tab, held, taken)) is not None:
        places[HEADER] = header
    stand = Counter(row.key for row in held.rows if not (row.base and row.base.is_left))
    trusted = {
        key for key, index in places.items() if stand[key] == 1 and reader.is_whole(key, held.rows[index])
    }
    return Known(places, trusted)


@dataclass(frozen=True, slots=True)
class _Reader:
    """`labels`: by what they say, the key of the first row that is to say it. `bases`: those that fit, by key."""

    keys: Collection[str]
    labels: Mapping[tuple[Value, ...], str]
    label_columns: Mapping[str, int]
    other_columns: Mapping[str, int]
    bases: Mapping[str, Base]

    @classmethod
    def of(cls, tab: Tab, held: HeldTab) -> "_Reader":
        places = {name: place for place, name in enumerate(held.names) if name}
        named = {column.identity: column.name in tab.labels for column in tab.columns}
        label_columns = {
            name: places[name] for name, is_label in named.items() if is_label and name in places
        }
        labels: dict[tuple[Value, ...], str] = {}
        if len(label_columns) == len(tab.labels):
            at = [place for place, column in enumerate(tab.columns) if column.name in tab.labels]
            for row in tab.rows:
                labels.setdefault(tuple(value_of(row.cells[place]) for place in at), row.key)
        bases: dict[str, Base] = {}
        for each in held.rows:
            if each.key and each.base and each.base.fits_key:
                bases.setdefault(each.key, each.base)
        return cls(
            {row.key for row in tab.all_rows} | {NEW},
            labels,
            label_columns,
            {name: places[name] for name, is_label in named.items() if not is_label and name in places},
            bases,
        )

    def claims(self, index: int, row: HeldRow) -> Iterator[_Claim]:
        key = row.key if row.key in self.keys else None
        named = self.labels.get(tuple(row.value(place) for place in self.label_columns.values()))
        fits = row.base is not None and row.base.fits_key
        if key is not None and (key.startswith("#") or (fits and self._says_itself(key, row))):
            yield _Claim(_WHOLE if not (row.base and row.base.is_left) else _FITTING, index, key)
            return
        contradicts = named is not None and named != key
        if key is not None:
            is_denied = contradicts and (not fits or self._is_rather(named, row))
            yield _Claim(_KEYED if is_denied or not fits else _FITTING, index, key)
        if named is not None and not (row.key and fits and key is None):
            yield _Claim(_LABELLED if fits or not contradicts else _NAMED, index, named)

    def is_whole(self, key: str, row: HeldRow) -> bool:
        """Whether nothing contradicts what the row says it is. Its labels may be new ones."""
        named = self.labels.get(tuple(row.value(place) for place in self.label_columns.values()), key)
        base = row.base
        return row.key == key == named and base is not None and bool(base.written) and not base.is_left

    def _says_itself(self, key: str, row: HeldRow) -> bool:
        """Whether the labels are as they were written, or as they are to be."""
        labels = {name: row.value(place) for name, place in self.label_columns.items()}
        if self.labels.get(tuple(labels.values())) == key:
            return True
        written = row.base.written if row.base else {}
        return all(name in written and written[name].is_in(value) for name, value in labels.items())

    def _is_rather(self, named: str | None, row: HeldRow) -> bool:
        """Whether the cells besides the labels are no more what the row's own base says than what that of the one whom
        the labels name says: if the labels alone were moved, they are."""
        mine, theirs = row.base, self.bases.get(named or "")
        return self._agreeing(mine, row) <= self._agreeing(theirs, row)

    def _agreeing(self, base: Base | None, row: HeldRow) -> int:
        written = base.written if base else {}
        return sum(
            name in written and written[name].is_in(row.value(place))
            for name, place in self.other_columns.items()
        )


def _header(tab: Tab, held: HeldTab, taken: Collection[int]) -> int | None:
    """The row that says most of the headings, if that is more than half of those whose columns are there."""
    headings = [
        (place, column.name) for column in tab.columns if (place := held.place(column.identity)) is not None
    ]
    said = {
        index: sum(row.value(place) == name for place, name in headings)
        for index, row in enumerate(held.rows)
        if index not in taken
    }
    best = max(said, key=lambda index: said[index], default=None)
    return best if best is not None and 2 * said[best] > len(headings) else None
