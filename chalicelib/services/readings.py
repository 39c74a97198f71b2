"""Readings of the official points, which the game itself shows and officers log (DESIGN §3.5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Key
from chalicelib.domain.calendar import SKEW
from chalicelib.domain.edits import Overtaken
from chalicelib.domain.errors import Conflict, FieldError, NotFound, malformed
from chalicelib.domain.ledger import Actor
from chalicelib.domain.messages import say
from chalicelib.domain.plausibility import implausible, points_reported_by
from chalicelib.domain.standing import Reading
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory
from chalicelib.services.tiers import Tiers
from chalicelib.store import ledger
from chalicelib.store.completions import Completions
from chalicelib.store.readings import LoggedReading, Readings

MOST_OF_A_KEY = 5_000
"""Readings of an event that can be logged with one key. All of them are read for each that is logged, by whomever."""


@dataclass(frozen=True, slots=True)
class ReadingDetails:
    """A reading of the official points, with what was reported at that time. `logged_by`: the label of the key."""

    id: str
    points: int
    read_at: datetime
    reported_points: int
    coverage: float | None
    logged_at: datetime
    logged_by: str


@dataclass(frozen=True, slots=True)
class Over:
    """Over which reading an officer typed in a tab of a sheet, by its generation; None: over none."""

    generation: str | None
    tab: str

    @property
    def told(self) -> dict[str, str]:
        """What the ledger entry says of it."""
        return {"tab": self.tab}

    def require(self, latest: Reading | None) -> None:
        """Raises Overtaken if another is the latest now."""
        if (latest.generation if latest else None) != self.generation:
            raise Overtaken


@dataclass(frozen=True, slots=True)
class GameReadings:
    _directory: Directory
    _tiers: Tiers
    _completions: Completions
    _readings: Readings
    _tolerance: int
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def log(
        self,
        key: Key,
        server_id: str,
        event_id: str,
        points: int,
        read_at: datetime | None = None,
        *,
        confirm: bool = False,
        over: Over | None = None,
    ) -> ReadingDetails:
        """Logs the official points that the game showed at `read_at`, or shows now. Tiers that it reaches are stamped.

        Raises Overtaken if the latest reading is not the one that it was typed `over`; Malformed for a time to come or
        before the event; Conflict (`implausible-reading`) for a number that does not fit what is known, unless
        `confirm` says that it is right, and for one reading too many (`too-many-readings`); Forbidden, NotFound, Busy.
        """
        key.require("log readings", server=server_id, alliance=key.alliance)
        server, event, now = self._directory.server(server_id), self._directory.event(event_id), self._clock()
        at = read_at or now
        if at > now + SKEW:
            raise malformed("read_at", "This time is still to come.")
        at = min(at, now)
        if at < event.window(server.game_day).opens_at:
            raise malformed("read_at", f"{event.name} had not begun then.")

        def write() -> LoggedReading:
            standing = self._completions.standing(server.id, event.id, consistent=True)
            if over:
                over.require(standing.reading)
            reported = points_reported_by(at, standing, event, now)
            reading = Reading(points, at, reported)
            beside, known = self._readings.seen(server.id, event.id)
            if sum(one.key_id == key.id for one in known) >= MOST_OF_A_KEY:
                message = f"{MOST_OF_A_KEY:,} readings of {event.name} were logged with this key, which is the most."
                raise Conflict("too-many-readings", f"{message} Withdraw some first.")
            readings = [logged.reading for logged in known]
            doubt = implausible(reading, readings, event, standing, self._tolerance)
            if doubt and not confirm:
                message = say("implausible-reading", doubt=doubt)
                raise Conflict("implausible-reading", message, [FieldError("points", message)])
            latest = standing.reading
            entry = ledger.new_entry(
                now,
                "reading",
                Actor.of(key),
                server.id,
                alliance=key.alliance,
                before={"points": latest.points, "read_at": latest.read_at} if latest else None,
                after={"event": event.id, "points": points, "read_at": at} | (over.told if over else {}),
            )
            return self._readings.write(
                server.id, event.id, reading, now, key, latest, beside, ledger.put(entry)
            )

        logged = until_written(write, self._sleep)
        self._tiers.stamp(server.id, event, anew=True)
        return _details(logged)

    def withdraw(
        self, key: Key, server_id: str, event_id: str, reading_id: str | None, *, over: Over | None = None
    ) -> None:
        """Takes a reading back that was a slip; the one before it counts again. A tier that it stamped stays so,
        flagged as after any correction (DESIGN §3.4). Without an id it is the latest, if that is the one that was
        cleared, which `over` says.

        Raises Overtaken, Forbidden, NotFound (`unknown-reading`, also if it is withdrawn already), Busy.
        """
        key.require("log readings", server=server_id, alliance=key.alliance)
        server, event = self._directory.server(server_id), self._directory.event(event_id)

        def write() -> None:
            latest = self._completions.standing(server.id, event.id, consistent=True).reading
            beside, known = self._readings.seen(server.id, event.id)
            if over:
                over.require(latest)
            gone = next((logged for logged in reversed(known) if reading_id in (logged.id, None)), None)
            if gone is None:
                message = f"{event.name} has no such reading."
                raise NotFound("unknown-reading", message, [FieldError("reading", message)])
            told = {"event": event.id, "points": gone.reading.points, "read_at": gone.reading.read_at}
            entry = ledger.new_entry(
                self._clock(),
                "withdraw",
                Actor.of(key),
                server.id,
                alliance=key.alliance,
                before=told,
                after=over.told if over else None,
            )
            left = [logged.reading for logged in known if logged != gone]
            self._readings.withdraw(server.id, event.id, gone, latest, beside, left, ledger.put(entry))

        until_written(write, self._sleep)
        self._tiers.stamp(server.id, event, anew=True)

    def all(self, key: Key, server_id: str, event_id: str) -> list[ReadingDetails]:
        """All readings of an event, the latest first. Raises Forbidden, NotFound."""
        key.require("log readings", server=server_id, alliance=key.alliance)
        server, event = self._directory.server(server_id), self._directory.event(event_id)
        return [_details(logged) for logged in reversed(self._readings.all(server.id, event.id))]


def _details(logged: LoggedReading) -> ReadingDetails:
    reading = logged.reading
    return ReadingDetails(
        logged.id,
        reading.points,
        reading.read_at,
        reading.reported_points,
        reading.coverage,
        logged.at,
        logged.label,
    )
