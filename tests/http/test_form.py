"""Whom the form is for, what it offers when, and what becomes of a report that is refused."""

import html
import json
import re
from datetime import UTC, datetime, time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
import requests

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Server
from chalicelib.services.member_pages import MOST_SUGGESTED
from tests.http.conftest import Site
from tests.http.test_pages import Page
from tests.world import (
    ASSEMBLING_THE_RESISTANCE,
    CONFRONTING_RESILIENCE,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
)


class Phone:
    """A device with its cookies, and a member link."""

    def __init__(self, site: Site, secret: str) -> None:
        self.site, self.link, self.session = site, f"{site.url}/f/{secret}", requests.Session()

    def report(self, name: str, *milestones: str) -> requests.Response:
        self.site.world.clock.advance(seconds=1)
        return self.session.post(self.link, data={"commander": name, "milestone": milestones}, timeout=30)

    def open(self, query: str = "") -> Page:
        return Page(self.session.get(self.link + query, timeout=30))


@pytest.fixture
def phone(any_site: Site) -> Phone:
    return Phone(any_site, any_site.world.secret())


def who(page: Page) -> list[str]:
    """The commanders that the form offers in one tap, by id."""
    return [value for name, value in page.buttons if name == "who"]


class TestWhoYouAre:
    def test_a_device_that_reported_for_one_shows_their_form_at_once(self, phone: Phone) -> None:
        phone.report("Kestrel", HIDDEN_MOTIVATIONS)
        page = phone.open()
        assert (page.name, page.ticked, page.roster) == ("Kestrel", {HIDDEN_MOTIVATIONS}, [])
        assert "What have you completed? Kestrel Somebody else On now" in page.words

    def test_several_commanders_of_one_person_are_a_tap_away(self, phone: Phone) -> None:
        phone.report("Kestrel", HIDDEN_MOTIVATIONS)
        receipt = phone.report("Merlin", ENLISTING_OLD_ALLIES)
        assert "Report for Kestrel" in Page(receipt).words
        page = phone.open()
        merlin, kestrel = who(page)
        assert (page.name, page.ticked) == ("Merlin", {ENLISTING_OLD_ALLIES})
        other = phone.open(f"?who={kestrel}")
        assert (other.name, other.ticked) == ("Kestrel", {HIDDEN_MOTIVATIONS})
        assert who(other) == [merlin, kestrel]
        assert (phone.open("?commander=").name, phone.open("?commander=").ticked) == ("", set())

    def test_a_rename_follows(self, phone: Phone) -> None:
        phone.report("Kestrel", HIDDEN_MOTIVATIONS)
        (kestrel,) = who(phone.open())
        officer = phone.site.world.key("officer")
        phone.site.world.muster.rosters.rename(officer, "101", "nova", kestrel, "Osprey")
        page = phone.open()
        assert (page.name, page.ticked) == ("Osprey", {HIDDEN_MOTIVATIONS})
        assert "Kestrel" not in page.words

    def test_whom_somebody_became_one_with_is_shown_once(self, phone: Phone) -> None:
        phone.report("Kestrel", HIDDEN_MOTIVATIONS)
        phone.report("Merlin", ENLISTING_OLD_ALLIES)
        _, kestrel = who(phone.open())
        officer = phone.site.world.key("officer")
        phone.site.world.muster.rosters.merge(officer, "101", "nova", kestrel, "Merlin")
        page = phone.open()
        assert who(page) == [kestrel]
        assert (page.name, page.ticked) == ("Kestrel", {HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES})

    def test_who_has_left_the_alliance_is_not_offered(self, phone: Phone) -> None:
        phone.report("Kestrel", HIDDEN_MOTIVATIONS)
        (kestrel,) = who(phone.open())
        officer = phone.site.world.key("officer", alliance=None)
        phone.site.world.muster.rosters.move(officer, "101", "nova", kestrel, "orbit")
        page = phone.open()
        assert (who(page), page.name, page.ticked) == ([], "", set())

    def test_who_is_in_another_alliance_is_nobody_here(self, phone: Phone) -> None:
        world = phone.site.world
        world.muster.rosters.add(world.key("admin", None, None), "101", "orbit", "Osprey")
        page = phone.open("?commander=osprey")
        assert (page.name, page.hidden) == ("osprey", {}), "as it was typed"

    def test_nothing_is_offered_by_another_link(self, phone: Phone) -> None:
        """Of the same alliance, of another, or of another server; not even with the cookie of this one."""
        world = phone.site.world
        phone.report("Kestrel", HIDDEN_MOTIVATIONS)
        (kestrel,) = who(phone.open())
        world.muster.stores.definitions.put_server(Server("102"))
        world.add_alliance("nova", server="102")
        for server, alliance in (("101", "nova"), ("101", "orbit"), ("102", "nova")):
            other = Phone(phone.site, world.secret("member", server, alliance))
            other.session.cookies = phone.session.cookies
            assert (other.open().name, who(other.open())) == ("", [])
        orbit = phone.site.get(
            f"/f/{world.secret(alliance='orbit')}", headers={"Cookie": f"muster_commanders={kestrel}"}
        )
        assert "Kestrel" not in orbit.text

    @pytest.mark.parametrize("cookie", ["", ".", "nobody", "a/b.<c>", "..", "x" * 4000])
    def test_a_cookie_of_another_form_names_nobody(self, site: Site, cookie: str) -> None:
        headers = {"Cookie": f"muster_commanders={cookie}"}
        page = Page(site.get(f"/f/{site.world.secret()}", headers=headers))
        assert (page.name, who(page), len(page.boxes)) == ("", [], 6)

    def test_an_id_that_nobody_has_is_nobody(self, site: Site) -> None:
        page = Page(site.get(f"/f/{site.world.secret()}?who=nobody"))
        assert (page.name, page.ticked) == ("", set())


class TestRefused:
    def test_a_question_has_an_address_that_can_be_opened_again(self, phone: Phone) -> None:
        """So going back to it asks nothing of the browser."""
        milestones = [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE]
        Phone(phone.site, phone.site.world.secret()).report("Kestrel", ENLISTING_OLD_ALLIES)
        asked = phone.report("Kestrl", *milestones)
        assert ([each.status_code for each in asked.history], asked.status_code) == ([303], 409)
        page, again = Page(asked), phone.session.get(asked.url, timeout=30)
        assert (again.status_code, Page(again).words) == (409, page.words)
        assert (page.name, page.ticked) == ("Kestrl", set(milestones))
        in_german = phone.session.get(f"{asked.url}&lang=de", timeout=30)
        assert (in_german.status_code, Page(in_german).ticked) == (409, set(milestones))

    @pytest.mark.parametrize(
        ("name", "milestones", "status"),
        [
            ("Kestrl", [], 422),
            ("", [HIDDEN_MOTIVATIONS], 422),
            ("Merlin", [ASSEMBLING_THE_RESISTANCE, HIDDEN_MOTIVATIONS], 409),
            ("Merlin", [HIDDEN_MOTIVATIONS, "nope"], 404),
        ],
    )
    def test_another_problem_is_answered_at_once_and_has_an_address_too(
        self, phone: Phone, name: str, milestones: list[str], status: int
    ) -> None:
        """To which the script turns the page."""
        refused = phone.report(name, *milestones)
        assert (refused.history, refused.status_code) == ([], status)
        (address,) = re.findall('data-address="([^"]+)"', refused.text)
        again = phone.session.get(phone.link + html.unescape(address), timeout=30)
        page = Page(refused)
        assert (again.status_code, Page(again).words) == (status, page.words)
        assert (page.name, page.ticked) == (name, set(milestones) & page.boxes.keys())
        assert "data-address" not in again.text

    def test_what_is_no_longer_so_is_not_said_again(self, phone: Phone) -> None:
        asked = {"sent": "1", "commander": "Merlin", "milestone": ASSEMBLING_THE_RESISTANCE}
        refused = phone.session.get(phone.link, params=asked, timeout=30)
        assert "Assembling the Resistance opens Thu 16 Nov at 00:00 UTC (in 12 hours)." in Page(refused).words
        phone.site.world.clock.now = datetime(2023, 11, 16, tzinfo=UTC)
        again = phone.session.get(refused.url, timeout=30)
        assert (again.status_code, Page(again).ticked) == (200, {ASSEMBLING_THE_RESISTANCE})
        assert 'id="problem"' not in again.text

    def test_opening_it_records_nothing_and_brings_nobody(self, phone: Phone) -> None:
        phone.session.get(
            phone.link,
            params={"sent": "1", "commander": "Merlin", "milestone": HIDDEN_MOTIVATIONS},
            timeout=30,
        )
        assert phone.open("?commander=").roster == []

    def test_a_question_that_is_too_long_for_an_address_is_asked_at_once(self, phone: Phone) -> None:
        Phone(phone.site, phone.site.world.secret()).report("Kestrel", ENLISTING_OLD_ALLIES)
        answer = phone.report("Kestrl", *([HIDDEN_MOTIVATIONS] * 90))
        assert (answer.status_code, answer.history) == (409, [])
        assert (Page(answer).name, Page(answer).ticked) == ("Kestrl", {HIDDEN_MOTIVATIONS})

    def test_a_time_in_an_error_is_one_that_the_script_can_turn(self, phone: Phone) -> None:
        refused = phone.report("Merlin", ASSEMBLING_THE_RESISTANCE)
        assert (
            '<time datetime="2023-11-16T00:00:00Z" data-as="moment">Thu 16 Nov at 00:00 UTC</time>'
            in refused.text.partition('id="problem"')[2]
        )


class TestWhatIsOffered:
    def test_each_milestone_closes_at_its_own_time(self, site: Site) -> None:
        span = {"opens_at": "2023-11-14T00:00:00Z", "closes_at": "2023-11-17T00:00:00Z"}
        windows = {"short": ("06", "14"), "long": ("00", "23")}
        milestones = [
            {
                "id": name,
                "name": name,
                "opens_at": f"2023-11-15T{opens}:00:00Z",
                "closes_at": f"2023-11-15T{closes}:00:00Z",
            }
            for name, (opens, closes) in windows.items()
        ]
        event = Event.model_validate_json(
            json.dumps({"id": "mixed", "name": "Mixed", "milestones": milestones, **span})
        )
        site.world.muster.stores.definitions.put_event(event)
        words = Page(site.get(f"/f/{site.world.secret()}")).words
        assert "short Mixed · 100 points Closes in 2 hours: 14:00 UTC" in words
        assert "long Mixed · 100 points Closes in 11 hours: 23:00 UTC" in words

    def test_where_the_day_begins_in_the_evening_nothing_is_of_yesterday(self, site: Site) -> None:
        evening = Server("101", GameDay(time(20), "America/New_York", assumed=False))
        site.world.muster.stores.definitions.put_server(evening)
        site.world.seconds.pass_cache()
        site.world.clock.now = datetime(2023, 11, 16, 12, tzinfo=UTC)
        words = Page(site.get(f"/f/{site.world.secret()}")).words
        assert "On now Confronting Resilience" in words
        assert "Closes in 13 hours: 20:00 EST" in words
        assert "15 Nov" not in words

    def test_a_new_members_form_stays_light_whatever_the_roster(self, site: Site) -> None:
        officer, names = (
            site.world.key("officer"),
            ["Zoë" + "W" * 20 + str(n) for n in range(MOST_SUGGESTED // 20)],
        )
        for name in names[:100]:
            site.world.muster.rosters.add(officer, "101", "nova", name, is_new=True)
        some = site.get(f"/f/{site.world.secret()}")
        assert len(Page(some).roster) == 100
        assert len(some.content) < 30_000
        for name in names[100:]:
            site.world.muster.rosters.add(officer, "101", "nova", name, is_new=True)
        many = site.get(f"/f/{site.world.secret()}")
        assert Page(many).roster == []
        assert len(many.content) < 30_000

    def test_who_has_done_everything_is_told_so_and_has_no_button(self, phone: Phone) -> None:
        everything = list(phone.open().boxes)
        phone.report("Kestrel", *everything)
        page = phone.open()
        assert "Kestrel has reported everything so far. Done: 6 milestones" in page.words
        assert page.ticked == set(everything)
        assert "Next, in 11 hours" in page.words
        assert ("", "") not in page.buttons


class Directions(HTMLParser):
    """The tags around which each text stands."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.within: list[tuple[str, str]] = []
        self._tag = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag

    def handle_data(self, data: str) -> None:
        self.within.append((self._tag, data))


def test_a_name_that_is_written_from_right_to_left_turns_nothing_around_it(phone: Phone) -> None:
    name, other = "אלתאיר הגדול", "אלתאיר הגדולה"
    asked = {"sent": "1", "commander": other, "milestone": HIDDEN_MOTIVATIONS}
    answers = [
        phone.report(name, HIDDEN_MOTIVATIONS),
        phone.report(name, HIDDEN_MOTIVATIONS),
        phone.session.get(phone.link, timeout=30),
        phone.session.get(phone.link, params=asked, timeout=30),
    ]
    for answer in answers:
        shown = [tag for tag, text in Directions(answer).within if name in text or other in text]
        assert "bdi" in shown
        assert set(shown) <= {"bdi", "title"}
    assert "Did you mean" in answers[-1].text


@pytest.mark.parametrize("path", ["/f/{}", "/f/{}/receipt", "/servers/101", "/help", "/docs"])
def test_a_link_that_was_pasted_with_a_sign_behind_it_works(any_site: Site, path: str) -> None:
    meant = path.format(any_site.world.secret())
    status = any_site.get(f"{meant}?at=soon").status_code
    for sign in (".", ")", ",", ">", "/", "/.", ").", "”", "%3E", "。"):
        answer = any_site.get(f"{meant}{sign}?lang=fr&at=soon", headers={"Accept": "text/html"})
        assert urlsplit(answer.url).path == urlsplit(any_site.url + meant).path, sign
        assert (answer.status_code, urlsplit(answer.url).query) == (status, "lang=fr&at=soon")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/)",
        "/%2Fevil.example/)",
        "/%252Fevil.example/)",
        "/%255Cevil.example)",
        "/servers?server=//evil.example",
    ],
)
def test_no_address_leads_to_another_site(any_site: Site, path: str) -> None:
    answer = any_site.get(path, headers={"Accept": "text/html"}, allow_redirects=False)
    assert not re.match(r"[/\\]{2}|\w+:", answer.headers.get("Location", "/"))
