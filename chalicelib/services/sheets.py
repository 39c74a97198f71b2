"""The bound spreadsheets: which are due, and what became of them. Writing them is not done here."""

from collections.abc import Callable, Iterable
from datetime import datetime

from chalicelib.domain.report import Report, Sheet
from chalicelib.services.reports import Reports
from chalicelib.store.sheets import Sheets


class BoundSheets:
    def __init__(self, reports: Reports, sheets: Sheets, clock: Callable[[], datetime]) -> None:
        self._reports = reports
        self._sheets = sheets
        self._clock = clock

    def due(self) -> Iterable[Sheet]:
        """The sheets to sync now, the longest unsynced first."""
        never = datetime.min.replace(tzinfo=self._clock().tzinfo)
        return sorted(self._sheets.all(), key=lambda sheet: sheet.last_success_at or never)

    def report(self, sheet: Sheet) -> Report:
        """Raises NotFound if the server or alliance is gone."""
        return self._reports.of(sheet)

    def synced(self, sheet: Sheet) -> None:
        self._sheets.synced(sheet.spreadsheet_id, self._clock())

    def failed(self, sheet: Sheet, error: str) -> None:
        self._sheets.failed(sheet.spreadsheet_id, self._clock(), error)
