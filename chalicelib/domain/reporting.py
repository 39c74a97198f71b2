"""When a completion may be recorded, and by whom (DESIGN §3.2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import MAY, Role
from chalicelib.domain.calendar import GameDay, Window
from chalicelib.domain.errors import Conflict, FieldError, NotFound, TooLarge, malformed, quoted
from chalicelib.domain.events import Event, Milestone
from chalicelib.domain.messages import say

MOST_EVENTS = 40
"""Of one report: it is written in one transaction of up to 100 items, with a card and totals for each event."""


@dataclass(frozen=True, slots=True)
class MilestoneRef:
    """A milestone within its event; as text, its global id `EVENT/MILESTONE`."""

    event: Event
    milestone: Milestone

    def __str__(self) -> str:
        return self.event.global_id(self.milestone)


def find_milestones(
    global_ids: Sequence[str], events: Sequence[Event], field: str = "milestones"
) -> list[MilestoneRef]:
    """The milestones of these global ids, each once, in the order given.

    Raises Malformed (`malformed`) if there are none, NotFound (`unknown-milestone`) naming each unknown one.
    """
    if not global_ids:
        raise malformed(field, say("no-milestone"))
    by_id = {event.id: event for event in events}
    found = {global_id: _ref(global_id, by_id) for global_id in global_ids}
    unknown = [
        FieldError(f"{field}[{index}]", say("unknown-milestone", milestone=quoted(global_id, 130)))
        for index, global_id in enumerate(global_ids)
        if found[global_id] is None
    ]
    if unknown:
        raise NotFound("unknown-milestone", unknown[0].message, unknown)
    return [ref for ref in found.values() if ref]


def find_milestone(global_id: str, events: Sequence[Event]) -> MilestoneRef:
    """The milestone of that global id. Raises NotFound (`unknown-milestone`)."""
    if ref := _ref(global_id, {event.id: event for event in events}):
        return ref
    message = say("unknown-milestone", milestone=quoted(global_id, 130))
    raise NotFound("unknown-milestone", message, [FieldError("milestone", message)])


def _ref(global_id: str, events: Mapping[str, Event]) -> MilestoneRef | None:
    event_id, _, milestone_id = global_id.partition("/")
    event = events.get(event_id)
    milestone = event.milestone(milestone_id) if event else None
    return MilestoneRef(event, milestone) if event and milestone else None


def require_reportable(
    refs: Sequence[MilestoneRef],
    role: Role,
    now: datetime,
    game_day: GameDay,
    field: str = "milestones",
    *,
    reported_at: datetime | None = None,
) -> None:
    """Raises Conflict unless all of `refs` may be recorded now, and TooLarge unless they can be at once.

    `reported_at`: when that was reported, if it was elsewhere and earlier; then this is the time that decides.
    From a milestone's opening, by anyone: before, `milestone-not-open`. Until the end of the event's grace: after,
    `reporting-closed`. Who may report for others may do so until the event is archived.
    """
    events = {ref.event.id: ref.event for ref in refs}
    if len(events) > MOST_EVENTS:
        message = say("too-many-events", events=len(events), most=MOST_EVENTS)
        raise TooLarge("too-large", message, [FieldError(field, message)])
    ends = {event_id: event.reporting_closes_at(game_day) for event_id, event in events.items()}
    early, late, at = [], [], reported_at or now
    for index, ref in enumerate(refs):
        opens_at = ref.milestone.window(game_day).opens_at
        ends_at = ends[ref.event.id]
        if at < opens_at:
            name, opens = ref.milestone.name, game_day.local(opens_at)
            if reported_at:
                message = say(
                    "not-open-then", milestone=name, opens_at=opens, reported_at=game_day.local(reported_at)
                )
            else:
                message = say("not-open", milestone=name, opens_at=opens, left=opens_at - now)
            early.append(FieldError(f"{field}[{index}]", message))
        elif ref.event.archived:
            late.append(FieldError(f"{field}[{index}]", say("archived", event=ref.event.name)))
        elif role not in MAY["report for others"] and at >= ends_at:
            message = say("closed", event=ref.event.name, closed_at=game_day.local(ends_at))
            late.append(FieldError(f"{field}[{index}]", message))
    if early:
        raise Conflict("milestone-not-open", early[0].message, early + late)
    if late:
        raise Conflict("reporting-closed", late[0].message, late)


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens next: all milestones that open at the same instant."""

    at: datetime
    milestones: tuple[tuple[Event, Milestone], ...]


def next_opening(events: Sequence[Event], now: datetime, game_day: GameDay) -> Opening | None:
    """Of these events; None, if nothing is to open any more."""
    ahead = [
        (window.opens_at, (event, milestone))
        for event in events
        for milestone, window in event.scheduled(game_day)
        if window.opens_at > now
    ]
    first = min((at for at, _ in ahead), default=None)
    return Opening(first, tuple(one for at, one in ahead if at == first)) if first else None


def reportable(
    events: Sequence[Event], now: datetime, game_day: GameDay
) -> Iterator[tuple[MilestoneRef, Window]]:
    """What a member can report now: the active milestones first, then the earlier ones, latest first."""
    found = [
        (MilestoneRef(event, milestone), window)
        for event in events
        if not event.archived and now < event.reporting_closes_at(game_day)
        for milestone, window in event.scheduled(game_day)
        if window.opens_at <= now
    ]
    found.sort(
        key=lambda pair: (pair[1].status(now) != "active", -pair[1].opens_at.timestamp(), str(pair[0]))
    )
    return iter(found)
