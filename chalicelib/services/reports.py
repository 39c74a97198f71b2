"""What a bound sheet should show, gathered from the store."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.domain.progress import progress_of
from chalicelib.domain.report import CommanderReport, EventReport, Report, Sheet
from chalicelib.domain.roster import Card
from chalicelib.services.directory import Directory
from chalicelib.services.overview import Overview
from chalicelib.store.completions import Completions


class Reports:
    def __init__(
        self,
        directory: Directory,
        overview: Overview,
        completions: Completions,
        clock: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._overview = overview
        self._completions = completions
        self._clock = clock

    def of(self, sheet: Sheet) -> Report:
        """Raises NotFound if the server or alliance is gone."""
        now = self._clock()
        server = self._directory.server(sheet.server)
        alliance = self._directory.alliance(server.id, sheet.alliance) if sheet.alliance else None
        events = []
        for event in self._overview.current_events(server, now):
            standing = self._completions.standing(server.id, event.id)
            totals = standing.totals
            progress = progress_of(event, server.id, server.game_day, totals, standing.stamps, now)
            events.append(EventReport(event, progress))
        commanders: tuple[CommanderReport, ...] = ()
        if alliance:
            commanders = self._commanders(server.id, alliance.id, [report.event.id for report in events])
        return Report(server.id, server.game_day, now, tuple(events), alliance, commanders)

    def _commanders(self, server: str, alliance: str, events: list[str]) -> tuple[CommanderReport, ...]:
        cards: dict[str, dict[str, Card]] = {}
        for event in events:
            for card in self._completions.alliance_cards(server, event, alliance):
                cards.setdefault(card.commander, {})[event] = card
        roster = self._completions.roster(server, alliance)
        return tuple(CommanderReport(commander, cards.get(commander.id, {})) for commander in roster)
