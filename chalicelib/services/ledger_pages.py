"""The ledger, as officers read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.access import Key
from chalicelib.domain.cards import Completion
from chalicelib.domain.errors import malformed
from chalicelib.domain.ledger import Action, Actor, Entry, rebuilt
from chalicelib.services.counting import Counting
from chalicelib.services.directory import Directory
from chalicelib.services.rosters import CommanderRef
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.ledger import ENTRY_ID, PAGE, Ledger

MOST = 200


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change. `before` and `after` hold what it changed: completions by milestone, or attributes by name."""

    id: str
    at: datetime
    action: Action
    actor: Actor
    alliance: str | None
    commander: CommanderRef | None
    milestones: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """`next`: the value of `before` that gives older entries; None if there are none."""

    server: str | None
    entries: tuple[LedgerEntry, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LedgerPages:
    _directory: Directory
    _commanders: Commanders
    _completions: Completions
    _counting: Counting
    _ledger: Ledger
    _clock: Callable[[], datetime]

    def of_server(
        self,
        key: Key,
        server_id: str,
        commander: str | None = None,
        alliance: str | None = None,
        before: str | None = None,
        limit: str | None = None,
    ) -> LedgerPage:
        """Entries of a server, the latest first. `commander` is an id or a name. An alliance's officer sees only
        entries about that alliance.

        Every report is included, because entries that are still owed are written first. Raises Forbidden, NotFound,
        Malformed.
        """
        key.require("read the ledger", server=server_id, alliance=alliance or key.alliance)
        server, alliance = self._directory.server(server_id).id, alliance or key.alliance
        older, most = _before(before), _limit(limit)
        if alliance:
            self._directory.alliance(server, alliance)
        self._counting.bring_up(server, alliance)
        found = None
        if commander:
            tags = self._directory.tags(server, commander)
            found = self._commanders.called(server, alliance, commander, tags)
        shown, following = self._page(server, alliance, found.id if found else commander, older, most)
        told = {(e.alliance, e.commander) for e in shown if e.alliance and e.commander}
        names = {whose: one.name for whose, one in self._commanders.some(server, sorted(told)).items()}
        read = tuple(_as_read(entry, names) for entry in shown)
        return LedgerPage(server, read, following)

    def of_deployment(self, key: Key, before: str | None = None, limit: str | None = None) -> LedgerPage:
        """Entries that belong to no server: events, and keys for the deployment. Raises Forbidden, Malformed."""
        key.require("read the deployment's ledger", server=None)
        older, most = _before(before), _limit(limit)
        page = self._ledger.page(None, before=older, limit=most)
        return LedgerPage(
            None, tuple(_as_read(e, {}) for e in page), page[-1].id if len(page) == most else None
        )

    def _page(
        self, server: str, alliance: str | None, commander: str | None, before: str | None, most: int
    ) -> tuple[list[Entry], str | None]:
        """As many entries as there are, up to `most`, and what `next` is. A commander's are of wherever they have been:
        those of other alliances are passed over, and nothing tells that there are any."""
        found: list[Entry] = []
        size = max(most + 1, PAGE)
        while len(found) <= most:
            page = self._ledger.page(server, alliance, commander, before, size)
            found += [entry for entry in page if alliance in (None, entry.alliance)]
            if len(page) < size:
                break
            before = page[-1].id
        return found[:most], found[most - 1].id if len(found) > most else None

    def differences(self, server_id: str) -> list[str]:
        """The cards that differ from the ledger, as `event/alliance/commander`. There should be none.

        Archived events are included, and entries that are still owed are written first. Raises NotFound, Busy.
        """
        server = self._directory.server(server_id).id
        self._counting.bring_up(server)
        events = [event.id for event in self._directory.events()]
        built = rebuilt(self._ledger.all(server))
        stored = {
            (event, alliance.id, card.commander): {
                m: replace(c, owed=None) for m, c in card.completions.items()
            }
            for event in events
            for alliance in self._directory.alliances(server)
            for card in self._completions.alliance_cards(server, event, alliance.id, consistent=True)
        }
        return sorted(
            "/".join(whose) for whose in {**built, **stored} if built.get(whose) != stored.get(whose)
        )


def _before(text: str | None) -> str | None:
    if text is not None and not ENTRY_ID.fullmatch(text):
        message = "This is no entry's id. Give the `next` of the page before."
        raise malformed("before", message)
    return text


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        message = f"The limit must be a whole number from 1 to {MOST}."
        raise malformed("limit", message)
    return int(text)


def _as_read(entry: Entry, names: Mapping[tuple[str, str], str]) -> LedgerEntry:
    before, after = dict(entry.before or {}), dict(entry.after or {})
    for card in entry.cards:
        for milestone in {**card.removed, **card.added}:
            name = f"{card.event}/{milestone}"
            before[name] = _side(card.removed.get(milestone))
            after[name] = _side(card.added.get(milestone))
    commander = None
    if entry.commander:
        name = names.get((entry.alliance or "", entry.commander), "")
        commander = CommanderRef(entry.commander, name)
    return LedgerEntry(
        id=entry.id,
        at=entry.at,
        action=entry.action,
        actor=entry.actor,
        alliance=entry.alliance,
        commander=commander,
        milestones=tuple(f"{card.event}/{m}" for card in entry.cards for m in {**card.removed, **card.added}),
        before=before or None,
        after=after or None,
        reason=entry.reason,
    )


def _side(completion: Completion | None) -> dict[str, Any] | None:
    if completion is None:
        return None
    reported = {"reported_at": completion.reported_at} if completion.reported_at else {}
    return {"recorded_at": completion.recorded_at, "key": completion.key_id, **reported}
