"""What operators define: events, servers, alliances. A change drops no completion (DESIGN §3.10)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.access import Key
from chalicelib.domain.errors import Conflict, FieldError, Malformed, TooLarge, malformed
from chalicelib.domain.events import Event, too_many
from chalicelib.domain.ledger import Action, Actor
from chalicelib.domain.names import tag_key
from chalicelib.domain.roster import Alliance, Server
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory, unknown_event
from chalicelib.services.renormalising import Renormalising
from chalicelib.store import ledger
from chalicelib.store.completions import Completions
from chalicelib.store.definitions import Definitions
from chalicelib.store.table import Put

MOST_BYTES = 128 * 1024
"""The largest stored event: a ledger entry has it twice, and an item of the table holds 400 KB."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Administration:
    _directory: Directory
    _definitions: Definitions
    _completions: Completions
    _renormalising: Renormalising
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def put_event(self, key: Key, event: Event) -> bool:
        """Defines the event, or changes it. Returns whether it is new. Points are counted again from the completions.

        Raises Forbidden, Malformed, TooLarge, and Conflict (`milestone-in-use`) if it would drop a milestone that
        somebody has completed.
        """
        key.require("define events", server=None)
        size = len(event.model_dump_json(exclude_unset=True).encode())
        if size > MOST_BYTES:
            message = f"The definition has {size:,} bytes; {MOST_BYTES:,} is the most."
            raise TooLarge("too-large", message, [FieldError("body", message)])
        before = next((one for one in self._definitions.stored_events() if one.id == event.id), None)
        if wrong := too_many(event, before):
            raise Malformed("malformed", f"{wrong[0].field}: {wrong[0].message}", wrong)
        if before:
            self._refuse_loss(before, event)
        shown = [one.model_dump(mode="json", exclude_unset=True) if one else None for one in (before, event)]
        archived_at = self._clock() if event.archived and not (before and before.archived) else None
        changed_at = self._clock() if event != before else None
        entry = self._entry(key, "event", None, None, *shown)
        self._definitions.put_event(event, entry, archived_at=archived_at, changed_at=changed_at)
        return before is None

    def delete_event(self, key: Key, event_id: str) -> None:
        """Deletes an event in which nobody has completed anything, with its readings, tier stamps and points over time.

        Raises Forbidden, NotFound, and Conflict (`event-in-use`) if somebody has, even if all of that was voided: it
        could be restored. Also Busy: what was deleted until then stays deleted, and doing it again does the rest.
        """
        key.require("define events", server=None)

        def delete() -> None:
            before = next((one for one in self._definitions.stored_events() if one.id == event_id), None)
            if before is None:
                raise unknown_event(event_id)
            servers = self._directory.servers()
            for server in servers:
                if self._completions.is_counted(server.id, event_id):
                    message = (
                        f"Commanders have completed something of {event_id!r} on server {server.id}, so it can't be "
                        "deleted. If it is over, archive it."
                    )
                    raise Conflict("event-in-use", message, [FieldError("event", message)])
            for server in servers:
                self._completions.clear(server.id, event_id)
            shown = before.model_dump(mode="json", exclude_unset=True)
            self._definitions.delete_event(event_id, self._entry(key, "event", None, None, shown, None))

        until_written(delete, self._sleep)

    def put_server(self, key: Key, server: Server) -> bool:
        """Defines the server, or changes when its game day begins and what of it is public. Returns whether it is new.
        Raises Forbidden, Malformed."""
        key.require("define servers", server=server.id)
        _require_id("server", server.id)
        before = next((one for one in self._directory.servers() if one.id == server.id), None)
        shown = [_shown(one) if one else None for one in (before, server)]
        changed_at = self._clock() if server != before else None
        entry = self._entry(key, "server", server.id, None, *shown)
        self._definitions.put_server(server, entry, changed_at=changed_at)
        return before is None

    def put_alliance(self, key: Key, alliance: Alliance) -> tuple[Alliance, bool]:
        """Defines the alliance, or changes its labels and whether it is open. Returns it, and whether it is new.

        A `new_per_day` that is None stays as it is. A tag that is new on the server is removed from the names that are
        stored with it. Raises Forbidden, Malformed, NotFound, Busy. After Busy perhaps only removing the tag is left:
        `./muster migrate` does that too.
        """
        key.require("define alliances", server=alliance.server, alliance=alliance.id)
        self._directory.server(alliance.server)
        _require_id("alliance", alliance.id)
        known = self._definitions.alliances(alliance.server)
        before = next((one for one in known if one.id == alliance.id), None)
        after = alliance
        if before and alliance.new_per_day is None:
            after = replace(alliance, new_per_day=before.new_per_day)
        shown = [_attributes(one) if one else None for one in (before, after)]
        entry = self._entry(key, "alliance", alliance.server, alliance.id, *shown)
        if before:
            alliance = replace(alliance, past_tags=(*before.past_tags, before.tag))
        had = {tag_key(tag) for one in known for tag in (one.tag, *one.past_tags)}
        self._definitions.put_alliance(alliance, entry)
        if tag_key(alliance.tag) not in had:
            self._renormalising.run(alliance.server)
        return after, before is None

    def change_alliance(
        self, key: Key, server_id: str, alliance_id: str, is_open: bool | None, new_per_day: int | None
    ) -> Alliance:
        """Opens or closes the alliance, or sets how many commanders a link may bring in a day; None leaves it as it is.

        Repeating it changes nothing. Raises Forbidden, NotFound, Busy.
        """
        key.require("open and close alliances", server=server_id, alliance=alliance_id)
        self._directory.server(server_id)
        given = {"is_open": is_open, "new_per_day": new_per_day}
        wanted: dict[str, Any] = {name: value for name, value in given.items() if value is not None}

        def change() -> Alliance:
            stored = self._definitions.stored_alliance(server_id, alliance_id)
            before = stored or self._directory.alliance(server_id, alliance_id)
            after = replace(before, **wanted)
            if after != before:
                shown = [{name: _attributes(one)[name] for name in wanted} for one in (before, after)]
                entry = self._entry(key, "alliance", server_id, alliance_id, *shown)
                self._definitions.change_alliance(before, after, entry)
            return after

        return until_written(change, self._sleep)

    def servers(self, key: Key) -> list[Server]:
        """Raises Forbidden."""
        key.require("define servers", server=None)
        return self._directory.servers()

    def alliances(self, key: Key, server_id: str) -> list[Alliance]:
        """The alliances of the server that are in the key's scope. Raises Forbidden, NotFound."""
        key.require("see alliances", server=server_id, alliance=key.alliance)
        found = self._directory.alliances(self._directory.server(server_id).id)
        return [one for one in found if key.alliance in (None, one.id)]

    def _refuse_loss(self, before: Event, after: Event) -> None:
        """Refuses to drop a milestone that somebody has completed, because its completions would count for nothing."""
        dropped = {m.id for m in before.milestones} - {m.id for m in after.milestones}
        for server in self._directory.servers() if dropped else ():
            for milestone in sorted(dropped & self._completed(server.id, before.id)):
                message = (
                    f"Milestone {milestone!r} has completions on server {server.id}, so it can't be removed."
                )
                raise Conflict("milestone-in-use", message, [FieldError("milestones", message)])

    def _completed(self, server: str, event: str) -> set[str]:
        totals = self._completions.standing(server, event, consistent=True).totals
        return {milestone for milestone, count in totals.completions.items() if count}

    def _entry(
        self,
        key: Key,
        action: Action,
        server: str | None,
        alliance: str | None,
        before: dict[str, object] | None,
        after: dict[str, object] | None,
    ) -> Put:
        what = {"alliance": alliance, "before": before, "after": after}
        return ledger.put(ledger.new_entry(self._clock(), action, Actor.of(key), server, **what))


def _shown(server: Server) -> dict[str, object]:
    day = server.game_day
    game_day = {"starts_at": day.starts_at.isoformat("minutes"), "zone": day.zone, "assumed": day.assumed}
    return game_day | {"public_standings": server.public_standings}


def _attributes(alliance: Alliance) -> dict[str, object]:
    what = {"tag": alliance.tag, "name": alliance.name, "is_open": alliance.is_open}
    return what | {"new_per_day": alliance.new_allowed}


def _require_id(field: str, text: str) -> None:
    if not _ID.fullmatch(text):
        message = "An id may have up to 64 letters without accents, digits, dots, dashes and underscores."
        raise malformed(field, message)
