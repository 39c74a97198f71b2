"""`make pictures`: the pages and both kinds of sheets after two and a half days with made-up commanders."""

import random
import shutil
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from chalicelib import bootstrap
from chalicelib.bootstrap import Muster
from chalicelib.domain.reporting import reportable
from chalicelib.domain.roster import Alliance
from chalicelib.settings import Settings
from local.dynamodb import DynamoDB
from local.gateway import Gateway
from local.seed import ALLIANCE, SERVER, SPREADSHEET_ID, Secrets, seed
from local.sheets import SheetsServer

FOLDER = Path("docs/pictures")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=800)
NAMES = [
    *("Altair", "Bellatrix", "Castor", "Deneb", "Electra", "Fomalhaut", "Gienah", "Hadar", "Izar", "Jabbah"),
    *(
        "Kochab",
        "Lesath",
        "Mizar",
        "Nunki",
        "Okab",
        "Polaris",
        "Rigel",
        "Spica",
        "Tarazed",
        "名前",
        "Zoë",
        "=SUM(A1)",
    ),
]
SILENT, RETIRING = "Vindemiatrix", "Nunki"
SERVERS_SHEET = "demo-server-sheet"
ARCHITECTS = "2023-11-architects-of-chaos"
READ_AT, READ = datetime(2023, 11, 15, 9, tzinfo=UTC), 9200
"""The game shows more than was reported."""


class SteppingClock:
    def __init__(self) -> None:
        self.now = datetime(2023, 11, 13, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        clock = SteppingClock()
        dynamodb, sheets = DynamoDB("pictures"), SheetsServer(clock=clock)
        for server in (dynamodb, sheets):
            server.start()
            stack.callback(server.stop)
        table = bootstrap.dynamodb_table("pictures", dynamodb.client())
        settings = Settings("pictures", sheets.url, public_url="https://muster.example")
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
        play(muster, clock, secrets)
        event = {
            "version": "0",
            "account": "",
            "region": "",
            "detail": {},
            "detail-type": "",
            "source": "aws.events",
        }
        functions.sync_sheets({**event, "time": "", "id": "", "resources": []}, None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name, size in (("phone", PHONE), ("desk", DESK)):
                take(browser.new_page(viewport=size), gateway.url, sheets, secrets, folder, name)
            browser.close()


def play(muster: Muster, clock: SteppingClock, secrets: Secrets) -> None:
    """Reports trickle in, most of them in the evening, from two alliances.

    Most commanders of one are on its roster before, where one never reports and one retires; the others add themselves.
    """
    chance = random.Random(101)
    muster.stores.definitions.put_alliance(Alliance(SERVER.id, "orbit", "ØRB", "Orbit Watch"))
    member, officer, admin = (
        muster.directory.key(secret)
        for secret in (secrets.member_key, secrets.officer_key, secrets.admin_key)
    )
    for name in [*NAMES[:-4], SILENT]:
        muster.rosters.add(officer, SERVER.id, ALLIANCE.id, name, is_new=True)
    while clock.now < datetime(2023, 11, 15, 12, tzinfo=UTC):
        clock.now += timedelta(hours=1)
        for name in chance.sample(NAMES, 5 if clock.now.hour > 16 else 2):
            offered = [
                str(ref) for ref, _ in reportable(muster.directory.events(), clock.now, SERVER.game_day)
            ]
            mine, theirs = ([chance.choice(offered[:4])] for _ in range(2))
            muster.reporting.report(member, name, mine, is_new=True)
            muster.reporting.report(admin, f"{name} II", theirs, SERVER.id, "orbit", is_new=True)
        muster.refresh.refresh_totals()
        if clock.now == READ_AT:
            muster.readings.log(officer, SERVER.id, ARCHITECTS, READ)
    retiring = next(
        one for one in muster.rosters.roster(officer, SERVER.id, ALLIANCE.id) if one.name == RETIRING
    )
    muster.rosters.retire(officer, SERVER.id, ALLIANCE.id, retiring.id)


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
    for name, spreadsheet_id, tabs in (
        ("sheet", SPREADSHEET_ID, ("Progress", "Schedule", "Rewards", "Commanders")),
        ("server", SERVERS_SHEET, ("Alliances",)),
    ):
        for tab in tabs:
            page.goto(f"{sheets.page_url(spreadsheet_id)}?refresh=0")
            page.get_by_role("link", name=f"IMS {tab}").click()
            page.screenshot(path=folder / f"{name}-{tab.lower()}-{kind}.png")
            if kind == "desk" and tab in ("Progress", "Commanders"):
                page.locator("main").evaluate("grid => grid.scrollTo(grid.scrollWidth, 0)")
                page.screenshot(path=folder / f"{name}-{tab.lower()}-right.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
