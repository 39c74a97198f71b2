"""A stand-in for Google Sheets for each test, with an officers' spreadsheet, and clients that call it."""

from collections.abc import Iterator

import gspread
import pytest
import requests

from local.sheets import SheetsServer
from tests.local.sheets_client import Api, RedirectedClient


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


@pytest.fixture
def book_id(server: SheetsServer) -> str:
    tabs: dict[str, list[list[object]]] = {
        "Roster": [["Commander", "Power"], ["Ann", 10], ["Bob", 20], ["Sum", "=SUM(B2:B3)"]],
        "Officers' notes": [["=Roster!B4*2"]],
    }
    return server.create_spreadsheet("Officers", tabs)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


@pytest.fixture
def spreadsheet(server: SheetsServer, session: requests.Session, book_id: str) -> gspread.Spreadsheet:
    """The officers' spreadsheet as the real gspread sees it."""
    return RedirectedClient.connected(server.url, session).open_by_key(book_id)


@pytest.fixture
def api(server: SheetsServer, session: requests.Session, book_id: str) -> Api:
    """Plain HTTP calls about the officers' spreadsheet."""
    return Api(server, session, book_id)
