"""Whether one more commander may join: on a roster, and by a member link on this day (DESIGN §3.12)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.access import Key
from chalicelib.domain.errors import Conflict, FieldError
from chalicelib.domain.joining import brought_today
from chalicelib.domain.messages import say
from chalicelib.domain.roster import MOST_COMMANDERS, Alliance
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory
from chalicelib.store.commanders import Commanders
from chalicelib.store.joins import Joins, one_more
from chalicelib.store.table import Change, ConditionFailed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Joining:
    _directory: Directory
    _commanders: Commanders
    _joins: Joins
    _clock: Callable[[], datetime]

    def by_link(self, key: Key, alliance: Alliance, name: str) -> list[Change]:
        """The writes that count somebody whom a member link brings. They belong into the transaction that puts them on
        the roster. Keys that may report for others are not limited. Raises Conflict (`too-many-new`).
        """
        if key.may("report for others"):
            return []
        most, day = alliance.new_allowed, self._directory.server(alliance.server).game_day
        known = self._joins.brought(alliance.server, alliance.id)
        today = brought_today(known, self._clock(), day)
        if today.by_link.get(key.id, 0) >= most:
            raise _too_many(alliance, name, day.local(day.end(today.day)))
        return [one_more(alliance.server, alliance.id, key.id, known, today, most)]

    def until_written(self, decide_and_write: Callable[[], T], sleep: Callable[[float], None]) -> T:
        """Like `attempts.until_written`, for changes of rosters. Raises Conflict (`roster-full`) and Busy."""

        def write() -> T:
            try:
                return decide_and_write()
            except ConditionFailed as failure:
                self.require_room(failure)
                raise

        return until_written(write, sleep)

    def require_room(self, failure: ConditionFailed) -> None:
        """Raises Conflict (`roster-full`) if a write failed for that reason."""
        if full := self._commanders.full_roster(failure):
            raise roster_full(self._directory.alliance(*full))


def roster_full(alliance: Alliance) -> Conflict:
    return Conflict("roster-full", say("roster-full", alliance=alliance.name, most=MOST_COMMANDERS))


def _too_many(alliance: Alliance, name: str, until: datetime) -> Conflict:
    most = alliance.new_allowed
    if most:
        message = say("too-many-new", name=name, alliance=alliance.name, most=most, until=until)
    else:
        message = say("nobody-new", name=name, alliance=alliance.name)
    return Conflict("too-many-new", message, [FieldError("commander", message)])
