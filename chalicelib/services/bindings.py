"""Binding spreadsheets to a server or an alliance, and the state of their syncs."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Key
from chalicelib.domain.accounts import shared_out
from chalicelib.domain.binding import Binding
from chalicelib.domain.errors import FieldError, NotFound, malformed
from chalicelib.domain.ledger import Actor
from chalicelib.services.directory import Directory
from chalicelib.store import ledger
from chalicelib.store.sheets import Sheets
from chalicelib.store.table import ConditionFailed, Put


@dataclass(frozen=True, slots=True)
class SheetState:
    """What a spreadsheet is bound to and how its syncs went. The field names are the contract of DESIGN §5.

    `edits`: what officers edit in it counts. `revision` identifies what it shows; None if it shows nothing of this
    binding yet. `account`: the address at Google with which it is to be shared; None if that is not known.
    """

    spreadsheet_id: str
    server: str
    alliance: str | None
    edits: bool
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str | None
    revision: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class Bindings:
    """Binds spreadsheets to a server or an alliance, unbinds them, and shows their state."""

    _directory: Directory
    _sheets: Sheets
    _clock: Callable[[], datetime]

    def bind(
        self,
        key: Key,
        spreadsheet_id: str,
        server_id: str,
        alliance_id: str | None,
        *,
        edits: bool = False,
        take_over: bool = False,
    ) -> tuple[SheetState, bool]:
        """Binds it. Returns the state, and whether the spreadsheet had no binding before. The next sync shows
        everything, and takes nothing for an edit; later ones do if `edits`: then who may edit the spreadsheet acts as
        an officer of what it is bound to. It keeps its account at Google, or gets one that has the fewest sheets.

        Raises Forbidden, Malformed (`malformed`) for something that is not a spreadsheet's id, NotFound.
        """
        key.require("bind spreadsheets", server=server_id, alliance=alliance_id)
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", spreadsheet_id):
            message = (
                "This is not a spreadsheet's id. Take the part between /d/ and the next / of its address."
            )
            raise malformed("spreadsheet_id", message)
        self._directory.server(server_id)
        if alliance_id:
            self._directory.alliance(server_id, alliance_id)
        before = self._sheets.get(spreadsheet_id)
        wanted = Binding(spreadsheet_id, server_id, alliance_id, edits=edits, take_over=take_over)
        entry = self._entry(key, spreadsheet_id, before, wanted)
        account = self._account(before or wanted)
        more = {"edits": edits, "take_over": take_over}
        self._sheets.bind(spreadsheet_id, server_id, alliance_id, entry, account=account, **more)
        bound = self._sheets.get(spreadsheet_id)  # unless somebody has unbound it meanwhile
        return _state(bound or replace(wanted, account=account)), before is None

    def all(self, key: Key) -> list[SheetState]:
        """Every bound spreadsheet, by id. Raises Forbidden."""
        key.require("bind spreadsheets", server=None)
        return [_state(sheet) for sheet in self._sheets.all()]

    def state(self, key: Key, spreadsheet_id: str) -> SheetState:
        """Raises Forbidden, and NotFound (`unknown-sheet`) if it is not bound."""
        key.require("see syncs", server=key.server, alliance=key.alliance)
        sheet = self._sheet(spreadsheet_id)
        key.require("see syncs", server=sheet.server, alliance=sheet.alliance)
        return _state(sheet)

    def tidy(self, key: Key, spreadsheet_id: str) -> SheetState:
        """Lets the next sync delete the empty rows of Muster's tabs in which something was listed once.

        Raises Forbidden, and NotFound (`unknown-sheet`) if it is not bound.
        """
        key.require("bind spreadsheets", server=key.server, alliance=key.alliance)
        before = self._sheet(spreadsheet_id)
        entry = self._entry(key, spreadsheet_id, before, replace(before, tidies=True))
        try:
            self._sheets.tidy(spreadsheet_id, entry)
        except ConditionFailed:  # it was unbound meanwhile
            raise _not_bound() from None
        return _state(self._sheet(spreadsheet_id))

    def unbind(self, key: Key, spreadsheet_id: str) -> None:
        """Its tabs stay as they are. Raises Forbidden, and NotFound (`unknown-sheet`) if it is not bound."""
        key.require("bind spreadsheets", server=key.server, alliance=key.alliance)
        before = self._sheet(spreadsheet_id)
        entry = self._entry(key, spreadsheet_id, before, None)
        self._sheets.unbind(spreadsheet_id, entry)

    def _account(self, sheet: Binding) -> str | None:
        others = [one for one in self._sheets.all() if one.spreadsheet_id != sheet.spreadsheet_id]
        return shared_out([*others, sheet], self._sheets.accounts()).get(sheet.spreadsheet_id)

    def _entry(self, key: Key, spreadsheet_id: str, before: Binding | None, after: Binding | None) -> Put:
        """The ledger entry: what the spreadsheet was and is bound to. There is at least one of them."""
        one = after or before or Binding(spreadsheet_id, "")
        what = {"alliance": one.alliance, "before": _told(before), "after": _told(after)}
        return ledger.put(ledger.new_entry(self._clock(), "sheet", Actor.of(key), one.server, **what))

    def _sheet(self, spreadsheet_id: str) -> Binding:
        sheet = self._sheets.get(spreadsheet_id)
        if sheet is None:
            raise _not_bound()
        return sheet


def _not_bound() -> NotFound:
    message = "This spreadsheet is not bound to anything."
    return NotFound("unknown-sheet", message, [FieldError("spreadsheet_id", message)])


def _told(sheet: Binding | None) -> dict[str, str | bool | None] | None:
    """What the ledger says of a binding."""
    if sheet is None:
        return None
    bound = {"spreadsheet": sheet.spreadsheet_id, "server": sheet.server, "alliance": sheet.alliance}
    return {
        **bound,
        "edits": sheet.edits,
        **{name: True for name in ("take_over", "tidies") if getattr(sheet, name)},
    }


def _state(sheet: Binding) -> SheetState:
    return SheetState(
        sheet.spreadsheet_id,
        sheet.server,
        sheet.alliance,
        sheet.edits,
        sheet.last_success_at,
        sheet.last_error_at,
        sheet.last_error,
        sheet.revision,
        sheet.account,
    )
