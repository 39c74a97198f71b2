"""The pages in a real browser, on a phone and on a desk: what a member does, and that it fits."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

import app
from chalicelib import bootstrap
from local.gateway import Gateway
from local.sheets import SheetsServer
from sheets_sync.google import Google
from sheets_sync.run import sync_due
from tests.world import HIDDEN_MOTIVATIONS, World

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}


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


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=request.param)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    refused = [words for words in complaints if "status of 4" not in words]  # an error page is no complaint
    assert not refused, "the pages break no policy of their own"


@pytest.fixture
def page_without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


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


def test_a_member_reports_and_gets_a_receipt(page: Page, form_url: str) -> None:
    page.goto(form_url)
    assert fits(page)
    page.get_by_label("Your commander’s name").fill("Kestrel")
    page.get_by_label("Hidden Motivations").check()
    page.get_by_label("Confronting Resilience").check()
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_role("heading", name="Counted now")).to_be_visible()
    expect(page.get_by_text("100 of 500").first).to_be_visible()
    assert fits(page)
    page.reload()
    expect(page.get_by_role("heading", name="Counted now")).to_be_visible()
    page.get_by_role("link", name="Report something else").click()
    expect(page.get_by_label("Your commander’s name")).to_have_value("Kestrel")
    expect(page.get_by_label("Hidden Motivations")).to_be_checked()
    expect(page.get_by_label("Hidden Motivations")).to_be_disabled()
    page.get_by_role("link", name="Where server 101 stands").click()
    expect(page.get_by_text("100 points").first).to_be_visible()
    assert fits(page)


def test_the_device_remembers_and_can_be_told_otherwise(page: Page, form_url: str) -> None:
    page.goto(form_url)
    page.get_by_label("Your commander’s name").fill("Zoë 名前")
    page.get_by_label("The Onslaught").check()
    page.get_by_role("button", name="Report").click()
    page.goto(form_url)
    expect(page.get_by_label("Your commander’s name")).to_have_value("Zoë 名前")
    page.get_by_role("link", name="Report for somebody else").click()
    expect(page.get_by_label("Your commander’s name")).to_have_value("")
    expect(page.get_by_label("The Onslaught")).to_be_enabled()


def test_an_error_keeps_what_was_typed(page: Page, form_url: str) -> None:
    page.goto(form_url)
    page.get_by_label("Your commander’s name").fill("Kestrel")
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_role("alert")).to_have_text("Choose at least one milestone.")
    expect(page.get_by_label("Your commander’s name")).to_have_value("Kestrel")
    assert fits(page)


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
        page.get_by_label("Your commander’s name").fill(name)
        page.get_by_label(milestone).check()
        page.get_by_role("button", name="Report").click()
    expect(page.get_by_role("alert")).to_have_text("Kestrl is new to Nova Guard. Did you mean Kestrel?")


def walk_from_a_slip_to_an_undone_report(page: Page, form_url: str, world: World) -> None:
    mistype(page, form_url, world)
    suggestion = page.get_by_role("button", name="Report as Kestrel")
    expect(suggestion).to_be_in_viewport()
    assert big_enough(page)
    assert fits(page)
    page.get_by_label("Confronting Resilience").check()  # what is ticked meanwhile goes with it
    suggestion.click()
    expect(page.get_by_role("heading", name="Kestrel")).to_be_visible()
    expect(page.get_by_role("status").get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("button", name="Undo, until 12:15 UTC")).to_be_in_viewport()
    assert big_enough(page)
    assert fits(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Undone: no longer counted")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert fits(page)
    page.reload()
    expect(page.get_by_role("heading", name="Undone: no longer counted")).to_be_visible()
    page.get_by_role("link", name="Report again").click()
    expect(page.get_by_label("Your commander’s name")).to_have_value("Kestrel")
    expect(page.get_by_label("Hidden Motivations")).not_to_be_checked()
    expect(page.get_by_label("The Onslaught")).to_be_checked()


def test_a_slip_is_mended_by_a_tap_and_a_report_undone_by_another(
    page: Page, form_url: str, world: World
) -> None:
    walk_from_a_slip_to_an_undone_report(page, form_url, world)


def test_all_of_it_works_without_scripts(page_without_scripts: Page, form_url: str, world: World) -> None:
    walk_from_a_slip_to_an_undone_report(page_without_scripts, form_url, world)


def test_enter_sends_the_typed_name_and_never_a_suggestion(page: Page, form_url: str, world: World) -> None:
    mistype(page, form_url, world)
    name = page.get_by_label("Your commander’s name")
    name.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Kestrl is new to Nova Guard. Did you mean Kestrel?")
    expect(page.get_by_label("Hidden Motivations")).to_be_checked()
    name.fill("Osprey")
    name.press("Enter")
    expect(page.get_by_role("heading", name="Osprey")).to_be_visible()


def test_a_new_name_is_taken_as_typed_when_its_owner_says_so(page: Page, form_url: str, world: World) -> None:
    mistype(page, form_url, world)
    page.get_by_role("button", name="No, Kestrl is new: report as typed").click()
    expect(page.get_by_role("heading", name="Kestrl")).to_be_visible()
    expect(page.get_by_role("heading", name="Counted now")).to_be_visible()


def test_a_long_name_and_long_words_fit(page: Page, form_url: str) -> None:
    page.goto(form_url)
    page.get_by_label("Your commander’s name").fill("W" * 64)
    page.get_by_label("Hidden Motivations").check()
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_role("heading", name="W" * 64)).to_be_visible()
    assert fits(page)
    page.goto(f"{form_url}?commander={'W' * 63}")
    page.get_by_label("Hidden Motivations").check()
    page.get_by_role("button", name="Report").click()
    expect(page.get_by_role("button", name=f"Report as {'W' * 64}")).to_be_visible()
    assert fits(page)


def test_the_sheet_shows_what_was_reported(page: Page, world: World) -> None:
    with SheetsServer(clock=world.clock) as sheets:
        identity = sheets.create_spreadsheet("Officers' own", {"Own": [["kept"]]})
        world.muster.stores.sheets.bind(identity, "101", "nova")
        world.muster.reporting.report(world.key(), '=HYPERLINK("x")', [HIDDEN_MOTIVATIONS])
        sync_due(world.muster.sheet_queue, Google(sheets.url))
        page.goto(sheets.page_url(identity) + "?refresh=0")
        page.get_by_role("link", name="IMS Commanders").click()
        expect(page.locator('[data-cell="A7"]')).to_have_text('=HYPERLINK("x")')
        assert fits(page)
