"""Who reaches what is elsewhere: every route that names a place or a thing, asked about other places than usual."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from chalicelib.domain.access import Key
from chalicelib.services.webhook_settings import WantedWebhook
from tests.http.direct import directly
from tests.http.every_route import (
    ALL,
    ALLIANCE,
    ANYWHERE,
    COMMANDER,
    DEPLOYMENT,
    DISCORD_WEBHOOK,
    KEYS,
    NOVA,
    NOVA_AND_ORBIT,
    OPERATIONS,
    ROWS,
    SERVER,
    SERVER_101,
    SHEET,
    VOID,
    Reach,
    Row,
    Stage,
    covers,
    somewhere_on_101,
)
from tests.world import DEFENDERS, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

Place = tuple[str, str]

PLACES: dict[Place, bool] = {
    ("101", "orbit"): True,
    ("102", "nova"): True,
    ("101", "unknown"): False,
    ("999", "nova"): False,
}
"""A server and an alliance, and whether there is one. That of `ROWS` is another."""

DEFINE = {f"PUT {SERVER}", f"PUT {ALLIANCE}"}
"""Which make a place that there isn't."""

ASKED = [
    row
    for row in ROWS
    if row.reach not in (DEPLOYMENT, ANYWHERE)
    if OPERATIONS[str(row)].who not in ("all", "Discord, signed")
]
BY_THING = [
    row
    for row in ASKED
    if row.route.startswith((SHEET, "/v1/webhooks/", "/v1/keys/")) or "{reading}" in row.route
]
BY_PLACE = [
    row for row in ASKED
    if row not in BY_THING or str(row) == f"PUT {SHEET}"
    if row.route != "/v1/corrections"  # reaches the place of the commander that it names, see below
]  # fmt: skip


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with directly() as stage:
        yield stage


def key_of(principal: str) -> Key:
    role, server, alliance = KEYS[principal]
    return Key(principal, role, principal, server, alliance)


def may(row: Row, key: Key, place: Place) -> bool:
    """What the row's `reach` says, of another place."""
    server = place[0]
    reached: dict[Reach, list[tuple[str | None, str | None]]] = {
        NOVA: [place],
        NOVA_AND_ORBIT: [place, (server, "orbit")],
        SERVER_101: [(server, None)],
        somewhere_on_101: [(server, key.alliance)],
    }
    who = OPERATIONS[str(row)].who
    assert who != "all"
    assert who != "Discord, signed"
    return key.may(who) and all(covers(key, *one) for one in reached[row.reach])


def elsewhere(row: Row, stage: Stage, place: Place) -> dict[str, Any]:
    """The row's request, about that place. Whom and what it names stays where it is."""
    request, named = row.request(stage), dict(zip(("server", "alliance"), place, strict=True))
    sent = {**request, "path": {**request.get("path", {}), **named}}
    if isinstance(body := request.get("json"), dict):
        sent["json"] = {**body, **{name: value for name, value in named.items() if name in body}}
    return sent


def told(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""


OUT_OF_SCOPE = 403, "out-of-scope"


@pytest.mark.parametrize("row", BY_PLACE, ids=str)
def test_a_key_reaches_no_place_that_it_does_not_cover(stage: Stage, row: Row) -> None:
    wrong = {}
    for place, is_known in PLACES.items():
        if str(row) in DEFINE and not is_known:
            continue
        for stage.principal in KEYS:
            request, key = elsewhere(row, stage, place), key_of(stage.principal)
            status, code = told(stage.send(row, request))
            if may(row, key, place):
                names = "{alliance}" in row.route or "alliance" in request.get("json", {})
                names_it = is_known or (place[0] == "101" and not names)
                good = status < 500 and status not in (401, 403) and (names_it or status >= 400)
                good &= status >= 400 or not re.search("{(commander|guild|account)}", row.route)
            else:
                good = (status, code) == OUT_OF_SCOPE or (row.reach is NOVA_AND_ORBIT and status == 404)
            if not good:
                wrong[stage.principal, place] = status, code
    assert not wrong


def thing(stage: Stage, place: Place) -> dict[str, str]:
    """A bound sheet, a webhook, a key and a reading of that place."""
    world = stage.site.world
    server, alliance = place
    admin, event = world.key("admin", None, None), {"server": server, "event": DEFENDERS}
    sheet = f"sheet-{server}-{alliance}"
    world.muster.stores.sheets.bind(sheet, server, alliance)
    webhooks = world.muster.stores.webhooks
    for one in webhooks.all():
        if (one.server, one.alliance) == place:
            webhooks.delete(one.id)
    wanted = WantedWebhook(f"{DISCORD_WEBHOOK}{server}{alliance}", ["scoreboard"], server, alliance)
    webhook, _ = world.muster.webhook_settings.add(admin, wanted)
    world.clock.advance(seconds=1)
    reading = world.muster.readings.log(admin, server, DEFENDERS, 1_000, confirm=True)
    key = world.key("member", server, alliance)
    return {"spreadsheet_id": sheet, "webhook": webhook.id, "key_id": key.id, "reading": reading.id, **event}


@pytest.mark.parametrize("row", BY_THING, ids=str)
def test_a_key_reaches_nothing_of_such_a_place_by_its_id(stage: Stage, row: Row) -> None:
    wrong = {}
    for place in [place for place, is_known in PLACES.items() if is_known]:
        for stage.principal in KEYS:
            request = row.request(stage)
            status, code = told(stage.send(row, {**request, "path": thing(stage, place)}))
            allowed = may(row, key_of(stage.principal), place)
            if allowed != (status < 400) or (not allowed and (status, code) != OUT_OF_SCOPE):
                wrong[stage.principal, place] = status, code
    assert not wrong


def gone(stage: Stage) -> dict[str, str]:
    """The ids of commanders that an officer of Nova Guard does not reach, by what became of them."""
    world, made = stage.site.world, {}
    rosters, admin = world.muster.rosters, world.key("admin", None, None)
    for what in ("moved", "merged"):
        made[what] = rosters.add(admin, "101", "nova", f"Was {what} {next(stage.numbers)}", is_new=True).id
    rosters.move(admin, "101", "nova", made["moved"], "orbit")
    rosters.merge(admin, "101", "nova", stage.commanders["101", "nova"], made["merged"])
    others = {"/".join(at): one for at, one in stage.commanders.items() if at != ("101", "nova")}
    return {**made, **others, "unknown": "unknown"}


OF_COMMANDERS = [row for row in ROWS if row.route.startswith(COMMANDER)]


@pytest.mark.parametrize("row", OF_COMMANDERS, ids=str)
def test_a_commander_is_reached_only_on_the_roster_where_they_are(stage: Stage, row: Row) -> None:
    stage.principal = "officer"
    wrong = {}
    for what, commander in gone(stage).items():
        request = row.request(stage)
        answers = [stage.send(row, {**request, "path": {"commander": commander}})]
        if row.route.endswith("/merge"):
            answers.append(stage.send(row, {**request, "json": {"commander": commander}}))
        if wrongly := [answer.text for answer in answers if answer.status_code not in (403, 404)]:
            wrong[what] = wrongly
    assert not wrong


def test_nobody_is_made_one_with_who_is_elsewhere_by_their_name(stage: Stage) -> None:
    rosters, admin, name = (
        stage.site.world.muster.rosters,
        stage.site.world.key("admin", None, None),
        stage.name(),
    )
    theirs = rosters.add(admin, "101", "orbit", name, is_new=True)
    (row,) = (row for row in OF_COMMANDERS if row.route.endswith("/merge"))
    stage.principal = "officer"
    assert told(stage.send(row, {"json": {"commander": name}})) == OUT_OF_SCOPE
    assert rosters.get(admin, "101", "orbit", theirs.id) == theirs


@pytest.mark.parametrize("principal", ["officer", "member"])
def test_nobody_reports_or_corrects_for_who_is_elsewhere(stage: Stage, principal: str) -> None:
    world, completions = stage.site.world, stage.site.world.muster.stores.completions
    admin, wrong = world.key("admin", None, None), {}
    stage.principal = principal
    for what, commander in gone(stage).items():
        if what in ("merged", "unknown", "102/nova"):  # leads to one of ours, or to nobody
            continue
        entry = world.muster.rosters.get(admin, "101", "orbit", commander)
        world.muster.reporting.report(admin, entry.name, [HIDDEN_MOTIVATIONS], "101", "orbit")
        before = completions.cards("101", "orbit", commander, [DEFENDERS], consistent=True)
        body = {"commander": entry.name, "server": "101", "alliance": "nova"}
        answers = [
            stage.site.report(stage.secret, {**body, "milestones": [ENLISTING_OLD_ALLIES]}),
            stage.site.call("POST", "/v1/corrections", stage.secret, json={**VOID, **body}),
            stage.site.call(
                "POST", "/v1/corrections", stage.secret, json={**VOID, **body, "alliance": "orbit"}
            ),
        ]
        if principal == "member":
            form = f"/f/{stage.secret}"
            answers += [
                stage.site.post(form, data={"commander": entry.name, "milestone": ENLISTING_OLD_ALLIES}),
                stage.site.get(f"{form}/receipt", params={**stage.report, "commander": commander}),
                stage.site.post(
                    f"{form}/undo", **{**stage.undo, "data": {**stage.undo["data"], "commander": commander}}
                ),
            ]
        cards = completions.cards("101", "orbit", commander, [DEFENDERS], consistent=True)
        statuses = [answer.status_code for answer in answers]
        if cards != before or not {403, 404, 409} >= {*statuses}:
            wrong[what] = statuses, cards
    assert not wrong


def test_nobody_is_shown_what_is_elsewhere(stage: Stage) -> None:
    world = stage.site.world
    admin, marks, shown, wrong = world.key("admin", None, None), {}, set(), {}
    for place in stage.commanders:
        name = f"Only in {'/'.join(place)}"
        commander = world.muster.rosters.add(admin, *place, name, is_new=True).id
        world.muster.reporting.report(admin, name, [HIDDEN_MOTIVATIONS], *place)
        made = thing(stage, place)
        marks[place] = {name, commander, made["spreadsheet_id"], made["key_id"], made["webhook"]}
    for row in (row for row in ROWS if row.method == "GET"):
        for stage.principal in sorted(row.may & KEYS.keys()) if row.may != ALL else ["member"]:
            answer, key = (
                stage.send(row, {} if row.route == "/v1/webhooks" else None),
                key_of(stage.principal),
            )
            for place, its in marks.items():
                seen = {mark for mark in its if mark in answer.text}
                shown |= seen
                if seen and not (covers(key, *place) and row.may != ALL):
                    wrong[str(row), stage.principal, place] = seen
    assert not wrong
    assert shown >= marks["101", "nova"], "it is shown to those who may see it"
