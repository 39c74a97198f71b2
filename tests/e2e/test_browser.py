"""The pages in a real browser, on a phone and on a desk: what a member does, and that it fits."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

import app
from chalicelib import bootstrap
from chalicelib.languages import LANGUAGES
from local.gateway import Gateway
from local.sheets import SheetsServer
from sheets_sync.google import Google
from sheets_sync.run import sync_due
from tests.world import ASSEMBLING_THE_RESISTANCE, HIDDEN_MOTIVATIONS, World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SMALL: ViewportSize = {"width": 320, "height": 640}
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
LOOKS: dict[str, dict[str, Any]] = {
    "small": {"viewport": SMALL, "color_scheme": "light"},
    "phone in the dark": {"viewport": PHONE, "color_scheme": "dark"},
    "phone without scripts": {"viewport": PHONE, "color_scheme": "light", "java_script_enabled": False},
    "desk": {"viewport": DESK, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; .ci/run installs it")
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, **look: Any) -> Iterator[Page]:
    """A page of a device that looks so. What its console complains about fails the test."""
    context = browser.new_context(**look)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    refused = [words for words in complaints if "status of 4" not in words]  # an error page is no complaint
    assert not refused, "the pages break no policy of their own"


@pytest.fixture(params=LOOKS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    with opened(browser, **LOOKS[request.param]) as page:
        yield page


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    with opened(browser, viewport=PHONE) as page:
        yield page


@pytest.fixture
def form_url(world: World) -> Iterator[str]:
    bootstrap.use(world.muster)
    gateway = Gateway(app.app, prefix="/api")
    gateway.start()
    yield f"{gateway.url}/f/{world.secret()}"
    gateway.stop()
    bootstrap.use(None)


def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def big_enough(page: Page) -> bool:
    """Whether a thumb hits every button."""
    boxes = [button.bounding_box() for button in page.get_by_role("button").all()]
    return bool(boxes) and all(box is not None and box["height"] >= 44 for box in boxes)


def report(page: Page, name: str | None, *milestones: str) -> None:
    """Fills in the form that is open, and sends it."""
    if name is not None:
        page.get_by_label("Your commander’s name").fill(name)
    for milestone in milestones:
        page.get_by_label(milestone).check()
    page.get_by_role("button", name="Report", exact=True).last.click()


def barriers(page: Page) -> str:
    """What axe-core finds, in its words."""
    found = Axe().run(page)
    return str(found.generate_report()) if found.violations_count else ""


def test_a_first_report_and_the_next_days_in_two_taps(page: Page, form_url: str, world: World) -> None:
    page.goto(form_url)
    expect(page.get_by_role("button", name="Report")).to_be_in_viewport(ratio=1)
    report(page, "Kestrel", "Hidden Motivations", "Confronting Resilience")
    expect(page.get_by_role("heading", name="Counted now")).to_be_in_viewport()
    expect(page.get_by_text("100 of 500").first).to_be_visible()
    assert fits(page)
    page.reload()
    expect(page.get_by_role("heading", name="Counted now")).to_be_visible()
    world.clock.now = datetime(2023, 11, 16, 9, tzinfo=UTC)
    page.goto(form_url)
    expect(page.get_by_role("button", name="Kestrel")).to_be_in_viewport(ratio=1)
    for control in (
        page.get_by_label("Assembling the Resistance"),
        page.get_by_role("button", name="Report"),
    ):
        expect(control).to_be_in_viewport(ratio=1)
        control.click()  # a tap each, and nothing else
    expect(page.get_by_role("status")).to_contain_text("Assembling the Resistance")
    page.get_by_role("link", name="Report something else").click()
    expect(page.get_by_text("Done: 3 milestones")).to_be_visible()
    expect(page.get_by_label("Hidden Motivations")).to_be_hidden()
    page.get_by_text("Done: 3 milestones").click()
    expect(page.get_by_label("Hidden Motivations")).to_be_disabled()


def test_the_button_is_under_the_thumb_wherever_the_form_is_scrolled_to(phone: Page, form_url: str) -> None:
    phone.goto(form_url)
    assert not fits_on_the_screen(phone), "otherwise this shows nothing"
    for place in (0, 0.3, 0.6):
        phone.evaluate("place => scrollTo(0, place * document.body.scrollHeight)", place)
        expect(phone.get_by_role("button", name="Report")).to_be_in_viewport(ratio=1)


def fits_on_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.body.scrollHeight <= innerHeight"))


def test_two_accounts_on_one_device_and_a_rename_in_between(page: Page, form_url: str, world: World) -> None:
    page.goto(form_url)
    report(page, "Kestrel", "The Onslaught")
    page.get_by_role("link", name="Report for somebody else").click()
    report(page, "Zoë 名前", "Hidden Motivations")
    page.get_by_role("link", name="Report for Kestrel").click()
    expect(page.get_by_role("button", name="Kestrel")).to_have_attribute("aria-current", "true")
    kestrel = world.muster.stores.commanders.named("101", "Kestrel")
    assert kestrel
    world.muster.rosters.rename(world.key("officer"), "101", "nova", kestrel.id, "Osprey")
    report(page, None, "Confronting Resilience")
    expect(page.get_by_role("heading", name="Osprey")).to_be_visible()
    expect(page.get_by_text("Recorded for Osprey, formerly Kestrel.")).to_be_visible()
    page.goto(form_url)
    expect(page.get_by_role("button", name="Osprey")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Zoë 名前").click()
    expect(page.get_by_label("The Onslaught")).to_be_enabled()
    page.get_by_role("button", name="Somebody else").click()
    expect(page.get_by_label("Your commander’s name")).to_have_value("")


def test_it_works_from_the_keyboard_alone(page: Page, form_url: str) -> None:
    page.goto(form_url)
    page.keyboard.press("Tab")
    page.keyboard.type("Kestrel")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Counted now")).to_be_visible()


def mistype(page: Page, form_url: str, world: World) -> None:
    """Reports for Kestrel, then for Kestrl."""
    for name, milestone in (("Kestrel", "The Onslaught"), ("Kestrl", "Hidden Motivations")):
        world.clock.advance(seconds=1)
        page.goto(f"{form_url}?commander=")
        report(page, name, milestone)
    expect(page.get_by_role("alert")).to_have_text("Kestrl is new to Nova Guard. Did you mean Kestrel?")


def test_a_slip_is_mended_by_a_tap_and_a_report_undone(page: Page, form_url: str, world: World) -> None:
    mistype(page, form_url, world)
    suggestion = page.get_by_role("button", name="Report as Kestrel")
    expect(suggestion).to_be_in_viewport()
    assert big_enough(page)
    assert fits(page)
    page.get_by_label("Confronting Resilience").check()  # what is ticked meanwhile goes with it
    suggestion.click()
    expect(page.get_by_role("heading", name="Kestrel")).to_be_visible()
    expect(page.get_by_role("status").get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.get_by_text("That was wrong").click()
    assert big_enough(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Undone: no longer counted")).to_be_visible()
    expect(page.get_by_text("That was wrong")).to_have_count(0)
    assert fits(page)
    page.get_by_role("link", name="Report again").click()
    expect(page.get_by_role("button", name="Kestrel")).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Hidden Motivations")).not_to_be_checked()


def test_going_back_to_a_question_asks_it_again_with_the_ticks(
    page: Page, form_url: str, world: World
) -> None:
    mistype(page, form_url, world)
    page.get_by_role("button", name="Report as Kestrel").click()
    expect(page.get_by_role("heading", name="Counted now")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("alert")).to_have_text("Kestrl is new to Nova Guard. Did you mean Kestrel?")
    expect(page.get_by_label("Hidden Motivations")).to_be_checked()
    page.reload()
    expect(page.get_by_role("alert")).to_have_text("Kestrl is new to Nova Guard. Did you mean Kestrel?")
    name = page.get_by_label("Your commander’s name")
    name.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()  # Enter sends the typed name, and never a suggestion
    page.get_by_role("button", name="No, Kestrl is new: report as typed").click()
    expect(page.get_by_role("heading", name="Kestrl")).to_be_visible()


def test_going_back_to_a_problem_sends_nothing_again(phone: Page, form_url: str) -> None:
    phone.goto(form_url)
    report(phone, "Kestrel")
    expect(phone.get_by_role("alert")).to_have_text("Choose at least one milestone.")
    report(phone, None, "Hidden Motivations")
    expect(phone.get_by_role("heading", name="Counted now")).to_be_visible()
    for again in (phone.go_back, phone.reload):
        again()
        expect(phone.get_by_role("alert")).to_have_text("Choose at least one milestone.")
        expect(phone.get_by_role("button", name="Kestrel")).to_have_attribute("aria-current", "true")


def test_what_was_ticked_survives_a_lost_connection(phone: Page, form_url: str) -> None:
    phone.goto(form_url)
    phone.context.set_offline(True)
    report(phone, "Kestrel", "Hidden Motivations", "The Onslaught")
    expect(phone.get_by_role("alert")).to_contain_text("You are offline. Nothing was sent")
    expect(phone.get_by_role("alert")).to_be_in_viewport(ratio=1)
    phone.context.set_offline(False)
    phone.goto(form_url)
    expect(phone.get_by_label("Your commander’s name")).to_have_value("Kestrel")
    expect(phone.get_by_label("The Onslaught")).to_be_checked()
    phone.get_by_role("button", name="Report").click()
    expect(phone.get_by_role("status").get_by_role("listitem")).to_have_count(2)
    phone.goto(f"{form_url}?commander=")
    expect(phone.get_by_label("The Onslaught")).not_to_be_checked()


def test_one_tap_sends_once(phone: Page, form_url: str) -> None:
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    phone.goto(form_url)
    phone.get_by_label("Your commander’s name").fill("Kestrel")
    phone.get_by_label("Hidden Motivations").check()
    phone.evaluate("for (let tap = 0; tap < 3; tap++) document.querySelector('.bar button').click()")
    expect(phone.get_by_role("heading", name="Counted now")).to_be_visible()
    assert sent == [form_url + "?"]


def test_times_are_the_readers_own_and_count_down_by_the_servers_clock(
    browser: Browser, form_url: str, world: World
) -> None:
    with opened(browser, viewport=PHONE, timezone_id="Asia/Tokyo", locale="de-AT") as page:
        page.goto(form_url)
        opening, closing = (
            page.locator(".next").locator("xpath=..").locator("time").last,
            page.locator("li time"),
        )
        expect(opening).to_have_text(re.compile(r"Do\., 16\. Nov\. um 09:00 .*9"))
        expect(closing.first).to_have_text("in 11 Stunden")
        page.locator("#zones").click()
        expect(opening).to_have_text("Do., 16. Nov. um 00:00 UTC")
        page.reload()
        expect(opening).to_have_text("Do., 16. Nov. um 00:00 UTC")
        page.locator("#zones").click()
        expect(opening).to_have_text(re.compile("09:00"))


def states(page: Page, form_url: str, world: World) -> Iterator[str]:
    """Opens what a member can see, one after the other."""
    site = form_url.partition("/f/")[0]
    world.clock.now = datetime(2023, 11, 12, 12, tzinfo=UTC)
    page.goto(form_url)
    yield "before"
    world.clock.now = datetime(2023, 11, 15, 12, tzinfo=UTC)
    page.goto(f"{form_url}?commander=")
    yield "nobody yet"
    name = page.locator("#commander")
    name.fill("Kestrel" + "W" * 50)
    page.locator("#report input[type=checkbox]").first.check()
    page.locator(".bar button").click()
    page.locator("summary").first.click()
    yield "receipt"
    page.goto(f"{form_url}?sent=1&commander=Kestrel{'W' * 49}&milestone={HIDDEN_MOTIVATIONS}")
    yield "question"
    page.goto(f"{form_url}?sent=1&commander=Merlin&milestone={ASSEMBLING_THE_RESISTANCE}")
    yield "error"
    page.goto(form_url)
    page.locator(".had summary").click()
    yield "during"
    world.clock.now = datetime(2023, 11, 19, 12, tzinfo=UTC)
    page.goto(form_url)
    yield "grace"
    world.clock.now = datetime(2023, 12, 12, 12, tzinfo=UTC)
    page.goto(form_url)
    yield "after"
    page.goto(f"{site}/help")
    yield "help"
    page.goto(f"{site}/f/unknown")
    yield "no link"


@pytest.mark.parametrize("look", ["phone in the dark", "small"])
def test_every_state_is_accessible(browser: Browser, form_url: str, world: World, look: str) -> None:
    with opened(browser, **LOOKS[look]) as page:
        for state in states(page, form_url, world):
            assert fits(page), state
            assert not barriers(page), state


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_language_fits_on_a_small_screen(
    browser: Browser, form_url: str, world: World, code: str
) -> None:
    with opened(browser, viewport=SMALL, locale=code) as page:
        for state in states(page, form_url, world):
            assert page.locator("html").get_attribute("lang") == code
            assert fits(page), state


def test_the_sheet_shows_what_was_reported(phone: Page, world: World) -> None:
    with SheetsServer(clock=world.clock) as sheets:
        identity = sheets.create_spreadsheet("Officers' own", {"Own": [["kept"]]})
        world.muster.stores.sheets.bind(identity, "101", "nova")
        world.muster.reporting.report(world.key(), '=HYPERLINK("x")', [HIDDEN_MOTIVATIONS])
        sync_due(world.muster.sheet_queue, Google(sheets.url))
        phone.goto(sheets.page_url(identity) + "?refresh=0")
        phone.get_by_role("link", name="IMS Commanders").click()
        expect(phone.get_by_text('=HYPERLINK("x")', exact=True).first).to_be_visible()
        assert fits(phone)
