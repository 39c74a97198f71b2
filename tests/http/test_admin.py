"""What operators define, and the keys that they and officers give."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chalicelib import bootstrap
from chalicelib.domain.errors import Busy
from chalicelib.domain.events import Event
from chalicelib.settings import Settings
from chalicelib.store.sqlite import SQLiteTable
from tests.http.conftest import Site
from tests.http.test_api import problem
from tests.http.test_officers import Desk, stored
from tests.stores import on_every_store
from tests.world import HIDDEN_MOTIVATIONS, WEDNESDAY_NOON

DRILL: dict[str, Any] = {
    "name": "Drill",
    "first_day": "2023-11-15",
    "last_day": "2023-11-16",
    "milestones": [
        {"id": "first-steps", "name": "First Steps", "first_day": "2023-11-15"},
        {"id": "last-steps", "name": "Last Steps", "first_day": "2023-11-16", "server_points": 105},
    ],
    "tiers": [{"threshold": 1000, "rewards": [{"quantity": 4, "name": "Shards"}, {"shown_as": "?"}]}],
}
PATH = "/v1/events/2023-11-drill"


@pytest.fixture
def admin(site: Site) -> Desk:
    return Desk(site, site.world.secret("admin", None, None))


def changed(**changes: Any) -> dict[str, Any]:
    return {**DRILL, **changes}


def with_milestone(**changes: Any) -> dict[str, Any]:
    return changed(milestones=[{**DRILL["milestones"][0], **changes}])


class TestEvents:
    def test_an_event_is_defined_changed_and_seen_by_all(self, admin: Desk) -> None:
        made = admin("PUT", PATH, DRILL)
        assert made.status_code == 201
        shown = made.json()
        assert shown["id"] == "2023-11-drill"
        assert shown["milestones"][1]["id"] == "2023-11-drill/last-steps"
        assert (shown["milestones"][1]["points"], shown["milestones"][1]["server_points"]) == (100, 105)
        assert shown["tiers"][0]["rewards"][1] == {"name": None, "quantity": None, "shown_as": "?"}
        assert admin.site.get(PATH).json() == shown
        admin.site.world.clock.advance(seconds=1)
        again = admin("PUT", PATH, changed(id="2023-11-drill", name="Big Drill"))
        assert (again.status_code, again.json()["name"]) == (200, "Big Drill")
        assert admin.site.get("/v1/servers/101/events/2023-11-drill/progress").json()["name"] == "Big Drill"
        entry, first = admin("GET", "/v1/ledger").json()["entries"]
        assert (entry["action"], entry["before"]["name"], entry["after"]["name"]) == (
            *("event", "Drill", "Big Drill"),
        )
        assert first["before"] is None

    def test_the_address_says_the_id(self, admin: Desk) -> None:
        answer = admin("PUT", PATH, changed(id="2023-11-other"))
        assert problem(answer, 422, "malformed") == ["id"]
        for name in ("a%23b", "UPPER", "a_b", "-a", "x" * 65, "%F0%9F%98%80"):
            assert problem(admin("PUT", f"/v1/events/{name}", DRILL), 422, "malformed") == ["id"]

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["name", "milestones"]),
            (changed(nmae="x"), ["nmae"]),
            (changed(name=""), ["name"]),
            (changed(archived="yes"), ["archived"]),
            (changed(first_day="2023-13-01"), ["first_day"]),
            (changed(first_day=20231115), ["first_day"]),
            (changed(first_day="0001-01-01"), ["body"]),
            (changed(last_day="9999-12-31"), ["body"]),
            (changed(last_day="2023-11-14"), ["body"]),
            (changed(reporting_grace_hours=337), ["reporting_grace_hours"]),
            (changed(milestones=[]), ["body"]),
            (changed(milestones=[DRILL["milestones"][0]] * 2), ["body"]),
            (with_milestone(id="First Steps"), ["milestones[0].id"]),
            (with_milestone(points=0), ["milestones[0].points"]),
            (with_milestone(points="100"), ["milestones[0].points"]),
            (with_milestone(points=10**30), ["milestones[0].points"]),
            (with_milestone(first_day="2023-12-15"), ["body"]),
            (with_milestone(opens_at="2023-11-15T00:00:00Z"), ["milestones[0]"]),
            (
                with_milestone(first_day=None, opens_at="2023-11-15T00:00:00", closes_at="2023-11-16T00:00:00Z"),
                ["milestones[0].opens_at"],
            ),
            (
                with_milestone(
                    first_day=None, opens_at="2023-11-15T00:00:00Z", closes_at="9999-12-31T23:59:59-14:00"
                ),
                ["milestones[0]"],
            ),
            (changed(tiers=[{"threshold": 5, "rewards": []}] * 2), ["body"]),
            (changed(tiers=[{"threshold": 5, "rewards": [{"name": 5}]}]), ["tiers[0].rewards[0].name"]),
            (with_milestone(objectives=["gather ore"] * 21), ["milestones[0].objectives"]),
            (with_milestone(objectives=["x" * 201]), ["milestones[0].objectives[0]"]),
            (with_milestone(name="x" * 201), ["milestones[0].name"]),
            (with_milestone(id="x" * 65), ["milestones[0].id"]),
            (changed(name="x" * 201), ["name"]),
            (changed(sms_name="x" * 201), ["sms_name"]),
            (changed(tiers=[{"threshold": 5, "rewards": [{"name": "Shards"}] * 21}]), ["tiers[0].rewards"]),
            (changed(tiers=[{"threshold": 5, "rewards": [{"name": "x" * 201}]}]), ["tiers[0].rewards[0].name"]),
            (changed(tiers=[{"threshold": n + 1, "rewards": []} for n in range(101)]), ["tiers"]),
            (
                {**with_milestone(objectives=["gather ore"] * 265), "tiers": [{"threshold": 5, "rewards": [{}] * 21}]},
                ["milestones[0].objectives", "tiers[0].rewards"],
            ),
            ([DRILL], ["body"]),
            (None, ["body"]),
        ],
    )  # fmt: skip
    def test_malformed_input_is_422_by_field(self, admin: Desk, body: Any, fields: list[str]) -> None:
        assert problem(admin("PUT", PATH, body), 422, "malformed") == fields
        problem(admin.site.get(PATH), 404, "unknown-event")

    @pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 40_000, b"\xff", b'{"name": NaN}', b"{"])
    def test_what_is_no_json_is_422(self, admin: Desk, raw: bytes) -> None:
        answer = admin("PUT", PATH, raw, headers={"Content-Type": "application/json"})
        problem(answer, 422, "malformed")

    def test_too_much_is_413(self, admin: Desk) -> None:
        objectives = ["x" * 200] * 700
        answer = admin("PUT", PATH, with_milestone(objectives=objectives))
        assert problem(answer, 413, "too-large") == ["body"]
        raw = json.dumps(DRILL).encode() + b" " * 256 * 1024
        answer = admin("PUT", PATH, raw, headers={"Content-Type": "application/json"})
        assert problem(answer, 413, "too-large") == ["body"]
        days = [{"id": f"m{n}", "name": "Steps", "first_day": "2023-11-15"} for n in range(30)]
        most = changed(milestones=[{**day, "objectives": objectives[:20]} for day in days])
        assert [admin("PUT", PATH, most).status_code for _ in range(2)] == [201, 200]

    def test_what_somebody_has_completed_stays_and_counts_as_it_is_defined_now(self, admin: Desk) -> None:
        site = admin.site
        admin("PUT", PATH, DRILL)
        member = site.world.secret()
        site.report(member, {"commander": "Kestrel", "milestones": ["2023-11-drill/first-steps"]})
        only_last = changed(milestones=DRILL["milestones"][1:])
        assert problem(admin("PUT", PATH, only_last), 409, "milestone-in-use") == ["milestones"]
        assert admin("PUT", PATH, with_milestone(points=250)).status_code == 200, "nobody has the other one"
        progress = site.get("/v1/servers/101/events/2023-11-drill/progress").json()
        assert (progress["points"], progress["completions"]) == (250, 1)

    @on_every_store
    def test_an_event_without_completions_is_deleted_with_all_that_is_kept_of_it(self, admin: Desk) -> None:
        world, event = admin.site.world, "2023-11-drill"
        admin("PUT", PATH, DRILL)
        world.muster.readings.log(world.key("officer"), "101", event, 1_000, confirm=True)
        world.muster.refresh.refresh_totals(lambda: 60.0)
        kept = {
            item["PK"].partition("#")[0] for item in world.muster.stores.table.scan() if event in item["PK"]
        }
        assert {"READINGS", "STANDING"} <= kept
        assert admin("DELETE", PATH).status_code == 204
        assert admin.site.get(PATH).status_code == 404
        assert not [item for item in world.muster.stores.table.scan() if event in item["PK"] + item["SK"]]
        entries = admin("GET", "/v1/ledger").json()["entries"]  # of one instant: in any order
        (entry,) = (entry for entry in entries if entry["after"] is None)
        assert (entry["action"], entry["before"]["name"]) == ("event", "Drill")
        assert problem(admin("DELETE", PATH), 404, "unknown-event") == ["event"]

    def test_an_event_in_which_somebody_has_completed_something_is_not_deleted(self, admin: Desk) -> None:
        admin("PUT", PATH, DRILL)
        report = {"commander": "Kestrel", "milestones": ["2023-11-drill/first-steps"]}
        admin.site.report(admin.site.world.secret(), report)
        admin("POST", "/v1/servers/101/events/2023-11-drill/readings", {"points": 1_000, "confirm": True})
        void = {
            "action": "void",
            "commander": "Kestrel",
            "milestone": report["milestones"][0],
            "reason": "a slip",
        }
        for _ in range(2):
            assert problem(admin("DELETE", PATH), 409, "event-in-use") == ["event"]
            admin("POST", "/v1/corrections", void | {"server": "101", "alliance": "nova"})
        readings = admin("GET", "/v1/servers/101/events/2023-11-drill/readings").json()["readings"]
        assert [one["points"] for one in readings] == [1_000], "nothing of it is deleted"

    def test_an_archived_event_takes_no_more_reports(self, admin: Desk) -> None:
        admin("PUT", PATH, DRILL)
        admin("PUT", PATH, changed(archived=True))
        report = {"commander": "Kestrel", "milestones": ["2023-11-drill/first-steps"]}
        answer = admin.site.report(admin.site.world.secret("officer"), report)
        assert problem(answer, 409, "reporting-closed") == ["milestones[0]"]

    def test_an_event_that_was_stored_with_more_than_may_be_now_can_be_archived(self, admin: Desk) -> None:
        stored = Event.model_validate({"id": "2023-11-drill", **with_milestone(objectives=["x"] * 30)})
        admin.site.world.muster.stores.definitions.put_event(stored)
        body = with_milestone(objectives=["x"] * 30)
        assert admin("PUT", PATH, body | {"archived": True}).status_code == 200
        grown = with_milestone(objectives=["x"] * 31)
        assert problem(admin("PUT", PATH, grown), 422, "malformed") == ["milestones[0].objectives"]

    def test_another_process_sees_what_this_one_has_defined(self, admin: Desk) -> None:
        """What would be lost is looked up in the table, not in what a process remembers."""
        world = admin.site.world
        other = world.process()
        assert other.directory.events()
        admin("PUT", PATH, DRILL)
        report = {"commander": "Kestrel", "milestones": ["2023-11-drill/first-steps"]}
        admin.site.report(world.secret(), report)
        bootstrap.use(other)
        answer = admin("PUT", PATH, changed(milestones=DRILL["milestones"][1:]))
        assert problem(answer, 409, "milestone-in-use") == ["milestones"]


class TestServersAndAlliances:
    def test_a_server_and_its_game_day(self, admin: Desk) -> None:
        assumed = {"starts_at": "00:00", "zone": "UTC", "assumed": True}
        made = admin("PUT", "/v1/servers/202", {})
        private = {"public_standings": False}
        assert (made.status_code, made.json()) == (201, {"id": "202", "game_day": assumed, **private})
        day = {"starts_at": "18:00", "zone": "America/New_York"}
        admin.site.world.clock.advance(seconds=1)
        moved = admin("PUT", "/v1/servers/202", {"game_day": day})
        known = {"id": "202", "game_day": {**day, "assumed": False}, **private}
        assert (moved.status_code, moved.json()) == (200, known)
        servers = admin("GET", "/v1/servers").json()["servers"]
        assert servers == [{"id": "101", "game_day": assumed, **private}, known]
        schedule = admin.site.get("/v1/servers/202/schedule").json()
        hidden = next(one for one in schedule["milestones"] if one["milestone"] == HIDDEN_MOTIVATIONS)
        assert hidden["opens_at"] == "2023-11-15T23:00:00Z"
        entry = admin("GET", "/v1/servers/202/ledger").json()["entries"][0]
        assert (entry["before"]["assumed"], entry["after"]["zone"]) == (True, "America/New_York")

    @pytest.mark.parametrize("body", [b"", b" ", b"null", b"{}", b'{"game_day": null}'])
    def test_without_a_game_day_it_is_assumed(self, admin: Desk, body: bytes) -> None:
        day = {"starts_at": "18:00", "zone": "Europe/Berlin"}
        admin("PUT", "/v1/servers/101", {"game_day": day})
        answer = admin("PUT", "/v1/servers/101", body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["game_day"]["assumed"]) == (200, True)

    @pytest.mark.parametrize(
        ("day", "field"),
        [
            ({"zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "1٨:0٠", "zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "18:00"}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": "Mars/Olympus"}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": ""}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": "America"}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": "../../etc/passwd"}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": "tzdata.zi"}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": "a\0b"}, "game_day.zone"),
            ({"starts_at": "18:00", "zone": "x" * 5000}, "game_day.zone"),
            ({"starts_at": "24:00", "zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "6:00", "zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "18:00Z", "zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "18:00\n", "zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "١٨:00", "zone": "UTC"}, "game_day.starts_at"),
            ({"starts_at": "18:00", "zone": "UTC", "assumed": False}, "game_day.assumed"),
            ("UTC", "game_day"),
        ],
    )
    def test_a_game_day_that_is_none_is_422_by_field(self, admin: Desk, day: Any, field: str) -> None:
        answer = admin("PUT", "/v1/servers/101", {"game_day": day})
        assert problem(answer, 422, "malformed") == [field]

    def test_alliances_are_labelled_and_listed_for_whom_they_concern(self, admin: Desk) -> None:
        path = "/v1/servers/101/alliances"
        body = {"tag": " VEGA ", "name": "Vega Dawn"}
        made = admin("PUT", f"{path}/vega", body)
        vega = {"id": "vega", "tag": "VEGA", "name": "Vega Dawn", "is_open": True, "new_per_day": 150}
        assert (made.status_code, made.json()) == (201, {"server": "101", **vega})
        again = admin("PUT", f"{path}/vega", {**body, "is_open": False})
        assert (again.status_code, again.json()["is_open"]) == (200, False)
        listed = admin("GET", path).json()
        assert listed["server"] == "101"
        assert [one["id"] for one in listed["alliances"]] == ["nova", "orbit", "vega"]
        assert listed["alliances"][2] == {**vega, "is_open": False}
        reader = Desk(admin.site, admin.site.world.secret("reader"))
        assert [one["id"] for one in reader("GET", path).json()["alliances"]] == ["nova"]
        answer = admin.site.report(
            admin.site.world.secret(alliance="vega"),
            {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]},
        )
        problem(answer, 409, "not-on-roster")

    def test_officers_open_and_close_their_alliance_and_limit_who_joins(self, admin: Desk) -> None:
        path = "/v1/servers/101/alliances/nova"
        nova = {"server": "101", "id": "nova", "tag": "NOVA", "name": "Nova Guard"}
        officer = Desk(admin.site, admin.site.world.secret("officer"))
        closed = officer("PATCH", path, {"is_open": False, "new_per_day": 0})
        assert (closed.status_code, closed.json()) == (200, {**nova, "is_open": False, "new_per_day": 0})
        assert officer("PATCH", path, {}).json() == closed.json()
        assert officer("PATCH", path, {"is_open": True}).json() == {**closed.json(), "is_open": True}
        assert admin("PUT", path, {"tag": "NOVA", "name": "Nova Guard"}).json()["new_per_day"] == 0
        assert admin("PUT", path, {"tag": "N", "name": "N", "new_per_day": 7}).json()["new_per_day"] == 7
        problem(admin("PATCH", f"{path}x", {"is_open": True}), 404, "unknown-alliance")

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"is_open": "no"}, ["is_open"]),
            ({"new_per_day": -1}, ["new_per_day"]),
            ({"new_per_day": 1001}, ["new_per_day"]),
            ({"new_per_day": 1.5}, ["new_per_day"]),
            ({"is_open": True, "tag": "NEW"}, ["tag"]),
            ([], ["body"]),
        ],
    )
    def test_a_change_of_an_alliance_that_is_none_is_422_by_field(
        self, admin: Desk, body: Any, fields: list[str]
    ) -> None:
        assert problem(admin("PATCH", "/v1/servers/101/alliances/nova", body), 422, "malformed") == fields

    def test_a_roster_survives_another_label(self, admin: Desk) -> None:
        kestrel = admin.add("Kestrel")
        admin("PUT", "/v1/servers/101/alliances/nova", {"tag": "NEW", "name": "New Name"})
        assert admin("GET", f"/v1/servers/101/alliances/nova/commanders/{kestrel[0]}").status_code == 200

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["tag", "name"]),
            ({"tag": "", "name": "  "}, ["tag", "name"]),
            ({"tag": "x" * 101, "name": 5}, ["tag", "name"]),
            ({"tag": "A", "name": "B", "is_open": 1}, ["is_open"]),
            ({"tag": "A", "name": "B", "new_per_day": 1001}, ["new_per_day"]),
            ({"tag": "A", "name": "B", "id": "nova"}, ["id"]),
        ],
    )
    def test_an_alliance_that_is_none_is_422_by_field(
        self, admin: Desk, body: dict[str, Any], fields: list[str]
    ) -> None:
        answer = admin("PUT", "/v1/servers/101/alliances/nova", body)
        assert problem(answer, 422, "malformed") == fields

    @pytest.mark.parametrize("name", ["a%23b", "a%20b", "-a", "x" * 65, "x" * 3000, "%C3%98", "%00", "a%2Cb"])
    def test_an_id_that_could_not_be_told_apart_is_422(self, admin: Desk, name: str) -> None:
        assert problem(admin("PUT", f"/v1/servers/{name}", {}), 422, "malformed") == ["server"]
        path = f"/v1/servers/101/alliances/{name}"
        assert problem(admin("PUT", path, {"tag": "A", "name": "B"}), 422, "malformed") == ["alliance"]
        elsewhere = f"/v1/servers/{name}/alliances/nova"
        answer = admin("PUT", elsewhere, {"tag": "A", "name": "B"})
        assert problem(answer, 404, "unknown-server") == ["server"]


class TestKeys:
    MEMBER = {"role": "member", "label": "Link of November", "server": "101", "alliance": "nova"}  # noqa: RUF012

    def test_a_secret_is_told_once_with_the_link_of_the_form(self, any_site: Site) -> None:
        officer = Desk(any_site, any_site.world.secret("officer"))
        made = officer("POST", "/v1/keys", {"role": "member", "label": " Link "})
        assert made.status_code == 201
        assert made.headers["Cache-Control"] == "no-store"
        body = made.json()
        secret = body.pop("secret")
        assert body == {
            "id": body["id"],
            "role": "member",
            "label": "Link",
            "server": "101",
            "alliance": "nova",
            "created_at": "2023-11-15T12:00:00Z",
            "expires_at": None,
            "revoked_at": None,
            "last_used_at": None,
            "link": f"{any_site.url}/f/{secret}",
        }
        assert requests.get(body["link"], timeout=30).status_code == 200
        del body["link"]
        listed = officer("GET", "/v1/keys")
        assert body | {"last_used_at": "2023-11-15T12:00:00Z"} in listed.json()["keys"]
        assert secret not in listed.text
        assert not [text for text in stored(any_site.world) if secret in text]
        reader = officer("POST", "/v1/keys", {"role": "reader", "label": "Sheet"}).json()
        assert (reader["link"], reader["server"], reader["alliance"]) == (None, "101", "nova")

    def test_officers_make_no_more_in_a_day_than_can_be_listed(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.services.keys.MOST_A_DAY", 3)
        wanted = {"role": "reader", "label": "Sheet"}
        officer, theirs = (Desk(site, site.world.secret("officer", "101", one)) for one in ("nova", "orbit"))
        admin = Desk(site, site.world.secret("admin", None, None))
        one, other = (officer("POST", "/v1/keys", wanted) for _ in range(2))
        assert (one.status_code, other.status_code) == (201, 201)
        officer("DELETE", f"/v1/keys/{one.json()['id']}")
        problem(officer("POST", "/v1/keys", wanted), 409, "too-many-keys")
        assert theirs("POST", "/v1/keys", wanted).status_code == 201
        assert admin("POST", "/v1/keys", self.MEMBER).status_code == 201
        site.world.clock.advance(days=1)
        assert officer("POST", "/v1/keys", wanted).status_code == 201

    def test_a_link_shows_its_form_also_while_its_use_can_not_be_noted(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As on a full disk: what is recorded can be read all the same."""
        link = f"/f/{site.world.secret()}"

        def full(*_: object) -> None:
            raise Busy

        monkeypatch.setattr(SQLiteTable, "write", full)
        assert site.get(link).status_code == 200

    def test_the_link_begins_as_the_setting_says(self, site: Site) -> None:
        world = site.world
        settings = Settings("muster-test", public_url="https://ims.example/stage/")
        bootstrap.use(world.process(settings=settings))
        made = Desk(site, world.secret("officer"))(
            "POST", "/v1/keys", {"role": "member", "label": "Link"}
        ).json()
        assert made["link"] == f"https://ims.example/stage/f/{made['secret']}"
        bootstrap.use(world.muster)
        headers = {"X-Forwarded-Proto": "https", "Host": "ims.example"}
        body = {"role": "member", "label": "Link"}
        made = Desk(site, world.secret("officer"))("POST", "/v1/keys", body, headers=headers).json()
        assert made["link"] == f"https://ims.example/f/{made['secret']}"

    def test_an_officer_gives_keys_for_members_and_readers_in_scope(self, site: Site) -> None:
        officer = Desk(site, site.world.secret("officer"))
        site.world.secret("admin", None, None)
        for wanted in (
            {"role": "officer"},
            {"role": "admin"},
            {"role": "member", "alliance": "orbit"},
            {"role": "reader", "server": "102"},
        ):
            problem(officer("POST", "/v1/keys", {"label": "x", **wanted}), 403, "out-of-scope")
        of_server = Desk(site, site.world.secret("officer", "101", None))
        made = of_server("POST", "/v1/keys", {"label": "x", "role": "reader"}).json()
        assert (made["server"], made["alliance"]) == ("101", None)
        scopes = {(one["server"], one["alliance"]) for one in officer("GET", "/v1/keys").json()["keys"]}
        assert scopes == {("101", "nova")}
        assert {one["server"] for one in of_server("GET", "/v1/keys").json()["keys"]} == {"101"}
        problem(officer("DELETE", f"/v1/keys/{made['id']}"), 403, "out-of-scope")

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["label"]),
            ({"label": "x"}, ["role"]),
            ({"label": "", "role": "reader", "server": "101"}, ["label"]),
            ({"label": "x" * 101, "role": "reader", "server": "101"}, ["label"]),
            ({"label": "x", "role": "owner", "server": "101"}, ["role"]),
            ({"label": "x", "role": "reader"}, ["server"]),
            ({"label": "x", "role": "member", "server": "101"}, ["alliance"]),
            ({"label": "x", "role": "admin", "server": "101"}, ["server"]),
            ({"label": "x", "role": "reader", "server": "101", "expires_at": "2023-12-01"}, ["expires_at"]),
            (
                {"label": "x", "role": "reader", "server": "101", "expires_at": "2023-11-15T12:00:00Z"},
                ["expires_at"],
            ),
            (
                {"label": "x", "role": "reader", "server": "101", "expires_at": "9999-12-31T23:59:59-14:00"},
                ["expires_at"],
            ),
            ({"label": "x", "replaces": "y", "old_works_for_minutes": 61}, ["old_works_for_minutes"]),
            ({"label": "x", "replaces": "y", "old_works_for_minutes": -1}, ["old_works_for_minutes"]),
        ],
    )
    def test_malformed_input_is_422_by_field(
        self, admin: Desk, body: dict[str, Any], fields: list[str]
    ) -> None:
        assert problem(admin("POST", "/v1/keys", body), 422, "malformed") == fields

    def test_what_there_isnt_is_404(self, admin: Desk) -> None:
        body = {"role": "member", "label": "x", "server": "101", "alliance": "nova"}
        for name in ("server", "alliance"):
            for other in ("nope", "a#b"):
                answer = admin("POST", "/v1/keys", {**body, name: other})
                assert problem(answer, 404, f"unknown-{name}") == [name]
        for identity in ("nope", "a%23b", "x" * 3000):
            assert problem(admin("DELETE", f"/v1/keys/{identity}"), 404, "unknown-key") == ["key_id"]
        answer = admin("POST", "/v1/keys", {"label": "x", "replaces": "nope"})
        assert problem(answer, 404, "unknown-key") == ["replaces"]

    def test_a_revoked_key_stops_at_once_and_stays_listed(self, admin: Desk) -> None:
        made = admin("POST", "/v1/keys", self.MEMBER).json()
        report = {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]}
        assert admin.site.report(made["secret"], report).status_code == 200
        admin.site.world.clock.advance(minutes=1)
        revoked = admin("DELETE", f"/v1/keys/{made['id']}")
        assert (revoked.status_code, revoked.json()["revoked_at"]) == (200, "2023-11-15T12:01:00Z")
        admin.site.world.clock.advance(minutes=1)
        assert admin("DELETE", f"/v1/keys/{made['id']}").json() == revoked.json()
        problem(admin.site.report(made["secret"], report), 401, "invalid-key")
        assert admin.site.get(f"/f/{made['secret']}").status_code == 401
        assert revoked.json() in admin("GET", "/v1/keys").json()["keys"]

    @pytest.mark.parametrize("minutes", [0, 10])
    def test_a_link_is_replaced_and_the_old_one_goes_on_for_a_while(self, site: Site, minutes: int) -> None:
        officer = Desk(site, site.world.secret("officer"))
        old = officer("POST", "/v1/keys", {"role": "member", "label": "old"}).json()
        body = {"label": "new", "replaces": old["id"], "old_works_for_minutes": minutes}
        new = officer("POST", "/v1/keys", body).json()
        assert (new["role"], new["alliance"], new["expires_at"]) == ("member", "nova", None)
        report = {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]}
        assert site.report(new["secret"], report).status_code == 200
        site.world.clock.advance(minutes=minutes, seconds=-1 if minutes else 0)
        assert site.report(old["secret"], report).status_code == (200 if minutes else 401)
        site.world.clock.advance(seconds=1)
        problem(site.report(old["secret"], report), 401, "invalid-key")
        assert site.report(new["secret"], report).status_code == 200
        again = officer("POST", "/v1/keys", body)
        assert problem(again, 422, "malformed") == ["replaces"]
        ended = next(one for one in officer("GET", "/v1/keys").json()["keys"] if one["id"] == old["id"])
        ends_at = WEDNESDAY_NOON + timedelta(minutes=minutes)
        assert datetime.fromisoformat(ended["expires_at"]) == ends_at.astimezone(UTC)

    @pytest.mark.parametrize(("lasts", "ends"), [(600, 30), (10, 10)])
    def test_a_key_that_is_to_expire_ends_at_the_earlier_time_when_it_is_replaced(
        self, admin: Desk, lasts: int, ends: int
    ) -> None:
        expires_at, ends_at = (WEDNESDAY_NOON + timedelta(minutes=minutes) for minutes in (lasts, ends))
        old = admin("POST", "/v1/keys", {**self.MEMBER, "expires_at": expires_at.isoformat()}).json()
        body = {"label": "new", "replaces": old["id"], "old_works_for_minutes": 30}
        assert admin("POST", "/v1/keys", body).status_code == 201
        found = next(one for one in admin("GET", "/v1/keys").json()["keys"] if one["id"] == old["id"])
        assert datetime.fromisoformat(found["expires_at"]) == ends_at

    def test_an_officer_ends_and_replaces_no_key_of_an_officer(self, site: Site) -> None:
        officer, other = Desk(site, site.world.secret("officer")), site.world.key("officer")
        problem(officer("DELETE", f"/v1/keys/{other.id}"), 403, "out-of-scope")
        problem(officer("POST", "/v1/keys", {"label": "x", "replaces": other.id}), 403, "out-of-scope")

    def test_a_replacement_has_the_role_and_scope_of_what_it_replaces(self, admin: Desk) -> None:
        old = admin("POST", "/v1/keys", self.MEMBER).json()
        for name, value in {"role": "reader", "server": "102", "alliance": "orbit"}.items():
            body = {"label": "new", "replaces": old["id"], name: value}
            assert problem(admin("POST", "/v1/keys", body), 422, "malformed") == [name]


def test_health_tells_the_time(site: Site) -> None:
    site.world.clock.now = datetime(2023, 11, 16, 8, 0, 0, 123_000, tzinfo=UTC)
    assert site.get("/health").json()["now"] == "2023-11-16T08:00:00.123Z"


def test_a_sheet_that_nobody_has_bound_is_unknown_however_it_is_called(admin: Desk) -> None:
    for name in ("x" * 3000, "a%23b"):
        for method in ("GET", "DELETE"):
            answer = admin(method, f"/v1/sheets/{name}")
            assert problem(answer, 404, "unknown-sheet") == ["spreadsheet_id"]
