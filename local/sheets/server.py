"""The stand-in for Google Sheets as tests and the demo use it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from werkzeug.serving import BaseWSGIServer, make_server

from . import batch, edit_sheets, values
from .access import EVERYONE, Role
from .callers import OFFICER, OWNER
from .connections import Connections
from .drive import Drive
from .entry import entered_value, raw
from .errors import Json
from .methods import new_book
from .person import Person
from .reading import Reader
from .schemas import check_request
from .store import Store
from .traffic import Fault, Meanwhile, Quota, RecordedRequest
from .web import Site


def utc_now() -> datetime:
    return datetime.now(UTC)


class SheetsServer:
    """An HTTP server that answers like Google Sheets, and shows its spreadsheets as pages.

    Each spreadsheet is kept in `folder` as one JSON file; without a folder, everything is in memory. `clock` is for
    quotas. The address is taken when the server is made; requests are answered from `start` to `stop`.
    """

    def __init__(
        self,
        folder: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._site = Site(Store(folder, clock), clock, lambda: self.url)
        self._connections = Connections(set())
        self._host = host
        self._http: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._port = port
        self._bind()

    def start(self) -> None:
        http = self._bind()
        self._site.stopping.clear()
        self._thread = threading.Thread(
            target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Closes the address and every connection. The server can be started again at the same address."""
        self._site.stopping.set()
        if self._http is None:
            return
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()
        self._http = None
        self._connections.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *args: object) -> None:
        """Stops, and raises what went wrong with an act of `meanwhile`, so that a test does not miss it."""
        self.stop()
        if kind is None and self._site.failures:
            raise self._site.failures.pop(0)

    @property
    def url(self) -> str:
        """Sheets is at `url + "/v4/spreadsheets"`, Drive at `url + "/drive/v3"`."""
        return f"http://{self._host}:{self._port}"

    def create_spreadsheet(
        self,
        title: str,
        tabs: Mapping[str, Sequence[Sequence[object]]],
        spreadsheet_id: str | None = None,
        time_zone: str = "Etc/UTC",
    ) -> str:
        """Makes a spreadsheet as officers would, and returns its id.

        Text that starts with "=" is a formula, other text is literal, numbers and booleans stay what they are, and None
        is an empty cell. As with Google, the first tab has id 0, and a tab has at least 1,000 rows and 26 columns. If
        no tabs are given, there is an empty one.
        """
        book = new_book(title, {"timeZone": time_zone}, spreadsheet_id)
        for index, (name, rows) in enumerate((tabs or {"Sheet1": []}).items()):
            grid = {"rowCount": max(1000, len(rows)), "columnCount": max(26, *map(len, rows), 0)}
            properties: Json = {"title": name, "gridProperties": grid} | ({} if index else {"sheetId": 0})
            edit_sheets.add_sheet(book, {"properties": properties})
            for row, cells in zip(book.sheets[-1].cells, rows, strict=False):
                for column, value in enumerate(cells):
                    if entered := _officers_value(value):
                        row[column] = {"userEnteredValue": entered}
        with self._site.lock:
            self._site.store.put(book, OWNER)
        return book.id

    def has(self, spreadsheet_id: str) -> bool:
        with self._site.lock:
            return spreadsheet_id in self._site.store.books

    def delete_spreadsheet(self, spreadsheet_id: str) -> None:
        """From now on the API answers 404."""
        with self._site.lock:
            self._site.store.delete(spreadsheet_id)

    def share(self, spreadsheet_id: str, account: str = EVERYONE, role: Role = "writer") -> None:
        """Lets an account read or write it. A new spreadsheet is shared with every account."""
        with self._site.lock:
            self._site.store.share(spreadsheet_id, account, role)

    def unshare(self, spreadsheet_id: str, account: str = EVERYONE) -> None:
        """From now on the API answers 403, to one account or to all; the page still shows it."""
        with self._site.lock:
            self._site.store.share(spreadsheet_id, account, None)

    def share_by_link(self, spreadsheet_id: str, role: Role | None) -> None:
        """What anyone with the link may do; None is nothing."""
        with self._site.lock:
            self._site.store.link(spreadsheet_id, role)

    def page_url(self, spreadsheet_id: str) -> str:
        """The address of the page that a person opens."""
        return self._site.page_url(spreadsheet_id)

    def values(self, spreadsheet_id: str, tab_title: str) -> list[list[str]]:
        """A tab as a person sees it, without empty cells and rows at the end."""
        with self._site.lock:
            book = self._site.store.books[spreadsheet_id]
            sheet = book.titled(tab_title)
            if sheet is None:
                raise KeyError(tab_title)
            return values.displayed(Reader(book), sheet)

    def snapshot(self, spreadsheet_id: str) -> Json:
        """A copy of everything stored, as a Spreadsheet resource: what was entered, nothing that is computed."""
        with self._site.lock:
            return deepcopy(self._site.store.books[spreadsheet_id].resource())

    def edit(self, spreadsheet_id: str, requests: list[dict[str, Any]]) -> None:
        """Applies batchUpdate requests as the owner's edit: not over HTTP, not recorded, and even if unshared."""
        body = {"requests": deepcopy(requests)}
        check_request("BatchUpdateSpreadsheetRequest", body)
        with self._site.lock:
            draft = self._site.store.books[spreadsheet_id].copy()
            batch.apply(draft, body["requests"], OFFICER)
            self._site.store.put(draft, OWNER)

    def person(self, spreadsheet_id: str, email: str = OWNER) -> Person:
        """Somebody at work in a spreadsheet as in the browser, who can undo what they do."""
        return Person(self._site, spreadsheet_id, email)

    def inject(self, *faults: Fault) -> None:
        """Each of the following API requests suffers the first waiting fault that matches it."""
        with self._site.lock:
            self._site.faults.extend(faults)

    def meanwhile(self, act: Callable[[], object], match: str = "", after: bool = False) -> None:
        """Somebody acts while the next request is on its way whose method and path contain `match`.

        They act before it is carried out, or `after` that and before it is answered. Each act happens once, and only
        one at each of these moments; if it fails, the server raises that when it is left:

            server.meanwhile(lambda: officer.sort("Roster", None, by="A"), match=":batchUpdate")
        """
        self._site.meanwhiles.append(Meanwhile(act, match, after))

    def forget_faults(self) -> None:
        """Drops the faults and the acts that are still waiting."""
        with self._site.lock:
            self._site.faults.clear()
            self._site.meanwhiles.clear()

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every API request so far."""
        return self._site.requests

    @property
    def quota(self) -> Quota | None:
        """How many requests of Sheets each account may make in a minute. None means any number."""
        return self._site.quota

    @quota.setter
    def quota(self, quota: Quota | None) -> None:
        self._site.quota = quota

    @property
    def tokens(self) -> set[str] | None:
        """The bearer tokens that are accepted. None means any token, or none."""
        return self._site.tokens

    @tokens.setter
    def tokens(self, tokens: set[str] | None) -> None:
        self._site.tokens = tokens

    @property
    def drive(self) -> Drive:
        """How Drive behaves: whether it is enabled, how late it tells, its quota."""
        return self._site.drive

    @property
    def accounts(self) -> dict[str, str]:
        """Whose the tokens are, by address. A token that is not in here is an account of its own."""
        return self._site.accounts

    def _bind(self) -> BaseWSGIServer:
        if self._http is None:
            self._http = make_server(
                self._host, self._port, self._site, threaded=True, request_handler=self._connections.handler()
            )
            self._port = self._http.server_port
        return self._http


def _officers_value(value: object) -> Json | None:
    if value is None:
        return None
    if isinstance(value, str) and value.startswith("="):
        return entered_value({"formulaValue": value})
    return raw(value)
