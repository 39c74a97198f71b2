"""Where spreadsheets are kept: in memory, and in one JSON file each."""

import json
import os
import tempfile
from pathlib import Path

from .book import Book
from .errors import ApiError


class Store:
    """All spreadsheets. With a folder, a spreadsheet is on disk when `put` returns, and all are read at the start."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.books: dict[str, Book] = {}
        self.unshared: set[str] = set()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for path in sorted(folder.glob("*.json")):
                content = json.loads(path.read_text(encoding="utf-8"))
                book = Book.load(content["spreadsheet"])
                self.books[book.id] = book
                if not content["shared"]:
                    self.unshared.add(book.id)

    def get(self, spreadsheet_id: str) -> Book:
        """The spreadsheet, if callers of the API may see it."""
        if spreadsheet_id not in self.books:
            raise ApiError(404)
        if spreadsheet_id in self.unshared:
            raise ApiError(403)
        return self.books[spreadsheet_id]

    def put(self, book: Book) -> None:
        """Stores a spreadsheet in place of the one with its id. The file is replaced in one step."""
        if self.folder is not None:
            content = {"shared": book.id not in self.unshared, "spreadsheet": book.resource()}
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=self.folder, prefix=".", suffix=".part", delete=False
            ) as file:
                file.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
            os.replace(file.name, self._path(book.id))
        self.books[book.id] = book

    def delete(self, spreadsheet_id: str) -> None:
        del self.books[spreadsheet_id]
        self.unshared.discard(spreadsheet_id)
        if self.folder is not None:
            self._path(spreadsheet_id).unlink()

    def set_shared(self, spreadsheet_id: str, shared: bool) -> None:
        (self.unshared.discard if shared else self.unshared.add)(spreadsheet_id)
        self.put(self.books[spreadsheet_id])

    def _path(self, spreadsheet_id: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{spreadsheet_id}.json"
