"""What Discord answers when it refuses a request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

Json = dict[str, Any]

INVALID_FORM = 50035


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one place in a body: the names and indexes that lead to it, Discord's code, and the words."""

    path: tuple[str, ...]
    code: str
    message: str

    def under(self, name: str | int) -> Self:
        return replace(self, path=(str(name), *self.path))


class ApiError(Exception):
    """A request is refused. `more` is what the answer holds besides code and message."""

    def __init__(
        self, status: int, code: int, message: str, more: Mapping[str, Any] | None = None, **headers: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"message": message, "code": code, **(more or {})}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def of_status(status: int, words: str) -> ApiError:
    """A refusal that has no code of its own."""
    return ApiError(status, 0, f"{status}: {words}")


def not_done(what: str) -> ApiError:
    """Discord knows this, but the stand-in does not."""
    return of_status(501, f"The stand-in does not do this: {what}")


def invalid_form(problems: Iterable[Problem]) -> ApiError:
    """Every problem in its place of the tree, as Discord answers it."""
    tree: Json = {}
    for problem in problems:
        node = tree
        for name in problem.path:
            node = node.setdefault(name, {})
        node.setdefault("_errors", []).append({"code": problem.code, "message": problem.message})
    return ApiError(400, INVALID_FORM, "Invalid Form Body", {"errors": tree})


UNAUTHORIZED = (401, 0, "401: Unauthorized")
UNKNOWN_APPLICATION = (404, 10002, "Unknown Application")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
INVALID_WEBHOOK_TOKEN = (401, 50027, "Invalid Webhook Token")
EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
NOBODY = (403, 40333, "internal network error")
"""For clients that do not say who they are."""
NOT_JSON = (400, 50109, "The request body contains invalid JSON.")
OLD_EDITS = (429, 30046, "Maximum number of edits to messages older than 1 hour reached.")
