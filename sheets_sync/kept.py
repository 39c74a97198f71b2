"""Who keeps a tab, and what becomes of tabs that show nothing of what the spreadsheet is bound to any more. Pure."""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, cast

from chalicelib.domain.binding import Binding
from chalicelib.domain.sheet_view import SheetView
from sheets_sync.cells import Json, Value
from sheets_sync.content.wall_time import in_words
from sheets_sync.content.words import SAYS
from sheets_sync.failures import SheetError
from sheets_sync.held import HeldRow, HeldTab
from sheets_sync.making import kept_request
from sheets_sync.tabs import ABOUT, HEADER, STATE, Column, Left, Row, Tab, TabId

Names = Callable[[str, str], Mapping[str, str]]
"""What all whom the roster of an alliance of a server has had are called today, by id."""
_ENDED = "No longer kept by Muster since "
_PROVEN = " ~"
"""Between what a tab says about who keeps it and the proof of that."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Which deployment this is, and what it can tell of rosters that a spreadsheet was bound to before. `proof` of a
    text shows that this deployment wrote it: whoever may edit a spreadsheet can write metadata, too, and must not ask
    for the names of any alliance."""

    deployment: str
    names: Names
    proof: Callable[[str], str]


NOBODY = Keeper("", lambda _server, _alliance: {}, lambda _text: "")
"""Where it does not matter which deployment it is."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Who keeps a tab, as it says itself: which deployment, in which spreadsheet it was made, and what that has been
    bound to since, each as `SERVER/ALLIANCE` (without an alliance, the server's). `is_proven`: this deployment has
    written so."""

    deployment: str
    spreadsheet: str
    bindings: tuple[str, ...]
    is_proven: bool

    @classmethod
    def read(cls, text: str | None, keeper: Keeper) -> Self | None:
        """None if it does not say: version 0.1.0 did not."""
        said, _, proof = (text or "").partition(_PROVEN)
        deployment, _, rest = said.partition(" ")
        spreadsheet, _, bindings = rest.partition(" ")
        if not spreadsheet:
            return None
        is_proven = hmac.compare_digest(keeper.proof(said).encode(), proof.encode(errors="replace"))
        return cls(deployment, spreadsheet, tuple(bindings.split()), is_proven)


def _former_bindings(text: str | None, sheet: Binding, keeper: Keeper) -> list[str]:
    """What the spreadsheet was bound to before. Of another deployment that is believed as it is taken over."""
    kept = Kept.read(text, keeper)
    is_believed = kept is not None and (kept.is_proven or sheet.take_over)
    return [one for one in kept.bindings if one != _bound_to(sheet)] if kept and is_believed else []


def as_ours(held: Mapping[str, HeldTab], sheet: Binding, keeper: Keeper) -> dict[str, HeldTab]:
    """The tabs, as far as they can be believed. Raises SheetError if another deployment keeps them.

    Those of a copied spreadsheet are nobody's: it is bound, so they are ours now, but what they say about what was
    written into them is not of this spreadsheet.
    """
    found = {}
    for tab_id, tab in held.items():
        kept = Kept.read(tab.kept, keeper)
        is_copied = kept is not None and kept.spreadsheet != sheet.spreadsheet_id
        if kept and not is_copied and kept.deployment != keeper.deployment and not sheet.take_over:
            words = "Another deployment of Muster keeps this spreadsheet."
            raise SheetError(f"{words} Unbind it there, or bind it here with --take-over.", lasting=True)
        rows = [replace(row, base=None) for row in tab.rows] if is_copied else tab.rows
        found[tab_id] = replace(tab, rows=rows)
    return found


def kept_requests(
    sheet_ids: Mapping[str, int], held: Mapping[str, HeldTab], sheet: Binding, keeper: Keeper
) -> Iterator[Json]:
    """Say on each of the tabs who keeps it."""
    for tab_id, sheet_id in sheet_ids.items():
        tab = held.get(tab_id)
        text, metadata_id = (tab.kept, tab.kept_id) if tab else (None, None)
        bindings = *_former_bindings(text, sheet, keeper), _bound_to(sheet)
        said = " ".join((keeper.deployment, sheet.spreadsheet_id, *bindings))
        wanted = f"{said}{_PROVEN}{keeper.proof(said)}"
        if wanted != text:
            yield kept_request(sheet_id, metadata_id, wanted)


def former_names_of(held: Mapping[str, HeldTab], sheet: Binding, keeper: Keeper) -> dict[str, str]:
    """What those are called today who were on rosters that the spreadsheet was bound to before, by id."""
    bound = {one for tab in held.values() for one in _former_bindings(tab.kept, sheet, keeper)}
    names: dict[str, str] = {}
    for one in sorted(bound):
        server, _, alliance = one.partition("/")
        if alliance:
            names |= keeper.names(server, alliance)
    return names


def _bound_to(sheet: Binding) -> str:
    return f"{sheet.server}/{sheet.alliance or ''}"


def with_former(tab: Tab, names: Mapping[str, str]) -> Tab:
    """With what is said in rows of people who were listed while the spreadsheet was bound to something else."""
    if tab.id != "commanders":
        return tab
    left = {key: Left(name, "listed when this sheet was another alliance's") for key, name in names.items()}
    return replace(tab, unlisted=left | dict(tab.unlisted))


def ended_tabs(
    tabs: Sequence[Tab], held: Mapping[str, HeldTab], view: SheetView, names: Mapping[str, str]
) -> list[Tab]:
    """Tabs of ours that the binding has none of: they say so, and call people by their names of today. What was
    answered in rows goes, since it may name anybody; all else stays as it was."""
    shown = {tab.id for tab in tabs}
    return [_ended(tab_id, tab, view, names) for tab_id, tab in held.items() if tab_id not in shown]


def _ended(tab_id: str, held: HeldTab, view: SheetView, names: Mapping[str, str]) -> Tab:
    places = [
        (place, column.name)
        for place, column in enumerate(held.columns)
        if column and not column.name.startswith("#")
    ]
    columns: tuple[Column[Row], ...] = tuple(
        Column(_heading(held, place), str, id=name) for place, name in places
    )
    found: dict[str, HeldRow] = {}
    for row in held.rows:
        if row.key is not None:
            found.setdefault(row.key, row)
    about = found[ABOUT].value(places[0][0]) if ABOUT in found else None
    rows = []
    for key, row in found.items():
        if not key.startswith("#"):
            label, *others = (row.value(place) for place, _ in places)
            told = [
                None if name == SAYS else value for (_, name), value in zip(places[1:], others, strict=True)
            ]
            rows.append(Row(key, (names.get(key, label), *told)))
    block = Row(ABOUT, (_words(about, view),)), Row(STATE)
    return Tab(
        cast(TabId, tab_id), held.title, block, columns, tuple(rows), (columns[0].name,), is_ended=True
    )


def _heading(held: HeldTab, place: int) -> str:
    header = next((row for row in held.rows if row.key == HEADER), HeldRow())
    return str(header.value(place) or "")


def _words(told: Value, view: SheetView) -> str:
    """They stay as they are once they are said."""
    if isinstance(told, str) and told.startswith(_ENDED):
        return told
    whose = f"[{view.alliance.tag}]" if view.alliance else f"server {view.server}"
    return f"{_ENDED}{in_words(view.as_of, view.game_day)}: this spreadsheet shows {whose} now."
