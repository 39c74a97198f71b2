"""Messages for Discord, in one language: one embed each, with times that each reader sees in their own zone.

Nothing in a message rings anybody. What comes from outside (names, labels, reasons) is cut and escaped; what stands
here and in the catalogues is ours. Discord counts characters as Python does, by code points (discord-api-docs issue
1315).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from chalicelib.domain.events import Reward
from chalicelib.domain.messages import Message, Value
from chalicelib.domain.news import (
    ClosingSoon,
    EventStarted,
    MilestonesOpened,
    Missing,
    OutlookChanged,
    Piece,
    Scheduled,
    Scoreboard,
    SheetFailing,
    SheetHealed,
    TierReached,
)
from chalicelib.domain.outlook import TierOutlook
from chalicelib.domain.progress import Progress
from chalicelib.languages import Language
from chalicelib.news.discord_text import escaped, moment

TITLE, DESCRIPTION = 256, 4096
"""The most characters of an embed's parts. Together they are fewer than the 6,000 that a message may have."""
_LABEL, _OBJECTIVES, _REASON = 100, 300, 500
"""As many characters of something from outside are shown; escaped, it is up to twice as long."""
_NAMES, _REWARDS = 2500, 600
"""As many characters of all names, and of all rewards of a tier."""
_BAR = 16
_CALM, _GOOD, _SOON, _BAD = 0x4F8EF7, 0x3BA55D, 0xF0B232, 0xDA373C
"""Colours."""


@dataclass(frozen=True, slots=True)
class Embeds:
    """Of what is true at `as_of`. `page`: the address of the server's page, if it is known."""

    words: Language
    server: str
    as_of: datetime
    page: str | None = None

    def piece(self, piece: Piece, missing: Missing | None) -> Mapping[str, Any]:
        _ = self.words.gettext
        about = piece.about
        match about:
            case EventStarted():
                title = _("{event} has begun").format(event=_label(about.event.name))
                return self._message(title, self._started(about), _CALM)
            case MilestonesOpened():
                lines = [line for one in about.milestones for line in (*self._opened(one), "")]
                return self._message(_("On now"), lines, _CALM)
            case ClosingSoon():
                return self._message(_("Closing soon"), self._closing(about, missing), _SOON)
            case TierReached():
                points = self.words.points(about.tier.threshold)
                title = _("Reward reached: {points}").format(points=points)
                return self._message(title, self._reached(about), _GOOD)
            case OutlookChanged():
                title = _("{event}: the outlook has changed").format(event=_label(about.progress.name))
                is_bad = any(side == "at-risk" for _tier, side in about.tiers)
                return self._message(title, self._outlook(about), _SOON if is_bad else _GOOD)
            case SheetFailing():
                return self._message(_("The sheet can’t be updated"), self._failing(about), _BAD)
            case SheetHealed():
                return self._message(_("The sheet works again"), self._whose(about), _GOOD)

    def board(self, board: Scoreboard, missing: Missing | None) -> Mapping[str, Any]:
        _ = self.words.gettext
        title = _("Server %(server)s: where it stands") % {"server": _label(self.server)}
        lines = [f"{self.words.day(board.day)} · " + _("As of %(at)s.") % {"at": moment(board.as_of)}, ""]
        for progress, outlook in board.events:
            lines += [*self._side(progress, outlook), ""]
        if board.on_now:
            lines += [f"__{_('On now')}__", *self._on_now(board.on_now, missing)]
        elif board.next:
            lines += [f"__{_('Next')}__", *(self._next(one) for one in board.next)]
        return self._message(title, lines, _CALM)

    def _started(self, about: EventStarted) -> Iterator[str]:
        _ = self.words.gettext
        yield self._until(about.window.closes_at)
        if about.event.tiers:
            yield ""
            yield _("What can be won:")
        for tier in about.event.tiers:
            at = _("at %(points)s:") % {"points": self.words.points(tier.threshold)}
            yield f"{at} {self._rewards(tier.rewards)}"

    def _opened(self, one: Scheduled) -> Iterator[str]:
        yield f"**{_label(one.milestone.name)}** · {_label(one.event.name)} · {self.words.points(one.milestone.points)}"
        yield self._objectives(one.milestone.objectives)
        yield self._until(one.window.closes_at)

    def _closing(self, about: ClosingSoon, missing: Missing | None) -> Iterator[str]:
        yield self._until(about.closes_at)
        yield ""
        yield from self._on_now(about.milestones, missing, with_times=False)
        if missing and missing.names:
            yield ""
            yield from self._listed(missing.names)

    def _on_now(
        self, milestones: Sequence[Scheduled], missing: Missing | None, *, with_times: bool = True
    ) -> Iterator[str]:
        for one in milestones:
            line = f"**{_label(one.milestone.name)}** · {_label(one.event.name)}"
            yield f"{line} · {self._until(one.window.closes_at)}" if with_times else line
            if missing and missing.of:
                yield from self._missing(missing, missing.by_milestone.get(one.id, 0))

    def _missing(self, missing: Missing, number: int) -> Iterator[str]:
        _ = self.words.gettext
        if not number:
            if missing.is_exact:
                yield _("Nobody is missing.")
            return
        said = (
            _("Still missing: {number} of {of}.")
            if missing.is_exact
            else _("Still missing: at least {number} of {of}.")
        )
        yield said.format(number=self.words.number(number), of=self.words.number(missing.of))

    def _listed(self, names: Sequence[str]) -> Iterator[str]:
        """As many as have room, and how many more there are."""
        shown = _first(map(_label, names), _NAMES)
        yield ", ".join(shown)
        if more := len(names) - len(shown):
            said = self.words.ngettext("And %(number)s more.", "And %(number)s more.", more)
            yield said % {"number": self.words.number(more)}

    def _reached(self, about: TierReached) -> Iterator[str]:
        _, ngettext, progress = self.words.gettext, self.words.ngettext, about.progress
        assert about.tier.reached_at  # noqa: S101 - it has a stamp
        at = _at(about.tier.reached_at)
        yield _("{event} reached it {at}.").format(event=_label(progress.name), at=at)
        if about.tier.reached_by == "reading":
            yield _("The server’s points are the official ones, as the game showed them.")
        yield self._rewards(about.tier.rewards)
        yield ""
        if progress.next_tier is None:
            yield _("Every reward is reached.")
        else:
            left, needed = progress.next_tier - progress.best.points, progress.needed.completions
            yield ngettext(
                "The next reward is %(missing)s points away: %(number)s completion.",
                "The next reward is %(missing)s points away: %(number)s completions.",
                needed,
            ) % {"missing": self.words.number(left), "number": self.words.number(needed)}

    def _outlook(self, about: OutlookChanged) -> Iterator[str]:
        _ = self.words.gettext
        for tier, side in about.tiers:
            said = _("On course now: {points}.") if side == "safe" else _("At risk now: {points}.")
            yield f"**{said.format(points=self.words.points(tier.threshold))}**"
            yield self._said(tier.message)

    def _failing(self, about: SheetFailing) -> Iterator[str]:
        yield from self._whose(about)
        since = self.words.gettext("It has failed since {at} ({ahead}):")
        yield since.format(at=_at(about.since), ahead=moment(about.since))
        yield escaped(_cut(about.sheet.last_error or "", _REASON))

    def _whose(self, about: SheetFailing | SheetHealed) -> Iterator[str]:
        if about.alliance:
            yield f"**{_label(about.alliance)}**"

    def _side(self, progress: Progress, outlook: Sequence[TierOutlook]) -> Iterator[str]:
        """An event on the scoreboard, up to its next tier."""
        _, best = self.words.gettext, progress.best.points
        yield f"**{_label(progress.name)}**"
        goal = progress.next_tier or (progress.tiers[-1].threshold if progress.tiers else None)
        if goal:
            yield f"`{bar(best, goal)}` {self.words.percent(min(best, goal) * 100 // goal / 100)}"
            yield f"**{self.words.number(best)}** / {self.words.points(goal)}"
        else:
            yield f"**{self.words.points(best)}**"
        if progress.best.by == "reading":
            yield _("The server’s points are the official ones, as the game showed them.")
        if progress.next_tier:
            left = self.words.points(progress.next_tier - best)
            yield _("To go: %(points)s.") % {"points": left}
            yield from (self._said(each.message) for each in outlook if each.threshold == progress.next_tier)
        elif progress.tiers:
            yield _("Every reward is reached.")
        if progress.status != "running":
            yield (
                _("It is over; reports still count.") if progress.status == "reporting" else _("It is over.")
            )

    def _next(self, one: Scheduled) -> str:
        opens_at = one.window.opens_at
        name = f"**{_label(one.milestone.name)}** · {_label(one.event.name)}"
        return f"{name} · {_at(opens_at)} ({moment(opens_at)})"

    def _until(self, closes_at: datetime) -> str:
        """Of a time that is at most a day ahead, the day is clear."""
        at = moment(closes_at, "t") if closes_at - self.as_of <= timedelta(days=1) else _at(closes_at)
        return self.words.gettext("Until {at} ({ahead}).").format(at=at, ahead=moment(closes_at))

    def _objectives(self, objectives: tuple[str, ...] | None) -> str:
        """As on the pages: any one of them."""
        if not objectives:
            return self.words.gettext("Objectives: not published")
        written = " / ".join(objectives)
        return escaped(_cut(written[0].upper() + written[1:], _OBJECTIVES))

    def _rewards(self, rewards: Sequence[Reward]) -> str:
        shown = _first(map(self._reward, rewards), _REWARDS)
        left_out = ["…"] if len(shown) < len(rewards) else []
        return " · ".join([*shown, *left_out]) or self.words.gettext("not published")

    def _reward(self, reward: Reward) -> str:
        if reward.name is None:
            shown = self.words.gettext("not published (shown as “%(text)s”)")
            if reward.shown_as:
                return shown % {"text": _label(reward.shown_as)}
            return self.words.gettext("not published")
        name = _label(reward.name)
        return name if reward.quantity is None else f"{self.words.number(reward.quantity)} {name}"

    def _said(self, message: Message) -> str:
        def shown(value: Value) -> str:
            return _at(value) if isinstance(value, datetime) else escaped(self.words.show(value))

        return self.words.say(message, shown)

    def _message(self, title: str, lines: Iterable[str], colour: int) -> Mapping[str, Any]:
        embed = {"title": title, "description": _fitted(lines), "color": colour}
        return {
            "embeds": [embed | ({"url": self.page} if self.page else {})],
            "allowed_mentions": {"parse": []},
        }


def bar(points: int, goal: int) -> str:
    """`████░░░░`: full only when the goal is reached."""
    full = min(_BAR, points * _BAR // goal)
    return "█" * full + "░" * (_BAR - full)


def _fitted(lines: Iterable[str]) -> str:
    """As many whole lines as an embed's description has room for; what is left out has a mark."""
    text = "\n".join(lines).strip()
    if len(text) <= DESCRIPTION:
        return text
    return f"{text[: text.rindex(chr(10), 0, DESCRIPTION - 2)]}\n…"


def _first(texts: Iterable[str], most: int) -> list[str]:
    """The first of them that together, with what stands between them, have that many characters."""
    shown = list(texts)
    lengths = accumulate(len(text) + 3 for text in shown)
    return shown[: sum(length <= most for length in lengths)]


def _label(text: str) -> str:
    """A name from outside, as a title or a description shows it."""
    return escaped(_cut(text, _LABEL))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _at(at: datetime) -> str:
    """With its date: who reads it may be a day ahead, or behind."""
    return moment(at, "f")
