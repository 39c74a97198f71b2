"""The form, the receipt and the progress page, as bytes: what is on them, what they store, what they never load."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from chalicelib.domain.cards import Card, Completion, reported
from tests.http.conftest import Site
from tests.world import (
    ASSEMBLING_THE_RESISTANCE,
    CONFRONTING_RESILIENCE,
    DEFENDERS,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
)


class Page(HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.boxes: dict[str, dict[str, str | None]] = {}
        self.name = ""
        self.links: list[str] = []
        self.words = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", answer.text, flags=re.S).split())
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "checkbox":
            self.boxes[found["value"] or ""] = found
        elif tag == "input" and found.get("name") == "commander":
            self.name = found["value"] or ""
        elif tag == "a":
            self.links.append(found["href"] or "")

    @property
    def ticked(self) -> set[str]:
        return {milestone for milestone, box in self.boxes.items() if "checked" in box}


def send(site: Site, secret: str, name: str, *milestones: str, follow: bool = True) -> requests.Response:
    fields = [("commander", name), *(("milestone", milestone) for milestone in milestones)]
    return site.post(f"/f/{secret}", data=fields, allow_redirects=follow)


def test_the_form_offers_what_can_be_reported_and_nothing_else(site: Site) -> None:
    page = Page(site.get(f"/f/{site.world.secret()}"))
    assert list(page.boxes)[:2] == [CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS]
    assert len(page.boxes) == 6
    assert ASSEMBLING_THE_RESISTANCE not in page.boxes
    assert not page.ticked
    assert "Today, Wed 15 Nov" in page.words
    assert "closes in 12 h" in page.words
    assert "Complete away team assignments; or spend trait XP" in page.words


def test_a_report_answers_303_to_a_receipt_that_can_be_reloaded(any_site: Site) -> None:
    secret = any_site.world.secret()
    answer = send(any_site, secret, "Kestrel", HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES, follow=False)
    assert answer.status_code == 303
    receipt = urljoin(answer.url, answer.headers["Location"])
    assert receipt.startswith(f"{any_site.url}/f/{secret}/receipt?")
    for _ in range(2):
        page = Page(requests.get(receipt, timeout=30))
        assert "Counted now" in page.words
        assert "Hidden Motivations Defenders of Peace · 100 points" in page.words
        assert "Your points 200 of 500" in page.words
        assert "Server 101 200 points" in page.words
        assert (
            "8,725 missing to the reward at 8,925 : 88 completions, by at least 30 commanders" in page.words
        )
    for link in page.links:
        assert requests.get(urljoin(receipt, link), timeout=30).status_code == 200


def test_a_repeated_report_says_that_it_was_there(site: Site) -> None:
    secret = site.world.secret()
    send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    site.world.clock.advance(minutes=1)
    again = Page(send(site, secret, "kestrel", HIDDEN_MOTIVATIONS))
    assert "Nothing new: this was recorded already" in again.words
    assert "Already recorded: Hidden Motivations, Wed 15 Nov 12:00 UTC" in again.words
    site.world.clock.advance(minutes=1)
    more = Page(send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE))
    assert "Counted now Confronting Resilience" in more.words
    assert "Already recorded: Hidden Motivations" in more.words


def test_the_device_remembers_the_commander_and_shows_what_is_recorded(any_site: Site) -> None:
    secret = any_site.world.secret()
    phone = requests.Session()
    url = f"{any_site.url}/f/{secret}"
    phone.post(url, data={"commander": "Zoë =1+1", "milestone": HIDDEN_MOTIVATIONS}, timeout=30)
    page = Page(phone.get(url, timeout=30))
    assert page.name == "Zoë =1+1"
    assert page.ticked == {HIDDEN_MOTIVATIONS}
    assert "disabled" in page.boxes[HIDDEN_MOTIVATIONS]
    assert "Recorded for Zoë =1+1 on Wed 15 Nov 12:00 UTC" in page.words
    somebody_else = Page(phone.get(f"{url}?commander=", timeout=30))
    assert (somebody_else.name, somebody_else.ticked) == ("", set())
    assert Page(any_site.get(f"/f/{secret}")).name == "", "another device knows nothing"
    assert '<option value="Zoë =1+1">' in any_site.get(f"/f/{secret}").text, "but suggests the roster"


def test_the_cookie_is_kept_from_scripts_and_from_plain_connections(site: Site) -> None:
    secret = site.world.secret()
    fields = {"commander": "Kestrel", "milestone": HIDDEN_MOTIVATIONS}
    headers = {"X-Forwarded-Proto": "https"}
    answer = site.post(f"/f/{secret}", data=fields, headers=headers, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))
    assert "Path" not in cookie
    plain = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS, follow=False).headers["Set-Cookie"]
    assert "Secure" not in plain


@pytest.mark.parametrize(
    ("name", "milestones", "status", "words"),
    [
        ("", [HIDDEN_MOTIVATIONS], 422, "Please give the commander’s name."),
        ("Kestrel", [], 422, "Choose at least one milestone."),
        ("Kes\u202etrel", [HIDDEN_MOTIVATIONS], 422, "a character that can't be used (U+202E)"),
        (
            "Kestrel",
            [HIDDEN_MOTIVATIONS, ASSEMBLING_THE_RESISTANCE],
            409,
            "Assembling the Resistance opens at",
        ),
        ("Kestrel", [HIDDEN_MOTIVATIONS, "nope"], 404, "There is no milestone"),
    ],
)
def test_an_error_shows_the_form_again_with_what_was_typed(
    site: Site, name: str, milestones: list[str], status: int, words: str
) -> None:
    answer = send(site, site.world.secret(), name, *milestones)
    page = Page(answer)
    assert answer.status_code == status
    assert words.replace("’", "&#39;") in page.words or words.replace("'", "&#39;") in page.words
    assert page.name == name
    assert page.ticked == {milestone for milestone in milestones if milestone in page.boxes}
    assert "completions=" not in answer.text
    assert site.get("/v1/servers/101/progress").json()["events"][0]["completions"] == 0


def test_a_busy_store_keeps_what_was_typed(site: Site) -> None:
    site.world.dynamodb.inject("throttled", "throttled", "throttled")
    answer = send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert Page(answer).ticked == {HIDDEN_MOTIVATIONS}


def test_names_are_text_wherever_they_are_shown(site: Site) -> None:
    secret, name = site.world.secret(), '<script>alert("x")</script>'
    for answer in (
        send(site, secret, name, HIDDEN_MOTIVATIONS),
        site.get(f"/f/{secret}"),
        send(site, secret, name),
    ):
        assert "<script" not in answer.text
        assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in answer.text


def test_every_page_loads_nothing_and_tells_its_address_to_nobody(site: Site) -> None:
    secret = site.world.secret()
    answers = [
        site.get(f"/f/{secret}"),
        send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS),
        send(site, secret, ""),
        site.get("/servers/101"),
        site.get("/help"),
        site.get("/f/unknown"),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not re.search(r"<(script|link|img|iframe|object)|@import|url\(|style=", answer.text)
        assert "https://" not in answer.text


@pytest.mark.parametrize(
    ("role", "status", "words"),
    [("officer", 403, "This is not a member link"), ("reader", 403, "not a member link")],
)
def test_only_member_links_open_the_form(site: Site, role: str, status: int, words: str) -> None:
    answer = site.get(f"/f/{site.world.secret(role)}")  # type: ignore[arg-type]
    assert (answer.status_code, words in answer.text) == (status, True)


def test_an_officers_key_reports_nothing_through_the_form(site: Site) -> None:
    answer = send(site, site.world.secret("officer"), "Kestrel", HIDDEN_MOTIVATIONS)
    assert answer.status_code == 403
    assert site.get("/v1/servers/101/progress").json()["events"][1]["completions"] == 0


def test_a_receipt_says_the_same_after_reporting_has_closed(site: Site) -> None:
    receipt = send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS).url
    site.world.clock.now = datetime(2023, 11, 25, tzinfo=UTC)
    assert "Counted now Hidden Motivations" in Page(requests.get(receipt, timeout=30)).words


def test_a_bad_link_says_what_to_do(site: Site) -> None:
    answer = site.get("/f/unknown")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Ask an officer for the current link" in answer.text


def test_a_receipt_of_another_alliance_is_not_shown(site: Site) -> None:
    mine, other = site.world.secret(), site.world.secret(alliance="orbit")
    receipt = urlsplit(send(site, mine, "Kestrel", HIDDEN_MOTIVATIONS).url)
    answer = site.get(f"/f/{other}/receipt?{receipt.query}")
    assert answer.status_code == 404
    assert "Kestrel" not in answer.text
    assert site.get(f"/f/{mine}/receipt").status_code == 404


def test_where_nothing_is_active_the_form_says_when_something_will_be(site: Site) -> None:
    site.world.clock.now = datetime(2023, 11, 12, 22, 30, tzinfo=UTC)
    page = Page(site.get(f"/f/{site.world.secret()}"))
    assert not page.boxes
    assert "The next milestone opens Mon 13 Nov 00:00 UTC, in 1 h 30 min." in page.words
    site.world.clock.now = datetime(2023, 11, 19, 22, tzinfo=UTC)
    late = Page(site.get(f"/f/{site.world.secret()}"))
    assert len(late.boxes) == 10
    assert "Nothing is active today" in late.words


def test_the_progress_page_says_the_same_as_the_api(site: Site) -> None:
    page = Page(site.get("/servers/101"))
    assert "8,925 missing to the reward at 8,925" in page.words
    assert "0 completions by 0 commanders" in page.words
    assert "not published (shown as “Missing Translation”)" in page.words
    assert "That a day begins at 00:00 UTC is assumed." in page.words
    assert "Wed 15 Nov · active now, closes in 12 h" in page.words
    send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS)
    assert "1 completion by 1 commander" in Page(site.get("/servers/101")).words


def test_a_reward_that_was_reached_is_shown_as_reached(site: Site) -> None:
    completions = site.world.muster.overview._completions
    for number in range(89):
        card = Card("101", DEFENDERS, "nova", str(number))
        completion = Completion(site.world.clock(), "key")
        completions.record([reported(card, ["hidden-motivations"], completion)])
    site.world.clock.advance(minutes=30)
    page = Page(send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS))
    assert "Reward at 8,925 reached Wed 15 Nov 12:30 UTC" in page.words
