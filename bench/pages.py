"""`make bench-pages`: bytes and requests of each page, in each language, in Chromium, during a made-up campaign."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from playwright.sync_api import Page, Response, sync_playwright

from chalicelib import bootstrap
from chalicelib.languages import LANGUAGES
from chalicelib.settings import Settings
from local.campaign import BEGINS, SteppingClock, play
from local.gateway import Gateway
from local.seed import SERVER, Secrets, define

MOST_BYTES, MOST_REQUESTS = 30_000, 1
NOW = datetime(2023, 11, 15, 12, tzinfo=UTC)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def main() -> int:
    """How many pages are heavier than they may be."""
    clock, secrets = SteppingClock(BEGINS), Secrets.new()
    with closing(bootstrap.sqlite_table(None)) as table:
        muster = bootstrap.assemble(Settings(), table, clock)
        bootstrap.use(muster)
        define(muster, secrets)
        play(muster, clock, secrets, NOW)
        import app

        gateway = Gateway(app.app)
        gateway.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            heavy = sum(measured(browser.new_page(), gateway.url, secrets.member_key))
            browser.close()
        gateway.stop()
    return heavy


def measured(page: Page, url: str, key: str) -> Iterator[bool]:
    """Prints each page's figures; whether it is too heavy."""
    seen: list[Response] = []
    page.on("response", lambda response: seen.append(response))
    form, server = f"{url}/f/{key}", f"{url}/servers/{SERVER.id}"
    page.goto(f"{form}?commander=Altair")
    page.locator("#report input[type=checkbox]:enabled").first.check()
    page.locator(".bar button").click()
    receipt = page.url
    pages = {
        "form of a new member": f"{form}?commander=",
        "form of a known one": f"{form}?commander=Altair",
        "receipt": receipt,
        "a server": server,
        "first page": f"{url}/",
        "help": f"{url}/help",
        "error": f"{url}/servers/0",
    }
    for what, address in pages.items():
        for code in LANGUAGES:
            seen.clear()
            page.goto(f"{address}{'&' if '?' in address else '?'}lang={code}", wait_until="networkidle")
            size, requests = sum(len(response.body()) for response in seen), len(seen)
            is_too_heavy = size > MOST_BYTES or requests > MOST_REQUESTS
            print(f"{what:21} {code} {size:7,} bytes {requests:2} request{' TOO HEAVY' * is_too_heavy}")
            yield is_too_heavy


if __name__ == "__main__":
    sys.exit(main())
