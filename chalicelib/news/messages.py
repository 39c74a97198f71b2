"""What is sent about a piece of news or as the scoreboard: a message to Discord, an event to a program. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.news import Missing, Piece, Scoreboard
from chalicelib.domain.webhooks import Webhook
from chalicelib.languages import language
from chalicelib.news.embeds import Embeds
from chalicelib.news.events import board_event, piece_event


@dataclass(frozen=True, slots=True)
class Messages:
    """`public_url`: where the pages are, if that is known; messages link to the server's."""

    public_url: str | None = None

    def piece(self, webhook: Webhook, piece: Piece, missing: Missing | None) -> Mapping[str, Any]:
        """`missing`: who has not reported what closes. Commanders are named only where the webhook says so."""
        if missing and not (webhook.names and webhook.alliance):
            missing = replace(missing, names=())
        if webhook.is_discord:
            return self._embeds(webhook, piece.at).piece(piece, missing)
        return piece_event(webhook, piece, missing, self._page(webhook))

    def board(self, webhook: Webhook, board: Scoreboard, missing: Missing | None) -> Mapping[str, Any]:
        """`missing`: who has not reported what is on now."""
        if missing:
            missing = replace(missing, names=())
        if webhook.is_discord:
            return self._embeds(webhook, board.as_of).board(board, missing)
        return board_event(webhook, board, missing, self._page(webhook))

    def _embeds(self, webhook: Webhook, as_of: datetime) -> Embeds:
        return Embeds(language(webhook.language), webhook.server, as_of, self._page(webhook))

    def _page(self, webhook: Webhook) -> str | None:
        return f"{self.public_url}/servers/{webhook.server}" if self.public_url else None
