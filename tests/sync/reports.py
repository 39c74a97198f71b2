"""Reports to make tabs of, without a store."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.progress import Reading, TierStamp, progress_of
from chalicelib.domain.report import CommanderReport, EventReport, Report, Sheet
from chalicelib.domain.roster import Alliance, Card, Commander, Completion
from chalicelib.store.completions import count
from tests.world import ARCHITECTS, DEFENDERS, NOVA, WEDNESDAY_NOON

EVENTS = {event.id: event for event in load_catalog()}


def report_of(
    done: Mapping[str, Sequence[str]] | None = None,
    now: datetime = WEDNESDAY_NOON,
    game_day: GameDay | None = None,
    alliance: Alliance | None = NOVA,
    stamps: Mapping[int, TierStamp] | None = None,
    reading: Reading | None = None,
) -> Report:
    """Of server 101: `done` are global milestone ids by commander's name, each recorded an hour before `now`.

    The stamps and the reading are of Defenders of Peace.
    """
    day = game_day or GameDay()
    commanders: list[CommanderReport] = []
    cards: list[Card] = []
    for number, (name, milestones) in enumerate((done or {}).items()):
        commander = Commander(f"id-{number}", name, "nova")
        mine = {}
        for event in EVENTS:
            completions = {
                milestone.split("/")[1]: Completion(now - timedelta(hours=1), "key")
                for milestone in milestones
                if milestone.startswith(f"{event}/")
            }
            if completions:
                mine[event] = Card("101", event, "nova", commander.id, completions)
        cards += mine.values()
        commanders.append(CommanderReport(commander, mine))
    reports = []
    for event_id in (DEFENDERS, ARCHITECTS):
        held, is_defenders = EVENTS[event_id], event_id == DEFENDERS
        totals = count(card for card in cards if card.event == event_id)
        mine_stamps = stamps or {} if is_defenders else {}
        progress = progress_of(held, "101", day, totals, mine_stamps, now, reading if is_defenders else None)
        reports.append(EventReport(held, progress))
    return Report("101", day, now, tuple(reports), alliance, tuple(commanders) if alliance else ())


def sheet_of(last_error_at: datetime | None = None, last_error: str | None = None) -> Sheet:
    return Sheet("spreadsheet", "101", "nova", None, last_error_at, last_error)
