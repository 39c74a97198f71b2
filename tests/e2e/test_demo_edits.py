"""Officers edit the demo's sheet on its own page, in a real browser, and it counts."""

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_browser import DESK, browser, opened
from tests.e2e.test_demo import Demo, after_two_syncs, start
from tests.world import DEFENDERS

__all__ = ["browser"]

NAMES = [f"Pilot {letter}" for letter in "ABCDEFGHIJKL"]
HIDDEN = "Hidden Motivations"


class Office:
    """An officer at the demo's sheet. Cells are found by heading and label, as a person finds them."""

    def __init__(self, demo: Demo, page: Page) -> None:
        self.demo, self.page = demo, page
        self.admin = {"Authorization": f"Bearer {demo.facts['admin_key']}"}

    def add(self, name: str) -> None:
        url = f"{self.demo.facts['api_url']}/v1/servers/101/alliances/nova-guard/commanders"
        answer = requests.post(url, json={"name": name, "is_new": True}, headers=self.admin, timeout=60)
        assert answer.status_code == 201, answer.text

    def cell(self, tab: str, label: str, heading: str) -> str | None:
        """In A1 notation; None if it is not there. Without a label it is that of the row below the last."""
        values = self.demo.values(tab)
        header = next((n for n, row in enumerate(values) if row[:1] in (["Commander"], ["Event"])), None)
        if header is None:
            return None
        at, keys = values[header].index(heading), values[header].index("#header")
        wanted, place = (label, 0) if label else ("#new", keys)
        rows = [n for n, row in enumerate(values) if row[place : place + 1] == [wanted]]
        return f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[at]}{rows[-1] + 1}" if rows else None

    def shown(self, tab: str, label: str, heading: str) -> str:
        cell, values = self.cell(tab, label, heading), self.demo.values(tab)
        if cell is None:
            return ""
        row, at = values[int(cell[1:]) - 1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(cell[0])
        return str(row[at]) if at < len(row) else ""

    def open(self, tab: str) -> None:
        self.page.goto(f"{self.demo.facts['sheet_url']}?refresh=0")
        self.page.get_by_label("Tabs").get_by_role("link", name=tab).click()

    def tick(self, *labels: str) -> None:
        self.open("IMS Commanders")
        for label in labels:
            cell = self.cell("IMS Commanders", label, HIDDEN)
            box = self.page.get_by_role("checkbox", name=cell, exact=True)
            was = box.get_attribute("aria-checked")
            box.click()
            expect(box).not_to_have_attribute("aria-checked", str(was))

    def tick_cell(self, cell: str) -> None:
        self.open("IMS Commanders")
        self.page.get_by_role("checkbox", name=cell, exact=True).click()

    def paste(self, source: str, to: str) -> None:
        """Cells over others, in one act: the page has no way to select several."""
        act = {"act": "copy", "with": {"tab": "IMS Commanders", "area": source, "to": to}}
        answer = requests.post(f"{self.demo.facts['sheet_url']}/acts", json=act, timeout=30)
        assert answer.status_code == 200, answer.text

    def type(self, tab: str, label: str, heading: str, text: str) -> None:
        self.open(tab)
        self.page.get_by_label("Cell", exact=True).fill(str(self.cell(tab, label, heading)))
        self.page.get_by_label("Text or formula").fill(text)
        self.page.get_by_role("button", name="Enter", exact=True).click()

    def says(self, label: str, words: str, tab: str = "IMS Commanders") -> bool:
        return after_two_syncs(lambda: words in self.shown(tab, label, "Muster says"))

    def completions(self) -> int:
        return int(self.demo.get(f"/v1/servers/101/events/{DEFENDERS}/progress")["completions"])

    def ledger(self) -> list[dict[str, object]]:
        url = f"{self.demo.facts['api_url']}/v1/servers/101/ledger?limit=200"
        entries: list[dict[str, object]] = requests.get(url, headers=self.admin, timeout=60).json()["entries"]
        return [one for one in entries if str(one["actor"]["key_id"]).startswith("sheet:")]  # type: ignore[index]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    demo = start(tmp_path_factory.mktemp("demo"), DEMO_EMPTY="1")
    with opened(browser, viewport=DESK) as page:
        office = Office(demo, page)
        for name in NAMES:
            office.add(name)
        assert after_two_syncs(lambda: office.shown("IMS Commanders", NAMES[-1], "Commander") == NAMES[-1])
        yield office
    demo.process.kill()
    demo.process.communicate()


def test_a_tick_counts_on_the_progress_page_and_in_the_ledger_and_an_untick_takes_it_back(
    office: Office,
) -> None:
    office.tick(NAMES[0])
    assert office.says(NAMES[0], f"{HIDDEN}: recorded.")
    assert office.completions() == 1
    office.page.goto(office.demo.facts["progress_url"])
    expect(office.page.get_by_text("100 of 8,925", exact=False).first).to_be_visible()
    entry = office.ledger()[0]
    assert (entry["action"], entry["after"]["tab"]) == ("report", "IMS Commanders")  # type: ignore[index]
    assert entry["actor"]["label"] == "sheet: Nova Guard officers"  # type: ignore[index]
    office.tick(NAMES[0])
    assert office.says(NAMES[0], f"{HIDDEN}: taken back.")
    assert office.completions() == 0


def test_a_name_below_the_last_joins_and_a_near_one_is_asked_about(office: Office) -> None:
    office.type("IMS Commanders", "", "Commander", "Kestrel")
    assert office.says("Kestrel", "Kestrel: added.")
    office.type("IMS Commanders", "", "Commander", "Kestral")
    assert office.says("", '"Kestral": did you mean Kestrel?')


def test_the_games_own_number_counts(office: Office) -> None:
    office.type("IMS Progress", "Defenders of Peace", "Official points", "500")
    assert office.says("Defenders of Peace", "500 official points: recorded.", "IMS Progress")
    progress = office.demo.get(f"/v1/servers/101/events/{DEFENDERS}/progress")
    assert progress["official"]["points"] == 500


def test_what_many_would_lose_waits_for_an_officer(office: Office) -> None:
    office.tick(*NAMES)
    assert after_two_syncs(lambda: office.completions() == len(NAMES))
    assert office.says(NAMES[-1], "recorded")
    empty, first = (office.cell("IMS Commanders", NAMES[0], one) for one in ("Unraveling Anomalies", HIDDEN))
    assert empty
    assert first
    office.paste(f"{empty}:{empty[0]}{int(empty[1:]) + 4}", first)
    state = "5 commanders would lose ticks or names"
    assert after_two_syncs(lambda: state in office.demo.values("IMS Commanders")[1][0])
    assert office.completions() == len(NAMES)
    boxes = [n for n, value in enumerate(office.demo.values("IMS Commanders")[1]) if value == "FALSE"]
    office.tick_cell(f"{'ABCDEFGHIJ'[boxes[0]]}2")
    assert after_two_syncs(lambda: office.completions() == len(NAMES) - 5)
