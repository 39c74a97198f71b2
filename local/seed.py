"""What the demo starts with: the November 2023 events, a server, an alliance, its keys and a spreadsheet."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from chalicelib.bootstrap import Muster
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import SCOPES, Key, Role, key_id, new_secret, secret_hash
from chalicelib.domain.roster import Alliance, Server
from local.sheets import SheetsServer

SERVER = Server("101")
ALLIANCE = Alliance(SERVER.id, "nova-guard", "NOVA", "Nova Guard")
SPREADSHEET_ID = "demo-officers-sheet"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of the keys. The product itself can't show them again."""

    admin_key: str
    officer_key: str
    member_key: str
    reader_key: str

    @classmethod
    def new(cls) -> "Secrets":
        return cls(*(new_secret() for _ in range(4)))


def seed(muster: Muster, sheets: SheetsServer, secrets: Secrets) -> None:
    """Adds what is not there yet; what members and officers have done since stays."""
    define(muster, secrets)
    if not sheets.has(SPREADSHEET_ID):
        sheets.create_spreadsheet("Nova Guard officers", _OFFICERS_TABS, SPREADSHEET_ID)
    if all(sheet.spreadsheet_id != SPREADSHEET_ID for sheet in muster.stores.sheets.all()):
        muster.stores.sheets.bind(SPREADSHEET_ID, SERVER.id, ALLIANCE.id, edits=True)


def define(muster: Muster, secrets: Secrets) -> None:
    """The same, without the spreadsheet."""
    definitions = muster.stores.definitions
    known = {event.id for event in definitions.events()}
    for event in load_catalog():
        if event.id not in known:
            definitions.put_event(event)
    if definitions.server(SERVER.id) is None:
        definitions.put_server(SERVER)
    if definitions.alliance(SERVER.id, ALLIANCE.id) is None:
        definitions.put_alliance(ALLIANCE)
    for role in get_args(Role):
        secret: str = getattr(secrets, f"{role}_key")
        if muster.stores.access_keys.find(secret) is None:
            muster.stores.access_keys.put(secret, _key(secret, role, muster.clock()))


def _key(secret: str, role: Role, now: datetime) -> Key:
    identity = key_id(secret_hash(secret))
    server, alliance = (None, None) if SCOPES[role] == "the deployment" else (SERVER.id, ALLIANCE.id)
    return Key(identity, role, f"demo {role}", server, alliance, created_at=now)


_OFFICERS_TABS: dict[str, list[list[object]]] = {
    "Officers": [
        ["Officer", "Rank", "On duty", "Calls made"],
        ["Example Officer One", "Admiral", "Monday and Wednesday", 12],
        ["Example Officer Two", "Commodore", "Tuesday and Thursday", 9],
        ["Example Officer Three", "Premier", "Friday", 4],
        ["", "", "Total", "=SUM(D2:D4)"],
    ]
}
