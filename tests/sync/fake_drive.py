"""Drive as one account sees it, in a few lines: to fail in ways in which a stand-in does not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import requests

from sheets_sync.drive import Drive, DriveAccount

NOBODY = "the account"
ADDRESS = "https://drive.test/drive/v3/changes"
"""Where changes are asked for."""


@dataclass
class Answer:
    body: Any
    status_code: int = 200

    def json(self) -> Any:
        if self.body is None:
            raise requests.JSONDecodeError("no JSON", "", 0)
        return self.body


def refused(status: int, **error: Any) -> Answer:
    return Answer({"error": {"code": status, "message": "because", **error}}, status)


@dataclass
class FakeDrive:
    """Drive as one account sees it, in pages of two changes. A token is how many changes came before."""

    changes: list[tuple[str, bool]] = field(default_factory=list)
    """Files, and whether the account itself touched them."""
    oldest: int = 0
    refusal: Answer | None = None
    permissions: list[dict[str, str]] | None = None
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def touch(self, *files: str, me: bool = False) -> None:
        self.changes += [(file, me) for file in files]

    def get(self, url: str, params: Mapping[str, str], timeout: tuple[float, float]) -> Answer:
        assert all(seconds > 0 for seconds in timeout)
        self.asked.append((url, params))
        if self.refusal:
            return self.refusal
        if url == f"{ADDRESS}/startPageToken":
            return Answer({"startPageToken": str(len(self.changes))})
        if "/files/" in url:
            return Answer({} if self.permissions is None else {"permissions": self.permissions})
        assert url == ADDRESS
        token = int(params["pageToken"])
        if token < self.oldest:
            return refused(400)
        told = [
            {"fileId": file, "file": {"lastModifyingUser": {"me": me}}}
            for file, me in self.changes[token : token + 2]
        ]
        following = {"newStartPageToken": str(len(self.changes))}
        if token + 2 < len(self.changes):
            following = {"nextPageToken": str(token + 2)}
        return Answer({"changes": told, **following})


@dataclass(frozen=True, slots=True)
class At(Drive):
    """A Drive API that a fake answers for."""

    fake: FakeDrive = field(default_factory=FakeDrive)

    @contextmanager
    def connected(self) -> Iterator[DriveAccount]:
        yield DriveAccount(cast(requests.Session, self.fake), "https://drive.test/drive/v3")
