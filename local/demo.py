"""`make demo`: the whole product on this machine, with the November 2023 events and its own clock."""

import json
import logging
import math
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib import bootstrap
from chalicelib.settings import Settings
from chalicelib.store.sqlite import CannotOpen
from local import campaign
from local.chat import ALLIANCES_NEWS, SCOREBOARD, SERVERS_GUILD, SERVERS_SCOREBOARD, Chat
from local.clock import TickingClock
from local.discord import CannotRead, DiscordServer
from local.gateway import Gateway
from local.seed import ALLIANCE, SERVER, SPREADSHEET_ID, Secrets, seed
from local.sheets import SheetsServer
from manage.serve.lock import AlreadyRuns, alone
from manage.serve.schedule import Job, Schedule

if TYPE_CHECKING:
    from chalicelib.store.sqlite import SQLiteTable

T = TypeVar("T")

FOLDER = Path(".local")
HOST = "127.0.0.1"
JOURNAL = "dynamodb.jsonl"
"""The file in which version 0.1.0 recorded, in its own form."""


class CannotStart(Exception):
    """The message, one line, is shown to the person who started the demo."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """From `PORT`, `SHEETS_PORT`, `DISCORD_PORT`, `SYNC_SECONDS`, `DEMO_NOW` and `DEMO_EMPTY`."""

    port: int
    sheets_port: int
    discord_port: int
    sync_seconds: float
    now: datetime
    is_empty: bool

    @classmethod
    def from_environment(cls) -> "DemoSettings":
        """Raises CannotStart, naming the variable."""
        return cls(
            port=_setting("PORT", "8000", _port),
            sheets_port=_setting("SHEETS_PORT", "8001", _port),
            discord_port=_setting("DISCORD_PORT", "8002", _port),
            sync_seconds=_setting("SYNC_SECONDS", "10", _seconds),
            now=_setting("DEMO_NOW", "2023-11-15T12:00:00Z", _instant),
            is_empty=_setting("DEMO_EMPTY", "0", _yes_or_no),
        )


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        run(DemoSettings.from_environment(), FOLDER, stopped)
    except CannotStart as error:
        sys.exit(f"muster demo: {error}")


def run(settings: DemoSettings, folder: Path, stopped: threading.Event) -> None:
    """Runs the demo until `stopped` is set. Raises CannotStart."""
    ready = folder / "demo.json"
    with ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            stack.enter_context(alone(folder / "lock"))
        except AlreadyRuns:
            raise CannotStart("it is already running in this folder") from None
        ready.unlink(missing_ok=True)
        ports = settings.port, settings.sheets_port, settings.discord_port
        if len(set(ports)) < len(ports):
            raise CannotStart("PORT, SHEETS_PORT and DISCORD_PORT must differ")
        for port in ports:
            _require_free(port)
        clock = TickingClock(settings.now)
        sheets = SheetsServer(folder / "sheets", clock, HOST, settings.sheets_port)
        sheets.start()
        stack.callback(sheets.stop)
        try:
            discord = DiscordServer(folder / "discord", clock, HOST, settings.discord_port)
        except CannotRead as error:
            raise CannotStart(f"{error} `make demo-reset` deletes it.") from None
        discord.start()
        stack.callback(discord.stop)
        secrets = _secrets(folder / "keys.json")
        chat = Chat(discord, secrets)
        chat.settle()
        where = Settings(
            database=folder / "muster.db",
            sheets_api_url=sheets.url,
            drive_api_url=sheets.url,
            discord_api_url=discord.url,
            discord_public_key=bytes.fromhex(discord.public_key),
            discord_application_id=discord.application_id,
            public_url=f"http://{HOST}:{settings.port}",
        )
        table = stack.enter_context(closing(_table(where, chat, settings)))
        muster = bootstrap.assemble(where, table, clock)
        bootstrap.use(muster)
        seed(muster, sheets, secrets)
        chat.hear(muster, ALLIANCES_NEWS, SERVERS_SCOREBOARD)

        import app as functions  # the deployed functions; only now are their settings in place

        schedule = Schedule(
            [
                Job("refresh_totals", functions.refresh_totals, settings.sync_seconds),
                Job("sync_sheets", functions.sync_sheets, settings.sync_seconds),
                Job("tell_news", functions.tell_news, settings.sync_seconds),
            ],
            stopped,
        )
        schedule.run_due()  # before anybody reports, so that what a later clock noted is noted again
        gateway = Gateway(functions.app, HOST, settings.port)
        gateway.start()
        stack.callback(gateway.stop)
        chat.connect(gateway.url, muster)
        urls = {
            "api_url": gateway.url,
            "form_url": f"{gateway.url}/f/{secrets.member_key}",
            "progress_url": f"{gateway.url}/servers/{SERVER.id}",
            "sheet_url": sheets.page_url(SPREADSHEET_ID),
            "sheets_api_url": sheets.url,
            "discord_url": chat.page_url(),
            "discord_scoreboard_url": chat.page_url(SERVERS_GUILD, SCOREBOARD),
            "discord_api_url": discord.url,
        }
        binding = {"spreadsheet_id": SPREADSHEET_ID, "server": SERVER.id, "alliance": ALLIANCE.id}
        application = {
            "discord_application_id": discord.application_id,
            "discord_bot_token": discord.bot_token,
        }
        _write_whole(ready, {**urls, **binding, **asdict(secrets), **application})
        stack.callback(ready.unlink, missing_ok=True)
        _announce(urls, settings)
        schedule.run_until_stopped()
    print("Stopped. What was recorded is kept; `make demo-reset` deletes it.")


def _table(where: Settings, chat: Chat, settings: DemoSettings) -> "SQLiteTable":
    """The table with what was recorded here, or with the made-up campaign, or empty. Raises CannotStart."""
    file = where.database or Path()
    journal = file.with_name(JOURNAL)
    if journal.exists():
        print(f"What version 0.1.0 recorded in {journal} can't be read any more. This version uses {file}.")
    try:
        if not file.exists() and not settings.is_empty:
            print("Recording a made-up campaign (DEMO_EMPTY=1 starts without one) …", flush=True)
            campaign.record(file, chat.secrets, settings.now, where, chat)
        return bootstrap.sqlite_table(file)
    except CannotOpen as error:
        raise CannotStart(f"{error} `make demo-reset` deletes it.") from None


def _secrets(file: Path) -> Secrets:
    if file.exists():
        return Secrets(**json.loads(file.read_text(encoding="utf-8")))
    secrets = Secrets.new()
    _write_whole(file, asdict(secrets))
    return secrets


def _write_whole(file: Path, content: dict[str, Any]) -> None:
    """Nobody can read half of the file. It holds keys, so only its owner can read it."""
    part = file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    part.replace(file)


def _announce(urls: dict[str, str], settings: DemoSettings) -> None:
    print(f"Muster is up. Its clock began at {settings.now.isoformat()}; the sheet follows every", end=" ")
    print(f"{settings.sync_seconds:g} seconds. Ctrl-C stops it.\n")
    for label, name in (
        ("Report", "form_url"),
        ("Progress", "progress_url"),
        ("Sheet", "sheet_url"),
        ("Discord", "discord_url"),
        ("API", "api_url"),
    ):
        print(f"  {label:<9} {urls[name]}")
    print(f"\nKeys and addresses: {FOLDER / 'demo.json'}", flush=True)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise CannotStart(
                f"port {port} is in use; choose others with PORT=, SHEETS_PORT= and DISCORD_PORT="
            ) from None


def _setting(name: str, default: str, convert: Callable[[str], T]) -> T:
    text = os.environ.get(name) or default
    try:
        return convert(text)
    except ValueError:
        raise CannotStart(f"{name}={text!r} can't be used; the default is {default}") from None


def _port(text: str) -> int:
    if not 0 < int(text) < 65536:
        raise ValueError("not a port")
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < float(text) < math.inf:
        raise ValueError("no span of time")
    return float(text)


def _yes_or_no(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("neither 0 nor 1")
    return text == "1"


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at.astimezone(UTC)


if __name__ == "__main__":
    main()
