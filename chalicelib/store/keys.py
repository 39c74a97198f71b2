"""Builds every key string of the table; no other module does.

Items that are read together share a partition (PK); SK tells them apart. Ids never contain `#`.
"""

from typing import NamedTuple


class ItemKey(NamedTuple):
    pk: str
    sk: str


EVENTS = "EVENTS"
SERVERS = "SERVERS"
SHEETS = "SHEETS"
SHEETS_RUN = "SHEETS_RUN"
GUILDS = "GUILDS"
WEBHOOKS = "WEBHOOKS"

EVENT_PREFIX, SERVER_PREFIX, SHEET_PREFIX, KEY_PREFIX = "EVENT#", "SERVER#", "SHEET#", "KEY#"
ALLIANCE_PREFIX = "ALLIANCE#"
COMMANDER_PREFIX = "COMMANDER#"
BULK_PREFIX = "BULK#"
GUILD_PREFIX, ACCOUNT_PREFIX = "GUILD#", "ACCOUNT#"
WATCH_PREFIX = "WATCH#"
WEBHOOK_PREFIX = "WEBHOOK#"
TIER_PREFIX = "TIER#"
HISTORY, READING = "HISTORY", "READING"
HOUR_PREFIX = "h"
"""Attributes of a history: the hour, counted from 1970, with the points at its end, or so far."""
COMPLETION_PREFIX = "done."
"""Attributes: on a card, the completion of a milestone; in totals, how many commanders have completed it."""
VOIDED_PREFIX = "void."
"""Attributes of a card: a completion that was voided."""
TAG_PREFIX = "tag."
"""Attributes of an alliance: a tag that it has or had."""

TIME_PREFIX, AFTER_ALL_TIMES = "2", "3"
"""Until the year 3000, keys that begin with a time begin with this. Another kind of item in their partition does
not."""

COUNTED_PREFIX = "of."
"""Attributes: up to which change an alliance was counted."""
BROUGHT_PREFIX = "by."
"""Attributes: how many commanders a link has brought."""

OF_ALLIANCE, OF_COMMANDER = "of_alliance", "of_commander"
"""Attributes of ledger entries. Each has an index of the same name."""


def access_key(secret_hash: str) -> ItemKey:
    return ItemKey(f"KEY#{secret_hash}", "KEY")


def access_keys(server_id: str | None) -> str:
    """The index of the keys for a server, or for the deployment if None. Its entries hold the hashes of the keys."""
    return f"KEYS#{server_id or ''}"


def access_key_entry(server_id: str | None, key_id: str) -> ItemKey:
    return ItemKey(access_keys(server_id), f"{KEY_PREFIX}{key_id}")


def signing() -> ItemKey:
    """The secret with which this deployment signs what it gives out."""
    return ItemKey("SIGNING", "SIGNING")


def event(event_id: str) -> ItemKey:
    return ItemKey(EVENTS, f"{EVENT_PREFIX}{event_id}")


def server(server_id: str) -> ItemKey:
    return ItemKey(SERVERS, f"{SERVER_PREFIX}{server_id}")


def sheet(spreadsheet_id: str) -> ItemKey:
    return ItemKey(SHEETS, f"{SHEET_PREFIX}{spreadsheet_id}")


def sheets_run() -> ItemKey:
    """The run that is working on the sheets, and the requests that the last run used."""
    return ItemKey(SHEETS_RUN, "RUN")


def watch(account: str) -> ItemKey:
    """How far that account at Google has told which sheets were touched."""
    return ItemKey(SHEETS_RUN, f"{WATCH_PREFIX}{account}")


def sheets_accounts() -> ItemKey:
    """The accounts at Google that share the sheets."""
    return ItemKey(SHEETS_RUN, "ACCOUNTS")


def webhook(webhook_id: str) -> ItemKey:
    return ItemKey(WEBHOOKS, f"{WEBHOOK_PREFIX}{webhook_id}")


def deployment() -> ItemKey:
    """Which deployment this is."""
    return ItemKey(SHEETS_RUN, "DEPLOYMENT")


def guild(guild_id: str) -> ItemKey:
    return ItemKey(GUILDS, f"{GUILD_PREFIX}{guild_id}")


def discord(server_id: str, alliance_id: str) -> str:
    """The Discord accounts that report for commanders of the alliance."""
    return f"DISCORD#{server_id}#{alliance_id}"


def account(server_id: str, alliance_id: str, account_id: str) -> ItemKey:
    return ItemKey(discord(server_id, alliance_id), f"{ACCOUNT_PREFIX}{account_id}")


def binding_code(server_id: str, alliance_id: str) -> ItemKey:
    """The code by which a guild is bound to the alliance: the last that an officer made."""
    return ItemKey(discord(server_id, alliance_id), "CODE")


def refresh_run() -> ItemKey:
    """The server that the scheduled recount has reached."""
    return ItemKey("REFRESH_RUN", "RUN")


def alliances(server_id: str) -> str:
    return f"ALLIANCES#{server_id}"


def alliance(server_id: str, alliance_id: str) -> ItemKey:
    return ItemKey(alliances(server_id), f"{ALLIANCE_PREFIX}{alliance_id}")


def joined(server_id: str, alliance_id: str) -> ItemKey:
    """How many commanders each link brought to the alliance on the last day on which one did."""
    return ItemKey(f"JOINED#{server_id}", f"{ALLIANCE_PREFIX}{alliance_id}")


def name(server_id: str, normalised_name: str) -> ItemKey:
    """The name index: one partition for each name, so that no partition is hot."""
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
    """The partition of an event on a server: the totals of each alliance, tier stamps, the latest reading, the history.

    One query reads everything that its progress needs.
    """
    return f"STANDING#{server_id}#{event_id}"


def totals(server_id: str, event_id: str, alliance_id: str) -> ItemKey:
    return ItemKey(standing(server_id, event_id), f"{ALLIANCE_PREFIX}{alliance_id}")


def tier(server_id: str, event_id: str, threshold: int) -> ItemKey:
    return ItemKey(standing(server_id, event_id), f"{TIER_PREFIX}{threshold:012d}")


def history(server_id: str, event_id: str) -> ItemKey:
    """The points of an event, hour by hour."""
    return ItemKey(standing(server_id, event_id), HISTORY)


def latest_reading(server_id: str, event_id: str) -> ItemKey:
    return ItemKey(standing(server_id, event_id), READING)


def counted(server_id: str, event_id: str) -> ItemKey:
    """Up to which change each alliance's cards have been counted. Progress does not need it, so it stands apart."""
    return ItemKey(f"COUNTED#{server_id}#{event_id}", "COUNTED")


def bulks(server_id: str) -> str:
    """The bulk take-backs of a server, each followed by the commanders from whom it has taken something."""
    return f"BULKS#{server_id}"


def bulk(server_id: str, bulk_id: str, *commander: str) -> ItemKey:
    """A take-back; or a commander in it, by alliance and id."""
    return ItemKey(bulks(server_id), f"{BULK_PREFIX}{'#'.join([bulk_id, *commander])}")


def readings(server_id: str, event_id: str) -> str:
    """All readings, ordered by the time when they were read."""
    return f"READINGS#{server_id}#{event_id}"


def reading(server_id: str, event_id: str, reading_id: str) -> ItemKey:
    return ItemKey(readings(server_id, event_id), reading_id)


def ledger(server_id: str | None) -> str:
    """The entries of a server, or of the deployment if None, ordered by time."""
    return f"LEDGER#{server_id or ''}"


def ledger_entry(server_id: str | None, entry_id: str) -> ItemKey:
    return ItemKey(ledger(server_id), entry_id)


def ledger_of_alliance(server_id: str, alliance_id: str) -> str:
    """The value of `OF_ALLIANCE` by which the index finds an alliance's entries."""
    return f"{server_id}#{alliance_id}"


def ledger_of_commander(server_id: str, commander_id: str) -> str:
    """The value of `OF_COMMANDER` by which the index finds a commander's entries."""
    return f"{server_id}#{commander_id}"
