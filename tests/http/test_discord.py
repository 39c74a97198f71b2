"""Slash commands, through the real app: signed as Discord signs them."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bench.bills import Billed
from bench.busy import EVERYTHING, FRIDAY_NOON
from bench.reports import MOST_CALLS, MOST_READ_UNITS, MOST_WRITE_UNITS
from chalicelib import bootstrap
from chalicelib.bootstrap import assemble, dynamodb_table
from chalicelib.domain.events import Event
from chalicelib.domain.messages import MESSAGES
from chalicelib.domain.roster import Server
from chalicelib.languages import LANGUAGES, language
from chalicelib.store.guilds import Guilds
from manage.serve.adapter import Adapter
from tests.discord import ANOTHER_GUILD, GUILD, PATH, PING, Json, User, components, signature
from tests.http.conftest import Site, served
from tests.http.test_officers import stored
from tests.stores import TABLE_NAME, on_dynamodb
from tests.world import (
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    SETTINGS,
    World,
)

DISCORD = "/v1/servers/101/alliances/nova/discord"


@pytest.fixture
def user(site: Site) -> User:
    """In a guild that is bound to Nova Guard."""
    user = User(site.url, site.world.clock)
    assert "Nova Guard" in user.command("bind", code=code(site))["content"]
    return user


def code(site: Site, alliance: str = "nova") -> str:
    secret = site.world.secret("officer", "101", alliance)
    made = site.call("POST", f"/v1/servers/101/alliances/{alliance}/discord", secret)
    assert made.status_code == 201
    text: str = made.json()["code"]
    return text


def card(world: World, name: str) -> set[str]:
    """What the commander has completed, as global ids."""
    found = world.muster.stores.commanders.named("101", name)
    assert found
    cards = world.muster.stores.completions.cards(
        "101", found.alliance, found.id, [DEFENDERS], consistent=True
    )
    return {f"{event}/{milestone}" for event, one in cards.items() for milestone in one.completions}


class TestSignature:
    def test_a_ping_is_answered_however_the_gateway_encodes_it(
        self, any_site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = User(any_site.url, any_site.world.clock)
        answer = user.post(PING)
        assert (answer.status_code, answer.json()) == (200, {"type": 1})
        as_text = Adapter._event

        def encoded(*given: Any) -> Json:
            event = as_text(*given)
            body = base64.b64encode(event["body"].encode()).decode()
            return event | {"body": body, "isBase64Encoded": True}

        monkeypatch.setattr(Adapter, "_event", encoded)
        assert user.post(PING).json() == {"type": 1}

    def test_what_is_signed_badly_is_refused(self, site: Site) -> None:
        body = json.dumps(PING).encode()
        good: dict[str, str | None] = {**signature(body, site.world.clock())}
        for name, wrong in (
            *(
                ("X-Signature-Ed25519", text)
                for text in (None, "", "zz" * 64, "ab" * 63, "ab" * 65, "0" * 128)
            ),
            *(("X-Signature-Timestamp", text) for text in (None, "", "1700049601", "noon")),
        ):
            answer = site.post(PATH, data=body, headers=good | {name: wrong})
            assert (answer.status_code, answer.json()["code"]) == (401, "bad-signature"), (name, wrong)

    def test_so_is_another_body_and_another_application_s_signature(self, site: Site) -> None:
        body = json.dumps(PING).encode()
        good = signature(body, site.world.clock())
        assert site.post(PATH, data=body, headers=good).status_code == 200
        for other in (body + b" ", body.replace(b"1", b"2", 1), b""):
            assert site.post(PATH, data=other, headers=good).status_code == 401

    def test_it_is_good_for_five_minutes(self, site: Site) -> None:
        body = json.dumps(PING).encode()
        for seconds, status in ((300, 200), (301, 401), (-300, 200), (-301, 401)):
            headers = signature(body, site.world.clock() - timedelta(seconds=seconds))
            assert site.post(PATH, data=body, headers=headers).status_code == status, seconds

    def test_signed_nonsense_is_refused_by_field(self, site: Site) -> None:
        user = User(site.url, site.world.clock)
        for body, field in (([], "body"), ({}, "type"), ({"type": 2, "guild_id": "x"}, "guild_id")):
            answer = user.post(body)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        assert user.post("x" * 200_000).status_code == 413

    def test_without_a_public_key_it_says_that_it_is_not_set_up(self, world: World) -> None:
        world.muster = assemble(replace(SETTINGS, discord_public_key=None), world.place.table, world.clock)
        with served(world) as site:
            officer = world.secret("officer")
            answers = [User(site.url, world.clock).post(PING), site.call("POST", DISCORD, officer)]
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (404, "discord-not-set-up")

    def test_another_application_is_refused_if_it_is_said_which(self, world: World) -> None:
        for application, status in (("9", 200), ("8", 403)):
            settings = replace(SETTINGS, discord_application_id=application)
            world.muster = assemble(settings, world.place.table, world.clock)
            with served(world) as site:
                user = User(site.url, world.clock)
                assert user.post(PING).status_code == status
                assert user.post({"type": 1}).status_code == 200, "the signature says whose it is"


class TestBinding:
    def test_a_code_binds_a_guild_once_and_for_an_hour(self, site: Site) -> None:
        first, again = User(site.url, site.world.clock), User(site.url, site.world.clock, guild=ANOTHER_GUILD)
        text = code(site)
        assert "now belongs to Nova Guard of server 101" in first.command("bind", code=f" {text} ")["content"]
        assert "used already or has expired" in again.command("bind", code=text)["content"]
        late = code(site)
        site.world.clock.advance(hours=1)
        assert "used already or has expired" in again.command("bind", code=late)["content"]
        assert "doesn't belong to an alliance" in again.command("today")["content"]

    def test_a_code_is_random_and_stored_nowhere(self, site: Site) -> None:
        secret, another = (code(site).rpartition(":")[2] for _ in range(2))
        assert secret != another
        assert min(len(secret), len(another)) >= 22, "128 bits in base64"
        assert not [text for text in stored(site.world) if secret in text or another in text]

    def test_what_is_no_code_is_refused(self, site: Site) -> None:
        code(site)
        user = User(site.url, site.world.clock)
        for text in ["", "x", "101:nova:", "101:nova:x", "101:orbit:x", ":::", "101:none:x", "#"]:
            assert "Ask an officer for a new one" in user.command("bind", code=text)["content"], text

    def test_a_new_code_takes_the_place_of_the_last(self, site: Site) -> None:
        old, new = code(site), code(site)
        user = User(site.url, site.world.clock)
        assert "Ask an officer" in user.command("bind", code=old)["content"]
        assert "Nova Guard" in user.command("bind", code=new)["content"]

    def test_of_two_who_use_a_code_at_once_one_wins(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text, write, bind = code(site), Guilds.bind, site.world.muster.guild_bindings.bind

        def late(guilds: Guilds, *given: Any) -> None:
            monkeypatch.setattr(Guilds, "bind", write)
            bind(ANOTHER_GUILD, "502", text)
            write(guilds, *given)

        monkeypatch.setattr(Guilds, "bind", late)
        assert "used already" in User(site.url, site.world.clock).command("bind", code=text)["content"]
        bound = site.world.muster.stores.guilds.of_alliance("101", "nova")
        assert [guild.id for guild in bound] == [ANOTHER_GUILD]

    def test_officers_see_what_is_bound_and_unbind_it(self, site: Site, user: User) -> None:
        officer = site.world.secret("officer")
        replace(user, guild=ANOTHER_GUILD).command("bind", code=code(site))
        assert "doesn't belong" not in user.command("today")["content"], "and it is remembered"
        shown = site.call("GET", DISCORD, officer).json()
        assert [guild["guild"] for guild in shown["guilds"]] == [GUILD, ANOTHER_GUILD]
        assert site.call("DELETE", f"{DISCORD}/{GUILD}", officer).status_code == 204
        assert "doesn't belong to an alliance" in user.command("iam", name="Kestrel")["content"]
        gone = site.call("DELETE", f"{DISCORD}/{GUILD}", officer)
        assert (gone.status_code, gone.json()["code"]) == (404, "unknown-guild")
        theirs = "/v1/servers/101/alliances/orbit/discord"
        other = site.call("DELETE", f"{theirs}/{ANOTHER_GUILD}", site.world.secret("officer", "101", None))
        assert other.status_code == 404, "it is another alliance's"

    def test_a_guild_goes_to_another_alliance_with_that_alliance_s_code(self, site: Site, user: User) -> None:
        user.command("iam", name="Kestrel")
        user.command("bind", code=code(site, "orbit"))
        assert "Who are you?" in user.command("done")["content"]
        ledger = site.world.muster.ledger_pages.of_server(site.world.key("admin", None, None), "101")
        told = [
            (one.alliance, one.actor.label, one.before, (one.after or {}).get("guild"))
            for one in ledger.entries
            if one.action == "discord"
        ]
        assert ("nova", "discord: 501", {"guild": GUILD}, None) in told
        assert ("orbit", "discord: 501", None, GUILD) in told


class TestWhoSomebodyIs:
    def test_a_name_links_an_account_and_somebody_new_joins(self, site: Site, user: User) -> None:
        assert user.command("iam")["content"].startswith("Who are you?")
        said = user.command("iam", name="Kestrel")
        assert said["content"] == "Here you are Kestrel. Report with `/done`."
        assert said["flags"] == 64, "nobody else sees it"
        (mine,) = components(user.command("iam"))
        assert mine["label"] == "I am not Kestrel"
        assert user.press(mine)["content"] == "You no longer report for Kestrel here."
        assert user.command("done")["content"].startswith("Who are you?")

    def test_near_names_are_buttons(self, site: Site, user: User) -> None:
        user.command("iam", name="Kestrel")
        other = replace(user, id="502")
        said = other.command("iam", name="Kestral")
        assert "Kestral is new to Nova Guard. Did you mean Kestrel?" in said["content"]
        (button,) = components(said)
        assert button["label"] == "Kestrel"
        assert len(button["custom_id"]) <= 100
        assert "offered to somebody else" in replace(user, id="503").press(button)["content"]
        assert "Here you are Kestrel." in other.press(button)["content"]
        assert "Here you are Kestral." in other.command("iam", name="Kestral", new=True)["content"]

    def test_it_is_said_who_else_has_the_same_commander(self, user: User) -> None:
        user.command("iam", name="Kestrel")
        said = replace(user, id="502").command("iam", name="kestrel")["content"]
        assert "Kestrel is also linked to <@501>. If that is wrong, ask an officer." in said

    def test_an_account_has_five_commanders_at_most(self, site: Site, user: User) -> None:
        for name in ("Ara", "Bexo", "Cyru", "Dako", "Ewil"):
            site.world.clock.advance(seconds=1)
            assert f"Here you are {name}" in user.command("iam", name=name)["content"]
        assert "You already report for 5 commanders" in user.command("iam", name="Fenn")["content"]
        assert site.world.muster.stores.commanders.named("101", "Fenn") is None, "nor has anybody joined"
        assert "Here you are Ewil" in user.command("iam", name="Ewil")["content"]
        shown = user.command("done")
        assert [menu["placeholder"] for menu in components(shown)] == ["Ara", "Bexo", "Cyru", "Dako", "Ewil"]

    def test_the_rules_of_the_form_hold(self, site: Site, user: User) -> None:
        world = site.world
        admin = world.key("admin", None, None)
        world.muster.rosters.add(admin, "101", "orbit", "Merlin")
        assert "reports with another alliance" in user.command("iam", name="Merlin")["content"]
        assert "nothing that can be seen" in user.command("iam", name="\u200b")["content"]
        world.muster.administration.change_alliance(admin, "101", "nova", None, 1)
        world.seconds.pass_cache()
        assert "Here you are Kestrel" in user.command("iam", name="Kestrel")["content"]
        assert "the most is 1 a day" in user.command("iam", name="Osprey")["content"]
        world.muster.administration.change_alliance(admin, "101", "nova", is_open=False, new_per_day=None)
        world.seconds.pass_cache()
        said = user.command("iam", name="Kestrl")
        assert "is not on the roster of Nova Guard. Did you mean Kestrel?" in said["content"]
        assert [one["label"] for one in components(said)] == ["Kestrel"]

    def test_officers_see_accounts_and_unlink_them(self, site: Site, user: User) -> None:
        user.command("iam", name="Kestrel")
        officer = site.world.secret("officer")
        (account,) = site.call("GET", DISCORD, officer).json()["accounts"]
        assert (account["account"], account["name"]) == ("501", "User 501")
        assert [one["name"] for one in account["commanders"]] == ["Kestrel"]
        assert site.call("DELETE", f"{DISCORD}/accounts/501", officer).status_code == 204
        assert "Who are you?" in user.command("done")["content"]
        again = site.call("DELETE", f"{DISCORD}/accounts/501", officer)
        assert (again.status_code, again.json()["code"]) == (404, "unknown-account")
        assert site.call("GET", DISCORD, officer).json()["accounts"] == []

    def test_a_link_follows_its_commander_and_goes_with_a_forgotten_one(self, site: Site, user: User) -> None:
        world = site.world
        user.command("iam", name="Kestrel")
        admin, rosters = world.key("admin", None, None), world.muster.rosters
        kestrel = rosters.roster(admin, "101", "nova")[0].id
        rosters.rename(admin, "101", "nova", kestrel, "Osprey")
        assert "Here you are Osprey." in user.command("iam")["content"]
        merlin = rosters.add(admin, "101", "nova", "Merlin").id
        rosters.merge(admin, "101", "nova", merlin, kestrel)
        assert "Here you are Merlin." in user.command("iam")["content"]
        (menu,) = components(user.command("done"))
        assert "recorded" in user.press(menu, HIDDEN_MOTIVATIONS)["content"]
        assert card(world, "Merlin") == {HIDDEN_MOTIVATIONS}
        rosters.move(admin, "101", "nova", merlin, "orbit")
        said = user.press(menu, CONFRONTING_RESILIENCE)["content"]
        assert "Merlin reports with another alliance of this server." in said
        rosters.forget(admin, "101", "orbit", merlin)
        assert "Who are you?" in user.command("done")["content"]

    def test_what_becomes_of_somebody_in_another_alliance_is_not_seen(self, site: Site, user: User) -> None:
        user.command("iam", name="Merlin")
        (menu,) = components(user.command("done"))
        admin, rosters = site.world.key("admin", None, None), site.world.muster.rosters
        (merlin,) = (one.id for one in rosters.roster(admin, "101", "nova"))
        rosters.move(admin, "101", "nova", merlin, "orbit")
        rosters.rename(admin, "101", "orbit", merlin, "Nimue")
        site.world.muster.reporting.report(admin, "Nimue", [HIDDEN_MOTIVATIONS], "101", "orbit")
        assert "⬜ Merlin" in user.command("today")["content"]
        said = user.press(menu, HIDDEN_MOTIVATIONS)["content"]
        assert "Merlin was the name of a commander who reports with another alliance" in said
        (button,) = components(user.command("iam"))
        assert user.press(button)["content"] == "You no longer report for Merlin here."
        assert user.command("iam")["content"].startswith("Who are you?")

    def test_who_were_made_one_are_seen_and_taken_back_as_one(self, site: Site, user: User) -> None:
        for name in ("Ara", "Bexo", "Cyru", "Dako", "Ewil"):
            site.world.clock.advance(seconds=1)
            user.command("iam", name=name)
        admin, rosters = site.world.key("admin", None, None), site.world.muster.rosters
        ids = {one.name: one.id for one in rosters.roster(admin, "101", "nova")}
        rosters.merge(admin, "101", "nova", ids["Bexo"], ids["Ara"])
        rosters.move(admin, "101", "nova", ids["Ewil"], "orbit")
        (account,) = site.call("GET", DISCORD, site.world.secret("officer")).json()["accounts"]
        assert [one["name"] for one in account["commanders"]] == ["Bexo", "Cyru", "Dako"]
        assert "Here you are Fenn" in user.command("iam", name="Fenn")["content"], "they are four by now"
        assert "You already report for 5 commanders" in user.command("iam", name="Gorn")["content"]
        buttons = {one["label"]: one for one in components(user.command("iam"))}
        assert user.press(buttons["I am not Bexo"])["content"] == "You no longer report for Bexo here."
        assert "Bexo" not in user.command("iam")["content"]


class TestReporting:
    def test_what_is_on_is_chosen_and_recorded_by_that_account(self, site: Site, user: User) -> None:
        user.command("iam", name="Kestrel")
        shown = user.command("done")
        (menu,) = components(shown)
        assert [one["value"] for one in menu["options"]] == [CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS]
        assert menu["max_values"] == 2
        said = user.press(menu, HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
        assert said["flags"] == 64
        assert "✅ Hidden Motivations: recorded." in said["content"]
        assert "Kestrel has 100 of 500 points. The server has 100; the next reward is at" in said["content"]
        assert "already recorded <t:1700049600:R>" in user.press(menu, HIDDEN_MOTIVATIONS)["content"]
        assert "Kestrel has everything that is on now." in user.command("done")["content"]
        entry = next(e for e in self.ledger(site) if e.action == "report")
        assert (entry.actor.key_id, entry.actor.label, entry.actor.role) == (
            f"discord:{GUILD}",
            "discord: 501",
            "member",
        )
        assert not site.world.muster.ledger_pages.differences("101")

    def test_each_commander_has_a_menu_and_none_but_one_s_own_is_reported_for(
        self, site: Site, user: User
    ) -> None:
        for name in ("Kestrel", "Merlin"):
            user.command("iam", name=name)
            site.world.clock.advance(seconds=1)
        first, second = components(user.command("done", milestone="hidden MOTIVATIONS"))
        user.press(second, HIDDEN_MOTIVATIONS)
        assert (card(site.world, "Kestrel"), card(site.world, "Merlin")) == (set(), {HIDDEN_MOTIVATIONS})
        other = replace(user, id="502")
        other.command("iam", name="Osprey")
        for forged, why in (
            (first["custom_id"], "offered to somebody else"),
            (first["custom_id"].replace("501", "502"), "You don't report for this commander here."),
            ("done/502/nobody", "You don't report for this commander here."),
            ("done/502/../x", "doesn't know this command or button"),
            ("what/502/x", "doesn't know this command or button"),
            ("", "doesn't know this command or button"),
        ):
            assert why in other.press(forged, HIDDEN_MOTIVATIONS)["content"], forged
        assert card(site.world, "Kestrel") == set()

    def test_another_alliances_commander_is_refused_by_id_too(self, site: Site, user: User) -> None:
        rosters, admin = site.world.muster.rosters, site.world.key("admin", None, None)
        theirs = rosters.add(admin, "101", "orbit", "Merlin").id
        left = rosters.add(admin, "101", "nova", "Osprey").id
        rosters.move(admin, "101", "nova", left, "orbit")
        for commander in (theirs, left, "none"):
            assert "has no such commander" in user.press(f"iam/501/{commander}")["content"]
        assert user.command("iam")["content"].startswith("Who are you?")

    def test_what_is_over_is_found_by_typing(self, site: Site, user: User) -> None:
        user.command("iam", name="Kestrel")
        found = user.choices("done", "milestone", "enlisting")
        assert [one["value"] for one in found] == [ENLISTING_OLD_ALLIES]
        assert user.choices("done", "milestone", "assembling") == [], "it opens tomorrow"
        said = user.command("done", milestone=found[0]["value"])["content"]
        assert "Enlisting Old Allies: recorded." in said
        assert (
            "Assembling the Resistance opens <t:1700092800:f>"
            in (user.command("done", milestone="Assembling the Resistance")["content"])
        )
        assert "There is no milestone" in user.command("done", milestone="@everyone")["content"]
        assert "\\@everyone" in user.command("done", milestone="@everyone")["content"]
        assert replace(user, guild=ANOTHER_GUILD).choices("done", "milestone", "") == []

    def test_what_a_menu_has_no_room_for_is_said(self, site: Site, user: User) -> None:
        window = {"opens_at": site.world.clock.now, "closes_at": site.world.clock.now + timedelta(hours=1)}
        milestones = [{"id": f"m{number}", "name": f"No. {number}", **window} for number in range(30)]
        drill = Event.model_validate({"id": "drill", "name": "Drill", "milestones": milestones, **window})
        site.world.muster.stores.definitions.put_event(drill)
        site.world.seconds.pass_cache()
        user.command("iam", name="Kestrel")
        shown = user.command("done")
        assert len(components(shown)[0]["options"]) == 25
        assert "And 7 more." in shown["content"], "32 are on now"
        assert "`/done` with the option `milestone`" in shown["content"]

    def test_officers_take_back_what_a_guild_did(self, site: Site, user: User) -> None:
        for name in ("Kestrel", "Merlin"):
            user.command("iam", name=name)
        for menu in components(user.command("done")):
            user.press(menu, HIDDEN_MOTIVATIONS)
        site.world.muster.stores.definitions.put_server(Server("102"))
        order = {"key_id": f"discord:{GUILD}", "only": "new-commanders", "reason": "a raid"}
        admin = site.world.secret("admin", None, None)
        done = site.call("POST", "/v1/corrections/bulk", admin, json=order).json()
        assert (done["commanders"], done["completions"]) == (2, 2)
        assert card(site.world, "Kestrel") == set()
        back = site.call("POST", "/v1/corrections/bulk", admin, json={"undo": done["id"]}).json()
        assert back["completions"] == 2

    @staticmethod
    def ledger(site: Site) -> tuple[Any, ...]:
        return site.world.muster.ledger_pages.of_server(site.world.key("admin", None, None), "101").entries


class TestSeeing:
    def test_today_marks_what_each_commander_has(self, user: User) -> None:
        assert "Who are you?" in user.command("today")["content"]
        user.command("iam", name="Kestrel *")
        user.press(components(user.command("done"))[0], HIDDEN_MOTIVATIONS)
        said = user.command("today")
        assert said["flags"] == 64
        second, first = said["content"].split("Hidden Motivations")
        assert " closes <t:1700092800:R>. (Defenders of Peace)" in first
        assert "✅ Kestrel \\*" in first
        assert "⬜ Kestrel \\*" in second

    def test_where_the_server_stands_is_for_all(self, user: User) -> None:
        said = user.command("standing")
        assert "flags" not in said
        assert "**Defenders of Peace**: 0 points. Ends <t:1700352000:R>." in said["content"]
        assert "⬜ 8,925: Too early to say." in said["content"]

    def test_reported_and_official_points_are_both_said(self, site: Site, user: User) -> None:
        user.command("iam", name="Kestrel")
        user.press(components(user.command("done"))[0], HIDDEN_MOTIVATIONS)
        site.world.muster.readings.log(site.world.key("officer", "101", None), "101", DEFENDERS, 400)
        said = user.command("standing")["content"]
        assert "**Defenders of Peace**: 400 points. Ends" in said
        read = "100 points are reported. The game showed 400 points <t:1700049600:f>. Then, 25% of them were reported."
        assert read in said

    def test_what_has_ended_stays_to_be_seen_until_it_is_archived(self, site: Site, user: User) -> None:
        site.world.clock.advance(days=9)
        said = user.command("standing")["content"]
        assert "**Defenders of Peace**: 0 points. Ended <t:1700352000:R>." in said
        assert "⬜ 8,925: Not reached: 8,925 short." in said
        for event in site.world.muster.directory.events():
            archived = event.model_copy(update={"archived": True})
            site.world.muster.stores.definitions.put_event(archived)
        site.world.seconds.pass_cache()
        assert "There is no event" in user.command("standing")["content"]

    def test_who_is_missing_is_for_officers_eyes(self, site: Site, user: User) -> None:
        admin, rosters = site.world.key("admin", None, None), site.world.muster.rosters
        for number in range(150):
            rosters.add(admin, "101", "nova", f"@here {number:03}" + "*" * 20, is_new=True)
        user.command("iam", name="Kestrel")
        user.press(components(user.command("done"))[0], HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
        said = user.command("missing")
        assert said["flags"] == 64
        assert "Hidden Motivations: 150 of 151 are missing." in said["content"]
        assert "\\@here 000" in said["content"]
        assert "more." in said["content"]
        site.world.clock.advance(days=30)
        assert user.command("missing")["content"] == "No milestone is on now."

    def test_it_speaks_the_caller_s_language_else_the_guild_s(self, user: User) -> None:
        for own in LANGUAGES:
            locale = {"pt": "pt-BR", "es": "es-419"}.get(own, own)
            said = {
                replace(user, locale=mine, guild_locale=the_guilds).command("done")["content"]
                for mine, the_guilds in ((locale, "en-US"), ("ko", locale), (locale, "ko"))
            }
            assert said == {language(own).gettext(MESSAGES["chat-who"])}


class TestStrangeRequests:
    def test_direct_messages_are_answered_with_a_hint(self, site: Site) -> None:
        user = User(site.url, site.world.clock, guild=None)
        assert "not in direct messages" in user.command("done")["content"]

    def test_what_is_not_known_is_answered_in_words(self, user: User) -> None:
        for what in (
            {"type": 2, "data": {"name": "nothing", "options": []}},
            {"type": 2, "data": {"id": "2", "name": "done", "options": [{"name": "x", "options": []}]}},
            {"type": 3, "data": {"custom_id": "x"}},
            {"type": 5, "data": {"custom_id": "x", "components": []}},
            {"type": 99},
            {"type": 2, "data": None},
        ):
            assert user.sent(**what)["flags"] == 64


class TestCost:
    """A command is answered within three seconds, also by a process that has just begun: few calls do that."""

    @on_dynamodb
    def test_each_command_asks_the_table_for_little(self, world: World) -> None:
        with served(world) as site:
            user = User(site.url, world.clock)
            user.command("bind", code=code(site))
            for name in ("Kestrel", "Merlin"):
                user.command("iam", name=name)
            menu = components(user.command("done"))[0]
            calls = {
                "press": lambda: user.press(menu, HIDDEN_MOTIVATIONS),
                "done": lambda: user.command("done"),
                "today": lambda: user.command("today"),
                "iam": lambda: user.command("iam"),
                "iam, known": lambda: user.command("iam", name="Merlin"),
                "iam, new": lambda: user.command("iam", name="Osprey"),
                "standing": lambda: user.command("standing"),
                "missing": lambda: user.command("missing"),
                "choices": lambda: user.choices("done", "milestone", ""),
                "bind": lambda: user.command("bind", code="101:nova:x"),
            }
            asked = {what: len(self.asked(world, use)) for what, use in calls.items()}
        assert asked == {
            "press": 8,
            "done": 8,
            "today": 8,
            "iam": 5,
            "iam, known": 7,
            "iam, new": 11,
            "standing": 6,
            "missing": 7,
            "choices": 4,
            "bind": 1,
        }, "four of these are of definitions, which are kept for half a minute"

    @staticmethod
    def asked(world: World, use: Callable[[], object]) -> list[str]:
        """What a new process asks the table for."""
        world.muster = world.process()
        bootstrap.use(world.muster)
        world.dynamodb.calls.clear()
        use()
        return [call.operation for call in world.dynamodb.calls]

    @on_dynamodb
    def test_a_report_of_ten_milestones_keeps_the_budget_of_one_by_the_form(self, world: World) -> None:
        world.clock.now = FRIDAY_NOON
        guild, account = "1165706613746638900", "1080705430121799700"
        billed = Billed(world.dynamodb)
        muster = world.process(dynamodb_table(TABLE_NAME, billed.client()))
        bindings, discord = muster.guild_bindings, muster.discord
        bindings.bind(guild, account, bindings.offer(world.key("admin", None, None), "101", "nova").code)
        linked = discord.link(discord.caller(guild, account, "Example"), "Kestrel").commander
        for event in muster.directory.events():
            muster.tiers.stamp("101", event)
        with billed.bill() as bill:
            discord.report(discord.caller(guild, account, "Example"), linked.id, EVERYTHING)
        assert len(card(world, "Kestrel")) == 5
        assert bill.calls.total() <= MOST_CALLS
        assert bill.write_units <= MOST_WRITE_UNITS
        assert bill.read_units <= MOST_READ_UNITS

    @on_dynamodb
    def test_a_busy_table_is_told_in_words(self, world: World) -> None:
        with served(world) as site:
            user = User(site.url, world.clock)
            user.command("bind", code=code(site))
            user.command("iam", name="Kestrel")
            (menu,) = components(user.command("done"))
            world.dynamodb.chaos = lambda operation: "conflict" if operation.startswith("Trans") else None
            assert "Too many reports at once." in user.press(menu, HIDDEN_MOTIVATIONS)["content"]
