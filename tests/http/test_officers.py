"""What officers and readers do: rosters, imports, exports, corrections, readings, the ledger."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from chalicelib.catalog import load_catalog
from chalicelib.store import keys
from chalicelib.store.table import Update
from tests.first_version import put_commander
from tests.http.conftest import Site
from tests.http.test_api import problem
from tests.world import (
    ARCHITECTS,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    World,
)

NOVA, ORBIT = "/v1/servers/101/alliances/nova", "/v1/servers/101/alliances/orbit"
PROGRESS = f"/v1/servers/101/events/{DEFENDERS}/progress"
READINGS = f"/v1/servers/101/events/{DEFENDERS}/readings"


@dataclass
class Desk:
    """Somebody's calls with one key. A dict is sent as JSON, a text as CSV."""

    site: Site
    secret: str

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        if isinstance(body, str | bytes):
            headers = {"Content-Type": "text/csv", **options.pop("headers", {})}
            data = body.encode() if isinstance(body, str) else body
            options |= {"data": data, "headers": headers}
        elif body is not None:
            options["json"] = body
        return self.site.call(method, path, self.secret, **options)

    def add(self, *names: str, alliance: str = NOVA) -> list[str]:
        """Their ids."""
        bodies = [{"name": name, "is_new": True} for name in names]
        return [self("POST", f"{alliance}/commanders", body).json()["id"] for body in bodies]

    def roster(self, alliance: str = NOVA) -> list[str]:
        return [one["name"] for one in self("GET", f"{alliance}/commanders").json()["commanders"]]


@pytest.fixture
def officer(site: Site) -> Desk:
    """Of the whole server."""
    return Desk(site, site.world.secret("officer", "101", None))


@pytest.fixture
def member(site: Site) -> Callable[..., requests.Response]:
    """Reports through the link of an alliance."""
    links = {alliance: site.world.secret(alliance=alliance) for alliance in ("nova", "orbit")}

    def report(name: str, *milestones: str, alliance: str = "nova", **more: Any) -> requests.Response:
        return site.report(links[alliance], {"commander": name, "milestones": milestones, **more})

    return report


def table_of(answer: requests.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.text, newline="")))


def stored(world: World) -> Iterator[str]:
    """Everything that the table holds, as text."""
    yield from map(str, world.muster.stores.table.scan())


class TestTheRoster:
    def test_who_is_on_it_and_how_they_came(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        added = officer("POST", f"{NOVA}/commanders", {"name": "  Merlin  Two "})
        assert added.status_code == 201
        entry = added.json()
        assert entry == {
            "id": entry["id"],
            "name": "Merlin Two",
            "alliance": "nova",
            "added_at": "2023-11-15T12:00:00Z",
            "added_by": "officer",
            "retired_at": None,
            "aliases": [],
        }
        assert officer("GET", f"{NOVA}/commanders/{entry['id']}").json() == entry
        member("Kestrel", HIDDEN_MOTIVATIONS)
        roster = officer("GET", f"{NOVA}/commanders").json()
        assert (roster["server"], roster["alliance"]) == ("101", "nova")
        assert [(one["name"], one["added_by"]) for one in roster["commanders"]] == [
            ("Kestrel", "member"),
            ("Merlin Two", "officer"),
        ]
        themselves = officer("GET", f"{NOVA}/commanders?added_by=member").json()["commanders"]
        assert [one["name"] for one in themselves] == ["Kestrel"]
        listed = table_of(officer("GET", f"{NOVA}/commanders.csv?added_by=officer"))
        assert listed[0] == ["Commander", "Id", "Added at", "Added by", "Retired at"]
        assert listed[1:] == [["Merlin Two", entry["id"], "2023-11-15T12:00:00Z", "officer", ""]]
        assert problem(officer("GET", f"{NOVA}/commanders?added_by=me"), 422, "malformed") == ["added_by"]

    @pytest.mark.parametrize(
        ("body", "code", "fields"),
        [
            ({}, "malformed", ["name"]),
            ({"name": None}, "malformed", ["name"]),
            ({"name": "Kestrel", "is_new": "yes"}, "malformed", ["is_new"]),
            ({"name": "Kestrel", "alliance": "nova"}, "malformed", ["alliance"]),
            ({"name": ""}, "invalid-name", ["name"]),
            ({"name": "Kes\u202etrel"}, "invalid-name", ["name"]),
            ({"name": "x" * 65}, "invalid-name", ["name"]),
        ],
    )
    def test_what_is_no_commander_is_422_by_field(
        self, officer: Desk, body: dict[str, Any], code: str, fields: list[str]
    ) -> None:
        assert problem(officer("POST", f"{NOVA}/commanders", body), 422, code) == fields
        (kestrel,) = officer.add("Kestrel")
        if "is_new" not in body:
            answer = officer("PATCH", f"{NOVA}/commanders/{kestrel}", body)
            assert problem(answer, 422, code) == fields
        assert officer.roster() == ["Kestrel"]

    def test_those_who_have_one_name_are_told(self, officer: Desk) -> None:
        (altair,) = officer.add("Altair")
        put_commander(officer.site.world, "tagged", "[NOVA] Altair")
        listed = officer("GET", f"{NOVA}/commanders").json()
        assert listed["possible_duplicates"] == [
            [
                {"id": "tagged", "name": "[NOVA] Altair", "alliance": "nova"},
                {"id": altair, "name": "Altair", "alliance": "nova"},
            ]
        ]
        body = {"commander": "[NOVA] Altair"}
        assert officer("POST", f"{NOVA}/commanders/{altair}/merge", body).status_code == 200
        assert officer("GET", f"{NOVA}/commanders").json()["possible_duplicates"] == []

    def test_a_near_name_is_asked_about_and_can_be_insisted_on(self, officer: Desk) -> None:
        officer.add("Kestrel")
        answer = officer("POST", f"{NOVA}/commanders", {"name": "Kestrle"})
        assert problem(answer, 409, "did-you-mean") == ["name"]
        assert answer.json()["suggestions"] == ["Kestrel"]
        assert officer("POST", f"{NOVA}/commanders", {"name": "Kestrle", "is_new": True}).status_code == 201

    def test_who_is_there_already_is_told_where(self, officer: Desk) -> None:
        officer.add("Kestrel")
        again = officer("POST", f"{NOVA}/commanders", {"name": "KESTREL"})
        assert problem(again, 409, "already-on-roster") == ["name"]
        elsewhere = officer("POST", f"{ORBIT}/commanders", {"name": "Kestrel"})
        assert problem(elsewhere, 409, "other-alliance") == ["name"]

    def test_a_new_name_keeps_the_commander_and_the_old_one_is_kept_until_somebody_is_given_it(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS).json()["commander"]["id"]
        renamed = officer("PATCH", f"{NOVA}/commanders/{kestrel}", {"name": "Osprey"})
        assert (renamed.status_code, renamed.json()["name"], renamed.json()["id"]) == (200, "Osprey", kestrel)
        assert renamed.json()["aliases"] == ["kestrel"]
        for name, formerly in (("osprey", None), ("KESTREL", "Kestrel")):
            again = member(name, HIDDEN_MOTIVATIONS).json()
            told = {"formerly": formerly} if formerly else {}
            assert again["commander"] == {"id": kestrel, "name": "Osprey", **told}
            assert again["results"][0]["status"] == "already_recorded"
            void = {"action": "void", "commander": name, "milestone": HIDDEN_MOTIVATIONS, "reason": "a slip"}
            voided = officer("POST", "/v1/corrections", void)
            assert voided.json()["commander"] == again["commander"]
            officer("POST", "/v1/corrections", void | {"action": "restore"})
        assert officer.add("Kestrel") != [kestrel]
        taken = officer("PATCH", f"{NOVA}/commanders/{kestrel}", {"name": "kestrel"})
        assert problem(taken, 409, "name-taken") == ["name"]

    def test_two_become_one_and_each_completion_counts_once(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES).json()["commander"]["id"]
        member("Kestrel alt", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE, is_new=True)
        body = {"commander": "Kestrel alt", "reason": "the same person"}
        merged = officer("POST", f"{NOVA}/commanders/{kestrel}/merge", body)
        assert (merged.status_code, merged.json()["id"]) == (200, kestrel)
        assert merged.json()["aliases"] == ["kestrel alt"]
        progress = officer.site.get(PROGRESS).json()
        assert (progress["completions"], progress["commanders"]) == (2, 1)
        assert member("kestrel ALT", CONFRONTING_RESILIENCE).json()["commander"]["id"] == kestrel
        again = officer("POST", f"{NOVA}/commanders/{kestrel}/merge", body)
        assert problem(again, 409, "same-commander") == ["commander"]
        for other in ("Nobody", " ", "a#b", "ﷺ" * 200):
            answer = officer("POST", f"{NOVA}/commanders/{kestrel}/merge", {"commander": other})
            assert problem(answer, 404, "unknown-commander") == ["commander"]

    def test_who_moves_takes_along_what_they_completed(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS).json()["commander"]["id"]
        path = f"{NOVA}/commanders/{kestrel}/move"
        of_nova = Desk(officer.site, officer.site.world.secret("officer"))
        problem(of_nova("POST", path, {"alliance": "orbit"}), 403, "out-of-scope")
        moved = officer("POST", path, {"alliance": "orbit", "reason": "changed alliance"})
        assert (moved.status_code, moved.json()["alliance"]) == (200, "orbit")
        assert (officer.roster(), officer.roster(ORBIT)) == ([], ["Kestrel"])
        assert officer.site.get(PROGRESS).json()["completions"] == 1
        elsewhere = member("Kestrel", HIDDEN_MOTIVATIONS)
        assert problem(elsewhere, 409, "other-alliance") == ["commander"]
        again = member("Kestrel", HIDDEN_MOTIVATIONS, alliance="orbit").json()
        assert again["results"][0]["status"] == "already_recorded"
        assert officer("POST", path, {"alliance": "orbit"}).json() == moved.json(), "it is done already"
        back = f"{ORBIT}/commanders/{kestrel}/move"
        assert problem(officer("POST", back, {"alliance": "nope"}), 404, "unknown-alliance") == ["alliance"]
        assert officer("POST", back, {"alliance": "nova"}).json()["alliance"] == "nova"

    def test_who_has_retired_is_welcome_elsewhere_at_once_and_counts_once(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        (kestrel,) = officer.add("Kestrel", alliance=ORBIT)
        member("Kestrel", HIDDEN_MOTIVATIONS, alliance="orbit")
        problem(member("Kestrel", HIDDEN_MOTIVATIONS), 409, "other-alliance")
        retired = officer("POST", f"{ORBIT}/commanders/{kestrel}/retire", {"reason": "left the game"})
        assert (retired.status_code, retired.json()["retired_at"]) == (200, "2023-11-15T12:00:00Z")
        problem(member("Kestrel", HIDDEN_MOTIVATIONS, alliance="orbit"), 409, "not-on-roster")
        back = member("Kestrel", HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES).json()
        assert [result["status"] for result in back["results"]] == ["already_recorded", "recorded"]
        assert back["commander"]["id"] == kestrel
        assert officer.site.get(PROGRESS).json()["completions"] == 2
        assert (officer.roster(ORBIT), officer.roster()) == ([], ["Kestrel"])

    @pytest.mark.parametrize("body", [None, {}, {"reason": "a mistake"}, {"reason": None}])
    def test_a_retirement_can_be_undone_and_a_reason_is_optional(self, officer: Desk, body: Any) -> None:
        (kestrel,) = officer.add("Kestrel")
        for _ in range(2):
            assert officer("POST", f"{NOVA}/commanders/{kestrel}/retire", body).json()["retired_at"]
        for _ in range(2):
            answer = officer("POST", f"{NOVA}/commanders/{kestrel}/reinstate", body)
            assert (answer.status_code, answer.json()["retired_at"]) == (200, None)

    @pytest.mark.parametrize("action", ["retire", "reinstate", "forget", "merge", "move"])
    def test_what_is_done_to_a_commander_is_checked_by_field(self, officer: Desk, action: str) -> None:
        (kestrel,) = officer.add("Kestrel")
        to = {"merge": {"commander": "x"}, "move": {"alliance": "nova"}}.get(action, {})
        path = f"{NOVA}/commanders/{kestrel}/{action}"
        assert problem(officer("POST", path, {**to, "why": "x"}), 422, "malformed") == ["why"]
        if to:
            assert problem(officer("POST", path), 422, "malformed") == ["body"]
        if action != "forget":
            for reason in ("", "  ", "x" * 501, 5):
                body = {**to, "reason": reason}
                assert problem(officer("POST", path, body), 422, "malformed") == ["reason"]
        nobody = f"{NOVA}/commanders/nobody/{action}"
        assert problem(officer("POST", nobody, to), 404, "unknown-commander") == ["commander"]


def test_who_is_forgotten_is_named_nowhere_and_what_they_completed_stays(
    officer: Desk, member: Callable[..., requests.Response]
) -> None:
    site, world = officer.site, officer.site.world
    kestrel = member("Wanderfalke", HIDDEN_MOTIVATIONS).json()["commander"]["id"]
    member("WanderfalkeTwo", ENLISTING_OLD_ALLIES, is_new=True)
    merge = {"commander": "WanderfalkeTwo", "reason": "WanderfalkeTwo is Wanderfalke"}
    officer("POST", f"{NOVA}/commanders/{kestrel}/merge", merge)
    officer("PATCH", f"{NOVA}/commanders/{kestrel}", {"name": "Wanderfalke der Dritte"})
    why = {"reason": "Wanderfalke der Dritte asked"}
    void = {"action": "void", "commander": kestrel, "alliance": "nova", "milestone": ENLISTING_OLD_ALLIES}
    officer("POST", "/v1/corrections", void | why)
    officer("POST", f"{NOVA}/commanders/{kestrel}/move", {"alliance": "orbit"} | why)
    officer("POST", f"{ORBIT}/commanders/{kestrel}/move", {"alliance": "nova"} | why)
    officer("POST", f"{NOVA}/commanders/{kestrel}/retire", why)
    before = site.get(PROGRESS).json()
    assert any("wanderfalke" in text.casefold() for text in stored(world)), "or this test is none"

    forgotten = officer("POST", f"{NOVA}/commanders/{kestrel}/forget")
    assert forgotten.status_code == 200
    assert forgotten.json()["name"].startswith("Forgotten commander ")
    assert officer("POST", f"{NOVA}/commanders/{kestrel}/forget", {}).json() == forgotten.json()
    texts = list(stored(world))
    assert [text for text in texts if "wanderfalke" in text.casefold()] == []
    assert any(kestrel in text for text in texts)
    for alliance in (NOVA, ORBIT):
        for path in ("commanders", "commanders.csv", "missing", "missing.csv"):
            assert "wanderfalke" not in officer("GET", f"{alliance}/{path}").text.casefold()
        for path in ("completions", "completions.csv"):
            answer = officer("GET", f"{alliance}/{path}", params={"event": DEFENDERS})
            assert "wanderfalke" not in answer.text.casefold()
    assert "wanderfalke" not in officer("GET", "/v1/servers/101/ledger?limit=200").text.casefold()
    assert site.get(PROGRESS).json() == before
    assert world.muster.ledger_pages.differences("101") == []
    assert world.muster.refresh.refresh_totals().drifts == ()


class TestImporting:
    ROSTER = "Commander\nKestrel\nMerlin\n"
    PATH = f"{NOVA}/commanders/import"
    COMPLETIONS = f"{NOVA}/completions/import"

    def test_a_dry_run_writes_nothing_the_same_for_real_once(self, officer: Desk) -> None:
        officer.add("Merlin")
        before = sorted(stored(officer.site.world))
        dry = officer("POST", f"{self.PATH}?dry_run=true", self.ROSTER)
        assert sorted(stored(officer.site.world)) == before
        line = {"adds_commander": False, "milestones": [], "times": [], "reasons": []}
        shown: dict[str, Any] = {"milestones": [], "reported_at": None}
        expected = {
            "dry_run": True,
            "new": 1,
            "known": 1,
            "timed": 0,
            "refused": 0,
            "remaining": 0,
            "next_line": None,
            "read_as": {
                "separator": "comma",
                "header_line": 1,
                "skipped_lines": [],
                "columns": [{"heading": "Commander", "used_for": "commander", "milestone": None}],
                "dates": None,
            },
            "first": [
                {"line": 2, "commander": "Kestrel", **shown},
                {"line": 3, "commander": "Merlin", **shown},
            ],
            "lines": [
                {"line": 2, "commander": "Kestrel", "status": "new", **line, "adds_commander": True},
                {"line": 3, "commander": "Merlin", "status": "known", **line},
            ],
        }
        assert (dry.status_code, dry.json()) == (200, expected)
        real = officer("POST", self.PATH, self.ROSTER)
        assert real.json() == {**expected, "dry_run": False}
        assert officer.roster() == ["Kestrel", "Merlin"]
        again = officer("POST", self.PATH, self.ROSTER).json()
        assert (again["new"], again["known"], again["refused"]) == (0, 2, 0)

    def test_a_wrong_line_spoils_no_other_unless_it_is_to_be_all_or_nothing(self, officer: Desk) -> None:
        text = "Commander\nKestrel\nKes\u202etrel\nKestrle\nkestrel\n"
        nothing = officer("POST", f"{self.PATH}?all_or_nothing=1", text).json()
        assert [line["status"] for line in nothing["lines"]] == ["not_done", "refused", "refused", "refused"]
        assert officer.roster() == []
        done = officer("POST", f"{self.PATH}?all_or_nothing=no", text).json()
        assert [line["status"] for line in done["lines"]] == ["new", "refused", "refused", "refused"]
        assert "turns the direction of text" in done["lines"][1]["reasons"][0]
        assert "Did you mean Kestrel?" in done["lines"][2]["reasons"][0]
        insisted = officer("POST", f"{self.PATH}?is_new=YES", "Commander\nKestrle\n").json()
        assert insisted["new"] == 1
        assert officer.roster() == ["Kestrel", "Kestrle"]

    @pytest.mark.parametrize("path", [PATH, COMPLETIONS])
    @pytest.mark.parametrize("name", ["dry_run", "all_or_nothing", "is_new"])
    @pytest.mark.parametrize("value", ["", "maybe", "2", "on", "true,false"])
    def test_a_choice_that_is_none_imports_nothing(
        self, officer: Desk, path: str, name: str, value: str
    ) -> None:
        answer = officer("POST", path, self.ROSTER, params={name: value})
        assert problem(answer, 422, "malformed") == [name]
        assert officer.roster() == []

    @pytest.mark.parametrize(
        ("query", "field"), [("dryrun=true", "dryrun"), ("dry_run=true&dry_run=false", "dry_run")]
    )
    def test_a_choice_that_is_misspelt_or_made_twice_imports_nothing(
        self, officer: Desk, query: str, field: str
    ) -> None:
        answer = officer("POST", f"{self.PATH}?{query}", self.ROSTER)
        assert problem(answer, 422, "malformed") == [field]
        assert officer.roster() == []

    @pytest.mark.parametrize("path", [PATH, COMPLETIONS])
    def test_what_is_no_csv_is_refused(self, officer: Desk, path: str) -> None:
        problem(officer("POST", path, {"commanders": ["Kestrel"]}), 415, "unsupported-media-type")
        problem(officer("POST", path), 415, "unsupported-media-type")
        for body in ("Commander\nZoë\n".encode("latin-1"), "Commander\nZoë\n".encode("utf-16")):
            assert problem(officer("POST", path, body), 422, "malformed") == ["body"]
        for text in ("", "\n\n", 'Commander\n"Kestrel\n', "Commander\n\0\n", "Commander\n"):
            assert problem(officer("POST", path, text), 422, "malformed") == ["csv"]
        assert problem(officer("POST", path, "x" * (1024 * 1024 + 1)), 413, "too-large") == ["body"]
        many = "Commander,Milestone\n" + f"Kestrel,{HIDDEN_MOTIVATIONS}\n" * 1001
        assert problem(officer("POST", path, many), 413, "too-large") == ["csv"]
        unknown = officer("POST", f"{path}?commander_column=Pilot", "A,B\n1,2\n")
        assert problem(unknown, 422, "malformed") == ["commander_column"]
        assert officer.roster() == []

    @pytest.mark.parametrize(
        ("text", "field", "decided"),
        [
            ("Crew\nKestrel\n", "header_line", {"header_line": 1}),
            ("Nova Guard\nIGN\nKestrel\n", "header_line", {"header_line": 2}),
            ("IGN\nKestrel;Agent\n", "separator", {"separator": "comma"}),
            ("Pilot,Rank\nKestrel,Agent\n", "commander_column", {"commander_column": "Pilot"}),
            ("Agent,Kestrel\n", "commander_column", {"header_line": 0, "commander_column": 2}),
        ],
    )
    def test_a_roster_that_is_not_certain_is_asked_about(
        self, officer: Desk, text: str, field: str, decided: dict[str, Any]
    ) -> None:
        for path in (self.PATH, f"{self.PATH}?dry_run=true"):
            assert problem(officer("POST", path, text), 422, "malformed") == [field]
        assert officer.roster() == []
        assert officer("POST", self.PATH, text, params=decided).json()["new"] == 1

    @pytest.mark.parametrize(
        ("head", "at", "field", "decided"),
        [
            ("Stardate", "15.11.2023 10:00", "timestamp_column", {"timestamp_column": "Stardate"}),
            ("Stardate", "15.11.2023 10:00", "timestamp_column", {"without_times": "true"}),
            ("Zeitstempel", "11/12/2023 10:00", "timestamp_format", {"timestamp_format": "month-first"}),
        ],
    )
    def test_a_time_that_is_not_certain_is_asked_about(
        self, officer: Desk, head: str, at: str, field: str, decided: dict[str, str]
    ) -> None:
        text = f"{head};Spieler;Unraveling Anomalies\n{at};Kestrel;WAHR\n"
        assert problem(officer("POST", self.COMPLETIONS, text), 422, "malformed") == [field]
        assert officer.roster() == []
        answer = officer("POST", self.COMPLETIONS, text, params=decided).json()
        assert answer["lines"][0]["status"] == ("refused" if field == "timestamp_format" else "new")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("separator", "colon"),
            ("separator", ";"),
            ("header_line", "-1"),
            ("header_line", "first"),
            ("header_line", "9" * 30),
            ("from_line", "x"),
            ("without_times", "maybe"),
            ("timestamp_format", "day_first"),
        ],
    )
    def test_a_parameter_that_is_none_is_refused(self, officer: Desk, name: str, value: str) -> None:
        text = f"IGN,Milestone,Timestamp\nKestrel,{HIDDEN_MOTIVATIONS},2023-11-15\n"
        assert problem(officer("POST", self.COMPLETIONS, text, params={name: value}), 422, "malformed") == [
            name
        ]
        assert officer.roster() == []

    def test_lines_before_one_can_be_left_alone(self, officer: Desk) -> None:
        answer = officer("POST", f"{self.PATH}?from_line=3", "IGN\nKestrel\nMerlin\n").json()
        assert [line["line"] for line in answer["lines"]] == [3]
        assert officer.roster() == ["Merlin"]

    def test_a_byte_order_mark_and_a_charset_are_welcome(self, officer: Desk) -> None:
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        text = "\ufeffSpieler;Rang\nZoë;1\n"
        answer = officer("POST", f"{self.PATH}?commander_column=Spieler", text, headers=headers)
        assert answer.json()["new"] == 1
        assert officer.roster() == ["Zoë"]

    def test_the_answers_of_a_google_form(self, officer: Desk) -> None:
        text = (
            "\ufeffTimestamp,Your commander's name,What have you completed?\r\n"
            '11/15/2023 10:02:03,Kestrel,"Hidden Motivations, Enlisting Old Allies"\r\n'
            "11/15/2023 11:02:03,kestrel,Hidden Motivations\r\n"
            "11/15/2023 11:30:00,Merlin,Hidden Motivation\r\n"
            "11/16/2023 11:30:00,Osprey,Hidden Motivations\r\n"
            "11/14/2023 11:30:00,Falcon,Hidden Motivations\r\n"
        )
        dry = officer("POST", f"{self.COMPLETIONS}?dry_run=1", text).json()
        assert officer.site.get(PROGRESS).json()["completions"] == 0
        real = officer("POST", self.COMPLETIONS, text).json()
        assert real == {**dry, "dry_run": False}
        assert [line["status"] for line in real["lines"]] == ["new", "known", *["refused"] * 3]
        assert real["lines"][0]["milestones"] == [HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES]
        assert "Did you mean 'Hidden Motivations'?" in real["lines"][2]["reasons"][0]
        assert real["lines"][3]["reasons"] == ["The time is still to come."]
        assert (
            "The time of this report is earlier: Tue 14 Nov at 11:30 UTC." in real["lines"][4]["reasons"][0]
        )
        again = officer("POST", self.COMPLETIONS, text).json()
        assert (again["new"], again["known"], again["refused"]) == (0, 2, 3)
        rows = table_of(officer("GET", f"{NOVA}/completions.csv?event={DEFENDERS}"))
        assert [row[-2:] for row in rows[1:]] == [["2023-11-15T12:00:00Z", "2023-11-15T10:02:03Z"]] * 2

    def test_two_names_of_one_commander_are_one_commander(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        kestrel, _ = officer.add("Kestrel", "Merlin", alliance=ORBIT)
        officer("POST", f"{ORBIT}/commanders/{kestrel}/merge", {"commander": "Merlin"})
        officer("POST", f"{ORBIT}/commanders/{kestrel}/retire")
        text = f"Name,Milestone\nKestrel,{HIDDEN_MOTIVATIONS}\nMerlin,{HIDDEN_MOTIVATIONS}\n"
        dry = officer("POST", f"{self.COMPLETIONS}?dry_run=1", text).json()
        assert [line["status"] for line in dry["lines"]] == ["new", "known"]
        assert officer("POST", self.COMPLETIONS, text).json() == {**dry, "dry_run": False}
        assert officer.roster() == ["Kestrel"]

    def test_the_columns_can_be_named(self, officer: Desk) -> None:
        text = "Pilot;Did;When\nKestrel;confronting-resilience;15.11.2023 09-00\n"
        asked = {
            "commander_column": "Pilot",
            "milestone_column": "Did",
            "timestamp_column": "When",
            "timestamp_format": "%d.%m.%Y %H-%M",
            "event": ARCHITECTS,
        }
        answer = officer("POST", self.COMPLETIONS, text, params=asked)
        assert answer.json()["lines"][0]["milestones"] == [CONFRONTING_RESILIENCE]
        wrong = {"milestone_column": "Done", "timestamp_format": "%Y", "event": "nope"}
        for name, value in wrong.items():
            answer = officer("POST", self.COMPLETIONS, text, params={**asked, name: value})
            assert problem(answer, 422, "malformed") == [name]


class TestExports:
    def test_completions_of_an_event(self, officer: Desk, member: Callable[..., requests.Response]) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES).json()["commander"]["id"]
        exported = officer("GET", f"{NOVA}/completions", params={"event": DEFENDERS}).json()
        assert {name: exported[name] for name in ("server", "alliance", "event")} == {
            "server": "101",
            "alliance": "nova",
            "event": DEFENDERS,
        }
        assert [one["milestone"] for one in exported["completions"]] == [
            ENLISTING_OLD_ALLIES,
            HIDDEN_MOTIVATIONS,
        ]
        assert exported["completions"][1] == {
            "commander_id": kestrel,
            "commander": "Kestrel",
            "event": DEFENDERS,
            "milestone": HIDDEN_MOTIVATIONS,
            "milestone_name": "Hidden Motivations",
            "points": 100,
            "recorded_at": "2023-11-15T12:00:00Z",
            "reported_at": None,
        }
        rows = table_of(officer("GET", f"{NOVA}/completions.csv?event={DEFENDERS}"))
        assert rows[0] == [
            *("Commander", "Event", "Milestone", "Name", "Points", "Recorded at", "Reported at"),
        ]
        assert rows[2] == [
            *("Kestrel", DEFENDERS, HIDDEN_MOTIVATIONS, "Hidden Motivations"),
            *("100", "2023-11-15T12:00:00Z", ""),
        ]

    @pytest.mark.parametrize("path", ["completions", "completions.csv"])
    def test_the_event_has_to_be_said(self, officer: Desk, path: str) -> None:
        assert problem(officer("GET", f"{NOVA}/{path}"), 422, "malformed") == ["event"]
        for event in ("", "nope", "a%23b"):
            answer = officer("GET", f"{NOVA}/{path}?event={event}")
            assert problem(answer, 404, "unknown-event") == ["event"]

    @pytest.mark.parametrize("path", ["commanders.csv", f"completions.csv?event={DEFENDERS}", "missing.csv"])
    def test_csv_is_sent_once_while_nothing_changes(
        self, officer: Desk, member: Callable[..., requests.Response], path: str
    ) -> None:
        member("Kestrel", CONFRONTING_RESILIENCE)
        first = officer("GET", f"{NOVA}/{path}")
        headers = {"Cache-Control": "private, max-age=60", "X-Content-Type-Options": "nosniff"}
        assert headers.items() <= dict(first.headers).items()
        assert first.headers["Content-Type"] == "text/csv; charset=utf-8"
        name = path.partition(".")[0]
        assert first.headers["Content-Disposition"].startswith(f'inline; filename="{name}-nova')
        etag = first.headers["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            same = officer("GET", f"{NOVA}/{path}", headers={"If-None-Match": known})
            assert (same.status_code, same.content) == (304, b"")
            assert (same.headers["ETag"], same.headers["Cache-Control"]) == (etag, headers["Cache-Control"])
        member("Merlin", HIDDEN_MOTIVATIONS)
        changed = officer("GET", f"{NOVA}/{path}", headers={"If-None-Match": etag})
        assert (changed.status_code, "Merlin" in changed.text) == (200, True)
        assert changed.headers["ETag"] != etag

    def test_no_name_becomes_a_formula(self, officer: Desk) -> None:
        names = ["=1+1", '=HYPERLINK("x","y")', "+49", "-1", "@SUM(A1)", "＝1", " =2"]
        officer.add(*names)
        for path in ("commanders.csv", "missing.csv"):
            rows = table_of(officer("GET", f"{NOVA}/{path}"))[1:]
            assert sorted(row[0] for row in rows) == sorted(f"'{name.strip()}" for name in names)
        back = officer("GET", f"{NOVA}/commanders.csv").content
        again = officer("POST", f"{NOVA}/commanders/import?dry_run=yes", back).json()
        assert (again["new"], again["known"]) == (0, len(names))

    def test_a_reader_s_key_may_stand_in_the_address_and_is_never_told_again(self, officer: Desk) -> None:
        site, secret = officer.site, officer.site.world.secret("reader")
        answer = site.get(f"{NOVA}/missing.csv?key={secret}")
        assert answer.status_code == 200
        assert secret not in answer.text + str(answer.headers)
        for wrong in (f"{ORBIT}/missing.csv", f"{NOVA}/completions.csv"):
            refused = site.get(f"{wrong}?key={secret}")
            assert refused.status_code in (403, 422)
            assert secret not in refused.text + str(refused.headers)
        assert refused.headers["Cache-Control"] == "no-store"
        problem(site.get(f"{NOVA}/missing?key={secret}"), 401, "no-key")
        problem(site.get(f"{NOVA}/missing.csv?key="), 401, "invalid-key")
        problem(site.get(f"{NOVA}/missing.csv"), 401, "no-key")
        headers = {"Authorization": "Bearer unknown"}
        problem(site.get(f"{NOVA}/missing.csv?key={secret}", headers=headers), 401, "invalid-key")

    def test_who_is_missing(self, officer: Desk, member: Callable[..., requests.Response]) -> None:
        officer.add("Merlin")
        kestrel = member("Kestrel", CONFRONTING_RESILIENCE).json()["commander"]["id"]
        both = [CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS]
        missing = officer("GET", f"{NOVA}/missing").json()
        assert missing["milestones"] == both, "those of today, if none is asked for"
        assert (missing["commanders"], missing["as_of"]) == (2, "2023-11-15T12:00:00Z")
        assert missing["missing"][0] == {
            "id": kestrel,
            "name": "Kestrel",
            "last_report": "2023-11-15T12:00:00Z",
            "milestones": [HIDDEN_MOTIVATIONS],
        }
        assert (missing["missing"][1]["last_report"], missing["missing"][1]["milestones"]) == (None, both)
        assert table_of(officer("GET", f"{NOVA}/missing.csv")) == [
            ["Commander", "Last report", "Missing"],
            ["Kestrel", "2023-11-15T12:00:00Z", "Hidden Motivations"],
            ["Merlin", "", "Confronting Resilience, Hidden Motivations"],
        ]
        asked = [("milestone", CONFRONTING_RESILIENCE), ("milestone", ENLISTING_OLD_ALLIES)]
        for path in ("missing", "missing.csv"):
            answer = officer("GET", f"{NOVA}/{path}", params=asked)
            assert "Enlisting Old Allies" in answer.text or ENLISTING_OLD_ALLIES in answer.text
            assert HIDDEN_MOTIVATIONS not in answer.text
            answer = officer("GET", f"{NOVA}/{path}", params=[*asked, ("milestone", "nope")])
            assert problem(answer, 404, "unknown-milestone") == ["milestone[2]"]

    def test_who_has_retired_is_not_missing(self, officer: Desk) -> None:
        (kestrel,) = officer.add("Kestrel")
        officer("POST", f"{NOVA}/commanders/{kestrel}/retire")
        assert officer("GET", f"{NOVA}/missing").json()["missing"] == []


VOID: dict[str, Any] = {
    "action": "void",
    "commander": "Kestrel",
    "milestone": HIDDEN_MOTIVATIONS,
    "reason": "a slip",
}
RESTORE = VOID | {"action": "restore"}


class TestCorrections:
    def test_what_was_voided_can_be_restored_and_repeating_changes_nothing(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS).json()["commander"]
        voided = officer("POST", "/v1/corrections", VOID)
        assert voided.status_code == 200
        standing = {"commander_points": 0, "commander_points_possible": 500, "server_points": 0}
        assert voided.json() == {
            "commander": kestrel,
            "milestone": HIDDEN_MOTIVATIONS,
            "status": "voided",
            "progress": [{"event": DEFENDERS, **standing, "next_tier": 8925}],
        }
        assert officer("POST", "/v1/corrections", VOID).json()["status"] == "already_voided"
        assert officer.site.get(PROGRESS).json()["completions"] == 0
        officer.site.world.clock.advance(hours=1)
        assert officer("POST", "/v1/corrections", RESTORE).json()["status"] == "restored"
        assert officer("POST", "/v1/corrections", RESTORE).json()["status"] == "already_recorded"
        again = member("Kestrel", HIDDEN_MOTIVATIONS).json()["results"][0]
        assert again["recorded_at"] == "2023-11-15T12:00:00Z", "as it was"

    @pytest.mark.parametrize("elsewhere", [NOVA, ORBIT])
    def test_an_id_means_its_commander_whatever_others_call_themselves(
        self, officer: Desk, member: Callable[..., requests.Response], elsewhere: str
    ) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS).json()["commander"]["id"]
        assert officer.add(kestrel, alliance=elsewhere) != [kestrel]
        voided = officer("POST", "/v1/corrections", VOID | {"alliance": "nova", "commander": kestrel}).json()
        assert voided["commander"] == {"id": kestrel, "name": "Kestrel"}
        told = officer("GET", f"/v1/servers/101/ledger?alliance=nova&commander={kestrel}").json()["entries"]
        assert {one["commander"]["id"] for one in told} == {kestrel}
        (merlin,) = officer.add("Merlin")
        merged = officer("POST", f"{NOVA}/commanders/{merlin}/merge", {"commander": kestrel})
        assert merged.json()["aliases"] == ["kestrel"]

    def test_there_must_be_something_to_correct(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        member("Kestrel", CONFRONTING_RESILIENCE)
        answer = officer("POST", "/v1/corrections", VOID)
        assert problem(answer, 409, "not-recorded") == ["milestone"]
        answer = officer("POST", "/v1/corrections", RESTORE)
        assert problem(answer, 409, "not-voided") == ["milestone"]
        for milestone in ("nope", "a#b", ""):
            answer = officer("POST", "/v1/corrections", VOID | {"milestone": milestone})
            assert problem(answer, 404, "unknown-milestone") == ["milestone"]
        for name in ("Nobody", "", "a#b", "ﷺ" * 200):
            answer = officer("POST", "/v1/corrections", VOID | {"commander": name})
            assert problem(answer, 404, "unknown-commander") == ["commander"]
        defenders = next(event for event in load_catalog() if event.id == DEFENDERS)
        archived = defenders.model_copy(update={"archived": True})
        officer.site.world.muster.stores.definitions.put_event(archived)
        answer = officer("POST", "/v1/corrections", VOID)
        assert problem(answer, 409, "event-archived") == ["milestone"]

    @pytest.mark.parametrize(
        ("change", "fields"),
        [
            ({"reason": None}, ["reason"]),
            ({"reason": ""}, ["reason"]),
            ({"reason": "x" * 501}, ["reason"]),
            ({"action": "delete"}, ["action"]),
            ({"milestone": [HIDDEN_MOTIVATIONS]}, ["milestone"]),
            ({"because": "x"}, ["because"]),
        ],
    )
    def test_malformed_input_is_422_by_field(
        self, officer: Desk, change: dict[str, Any], fields: list[str]
    ) -> None:
        assert problem(officer("POST", "/v1/corrections", VOID | change), 422, "malformed") == fields
        without = {name: value for name, value in VOID.items() if name != "reason"}
        assert problem(officer("POST", "/v1/corrections", without), 422, "malformed") == ["reason"]

    def test_an_id_does_where_the_alliance_is_said_and_an_admin_says_the_server(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        kestrel = member("Kestrel", HIDDEN_MOTIVATIONS).json()["commander"]["id"]
        body = VOID | {"commander": kestrel}
        problem(officer("POST", "/v1/corrections", body), 404, "unknown-commander")
        assert officer("POST", "/v1/corrections", body | {"alliance": "nova"}).json()["status"] == "voided"
        admin = Desk(officer.site, officer.site.world.secret("admin", None, None))
        assert problem(admin("POST", "/v1/corrections", VOID), 422, "malformed") == ["server"]
        restored = admin("POST", "/v1/corrections", RESTORE | {"server": "101"})
        assert restored.json()["status"] == "restored"
        problem(admin("POST", "/v1/corrections", VOID | {"server": "999"}), 404, "unknown-server")

    def test_an_officer_corrects_their_own_alliance_only(
        self, site: Site, member: Callable[..., requests.Response]
    ) -> None:
        member("Kestrel", HIDDEN_MOTIVATIONS)
        of_orbit = Desk(site, site.world.secret("officer", "101", "orbit"))
        problem(of_orbit("POST", "/v1/corrections", VOID), 403, "out-of-scope")


class TestReadings:
    def test_a_reading_stands_beside_what_is_reported(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        member("Kestrel", HIDDEN_MOTIVATIONS)
        logged = officer("POST", READINGS, {"points": 400})
        assert logged.status_code == 201
        assert logged.json() == {
            "id": officer("GET", READINGS).json()["readings"][0]["id"],
            "points": 400,
            "read_at": "2023-11-15T12:00:00Z",
            "reported_points": 100,
            "coverage": 0.25,
            "logged_at": "2023-11-15T12:00:00Z",
            "logged_by": "test officer",
        }
        progress = officer.site.get(PROGRESS).json()
        assert progress["official"] == {"points": 400, "read_at": "2023-11-15T12:00:00Z"}
        assert (progress["points"], progress["coverage"]) == (100, 0.25)
        assert progress["best"] == {"points": 400, "by": "reading"}
        assert progress["tiers"][0]["remaining"] == 8525
        officer.site.world.clock.advance(hours=1)
        earlier = {"points": 300, "read_at": "2023-11-15T12:30:00+01:00"}
        assert officer("POST", READINGS, earlier).json()["read_at"] == "2023-11-15T11:30:00Z"
        readings = officer("GET", READINGS).json()
        assert (readings["server"], readings["event"]) == ("101", DEFENDERS)
        assert [one["points"] for one in readings["readings"]] == [400, 300]
        assert officer.site.get(PROGRESS).json()["official"]["points"] == 400

    def test_a_reading_can_reach_a_tier(self, officer: Desk) -> None:
        answer = officer("POST", READINGS, {"points": 8925})
        assert problem(answer, 409, "implausible-reading") == ["points"], "reports don't reach it"
        assert "would reach the reward at 8,925 points" in answer.json()["detail"]
        assert officer.site.get(PROGRESS).json()["tiers"][0]["reached"] is False
        assert officer("POST", READINGS, {"points": 8925, "confirm": True}).status_code == 201
        (tier,) = officer.site.get(PROGRESS).json()["tiers"]
        assert (tier["reached"], tier["reached_by"]) == (True, "reading")

    def test_what_can_hardly_be_is_asked_about_and_can_be_confirmed(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        for number in range(10):
            member(f"Commander {number}", HIDDEN_MOTIVATIONS, is_new=True)
        assert officer("POST", READINGS, {"points": 950}).status_code == 201, "within the tolerance of 5 %"
        officer.site.world.clock.advance(minutes=1)
        answer = officer("POST", READINGS, {"points": 949})
        assert problem(answer, 409, "implausible-reading") == ["points"]
        assert "do not fall" in answer.json()["detail"]
        assert officer("POST", READINGS, {"points": 94, "confirm": True}).status_code == 201
        assert officer.site.get(PROGRESS).json()["official"]["points"] == 94
        too_low = officer("POST", READINGS.replace(DEFENDERS, ARCHITECTS), {"points": 0})
        assert too_low.status_code == 201, "nothing was reported there"

    def test_one_key_does_not_fill_them(self, officer: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("chalicelib.services.readings.MOST_OF_A_KEY", 2)
        first, _ = (officer("POST", READINGS, {"points": points}).json()["id"] for points in (1, 2))
        problem(officer("POST", READINGS, {"points": 3, "confirm": True}), 409, "too-many-readings")
        another = Desk(officer.site, officer.site.world.secret("officer"))
        assert another("POST", READINGS, {"points": 3}).status_code == 201
        officer("DELETE", f"{READINGS}/{first}")
        assert officer("POST", READINGS, {"points": 4}).status_code == 201

    def test_a_digit_too_many_is_asked_about(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        member("Kestrel", HIDDEN_MOTIVATIONS)
        assert officer("POST", READINGS, {"points": 999}).status_code == 201
        answer = officer("POST", READINGS, {"points": 9990})
        assert problem(answer, 409, "implausible-reading") == ["points"]
        assert "10 times the 999 points that are known" in answer.json()["detail"]

    def test_a_slip_is_withdrawn_and_the_right_figure_taken(self, officer: Desk) -> None:
        right = officer("POST", READINGS, {"points": 800}).json()
        officer.site.world.clock.advance(minutes=5)
        slip = officer("POST", READINGS, {"points": 89_250, "confirm": True}).json()
        problem(officer("POST", READINGS, {"points": 900}), 409, "implausible-reading")
        assert officer("DELETE", f"{READINGS}/{slip['id']}").status_code == 204
        progress = officer.site.get(PROGRESS).json()
        assert progress["official"] == {"points": 800, "read_at": right["read_at"]}
        (tier,) = progress["tiers"]
        assert (tier["reached"], tier["remaining"]) == (True, 8125), "flagged, not silently un-reached"
        assert officer("POST", READINGS, {"points": 900}).status_code == 201
        assert [one["points"] for one in officer("GET", READINGS).json()["readings"]] == [900, 800]
        assert problem(officer("DELETE", f"{READINGS}/{slip['id']}"), 404, "unknown-reading") == ["reading"]
        entry = next(
            entry
            for entry in officer("GET", "/v1/servers/101/ledger").json()["entries"]
            if entry["action"] == "withdraw"
        )
        assert (entry["before"]["points"], entry["after"]) == (89_250, None)

    def test_without_the_only_reading_there_is_none(self, officer: Desk) -> None:
        logged = officer("POST", READINGS, {"points": 800}).json()
        assert officer("DELETE", f"{READINGS}/{logged['id']}").status_code == 204
        assert officer.site.get(PROGRESS).json()["official"] is None
        assert officer("POST", READINGS, {"points": 700}).status_code == 201

    def test_an_earlier_reading_is_withdrawn_and_the_latest_stays(self, officer: Desk) -> None:
        first = officer("POST", READINGS, {"points": 800}).json()
        officer.site.world.clock.advance(minutes=5)
        officer("POST", READINGS, {"points": 900})
        assert officer("DELETE", f"{READINGS}/{first['id']}").status_code == 204
        assert officer.site.get(PROGRESS).json()["official"]["points"] == 900

    @pytest.mark.parametrize("by_first_version", [False, True])
    def test_a_reading_within_a_thousandth_of_a_second_is_known_again(
        self, officer: Desk, by_first_version: bool
    ) -> None:
        """What is written of such a time reads as a whole second. 0.1.0 wrote it otherwise than a whole second."""
        world = officer.site.world
        world.clock.advance(microseconds=300)
        first = officer("POST", READINGS, {"points": 800}).json()
        if by_first_version:
            table = world.muster.stores.table
            latest = keys.latest_reading("101", DEFENDERS)
            table.write(Update(latest, set={"read_at": "2023-11-15T12:00:00.000Z"}))
            logged = keys.reading("101", DEFENDERS, first["id"])
            table.write(Update(logged, set={"at": "2023-11-15T12:00:00.000Z"}))
        world.clock.advance(minutes=5)
        assert officer("POST", READINGS, {"points": 900}).status_code == 201
        assert officer("DELETE", f"{READINGS}/{first['id']}").status_code == 204
        assert [one["points"] for one in officer("GET", READINGS).json()["readings"]] == [900]

    def test_a_clock_that_is_ahead_by_seconds_is_borne(self, officer: Desk) -> None:
        logged = officer("POST", READINGS, {"points": 1, "read_at": "2023-11-15T12:00:45Z"})
        assert logged.json()["read_at"] == "2023-11-15T12:00:00Z"

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, ["points"]),
            ({"points": -1}, ["points"]),
            ({"points": 10**12 + 1}, ["points"]),
            ({"points": "100"}, ["points"]),
            ({"points": 1.5}, ["points"]),
            ({"points": True}, ["points"]),
            ({"points": 1, "confirm": 1}, ["confirm"]),
            ({"points": 1, "read_at": "yesterday"}, ["read_at"]),
            ({"points": 1, "read_at": "2023-11-15T12:00:00"}, ["read_at"]),
            ({"points": 1, "read_at": 1700049600}, ["read_at"]),
            ({"points": 1, "read_at": "1700049600"}, ["read_at"]),
            ({"points": 1, "read_at": "2023-11-15T12:01:01Z"}, ["read_at"]),
            ({"points": 1, "read_at": "2023-11-12T23:59:59Z"}, ["read_at"]),
            ({"points": 1, "read_at": "0001-01-01T00:00:00+14:00"}, ["read_at"]),
            ({"points": 1, "read_at": "9999-12-31T23:59:59-14:00"}, ["read_at"]),
        ],
    )
    def test_malformed_input_is_422_by_field(
        self, officer: Desk, body: dict[str, Any], fields: list[str]
    ) -> None:
        assert problem(officer("POST", READINGS, body), 422, "malformed") == fields
        assert officer("GET", READINGS).json()["readings"] == []

    def test_what_there_isnt_is_404(self, officer: Desk) -> None:
        for method, body in (("GET", None), ("POST", {"points": 1})):
            answer = officer(method, READINGS.replace(DEFENDERS, "nope"), body)
            assert problem(answer, 404, "unknown-event") == ["event"]


class TestTheLedger:
    PATH = "/v1/servers/101/ledger"

    def entries(self, desk: Desk, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = desk("GET", self.PATH, params=query).json()["entries"]
        return found

    def test_who_changed_what_when_and_why(
        self, officer: Desk, member: Callable[..., requests.Response]
    ) -> None:
        member("Kestrel", HIDDEN_MOTIVATIONS)
        officer.site.world.clock.advance(minutes=1)
        officer("POST", "/v1/corrections", VOID)
        void, *others = self.entries(officer)
        assert {entry["action"] for entry in others} == {"add", "report"}
        recorded = {"recorded_at": "2023-11-15T12:00:00Z", "key": void["before"][HIDDEN_MOTIVATIONS]["key"]}
        assert void == {
            "id": void["id"],
            "at": "2023-11-15T12:01:00Z",
            "action": "void",
            "actor": {"key_id": void["actor"]["key_id"], "label": "test officer", "role": "officer"},
            "alliance": "nova",
            "commander": {"id": void["commander"]["id"], "name": "Kestrel"},
            "milestones": [HIDDEN_MOTIVATIONS],
            "before": {HIDDEN_MOTIVATIONS: recorded},
            "after": {HIDDEN_MOTIVATIONS: None},
            "reason": "a slip",
        }

    def test_it_is_read_page_by_page_without_a_gap(self, officer: Desk) -> None:
        for number in range(7):
            officer.site.world.clock.advance(seconds=1)
            officer.add(f"Commander {number}")
        whole = [entry["id"] for entry in self.entries(officer)]
        assert len(whole) == 7
        pages: list[list[str]] = []
        before = None
        while before or not pages:
            page = officer("GET", self.PATH, params={"limit": 3, "before": before}).json()
            pages.append([entry["id"] for entry in page["entries"]])
            before = page["next"]
        assert list(map(len, pages)) == [3, 3, 1]
        assert [entry for page in pages for entry in page] == whole

    def test_it_can_be_asked_about_one_commander_or_one_alliance(self, officer: Desk) -> None:
        (kestrel,) = officer.add("Kestrel")
        officer.add("Merlin")
        officer.add("Osprey", alliance=ORBIT)
        for who in (kestrel, "Kestrel", "KESTREL"):
            (entry,) = self.entries(officer, commander=who)
            assert entry["commander"] == {"id": kestrel, "name": "Kestrel"}
        assert self.entries(officer, commander="a#b") == []
        assert len(self.entries(officer, alliance="nova")) == 2
        answer = officer("GET", self.PATH, params={"alliance": "nope"})
        assert problem(answer, 404, "unknown-alliance") == ["alliance"]

    def test_an_alliance_s_officer_sees_what_is_of_the_alliance(self, officer: Desk) -> None:
        officer.add("Kestrel")
        (osprey,) = officer.add("Osprey", alliance=ORBIT)
        of_nova = Desk(officer.site, officer.site.world.secret("officer"))
        assert {entry["alliance"] for entry in self.entries(of_nova)} == {"nova"}
        assert self.entries(of_nova, commander=osprey) == []
        problem(of_nova("GET", self.PATH, params={"alliance": "orbit"}), 403, "out-of-scope")

    def test_nothing_tells_what_else_there_is_of_a_commander(self, officer: Desk) -> None:
        (osprey,) = officer.add("Osprey", alliance=ORBIT)
        of_nova = Desk(officer.site, officer.site.world.secret("officer"))
        unknown = of_nova("GET", self.PATH, params={"commander": "Nobody", "limit": 1}).json()
        for who in (osprey, "Osprey"):
            page = of_nova("GET", self.PATH, params={"commander": who, "limit": 1}).json()
            assert page == unknown, "the id of the next page would have the time of an entry"
        officer("POST", f"{ORBIT}/commanders/{osprey}/move", {"alliance": "nova"})
        page = of_nova("GET", self.PATH, params={"commander": osprey, "limit": 1}).json()
        assert [entry["action"] for entry in page["entries"]] == ["move"]
        assert page["next"] is None

    @pytest.mark.parametrize(
        "asked",
        [
            {"limit": "0"},
            {"limit": "201"},
            {"limit": "ten"},
            {"limit": ""},
            {"limit": "٣"},
            {"before": "x" * 201},
            {"before": "x"},
            {"before": "2023-11-15"},
            {"before": ""},
            {"commander": "x" * 201},
            {"alliance": "x" * 201},
        ],
    )
    def test_malformed_input_is_422_by_field(self, officer: Desk, asked: dict[str, str]) -> None:
        assert problem(officer("GET", self.PATH, params=asked), 422, "malformed") == list(asked)

    def test_the_deployment_has_one_of_its_own(self, officer: Desk) -> None:
        admin = Desk(officer.site, officer.site.world.secret("admin", None, None))
        officer.add("Kestrel")
        admin("POST", "/v1/keys", {"role": "admin", "label": "Another"})
        page = admin("GET", "/v1/ledger", params={"limit": 1}).json()
        assert page["server"] is None
        (entry,) = page["entries"]
        assert (entry["action"], entry["after"]["label"]) == ("key", "Another")
        assert admin("GET", "/v1/ledger", params={"before": page["next"]}).json()["entries"] == []
        for name in ("limit", "before"):
            assert problem(admin("GET", f"/v1/ledger?{name}=x"), 422, "malformed") == [name]
