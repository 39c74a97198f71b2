"""No dead ends: the first page, what there is not, HEAD, and the standings of alliances."""

from dataclasses import replace
from urllib.parse import urljoin

import pytest
import requests

from chalicelib.domain.roster import Server
from tests.http.conftest import Site
from tests.http.every_route import ROWS, staged
from tests.http.test_pages import Page
from tests.world import CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def follow(site: Site, page: Page, at: str) -> dict[str, int]:
    """The status of each address to which the page leads, but for other programs and itself in other languages."""
    links = {urljoin(site.url + at, link) for link in page.links if not link.startswith(("webcal:", "?"))}
    assert links
    return {link: requests.get(link, timeout=30).status_code for link in links}


class TestTheFirstPage:
    def test_it_says_what_to_do_and_leads_on(self, any_site: Site) -> None:
        answer = any_site.get("/")
        page = Page(answer)
        assert answer.status_code == 200
        assert "Open the link of your alliance." in page.words
        assert set(follow(any_site, page, "/").values()) == {200}
        assert requests.get(any_site.url, timeout=30).status_code == 200, "without a slash"

    def test_its_field_leads_to_the_page_of_a_server(self, any_site: Site) -> None:
        page = Page(any_site.get("/"))
        action = urljoin(any_site.url + "/", page.action)
        found = requests.get(action, params={"server": " 101 "}, timeout=30)
        assert (found.url, found.status_code) == (f"{any_site.url}/servers/101", 200)
        nothing = requests.get(action, params={"server": ""}, timeout=30)
        assert (nothing.url, nothing.status_code) == (f"{any_site.url}/", 200)
        unknown = requests.get(action, params={"server": "9/9?"}, timeout=30)
        assert unknown.status_code == 404

    def test_a_chosen_language_is_carried_on(self, any_site: Site) -> None:
        page = Page(any_site.get("/?lang=de"))
        assert page.hidden == {"lang": "de"}
        action = urljoin(any_site.url + "/", page.action)
        found = requests.get(action, params={"lang": "de", "server": "101"}, timeout=30)
        assert found.url.endswith("/servers/101?lang=de")
        assert '<html lang="de"' in found.text


class TestWhatThereIsNot:
    @pytest.mark.parametrize(
        "path", ["/nowhere", "/servers/101/nowhere", "/v1/nowhere", "/a/b/c/d", "/favicon.ico"]
    )
    def test_it_is_a_page_for_browsers_and_a_problem_for_programs(self, any_site: Site, path: str) -> None:
        answer = any_site.get(path, headers=BROWSER)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
        page = Page(answer)
        assert "There is nothing here." in page.words
        assert set(follow(any_site, page, path).values()) == {200}
        for accepted in ("*/*", "application/json"):
            problem = any_site.get(path, headers={"Accept": accepted})
            assert problem.headers["Content-Type"] == "application/problem+json"
            assert (problem.status_code, problem.json()["code"]) == (404, "not-found")

    def test_other_methods_are_refused_as_the_gateway_does_it(self, any_site: Site) -> None:
        assert any_site.post("/nowhere").json()["code"] == "not-found"

    def test_an_unknown_server_is_asked_for_again(self, any_site: Site) -> None:
        answer = any_site.get("/servers/999", headers=BROWSER)
        page = Page(answer)
        assert answer.status_code == 404
        assert "See where a server stands" in page.words
        action = urljoin(answer.url, page.action)
        assert requests.get(action, params={"server": "101"}, timeout=30).status_code == 200
        assert set(follow(any_site, page, "/servers/999").values()) == {200}
        assert (
            any_site.get("/servers/999", headers={"Accept": "application/json"}).json()["code"]
            == "unknown-server"
        )

    def test_every_error_of_a_page_leads_on(self, any_site: Site) -> None:
        page = Page(any_site.get("/f/unknown", headers=BROWSER))
        assert set(follow(any_site, page, "/f/unknown").values()) == {200}


def test_head_is_answered_wherever_get_is_with_the_same_status_and_headers() -> None:
    with staged() as stage:
        told = {}
        for row in ROWS:
            if row.method == "GET":
                request = row.request(stage)
                got, head = stage.send(row, request), stage.send(replace(row, method="HEAD"), request)
                told[row.route] = (
                    got.status_code,
                    head.status_code,
                    head.content,
                    _lasting(got) == _lasting(head),
                )
        assert len(told) > 20
        wrong = {route: each for route, each in told.items() if each != (each[0], each[0], b"", True)}
        assert not wrong
        unknown = stage.site.call("HEAD", "/nowhere")
        assert (unknown.status_code, unknown.content) == (404, b"")


def _lasting(answer: requests.Response) -> dict[str, str]:
    """The headers, but for the times and sizes of answers that hold a time."""
    return {name: value for name, value in answer.headers.items() if name not in ("Date", "Content-Length")}


class TestStandings:
    def test_they_are_shown_only_if_the_server_says_so(self, site: Site) -> None:
        answer = site.get("/v1/servers/101/standings")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-public")
        assert "Alliances by points" not in Page(site.get("/servers/101")).words
        site.world.muster.stores.definitions.put_server(Server("101", public_standings=True))
        assert site.get("/v1/servers/101/standings").status_code == 200
        assert "Alliances by points" in Page(site.get("/servers/101")).words
        assert site.get("/v1/servers/999/standings").json()["code"] == "unknown-server"

    def test_alliances_stand_by_points_in_each_event(self, site: Site) -> None:
        site.world.muster.stores.definitions.put_server(Server("101", public_standings=True))
        site.world.add_alliance("borealis")
        admin = site.world.key("admin", None, None)
        report = site.world.muster.reporting.report
        report(admin, "Kestrel", [HIDDEN_MOTIVATIONS], "101", "borealis")
        report(admin, "Merlin", [HIDDEN_MOTIVATIONS], "101", "borealis")
        report(admin, "Osprey", [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE], "101", "nova")
        standings = site.get("/v1/servers/101/standings").json()
        assert (standings["server"], standings["as_of"]) == ("101", "2023-11-15T12:00:00Z")
        defenders = next(one for one in standings["events"] if one["event"] == DEFENDERS)
        assert (defenders["name"], defenders["status"]) == ("Defenders of Peace", "running")
        assert defenders["alliances"][0] == {
            "alliance": "borealis",
            "tag": "BORE",
            "name": "Borealis",
            "points": 200,
            "completions": 2,
            "commanders": 2,
        }
        assert [one["points"] for one in defenders["alliances"]] == [200, 100, 0]
        words = Page(site.get("/servers/101")).words
        assert (
            "Defenders of Peace Alliance Points [BORE] Borealis 200 [NOVA] Nova Guard 100 [ØRB] Orbit Watch 0"
            in words
        )

    def test_no_name_of_a_commander_is_in_what_everybody_sees(self, site: Site) -> None:
        site.world.muster.stores.definitions.put_server(Server("101", public_standings=True))
        site.report(site.world.secret(), {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        for path in ("/servers/101", "/v1/servers/101/standings", "/v1/servers/101/progress"):
            assert "Kestrel" not in site.get(path).text
