"""Pictures of the alliance's channel on Discord's stand-in: each kind of news, and members who use commands."""

from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, ViewportSize

from chalicelib import bootstrap
from chalicelib.settings import Settings
from local.campaign import BEGINS, SteppingClock, play
from local.chat import ALLIANCES_NEWS, MEMBER, NEWCOMER, NEWS, OFFICER, Chat
from local.discord import DiscordServer
from local.gateway import Gateway
from local.seed import Secrets, define

TAKEN_AT = datetime(2023, 11, 15, 12, tzinfo=UTC)
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1100, height=800)
NARROW = ViewportSize(width=600, height=800)
NEWS_TAKEN = {
    "brief": ("On now", datetime(2023, 11, 15, 1, tzinfo=UTC)),
    "closing-soon": ("Closing soon", datetime(2023, 11, 14, 21, tzinfo=UTC)),
    "scoreboard": ("Server 101: where it stands", TAKEN_AT),
    "reward-reached": ("Reward reached", TAKEN_AT),
}
"""By the picture of a kind of news: what the message is called, and when it is looked at."""


def take(browser: Browser, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        clock = SteppingClock(BEGINS)
        discord = stack.enter_context(DiscordServer(clock=clock))
        table = stack.enter_context(closing(bootstrap.sqlite_table(None)))
        where = Settings(
            discord_api_url=discord.url,
            discord_public_key=bytes.fromhex(discord.public_key),
            discord_application_id=discord.application_id,
            public_url="https://muster.example",
        )
        muster = bootstrap.assemble(where, table, clock)
        bootstrap.use(muster)
        import app as functions

        gateway = Gateway(functions.app)
        gateway.start()
        stack.callback(gateway.stop)
        secrets = Secrets.new()
        chat = Chat(discord, secrets)
        chat.settle()
        define(muster, secrets)
        with chat.in_the_past(clock):
            chat.hear(muster, ALLIANCES_NEWS)
            play(
                muster, clock, secrets, TAKEN_AT, lambda: bootstrap.assemble(where, table, clock).news.tell()
            )
        chat.connect(gateway.url, muster)
        for kind, size in (("phone", PHONE), ("desk", DESK)):
            with closing(browser.new_page(viewport=size, timezone_id="Europe/Berlin")) as page:
                take_channel(page, chat, folder, kind)
        with closing(browser.new_page(viewport=NARROW, timezone_id="Europe/Berlin")) as page:
            take_commands(page, chat, folder)
            for name, (title, clock.now) in NEWS_TAKEN.items():
                page.goto(chat.page_url())
                called = page.locator(".name", has_text=title)
                page.locator(".message").filter(has=called).last.screenshot(path=folder / f"{name}.png")


def take_channel(page: Page, chat: Chat, folder: Path, kind: str) -> None:
    """What a member finds in the channel, and on a phone, how they report there."""
    page.goto(chat.page_url())
    page.locator(".message").last.wait_for()
    page.screenshot(path=folder / f"channel-{kind}.png")
    if kind == "phone":
        use(page, "done").get_by_role("button", name=MEMBER).click()
        page.screenshot(path=folder / "done-phone.png")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Dismiss message").last.click()


def take_commands(page: Page, chat: Chat, folder: Path) -> None:
    """What some commands answer."""
    page.goto(chat.page_url(person=NEWCOMER))
    use(page, "iam", name="Kastor").screenshot(path=folder / "iam.png")
    page.goto(chat.page_url(person=OFFICER))
    use(page, "missing").screenshot(path=folder / "missing.png")


def use(page: Page, command: str, **options: str) -> Locator:
    """Types a command with its options, and waits for what comes back, which is returned."""
    answers = page.locator(".message").filter(has_text=f"used/{command}")
    page.get_by_label(f"Message #{NEWS}").fill(f"/{command}")
    before = answers.count()
    page.get_by_role("option", name=f"/{command}").click()
    for option, value in options.items():
        page.get_by_role("button", name=f"+ {option}").click()
        page.get_by_label(option, exact=True).fill(value)
    page.keyboard.press("Enter")
    answers.nth(before).wait_for()
    return answers.nth(before)
