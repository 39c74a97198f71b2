"""How servers stand, for receipts and for what everybody may see: read now and then.

In a busy hour there are many reports a second, and each would have to read the totals of every alliance of the server;
so would each of the thousand who look at the server's page when a reward is near.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from chalicelib.domain.cards import Card, CardChange, count_since
from chalicelib.domain.standing import Standing
from chalicelib.store.completions import CardsChanged, Completions
from chalicelib.store.table import ConditionFailed

RECENT_SECONDS = 10.0
"""How late a receipt may show what other processes recorded. What this process recorded is always in it."""

PUBLIC_SECONDS = 1.0
"""How late what everybody sees may show what other processes recorded: hardly later than a table may show it anyway."""

_Kept = dict[tuple[str, str], tuple[float, Standing]]
_NOTHING_WRITTEN = (CardsChanged, ConditionFailed)


@dataclass(slots=True)
class RecentStandings:
    """Exact within a process, for any number of threads. A standing is kept only if no write was in progress while it
    was read. So each write is either already in it, or is added once."""

    _completions: Completions
    _monotonic: Callable[[], float]
    _lock: Lock = field(default_factory=Lock, init=False)
    _writing: int = field(default=0, init=False)
    _begun: int = field(default=0, init=False)
    _kept: _Kept = field(default_factory=dict, init=False)
    _public: _Kept = field(default_factory=dict, init=False)

    @contextmanager
    def recording(self, changes: Sequence[CardChange]) -> Iterator[None]:
        """Surrounds the write of these changes. When it is done, they are added to the kept standings."""
        with self._lock:
            self._writing += 1
            self._begun += 1
        try:
            yield
        except _NOTHING_WRITTEN:
            raise
        except BaseException:  # it may have been written nevertheless
            with self._lock:
                self._kept.clear()
            raise
        else:
            with self._lock:
                for change in changes:
                    self._add(change)
        finally:
            with self._lock:
                self._writing -= 1
                self._public.clear()

    def get(self, server: str, event: str) -> Standing:
        """The standing: at most `RECENT_SECONDS` old, with everything that was added."""
        return self._read(self._kept, server, event, RECENT_SECONDS, consistent=True)

    def shown(self, server: str, cards: Mapping[str, Card]) -> dict[str, Standing]:
        """The standings in the events of these cards, by event, for a page that nothing is decided on.

        What is not kept is as the last recount found it, with what the cards hold since then; before the first one, it
        is read.
        """
        now = self._monotonic()
        with self._lock:
            kept = {event: _recent(self._kept, server, event, now, RECENT_SECONDS) for event in cards}
        noted = self._completions.noted(server, [event for event in kept if not kept[event]])
        shown = {
            event: standing.plus("", count_since(cards[event], at)) for event, (at, standing) in noted.items()
        }
        for event, standing in kept.items():
            if event not in noted:
                shown[event] = standing or self._completions.standing(server, event)
        return shown

    def public(self, server: str, event: str) -> Standing:
        """The standing for everybody: at most `PUBLIC_SECONDS` old, and read again after this process has written."""
        return self._read(self._public, server, event, PUBLIC_SECONDS, consistent=False)

    def forget(self, server: str, event: str) -> None:
        """The standing is read again. Call it when something other than totals has changed."""
        with self._lock:
            self._kept.pop((server, event), None)
            self._public.pop((server, event), None)

    def _read(self, kept: _Kept, server: str, event: str, seconds: float, *, consistent: bool) -> Standing:
        now = self._monotonic()
        with self._lock:
            if standing := _recent(kept, server, event, now, seconds):
                return standing
            begun, is_quiet = self._begun, not self._writing
        standing = self._completions.standing(server, event, consistent=consistent)
        with self._lock:
            if is_quiet and self._begun == begun:
                kept[server, event] = now, standing
        return standing

    def _add(self, change: CardChange) -> None:
        card = change.after
        if kept := self._kept.get((card.server, card.event)):
            read_at, standing = kept
            self._kept[card.server, card.event] = read_at, standing.plus(card.alliance, change.totals)


def _recent(kept: _Kept, server: str, event: str, now: float, seconds: float) -> Standing | None:
    read_at, standing = kept.get((server, event), (0.0, None))
    return standing if standing and now - read_at < seconds else None
