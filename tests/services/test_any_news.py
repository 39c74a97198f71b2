"""Whatever goes wrong while news is told, over a whole event: each piece comes as often as its kind promises, none is
lost without a reason, all come in order, and one webhook's trouble is not another's."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.errors import Busy
from chalicelib.domain.events import Event
from chalicelib.domain.news import KINDS, TIMES, Missing, Situation, kind_of
from chalicelib.domain.progress import newly_reached, progress_of
from chalicelib.domain.standing import Standing, TierStamp, Totals
from chalicelib.domain.webhooks import Webhook
from chalicelib.news.outbox import ATTEMPTS, outbox_of
from chalicelib.news.post import Answer, Outcome
from chalicelib.services.news import News
from chalicelib.services.situations import Situations
from chalicelib.store.webhooks import Webhooks
from tests.stores import opened
from tests.world import HandClock

OPENS = datetime(2026, 3, 2, tzinfo=UTC)
EVENT = Event.model_validate(
    {
        "id": "2026-03-drill",
        "name": "Drill",
        "first_day": "2026-03-02",
        "last_day": "2026-03-03",
        "tiers": [{"threshold": 500, "rewards": []}, {"threshold": 2000, "rewards": []}],
        "milestones": [
            {"id": "one", "name": "One", "first_day": "2026-03-02"},
            {"id": "two", "name": "Two", "first_day": "2026-03-03"},
        ],
    }
)
HOUR = timedelta(hours=1)
FIXED = {
    "event-started/2026-03-drill": (OPENS, OPENS + 6 * HOUR),
    "milestone-opened/2026-03-02T00:00:00Z": (OPENS, OPENS + 6 * HOUR),
    "closing-soon/2026-03-03T00:00:00Z": (OPENS + 21 * HOUR, OPENS + 24 * HOUR),
    "milestone-opened/2026-03-03T00:00:00Z": (OPENS + 24 * HOUR, OPENS + 30 * HOUR),
    "closing-soon/2026-03-04T00:00:00Z": (OPENS + 45 * HOUR, OPENS + 48 * HOUR),
}
"""What is due whatever people do: from when, and until when."""
RUN = 55
"""Seconds after which a function is ended."""

SENDING = ("later", "lost before", "lost after", "refused", "gone", "missing")
"""What may become of a message instead of being delivered: an answer is lost before or after it arrives."""
ANYWHERE = (
    "die before",
    "die after",
    "busy before",
    "busy after",
    "another",
    "another after",
    "stall",
    "slow",
)
"""What may happen at any call: the function dies, the table is busy, another run comes meanwhile, or after a pause in
which ours seems to be dead."""


class Died(BaseException):
    """The function is no more. Nothing in it notices."""


class Step(NamedTuple):
    """Some minutes pass, people do something, and a run comes."""

    minutes: float
    points: int
    sheet_works: bool


LIKELY = (
    *["lost after"] * 4,
    *["later"] * 2,
    *["die before", "die after", "busy after", "another", "another after"] * 2,
)
"""Where it is hardest to keep a promise. An address that is gone ends it all, so it comes seldom."""
faults = st.lists(st.sampled_from([*[None] * 14, *LIKELY, *SENDING, *ANYWHERE]), min_size=20, max_size=80)
"""One for each call about the webhook that is in trouble, as they come."""
minutes = st.sampled_from([0.5, 1, 3, 15, 60, 175])
steps = st.lists(
    st.builds(Step, minutes, st.sampled_from([0, 4, 5, 6, 19, 21]), st.booleans()),
    min_size=12,
    max_size=45,
)


@dataclass
class Place:
    """What is known of the server. Points are stamped as they reach a tier."""

    clock: HandClock
    standing: Standing = field(default_factory=Standing)
    sheet: Binding = field(default_factory=lambda: Binding("sheet", "101", "nova"))

    def sheets(self) -> tuple[Binding, ...]:
        return (self.sheet,)

    def of(self, server: str, _: Collection[str]) -> Situation:
        day, now = GameDay(), self.clock()
        has_begun = EVENT.can_change(now, day)
        progress = [progress_of(EVENT, server, day, self.standing, now)] if has_begun else []
        return Situation(server, day, (EVENT,), progress, {EVENT.id: self.standing})

    def missing(self, *_: object) -> Missing:
        return Missing(30, {}, ())

    revision = Situations.revision

    def happen(self, step: Step) -> None:
        now = self.clock()
        if EVENT.can_change(now, GameDay()):
            totals = {"nova": Totals(step.points, {"one": step.points})}
            self.standing = replace(self.standing, alliances=totals)
            stamps: dict[int, TierStamp] = {
                **newly_reached(EVENT, self.standing, now),
                **self.standing.stamps,
            }
            self.standing = replace(self.standing, stamps=stamps)
        if step.sheet_works:
            self.sheet = replace(self.sheet, last_success_at=now)
        else:
            self.sheet = replace(self.sheet, last_error_at=now)


class Written:
    """What is sent, so that it can be told apart."""

    def piece(self, _: Webhook, piece: Any, __: Missing | None) -> Mapping[str, Any]:
        return {"id": piece.id, "at": piece.at}

    def board(self, _: Webhook, board: Any, __: Missing | None) -> Mapping[str, Any]:
        return {"board": board.day, "points": [one.points for one, _ in board.events]}


@dataclass
class Channel:
    """What has arrived at a webhook: pieces, by id and time, and scoreboards, by day and then as they are now."""

    pieces: list[tuple[str, datetime]] = field(default_factory=list)
    made: Counter[object] = field(default_factory=Counter)
    boards: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def take(self, content: Mapping[str, Any], edits: str | None) -> Answer:
        if "id" in content:
            self.pieces.append((content["id"], content["at"]))
            return Answer("delivered", "1")
        if edits is not None and edits not in self.boards:
            return Answer("missing")
        if edits is None:
            self.made[content["board"]] += 1
        message = edits or str(100 + len(self.boards))
        self.boards[message] = content
        return Answer("delivered", message)


@dataclass
class Play:
    """Two webhooks of a server, one of which is in trouble: `a`. It is the store and the post as runs see them.

    `touched`: what went wrong while a piece was being sent, by its id; `at`: the one whose call it is.
    """

    store: Webhooks
    place: Place
    channels: dict[str, Channel] = field(default_factory=lambda: {"a": Channel(), "b": Channel()})
    faults: Iterator[str | None] = field(default_factory=lambda: iter(()))
    touched: dict[str, list[str]] = field(default_factory=dict)
    depth: int = 0
    ends_at: datetime = OPENS
    is_calm: bool = True
    answers: list[Outcome] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What went wrong where a run catches whatever is raised."""

    # the store
    def all(self) -> Iterator[Webhook]:
        return self.store.all()

    def note(self, webhook: Webhook, **changes: Any) -> Webhook:
        claims = [(state or {}).get("claim") for state in (webhook.state, changes.get("state"))]
        about = [claim["id"] for claim in claims if claim]
        with self.call(webhook, about, {"busy before", "busy after"}) as fault:
            if fault == "busy before":
                raise Busy
            noted = self.store.note(webhook, **changes)
            if fault == "busy after":
                raise Busy
            return noted

    def disable(self, webhook: Webhook, reason: str, at: datetime, state: Mapping[str, Any]) -> Webhook:
        with self.call(webhook, [webhook.state["claim"]["id"]], set()):
            return self.store.disable(webhook, reason, at, state)

    # the post
    def send(
        self,
        webhook: Webhook,
        content: Mapping[str, Any],
        message: str,
        _: datetime,
        edits: str | None,
        __: float,
    ) -> Answer:
        about = content["id"] if "id" in content else f"scoreboard/{content['board']}"
        assert message.startswith(f"{webhook.id}/{about}")
        with self.call(webhook, [about], set(SENDING)) as fault:
            is_stalled = "stall" in self.touched.get(about, [])
            stored = self.current(webhook.id)
            if outbox_of(stored.state).waits(self.place.clock()) and not is_stalled:
                self.broken.append(f"{about} came before it was wanted")
            if stored.disabled is not None and not is_stalled:
                self.broken.append(f"{about} was sent to one that is disabled")
            answer = self.answer(self.channels[webhook.id], content, edits, fault)
            if webhook.id == "a":
                self.answers.append(answer.outcome)
            return answer

    def answer(
        self, channel: Channel, content: Mapping[str, Any], edits: str | None, fault: str | None
    ) -> Answer:
        match fault:
            case "later":
                return Answer("later", retry_after=600)
            case "lost before":
                return Answer("unknown", reason="cut")
            case "lost after":
                channel.take(content, edits)
                return Answer("unknown", reason="cut")
            case "refused" | "gone":
                return Answer(fault, reason="no")
            case "missing":
                channel.boards.pop(edits or "", None)
                return Answer("missing")
            case _:
                return channel.take(content, edits)

    @contextmanager
    def call(self, webhook: Webhook, about: list[str], possible: set[str]) -> Iterator[str | None]:
        """Gives the fault that the call itself has to make."""
        fault = next(self.faults, None) if webhook.id == "a" else None
        if fault not in possible and fault not in ANYWHERE[:2] + ANYWHERE[4:]:
            fault = None
        if fault:
            self.is_calm = False
            if not fault.startswith("another"):
                for each in about:
                    self.touched.setdefault(each, []).append(fault)
        self.live()
        if fault == "die before":
            raise Died
        if fault == "stall":
            self.place.clock.advance(minutes=3)
            self.ends_at += timedelta(minutes=3)
        if fault == "slow":
            self.place.clock.advance(seconds=9)
        if fault in ("another", "stall"):
            self.run()
        yield fault if fault in possible else None
        self.live()
        if fault == "die after":
            raise Died
        if fault == "another after":
            self.run()

    def live(self) -> None:
        if self.place.clock() >= self.ends_at:
            raise Died

    def run(self) -> None:
        """One run, and what is true whenever one ends."""
        if self.depth == 2:
            return
        before, ends_at = self.current("a"), self.ends_at
        self.depth, self.ends_at = self.depth + 1, self.place.clock() + timedelta(seconds=RUN)

        def remaining() -> float:
            return (self.ends_at - self.place.clock()).total_seconds()

        def monotonic() -> float:
            return self.place.clock().timestamp()

        news = News(self, self.place, Written(), self, self.place.clock, monotonic)  # type: ignore[arg-type]
        died = True
        with suppress(Died):
            news.tell(remaining)
            died = False
        took = RUN - remaining()
        self.depth, self.ends_at = self.depth - 1, ends_at
        self.hold(before, died=died, took=took)

    def current(self, webhook: str) -> Webhook:
        found = self.store.get(webhook)
        assert found
        return found

    def step(self, step: Step) -> None:
        self.place.clock.advance(minutes=step.minutes)
        self.place.happen(step)
        self.is_calm, self.answers = True, []
        self.run()

    def hold(self, before: Webhook, *, died: bool, took: float) -> None:
        now, outbox = self.place.clock(), outbox_of(before.state)
        assert not self.broken
        self.as_often_as_promised()
        self.in_order()
        assert len(str(self.current("a").state)) < 10_000
        if self.depth:
            return
        if not died and took < 30:
            assert not self.due(now) - {piece for piece, _ in self.channels["b"].pieces}
        was_free = before.disabled is None and outbox.claim is None and not outbox.waits(now)
        if self.is_calm and was_free:
            missed = self.due(now) - {piece for piece, _ in self.channels["a"].pieces}
            assert all(map(self.is_excused, missed)), missed
        if self.is_calm and "gone" in self.answers:
            assert self.current("a").disabled == "no"

    def due(self, now: datetime) -> set[str]:
        """What must have been told by then, unless something went wrong."""
        reached = {
            f"tier-reached/{EVENT.id}/{threshold}": (stamp.reached_at, stamp.reached_at + 24 * HOUR)
            for threshold, stamp in self.place.standing.stamps.items()
        }
        return {piece for piece, (at, until) in {**FIXED, **reached}.items() if at <= now < until}

    def is_excused(self, piece: str) -> bool:
        happened = self.touched.get(piece, [])
        if TIMES[kind_of(piece)] == "at most once":
            return bool({*happened} - {"later", "slow"})
        return not {"refused", "missing"}.isdisjoint(happened) or len(happened) >= ATTEMPTS

    def as_often_as_promised(self) -> None:
        for name, channel in self.channels.items():
            for piece, times in Counter(piece for piece, _ in channel.pieces).items():
                most = (
                    1
                    if TIMES[kind_of(piece)] == "at most once" or name == "b"
                    else 1 + len(self.touched.get(piece, []))
                )
                assert times <= most, (name, piece)
            for day, times in channel.made.items():
                assert times <= 1 + (len(self.touched.get(f"scoreboard/{day}", [])) if name == "a" else 0)

    def in_order(self) -> None:
        """By when they first came."""
        ranks = list(KINDS.values())
        for channel in self.channels.values():
            first: dict[str, datetime] = {}
            for piece, at in channel.pieces:
                first.setdefault(piece, at)
            told = [
                (at, ranks.index(kind_of(piece)))
                for piece, at in first.items()
                if "stall" not in self.touched.get(piece, [])
            ]
            assert told == sorted(told), channel.pieces


class Noting(logging.Handler):
    """Notes the exceptions that a run has caught and logged."""

    def __init__(self, noted: list[str]) -> None:
        super().__init__()
        self.noted = noted

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.noted.append(repr(record.exc_info[1]))


@contextmanager
def playing() -> Iterator[Play]:
    with opened("memory") as place:
        clock = HandClock(OPENS - timedelta(seconds=20))
        store = Webhooks(place.table)
        for name in ("a", "b"):
            address = f"https://discord.com/api/webhooks/1/{name}"
            kinds = tuple(TIMES)
            store.add(Webhook(name, "101", None, address, kinds, "en", False, clock(), "officer", None))
        play = Play(store, Place(clock))
        handler = Noting(play.broken)
        logging.getLogger("chalicelib.services.news").addHandler(handler)
        yield play
        logging.getLogger("chalicelib.services.news").removeHandler(handler)


@settings(
    max_examples=settings().max_examples // 3,
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(steps, faults)
def test_any_faults(made: list[Step], wrong: list[str | None]) -> None:
    with playing() as play:
        play.faults = iter(wrong)
        for step in made:
            play.step(step)
        play.faults = iter(())
        healthy = Step(31, 21, True)
        for _ in range(4):
            play.step(healthy)
        shown = [channel.boards for channel in play.channels.values()]
        if play.place.clock() < OPENS + 60 * HOUR:
            assert list(shown[1].values())[-1]["points"] == [2100]
        if play.current("a").disabled is None and not play.touched:
            assert shown[0] == shown[1]
            told = [
                [piece for piece, _ in channel.pieces if piece in FIXED] for channel in play.channels.values()
            ]
            assert told[0] == told[1]
