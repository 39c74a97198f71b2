"""Slash commands: what Discord sends when somebody uses one, and the answer to it (DESIGN §12).

Whatever is signed gets an answer in words, in the caller's language, that only they see unless it is for all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.discord import refusal
from chalicelib.domain.errors import DidYouMean, Forbidden, MusterError
from chalicelib.domain.messages import say
from chalicelib.domain.progress import LatestReading, Progress
from chalicelib.domain.reporting import find_milestones
from chalicelib.http.discord_answers import (
    LONGEST_CONTENT,
    MESSAGE,
    MOST_CHOICES,
    UPDATE,
    Carried,
    Choice,
    Json,
    buttons,
    choices,
    menu,
    message,
)
from chalicelib.http.discord_shapes import AUTOCOMPLETE, COMMAND, COMPONENT, PING, DiscordUser, Interaction
from chalicelib.http.responses import json_response
from chalicelib.http.signed import signed_body
from chalicelib.languages import Language, language
from chalicelib.news.discord_commands import code_of
from chalicelib.news.discord_text import Markup, escaped, moment, said
from chalicelib.services.attempts import within
from chalicelib.services.discord import Caller, Linked, Mine, Reportable, value_of
from chalicelib.services.guild_bindings import require_set_up
from chalicelib.services.reporting import Receipt
from chalicelib.telemetry import measure, measure_report

if TYPE_CHECKING:
    from chalicelib.services.public_views import EventOnPage

BEGIN_WITHIN = 1.5
"""Seconds in which the table may be asked for something. Discord waits for three, and the answer has to travel."""

_DONE, _IAM, _UNLINK = "done", "iam", "unlink"
"""What buttons and menus do."""
_TICKED, _OPEN = "✅", "⬜"


def interact(request: Request) -> Response:
    """Raises NotFound (`discord-not-set-up`), Unauthenticated (`bad-signature`), TooLarge, Malformed and Forbidden."""
    settings = muster().settings
    public_key = require_set_up(settings.discord_public_key)
    sent = Interaction.read(signed_body(request, public_key, muster().clock()))
    ours, theirs = settings.discord_application_id, sent.application_id
    if ours and theirs and ours != theirs:
        raise Forbidden("other-application", "DISCORD_APPLICATION_ID is another application's.")
    return json_response(_answered(sent))


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks, from where, and in which language."""

    sent: Interaction
    words: Language
    guild: str
    user: DiscordUser

    @property
    def name(self) -> str:
        return self.user.global_name or self.user.username

    def caller(self) -> Caller:
        """Raises ChatRefusal if the guild is not bound."""
        return muster().discord.caller(self.guild, self.user.id, self.name)

    def says(self, name: str, /, **values: str | int) -> str:
        return said(self.words, say(name, **values))

    def carrying(self, does: str, commander: str) -> Carried:
        return Carried(does, self.user.id, commander)


def _answered(sent: Interaction) -> Json:
    if sent.type == PING:
        return {"type": PING}
    words = language(code_of(sent.locale, sent.guild_locale))
    try:
        with within(BEGIN_WITHIN):
            return _done_as_asked(sent, words)
    except MusterError as error:
        measure("Rejections", 1, code=error.code)
        return choices([]) if sent.type == AUTOCOMPLETE else message(_why(words, error))


def _done_as_asked(sent: Interaction, words: Language) -> Json:
    if sent.guild_id is None or sent.member is None:
        raise refusal("chat-in-a-guild")
    asked = _Asked(sent, words, sent.guild_id, sent.member.user)
    if sent.type == COMMAND and sent.data.name in _COMMANDS:
        return _COMMANDS[sent.data.name](asked)
    if sent.type == AUTOCOMPLETE:
        return _choices(asked)
    carried = Carried.read(sent.data.custom_id) if sent.type == COMPONENT else None
    if carried is None or carried.does not in _COMPONENTS:
        raise refusal("chat-unknown")
    if carried.account != asked.user.id:
        raise refusal("chat-not-yours")
    return _COMPONENTS[carried.does](asked, carried.commander)


def _bind(asked: _Asked) -> Json:
    bound = muster().guild_bindings.bind(asked.guild, asked.user.id, asked.sent.option("code"))
    return message([asked.says("chat-bound", alliance=bound.name, server=bound.server)])


def _iam(asked: _Asked) -> Json:
    """With a name, the caller stands for that commander, too; without one they see for whom they do."""
    caller, name = asked.caller(), asked.sent.option("name")
    if not name:
        return _whoami(asked, caller)
    try:
        return _linked(asked, muster().discord.link(caller, name, is_new=asked.sent.flag("new")))
    except DidYouMean as error:
        near = muster().discord.suggested(caller, error.suggestions)
        lines = _why(asked.words, error)
        if error.code == "did-you-mean":
            lines.append(asked.says("chat-somebody-new"))
        return message(lines, buttons((one.name, asked.carrying(_IAM, one.id)) for one in near))


def _whoami(asked: _Asked, caller: Caller) -> Json:
    mine = muster().discord.linked(caller)
    if not mine:
        return message([asked.says("chat-who")])
    lines = [*(asked.says("chat-linked", name=one.name) for _, one in mine), asked.says("chat-report")]
    rows = buttons(
        (asked.words.say(say("chat-unlink", name=one.name)), asked.carrying(_UNLINK, link))
        for link, one in mine
    )
    return message(lines, rows)


def _i_am_that_one(asked: _Asked, commander: str) -> Json:
    return _linked(asked, muster().discord.link_to(asked.caller(), commander), UPDATE)


def _linked(asked: _Asked, linked: Linked, kind: int = MESSAGE) -> Json:
    name = linked.commander.name
    lines = [f"{asked.says('chat-linked', name=name)} {asked.says('chat-report')}"]
    if linked.others:
        accounts = Markup(", ".join(f"<@{one}>" for one in linked.others))
        lines.append(asked.says("chat-linked-too", name=name, accounts=accounts))
    return message(lines, kind=kind)


def _unlink(asked: _Asked, link: str) -> Json:
    caller = asked.caller()
    gone = muster().discord.unlink(caller, link)
    name = gone.name if gone else link
    return message([asked.says("chat-unlinked", name=name)], kind=UPDATE)


def _done(asked: _Asked) -> Json:
    """A menu for each commander that the caller stands for. Who stands for one and names a milestone has it at once."""
    caller = asked.caller()
    today, typed = muster().discord.today(caller), asked.sent.option("milestone")
    if not today.mine:
        raise refusal("chat-who")
    if typed:
        named = muster().discord.milestone(caller, typed)
        if len(today.mine) == 1:
            return _reported(asked, caller, today.mine[0].link, [named])
        (ref,) = find_milestones([named], muster().directory.events())
        choice = [Choice(ref.milestone.name, value_of(ref), ref.event.name)]
        rows = [menu(asked.carrying(_DONE, one.link), one.commander.name, choice) for one in today.mine]
        return message([asked.says("chat-choose")], rows)
    offered = [(one, _offered(one, today.on_now)) for one in today.mine]
    rows = [menu(asked.carrying(_DONE, one.link), one.commander.name, some) for one, some in offered if some]
    lines = [asked.says("chat-choose")] if rows else []
    more = max(len(some) for _, some in offered) - MOST_CHOICES
    if more > 0:  # than a menu holds
        lines.append(asked.says("chat-more", number=more))
    if today.on_now:
        lines += [asked.says("chat-all-done", name=one.commander.name) for one, some in offered if not some]
    else:
        lines.append(asked.says("chat-nothing-on"))
    if today.earlier or more > 0:
        lines.append(asked.says("chat-earlier"))
    return message(lines, rows)


def _offered(mine: Mine, on_now: Sequence[Reportable]) -> list[Choice]:
    return [
        Choice(ref.milestone.name, value_of(ref), ref.event.name)
        for ref, _ in on_now
        if str(ref) not in mine.done
    ]


def _chosen(asked: _Asked, link: str) -> Json:
    caller = asked.caller()
    milestone = partial(muster().discord.milestone, caller)
    return _reported(asked, caller, link, list(map(milestone, asked.sent.data.values)))


def _reported(asked: _Asked, caller: Caller, link: str, milestones: Sequence[str]) -> Json:
    receipt = muster().discord.report(caller, link, milestones)
    measure_report(result.status for result in receipt.results)
    return message(_receipt(asked, receipt))


def _receipt(asked: _Asked, receipt: Receipt) -> Iterator[str]:
    directory = muster().directory
    yield f"**{escaped(receipt.commander.name)}**"
    refs = find_milestones([one.milestone for one in receipt.results], directory.events())
    for result, ref in zip(receipt.results, refs, strict=True):
        name = ref.milestone.name
        if result.status == "recorded":
            yield f"{_TICKED} {asked.says('chat-recorded', milestone=name)}"
        else:
            at = Markup(moment(result.recorded_at))
            yield f"{_TICKED} {asked.says('chat-again', milestone=name, at=at)}"
    for one in receipt.progress:
        values: dict[str, str | int] = {
            "event": directory.event(one.event).name,
            "name": receipt.commander.name,
            "points": one.commander_points,
            "possible": one.commander_points_possible,
            "server_points": one.server_points,
        }
        if one.next_tier is None:
            yield asked.says("chat-points-all", **values)
        else:
            yield asked.says("chat-points", **values, next_tier=one.next_tier)


def _today(asked: _Asked) -> Json:
    """What is on, with a mark for each commander that the caller stands for."""
    caller = asked.caller()
    today, lines = muster().discord.today(caller), list[str]()
    for ref, window in today.on_now:
        closes = asked.says(
            "chat-closes", milestone=ref.milestone.name, closes_at=Markup(moment(window.closes_at))
        )
        lines.append(f"{closes} ({escaped(ref.event.name)})")
        lines += [f"-# {escaped(one)}" for one in ref.milestone.objectives or ()]
        marks = (_TICKED if str(ref) in one.done else _OPEN for one in today.mine)
        named = (escaped(one.commander.name) for one in today.mine)
        lines += [f"{mark} {name}" for mark, name in zip(marks, named, strict=True)]
    if not today.on_now:
        lines.append(asked.says("chat-nothing-on"))
    if today.next:
        opens_at = Markup(moment(today.next.at))
        lines += [
            asked.says("chat-opens", milestone=one.name, opens_at=opens_at)
            for _, one in today.next.milestones
        ]
    if today.earlier:
        lines.append(asked.says("chat-earlier"))
    return message(lines if today.mine else [*lines, asked.says("chat-who")])


def _standing(asked: _Asked) -> Json:
    """For all in the channel: what everybody may see of the server, also of what has ended and is not archived."""
    server, views = asked.caller().server, muster().public_views
    page = views.page(views.state(server.id))
    events = (*page.current, *page.ended)
    if not events:
        return message([asked.says("chat-no-event", server=server.id)])
    return message((line for event in events for line in _stands(asked, event)), for_all=True)


def _stands(asked: _Asked, shown: "EventOnPage") -> Iterator[str]:
    words, progress = asked.words, shown.progress
    ends = "chat-ends" if progress.status == "running" else "chat-ended"
    points, at = words.points(progress.best.points), Markup(moment(shown.closes_at))
    yield f"**{escaped(shown.event.name)}**: {points}. {asked.says(ends, at=at)}"
    if progress.official:
        yield _both(words, progress, progress.official)
    for tier, outlook in shown.goals:
        yield f"{_TICKED if tier.reached else _OPEN} {words.number(tier.threshold)}: {said(words, outlook.message)}"


def _both(words: Language, progress: Progress, official: LatestReading) -> str:
    """What is reported, and what the game showed: different numbers (DESIGN §3.5), in the words of the pages."""
    _ = words.gettext
    read = {"points": words.points(official.points), "at": moment(official.read_at, "f")}
    lines = [
        _("%(points)s are reported.") % {"points": words.points(progress.points)},
        _("The game showed %(points)s %(at)s.") % read,
    ]
    if progress.coverage is not None:
        lines.append(_("Then, %(part)s of them were reported.") % {"part": words.percent(progress.coverage)})
    return " ".join(lines)


def _missing(asked: _Asked) -> Json:
    """Who has not reported what is on. Discord shows the command to those alone whom a guild's managers allow it."""
    caller = asked.caller()
    found = muster().exports.missing(caller.officers_key, caller.server.id, caller.alliance.id, [])
    refs = find_milestones(found.milestones, muster().directory.events()) if found.milestones else []
    if not refs:
        return message([asked.says("chat-nothing-on")])
    lines = []
    for ref in refs:
        names = [escaped(one.name) for one in found.missing if str(ref) in one.milestones]
        if not names:
            lines.append(asked.says("chat-nobody-missing", milestone=ref.milestone.name))
            continue
        counts = {"missing": len(names), "commanders": found.commanders}
        lines.append(asked.says("chat-missing", milestone=ref.milestone.name, **counts))
        shown = _some(names, LONGEST_CONTENT // len(refs) // 2)
        lines.append(", ".join(shown))
        if len(shown) < len(names):
            lines.append(asked.says("chat-more", number=len(names) - len(shown)))
    return message(lines)


def _some(names: Sequence[str], most: int) -> Sequence[str]:
    """The first of the names, as many as have room in so many characters; one at least."""
    shown = 1
    while shown < len(names) and len(", ".join(names[: shown + 1])) <= most:
        shown += 1
    return names[:shown]


def _choices(asked: _Asked) -> Json:
    typed = next((str(one.value or "") for one in asked.sent.data.options if one.focused), "")
    found = muster().discord.choices(asked.caller(), typed)
    return choices(Choice(f"{ref.milestone.name} · {ref.event.name}", value_of(ref)) for ref in found)


def _why(words: Language, error: MusterError) -> list[str]:
    """What was refused, in words, each once."""
    return list(
        dict.fromkeys(said(words, text) for text in (error.detail, *(e.message for e in error.errors)))
    )


_COMMANDS: Mapping[str, Callable[[_Asked], Json]] = {
    "bind": _bind,
    "iam": _iam,
    "done": _done,
    "today": _today,
    "standing": _standing,
    "missing": _missing,
}
_COMPONENTS: Mapping[str, Callable[[_Asked, str], Json]] = {
    _DONE: _chosen,
    _IAM: _i_am_that_one,
    _UNLINK: _unlink,
}
