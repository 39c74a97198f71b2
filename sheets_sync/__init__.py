"""Mirrors a sheet view into a Google spreadsheet: view → tabs → difference → gspread."""
