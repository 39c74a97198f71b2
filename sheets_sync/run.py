"""A sync of every sheet that is due. One sheet's failure never stops the others."""

import logging
from collections.abc import Iterable
from typing import Protocol

from chalicelib.domain.errors import MusterError
from chalicelib.domain.report import Report, Sheet
from sheets_sync.content import tabs_of
from sheets_sync.google import SheetError, Spreadsheets, connect
from sheets_sync.requests import READ_FIELDS, held_sheets, requests_for

logger = logging.getLogger(__name__)


class SheetSource(Protocol):
    """Where the sheets to sync, and what they should show, come from."""

    def due(self) -> Iterable[Sheet]: ...

    def report(self, sheet: Sheet) -> Report:
        """Raises MusterError."""
        ...

    def synced(self, sheet: Sheet) -> None: ...

    def failed(self, sheet: Sheet, error: str) -> None: ...


def sync_due(source: SheetSource, api_url: str, credentials_secret: str | None) -> dict[str, int]:
    """How many sheets were synced, and how many failed (each noted with its reason)."""
    outcome = {"synced": 0, "failed": 0}
    spreadsheets: Spreadsheets | None = None
    for sheet in source.due():
        try:
            spreadsheets = spreadsheets or connect(api_url, credentials_secret)
            sync(sheet, source.report(sheet), spreadsheets)
            source.synced(sheet)
            outcome["synced"] += 1
        except (SheetError, MusterError) as error:
            logger.warning("sync of %s failed: %s", sheet.spreadsheet_id, error)
            source.failed(sheet, str(error))
            outcome["failed"] += 1
    return outcome


def sync(sheet: Sheet, report: Report, spreadsheets: Spreadsheets) -> None:
    """One read and one write. Raises SheetError."""
    held = held_sheets(spreadsheets.read(sheet.spreadsheet_id, READ_FIELDS))
    spreadsheets.write(sheet.spreadsheet_id, requests_for(tabs_of(report, sheet), held))
