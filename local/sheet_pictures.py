"""Pictures of every tab of an alliance's sheet: small, usual and full rosters, before, during and after an event."""

import random
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, ViewportSize

from chalicelib import bootstrap
from chalicelib.bootstrap import Muster
from chalicelib.domain.reporting import reportable
from chalicelib.settings import Settings
from local.campaign import BEGINS, NAMES, SteppingClock
from local.seed import ALLIANCE, SERVER, SPREADSHEET_ID, Secrets, seed
from local.sheets import SheetsServer
from sheets_sync.google import Google
from sheets_sync.run import sync_due

TABS = ("Today", "Progress", "Schedule", "Rewards", "Commanders")
SIZES = {"phone": ViewportSize(width=360, height=740), "desk": ViewportSize(width=1280, height=800)}


class Scene(NamedTuple):
    """How many commanders there are, and when it is."""

    name: str
    commanders: int
    at: datetime


SCENES = (
    Scene("before-5", 5, datetime(2023, 11, 12, 12, tzinfo=UTC)),
    Scene("during-37", 37, datetime(2023, 11, 15, 19, tzinfo=UTC)),
    Scene("during-100", 100, datetime(2023, 11, 15, 12, tzinfo=UTC)),
    Scene("after-37", 37, datetime(2023, 11, 21, 12, tzinfo=UTC)),
)


def take(browser: Browser, folder: Path) -> None:
    """A picture of each tab in each scene, on a phone and at a desk."""
    folder.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        with ExitStack() as stack:
            clock = SteppingClock(min(BEGINS, scene.at))
            sheets = stack.enter_context(SheetsServer(clock=clock))
            table = stack.enter_context(closing(bootstrap.sqlite_table(None)))
            muster = bootstrap.assemble(Settings(sheets_api_url=sheets.url), table, clock)
            secrets = Secrets.new()
            seed(muster, sheets, secrets)
            _play(muster, clock, secrets, scene)
            sync_due(muster.sheet_queue, Google(sheets.url))
            for kind, size in SIZES.items():
                page = browser.new_page(viewport=size)
                for tab in TABS:
                    page.goto(f"{sheets.page_url(SPREADSHEET_ID)}?refresh=0")
                    page.get_by_role("link", name=f"IMS {tab}").click()
                    page.screenshot(path=folder / f"{scene.name}-{tab.lower()}-{kind}.png")
                page.close()


def _play(muster: Muster, clock: SteppingClock, secrets: Secrets, scene: Scene) -> None:
    """Most report most of what is on, some hours after it opens; most of the server's points come from elsewhere."""
    chance = random.Random(scene.commanders)
    officer, member = (muster.directory.key(secret) for secret in (secrets.officer_key, secrets.member_key))
    names = [*NAMES[:-1], *(f"{name} {number}" for number in ("II", "III", "IV", "V") for name in NAMES[:-2])]
    roster = names[: scene.commanders]
    for name in roster:
        muster.rosters.add(officer, SERVER.id, ALLIANCE.id, name, is_new=True)
    while clock.now + timedelta(hours=6) <= scene.at:
        clock.now += timedelta(hours=6)
        offered = [str(ref) for ref, _ in reportable(muster.directory.events(), clock.now, SERVER.game_day)]
        for name in roster if offered else ():
            if mine := [each for each in offered[:4] if chance.random() < 0.2]:
                muster.reporting.report(member, name, mine)
        muster.refresh.refresh_totals()
    clock.now = scene.at
    event = muster.directory.events()[0].id
    if scene.at > BEGINS:
        muster.readings.log(officer, SERVER.id, event, 8300, confirm=True)
    muster.refresh.refresh_totals()
