"""Sheet views to make tabs of, without a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.catalog import load_catalog
from chalicelib.domain.binding import Binding
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.cards import Card, Completion, count
from chalicelib.domain.events import Event
from chalicelib.domain.progress import progress_of
from chalicelib.domain.projection import Projection
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.domain.sheet_view import AllianceView, CommanderView, EventView, SheetView
from chalicelib.domain.standing import Reading, Standing, TierStamp, Totals
from tests.world import ARCHITECTS, DEFENDERS, NOVA, WEDNESDAY_NOON

EVENTS = {event.id: event for event in load_catalog()}
BOTH = EVENTS[DEFENDERS], EVENTS[ARCHITECTS]


def november(day: int, hour: int = 12) -> datetime:
    return datetime(2023, 11, day, hour, tzinfo=UTC)


def view_of(
    done: Mapping[str, Sequence[str]] | None = None,
    now: datetime = WEDNESDAY_NOON,
    game_day: GameDay | None = None,
    alliance: Alliance | None = NOVA,
    stamps: Mapping[int, TierStamp] | None = None,
    reading: Reading | None = None,
    events: Sequence[Event] = BOTH,
    alliances: Mapping[Alliance, Mapping[str, Totals]] | None = None,
    history: Mapping[str, Mapping[datetime, int]] | None = None,
) -> SheetView:
    """Of server 101: `done` are global milestone ids by commander's name, each recorded an hour before `now`.

    The stamps and the reading are of Defenders of Peace. `alliances`: what they have in each event, besides `done`.
    """
    day = game_day or GameDay()
    commanders: list[CommanderView] = []
    cards: list[Card] = []
    for number, (name, milestones) in enumerate((done or {}).items()):
        commander = Commander(f"id-{number}", name, "nova")
        mine = {}
        for event in events:
            completions = {
                milestone.split("/")[1]: Completion(now - timedelta(hours=1), "key")
                for milestone in milestones
                if milestone.startswith(f"{event.id}/")
            }
            if completions:
                mine[event.id] = Card("101", event.id, "nova", commander.id, completions)
        cards += mine.values()
        commanders.append(CommanderView(commander, mine))
    views = []
    for event in events:
        totals = count(card for card in cards if card.event == event.id)
        totals = sum((held[event.id] for held in (alliances or {}).values() if event.id in held), totals)
        is_defenders = event.id == DEFENDERS
        mine_stamps = stamps or {} if is_defenders else {}
        samples = (history or {}).get(event.id, {})
        standing = Standing({"nova": totals}, mine_stamps, reading if is_defenders else None, samples)
        progress = progress_of(event, "101", day, standing, now)
        seen = reading.generation if reading and is_defenders else None
        views.append(EventView(event, progress, samples, seen))
    return SheetView(
        server="101",
        game_day=day,
        as_of=now,
        events=tuple(views),
        alliance=alliance,
        commanders=tuple(commanders) if alliance else (),
        alliances=tuple(AllianceView(one, totals) for one, totals in (alliances or {}).items()),
    )


def projecting(view: SheetView, projection: Projection | None, **facts: Any) -> SheetView:
    """With that projection for the first event, which alone stays; `facts` are of its progress."""
    progress = replace(view.events[0].progress, projection=projection, no_projection=None)
    return replace(view, events=(replace(view.events[0], progress=replace(progress, **facts)),))


def knowing(view: SheetView, name: str, **facts: Any) -> SheetView:
    """With these facts about a commander."""
    known = (
        replace(one, commander=replace(one.commander, **facts)) if one.commander.name == name else one
        for one in view.commanders
    )
    return replace(view, commanders=tuple(known))


def binding_of(last_error_at: datetime | None = None, last_error: str | None = None) -> Binding:
    return Binding("spreadsheet", "101", "nova", None, last_error_at, last_error)
