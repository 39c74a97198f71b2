"""What a sync of a sheet costs at Google: requests, and bytes read and written."""

import json
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.tables import Budget as Promise
from bench.tables import Measurement, verdict
from chalicelib.catalog import load_catalog
from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay, in_words
from chalicelib.domain.cards import Card, Completion, count
from chalicelib.domain.due import FRESHNESS, is_due
from chalicelib.domain.progress import progress_of
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.domain.sheet_view import CommanderView, EventView, SheetView
from chalicelib.domain.standing import Standing
from local.sheets import SheetsServer
from sheets_sync.allowance import Allowance, Budget
from sheets_sync.base import read_base
from sheets_sync.content import tabs_of
from sheets_sync.difference import difference
from sheets_sync.google import Google, connect
from sheets_sync.making import Names
from sheets_sync.sync import sync

SIZES = 100, 1000, 3700
MOST_FOR_A_HUNDREDTH = 1 / 20
"""The most bytes for 1 % of 1,000 commanders, as a part of what a full rewrite takes."""
NOON = datetime(2023, 11, 15, 12, tzinfo=UTC)
FRESH = in_words(FRESHNESS)
MOST_FIRST = 700_000
"""The most bytes for the first write of 1,000 commanders."""
CATEGORIES = "keys", "bases", "other cells", "looks", "structure"
SHORTEST_BASE = 10
_LOOKS = {"repeatCell", "addConditionalFormatRule", "updateDimensionProperties"}
_HOW_BYTES = """\
The body of the first write of the sheets above, in bytes of compact JSON. *Structure* is everything that is neither a
cell nor a look: tabs, what they and their columns are found again by, the chart, and the frames around cells."""
_HOW = f"""\
The sheet of an alliance with this number of commanders, at noon of the third day of the two events of November 2023.
Each commander has reported the six milestones so far, but every other commander lacks the sixth. *Changed* commanders
report one more milestone; they are spread out, not in neighbouring rows. Each line continues from the one above it.
Bytes are the uncompressed JSON in the requests' bodies (writes) and the answers (reads), between the real client and
the stand-in for Google Sheets. The ratio compares with the write of the first sync, which writes the whole content. A
sheet whose data has not changed is not read within {FRESH} of a sync; after that its times are updated."""


def measure() -> Measurement:
    rows: list[Sequence[str]] = []
    with SheetsServer() as server:
        for size in SIZES:
            rows += _of_size(server, size)
    reads, writes = (max(row[column] for row in rows) for column in (2, 4))
    first, hundredth = (
        int(row[5].replace(",", "")) for row in rows if row[0] == "1,000" and row[1] in ("first sync", "1 %")
    )
    budgets = [
        Promise(
            "a sync of a sheet",
            "1 read and ≤ 1 write request",
            f"{reads} and {writes} at most",
            int(reads) <= 1 and int(writes) <= 1,
        ),
        Promise("first write of 1,000 commanders", "≤ 700 kB", f"{first / 1000:.0f} kB", first <= MOST_FIRST),
        Promise(
            "body grows with what changed: 1 % of 1,000 commanders",
            f"≤ {MOST_FOR_A_HUNDREDTH:.0%} of the first write",
            f"{hundredth / 1000:.0f} kB, {hundredth / first:.0%}",
            hundredth <= MOST_FOR_A_HUNDREDTH * first,
            "half of the roster is missing here, `IMS Today` lists them, and is written by position: who leaves that "
            "list moves all below",
        ),
    ]
    columns = (
        "commanders",
        "changed",
        "reads",
        "bytes read",
        "writes",
        "bytes written",
        "ratio",
        "within budget",
    )
    return Measurement("A sync of a sheet", _HOW, columns, rows, budgets)


def measure_bytes() -> Measurement:
    """What the bytes of a first write are for."""
    rows: list[Sequence[str]] = []
    for size in SIZES:
        for edits in (False, True):
            sheet = Binding("spreadsheet", "101", "nova", edits=edits)
            made = difference(tabs_of(view_of(size, 0, NOON), sheet), {}, {}, Names()).requests
            found = Counter[str]()
            for request in made:
                found.update(_categories(request))
            total = sum(found.values())
            within = verdict(total <= MOST_FIRST) if size == 1000 else ""
            figures = (f"{found[name]:,}" for name in CATEGORIES)
            rows.append((f"{size:,}", "yes" if edits else "no", *figures, f"{total:,}", within))
    columns = "commanders", "edits", *CATEGORIES, "all", "within budget"
    return Measurement("What the first write is made of", _HOW_BYTES, columns, rows)


def _categories(request: Mapping[str, Any]) -> Counter[str]:
    """The bytes of a request, by what they are for."""
    whole = _bytes(request)
    (kind, body), *_ = request.items()
    if kind == "repeatCell" and "userEnteredValue" in body["cell"]:
        return Counter({"other cells": whole})
    if kind != "updateCells":
        return Counter({"looks" if kind in _LOOKS else "structure": whole})
    found = Counter[str]()
    for row in body["rows"]:
        for cell in row["values"]:
            value = str(cell.get("userEnteredValue", {}).get("stringValue", ""))
            is_base = read_base(value, None, None) is not None and len(value) > SHORTEST_BASE
            name = "bases" if is_base else "keys" if value.startswith("commander-") else "other cells"
            found[name] += _bytes(cell)
    found["structure"] += whole - sum(found.values())
    return found


def _bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _of_size(server: SheetsServer, size: int) -> list[Sequence[str]]:
    sheet = Binding(
        server.create_spreadsheet("Officers", {"Officers": [["Officer"], ["One"]]}), "101", "nova"
    )
    later = NOON + timedelta(minutes=1)
    steps = [
        ("first sync", NOON, 0),
        ("none, a minute later", later, 0),
        ("none, freshness stamp", NOON + FRESHNESS, 0),
        ("1 %", NOON + FRESHNESS + timedelta(minutes=1), size // 100),
        ("all", NOON + FRESHNESS + timedelta(minutes=2), size),
    ]
    whole = 0
    rows: list[Sequence[str]] = []
    for name, now, changed in steps:
        server.requests.clear()
        view, revision = view_of(size, changed, now), str(changed)
        if is_due(sheet, revision, now):
            budget = Budget(Allowance(1000, lambda: datetime.now(UTC)), lambda: math.inf, time.sleep)
            with connect(Google(server.url), budget) as spreadsheets:
                sync(sheet, view, spreadsheets)
            sheet = replace(sheet, last_success_at=now, revision=revision)
        reads = [request.response_bytes for request in server.requests if request.kind == "read"]
        writes = [request.request_bytes for request in server.requests if request.kind == "write"]
        whole = whole or sum(writes)
        ratio = sum(writes) / whole
        within = len(reads) <= (2 if name == "first sync" else 1) and len(writes) <= 1
        if name == "1 %" and size == 1000:
            within = within and ratio < MOST_FOR_A_HUNDREDTH
        figures = f"{len(reads)}", f"{sum(reads):,}", f"{len(writes)}", f"{sum(writes):,}", f"{ratio:.4f}"
        rows.append((f"{size:,}", name, *figures, verdict(within)))
    return rows


def view_of(size: int, changed: int, now: datetime) -> SheetView:
    """`changed` of the `size` commanders have reported one milestone more than at first."""
    day = GameDay()
    commanders = []
    for number in range(size):
        commander = Commander(f"commander-{number:04}", f"Commander{number:04}", "nova", NOON, "member")
        is_changed = changed > 0 and number % (size // changed) == 0
        commanders.append(CommanderView(commander, _cards(commander, number, is_changed)))
    events = []
    for event in load_catalog():
        totals = count(one.cards[event.id] for one in commanders)
        history = {NOON - timedelta(hours=hour): 100 * (60 - hour) for hour in range(60)}
        events.append(
            EventView(
                event,
                progress_of(event, "101", day, Standing({"nova": totals}, history=history), now),
                history,
            )
        )
    alliance = Alliance("101", "nova", "NOVA", "Nova Guard")
    return SheetView("101", day, now, tuple(events), alliance, tuple(commanders))


def _cards(commander: Commander, number: int, is_changed: bool) -> dict[str, Card]:
    """Two or three milestones of each event, and an hour later one more."""
    cards = {}
    for place, event in enumerate(load_catalog()):
        done = 3 if place == 0 or number % 2 else 2
        at = [NOON - timedelta(days=2 - each, minutes=number % 600) for each in range(done)]
        if is_changed and place == 1:
            at.append(NOON - timedelta(seconds=number % 60))
        ids = [milestone.id for milestone in event.milestones]
        completions = {each: Completion(when, "key") for each, when in zip(ids, at, strict=False)}
        cards[event.id] = Card("101", event.id, "nova", commander.id, completions)
    return cards
