"""When a completion may be recorded, and by whom (DESIGN §3.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import MAY, Role
from chalicelib.domain.calendar import GameDay, Window, rfc3339
from chalicelib.domain.errors import Conflict, FieldError, NotFound, TooLarge, malformed, quoted
from chalicelib.domain.events import Event, Milestone

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
        message = "Choose at least one milestone."
        raise malformed(field, message)
    known = {event.global_id(m): MilestoneRef(event, m) for event in events for m in event.milestones}
    unknown = [
        FieldError(f"{field}[{index}]", f"There is no milestone {quoted(global_id, 130)}.")
        for index, global_id in enumerate(global_ids)
        if global_id not in known
    ]
    if unknown:
        raise NotFound("unknown-milestone", unknown[0].message, unknown)
    return [known[global_id] for global_id in dict.fromkeys(global_ids)]


def find_milestone(global_id: str, events: Sequence[Event]) -> MilestoneRef:
    """The milestone of that global id. Raises NotFound (`unknown-milestone`)."""
    for event in events:
        for milestone in event.milestones:
            if event.global_id(milestone) == global_id:
                return MilestoneRef(event, milestone)
    message = f"There is no milestone {quoted(global_id, 130)}."
    raise NotFound("unknown-milestone", message, [FieldError("milestone", message)])


def require_reportable(
    refs: Sequence[MilestoneRef], role: Role, now: datetime, game_day: GameDay, field: str = "milestones"
) -> None:
    """Raises Conflict unless all of `refs` may be recorded now, and TooLarge unless they can be at once.

    From a milestone's opening, by anyone: before, `milestone-not-open`. Until the end of the event's grace: after,
    `reporting-closed`. Who may report for others may do so until the event is archived.
    """
    events = {ref.event.id for ref in refs}
    if len(events) > MOST_EVENTS:
        message = (
            f"These are milestones of {len(events)} events; {MOST_EVENTS} is the most at once. "
            "Send them in parts: nothing counts twice."
        )
        raise TooLarge("too-large", message, [FieldError(field, message)])
    early, late = [], []
    for index, ref in enumerate(refs):
        opens_at = ref.milestone.window(game_day).opens_at
        ends_at = ref.event.reporting_closes_at(game_day)
        if now < opens_at:
            message = f"{ref.milestone.name} opens at {rfc3339(opens_at)}."
            early.append(FieldError(f"{field}[{index}]", message))
        elif ref.event.archived:
            late.append(FieldError(f"{field}[{index}]", f"{ref.event.name} is archived."))
        elif role not in MAY["report for others"] and now >= ends_at:
            message = (
                f"Reporting for {ref.event.name} closed at {rfc3339(ends_at)}; an officer can still add it."
            )
            late.append(FieldError(f"{field}[{index}]", message))
    if early:
        raise Conflict("milestone-not-open", early[0].message, early + late)
    if late:
        raise Conflict("reporting-closed", late[0].message, late)


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
