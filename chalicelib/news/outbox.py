"""What was told, what is being sent and what waits: all that is remembered of a webhook, and how it changes. Pure.

It is kept in the webhook's one item, whose version tells whether another run was faster. A piece is *claimed* before it
is sent, and what became of it is noted with the next claim. So a run that dies leaves a claim behind; once no run can
be at it any more, the piece's promise decides (decision 38).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from chalicelib.domain.calendar import SKEW, moment
from chalicelib.domain.news import TIMES, Done, Piece, Watch, kind_of
from chalicelib.news.post import Answer

LONGEST_RUN = timedelta(minutes=1)
"""No run takes longer."""
CLAIMED = LONGEST_RUN + SKEW
"""How long a claim may be somebody's."""
ATTEMPTS = 12
"""How often a piece, or a new scoreboard, is tried: for about four hours, if it does not get stale before."""
STUCK = 6
"""As often something was tried when half an hour is over."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)
"""After the first attempt, and at most. They double."""
MOST_WAIT = timedelta(days=1)
"""As long as the other side can ask for."""
KEPT = timedelta(days=1)
"""How long it is remembered that a piece was told, from when it is stale: events are moved, and clocks set back."""
SHOWN = timedelta(days=1)
"""How long officers are shown that something was given up."""

SOON, LATER, OLD = timedelta(minutes=3), timedelta(minutes=15), timedelta(hours=1)
"""A scoreboard is edited every `SOON` at most; every `LATER` once it is `OLD`, since Discord limits such edits."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece, or the scoreboard, that a run has been sending since then."""

    id: str
    since: datetime
    stale_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """A piece that was tried so often in vain. It is not tried before `until`, and nothing overtakes it."""

    id: str
    attempts: int
    until: datetime
    stale_at: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """The scoreboard of a game day. `message`: Discord's id of it. `shown`: the revision of what it shows. `made_at`
    None: it was not sent yet. `attempts`: how often the last step failed; it is not tried before `until`. `closed`:
    nothing more is done about it on that day."""

    day: date
    message: str | None = None
    shown: str | None = None
    made_at: datetime | None = None
    edited_at: datetime | None = None
    attempts: int = 0
    until: datetime | None = None
    closed: bool = False

    def is_due(self, revision: str, now: datetime) -> bool:
        """Whether it is to be sent, or edited, so that it shows what has this revision."""
        if self.closed or self.shown == revision or _is_ahead(self.until, now, MOST_WAIT):
            return False
        if self.made_at is None or self.edited_at is None:
            return True
        every = SOON if now - self.made_at < OLD else LATER
        return not _is_ahead(self.edited_at + every, now, every)

    def after(self, answer: Answer, revision: str, is_editable: bool, now: datetime) -> "Board":
        """After the answer to this revision. `is_editable`: later ones edit the message, if its id is known."""
        done = replace(self, shown=revision, attempts=0, until=None)
        if answer.outcome == "delivered":
            message = self.message or answer.message_id
            is_lost = is_editable and message is None
            made_at = self.made_at or now
            return replace(done, message=message, made_at=made_at, edited_at=now, closed=is_lost)
        if answer.outcome == "missing":  # a person has deleted it, so nobody wants it today
            return replace(done, closed=True)
        if answer.outcome == "refused":
            return done
        return self.tried(now, answer.retry_after)

    def tried(self, now: datetime, retry_after: float | None = None) -> "Board":
        """After one more attempt in vain."""
        attempts = self.attempts + 1
        closed = self.made_at is None and attempts >= ATTEMPTS
        return replace(self, attempts=attempts, until=now + pause(attempts, retry_after), closed=closed)


@dataclass(frozen=True, slots=True)
class Outbox:
    """`told` and `given_up`: until when that is remembered, by id. `trouble`: why something waits; `lost`: what was
    given up last, and why: both in words for officers. `more`: what a later version has stored beside."""

    told: Mapping[str, datetime] = field(default_factory=dict)
    given_up: Mapping[str, datetime] = field(default_factory=dict)
    claim: Claim | None = None
    wait: Wait | None = None
    watch: Watch = field(default_factory=Watch)
    board: Board | None = None
    delivered_at: datetime | None = None
    trouble: str | None = None
    lost: str | None = None
    lost_at: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> Done:
        return dict.fromkeys(self.given_up, False) | dict.fromkeys(self.told, True)

    def is_taken(self, now: datetime) -> bool:
        """Whether another run may be sending something of it."""
        return self.claim is not None and _is_ahead(self.claim.since + CLAIMED, now, CLAIMED)

    def waits(self, now: datetime) -> bool:
        return self.wait is not None and _is_ahead(self.wait.until, now, MOST_WAIT)

    @property
    def is_stuck(self) -> bool:
        """Whether it has taken nothing for half an hour."""
        tried = max((each.attempts for each in (self.wait, self.board) if each), default=0)
        return self.trouble is not None and tried >= STUCK

    def tidied(self, now: datetime) -> "Outbox":
        """Without what is over: a claim whose run has died, what waits and is stale, what need not be remembered."""
        kept = self._without_claim(now)
        if kept.wait and now >= kept.wait.stale_at:
            kept = kept._losing(kept.wait, now, "it could not be delivered in time.")
        if kept.trouble and not kept._is_in_trouble(now):
            kept = replace(kept, trouble=None)
        if kept.lost_at and now >= kept.lost_at + SHOWN:
            kept = replace(kept, lost=None, lost_at=None)
        told = {piece: until for piece, until in kept.told.items() if now < until}
        given_up = {piece: until for piece, until in kept.given_up.items() if now < until}
        return replace(kept, told=told, given_up=given_up)

    def claiming(self, piece: Piece, now: datetime) -> "Outbox":
        return replace(self, claim=Claim(piece.id, now, piece.stale_at))

    def claiming_board(self, day: date, now: datetime) -> "Outbox":
        board = self.board if self.board and self.board.day == day else Board(day)
        return replace(self, board=board, claim=Claim(f"scoreboard/{day}", now, now))

    def after(self, answer: Answer, now: datetime) -> "Outbox":
        """After the answer to the piece that is claimed."""
        claim, free = self._released()
        match answer.outcome:
            case "delivered":
                return free._telling(claim)._delivered(now)
            case "unknown" if TIMES[kind_of(claim.id)] == "at most once":
                told = free._telling(claim)
                return told._noting_loss(claim.id, now, f"may not have arrived: {answer.reason}")
            case "later" | "unknown":
                return free._waiting(claim, now, answer.reason, answer.retry_after)
            case _:
                return free._losing(claim, now, answer.reason)

    def after_board(self, answer: Answer, revision: str, is_editable: bool, now: datetime) -> "Outbox":
        """After the answer to the scoreboard that is claimed, and that shows what has this revision."""
        claim, free = self._released()
        assert free.board  # noqa: S101 - claiming has made it
        noted = replace(free, board=free.board.after(answer, revision, is_editable, now))
        match answer.outcome:
            case "delivered":
                return noted._delivered(now)
            case "later" | "unknown":
                return noted._troubled(now, answer.reason)
            case "missing":
                return noted
            case _:
                return noted._noting_loss(claim.id, now, f"was given up: {answer.reason}")

    def _released(self) -> tuple[Claim, "Outbox"]:
        assert self.claim  # noqa: S101 - nothing is sent without
        return self.claim, replace(self, claim=None)

    def _without_claim(self, now: datetime) -> "Outbox":
        """Whether the one who claimed it has sent it, nobody knows. It was one attempt, so that what makes runs die is
        not tried for ever."""
        if self.claim is None:
            return self
        claim, free = self._released()
        kind = kind_of(claim.id)
        if kind == "scoreboard":
            return replace(free, board=free.board and free.board.tried(now))
        if TIMES[kind] == "at most once":
            return free._telling(claim)._noting_loss(
                claim.id, now, "may not have arrived: its run ended early."
            )
        return free._waiting(claim, now, "The run that sent it ended early.", 0)

    def _is_in_trouble(self, now: datetime) -> bool:
        """Whether something is still to be tried again: of a scoreboard, that is seen soon after its pause."""
        until = self.board.until if self.board else None
        return self.wait is not None or (until is not None and now < until + OLD)

    def _telling(self, claim: Claim) -> "Outbox":
        return replace(self, wait=None, told={**self.told, claim.id: claim.stale_at + KEPT})

    def _delivered(self, now: datetime) -> "Outbox":
        return replace(self, delivered_at=now, trouble=None)

    def _waiting(self, claim: Claim, now: datetime, reason: str, retry_after: float | None) -> "Outbox":
        attempts = 1 + (self.wait.attempts if self.wait and self.wait.id == claim.id else 0)
        if attempts >= ATTEMPTS:
            return self._losing(claim, now, f"{reason} It was tried {attempts} times.")
        wait = Wait(claim.id, attempts, now + pause(attempts, retry_after), claim.stale_at)
        return replace(self, wait=wait)._troubled(now, reason)

    def _troubled(self, now: datetime, reason: str) -> "Outbox":
        return replace(self, trouble=f"{moment(now)}: not delivered yet: {reason} It is tried again.")

    def _losing(self, gone: Claim | Wait, now: datetime, reason: str) -> "Outbox":
        given_up = {**self.given_up, gone.id: gone.stale_at + KEPT}
        lost = replace(self, wait=None, trouble=None, given_up=given_up)
        return lost._noting_loss(gone.id, now, f"was given up: {reason}")

    def _noting_loss(self, piece_id: str, now: datetime, what: str) -> "Outbox":
        return replace(self, lost=f"{moment(now)}: {kind_of(piece_id)} {what}", lost_at=now)


def pause(attempts: int, retry_after: float | None = None) -> timedelta:
    """How long to wait after that many attempts: at least as long as the other side has asked for."""
    asked = min(timedelta(seconds=retry_after or 0), MOST_WAIT)
    return max(min(FIRST_PAUSE * (1 << attempts - 1), LONGEST_PAUSE), asked)


def outbox_of(state: Mapping[str, Any]) -> Outbox:
    """What a webhook's state holds. Raises ValueError if it can't be read."""
    known = {name: value for name, value in state.items() if name in _NAMES}
    more = {name: value for name, value in state.items() if name not in (*_NAMES, "problem")}
    return replace(_ADAPTER.validate_python(known), more=more)


def state_of(outbox: Outbox) -> dict[str, Any]:
    """The same, as it is stored: with the `problem` that officers are shown, and without what is not there."""
    problem = " ".join(filter(None, (outbox.lost, outbox.trouble)))
    stored = _ADAPTER.dump_python(outbox, mode="json", exclude_defaults=True, exclude={"more"})
    return {**outbox.more, **stored} | ({"problem": problem} if problem else {})


def _is_ahead(instant: datetime | None, now: datetime, most: timedelta) -> bool:
    """Whether the instant is in the future, but not further ahead than it can be: then a clock was set back."""
    return instant is not None and now < instant <= now + most + SKEW


_ADAPTER = TypeAdapter(Outbox)
_NAMES = {each.name for each in fields(Outbox)} - {"more"}
