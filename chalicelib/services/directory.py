"""Looking up what a request names, and saying clearly what there isn't."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.access import Key
from chalicelib.domain.edition import Edition
from chalicelib.domain.errors import FieldError, Forbidden, Malformed, NotFound, Unauthenticated, quoted
from chalicelib.domain.events import Event
from chalicelib.domain.messages import say
from chalicelib.domain.names import Tags, may_have_tag
from chalicelib.domain.roster import Alliance, Server
from chalicelib.store.access import AccessKeys
from chalicelib.store.definitions import Definitions


@dataclass(frozen=True, slots=True)
class Directory:
    _definitions: Definitions
    _access_keys: AccessKeys
    _clock: Callable[[], datetime]

    def key(self, secret: str) -> Key:
        """The valid key with that secret; it is noted as used. Raises Unauthenticated (`invalid-key`)."""
        key, now = self._access_keys.find(secret), self._clock()
        if key is None:
            raise Unauthenticated("invalid-key", say("unknown-key"))
        if not key.is_valid(now):
            raise Unauthenticated("invalid-key", say("ended-key"))
        if key.last_used_at is None or now - key.last_used_at >= timedelta(hours=1):
            self._access_keys.used(secret, now)
        return key

    def member_key(self, secret: str) -> Key:
        """The valid member key of a member link. Raises Unauthenticated, Forbidden (`out-of-scope`)."""
        key = self.key(secret)
        if not key.may("use the form"):
            raise Forbidden("out-of-scope", say("no-member-link"))
        return key

    def events(self) -> list[Event]:
        return self._definitions.events()

    def event_editions(self) -> list[tuple[Event, Edition]]:
        """All events, each with its edition."""
        return self._definitions.event_editions()

    def open_events(self, server_id: str) -> list[Event]:
        """Those whose cards can change, as they are on the server now. Raises NotFound."""
        day, now = self.server(server_id).game_day, self._clock()
        return [event for event in self.events() if event.can_change(now, day)]

    def event(self, event_id: str) -> Event:
        """Raises NotFound (`unknown-event`)."""
        event = next((event for event in self.events() if event.id == event_id), None)
        if event is None:
            raise unknown_event(event_id)
        return event

    def server(self, server_id: str) -> Server:
        """Raises NotFound (`unknown-server`)."""
        return self._server(server_id)[0]

    def server_edition(self, server_id: str) -> Edition:
        """Raises NotFound (`unknown-server`)."""
        return self._server(server_id)[1]

    def _server(self, server_id: str) -> tuple[Server, Edition]:
        found = self._definitions.server_edition(server_id)
        if found is None:
            message = say("unknown-server", server=quoted(server_id))
            raise NotFound("unknown-server", message, [FieldError("server", message)])
        return found

    def servers(self) -> list[Server]:
        """All, by id."""
        return self._definitions.servers()

    def alliances(self, server_id: str) -> list[Alliance]:
        """Those of the server, by id."""
        return self._definitions.alliances(server_id)

    def known_alliances(self, server_id: str) -> list[Alliance]:
        """The same, perhaps as they were half a minute ago."""
        return self._definitions.known_alliances(server_id)

    def tags(self, server_id: str, *texts: str) -> Tags:
        """The tags of the server's alliances, present and past, as far as names in these texts can have any."""
        return self._definitions.tags(server_id) if any(map(may_have_tag, texts)) else ()

    def alliance(self, server_id: str, alliance_id: str) -> Alliance:
        """Raises NotFound (`unknown-alliance`)."""
        alliance = self._definitions.alliance(server_id, alliance_id)
        if alliance is None:
            message = say("unknown-alliance", server=quoted(server_id), alliance=quoted(alliance_id))
            raise NotFound("unknown-alliance", message, [FieldError("alliance", message)])
        return alliance

    def in_scope(self, key: Key, server_id: str | None, alliance_id: str | None) -> tuple[Server, Alliance]:
        """The server and the alliance that a report is for: as named, or else as the key is scoped.

        Raises Malformed (`malformed`) naming what has to be given, Forbidden (`out-of-scope`), NotFound.
        """
        server_id, alliance_id = server_id or key.server, alliance_id or key.alliance
        if not server_id or not alliance_id:
            errors = [] if server_id else [FieldError("server", say("which-server", role=key.role))]
            errors += [] if alliance_id else [FieldError("alliance", say("which-alliance", role=key.role))]
            raise Malformed("malformed", errors[0].message, errors)
        key.require("report completions", server=server_id, alliance=alliance_id)
        return self.server(server_id), self.alliance(server_id, alliance_id)


def unknown_event(event_id: str) -> NotFound:
    message = say("unknown-event", event=quoted(event_id))
    return NotFound("unknown-event", message, [FieldError("event", message)])
