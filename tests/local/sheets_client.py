"""Clients of the Sheets stand-in: gspread pointed at it, and plain HTTP."""

from dataclasses import dataclass
from typing import Any, cast

import gspread
import requests
from google.auth.credentials import Credentials
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEETS_API_V4_BASE_URL

from local.sheets import SheetsServer

Json = dict[str, Any]


class RedirectedClient(HTTPClient):
    """gspread's own client, which calls another host than Google's."""

    base_url: str

    @classmethod
    def connected(cls, url: str, session: requests.Session) -> gspread.Client:
        """gspread without credentials, calling `url`."""
        redirected = type("Redirected", (cls,), {"base_url": url})
        return gspread.Client(cast(Credentials, None), session, redirected)

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        there = endpoint.replace(SPREADSHEETS_API_V4_BASE_URL, f"{self.base_url}/v4/spreadsheets")
        return super().request(method, there, *args, **kwargs)


@dataclass
class Api:
    """HTTP calls about one spreadsheet."""

    server: SheetsServer
    session: requests.Session
    book_id: str

    def call(self, verb: str, path: str = "", body: Json | None = None, **query: Any) -> requests.Response:
        url = f"{self.server.url}/v4/spreadsheets/{self.book_id}{path}"
        return self.session.request(verb, url, json=body, params=query, timeout=60)

    def get(self, path: str = "", **query: Any) -> Json:
        return self._answer(self.call("GET", path, **query))

    def post(self, path: str, body: Json, **query: Any) -> Json:
        return self._answer(self.call("POST", path, body, **query))

    def put(self, path: str, body: Json, **query: Any) -> Json:
        return self._answer(self.call("PUT", path, body, **query))

    def batch(self, *edits: Json) -> list[Json]:
        """The replies of a batchUpdate."""
        replies: list[Json] = self.post(":batchUpdate", {"requests": list(edits)})["replies"]
        return replies

    def refusal(self, *edits: Json) -> str:
        """The message that a batchUpdate is refused with; nothing may have changed."""
        before = self.server.snapshot(self.book_id)
        answer = self.call("POST", ":batchUpdate", {"requests": list(edits)})
        assert answer.status_code == 400, answer.text
        assert self.server.snapshot(self.book_id) == before
        return str(answer.json()["error"]["message"])

    def sheet(self, title: str, **query: Any) -> Json:
        """One sheet of the Spreadsheet resource."""
        found = (each for each in self.get(**query)["sheets"] if each["properties"]["title"] == title)
        return next(found)

    def cell(self, name: str) -> Json:
        """The CellData of one cell, such as `Roster!B2`."""
        [sheet] = self.get(ranges=name, includeGridData="true")["sheets"]
        rows = sheet["data"][0].get("rowData", [{}])
        found: Json = rows[0].get("values", [{}])[0]
        return found

    def values(self, title: str = "Roster") -> list[list[str]]:
        return self.server.values(self.book_id, title)

    def write(self, start: str, *rows: list[Any]) -> None:
        """Writes as a person types."""
        self.put(f"/values/{start}", {"values": list(rows)}, valueInputOption="USER_ENTERED")

    @staticmethod
    def _answer(response: requests.Response) -> Json:
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer


def rows(*lines: list[Any]) -> list[Json]:
    """RowData of plain values: text is literal."""
    return [{"values": [{"userEnteredValue": _extended(value)} for value in line]} for line in lines]


def lines_range(dimension: str, start: int, end: int, sheet_id: int = 0) -> Json:
    return {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}


def _extended(value: Any) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": value}
