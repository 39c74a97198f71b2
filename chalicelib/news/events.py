"""Events for programs: `{"type", "timestamp", "data"}`, as Standard Webhooks has them. docs/webhooks.md shows each."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.events import Reward
from chalicelib.domain.news import (
    ClosingSoon,
    EventStarted,
    MilestonesOpened,
    Missing,
    OutlookChanged,
    Piece,
    Scheduled,
    Scoreboard,
    SheetFailing,
    SheetHealed,
    TierReached,
)
from chalicelib.domain.outlook import TierOutlook
from chalicelib.domain.progress import Progress
from chalicelib.domain.webhooks import Kind, Webhook

_Data = dict[str, Any]


def piece_event(webhook: Webhook, piece: Piece, missing: Missing | None, page: str | None) -> _Data:
    """`timestamp`: when it became true. `page`: the address of the server's page, if it is known."""
    return _event(piece.kind, rfc3339(piece.at), webhook, page, _data(piece, missing))


def board_event(webhook: Webhook, board: Scoreboard, missing: Missing | None, page: str | None) -> _Data:
    """It comes again when something has changed."""
    data = {
        "day": board.day.isoformat(),
        "events": [
            {"progress": _progress(progress), "outlook": [_outlook(each) for each in outlook]}
            for progress, outlook in board.events
        ],
        "on_now": [_scheduled(one, missing) for one in board.on_now],
        "next": [_scheduled(one) for one in board.next],
    }
    return _event("scoreboard", rfc3339(board.as_of), webhook, page, data)


def _event(kind: Kind, at: str, webhook: Webhook, page: str | None, data: _Data) -> _Data:
    whose = {"server": webhook.server, "alliance": webhook.alliance, "page": page}
    return {"type": kind, "timestamp": at, "data": {**whose, **data}}


def _data(piece: Piece, missing: Missing | None) -> _Data:
    match piece.about:
        case EventStarted(event, window):
            tiers = [{"threshold": tier.threshold, "rewards": _rewards(tier.rewards)} for tier in event.tiers]
            times = {"opens_at": rfc3339(window.opens_at), "closes_at": rfc3339(window.closes_at)}
            return {"event": event.id, "name": event.name, **times, "tiers": tiers}
        case MilestonesOpened(milestones):
            return {"milestones": [_scheduled(one) for one in milestones]}
        case ClosingSoon(closes_at, milestones):
            named = {"names": list(missing.names)} if missing and missing.names else {}
            closing = [_scheduled(one, missing) for one in milestones]
            return {"closes_at": rfc3339(closes_at), "milestones": closing, **named}
        case TierReached(progress, tier):
            return {"event": progress.event, "threshold": tier.threshold, "progress": _progress(progress)}
        case OutlookChanged(progress, tiers):
            changed = [{**_outlook(outlook), "outlook": side} for outlook, side in tiers]
            return {"event": progress.event, "tiers": changed, "progress": _progress(progress)}
        case SheetFailing(sheet, _, since):
            failing = {"spreadsheet_id": sheet.spreadsheet_id, "since": rfc3339(since)}
            return {**failing, "bound_to": sheet.alliance, "reason": sheet.last_error}
        case SheetHealed(sheet, _, since):
            return {
                "spreadsheet_id": sheet.spreadsheet_id,
                "since": rfc3339(since),
                "bound_to": sheet.alliance,
            }


def _scheduled(one: Scheduled, missing: Missing | None = None) -> _Data:
    counted = (
        {"number": missing.by_milestone.get(one.id, 0), "of": missing.of, "exact": missing.is_exact}
        if missing
        else {}
    )
    return {
        "id": one.id,
        "event": one.event.id,
        "name": one.milestone.name,
        "points": one.milestone.points,
        "objectives": one.milestone.objectives and list(one.milestone.objectives),
        "opens_at": rfc3339(one.window.opens_at),
        "closes_at": rfc3339(one.window.closes_at),
    } | ({"missing": counted} if counted else {})


def _outlook(outlook: TierOutlook) -> _Data:
    return {"threshold": outlook.threshold, "verdict": outlook.verdict, "words": str(outlook.message)}


def _rewards(rewards: Sequence[Reward]) -> list[_Data]:
    return [reward.model_dump() for reward in rewards]


def _progress(progress: Progress) -> _Data:
    """As the API has it."""
    found: _Data = _PROGRESS.dump_python(progress, mode="json")
    return found


_PROGRESS = TypeAdapter(Progress)
