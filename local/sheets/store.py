"""Where spreadsheets are kept: in memory, and in one JSON file each."""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from .access import Access, Change, Role, Touched
from .book import Book
from .callers import OWNER
from .errors import ApiError, Json


class Store:
    """All spreadsheets. With a folder, a spreadsheet is on disk when `put` returns, and all are read at the start."""

    def __init__(self, folder: Path | None, clock: Callable[[], datetime]) -> None:
        self.folder = folder
        self.clock = clock
        self.books: dict[str, Book] = {}
        self.access: dict[str, Access] = {}
        """Also of those that have been deleted."""
        self.touched: dict[str, Touched] = {}
        self.changes: list[Change] = []
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            contents = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
            for content in sorted(contents, key=lambda each: int(each.get("change", 0))):
                self._load(content)

    def get(self, spreadsheet_id: str, account: str, to_write: bool = False) -> Book:
        """The spreadsheet, if the account may see it, or change it."""
        if spreadsheet_id not in self.books:
            raise ApiError(404)
        role = self.access[spreadsheet_id].role(account)
        if role is None or (to_write and role == "reader"):
            raise ApiError(403)
        return self.books[spreadsheet_id]

    def put(self, book: Book, by: str, access: Access | None = None) -> None:
        """Stores a spreadsheet in place of the one with its id. Its file is replaced in one step."""
        if access is not None or book.id not in self.access:
            self.access[book.id] = access or Access()
        old = self.touched.get(book.id)
        self.touched[book.id] = Touched(old.version if old else 0, self.clock(), by)
        self.books[book.id] = book
        self._changed(book.id, [])

    def delete(self, spreadsheet_id: str) -> None:
        del self.books[spreadsheet_id]
        self._changed(spreadsheet_id, list(self.access[spreadsheet_id].roles))
        if self.folder is not None:
            self._path(spreadsheet_id).unlink()

    def share(self, spreadsheet_id: str, account: str, role: Role | None) -> None:
        """With one account or `*`; None ends it."""
        access, lost = self.access[spreadsheet_id], list[str]()
        if role is None:
            lost = access.unshare(account)
        else:
            access.roles[account] = role
        self._changed(spreadsheet_id, lost)

    def link(self, spreadsheet_id: str, role: Role | None) -> None:
        """What anyone with the link may do."""
        self.access[spreadsheet_id].link = role
        self._changed(spreadsheet_id, [])

    def _changed(self, spreadsheet_id: str, lost: list[str]) -> None:
        number = self.changes[-1].number + 1 if self.changes else 1
        self.changes.append(Change(number, self.clock(), spreadsheet_id, lost))
        self.touched[spreadsheet_id].version += 1
        if self.folder is None or spreadsheet_id not in self.books:
            return
        content = {
            "access": asdict(self.access[spreadsheet_id]),
            "touched": self.touched[spreadsheet_id].content(),
            "change": number,
            "lost": lost,
            "spreadsheet": self.books[spreadsheet_id].resource(),
        }
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self.folder, prefix=".", suffix=".part", delete=False
        ) as file:
            file.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
        os.replace(file.name, self._path(spreadsheet_id))

    def _load(self, content: Json) -> None:
        book = Book.load(content["spreadsheet"])
        self.books[book.id] = book
        if "access" in content:
            self.access[book.id] = Access(**content["access"])
            self.touched[book.id] = Touched.load(content["touched"])
            at = self.touched[book.id].at
            self.changes.append(Change(content["change"], at, book.id, content["lost"]))
        else:  # written before the stand-in knew Drive
            self.access[book.id] = Access() if content["shared"] else Access({})
            self.touched[book.id] = Touched(1, self.clock(), OWNER)

    def _path(self, spreadsheet_id: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{spreadsheet_id}.json"
