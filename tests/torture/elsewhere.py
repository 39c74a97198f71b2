"""What is done otherwise than by people who ask the API: in a sheet, on Discord, and by the run that tells the news."""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from chalicelib.domain.binding import Binding
from chalicelib.domain.edits import Tick
from chalicelib.domain.messages import say
from chalicelib.domain.webhooks import KINDS, MOST
from chalicelib.languages import language
from chalicelib.news.discord_text import escaped, said
from chalicelib.news.post import Post
from tests.discord import PATH, Json, User, components, signature
from tests.torture.place import SERVERS

if TYPE_CHECKING:
    from tests.torture.player import Player

ENGLISH = language("en")
BUSY = said(ENGLISH, say("busy"))
MOST_TIMES = 60
"""As often something is done again when the table was busy."""
LONGEST = timedelta(seconds=55)
"""Of a run: then Lambda ends it."""

_WEBHOOKS = "/v1/webhooks"
_DISCORD = "/v1/servers/{server}/alliances/{alliance}/discord"


def edit_a_sheet(player: "Player") -> None:
    """A box is ticked or unticked, as the sheet showed it; what could not be decided is taken by the next sync."""
    who = player.somebody()
    if who is None or who.is_retired:
        return
    milestone, stores = player.milestones(1)[0], player.place.quiet.stores
    event, _, short = milestone.partition("/")
    card = stores.completions.cards(who.server, who.alliance, who.id, [event], consistent=True)[event]
    done = milestone not in who.done
    edit = Tick(who.id, milestone, done, card.generation(short), "IMS Commanders")
    sheet = Binding(f"edited-{player.number}", who.server, who.alliance)
    may_be_done = False
    for _ in range(MOST_TIMES):
        (outcome,) = player.product.sheet_edits.apply(sheet, "Officers", [edit], lambda: True)
        if outcome.result != "undecided":
            break
        may_be_done = True
        player.be_busy()
    if outcome.result != "applied" and not (outcome.result == "as it was" and may_be_done):
        player.findings.add("difference", f"an edit of {milestone} of {who.name}: {outcome}")
        return
    (who.done.add if done else who.done.discard)(milestone)
    (who.void.discard if done else who.void.add)(milestone)


def manage_webhooks(player: "Player") -> None:
    """Adds one, or tests and removes one of those that are there."""
    server = player.server()
    alliance, admin = player.random.choice(SERVERS[server]), player.secret("admin")
    listed, _ = player.ask("GET", _WEBHOOKS, admin)
    if not player.expect(listed, 200):
        return
    there = listed.json["webhooks"]
    if there and player.random.random() < 0.5:
        webhook = player.random.choice(there)["id"]
        is_gone = [] if player.is_alone else [404]
        tested, again = player.ask("POST", f"{_WEBHOOKS}/{{webhook}}/test", admin, webhook=webhook)
        player.expect(tested, 200, 409, *is_gone)
        gone, again = player.ask("DELETE", f"{_WEBHOOKS}/{{webhook}}", admin, webhook=webhook)
        player.expect(gone, 204, *([404] if again else is_gone))
        player.place.webhooks[webhook] = False
        return
    number, is_discord = player.random.randrange(10**9), player.random.random() < 0.7
    url = (
        f"https://discord.com/api/webhooks/{number}/T" if is_discord else f"https://bot.example.com/{number}"
    )
    body = {"url": url, "kinds": KINDS, "server": server, "alliance": alliance}
    made, again = player.ask("POST", _WEBHOOKS, admin, body=body)
    are_many = sum(one["alliance"] == alliance for one in there) >= MOST or not player.is_alone
    if player.expect(made, 201, *([409] if again or are_many else [])):
        player.place.webhooks.setdefault(made.json["id"], True)


def hear_news(player: "Player") -> None:
    """A run of the schedule tells what is due."""
    product = player.product
    post = _Mortal(player.place.messenger, product.clock, product.clock() + LONGEST)
    with suppress(_Died):
        replace(product.news, _post=cast("Post", post)).tell(post.remaining)


def chat(player: "Player") -> None:
    """On Discord: a guild is bound, somebody says who they are there, and reports; at times they are parted again."""
    server, name = player.server(), player.name()
    alliance = player.random.choice(SERVERS[server])
    place = {"server": server, "alliance": alliance}
    officer = player.secret("officer", server, alliance)
    user = User("", player.place.clock, _id(player, name), _id(player, server + alliance))
    if not _is_bound(player, officer, place, user):
        return
    told = _sent(player, user, "iam", name=player.spelled(name), new=True)
    who = player.look_at(server, name)
    if who is None or said(ENGLISH, say("chat-linked", name=who.name)) not in told["content"]:
        if who and who.alliance == alliance and not who.is_retired:
            player.findings.add("difference", f"{name} is on the roster, and is told {told['content']}")
        return
    player.place.let_time_pass()
    _sent(player, user, player.random.choice(["today", "standing", "missing"]))
    offered = _sent(player, user, "done")
    menus = {one["placeholder"]: one for one in components(offered)}
    may_report = who.alliance == alliance and not (who.is_retired and (server, alliance) in player.closed)
    if may_report and (menu := menus.get(who.name)):
        values = [one["value"] for one in menu["options"]]
        chosen = player.random.sample(values, player.random.randint(1, len(values)))
        player.place.let_time_pass()
        receipt = _pressed(player, user, menu["custom_id"], chosen)["content"]
        if receipt.startswith(f"**{escaped(who.name)}**"):
            who.done |= set(chosen)
            who.void -= set(chosen)
            player.look_at(server, who.name)
        else:
            player.findings.add("difference", f"{chosen} of {who.name} on Discord: {receipt}")
    elif may_report and said(ENGLISH, say("chat-all-done", name=who.name)) not in offered["content"]:
        player.findings.add("difference", f"{who.name} is offered nothing on Discord: {offered['content']}")
    is_unlinked, is_parted = player.random.random() < 0.3, player.random.random() < 0.2
    if is_unlinked:
        gone, again = player.ask(
            "DELETE", f"{_DISCORD}/accounts/{{account}}", officer, **place, account=user.id
        )
        player.expect(gone, 204, *([404] if again else []))
    if is_parted:
        gone, again = player.ask("DELETE", f"{_DISCORD}/{{guild}}", officer, **place, guild=str(user.guild))
        player.expect(gone, 204, *([404] if again else []))
    player.place.let_time_pass()
    listed, _ = player.ask("GET", _DISCORD, officer, **place)
    if player.expect(listed, 200):
        guilds = [one["guild"] for one in listed.json["guilds"]]
        accounts = [one["account"] for one in listed.json["accounts"]]
        found = user.guild in guilds, user.id in accounts
        player.findings.differ(
            f"whether {user.guild} and {user.id} are there", found, (not is_parted, not is_unlinked)
        )


def _is_bound(player: "Player", officer: str, place: dict[str, str], user: User) -> bool:
    """Whether the guild is, or could be now: somebody else may have asked for another code meanwhile."""
    for is_last_look in (False, True):
        listed, _ = player.ask("GET", _DISCORD, officer, **place)
        player.expect(listed, 200)
        if any(one["guild"] == user.guild for one in listed.json["guilds"]):
            player.place.let_time_pass()
            return True
        if not is_last_look:
            offered, _ = player.ask("POST", _DISCORD, officer, **place)
            if player.expect(offered, 201):
                _sent(player, user, "bind", code=offered.json["code"])
    if player.is_alone:
        player.findings.add("difference", f"guild {user.guild} could not be bound to {place}")
    return False


def _sent(player: "Player", user: User, command: str, **options: str | bool) -> Json:
    given = [{"name": each, "type": 3, "value": value} for each, value in options.items()]
    return _answer(player, user, type=2, data={"id": "2", "name": command, "type": 1, "options": given})


def _pressed(player: "Player", user: User, menu: str, values: list[str]) -> Json:
    return _answer(player, user, type=3, data={"custom_id": menu, "component_type": 3, "values": values})


def _answer(player: "Player", user: User, **what: Any) -> Json:
    """The answer's data. Who reads that Muster is busy does it again."""
    raw = json.dumps(user.interaction(**what))
    for _ in range(MOST_TIMES):
        signed = signature(raw.encode(), player.place.clock())
        answer, _ = player.ask("POST", PATH, body=raw, signed=signed)
        if not player.expect(answer, 200):
            break
        data: Json = answer.json["data"]
        if data["content"] != BUSY:
            return data
        player.be_busy()
    player.findings.add("difference", f"{what} was answered {answer.status} {answer.text[:300]}")
    return {"content": "", "components": []}


def _id(player: "Player", of: str) -> str:
    """A number for that player and this text, as Discord has them for everything."""
    return str(int(sha256(f"{player.number} {of}".encode()).hexdigest()[:14], 16))


class _Died(BaseException):
    """The run's function was ended. Nothing in it notices."""


@dataclass
class _Mortal:
    """The messenger, as long as the run's function lives."""

    messenger: Any
    clock: Any
    ends_at: datetime

    def remaining(self) -> float:
        seconds: float = (self.ends_at - self.clock()).total_seconds()
        return seconds

    def send(self, *message: Any) -> Any:
        if self.remaining() <= 0:
            raise _Died
        return self.messenger.send(*message)
