"""What a member's form and receipt show."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib.domain.access import Key
from chalicelib.domain.calendar import Window
from chalicelib.domain.cards import Card, Completion
from chalicelib.domain.errors import MusterError, NotFound
from chalicelib.domain.events import Event, EventStatus, Milestone
from chalicelib.domain.messages import say
from chalicelib.domain.names import display_name, name_keys, name_mark
from chalicelib.domain.progress import BestPoints, NextTier, best_points, towards_next_tier
from chalicelib.domain.reporting import Opening, next_opening, reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.domain.standing import Standing
from chalicelib.services.corrections import UNDO_WITHIN
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview
from chalicelib.services.recent_standings import RecentStandings
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions

MOST_SUGGESTED = 8_000
"""Characters of the roster's names that a form suggests; of a longer roster it suggests none, to stay light."""


@dataclass(frozen=True, slots=True)
class FormMilestone:
    """A milestone that can be ticked, or that the commander shown has already: then there is a `completion`."""

    id: str
    event: Event
    milestone: Milestone
    window: Window
    completion: Completion | None


@dataclass(frozen=True, slots=True)
class Form:
    """`commander` is who the form is for, `formerly` a former name of theirs that was given; if it is for nobody yet,
    `name` is what to put in the field, and `roster` what to suggest. `here`: who has reported from this device by this
    link, the latest first.

    `on_now`, `missed` and `done` are what has opened in events that can still be reported for; `ending` are those of
    these events that are over, each with the instant at which reporting closes, `ended` those for which it has closed,
    with that instant.
    """

    server: Server
    alliance: Alliance
    now: datetime
    name: str
    commander: Commander | None
    formerly: str | None
    here: tuple[Commander, ...]
    roster: tuple[str, ...]
    on_now: tuple[FormMilestone, ...]
    missed: tuple[FormMilestone, ...]
    done: tuple[FormMilestone, ...]
    next: Opening | None
    ending: tuple[tuple[Event, datetime], ...]
    ended: tuple[tuple[Event, datetime], ...]

    @property
    def is_open(self) -> bool:
        """Whether there is anything that somebody can report."""
        return bool(self.on_now or self.missed or self.done)


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """One event on a receipt: the commander's completions, those of this report apart, and where the server stands.

    `again`: what this report held and was recorded before. `undone`: what it recorded and was taken back since.
    `missing`: what the commander can still report, what is on now first; until the instant `closes_at`.
    """

    event: Event
    points: int
    counted: tuple[Milestone, ...]
    again: tuple[tuple[Milestone, Completion], ...]
    undone: tuple[Milestone, ...]
    earlier: tuple[tuple[Milestone, Completion], ...]
    missing: tuple[tuple[Milestone, Window], ...]
    closes_at: datetime
    best: BestPoints
    next_tier: NextTier | None


@dataclass(frozen=True, slots=True)
class MemberReceipt:
    """`formerly`: under which former name of the commander's it was reported. `undo_until`: the instant before which
    whoever asks can undo the report of `at` with this key; None: they can't. `others`: who else has reported from this
    device by this link.
    """

    server: Server
    alliance: Alliance
    commander: Commander
    formerly: str | None
    now: datetime
    at: datetime
    events: tuple[ReceiptEvent, ...]
    others: tuple[Commander, ...]
    undo_until: datetime | None

    def all(self, part: Literal["counted", "undone"]) -> list[tuple[Event, Milestone]]:
        """Each milestone of that part of every event."""
        return [(one.event, milestone) for one in self.events for milestone in getattr(one, part)]

    @property
    def again(self) -> list[tuple[Milestone, Completion]]:
        """What the report held and was recorded before, of every event."""
        return [pair for one in self.events for pair in one.again]


@dataclass(frozen=True, slots=True)
class MemberPages:
    _directory: Directory
    _overview: Overview
    _completions: Completions
    _commanders: Commanders
    _standings: RecentStandings
    _clock: Callable[[], datetime]

    def form(
        self, key: Key, here: Sequence[str] = (), name: str | None = None, who: str | None = None
    ) -> Form:
        """The form as of now.

        `here` are the ids of those who have reported from this device by this link, the latest first. The form is for
        the commander with the id `who`, or called `name` (if neither is one: for nobody yet); without both, for the
        latest of them.
        """
        server, alliance = self._directory.in_scope(key, None, None)
        now = self._clock()
        known = self._here(server, alliance, here)
        commander, formerly = self._shown(server, alliance, known, name, who)
        events = self._overview.current_events(server, now)
        milestones = self._reportable(server, alliance, events, commander, now)
        still_to_do = [m for m in milestones if not m.completion]
        return Form(
            server=server,
            alliance=alliance,
            now=now,
            name=commander.name if commander else name or "",
            commander=commander,
            formerly=formerly,
            here=known,
            roster=() if commander or not milestones else self._suggested(server, alliance),
            on_now=tuple(m for m in still_to_do if m.window.status(now) == "active"),
            missed=tuple(m for m in still_to_do if m.window.status(now) == "closed"),
            done=tuple(m for m in milestones if m.completion),
            next=next_opening(events, now, server.game_day),
            ending=_reporting_until(events, "reporting", server, now),
            ended=_reporting_until(events, "ended", server, now),
        )

    def receipt(
        self,
        key: Key,
        commander_id: str,
        reported_at: datetime,
        formerly: str | None = None,
        *,
        again: Collection[str] = (),
        here: Sequence[str] = (),
        is_mine: bool = False,
    ) -> MemberReceipt:
        """What the commander has, and what of it was recorded at `reported_at`. `formerly`: the mark of the former name
        under which it was. `again`: the global ids of what the report held and was recorded before. `here`: as for
        `form`. `is_mine`: whoever asks has reported it. Raises NotFound.
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
        others = [one for one in here if one != commander.id]
        return MemberReceipt(
            server=server,
            alliance=alliance,
            commander=commander,
            formerly=next((n for n in commander.aliases.values() if name_mark(n) == formerly), None),
            now=now,
            at=reported_at,
            events=tuple(
                self._event(server, event, cards[event.id], standings[event.id], reported_at, again, now)
                for event in shown
            ),
            others=tuple(one for one in self._here(server, alliance, others) if one.id != commander.id),
            undo_until=_undo_until(cards.values(), key, reported_at, now) if is_mine else None,
        )

    def _reportable(
        self,
        server: Server,
        alliance: Alliance,
        events: Sequence[Event],
        commander: Commander | None,
        now: datetime,
    ) -> list[FormMilestone]:
        offered = list(reportable(events, now, server.game_day))
        cards: Mapping[str, Card] = {}
        if commander:
            in_events = {ref.event.id for ref, _ in offered}
            cards = self._completions.cards(server.id, alliance.id, commander.id, in_events)
        milestones = []
        for ref, window in offered:
            card = cards.get(ref.event.id)
            completion = card.completions.get(ref.milestone.id) if card else None
            milestones.append(FormMilestone(str(ref), ref.event, ref.milestone, window, completion))
        return milestones

    def _event(
        self,
        server: Server,
        event: Event,
        card: Card,
        standing: Standing,
        reported_at: datetime,
        again: Collection[str],
        now: datetime,
    ) -> ReceiptEvent:
        day, completions = server.game_day, card.completions
        scheduled, closes_at = list(event.scheduled(day)), event.reporting_closes_at(day)
        held = [(m, completions[m.id]) for m, _ in scheduled if m.id in completions]
        before = [(m, completion) for m, completion in held if completion.recorded_at != reported_at]
        taken_back = [(m, card.voided[m.id]) for m, _ in scheduled if m.id in card.voided]
        return ReceiptEvent(
            event=event,
            points=card.points(event),
            counted=tuple(m for m, completion in held if completion.recorded_at == reported_at),
            again=tuple((m, completion) for m, completion in before if event.global_id(m) in again),
            undone=tuple(m for m, completion in taken_back if completion.recorded_at == reported_at),
            earlier=tuple((m, completion) for m, completion in before if event.global_id(m) not in again),
            missing=tuple(
                (m, window)
                for m, window in sorted(scheduled, key=lambda pair: pair[1].status(now) != "active")
                if m.id not in completions and window.opens_at <= now < closes_at
            ),
            closes_at=closes_at,
            best=best_points(event, standing),
            next_tier=towards_next_tier(event, day, standing, now),
        )

    def _here(self, server: Server, alliance: Alliance, ids: Sequence[str]) -> tuple[Commander, ...]:
        """Those of the alliance who have these ids, or have become one with who had it, each once."""
        if not ids:
            return ()
        found = self._commanders.some(server.id, [(alliance.id, one) for one in ids])
        here: dict[str, Commander] = {}
        for identity in ids:
            one = found.get((alliance.id, identity))
            if one and one.moved:
                one = self._commanders.wherever(server.id, alliance.id, identity)
            if one and one.alliance == alliance.id:
                here.setdefault(one.id, one)
        return tuple(here.values())

    def _shown(
        self,
        server: Server,
        alliance: Alliance,
        here: Sequence[Commander],
        name: str | None,
        who: str | None,
    ) -> tuple[Commander | None, str | None]:
        """Who the form is for, and under which former name, if that was given."""
        if who is not None:
            known = [one for one in here if one.id == who] or self._here(server, alliance, [who])
            return known[0] if known else None, None
        if name is not None:
            return self._commander(server.id, alliance.id, name)
        return here[0] if here else None, None

    def _suggested(self, server: Server, alliance: Alliance) -> tuple[str, ...]:
        names = tuple(self._commanders.names(server.id, alliance.id, retired=False))
        return names if sum(map(len, names)) <= MOST_SUGGESTED else ()

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


def _reporting_until(
    events: Iterable[Event], status: EventStatus, server: Server, now: datetime
) -> tuple[tuple[Event, datetime], ...]:
    """The events of that status, each with the instant at which reporting closes."""
    day = server.game_day
    return tuple(
        (event, event.reporting_closes_at(day)) for event in events if event.status(now, day) == status
    )


def _undo_until(cards: Iterable[Card], key: Key, reported_at: datetime, now: datetime) -> datetime | None:
    """Only what was recorded with this key at that time can be undone, and not for long."""
    mine = (
        c.key_id == key.id and c.recorded_at == reported_at
        for card in cards
        for c in card.completions.values()
    )
    return reported_at + UNDO_WITHIN if now - reported_at < UNDO_WITHIN and any(mine) else None
