"""`./muster serve` as a member meets it: a real process, on the real clock, in a real browser."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.e2e.test_browser import PHONE, browser, opened
from tests.serve.test_serve import serving
from tests.world import DEFENDERS

__all__ = ["browser"]


def test_a_member_reports_and_the_servers_page_shows_it(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path / "muster.db") as served, opened(browser, viewport=PHONE) as page:
        key = served.run("keys", "first")
        today = datetime.now(UTC).date().isoformat()
        served.run("events", "clone", DEFENDERS, "--to", today, MUSTER_KEY=key)
        served.call("PUT", "/v1/servers/101", key, {})
        served.call("PUT", "/v1/servers/101/alliances/nova", key, {"tag": "NOVA", "name": "Nova Guard"})
        wanted = {"role": "member", "label": "A link", "server": "101", "alliance": "nova"}
        link = served.call("POST", "/v1/keys", key, wanted).json()["secret"]

        page.goto(f"{served.url}/f/{link}")
        page.get_by_label("Your commander’s name").fill("Altair")
        page.get_by_label("Unraveling Anomalies").check()
        page.get_by_role("button", name="Report").click()
        expect(page.get_by_role("heading", name="Counted now")).to_be_visible()
        page.goto(f"{served.url}/servers/101")
        expect(page.locator("main")).to_contain_text("1 completion")
        (event,) = served.get("/v1/servers/101/progress").json()["events"]
        assert (event["points"], event["commanders"]) == (100, 1)
        assert served.end() == 0
