"""What requests may hold, and how it is read. Whatever doesn't fit is refused by field and reason."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Annotated, ClassVar, Self, get_origin
from urllib.parse import parse_qs, urlencode

from chalice.app import MultiDict, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.domain.access import Key
from chalicelib.domain.errors import FieldError, Malformed, TooLarge, Unauthenticated, malformed
from chalicelib.domain.messages import say
from chalicelib.http.problems import invalid_fields
from chalicelib.services.directory import Directory

MAX_BODY = 16 * 1024
"""Bytes. A report of every milestone of ten events has about a fifth of the first."""

MOST_ERRORS = 100
"""Fields of a body that an answer names."""

Text = Annotated[str, Field(max_length=200)]


class JsonBody(BaseModel):
    """What a JSON body may hold: nothing else, and nothing of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)
    may_be_empty: ClassVar[bool] = False
    """Whether no body, and null, are as good as `{}`."""

    @classmethod
    def read(cls, request: Request) -> Self:
        """Raises Malformed, TooLarge."""
        body = body_of(request, MAX_BODY)
        if cls.may_be_empty and body.strip() in (b"", b"null"):
            return cls()
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise unfit(error) from None


class CompletionReport(JsonBody):
    """The body of `POST /v1/completions`. `is_new`: the name is no slip."""

    commander: Text
    milestones: Annotated[list[Text], Field(min_length=1, max_length=100)]
    server: Text | None = None
    alliance: Text | None = None
    is_new: bool = False


class Query(BaseModel):
    """What a query may hold. Other parameters don't matter; of one that is repeated the last counts, but for lists.
    Where others are forbidden, so is repeating one: `dry_run` may say two things then."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    @classmethod
    def read(cls, request: Request) -> Self:
        """Raises Malformed."""
        given = _query(request)
        lists = [name for name, field in cls.model_fields.items() if get_origin(field.annotation) is list]
        for name in given if cls.model_config["extra"] == "forbid" else ():
            if len(given.getlist(name)) > 1:
                raise malformed(name, "Give this once.")
        try:
            return cls.model_validate({n: given.getlist(n) if n in lists else given[n] for n in given})
        except ValidationError as error:
            raise unfit(error) from None


@dataclass(frozen=True, slots=True)
class FormQuery:
    """Who the form is for, by name or by id, and what is ticked. `is_sent`: it has been sent, and was refused."""

    commander: str | None
    who: str | None
    milestones: list[str]
    is_new: bool
    is_sent: bool

    @classmethod
    def read(cls, request: Request) -> "FormQuery":
        """Raises Malformed."""
        given = _query(request)
        milestones = given.getlist("milestone") if "milestone" in given else []
        return cls(given.get("commander"), given.get("who"), milestones, "is_new" in given, "sent" in given)


@dataclass(frozen=True, slots=True)
class ReceiptQuery:
    """Whose receipt, of when, and what the device that sent the report knows of it: what it held `again`, and the
    proof."""

    commander: str
    at: str
    formerly: str | None
    again: list[str]
    proof: str

    @classmethod
    def read(cls, request: Request) -> "ReceiptQuery":
        """Raises Malformed."""
        given = _query(request)
        again = given.getlist("again") if "again" in given else []
        texts = [given.get(name, "") for name in ("commander", "at", "proof")]
        return cls(texts[0], texts[1], given.get("formerly"), again, texts[2])


class FilledForm(BaseModel, defer_build=True):
    """What the member's form sends. `is_new`: the name is no slip."""

    commander: str = ""
    milestones: list[str] = []
    is_new: bool = False

    @classmethod
    def read(cls, request: Request) -> "FilledForm":
        """Raises Malformed, TooLarge."""
        fields = _form_fields(request)
        return cls(
            commander=fields.get("commander", [""])[-1],
            milestones=fields.get("milestone", []),
            is_new="is_new" in fields,
        )

    @property
    def address(self) -> str:
        """The same as a FormQuery, as an address that is relative to the form's."""
        given = [("sent", "1"), ("commander", self.commander)]
        given += [("milestone", one) for one in self.milestones]
        return "?" + urlencode(given + ([("is_new", "1")] if self.is_new else []))


class ReportUndo(BaseModel, defer_build=True):
    """What the receipt's button sends: whose report, of when, and the proof that it came from this device."""

    commander: str = ""
    at: str = ""
    proof: str = ""

    @classmethod
    def read(cls, request: Request) -> "ReportUndo":
        """Raises Malformed, TooLarge."""
        fields = _form_fields(request)
        return cls(**{name: fields.get(name, [""])[-1] for name in ("commander", "at", "proof")})


def bearer_key(request: Request, directory: Directory) -> Key:
    """The key of the `Authorization` header. Raises Unauthenticated."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("no-key", say("no-key"))
    return directory.key(secret.strip())


def query(request: Request, name: str) -> str | None:
    """The last of the query parameters of that name. Raises Malformed."""
    parameters: Mapping[str, str] = _query(request)
    return parameters.get(name)


def _form_fields(request: Request) -> dict[str, list[str]]:
    body = body_of(request, MAX_BODY).decode()
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError:
        raise malformed("body", say("unreadable-form")) from None
    if any(_is_garbled(value) for values in fields.values() for value in values):
        raise malformed("body", say("lost-letters"))
    return fields


def unfit(error: ValidationError) -> Malformed:
    """What pydantic has found, by field."""
    found = invalid_fields(list(error.errors(include_url=False, include_context=False))[:MOST_ERRORS])
    return Malformed("malformed", f"{found[0].field}: {found[0].message}", found)


_MARKS_OF_UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, "\ufffd\ufffd".encode()
_GARBLED = re.compile("[\ud800-\udfff\ufffd]")
_ESCAPED_REPLACEMENT = re.compile(rb"(?<!\\)(?:\\\\)*\\ufffd", re.IGNORECASE)


def body_of(request: Request, limit: int, *, is_csv: bool = False) -> bytes:
    """The body: UTF-8, without a byte order mark. Raises Malformed, TooLarge.

    API Gateway puts a replacement character wherever a body was no UTF-8, and so do many programs: it is refused, since
    two names that differed may be the same with it. So is a charset that is declared and is another.
    """
    not_utf_8, utf_16 = say("not-utf-8"), say("utf-16")
    if is_csv:
        not_utf_8, utf_16 = say("csv-not-utf-8"), say("csv-utf-16")
    try:
        body: bytes | str = request.raw_body
        raw = body.encode() if isinstance(body, str) else body
    except ValueError:
        raise malformed("body", not_utf_8) from None
    if len(raw) > limit:
        message = say("too-many-bytes", size=len(raw), most=limit)
        raise TooLarge("too-large", message, [FieldError("body", message)])
    try:
        is_escaped = b"\\" in raw and _ESCAPED_REPLACEMENT.search(raw)  # which looks at every byte, slowly
        is_utf8 = not _is_garbled(raw.decode()) and not is_escaped
    except UnicodeDecodeError:
        is_utf8 = False
    if not is_utf8 and _is_utf_16(raw):
        raise malformed("body", utf_16)
    if not is_utf8 or not (raw.isascii() or _charset(request) in ("utf-8", "utf8", "")):
        raise malformed("body", not_utf_8)
    return raw.removeprefix(codecs.BOM_UTF8)


def _charset(request: Request) -> str:
    """The one that the content type declares, in small letters."""
    message = Message()
    message["Content-Type"] = request.headers.get("content-type", "")
    return message.get_content_charset("")


def _query(request: Request) -> MultiDict:
    """All query parameters. Raises Malformed for what was no UTF-8."""
    given: MultiDict = request.query_params or MultiDict({})
    for name in given:
        if any(map(_is_garbled, [name, *given.getlist(name)])):
            raise malformed("query" if _is_garbled(name) else name, say("lost-letters"))
    return given


def _is_utf_16(raw: bytes) -> bool:
    """Its line breaks have bytes of 0, and most of its letters. What is compressed has fewer, and no mark. A mark may
    have become replacement characters."""
    return 0 in raw and (raw.startswith(_MARKS_OF_UTF_16) or 4 * raw.count(0) > len(raw))


def _is_garbled(text: str) -> bool:
    return _GARBLED.search(text) is not None
