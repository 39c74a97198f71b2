"""`make pictures`: pictures of the pages after two and a half days of made-up reports, of sheets and of Discord."""

import shutil
import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from chalicelib import bootstrap
from chalicelib.settings import Settings
from local import discord_pictures, sheet_pictures
from local.campaign import BEGINS, SteppingClock, play
from local.gateway import Gateway
from local.seed import SERVER, Secrets, seed
from local.sheets import SheetsServer
from sheets_sync.google import Google
from sheets_sync.run import sync_due

FOLDER = Path("docs/pictures")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=800)
SMALL_PHONE = ViewportSize(width=360, height=640)
SERVERS_SHEET = "demo-server-sheet"
TAKEN_AT = datetime(2023, 11, 15, 12, tzinfo=UTC)
SERVER_STATES = {
    "before": datetime(2023, 11, 11, 12, tzinfo=UTC),
    "during": TAKEN_AT,
    "grace": datetime(2023, 11, 19, 12, tzinfo=UTC),
    "after": datetime(2023, 11, 21, 12, tzinfo=UTC),
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        clock = SteppingClock(BEGINS)
        sheets = stack.enter_context(SheetsServer(clock=clock))
        table = stack.enter_context(closing(bootstrap.sqlite_table(None)))
        settings = Settings(sheets_api_url=sheets.url, public_url="https://muster.example")
        muster = bootstrap.assemble(settings, table, clock)
        bootstrap.use(muster)
        import app as functions

        gateway = Gateway(functions.app)
        gateway.start()
        stack.callback(gateway.stop)
        secrets = Secrets.new()
        seed(muster, sheets, secrets)
        sheets.create_spreadsheet("Officers of server 101", {"Officers": [["Server 101"]]}, SERVERS_SHEET)
        muster.stores.sheets.bind(SERVERS_SHEET, SERVER.id, None)
        play(muster, clock, secrets, TAKEN_AT)
        sync_due(muster.sheet_queue, Google(sheets.url))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name, size in (("phone", PHONE), ("desk", DESK)):
                take(browser.new_page(viewport=size), gateway.url, sheets, secrets, folder, name)
            take_server(browser, f"{gateway.url}/servers/{SERVER.id}", clock, folder)
            sheet_pictures.take(browser, folder / "sheet")
            discord_pictures.take(browser, folder / "discord")
            browser.close()


def take(page: Page, url: str, sheets: SheetsServer, secrets: Secrets, folder: Path, kind: str) -> None:
    page.goto(f"{url}/f/{secrets.member_key}?commander=Altair")
    page.screenshot(path=folder / f"form-{kind}.png")
    if kind == "desk":
        page.goto(f"{url}/f/{secrets.member_key}")
        page.get_by_label("Your commander’s name").fill("Vega")
        page.get_by_label("Hidden Motivations").check()
        page.get_by_role("button", name="Report").click()
    else:
        page.get_by_role("checkbox", disabled=False).first.check()
        page.get_by_role("button", name="Report").click()
    page.screenshot(path=folder / f"receipt-{kind}.png")
    page.goto(f"{url}/servers/{SERVER.id}")
    page.screenshot(path=folder / f"progress-{kind}.png")
    page.goto(f"{sheets.page_url(SERVERS_SHEET)}?refresh=0")
    page.get_by_role("link", name="IMS Alliances").click()
    page.screenshot(path=folder / f"server-alliances-{kind}.png")


def take_server(browser: Browser, url: str, clock: SteppingClock, folder: Path) -> None:
    """The server's page on a phone before, during and after an event, and its picture in light and dark."""
    for state, at in SERVER_STATES.items():
        clock.now = at
        page = browser.new_page(viewport=SMALL_PHONE)  # one that has no copy of the last state
        page.goto(url)
        page.screenshot(path=folder / f"server-{state}.png")
    clock.now = TAKEN_AT
    for scheme in SCHEMES:
        page = browser.new_page(viewport=SMALL_PHONE, color_scheme=scheme)
        page.goto(url)
        page.get_by_role("heading", name="Points over time").evaluate("heading => heading.scrollIntoView()")
        page.screenshot(path=folder / f"server-points-{scheme}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
