"""What a member's form and receipt show."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Key
from chalicelib.domain.calendar import GameDay, Window
from chalicelib.domain.cards import Card, Completion
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.domain.events import Event, Milestone
from chalicelib.domain.messages import say
from chalicelib.domain.names import display_name, name_keys, name_mark
from chalicelib.domain.progress import Progress, progress_of
from chalicelib.domain.reporting import reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.corrections import UNDO_WITHIN
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions


@dataclass(frozen=True, slots=True)
class FormMilestone:
    """A milestone to tick; `completion` is set if the commander shown has it already."""

    id: str
    event: Event
    milestone: Milestone
    window: Window
    completion: Completion | None


@dataclass(frozen=True, slots=True)
class Form:
    """`name` is what to put in the field, `commander` who that is, if known; `formerly` is a former name of theirs that
    was given. `opens_next`: where nothing is active.
    """

    server: Server
    alliance: Alliance
    now: datetime
    name: str
    commander: Commander | None
    formerly: str | None
    roster: tuple[str, ...]
    today: tuple[FormMilestone, ...]
    earlier: tuple[FormMilestone, ...]
    opens_next: datetime | None


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """One event on a receipt: the commander's completions, those of this report apart, and the server's progress.

    `undone`: what this report recorded and was taken back since.
    """

    event: Event
    progress: Progress
    points: int
    counted: tuple[Milestone, ...]
    undone: tuple[Milestone, ...]
    earlier: tuple[tuple[Milestone, Completion], ...]


@dataclass(frozen=True, slots=True)
class MemberReceipt:
    """`formerly`: under which former name of the commander's it was reported. `undo_until`: the instant before which
    whoever asks can undo the report of `at` with this key; None: they can't.
    """

    server: Server
    alliance: Alliance
    commander: Commander
    formerly: str | None
    at: datetime
    events: tuple[ReceiptEvent, ...]
    undo_until: datetime | None

    @property
    def counted(self) -> int:
        """How many completions this report added."""
        return sum(len(event.counted) for event in self.events)

    @property
    def undone(self) -> int:
        """How many of them were taken back."""
        return sum(len(event.undone) for event in self.events)


@dataclass(frozen=True, slots=True)
class MemberPages:
    _directory: Directory
    _overview: Overview
    _completions: Completions
    _commanders: Commanders
    _standings: RecentStandings
    _clock: Callable[[], datetime]

    def form(self, key: Key, name: str) -> Form:
        """The form as of now for whoever is called `name` (empty, or no possible name: for nobody yet)."""
        server, alliance = self._directory.in_scope(key, None, None)
        now, day = self._clock(), server.game_day
        events = self._overview.current_events(server, now)
        offered = list(reportable(events, now, day))
        commander, formerly = self._commander(server.id, alliance.id, name)
        cards: Mapping[str, Card] = {}
        if commander:
            in_events = {ref.event.id for ref, _ in offered}
            cards = self._completions.cards(server.id, alliance.id, commander.id, in_events)
        milestones = []
        for ref, window in offered:
            card = cards.get(ref.event.id)
            completion = card.completions.get(ref.milestone.id) if card else None
            milestones.append(FormMilestone(str(ref), ref.event, ref.milestone, window, completion))
        openings = [window.opens_at for event in events for _, window in event.scheduled(day)]
        return Form(
            server=server,
            alliance=alliance,
            now=now,
            name=commander.name if commander else name,
            commander=commander,
            formerly=formerly,
            roster=tuple(self._commanders.names(server.id, alliance.id, retired=False)),
            today=tuple(m for m in milestones if m.window.status(now) == "active"),
            earlier=tuple(m for m in milestones if m.window.status(now) == "closed"),
            opens_next=min((at for at in openings if at > now), default=None),
        )

    def receipt(
        self,
        key: Key,
        commander_id: str,
        reported_at: datetime,
        formerly: str | None = None,
        *,
        is_mine: bool = False,
    ) -> MemberReceipt:
        """What the commander has, and what of it was recorded at `reported_at`. `formerly`: the mark of the former name
        under which it was. `is_mine`: whoever asks has reported it. Raises NotFound.
        """
        server, alliance = self._directory.in_scope(key, None, None)
        commander = self._commanders.member(server.id, alliance.id, commander_id)
        if commander is None or commander.moved:
            raise NotFound("unknown-commander", say("unknown-commander", alliance=alliance.name))
        now, day = self._clock(), server.game_day
        begun = [event for event in self._overview.current_events(server, now) if event.can_change(now, day)]
        cards = self._completions.cards(
            server.id, alliance.id, commander.id, [event.id for event in begun], consistent=True
        )
        shown = [
            event
            for event in begun
            if cards[event.id].completions or cards[event.id].voided or event.status(now, day) != "ended"
        ]
        standings = self._standings.shown(server.id, {event.id: cards[event.id] for event in shown})
        events = tuple(
            _event(
                progress_of(event, server.id, day, standings[event.id], now),
                event,
                day,
                cards[event.id],
                reported_at,
            )
            for event in shown
        )
        undo_until = _undo_until(cards.values(), key, reported_at, now) if is_mine else None
        was = next((name for name in commander.aliases.values() if name_mark(name) == formerly), None)
        return MemberReceipt(server, alliance, commander, was, reported_at, events, undo_until)

    def _commander(self, server: str, alliance: str, name: str) -> tuple[Commander | None, str | None]:
        """Who of the alliance is called so, and under which former name, if that is none of today."""
        tags = self._directory.tags(server, name)
        try:
            display_name(name, tags=tags)
        except MusterError:
            return None, None
        commander = self._commanders.named(server, name, tags)
        if commander is None or commander.alliance != alliance:
            return None, None
        return commander, commander.former_name(name_keys(name, tags))


def _event(progress: Progress, event: Event, day: GameDay, card: Card, reported_at: datetime) -> ReceiptEvent:
    completions, milestones = card.completions, [m for m, _ in event.scheduled(day)]
    held = [(m, completions[m.id]) for m in milestones if m.id in completions]
    taken_back = [(m, card.voided[m.id]) for m in milestones if m.id in card.voided]
    return ReceiptEvent(
        event=event,
        progress=progress,
        points=card.points(event),
        counted=tuple(m for m, completion in held if completion.recorded_at == reported_at),
        undone=tuple(m for m, completion in taken_back if completion.recorded_at == reported_at),
        earlier=tuple((m, completion) for m, completion in held if completion.recorded_at != reported_at),
    )


def _undo_until(cards: Iterable[Card], key: Key, reported_at: datetime, now: datetime) -> datetime | None:
    """Only what was recorded with this key at that time can be undone, and not for long."""
    mine = (
        c.key_id == key.id and c.recorded_at == reported_at
        for card in cards
        for c in card.completions.values()
    )
    return reported_at + UNDO_WITHIN if now - reported_at < UNDO_WITHIN and any(mine) else None
