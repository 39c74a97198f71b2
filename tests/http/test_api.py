"""The JSON API as other programs see it."""

from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import requests

import app
from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.reporting import MOST_EVENTS
from chalicelib.domain.roster import Server
from chalicelib.services.overview import Overview
from chalicelib.store import sqlite
from chalicelib.store.backoff import ATTEMPTS
from chalicelib.store.sqlite import SQLiteTable
from tests.http.conftest import Site
from tests.stores import on_dynamodb
from tests.world import (
    ARCHITECTS,
    ASSEMBLING_THE_RESISTANCE,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    HIDDEN_MOTIVATIONS,
    WEDNESDAY_NOON,
)

REPORT: dict[str, Any] = {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]}


def problem(answer: requests.Response, status: int, code: str) -> list[str]:
    """Checks that it is that problem, and gives the fields that it names."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    more = {"suggestions"} if code in ("did-you-mean", "not-on-roster") else set()
    assert body.keys() - {"request_id"} == {"type", "title", "status", "code", "detail", "errors"} | more
    assert (body["status"], body["code"], body["title"]) == (status, code, HTTPStatus(status).phrase)
    assert body["detail"]
    assert "Traceback" not in answer.text
    return [error["field"] for error in body["errors"] if error["message"]]


class TestReadingForAll:
    def test_health(self, any_site: Site) -> None:
        answer = any_site.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["version"]

    def test_events_with_what_is_unknown_as_null(self, site: Site) -> None:
        events = {event["id"]: event for event in site.get("/v1/events").json()["events"]}
        assert set(events) == {DEFENDERS, ARCHITECTS}
        assert site.get(f"/v1/events/{ARCHITECTS}").json() == events[ARCHITECTS]
        destinies = next(m for m in events[ARCHITECTS]["milestones"] if m["name"] == "Testing Destinies")
        assert destinies["objectives"] is None
        assert (destinies["opens_at"], destinies["closes_at"]) == (
            "2023-11-16T00:00:00Z",
            "2023-11-17T00:00:00Z",
        )
        assert events[ARCHITECTS]["tiers"][0]["rewards"][2] == {
            "name": None,
            "quantity": None,
            "shown_as": "Missing translation",
        }
        assert events[ARCHITECTS]["game_day"] == {"starts_at": "00:00", "zone": "UTC", "assumed": True}

    def test_the_schedule_of_a_server_follows_its_game_day(self, site: Site) -> None:
        schedule = site.get("/v1/servers/101/schedule").json()
        assert schedule["game_day"]["assumed"] is True
        assert len(schedule["milestones"]) == 10
        active = [m["milestone"] for m in schedule["milestones"] if m["status"] == "active"]
        assert sorted(active) == [CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS]

        game_day = GameDay(time(18), "America/New_York", assumed=False)
        site.world.muster.stores.definitions.put_server(Server("101", game_day))
        moved = {m["milestone"]: m for m in site.get("/v1/servers/101/schedule").json()["milestones"]}
        assert moved[HIDDEN_MOTIVATIONS]["opens_at"] == "2023-11-15T23:00:00Z"
        assert moved[HIDDEN_MOTIVATIONS]["date"] == "2023-11-15"
        assert moved[HIDDEN_MOTIVATIONS]["status"] == "upcoming"

    def test_progress_has_every_field_of_the_contract(self, site: Site) -> None:
        progress = site.get(f"/v1/servers/101/events/{DEFENDERS}/progress").json()
        assert progress.keys() == {
            *(
                "server",
                "event",
                "name",
                "status",
                "as_of",
                "points",
                "completions",
                "commanders",
                "milestones",
            ),
            *("tiers", "next_tier", "needed", "official", "coverage", "best", "projection", "no_projection"),
        }
        assert (progress["server"], progress["event"], progress["status"]) == ("101", DEFENDERS, "running")
        assert progress["as_of"] == "2023-11-15T12:00:00Z"
        assert progress["milestones"][2] == {
            "id": HIDDEN_MOTIVATIONS,
            "name": "Hidden Motivations",
            "points": 100,
            "opens_at": "2023-11-15T00:00:00Z",
            "closes_at": "2023-11-16T00:00:00Z",
            "status": "active",
            "completions": 0,
        }
        (tier,) = progress["tiers"]
        assert tier.keys() == {"threshold", "rewards", "reached", "reached_at", "reached_by", "remaining"}
        assert (progress["next_tier"], progress["needed"]) == (8925, {"completions": 90, "commanders": 30})
        assert (progress["official"], progress["coverage"], progress["projection"]) == (None, None, None)

    def test_running_events_stand_side_by_side(self, site: Site) -> None:
        events = site.get("/v1/servers/101/progress").json()["events"]
        assert {event["event"] for event in events} == {DEFENDERS, ARCHITECTS}

    def test_what_has_begun_stays_until_it_is_archived_and_what_runs_comes_first(self, site: Site) -> None:
        definitions = site.world.muster.stores.definitions
        defenders, architects = (
            next(one for one in load_catalog() if one.id == of) for of in (DEFENDERS, ARCHITECTS)
        )
        early = architects.model_copy(update={"id": "early", "first_day": date(2023, 11, 10)})
        definitions.put_event(early.model_copy(update={"last_day": date(2023, 11, 18)}))
        site.report(site.world.secret(), REPORT)

        def shown(day: int) -> list[tuple[str, str]]:
            site.world.clock.now = datetime(2023, 11, day, 12, tzinfo=UTC)
            events = site.get("/v1/servers/101/progress").json()["events"]
            scheduled = site.get("/v1/servers/101/schedule").json()["milestones"]
            assert {one["event"] for one in scheduled} == {"early", DEFENDERS, ARCHITECTS}
            return [(event["event"], event["status"]) for event in events]

        assert shown(9) == []
        assert shown(12) == [("early", "running")]
        assert shown(19) == [("early", "reporting"), (ARCHITECTS, "reporting"), (DEFENDERS, "reporting")]
        assert shown(30) == [(ARCHITECTS, "ended"), (DEFENDERS, "ended"), ("early", "ended")]
        ended = site.get("/v1/servers/101/progress").json()["events"][1]
        assert (ended["points"], ended["completions"], ended["no_projection"]) == (
            100,
            1,
            "The event is over: members can no longer report.",
        )
        definitions.put_event(defenders.model_copy(update={"archived": True}))
        events = site.get("/v1/servers/101/progress").json()["events"]
        assert [event["event"] for event in events] == [ARCHITECTS, "early"]

    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("/v1/servers/999/progress", "unknown-server"),
            ("/v1/servers/999/schedule", "unknown-server"),
            (f"/v1/servers/999/events/{DEFENDERS}/progress", "unknown-server"),
            ("/v1/servers/101/events/nope/progress", "unknown-event"),
            ("/v1/events/nope", "unknown-event"),
            ("/nowhere", "not-found"),
            ("/v1/nowhere", "not-found"),
        ],
    )
    def test_what_there_isnt_is_404(self, any_site: Site, path: str, code: str) -> None:
        problem(any_site.get(path), 404, code)

    def test_another_method_is_405(self, site: Site) -> None:
        answer = site.post("/v1/events")
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, HEAD"


class TestReporting:
    def test_the_answer_is_that_of_the_contract(self, any_site: Site) -> None:
        secret = any_site.world.secret()
        answer = any_site.report(
            secret, {**REPORT, "milestones": [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE]}
        )
        assert answer.status_code == 200
        body = answer.json()
        assert body["commander"].keys() == {"id", "name"}
        assert body["commander"]["name"] == "Kestrel"
        recorded = {"status": "recorded", "points": 100, "recorded_at": "2023-11-15T12:00:00Z"}
        assert body["results"] == [
            {"milestone": HIDDEN_MOTIVATIONS, **recorded},
            {"milestone": CONFRONTING_RESILIENCE, **recorded},
        ]
        standing = {
            "commander_points": 100,
            "commander_points_possible": 500,
            "server_points": 100,
            "next_tier": 8925,
        }
        assert body["progress"] == [{"event": DEFENDERS, **standing}, {"event": ARCHITECTS, **standing}]
        again = any_site.report(secret, REPORT).json()
        assert again["commander"] == body["commander"]
        assert again["results"] == [
            {**recorded, "milestone": HIDDEN_MOTIVATIONS, "status": "already_recorded"},
        ]

    @pytest.mark.parametrize("role", ["officer", "admin"])
    def test_officers_and_admins_say_for_whom(self, site: Site, role: Any) -> None:
        secret = site.world.secret(role, None if role == "admin" else "101", None)
        assert problem(site.report(secret, REPORT), 422, "malformed")
        assert site.report(secret, {**REPORT, "server": "101", "alliance": "nova"}).status_code == 200
        assert problem(site.report(secret, {**REPORT, "server": "101"}), 422, "malformed") == ["alliance"]
        unknown = {**REPORT, "server": "101", "alliance": "nope"}
        problem(site.report(secret, unknown), 404, "unknown-alliance")

    def test_all_or_nothing(self, site: Site) -> None:
        body = {**REPORT, "milestones": [HIDDEN_MOTIVATIONS, ASSEMBLING_THE_RESISTANCE]}
        answer = site.report(site.world.secret(), body)
        assert problem(answer, 409, "milestone-not-open") == ["milestones[1]"]
        assert site.get(f"/v1/servers/101/events/{DEFENDERS}/progress").json()["completions"] == 0

    def test_after_the_grace_members_are_sent_to_an_officer(self, site: Site) -> None:
        site.world.clock.now = datetime(2023, 11, 20, tzinfo=UTC)
        problem(site.report(site.world.secret(), REPORT), 409, "reporting-closed")
        assert site.report(site.world.secret("officer"), REPORT).status_code == 200

    def test_who_is_not_on_a_closed_roster_is_told(self, site: Site) -> None:
        answer = site.report(site.world.secret(alliance="orbit"), REPORT)
        assert problem(answer, 409, "not-on-roster") == ["commander"]
        assert answer.json()["suggestions"] == []

    def test_the_same_name_through_another_alliance_is_the_same_commander(self, site: Site) -> None:
        assert site.report(site.world.secret(alliance="nova"), REPORT).status_code == 200
        other = site.report(site.world.secret(alliance="orbit"), {**REPORT, "commander": "KESTREL"})
        assert problem(other, 409, "other-alliance") == ["commander"]

    def test_a_name_that_may_be_a_slip_is_asked_about_and_can_be_insisted_on(self, site: Site) -> None:
        secret, slip = site.world.secret(), {**REPORT, "commander": "Kestrle"}
        site.report(secret, REPORT)
        answer = site.report(secret, slip)
        assert problem(answer, 409, "did-you-mean") == ["commander"]
        assert answer.json()["suggestions"] == ["Kestrel"]
        assert "Did you mean Kestrel?" in answer.json()["detail"]
        assert site.report(secret, {**slip, "is_new": True}).json()["commander"]["name"] == "Kestrle"
        assert site.report(secret, slip).status_code == 200, "it is known now"

    def test_a_tier_is_stamped_by_the_report_that_reaches_it(self, site: Site) -> None:
        secret, url = site.world.secret(), f"/v1/servers/101/events/{DEFENDERS}/progress"
        for number in range(90):
            site.world.clock.advance(seconds=1)
            answer = site.report(secret, {**REPORT, "commander": f"Commander{number}"})
        standing = answer.json()["progress"][0]
        assert (standing["server_points"], standing["next_tier"]) == (9000, None)
        site.world.clock.advance(hours=1)
        site.report(secret, {**REPORT, "commander": "One more"})
        progress = site.get(url).json()
        (tier,) = progress["tiers"]
        assert (progress["points"], progress["completions"], progress["next_tier"]) == (9100, 91, None)
        assert (tier["reached"], tier["reached_at"], tier["reached_by"]) == (
            True,
            "2023-11-15T12:01:30Z",
            "reported",
        )


class TestRefusing:
    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({"milestones": [HIDDEN_MOTIVATIONS]}, ["commander"]),
            ({"commander": "Kestrel"}, ["milestones"]),
            ({"commander": 7, "milestones": "all"}, ["commander", "milestones"]),
            ({"commander": "Kestrel", "milestones": []}, ["milestones"]),
            ({"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS, None]}, ["milestones[1]"]),
            ({**REPORT, "milestone": "x"}, ["milestone"]),
            ({**REPORT, "is_new": "yes"}, ["is_new"]),
            (["not", "an", "object"], ["body"]),
        ],
    )
    def test_malformed_input_is_422_by_field(self, site: Site, body: object, fields: list[str]) -> None:
        assert problem(site.report(site.world.secret(), body), 422, "malformed") == fields

    @pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u202eb", "a\x1bb", "\u3164"])
    def test_a_name_that_is_none_is_422(self, site: Site, name: str) -> None:
        answer = site.report(site.world.secret(), {**REPORT, "commander": name})
        assert problem(answer, 422, "invalid-name") == ["commander"]

    @pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"nul", b'{"commander": "\\ud800"}'])
    def test_what_is_no_json_is_422(self, site: Site, raw: bytes) -> None:
        headers = {"Authorization": f"Bearer {site.world.secret()}", "Content-Type": "application/json"}
        problem(site.post("/v1/completions", data=raw, headers=headers), 422, "malformed")

    def test_too_much_is_413(self, site: Site) -> None:
        problem(site.report(site.world.secret(), {**REPORT, "commander": "x" * 20_000}), 413, "too-large")

    def test_milestones_of_more_events_than_one_transaction_holds_are_413(self, site: Site) -> None:
        event = next(one for one in load_catalog() if one.id == DEFENDERS)
        for number in range(MOST_EVENTS + 1):
            site.world.muster.stores.definitions.put_event(event.model_copy(update={"id": f"e-{number}"}))
        site.world.seconds.pass_cache()
        milestones = [f"e-{number}/hidden-motivations" for number in range(MOST_EVENTS + 1)]
        member = site.world.secret()
        answer = site.report(member, {"commander": "Kestrel", "milestones": milestones})
        assert problem(answer, 413, "too-large") == ["milestones"]
        form = {"commander": "Kestrel", "milestone": milestones}
        assert site.post(f"/f/{member}", data=form, allow_redirects=False).status_code == 413
        most = site.report(member, {"commander": "Kestrel", "milestones": milestones[:MOST_EVENTS]})
        assert most.status_code == 200
        assert {one["status"] for one in most.json()["results"]} == {"recorded"}

    def test_another_content_type_is_415(self, site: Site) -> None:
        headers = {"Authorization": f"Bearer {site.world.secret()}"}
        problem(site.post("/v1/completions", data={"a": "b"}, headers=headers), 415, "unsupported-media-type")

    def test_unknown_milestones_are_404(self, site: Site) -> None:
        answer = site.report(site.world.secret(), {**REPORT, "milestones": [HIDDEN_MOTIVATIONS, "x/y"]})
        assert problem(answer, 404, "unknown-milestone") == ["milestones[1]"]

    def test_no_key_is_401(self, site: Site) -> None:
        answer = site.report(None, REPORT)
        problem(answer, 401, "no-key")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        for wrong in ("Basic abc", "Bearer", "Bearer ", "abc"):
            headers = {"Authorization": wrong}
            problem(site.post("/v1/completions", json=REPORT, headers=headers), 401, "no-key")

    def test_a_bad_key_is_401(self, site: Site) -> None:
        expired = site.world.secret(expires_at=WEDNESDAY_NOON)
        revoked = site.world.secret(revoked_at=WEDNESDAY_NOON - timedelta(days=1))
        for secret in ("unknown", expired, revoked):
            problem(site.report(secret, REPORT), 401, "invalid-key")

    def test_a_key_out_of_scope_is_403(self, site: Site) -> None:
        problem(site.report(site.world.secret("reader"), REPORT), 403, "out-of-scope")
        member = site.world.secret()
        for place in ({"server": "102"}, {"alliance": "orbit"}, {"server": "101", "alliance": "orbit"}):
            problem(site.report(member, {**REPORT, **place}), 403, "out-of-scope")
        assert site.report(member, {**REPORT, "server": "101", "alliance": "nova"}).status_code == 200

    @on_dynamodb
    def test_a_busy_store_is_503_with_retry_after_and_nothing_is_lost(self, site: Site) -> None:
        secret = site.world.secret()
        for _ in range(ATTEMPTS):
            site.world.dynamodb.inject("throttled")
        answer = site.report(secret, REPORT)
        problem(answer, 503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
        assert site.report(secret, REPORT).json()["results"][0]["status"] == "recorded"

    def test_a_request_that_takes_too_long_is_503_before_the_gateway_cuts_it_off(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret = site.world.secret()
        with monkeypatch.context() as patch:
            patch.setattr("chalicelib.http.problems.BEGIN_WITHIN", 0.0)
            answer = site.report(secret, REPORT)
        problem(answer, 503, "busy")
        assert int(answer.headers["Retry-After"]) >= 1
        assert site.report(secret, REPORT).status_code == 200

    @pytest.mark.parametrize("store", ["sqlite"])
    def test_a_full_disk_is_503_while_it_lasts_and_what_was_recorded_is_shown(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret, table = site.world.secret(), site.world.muster.stores.table
        assert isinstance(table, SQLiteTable)
        site.report(secret, REPORT)
        with monkeypatch.context() as full:
            full.setattr(sqlite, "_SETTINGS", (*sqlite._SETTINGS, "PRAGMA max_page_count = 1"))
            table.close()  # so that it is opened with that
            answer = site.report(secret, {**REPORT, "commander": "Merlin" * 8})
            problem(answer, 503, "busy")
            assert answer.json()["detail"].startswith("Nothing can be recorded just now.")
            assert int(answer.headers["Retry-After"]) >= 30
            events = site.get("/v1/servers/101/progress").json()["events"]
            assert sum(event["completions"] for event in events) == 1
            table.close()
        assert site.report(secret, REPORT).json()["results"][0]["status"] == "already_recorded"
        assert site.report(secret, {**REPORT, "commander": "Merlin" * 8}).status_code == 200

    def test_a_fault_of_our_own_is_told_without_its_trace(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("secret detail")

        monkeypatch.setattr(Overview, "schedule", broken)
        answer = site.get("/v1/servers/101/schedule")
        problem(answer, 500, "internal")
        assert "secret detail" not in answer.text
        assert not app.app.debug, "Chalice would tell it"
