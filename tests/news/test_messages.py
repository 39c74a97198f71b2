"""What is sent: in every language, whatever somebody is called, and however much there is to say."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.news import (
    KINDS,
    ClosingSoon,
    EventStarted,
    MilestonesOpened,
    Missing,
    OutlookChanged,
    Piece,
    Scheduled,
    SheetFailing,
    SheetHealed,
    Situation,
    TierReached,
    scoreboard,
)
from chalicelib.domain.outlook import outlooks
from chalicelib.domain.progress import Progress, progress_of
from chalicelib.domain.standing import Reading, Standing, TierStamp, Totals
from chalicelib.domain.webhooks import Webhook
from chalicelib.languages import LANGUAGES
from chalicelib.news.embeds import DESCRIPTION, TITLE, bar
from chalicelib.news.messages import Messages

OPENS = datetime(2023, 11, 15, tzinfo=UTC)
NOON = OPENS + timedelta(hours=12)
DAY = GameDay()
SECRET = "whsec_c2VjcmV0"
HOSTILE = (
    "@everyone <@1> <#2> <@&3> <t:1:R> [x](https://a.example) http://b.example discord.gg/c `d` **e** __f__ ~~g~~ "
    "||h|| :x: <:y:1>\n# i\n- j\n> k\n1. l \u202em \\"
)
MESSAGES = Messages("https://muster.example")


def event(name: str = "Drill", milestones: int = 2, tiers: int = 2, long: int = 1) -> Event:
    span = {"opens_at": OPENS, "closes_at": OPENS + timedelta(days=1)}
    reward = {"quantity": 4, "name": name}
    return Event.model_validate(
        {
            "id": "drill",
            "name": name,
            **span,
            "tiers": [
                {"threshold": 1_000 * (n + 1), "rewards": [reward, {"shown_as": name}, {}] * long}
                for n in range(tiers)
            ],
            "milestones": [
                {"id": f"m-{n}", "name": name, "objectives": [name] * long, **span} for n in range(milestones)
            ],
        }
    )


def progress(of: Event, points: int = 1_200) -> Progress:
    standing = Standing(
        {"nova": Totals(9, {of.milestones[0].id: points // 100})},
        {1_000: TierStamp(NOON, "reading")},
        Reading(points + 100, NOON, points),
    )
    return progress_of(of, "101", DAY, standing, NOON)


def pieces(of: Event, name: str = "Nova Guard") -> Iterator[Piece]:
    """One of each kind."""
    known, scheduled = progress(of), tuple(Scheduled(of, *each) for each in of.scheduled(DAY))
    sheet = Binding("sheet", "101", "nova", last_error=name)
    changed = tuple((each, "at-risk") for each in outlooks(known, DAY))
    for about in (
        SheetFailing(sheet, name, NOON),
        SheetHealed(sheet, name, NOON),
        TierReached(known, known.tiers[0]),
        OutlookChanged(known, changed),  # type: ignore[arg-type]  # a literal
        EventStarted(of, of.window(DAY)),
        MilestonesOpened(scheduled),
        ClosingSoon(OPENS + timedelta(days=1), scheduled),
    ):
        yield Piece("an-id", NOON, NOON, about)


def webhook(language: str = "en", *, secret: str | None = None, **given: Any) -> Webhook:
    return Webhook("w", "101", "nova", "https://…", (), language, True, NOON, "officer", secret, **given)


def missing(of: Event, *names: str) -> Missing:
    return Missing(1_000, {of.global_id(m): 2 for m in of.milestones}, names)


def sent(to: Webhook, of: Event, *names: str, called: str = "Nova Guard") -> Iterator[dict[str, Any]]:
    """Every piece, and the scoreboard."""
    lacking = missing(of, *names)
    for piece in pieces(of, called):
        yield dict(MESSAGES.piece(to, piece, lacking))
    board = scoreboard(Situation("101", DAY, [of], [progress(of)]), NOON)
    assert board
    yield dict(MESSAGES.board(to, board, lacking))


def test_each_kind_can_be_said() -> None:
    assert {type(piece.about) for piece in pieces(event())} == KINDS.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_keeps_discords_limits_however_much_there_is_to_say(language: str) -> None:
    long = event("Ω*" * 100, milestones=30, tiers=100, long=6)
    names = [f"{n}_" * 20 for n in range(1_000)]
    marks = 0
    for message in sent(webhook(language), long, *names, called="<" * 5_000):
        assert message["allowed_mentions"] == {"parse": []}
        (embed,) = message["embeds"]
        assert 0 < len(embed["title"]) <= TITLE
        assert 0 < len(embed["description"]) <= DESCRIPTION
        assert embed["url"] == "https://muster.example/servers/101"
        marks += "…" in embed["description"]
    assert marks >= 5, "what is left out is seen to be"


UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*([@\[\]|#>~]|<(?!t:\d{10}:[ftR]>)|:(?=//)|(?<=discord)\.|:(?=x))")
"""Anything that would be more than text; `<t:…>` of ours, and the end of that, aside."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_others_call_themselves_does_anything(language: str) -> None:
    of = event(HOSTILE[:190])
    for message in sent(webhook(language), of, HOSTILE, called=HOSTILE):
        assert message["allowed_mentions"] == {"parse": []}
        (embed,) = message["embeds"]
        ours = re.sub(r"<t:\d{10}:[ftR]>|`[█░]+`", "", f"{embed['title']}\n{embed['description']}")
        assert not UNESCAPED.search(ours), ours
        assert "\u202e" not in ours
        assert not re.search(r"(?m)^(#|-|\d+\.) ", ours)
        assert not re.search(r"(?<!\\)`", ours)


def test_commanders_are_named_only_where_the_webhook_says_so() -> None:
    of = event()
    for to, is_named in (
        (webhook(), True),
        (replace(webhook(), names=False), False),
        (replace(webhook(), alliance=None), False),
        (webhook(secret=SECRET), True),
        (replace(webhook(secret=SECRET), names=False), False),
    ):
        *said, closing, board = map(json.dumps, sent(to, of, "Kestrel"))
        assert ("Kestrel" in closing) == is_named
        assert "Kestrel" not in "".join([*said, board])


def test_what_is_missing_is_said_in_numbers() -> None:
    of = event(milestones=1)
    piece = next(one for one in pieces(of) if isinstance(one.about, ClosingSoon))
    for lacking, words in (
        (missing(of), "Still missing: 2 of 1,000."),
        (Missing(1_000, {}), "Nobody is missing."),
        (Missing(1_000, {"drill/m-0": 2}, is_exact=False), "Still missing: at least 2 of 1,000."),
    ):
        (embed,) = MESSAGES.piece(webhook(), piece, lacking)["embeds"]
        assert words in embed["description"]
    for unknown in (Missing(0, {}), Missing(1_000, {}, is_exact=False), None):
        (embed,) = MESSAGES.piece(webhook(), piece, unknown)["embeds"]
        assert "issing" not in embed["description"]


@pytest.mark.parametrize(("points", "full"), [(0, 0), (999, 15), (1_000, 16), (2_000, 16)])
def test_a_bar_is_full_only_when_the_goal_is_reached(points: int, full: int) -> None:
    assert bar(points, 1_000) == "█" * full + "░" * (16 - full)


def test_a_program_gets_numbers_and_instants() -> None:
    of = event(HOSTILE[:190])
    for piece, made in zip([*pieces(of), None], sent(webhook(secret=SECRET), of, "Kestrel"), strict=True):
        found = json.loads(json.dumps(made))
        assert found.keys() == {"type", "timestamp", "data"}
        assert found["type"] == (piece.kind if piece else "scoreboard")
        assert found["timestamp"] == "2023-11-15T12:00:00Z"
        assert found["data"].items() >= {"server": "101", "alliance": "nova"}.items()
        assert found["data"]["page"] == "https://muster.example/servers/101"
        assert "<t:" not in json.dumps(made).replace(json.dumps(HOSTILE[:190])[1:-1], "")
