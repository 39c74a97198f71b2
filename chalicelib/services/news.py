"""Telling the news: each piece as often as its kind promises, in order, and never in anybody's way (decision 38).

Before something is sent, that is noted in the webhook's item, on the condition that no other run has changed it; after
it, what became of it. `news/outbox.py` says what is noted, and what becomes of it if a run dies.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from math import inf
from typing import Any

from chalicelib.domain.errors import MusterError
from chalicelib.domain.news import (
    ClosingSoon,
    Missing,
    Piece,
    Scheduled,
    Situation,
    due,
    scoreboard,
    watched,
)
from chalicelib.domain.webhooks import Webhook
from chalicelib.news.messages import Messages
from chalicelib.news.outbox import Outbox, outbox_of, state_of
from chalicelib.news.post import Answer, Post
from chalicelib.services.situations import Situations
from chalicelib.store.table import ConditionFailed
from chalicelib.store.webhooks import Webhooks

logger = logging.getLogger(__name__)

EACH, SHORTEST = 10.0, 3.0
"""Seconds for one webhook in a run, so that one that answers slowly does not take the time of all; and the fewest that
a message gets."""
NOTING = 5.0
"""Seconds that are kept for noting what became of the last message."""

SHARE = 0.1
"""Of the webhooks: so many in trouble, and more than one, are no longer their officers' business alone."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """What a run did: how many messages were `delivered`, and at how many webhooks something could not be."""

    delivered: int
    undelivered: int


@dataclass(slots=True)
class _Turn:
    """One webhook in a run. `spent`: seconds. `is_over`: nothing more is done for it in this run."""

    webhook: Webhook
    outbox: Outbox
    situation: Callable[[], Situation]
    spent: float = 0.0
    delivered: int = 0
    is_over: bool = False
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class News:
    _webhooks: Webhooks
    _situations: Situations
    _messages: Messages
    _post: Post
    _clock: Callable[[], datetime]
    _monotonic: Callable[[], float]

    def tell(self, remaining: Callable[[], float] = lambda: inf) -> Told:
        """Sends what is due: first all pieces, then the scoreboards. Without webhooks, it costs one query.

        What goes wrong at one webhook is logged and noted there; the others continue. With too few seconds `remaining`,
        no other message is begun. Raises Busy only at the beginning.
        """
        turns = self._turns([webhook for webhook in self._webhooks.all() if webhook.disabled is None])
        for step in (self._tell_pieces, self._tell_board):
            for turn in turns:
                if remaining() < NOTING + SHORTEST:
                    logger.warning("no time for all news")
                    break
                if not turn.is_over:
                    with _alone(turn):
                        step(turn, remaining)
        stuck = sum(turn.outbox.is_stuck for turn in turns)
        if stuck >= max(2, SHARE * len(turns)):
            logger.error("%d of %d webhooks have taken nothing for half an hour", stuck, len(turns))
        undelivered = sum(turn.has_failed or turn.outbox.trouble is not None for turn in turns)
        return Told(sum(turn.delivered for turn in turns), undelivered)

    def _turns(self, webhooks: Sequence[Webhook]) -> list[_Turn]:
        """In the order in which they come: those that work, beginning with the one that has heard nothing for longest;
        then those that had to wait."""

        @cache
        def situation(server: str) -> Situation:
            wanted = {kind for webhook in webhooks if webhook.server == server for kind in webhook.kinds}
            return self._situations.of(server, wanted)

        turns = []
        for webhook in webhooks:
            try:
                outbox = outbox_of(webhook.state)
            except ValueError:
                logger.exception("the state of webhook %s can't be read", webhook.id)
                continue
            turns.append(_Turn(webhook, outbox, partial(situation, webhook.server)))
        return sorted(turns, key=_patience)

    def _tell_pieces(self, turn: _Turn, remaining: Callable[[], float]) -> None:
        now = self._clock()
        if turn.outbox.is_taken(now):
            turn.is_over = True
            return
        situation, outbox = turn.situation(), turn.outbox.tidied(now)
        turn.outbox = replace(outbox, watch=watched(outbox.watch, turn.webhook, situation, outbox.done, now))
        while self._has_time(turn, remaining) and not turn.outbox.waits(now):
            pieces = due(turn.webhook, situation, turn.outbox.watch, turn.outbox.done, now)
            if not pieces:
                break
            content = self._written(turn.webhook, pieces[0])
            self._note(turn, turn.outbox.claiming(pieces[0], now))
            answer = self._send(turn, content, pieces[0].id, remaining)
            now = self._clock()
            turn.outbox = turn.outbox.after(answer, now)
            if answer.outcome not in ("delivered", "refused"):
                self._end(turn, answer)
                return
        self._note_changes(turn)

    def _tell_board(self, turn: _Turn, remaining: Callable[[], float]) -> None:
        webhook, now = turn.webhook, self._clock()
        if "scoreboard" not in webhook.kinds or turn.outbox.waits(now) or not self._has_time(turn, remaining):
            return
        situation = turn.situation()
        board = scoreboard(situation, now)
        if board is None:
            return
        revision = self._situations.revision(webhook, situation, board)
        claimed = turn.outbox.claiming_board(board.day, now)
        if not (claimed.board and claimed.board.is_due(revision, now)):
            return
        content = self._messages.board(webhook, board, self._missing(webhook, board.on_now))
        self._note(turn, claimed)
        edits = claimed.board.message if webhook.is_discord else None
        answer = self._send(turn, content, f"scoreboard/{board.day}/{revision}", remaining, edits)
        turn.outbox = turn.outbox.after_board(answer, revision, webhook.is_discord, self._clock())
        self._end(turn, answer)

    def _written(self, webhook: Webhook, piece: Piece) -> Mapping[str, Any]:
        closing = piece.about.milestones if isinstance(piece.about, ClosingSoon) else ()
        return self._messages.piece(webhook, piece, self._missing(webhook, closing))

    def _missing(self, webhook: Webhook, milestones: Sequence[Scheduled]) -> Missing | None:
        return self._situations.missing(webhook, milestones) if milestones else None

    def _has_time(self, turn: _Turn, remaining: Callable[[], float]) -> bool:
        """Whether another message can be begun."""
        return EACH - turn.spent >= SHORTEST and remaining() >= NOTING + SHORTEST

    def _send(
        self,
        turn: _Turn,
        content: Mapping[str, Any],
        news_id: str,
        remaining: Callable[[], float],
        edits: str | None = None,
    ) -> Answer:
        webhook, began = turn.webhook, self._monotonic()
        seconds = min(EACH - turn.spent, remaining() - NOTING)
        message = f"{webhook.id}/{news_id}"  # one listener may hear of several servers
        answer = self._post.send(webhook, content, message, self._clock(), edits, seconds)
        turn.spent += self._monotonic() - began
        turn.delivered += answer.outcome == "delivered"
        if answer.outcome != "delivered":
            logger.warning("webhook %s: %s %s: %s", webhook.id, news_id, answer.outcome, answer.reason)
        return answer

    def _end(self, turn: _Turn, answer: Answer) -> None:
        """Notes what has changed, and that nothing more is sent there, if so."""
        if answer.outcome == "gone":
            state = state_of(turn.outbox)
            turn.webhook = self._webhooks.disable(turn.webhook, answer.reason, self._clock(), state)
            turn.is_over = True
        else:
            self._note_changes(turn)

    def _note_changes(self, turn: _Turn) -> None:
        if state_of(turn.outbox) != turn.webhook.state:
            self._note(turn, turn.outbox)

    def _note(self, turn: _Turn, outbox: Outbox) -> None:
        """Raises ConditionFailed if another run was faster, or the webhook was deleted."""
        turn.webhook = self._webhooks.note(turn.webhook, state=state_of(outbox))
        turn.outbox = outbox


@contextmanager
def _alone(turn: _Turn) -> Iterator[None]:
    """What goes wrong in it concerns this webhook alone, and ends its turn."""
    webhook = turn.webhook.id
    try:
        yield
    except ConditionFailed:
        turn.is_over = True
        logger.info("webhook %s: another run was faster, or it was deleted", webhook)
    except MusterError as error:
        turn.is_over = turn.has_failed = True
        logger.warning("webhook %s put off (%s)", webhook, error.code)
    except Exception:  # whatever it is, the others are to hear their news
        turn.is_over = turn.has_failed = True
        logger.exception("webhook %s put off", webhook)


def _patience(turn: _Turn) -> tuple[datetime, datetime]:
    outbox = turn.outbox
    return outbox.wait.until if outbox.wait else _NEVER, outbox.delivered_at or _NEVER
