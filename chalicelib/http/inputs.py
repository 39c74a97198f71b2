"""What requests may hold, and how it is read. Whatever doesn't fit is refused by field and reason."""

from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import parse_qs

from chalice.app import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.domain.access import Key
from chalicelib.domain.errors import FieldError, Malformed, TooLarge, Unauthenticated
from chalicelib.http.problems import invalid_fields
from chalicelib.services.directory import Directory

MAX_BODY = 16 * 1024
"""Bytes. A report of every milestone of ten events has about a fifth of it."""

Text = Annotated[str, Field(max_length=200)]


class JsonBody(BaseModel):
    """What a JSON body may hold: nothing else, and nothing of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @classmethod
    def read(cls, request: Request) -> Self:
        """Raises Malformed, TooLarge."""
        try:
            return cls.model_validate_json(_body(request))
        except ValidationError as error:
            found = invalid_fields(list(error.errors(include_url=False, include_context=False)))
            raise Malformed("malformed", f"{found[0].field}: {found[0].message}", found) from None


class CompletionReport(JsonBody):
    """The body of `POST /v1/completions`."""

    commander: Text
    milestones: Annotated[list[Text], Field(min_length=1, max_length=100)]
    server: Text | None = None
    alliance: Text | None = None


class SheetBinding(JsonBody):
    """The body of `PUT /v1/sheets/{spreadsheet_id}`. Without an alliance it is the server's."""

    server: Text
    alliance: Text | None = None


class FormReport(BaseModel):
    """What the member's form sends. `is_new`: the name is no slip."""

    commander: str = ""
    milestones: list[str] = []
    is_new: bool = False

    @classmethod
    def read(cls, request: Request) -> "FormReport":
        """Raises Malformed, TooLarge."""
        fields = _form_fields(request)
        return cls(
            commander=fields.get("commander", [""])[-1],
            milestones=fields.get("milestone", []),
            is_new="is_new" in fields,
        )


class FormUndo(BaseModel):
    """What the receipt's button sends: whose report, and of when."""

    commander: str = ""
    at: str = ""

    @classmethod
    def read(cls, request: Request) -> "FormUndo":
        """Raises Malformed, TooLarge."""
        fields = _form_fields(request)
        return cls(**{name: fields.get(name, [""])[-1] for name in ("commander", "at")})


def bearer_key(request: Request, directory: Directory) -> Key:
    """The key of the `Authorization` header. Raises Unauthenticated."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("no-key", "This needs a key: send it as “Authorization: Bearer KEY”.")
    return directory.key(secret.strip())


def query(request: Request, name: str) -> str | None:
    """The last of the query parameters of that name."""
    parameters: Mapping[str, str] = request.query_params or {}
    return parameters.get(name)


def _form_fields(request: Request) -> dict[str, list[str]]:
    try:
        return parse_qs(_body(request).decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        message = "The form could not be read. Please open the link again."
        raise Malformed("malformed", message, [FieldError("body", message)]) from None


def _body(request: Request) -> bytes:
    body: bytes | str = request.raw_body
    raw = body.encode() if isinstance(body, str) else body
    if len(raw) > MAX_BODY:
        raise TooLarge("too-large", f"The body has {len(raw)} bytes; {MAX_BODY} is the most.")
    return raw
