"""What is news: which pieces are due for a webhook, by what is known of its server at an instant (DESIGN §12).

A piece has an id that says what it is about, so that whoever finds it again knows that it was told. Nothing here knows
how it is sent, or in which words.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Literal, get_args

from chalicelib.domain.behind import FAILING, is_failing
from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay, Window, rfc3339
from chalicelib.domain.events import Event, Milestone
from chalicelib.domain.outlook import TierOutlook, Verdict, outlooks
from chalicelib.domain.progress import Progress, TierProgress
from chalicelib.domain.standing import Standing
from chalicelib.domain.webhooks import Kind, Webhook

Times = Literal["at most once", "at least once"]

TIMES: Mapping[Kind, Times] = {
    "event-started": "at most once",
    "milestone-opened": "at most once",
    "closing-soon": "at most once",
    "tier-reached": "at least once",
    "outlook-changed": "at most once",
    "sheet-failing": "at least once",
    "sheet-healed": "at least once",
    "scoreboard": "at least once",
}
"""What holds if a run dies between sending and noting, or an answer is lost. A reminder that comes twice is noise, and
one that is lost is on the scoreboard and the server's page. A reward, or a sheet that doesn't work, must be heard of,
even twice. A scoreboard is edited in place, so doing it again changes nothing."""

FRESH: Mapping[Kind, timedelta] = {
    "event-started": timedelta(hours=6),
    "milestone-opened": timedelta(hours=6),
    "closing-soon": timedelta(hours=3),
    "tier-reached": timedelta(days=1),
    "outlook-changed": timedelta(hours=6),
    "sheet-failing": timedelta(days=1),
    "sheet-healed": timedelta(days=1),
}
"""How long a piece is worth sending after it became true. What opens or closes is stale when it closes, at the
latest."""

LEAD = timedelta(hours=3)
"""How long before the close `closing-soon` is sent."""
HELD = timedelta(hours=2)
"""How long an outlook must have held to count as changed."""
Done = Mapping[str, bool]
"""What need not be sent any more, by id: whether it was sent; False: it was given up."""

Side = Literal["safe", "at-risk"]
SIDES: Mapping[Verdict, Side] = {"yes": "safe", "perhaps": "at-risk", "no": "at-risk"}
"""Other verdicts say nothing about the outlook: a reward that was reached is another kind of news."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A milestone of an event, in its window."""

    event: Event
    milestone: Milestone
    window: Window

    @property
    def id(self) -> str:
        return self.event.global_id(self.milestone)


@dataclass(frozen=True, slots=True)
class EventStarted:
    event: Event
    window: Window


@dataclass(frozen=True, slots=True)
class MilestonesOpened:
    """All that open at one instant: the day's brief."""

    milestones: tuple[Scheduled, ...]


@dataclass(frozen=True, slots=True)
class ClosingSoon:
    """All that close at one instant, but for those that opened less than `LEAD` before."""

    closes_at: datetime
    milestones: tuple[Scheduled, ...]


@dataclass(frozen=True, slots=True)
class TierReached:
    progress: Progress
    tier: TierProgress


@dataclass(frozen=True, slots=True)
class OutlookChanged:
    """The tiers of an event whose outlook changed at one instant, each with the side that it is on now."""

    progress: Progress
    tiers: tuple[tuple[TierOutlook, Side], ...]


@dataclass(frozen=True, slots=True)
class SheetFailing:
    """`alliance`: what the sheet's alliance is called, if it is bound to one."""

    sheet: Binding
    alliance: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class SheetHealed:
    """The same; `since`: since when it had failed."""

    sheet: Binding
    alliance: str | None
    since: datetime


About = (
    EventStarted | MilestonesOpened | ClosingSoon | TierReached | OutlookChanged | SheetFailing | SheetHealed
)

KINDS: Mapping[type[About], Kind] = {
    SheetHealed: "sheet-healed",
    SheetFailing: "sheet-failing",
    TierReached: "tier-reached",
    OutlookChanged: "outlook-changed",
    EventStarted: "event-started",
    MilestonesOpened: "milestone-opened",
    ClosingSoon: "closing-soon",
}
"""In the order in which pieces of one instant are told."""
_NO_TIME = datetime.min.replace(tzinfo=UTC)
_RANK = {kind: rank for rank, kind in enumerate(KINDS.values())}


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of news: it became true `at`, and from `stale_at` on nobody needs it."""

    id: str
    at: datetime
    stale_at: datetime
    about: About

    @property
    def kind(self) -> Kind:
        return KINDS[type(self.about)]


def kind_of(piece_id: str) -> Kind:
    """The kind of the piece, or the scoreboard, that has this id. Raises ValueError if there is none of that kind."""
    kind = next((kind for kind in get_args(Kind) if piece_id.startswith(f"{kind}/")), None)
    if kind is None:
        raise ValueError(f"{piece_id!r} is no id of a piece of news")
    return kind  # type: ignore[no-any-return]  # get_args does not say what it gives


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a server at an instant. `events`: those that are not archived. `progress`: of those of them that
    have begun, where somebody wants to hear of it, with their `standings`. `sheets`: all, where somebody wants that;
    then `alliances` says what the server's are called, by id."""

    server: str
    day: GameDay
    events: Sequence[Event]
    progress: Sequence[Progress] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    sheets: Sequence[Binding] = ()
    alliances: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """How many of the commanders `of` the rosters have not reported a milestone, by its global id; `names`: of those
    who lack any of them, where they are named.

    Of a server, it is not asked who each of them is: then it is not exact, but the least that it can be, since some who
    have reported may have retired.
    """

    of: int
    by_milestone: Mapping[str, int]
    names: tuple[str, ...] = ()
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """What is shown on a game day: the events that can be reported for on it and have begun, with the outlook of each
    tier; what is on now, or else opens next."""

    day: date
    as_of: datetime
    events: tuple[tuple[Progress, tuple[TierOutlook, ...]], ...]
    on_now: tuple[Scheduled, ...]
    next: tuple[Scheduled, ...]

    @property
    def content(self) -> object:
        """All that it shows, apart from when that was so."""
        return (
            [
                (replace(one, as_of=_NO_TIME, projection=None), [each.message for each in outlook])
                for one, outlook in self.events
            ],
            [(one.id, one.window) for one in (*self.on_now, *self.next)],
        )


@dataclass(frozen=True, slots=True)
class Lean:
    """Where the outlook of a tier leans: to the side that it was on when it was first seen or last told of; and since
    when it has been on the other side, if it has."""

    side: Side
    other_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sheet that has been seen to fail `since` then. `told`: so was said. `healed_at`: it works again, which is still
    to be said."""

    since: datetime
    told: bool = False
    healed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What must be remembered to see a change: the outlook of each tier that is not reached, as `EVENT/THRESHOLD`, and
    the sheets that fail, by spreadsheet."""

    outlooks: Mapping[str, Lean] = field(default_factory=dict)
    troubles: Mapping[str, Trouble] = field(default_factory=dict)


def watched(before: Watch, webhook: Webhook, situation: Situation, done: Done, now: datetime) -> Watch:
    """What is to be remembered from now on: the same, if nothing has changed."""
    wants = webhook.kinds
    return Watch(
        _outlooks(before.outlooks, situation, done, now) if "outlook-changed" in wants else {},
        _troubles(before.troubles, webhook, situation, done, now)
        if "sheet-failing" in wants or "sheet-healed" in wants
        else {},
    )


def due(webhook: Webhook, situation: Situation, watch: Watch, done: Done, now: datetime) -> list[Piece]:
    """The pieces to send now, in order: of the webhook's kinds, not older than the webhook, not stale, not done."""
    pieces = [
        piece
        for piece in _pieces(webhook, situation, watch)
        if piece.kind in webhook.kinds
        and webhook.created_at <= piece.at <= now < piece.stale_at
        and piece.id not in done
    ]
    return sorted(pieces, key=lambda piece: (piece.at, _RANK[piece.kind]))


def scoreboard(situation: Situation, now: datetime) -> Scoreboard | None:
    """The scoreboard at `now`; None if nothing can be reported on this game day."""
    day = situation.day
    today = day.date_of(now)
    begins, ends = day.start(today), day.end(today)
    progress = {one.event: one for one in situation.progress}
    shown = [
        event
        for event in situation.events
        if event.id in progress
        and event.window(day).opens_at < ends
        and begins < event.reporting_closes_at(day)
    ]
    if not shown:
        return None
    scheduled = [Scheduled(event, *each) for event in situation.events for each in event.scheduled(day)]
    coming = [one for one in scheduled if now < one.window.opens_at]
    soonest = min((one.window.opens_at for one in coming), default=None)
    return Scoreboard(
        today,
        now,
        tuple((progress[event.id], outlooks(progress[event.id], day)) for event in shown),
        tuple(one for one in scheduled if one.window.status(now) == "active"),
        tuple(one for one in coming if one.window.opens_at == soonest),
    )


def _pieces(webhook: Webhook, situation: Situation, watch: Watch) -> Iterator[Piece]:
    day = situation.day
    for event in situation.events:
        window = event.window(day)
        about = EventStarted(event, window)
        yield _piece(f"event-started/{event.id}", window.opens_at, about, window.closes_at)
    scheduled = [Scheduled(event, *each) for event in situation.events for each in event.scheduled(day)]
    for opens_at, together in _grouped(scheduled, lambda one: one.window.opens_at):
        closes_at = max(one.window.closes_at for one in together)
        yield _piece(f"milestone-opened/{_second(opens_at)}", opens_at, MilestonesOpened(together), closes_at)
    long = [one for one in scheduled if one.window.opens_at < one.window.closes_at - LEAD]
    for closes_at, together in _grouped(long, lambda one: one.window.closes_at):
        about_close = ClosingSoon(closes_at, together)
        yield _piece(f"closing-soon/{_second(closes_at)}", closes_at - LEAD, about_close, closes_at)
    for progress in situation.progress:
        for tier in progress.tiers:
            if tier.reached_at:
                reached = f"tier-reached/{progress.event}/{tier.threshold}"
                yield _piece(reached, tier.reached_at, TierReached(progress, tier))
        yield from _changed(progress, watch.outlooks, day)
    for sheet in _in_scope(webhook, situation):
        if trouble := watch.troubles.get(sheet.spreadsheet_id):
            yield _of_sheet(sheet, trouble, situation.alliances)


def _piece(piece_id: str, at: datetime, about: About, until: datetime | None = None) -> Piece:
    stale_at = at + FRESH[KINDS[type(about)]]
    return Piece(piece_id, at, min(stale_at, until) if until else stale_at, about)


def _second(instant: datetime) -> str:
    """As it stands in ids: to the second, since an id of Standard Webhooks has no full stop."""
    return rfc3339(instant.replace(microsecond=0))


def _grouped(
    scheduled: Iterable[Scheduled], instant: Callable[[Scheduled], datetime]
) -> Iterator[tuple[datetime, tuple[Scheduled, ...]]]:
    for at, together in groupby(sorted(scheduled, key=instant), key=instant):
        yield at, tuple(together)


def _outlooks(before: Mapping[str, Lean], situation: Situation, done: Done, now: datetime) -> dict[str, Lean]:
    return {
        name: lean
        for progress in situation.progress
        for name, outlook in _by_name(progress, situation.day)
        if (lean := _lean(before.get(name), progress.event, outlook.verdict, done, now))
    }


def _lean(before: Lean | None, event: str, verdict: Verdict, done: Done, now: datetime) -> Lean | None:
    """None: there is nothing to compare with. While nothing can be said, no outlook holds."""
    if verdict in ("reached", "missed"):
        return None
    side = SIDES.get(verdict)
    if before is None:
        return Lean(side) if side else None
    if side is None or side == before.side:
        return Lean(before.side)
    since = min(before.other_since or now, now)  # a clock may have been set back, as the demo's is
    is_over = now >= since + HELD + FRESH["outlook-changed"]
    return Lean(side) if is_over or _change_id(event, since) in done else Lean(before.side, since)


def _changed(progress: Progress, leans: Mapping[str, Lean], day: GameDay) -> Iterator[Piece]:
    """What changed at one instant is one piece."""
    changed: dict[datetime, list[tuple[TierOutlook, Side]]] = {}
    for name, outlook in _by_name(progress, day):
        lean, side = leans.get(name), SIDES.get(outlook.verdict)
        if lean and lean.other_since and side:
            changed.setdefault(lean.other_since, []).append((outlook, side))
    for since, tiers in sorted(changed.items()):
        about = OutlookChanged(progress, tuple(tiers))
        yield _piece(_change_id(progress.event, since), since + HELD, about)


def _change_id(event: str, since: datetime) -> str:
    return f"outlook-changed/{event}/{_second(since)}"


def _by_name(progress: Progress, day: GameDay) -> Iterator[tuple[str, TierOutlook]]:
    for outlook in outlooks(progress, day):
        yield f"{progress.event}/{outlook.threshold}", outlook


def _troubles(
    before: Mapping[str, Trouble], webhook: Webhook, situation: Situation, done: Done, now: datetime
) -> dict[str, Trouble]:
    return {
        sheet.spreadsheet_id: trouble
        for sheet in _in_scope(webhook, situation)
        if (trouble := _trouble(before.get(sheet.spreadsheet_id), sheet, webhook.kinds, done, now))
    }


def _trouble(
    before: Trouble | None, sheet: Binding, wants: Collection[Kind], done: Done, now: datetime
) -> Trouble | None:
    """None: nothing is wrong, or was wrong so shortly that it was never told, or nobody is to hear that it is over.

    To whoever wants to hear only that a sheet works again, it is as if they had been told that it fails.
    """
    if before is None:
        return Trouble(now) if is_failing(sheet) else None
    is_told = before.told or done.get(_failing_id(sheet, before.since), False)
    if is_failing(sheet):
        is_known = "sheet-failing" not in wants and now >= before.since + FAILING
        return Trouble(min(before.since, now), is_told or is_known)
    healed_at = min(before.healed_at or now, now)
    is_over = (
        "sheet-healed" not in wants
        or _healed_id(sheet, before.since) in done
        or now >= healed_at + FRESH["sheet-healed"]
    )
    return None if is_over or not is_told else Trouble(before.since, is_told, healed_at)


def _of_sheet(sheet: Binding, trouble: Trouble, alliances: Mapping[str, str]) -> Piece:
    alliance = sheet.alliance and alliances.get(sheet.alliance, sheet.alliance)
    if trouble.healed_at:
        healed = SheetHealed(sheet, alliance, trouble.since)
        return _piece(_healed_id(sheet, trouble.since), trouble.healed_at, healed)
    failing = SheetFailing(sheet, alliance, trouble.since)
    return _piece(_failing_id(sheet, trouble.since), trouble.since + FAILING, failing)


def _healed_id(sheet: Binding, since: datetime) -> str:
    return f"sheet-healed/{sheet.spreadsheet_id}/{_second(since)}"


def _failing_id(sheet: Binding, since: datetime) -> str:
    return f"sheet-failing/{sheet.spreadsheet_id}/{_second(since)}"


def _in_scope(webhook: Webhook, situation: Situation) -> list[Binding]:
    """The sheets that it hears of: a server's, of all its alliances too."""
    return [
        sheet
        for sheet in situation.sheets
        if sheet.server == webhook.server and webhook.alliance in (None, sheet.alliance)
    ]
