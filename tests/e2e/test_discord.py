"""The demo's channel on Discord's stand-in, in a real browser: news comes, members report there, everything follows."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.test_browser import DESK, browser, opened
from tests.e2e.test_demo import Demo, after_two_syncs, start
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS

__all__ = ["browser"]

HALF_PAST_NINE = "2023-11-15T21:30:00Z"
"""What closes at midnight was told at 21:00. Every reward is reached, so the scoreboard stays as it was then, until
somebody reports. It is edited at most once in a quarter of an hour."""
OFFICER = "Deneb (Officers)"


class Room:
    """The channel of the demo's alliance, as one of its people sees it."""

    def __init__(self, demo: Demo, page: Page) -> None:
        self.demo, self.page = demo, page

    def enter(self, person: str) -> None:
        self.page.goto(self.demo.facts["discord_url"])
        self.page.get_by_label("You are").select_option(label=person)

    def use(self, command: str, **options: str) -> Locator:
        """The person types a command and its options, and sends it; what comes back."""
        answers = self.page.locator(".message").filter(has_text=f"used/{command}")
        before = answers.count()
        self.page.get_by_label("Message #ims-news").fill(f"/{command}")
        self.page.get_by_role("option", name=f"/{command}").click()
        for option, value in options.items():
            self.page.get_by_role("button", name=f"+ {option}").click()
            self.page.get_by_label(option, exact=True).fill(value)
        self.page.keyboard.press("Enter")
        return answers.nth(before)

    def news(self, *words: str) -> Locator:
        """The messages on the page that hold these words."""
        found = self.page.locator(".message")
        for each in words:
            found = found.filter(has_text=each)
        return found

    def get(self, path: str) -> Any:
        return self._answer("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self._answer("POST", path, json=body)

    def points(self) -> int:
        return int(self.get(f"servers/101/events/{DEFENDERS}/progress")["points"])

    def in_sheet(self, tab: str, label: str, column: str) -> str:
        return next(row[column] for row in self.demo.rows(tab) if label in row.values())

    def sheets_points(self) -> int:
        return int(self.in_sheet("IMS Progress", "Defenders of Peace", "Points").replace(",", ""))

    def _answer(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.demo.facts['admin_key']}"}
        url = f"{self.demo.facts['api_url']}/v1/{path}"
        answer = requests.request(method, url, headers=headers, timeout=60, **more)
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Room]:
    demo = start(tmp_path_factory.mktemp("demo"), DEMO_NOW=HALF_PAST_NINE)
    with opened(browser, viewport=DESK, timezone_id="Europe/Berlin") as page:
        yield Room(demo, page)
    demo.process.kill()
    demo.process.communicate()


def test_the_channel_has_heard_the_days_brief_and_what_closes_soon_and_nobody_was_rung(room: Room) -> None:
    room.enter("Altair")
    brief = room.news("On now", "Hidden Motivations").first
    expect(brief).to_contain_text("Until 1:00 AM (in 2 hours).")
    expect(room.news("Closing soon", "Hidden Motivations")).to_contain_text("Still missing: 10 of 22.")
    expect(room.page.get_by_text("Rang")).to_have_count(0)
    assert not Axe().run(room.page).response["violations"]
    room.page.goto(room.demo.facts["discord_scoreboard_url"])
    expect(room.news("Server 101: where it stands")).to_have_count(1)


def test_a_member_says_who_they_are_and_reports_and_everything_follows(room: Room) -> None:
    before = room.points()
    room.enter("Castor")
    board = room.news("Server 101: where it stands").last
    message_id = board.get_attribute("data-id")
    expect(room.use("done")).to_contain_text("Who are you?")
    asked = room.use("iam", name="Kastor")
    expect(asked).to_contain_text("Did you mean Castor?")
    asked.get_by_role("button", name="Castor", exact=True).click()
    expect(asked).to_contain_text("Here you are Castor.")
    menu = room.use("done")
    menu.get_by_role("button", name="Castor").click()
    menu.get_by_role("option", name="Hidden Motivations").click()
    room.page.keyboard.press("Escape")
    receipt = room.page.locator(".message").last
    expect(receipt).to_contain_text("Hidden Motivations: recorded.")
    expect(receipt).to_contain_text("Only you can see this")
    assert room.points() == before + 100
    entry = next(each for each in room.get("servers/101/ledger")["entries"] if each["action"] == "report")
    account = room.page.get_by_label("You are").input_value()
    assert "discord" in str(entry["actor"])
    assert account in str(entry["actor"])
    expect(board).to_contain_text(f"{before + 100:,} / 8,925 points", timeout=20_000)
    expect(board).to_contain_text("(edited)")
    assert board.get_attribute("data-id") == message_id
    assert after_two_syncs(lambda: room.in_sheet("IMS Commanders", "Castor", "Hidden Motivations") == "TRUE")
    room.page.goto(room.demo.facts["progress_url"])
    expect(room.page.get_by_text(f"{before + 100:,}").first).to_be_visible()


def test_an_officer_sees_who_is_missing_and_a_member_does_not(room: Room) -> None:
    room.enter(OFFICER)
    expect(room.use("missing")).to_contain_text("Vindemiatrix")
    room.enter("Castor")
    room.page.get_by_label("Message #ims-news").fill("/")
    expect(room.page.get_by_role("option", name="/done")).to_be_visible()
    expect(room.page.get_by_role("option", name="/missing")).to_have_count(0)


def test_a_reward_is_told_once_though_the_points_go_down_and_up_again(room: Room) -> None:
    room.enter("Altair")
    told = room.news("Reward reached", "Defenders of Peace reached it")
    expect(told).to_have_count(1)
    top = room.points()
    member = next(key["id"] for key in room.get("keys")["keys"] if key["label"] == "demo member")
    order = {"key_id": member, "only": "all", "reason": "a test", "server": "101"}
    taken = room.post("corrections/bulk", **order)
    assert room.points() < 8925
    assert after_two_syncs(lambda: room.sheets_points() == room.points())
    room.post("corrections/bulk", undo=taken["id"])
    assert room.points() == top
    assert after_two_syncs(lambda: room.sheets_points() == top)
    room.demo.report("Altair", HIDDEN_MOTIVATIONS)  # the sheet shows this after the news of before was told
    assert after_two_syncs(lambda: room.sheets_points() == top + 100)
    expect(told).to_have_count(1)
