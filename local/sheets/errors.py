"""The errors of the API, in the shape and wording of Google's."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
MESSAGES = {
    401: "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
    "other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    429: "Resource has been exhausted (e.g. check quota).",
    500: "Internal error encountered.",
    503: "The service is currently unavailable.",
}
ANONYMOUS = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
    "other form of API consumer identity to call this API."
)


class ApiError(Exception):
    """A refusal: HTTP status `code`, Google's message for people, and its machine-readable details."""

    def __init__(self, code: int, message: str | None = None, details: Iterable[Json] = ()) -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, STATUSES.get(code, "UNKNOWN"))
        self.details = list(details)
        super().__init__(self.message)

    def body(self) -> Json:
        error: Json = {
            "code": self.code,
            "message": self.message,
            "status": STATUSES.get(self.code, "UNKNOWN"),
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}


def invalid(message: str) -> ApiError:
    """A request that is well formed but cannot be done."""
    return ApiError(400, message)


def unimplemented(what: str) -> ApiError:
    """Something that Google knows but this stand-in does not. It must never look like success."""
    return ApiError(501, f"The Sheets stand-in does not implement {what}.")


def bad_request(violations: Iterable[tuple[str, str]], message: str | None = None) -> ApiError:
    """A malformed request. Each violation is the field's path and a description."""
    found = [
        {"field": field, "description": text} if field else {"description": text}
        for field, text in violations
    ]
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": found}
    return ApiError(400, message or "\n".join(violation["description"] for violation in found), [detail])


@contextmanager
def about(part: str) -> Iterator[None]:
    """Adds to a refusal which part of the body it is about, such as `requests[0].addSheet`."""
    try:
        yield
    except ApiError as error:
        if error.code == 400:
            error.message = f"Invalid {part}: {error.message}"
        raise
