"""The form and the receipt, as bytes: what is on them, what they store, what they never load."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

import pytest
import requests
from requests.cookies import RequestsCookieJar

from chalicelib.store import keys
from chalicelib.store.backoff import ATTEMPTS
from chalicelib.store.table import Put
from tests.http.conftest import Site
from tests.stores import on_dynamodb
from tests.world import (
    ASSEMBLING_THE_RESISTANCE,
    CONFRONTING_RESILIENCE,
    ENLISTING_OLD_ALLIES,
    HIDDEN_MOTIVATIONS,
    NOVA,
)


class Page(HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.boxes: dict[str, dict[str, str | None]] = {}
        self.buttons: list[tuple[str, str]] = []
        self.hidden: dict[str, str] = {}
        self.roster: list[str] = []
        self.action = self.name = ""
        self.links: list[str] = []
        shown = re.sub(
            r"<(style|script)>.*?</\1>|</?(time|bdi|strong|b)\b[^>]*>", "", answer.text, flags=re.S
        )
        self.words = html.unescape(" ".join(re.sub(r"<[^>]+>", " ", shown).split()))
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "checkbox":
            self.boxes[found["value"] or ""] = found
        elif tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"] or ""] = found["value"] or ""
            self.name = found["value"] or "" if found["name"] == "commander" else self.name
        elif tag == "input" and found.get("name") == "commander":
            self.name = found["value"] or ""
        elif tag == "button" and found.get("type") == "submit":
            self.buttons.append((found.get("name") or "", found.get("value") or ""))
        elif tag == "option":
            self.roster.append(found["value"] or "")
        elif tag == "form":
            self.action = found["action"] or ""
        elif tag == "a":
            self.links.append(found["href"] or "")

    @property
    def ticked(self) -> set[str]:
        return {milestone for milestone, box in self.boxes.items() if "checked" in box}


def send(
    site: Site,
    secret: str,
    name: str,
    *milestones: str,
    button: tuple[str, str] | None = None,
    follow: bool = True,
) -> requests.Response:
    """The form's fields in the order in which a browser sends them."""
    fields = [("commander", name), *([button] if button else [])]
    fields += [("milestone", milestone) for milestone in milestones]
    return site.post(f"/f/{secret}", data=fields, allow_redirects=follow)


def device(receipt: requests.Response) -> RequestsCookieJar:
    """The cookies of the device that has sent the report."""
    cookies = RequestsCookieJar()
    for answer in receipt.history:
        cookies.update(answer.cookies)
    return cookies


def undo(receipt: requests.Response, cookies: RequestsCookieJar | None = None) -> requests.Response:
    """Presses the receipt's button, on the device that has sent the report, or on one with these cookies."""
    page, cookies = Page(receipt), device(receipt) if cookies is None else cookies
    address = urljoin(receipt.url, "undo")
    return requests.post(address, data=page.hidden, cookies=cookies, timeout=30)


def completions(site: Site) -> int:
    return sum(event["completions"] for event in site.get("/v1/servers/101/progress").json()["events"])


def test_the_form_offers_what_can_be_reported_and_nothing_else(site: Site) -> None:
    page = Page(site.get(f"/f/{site.world.secret()}"))
    assert list(page.boxes)[:2] == [CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS]
    assert len(page.boxes) == 6
    assert ASSEMBLING_THE_RESISTANCE not in page.boxes
    assert not page.ticked
    assert (
        "On now Confronting Resilience Architects of Chaos · 100 points Closes in 12 hours: 00:00 UTC"
        in page.words
    )
    assert "Reporting for Architects of Chaos closes in 4 days: Mon 20 Nov at 00:00 UTC" in page.words
    assert "Next, in 12 hours Thu 16 Nov at 00:00 UTC Testing Destinies" in page.words
    assert "Complete away team assignments / spend trait XP" in page.words


def test_a_report_answers_303_to_a_receipt_that_can_be_reloaded(any_site: Site) -> None:
    secret = any_site.world.secret()
    answer = send(any_site, secret, "Kestrel", HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES, follow=False)
    assert (answer.status_code, answer.headers["Referrer-Policy"]) == (303, "no-referrer")
    receipt = urljoin(answer.url, answer.headers["Location"])
    assert receipt.startswith(f"{any_site.url}/f/{secret}/receipt?")
    for _ in range(2):
        page = Page(requests.get(receipt, timeout=30))
        assert "Counted now" in page.words
        assert "Hidden Motivations Defenders of Peace · 100 points" in page.words
        assert "Your points 200 of 500" in page.words
        assert "Server 101 200 of 8,925" in page.words
        assert "The next reward is 8,725 points away: 88 completions." in page.words
    for link in page.links:
        assert requests.get(urljoin(receipt, link), timeout=30).status_code == 200


def test_a_repeated_report_says_that_it_was_there(site: Site) -> None:
    secret = site.world.secret()
    send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    site.world.clock.advance(minutes=1)
    again = Page(send(site, secret, "kestrel", HIDDEN_MOTIVATIONS))
    assert "Nothing new: this was recorded already" in again.words
    assert "Already recorded before Hidden Motivations Recorded Wed 15 Nov at 12:00 UTC" in again.words
    site.world.clock.advance(minutes=1)
    more = Page(send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE))
    assert more.words.index("Counted now Confronting Resilience") < more.words.index(
        "Already recorded before Hidden Motivations"
    )
    site.world.clock.advance(minutes=1)
    other = Page(send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES))
    assert "Already recorded before" not in other.words
    assert "Recorded earlier: 1 milestone Hidden Motivations" in other.words


def test_the_device_remembers_the_commander_and_shows_what_is_recorded(any_site: Site) -> None:
    secret = any_site.world.secret()
    phone = requests.Session()
    url = f"{any_site.url}/f/{secret}"
    phone.post(url, data={"commander": "Zoë =1+1", "milestone": HIDDEN_MOTIVATIONS}, timeout=30)
    page = Page(phone.get(url, timeout=30))
    assert page.name == "Zoë =1+1"
    assert page.ticked == {HIDDEN_MOTIVATIONS}
    assert "disabled" in page.boxes[HIDDEN_MOTIVATIONS]
    assert (
        "Done: 1 milestone Hidden Motivations Defenders of Peace · Recorded Wed 15 Nov at 12:00 UTC"
        in page.words
    )
    somebody_else = Page(phone.get(f"{url}?commander=", timeout=30))
    assert (somebody_else.name, somebody_else.ticked) == ("", set())
    assert Page(any_site.get(f"/f/{secret}")).name == "", "another device knows nothing"
    assert '<option value="Zoë =1+1">' in any_site.get(f"/f/{secret}").text, "but suggests the roster"


def test_the_cookie_is_kept_from_scripts_and_from_plain_connections(site: Site) -> None:
    secret = site.world.secret()
    fields = {"commander": "Kestrel", "milestone": HIDDEN_MOTIVATIONS}
    headers = {"X-Forwarded-Proto": "https"}
    answer = site.post(f"/f/{secret}", data=fields, headers=headers, allow_redirects=False)
    for cookie in answer.raw.headers.getlist("Set-Cookie"):
        assert {"HttpOnly", "SameSite=Lax", "Secure", f"Path=/f/{secret}"} <= set(cookie.split("; "))
        assert "Kestrel" not in cookie
    plain = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS, follow=False).headers["Set-Cookie"]
    assert "Secure" not in plain


@pytest.mark.parametrize("other", ["a/b=1", "a@b,c=1", "alone", "=", 'quoted="1'])
def test_the_cookies_of_others_do_not_matter(site: Site, other: str) -> None:
    secret = site.world.secret()
    mine = device(send(site, secret, "Zoë =1", HIDDEN_MOTIVATIONS))["muster_commanders"]
    headers = {"Cookie": f"{other}; muster_commanders={mine}"}
    assert Page(site.get(f"/f/{secret}", headers=headers)).name == "Zoë =1"


@pytest.mark.parametrize(
    ("name", "milestones", "status", "words"),
    [
        ("", [HIDDEN_MOTIVATIONS], 422, "Please give the commander's name."),
        ("Kestrel", [], 422, "Choose at least one milestone."),
        ("Kes\u202etrel", [HIDDEN_MOTIVATIONS], 422, "turns the direction of text"),
        (
            "Kestrel",
            [HIDDEN_MOTIVATIONS, ASSEMBLING_THE_RESISTANCE],
            409,
            "Assembling the Resistance opens Thu 16 Nov at 00:00 UTC (in 12 hours).",
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
    assert words in page.words
    assert page.name == name
    assert page.ticked == {milestone for milestone in milestones if milestone in page.boxes}
    assert "completions=" not in answer.text
    assert site.get("/v1/servers/101/progress").json()["events"][0]["completions"] == 0


@on_dynamodb
def test_a_busy_store_keeps_what_was_typed(site: Site) -> None:
    secret = site.world.secret()
    send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    for _ in range(ATTEMPTS):
        site.world.dynamodb.inject("throttled")
    answer = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert Page(answer).ticked == {HIDDEN_MOTIVATIONS, ENLISTING_OLD_ALLIES}


def test_a_name_like_one_on_the_roster_is_asked_about_before_anything_counts(site: Site) -> None:
    secret = site.world.secret()
    send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    answer = send(site, secret, "Kestrl", HIDDEN_MOTIVATIONS)
    page = Page(answer)
    assert answer.status_code == 409
    assert "Kestrl is new to Nova Guard. Did you mean Kestrel?" in page.words
    assert "Report as Kestrel No, Kestrl is new: report as typed" in page.words
    assert (page.name, page.ticked) == ("Kestrl", {HIDDEN_MOTIVATIONS})
    assert completions(site) == 1
    assert "Did you mean" not in Page(site.get(f"/f/{secret}?commander=Kestrl")).words, (
        "not before it is sent"
    )


def test_a_link_that_has_brought_enough_today_says_so_and_keeps_what_was_typed(site: Site) -> None:
    officer, secret = site.world.key("officer"), site.world.secret()
    site.world.muster.administration.change_alliance(officer, "101", "nova", None, 1)
    send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    answer = send(site, secret, "Merlin", HIDDEN_MOTIVATIONS)
    page = Page(answer)
    assert answer.status_code == 409
    assert "Ask an officer to add you, or report again after Thu 16 Nov at 00:00 UTC." in page.words
    assert (page.name, page.ticked) == ("Merlin", {HIDDEN_MOTIVATIONS})
    assert send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS).status_code == 200


def test_the_button_that_comes_first_sends_the_typed_name(site: Site) -> None:
    """Enter in a field presses it. The others come after the field, so that their name is the last one sent."""
    secret = site.world.secret()
    send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    answer = send(site, secret, "Kestrl", HIDDEN_MOTIVATIONS)
    assert Page(answer).buttons == [("", ""), ("commander", "Kestrel"), ("is_new", "1"), ("", "")]
    assert answer.text.index('<input type="text"') < answer.text.index("<button")


def test_a_suggestion_takes_the_same_ticks(any_site: Site) -> None:
    secret = any_site.world.secret()
    send(any_site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    asked = Page(send(any_site, secret, "Kestrl", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE))
    answer = send(any_site, secret, asked.name, *asked.ticked, button=asked.buttons[1])
    page = Page(answer)
    assert "<h1><bdi>Kestrel</bdi></h1>" in answer.text
    assert "Your points 200 of 500" in page.words
    assert Page(any_site.get(f"/f/{secret}")).roster == ["Kestrel"]


def test_a_name_that_is_new_can_be_reported_as_typed(any_site: Site) -> None:
    secret = any_site.world.secret()
    send(any_site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    asked = Page(send(any_site, secret, "Kestrl", HIDDEN_MOTIVATIONS))
    answer = send(any_site, secret, asked.name, *asked.ticked, button=asked.buttons[2])
    assert "<h1><bdi>Kestrl</bdi></h1>" in answer.text
    assert Page(any_site.get(f"/f/{secret}")).roster == ["Kestrel", "Kestrl"]
    assert send(any_site, secret, "Kestrl", CONFRONTING_RESILIENCE).status_code == 200, "it is asked once"


def test_who_has_retired_is_told_if_their_alliance_is_closed(site: Site) -> None:
    secret, muster = site.world.secret(), site.world.muster
    send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    kestrel = muster.stores.commanders.named("101", "Kestrel")
    assert kestrel
    muster.rosters.retire(site.world.key("admin", None, None), "101", "nova", kestrel.id)
    muster.stores.definitions.put_alliance(replace(NOVA, is_open=False))
    answer = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    assert answer.status_code == 409
    assert "Kestrel is not on the roster of Nova Guard." in Page(answer).words


def test_each_near_name_has_a_button(site: Site) -> None:
    secret = site.world.secret()
    for name in ("Merlin", "Merlyn"):
        send(site, secret, name, HIDDEN_MOTIVATIONS, button=("is_new", "1"))
    page = Page(send(site, secret, "Mérlin", HIDDEN_MOTIVATIONS))
    assert page.buttons[1:-1] == [("commander", "Merlin"), ("commander", "Merlyn"), ("is_new", "1")]
    assert "Did you mean Merlin or Merlyn?" in page.words


def test_names_are_text_wherever_they_are_shown(site: Site) -> None:
    secret, name = site.world.secret(), '<script>alert("x")</script>'
    for answer in (
        send(site, secret, name, HIDDEN_MOTIVATIONS),
        site.get(f"/f/{secret}"),
        send(site, secret, name),
        send(site, secret, name.replace("alert", "alerts"), HIDDEN_MOTIVATIONS),
    ):
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in answer.text


def test_every_page_loads_nothing_and_tells_its_address_to_nobody(site: Site) -> None:
    secret = site.world.secret()
    answers = [
        site.get(f"/f/{secret}"),
        send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS),
        send(site, secret, ""),
        send(site, secret, "Kestrl", HIDDEN_MOTIVATIONS),
        undo(send(site, secret, "Kestrel", ENLISTING_OLD_ALLIES)),
        site.get("/servers/101"),
        site.get("/help"),
        site.get("/f/unknown"),
    ]
    for answer in answers:
        is_public = urlsplit(answer.url).path == "/servers/101"
        own = r"(?: 'sha256-[A-Za-z0-9+/]{43}=')+"
        fetches = "connect-src 'self'; " if is_public else ""  # it asks for itself again
        assert re.fullmatch(
            f"default-src 'none'; style-src{own}; script-src{own}; {fetches}img-src data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            answer.headers["Content-Security-Policy"],
        )
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert ("public" if is_public else "no-store") in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        loads = r"<(img|iframe|object)|src=|<link(?! rel=.icon. href=.data:)|@import|url\(|style="
        assert not re.search(loads, answer.text)
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


def test_a_report_is_undone_from_its_receipt(any_site: Site) -> None:
    secret = any_site.world.secret()
    send(any_site, secret, "Kestrel", ENLISTING_OLD_ALLIES)
    any_site.world.clock.advance(seconds=30.5)
    receipt = send(any_site, secret, "Kestrel", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
    assert "You can do it until 12:15 UTC, on this device. Undo" in Page(receipt).words
    any_site.world.clock.advance(minutes=2)
    for times in range(1, 4):  # a double tap, and one more
        answer = undo(receipt)
        page = Page(answer)
        assert answer.url == receipt.url
        assert [each.status_code for each in answer.history] == [303], times
        assert "Undone: no longer counted Confronting Resilience" in page.words
        assert "Recorded earlier: 1 milestone Enlisting Old Allies" in page.words
        assert "Counted now" not in page.words
        assert "Nothing new" not in page.words
        assert not page.buttons
        assert completions(any_site) == 1
        assert "Set-Cookie" not in answer.history[0].headers
    (again,) = (link for link in page.links if "?who=" in link)
    form = Page(requests.get(urljoin(receipt.url, again), timeout=30))
    assert (form.name, form.ticked) == ("Kestrel", {ENLISTING_OLD_ALLIES})
    assert (
        "Counted now Hidden Motivations" in Page(send(any_site, secret, "Kestrel", HIDDEN_MOTIVATIONS)).words
    )


def test_a_report_can_be_undone_for_a_quarter_of_an_hour(site: Site) -> None:
    receipt = send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS)
    site.world.clock.advance(minutes=14, seconds=59.999)
    assert Page(requests.get(receipt.url, cookies=device(receipt), timeout=30)).buttons
    site.world.clock.advance(seconds=0.001)
    assert not Page(requests.get(receipt.url, cookies=device(receipt), timeout=30)).buttons
    answer = undo(receipt)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "An officer can still correct it." in answer.text
    assert "undo-closed" in answer.text
    assert completions(site) == 1


def test_a_receipt_for_nothing_new_undoes_nothing(site: Site) -> None:
    secret = site.world.secret()
    send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    site.world.clock.advance(minutes=1)
    again = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    assert not Page(again).buttons
    fields = {name: values[0] for name, values in parse_qs(urlsplit(again.url).query).items()}
    assert fields["at"] == "2023-11-15T12:01:00Z"
    answer = site.post(f"/f/{secret}/undo", data=fields, cookies=device(again))
    assert "Nothing new" in Page(answer).words
    assert completions(site) == 1


def test_only_the_link_that_reported_undoes(site: Site) -> None:
    secret = site.world.secret()
    receipt = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    fields = Page(receipt).hidden
    another, orbit, officer = (
        site.world.secret(),
        site.world.secret(alliance="orbit"),
        site.world.secret("officer"),
    )
    sent = {"Cookie": f"muster_device={device(receipt)['muster_device']}"}
    shown = site.get(f"/f/{another}/receipt?{urlsplit(receipt.url).query}", headers=sent)
    assert not Page(shown).buttons
    statuses = [
        site.post(f"/f/{key}/undo", data=fields, headers=sent).status_code
        for key in (another, orbit, officer, "unknown")
    ]
    assert statuses == [403, 403, 403, 401]
    assert completions(site) == 1


def test_what_another_link_recorded_at_the_same_instant_stays(site: Site) -> None:
    mine, other = site.world.secret(), site.world.secret()
    send(site, other, "Kestrel", ENLISTING_OLD_ALLIES)
    assert "Undone" in Page(undo(send(site, mine, "Kestrel", HIDDEN_MOTIVATIONS))).words
    assert completions(site) == 1


def test_only_the_device_that_reported_undoes(any_site: Site) -> None:
    """Whoever else has the link, and even the receipt's address and the exact time, does not."""
    secret = any_site.world.secret()
    receipt = send(any_site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    assert "proof" in parse_qs(urlsplit(receipt.url).query)
    other = send(any_site, secret, "Merlin", HIDDEN_MOTIVATIONS)
    made_up = RequestsCookieJar()
    made_up.set("muster_device", "A" * 22)
    for cookies in (RequestsCookieJar(), device(other), made_up):
        seen = Page(requests.get(receipt.url, cookies=cookies, timeout=30))
        assert "Counted now" in seen.words
        assert not seen.buttons
        answer = undo(receipt, cookies)
        assert answer.status_code == 403
        assert "can only be undone on the device that sent it" in answer.text
        assert "other-device" in answer.text
    theirs = Page(other).hidden | {"commander": Page(receipt).hidden["commander"]}
    answer = any_site.post(f"/f/{secret}/undo", data=theirs, cookies=device(other))
    assert answer.status_code == 403
    assert completions(any_site) == 2
    assert "Undone" in Page(undo(receipt)).words


def test_a_device_keeps_what_it_was_given_by_a_link_and_shows_it_to_no_other(any_site: Site) -> None:
    phone, secret = requests.Session(), any_site.world.secret()
    url = f"{any_site.url}/f/{secret}"
    receipts = []
    for milestone in (ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS):
        any_site.world.clock.advance(seconds=1)
        receipts.append(phone.post(url, data={"commander": "Kestrel", "milestone": milestone}, timeout=30))
    (cookie,) = (one for one in phone.cookies if one.name == "muster_device")
    assert cookie.path == urlsplit(url).path
    for receipt in receipts:
        answer = phone.post(urljoin(receipt.url, "undo"), data=Page(receipt).hidden, timeout=30)
        assert "Undone" in Page(answer).words
    assert completions(any_site) == 0


def test_a_report_counts_though_what_undo_takes_can_not_be_had(site: Site) -> None:
    site.world.muster.stores.table.write(Put(keys.signing(), {"secret": 5}))
    receipt = send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS)
    assert "Counted now" in Page(receipt).words
    assert not Page(receipt).buttons


@pytest.mark.parametrize("at", ["", "soon", "2023-11-15T12:00:00", "2023-11-15"])
def test_a_time_that_no_receipt_has_is_not_found(site: Site, at: str) -> None:
    secret = site.world.secret()
    fields = {"commander": "anybody", "proof": "any", "at": at}
    answers = [
        site.post(f"/f/{secret}/undo", data=fields),
        site.get(f"/f/{secret}/receipt", params=fields),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert "address is incomplete" in answer.text


def test_what_an_officer_voids_is_no_longer_counted_on_the_receipt(site: Site) -> None:
    receipt = send(site, site.world.secret(), "Kestrel", HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE)
    site.world.muster.corrections.correct(
        site.world.key("officer"), "void", "Kestrel", HIDDEN_MOTIVATIONS, "not complete in the game"
    )
    page = Page(requests.get(receipt.url, cookies=device(receipt), timeout=30))
    assert "Counted now Confronting Resilience" in page.words
    assert "Undone: no longer counted Hidden Motivations" in page.words
    assert "This takes back the 1 milestone that was counted now." in page.words, "what is left of it"


def test_who_has_retired_comes_back_by_reporting(site: Site) -> None:
    secret, officer = site.world.secret(), site.world.key("officer")
    commander = Page(send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)).hidden["commander"]
    site.world.muster.rosters.retire(officer, "101", "nova", commander)
    form = Page(site.get(f"/f/{secret}?commander=kestrel"))
    assert form.roster == []
    assert (form.name, form.ticked) == ("Kestrel", {HIDDEN_MOTIVATIONS})
    page = Page(send(site, secret, "kestrel", CONFRONTING_RESILIENCE))
    assert page.hidden["commander"] == commander
    assert Page(site.get(f"/f/{secret}")).roster == ["Kestrel"]


def test_the_old_link_of_who_was_moved_says_where_they_report(site: Site) -> None:
    secret, officer = site.world.secret(), site.world.key("officer", alliance=None)
    receipt = send(site, secret, "Kestrel", HIDDEN_MOTIVATIONS)
    site.world.muster.rosters.move(officer, "101", "nova", Page(receipt).hidden["commander"], "orbit")
    answer = send(site, secret, "Kestrel", CONFRONTING_RESILIENCE)
    page = Page(answer)
    assert answer.status_code == 409
    assert "Kestrel reports with another alliance of this server. An officer can move them." in page.words
    assert (page.name, page.ticked, page.roster) == ("Kestrel", {CONFRONTING_RESILIENCE}, [])
    assert undo(receipt).status_code == 404
    assert completions(site) == 1


def test_where_nothing_is_active_the_form_says_when_something_will_be(site: Site) -> None:
    site.world.clock.now = datetime(2023, 11, 12, 22, 30, tzinfo=UTC)
    page = Page(site.get(f"/f/{site.world.secret()}"))
    assert not page.boxes
    assert "Next, in 90 minutes Mon 13 Nov at 00:00 UTC Disarray Unleashed" in page.words
    assert "name" not in page.hidden
    assert not page.buttons, "no field without a button, and none without a field"
    site.world.clock.now = datetime(2023, 11, 19, 22, tzinfo=UTC)
    late = Page(site.get(f"/f/{site.world.secret()}"))
    assert len(late.boxes) == 10
    assert "On now" not in late.words
    assert (
        "Architects of Chaos is over. You can report what you forgot until Mon 20 Nov at 00:00 UTC (in 2 hours)."
    ) in late.words
    site.world.clock.now = datetime(2023, 11, 20, tzinfo=UTC)
    over = Page(site.get(f"/f/{site.world.secret()}"))
    assert not over.boxes
    assert not over.buttons
    assert "Defenders of Peace is over. Reporting closed Mon 20 Nov at 00:00 UTC" in over.words
    assert "../servers/101" in over.links


def test_the_help_says_for_how_long_a_report_can_be_undone(any_site: Site) -> None:
    page = Page(any_site.get("/help"))
    assert "For 15 minutes, the receipt can undo it" in page.words
    assert "For officers" in page.words


def test_a_former_name_is_said_on_the_form_and_on_the_receipt(any_site: Site) -> None:
    world, secret = any_site.world, any_site.world.secret()
    phone = requests.Session()
    url = f"{any_site.url}/f/{secret}"
    phone.post(url, data={"commander": "Kestrel <b>", "milestone": HIDDEN_MOTIVATIONS}, timeout=30)
    admin = world.key("admin", None, None)
    (kestrel,) = world.muster.rosters.roster(admin, "101", "nova")
    world.muster.rosters.rename(admin, "101", "nova", kestrel.id, "Osprey")
    former = f"<bdi>{html.escape('Kestrel <b>')}</bdi>"
    form = phone.get(url, timeout=30)
    assert (Page(form).name, Page(form).ticked) == ("Osprey", {HIDDEN_MOTIVATIONS})
    assert "formerly" not in form.text, "the device remembers who it is, not what they were called"
    form = phone.get(url, params={"commander": "Kestrel <b>"}, timeout=30)
    assert (
        f"This is <bdi>Osprey</bdi>, formerly {former}. If you are another {former}, ask an officer."
        in form.text
    )
    assert (Page(form).name, Page(form).ticked) == ("Osprey", {HIDDEN_MOTIVATIONS})
    sent = phone.post(url, data={"commander": "kestrel <B>", "milestone": ENLISTING_OLD_ALLIES}, timeout=30)
    assert (
        f"Recorded for <bdi>Osprey</bdi>, formerly {former}. If you are another {former}, ask an officer."
        in sent.text
    )
    assert "estrel" not in unquote(sent.url), "an address ends up in logs"
    assert completions(any_site) == 2
    assert "formerly" not in send(any_site, secret, "Osprey", HIDDEN_MOTIVATIONS).text


def test_a_tag_is_no_part_of_the_name_that_the_form_takes(site: Site) -> None:
    secret = site.world.secret()
    send(site, secret, "Altair", HIDDEN_MOTIVATIONS)
    page = Page(site.get(f"/f/{secret}?commander=[NOVA] Altair"))
    assert (page.name, page.ticked) == ("Altair", {HIDDEN_MOTIVATIONS})
    site.world.clock.advance(minutes=1)
    assert "Nothing new" in send(site, secret, "[NOVA] Altair", HIDDEN_MOTIVATIONS).text
    assert completions(site) == 1
