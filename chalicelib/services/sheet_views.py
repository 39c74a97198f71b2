"""Gathers from the store what a bound sheet should show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.binding import Binding
from chalicelib.domain.cards import Card
from chalicelib.domain.errors import NotFound
from chalicelib.domain.progress import progress_of
from chalicelib.domain.roster import Alliance, Commander
from chalicelib.domain.sheet_view import AllianceView, CommanderView, EventView, SheetView
from chalicelib.domain.standing import Standing
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview
from chalicelib.services.surveys import Survey
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions


@dataclass(frozen=True, slots=True)
class SheetViews:
    _directory: Directory
    _overview: Overview
    _completions: Completions
    _commanders: Commanders
    _clock: Callable[[], datetime]

    def of(self, sheet: Binding, survey: Survey, *, consistent: bool = False) -> SheetView:
        """What the sheet should show, of a server that was surveyed; if `consistent`, with everything about commanders
        that was written until now. Raises NotFound if the alliance is gone."""
        now, server, alliances = self._clock(), survey.server, survey.alliances
        alliance = _one_of(alliances, sheet.alliance) if sheet.alliance else None
        shown = self._overview.current_events(server, now)
        current = [event.id for event in shown]
        shown += sorted((e for e in self._directory.events() if e.archived), key=lambda e: e.id, reverse=True)
        standings = {event.id: self._standing(survey, event.id) for event in shown}
        events = tuple(
            EventView(
                event,
                progress_of(event, server.id, server.game_day, standings[event.id], now),
                {} if event.archived else standings[event.id].history,
                reading.generation if (reading := standings[event.id].reading) else None,
            )
            for event in shown
        )
        if alliance:
            who = server.id, alliance.id
            commanders, unlisted = self._shown_commanders(*who, current, consistent=consistent)
            tags = {one.id: one.tag for one in alliances}
            return SheetView(
                server.id,
                server.game_day,
                now,
                events,
                alliance,
                commanders,
                unlisted,
                tags=tags,
                read_at=survey.at,
            )
        shown_alliances = _alliances(alliances, {event: standings[event] for event in current})
        return SheetView(
            server.id, server.game_day, now, events, alliances=shown_alliances, read_at=survey.at
        )

    def _standing(self, survey: Survey, event: str) -> Standing:
        found = survey.standings.get(event) or survey.others.get(event)
        if found is None:
            found = survey.others[event] = self._completions.standing(survey.server.id, event)
        return found

    def names(self, server: str, alliance: str) -> dict[str, str]:
        """What all whom the alliance's roster has had are called today, by id."""
        return {one.id: one.name for one in self._commanders.known(server, alliance)}

    def _shown_commanders(
        self, server: str, alliance: str, events: Sequence[str], *, consistent: bool
    ) -> tuple[tuple[CommanderView, ...], tuple[Commander, ...]]:
        """The commanders to show: all who can report, and retired ones with completions. Then all others on the
        roster."""
        cards: dict[str, dict[str, Card]] = {}
        for event in events:
            for card in self._completions.alliance_cards(
                server, event, alliance, voided=True, consistent=consistent
            ):
                cards.setdefault(card.commander, {})[event] = card
        shown, unlisted = [], []
        for one in self._commanders.known(server, alliance, consistent=consistent):
            theirs = cards.get(one.id, {})
            has_any = any(card.completions for card in theirs.values())
            if not one.moved and (not one.retired_at or has_any):
                shown.append(CommanderView(one, theirs))
            else:
                unlisted.append(one)
        return tuple(shown), tuple(unlisted)


def _one_of(alliances: Sequence[Alliance], alliance_id: str) -> Alliance:
    for alliance in alliances:
        if alliance.id == alliance_id:
            return alliance
    raise NotFound("unknown-alliance", f"There is no alliance {alliance_id!r} on this server any more.")


def _alliances(alliances: Sequence[Alliance], standings: Mapping[str, Standing]) -> tuple[AllianceView, ...]:
    return tuple(
        AllianceView(
            alliance,
            {event: s.alliances[alliance.id] for event, s in standings.items() if alliance.id in s.alliances},
        )
        for alliance in sorted(alliances, key=lambda one: (one.tag.casefold(), one.id))
    )
