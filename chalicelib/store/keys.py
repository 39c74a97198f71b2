"""Every key string of the table, built here and nowhere else.

Items that are read together share a partition (PK); SK tells them apart. Ids hold no `#`.
"""

from typing import NamedTuple


class ItemKey(NamedTuple):
    pk: str
    sk: str


EVENTS = "EVENTS"
SERVERS = "SERVERS"
SHEETS = "SHEETS"

ALLIANCE_PREFIX = "ALLIANCE#"
COMMANDER_PREFIX = "COMMANDER#"
TIER_PREFIX = "TIER#"
HOUR_PREFIX = "h"
"""Of attributes of a history: the hour, counted from 1970, and the points at its end, or so far."""
COMPLETION_PREFIX = "done."
"""Of attributes: on a card, the completion of a milestone; in totals, how many have completed it."""


def access_key(secret_hash: str) -> ItemKey:
    return ItemKey(f"KEY#{secret_hash}", "KEY")


def event(event_id: str) -> ItemKey:
    return ItemKey(EVENTS, f"EVENT#{event_id}")


def server(server_id: str) -> ItemKey:
    return ItemKey(SERVERS, f"SERVER#{server_id}")


def sheet(spreadsheet_id: str) -> ItemKey:
    return ItemKey(SHEETS, f"SHEET#{spreadsheet_id}")


def sheets_run() -> ItemKey:
    """The run that is at the sheets, and the requests that the last one spent."""
    return ItemKey("SHEETS_RUN", "RUN")


def alliances(server_id: str) -> str:
    return f"ALLIANCES#{server_id}"


def alliance(server_id: str, alliance_id: str) -> ItemKey:
    return ItemKey(alliances(server_id), f"{ALLIANCE_PREFIX}{alliance_id}")


def name(server_id: str, normalised_name: str) -> ItemKey:
    """The name index: one partition per name, so that no partition is hot."""
    return ItemKey(f"NAME#{server_id}#{normalised_name}", "NAME")


def roster(server_id: str, alliance_id: str) -> str:
    return f"ROSTER#{server_id}#{alliance_id}"


def commander(server_id: str, alliance_id: str, commander_id: str) -> ItemKey:
    return ItemKey(roster(server_id, alliance_id), f"{COMMANDER_PREFIX}{commander_id}")


def cards(server_id: str, event_id: str, alliance_id: str) -> str:
    return f"CARDS#{server_id}#{event_id}#{alliance_id}"


def card(server_id: str, event_id: str, alliance_id: str, commander_id: str) -> ItemKey:
    return ItemKey(cards(server_id, event_id, alliance_id), f"{COMMANDER_PREFIX}{commander_id}")


def standing(server_id: str, event_id: str) -> str:
    """The partition of an event on a server: a totals item per alliance, and the tier stamps. One query reads all."""
    return f"STANDING#{server_id}#{event_id}"


def totals(server_id: str, event_id: str, alliance_id: str) -> ItemKey:
    return ItemKey(standing(server_id, event_id), f"{ALLIANCE_PREFIX}{alliance_id}")


def tier(server_id: str, event_id: str, threshold: int) -> ItemKey:
    return ItemKey(standing(server_id, event_id), f"{TIER_PREFIX}{threshold:012d}")


def history(server_id: str, event_id: str) -> ItemKey:
    """The points of an event, hour by hour."""
    return ItemKey(f"HISTORY#{server_id}#{event_id}", "HISTORY")


def ledger(server_id: str, at: str, unique: str) -> ItemKey:
    """Entries of a server in the order of their time."""
    return ItemKey(f"LEDGER#{server_id}", f"{at}#{unique}")
