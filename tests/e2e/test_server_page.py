"""The page of a server in Chromium: on every screen, in every state of an event, and while it refreshes itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import app
from chalicelib import bootstrap
from chalicelib.domain.roster import Server
from chalicelib.languages import LANGUAGES
from chalicelib.settings import Settings
from local.campaign import BEGINS, play
from local.gateway import Gateway
from local.seed import Secrets, define
from tests.e2e import test_browser
from tests.e2e.test_browser import DESK, PHONE, SMALL, barriers, fits, opened
from tests.world import CONFRONTING_RESILIENCE, HIDDEN_MOTIVATIONS, HandClock, World

browser = test_browser.browser

STATES = {
    "before": datetime(2023, 11, 11, 12, tzinfo=UTC),
    "during": datetime(2023, 11, 15, 12, tzinfo=UTC),
    "grace": datetime(2023, 11, 19, 12, tzinfo=UTC),
    "after": datetime(2023, 11, 21, 12, tzinfo=UTC),
}
LOOKS: dict[str, dict[str, Any]] = {
    "small": {"viewport": SMALL, "color_scheme": "light"},
    "phone in the dark": {"viewport": PHONE, "color_scheme": "dark"},
    "desk": {"viewport": DESK, "color_scheme": "light"},
}


@contextmanager
def served(muster: bootstrap.Muster) -> Iterator[str]:
    """The address of the product under a stage prefix."""
    bootstrap.use(muster)
    gateway = Gateway(app.app, prefix="/api")
    gateway.start()
    yield gateway.url
    gateway.stop()
    bootstrap.use(None)


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with served(world.muster) as url:
        yield f"{url}/servers/101"


@pytest.fixture(scope="module", params=STATES)
def campaign(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A state, and the address of a server that is in it after a made-up campaign."""
    clock, secrets = HandClock(min(BEGINS, STATES[request.param])), Secrets.new()
    muster = bootstrap.assemble(Settings(), bootstrap.sqlite_table(None), clock)
    define(muster, secrets)
    muster.stores.definitions.put_server(Server("101", public_standings=True))
    play(muster, clock, secrets, STATES[request.param])  # type: ignore[arg-type] # a clock that is set
    clock.now = STATES[request.param]
    with served(muster) as url:
        yield request.param, url


@pytest.mark.parametrize("look", LOOKS)
def test_every_state_fits_and_is_accessible(browser: Browser, campaign: tuple[str, str], look: str) -> None:
    state, url = campaign
    with opened(browser, **LOOKS[look]) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{url}/servers/101")
        assert [one for one in requests if not one.startswith("data:")] == [f"{url}/servers/101"]
        if state == "during" and look != "small":  # both sides at a glance
            for side in page.locator(".side .outlook").all():
                expect(side).to_be_in_viewport()
        assert fits(page)
        for folded in page.locator("main details").all():
            folded.locator("summary").click()
        assert fits(page)
        assert not barriers(page)


@pytest.mark.parametrize("media", ["screen", "print"])
def test_without_scripts_and_on_paper_everything_is_there(
    browser: Browser, campaign: tuple[str, str], media: Any
) -> None:
    state, url = campaign
    with opened(browser, viewport=PHONE, color_scheme="dark", java_script_enabled=False) as page:
        page.emulate_media(media=media)
        page.goto(f"{url}/servers/101")
        words = page.locator("main").inner_text()
        assert "UTC" in words
        assert ("On now" in words) == (state == "during")
        assert ("Over" in words) == (state == "after")
        expect(page.locator("#refresh")).to_be_visible(visible=media == "screen")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == ("rgb(16, 21, 28)" if media == "screen" else "rgb(246, 247, 249)")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_fits_on_a_small_screen(
    browser: Browser, campaign: tuple[str, str], code: str
) -> None:
    state, url = campaign
    others = ("/", "/servers/999", "/nowhere") if state == "during" else ()
    with opened(browser, viewport=SMALL, locale=code) as page:
        for path in ("/servers/101", *others):
            page.goto(url + path)
            assert page.locator("html").get_attribute("lang") == code
            assert fits(page), path


def test_it_refreshes_itself_and_stays_where_it_was_read(browser: Browser, url: str, world: World) -> None:
    with opened(browser, viewport=PHONE) as page:
        answers: list[int] = []
        page.on("response", lambda response: answers.append(response.status))
        page.clock.install()
        page.goto(url)
        table = page.locator("details").filter(has_text="The numbers as a table").last
        table.locator("summary").click()
        table.scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        assert before > 200
        page.clock.run_for(70_000)
        wait_for(page, answers, [200, 304])
        world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
        page.clock.run_for(70_000)
        expect(page.get_by_text("100 of 8,925")).to_have_count(1)
        assert page.evaluate("scrollY") == before
        expect(table.locator("table")).to_be_visible()
        expect(table.locator("summary")).to_be_focused()
        world.muster.reporting.report(world.key(), "Kestrel", [CONFRONTING_RESILIENCE])
        page.get_by_role("link", name="Refresh").click()
        expect(page.get_by_text("100 of 8,925")).to_have_count(2)
        assert page.url == url
        page.locator("#zones").click()
        expect(page.locator("#zones")).to_be_visible()


def test_times_are_the_readers_own_after_a_refresh_too(browser: Browser, url: str, world: World) -> None:
    with opened(browser, viewport=PHONE, timezone_id="Asia/Tokyo") as page:
        page.goto(url)
        as_of = page.locator("main time").first
        expect(as_of).to_have_text(re.compile(r"Wed,? 15 Nov at 21:00 .*9"))
        world.clock.advance(minutes=1)
        page.get_by_role("link", name="Refresh").click()
        expect(as_of).to_have_text(re.compile(r"Wed,? 15 Nov at 21:01 .*9"))
        page.locator("#zones").click()
        expect(as_of).to_have_text("Wed 15 Nov at 12:01 UTC")


def test_who_comes_back_after_a_report_sees_it(browser: Browser, url: str, world: World) -> None:
    """Though the browser may show its own copy for a moment."""
    with opened(browser, viewport=PHONE) as page:
        page.goto(url)
        world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
        page.goto(url.replace("/servers/101", "/help"))
        page.goto(url)
        expect(page.get_by_text("100 of 8,925")).to_have_count(1)


def test_nobody_looks_nothing_is_asked(browser: Browser, url: str) -> None:
    with opened(browser, viewport=PHONE) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.install()
        page.goto(url)
        page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
        page.clock.run_for(300_000)
        assert len(asked) == 1


def test_a_server_that_does_not_answer_leaves_the_page_as_it_is(browser: Browser, url: str) -> None:
    with opened(browser, viewport=PHONE) as page:
        page.clock.install()
        page.goto(url)
        page.route("**/servers/101", lambda route: route.fulfill(status=429, body="too many"))
        page.clock.run_for(70_000)
        expect(page.get_by_role("heading", name="Server 101")).to_be_visible()
        page.unroute("**/servers/101")


def test_from_the_first_page_to_a_server(browser: Browser, url: str) -> None:
    with opened(browser, viewport=PHONE) as page:
        home = url.removesuffix("/servers/101")
        page.goto(f"{home}/nowhere")
        assert not barriers(page)
        page.get_by_role("link", name="To the first page").click()
        assert not barriers(page)
        page.get_by_label("The server’s number").fill("999")
        page.get_by_role("button", name="Show it").click()
        expect(page.get_by_role("alert")).to_contain_text("doesn't use Muster")
        assert not barriers(page)
        page.get_by_label("The server’s number").fill("101")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Server 101")).to_be_visible()


def wait_for(page: Page, seen: list[int], expected: list[int]) -> None:
    """Waits until that was seen, and fails if it is something else."""
    for _ in range(100):
        if len(seen) >= len(expected):
            break
        page.wait_for_timeout(20)
    assert seen == expected
