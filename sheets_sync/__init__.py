"""Mirrors a report into a Google spreadsheet: report → tabs → difference → gspread."""
