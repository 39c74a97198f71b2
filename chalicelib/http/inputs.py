"""What requests may hold, and how it is read. Whatever doesn't fit is refused by field and reason."""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email.message import Message
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_origin
from urllib.parse import parse_qs

from chalice.app import MultiDict, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.access import LONGEST_OVERLAP, Key, Role
from chalicelib.domain.bulk import Only
from chalicelib.domain.calendar import GameDay, zone_info
from chalicelib.domain.errors import FieldError, Malformed, TooLarge, Unauthenticated, malformed, quoted
from chalicelib.domain.events import Event
from chalicelib.domain.messages import say
from chalicelib.domain.roster import MOST_NEW_PER_DAY
from chalicelib.domain.understood import SeparatorName
from chalicelib.http.problems import invalid_fields
from chalicelib.services.bulk_corrections import BulkOrder
from chalicelib.services.directory import Directory
from chalicelib.services.imports import Options
from chalicelib.services.keys import WantedKey

if TYPE_CHECKING:
    from chalicelib.domain.importing import Columns

MAX_BODY, MAX_EVENT, MAX_CSV = 16 * 1024, 256 * 1024, 1024 * 1024
"""Bytes. A report of every milestone of ten events has about a fifth of the first."""

MOST_ERRORS = 100
"""Fields of a body that an answer names."""


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("instant", "There is no such time in UTC") from None


def _zone(name: str) -> str:
    try:
        return zone_info(name).key
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError("zone", "There is no time zone of this name") from None


def _flag(text: str) -> bool:
    flag = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
    if flag is None:
        raise PydanticCustomError("flag", "Say true or false")
    return flag


def _whole(text: str | int) -> int:
    if isinstance(text, str) and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise PydanticCustomError("whole", "Give a whole number")
    return int(text)


Text = Annotated[str, Field(max_length=200)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Flag = Annotated[bool, BeforeValidator(_flag)]
NewPerDay = Annotated[int, Field(ge=0, le=MOST_NEW_PER_DAY)]
LineNumber = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=MAX_CSV)]


class JsonBody(BaseModel):
    """What a JSON body may hold: nothing else, and nothing of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)
    may_be_empty: ClassVar[bool] = False
    """Whether no body, and null, are as good as `{}`."""

    @classmethod
    def read(cls, request: Request) -> Self:
        """Raises Malformed, TooLarge."""
        body = _body(request, MAX_BODY)
        if cls.may_be_empty and body.strip() in (b"", b"null"):
            return cls()
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise _malformed(error) from None


class CompletionReport(JsonBody):
    """The body of `POST /v1/completions`. `is_new`: the name is no slip."""

    commander: Text
    milestones: Annotated[list[Text], Field(min_length=1, max_length=100)]
    server: Text | None = None
    alliance: Text | None = None
    is_new: bool = False


class CorrectionOrder(JsonBody):
    """The body of `POST /v1/corrections`."""

    action: Literal["void", "restore"]
    commander: Text
    milestone: Text
    reason: Reason
    server: Text | None = None
    alliance: Text | None = None


class BulkCorrectionOrder(JsonBody):
    """The body of `POST /v1/corrections/bulk`."""

    key_id: Annotated[Text, Field(min_length=1)]
    only: Only
    reason: Reason
    since: Instant | None = None
    until: Instant | None = None
    dry_run: bool = False
    server: Text | None = None

    @property
    def order(self) -> BulkOrder:
        span = self.since, self.until
        return BulkOrder(self.key_id, self.only, self.reason, *span, self.dry_run, self.server)


class BulkCorrectionUndo(JsonBody):
    """The other body of that: which bulk correction to undo."""

    undo: Text


def bulk_correction(request: Request) -> BulkCorrectionOrder | BulkCorrectionUndo:
    """Raises Malformed, TooLarge."""
    body = _body(request, MAX_BODY)
    try:
        is_undo = "undo" in _Object.model_validate_json(body).root
        return (BulkCorrectionUndo if is_undo else BulkCorrectionOrder).model_validate_json(body)
    except ValidationError as error:
        raise _malformed(error) from None


class NewCommander(JsonBody):
    name: Text
    is_new: bool = False


class CommanderRename(JsonBody):
    name: Text


class CommanderMerge(JsonBody):
    """Who becomes one with somebody else: a name or an id."""

    commander: Text
    reason: Reason | None = None


class CommanderMove(JsonBody):
    alliance: Text
    reason: Reason | None = None


class RosterChange(JsonBody):
    """Why a commander is taken off the form, or brought back to it."""

    may_be_empty = True

    reason: Reason | None = None


class CommanderForgetting(JsonBody):
    """That a commander's names be replaced: there is nothing more to say."""

    may_be_empty = True


class NewReading(JsonBody):
    points: Annotated[int, Field(ge=0, le=10**12)]
    read_at: Instant | None = None
    confirm: bool = False


class NewKey(JsonBody):
    """The body of `POST /v1/keys`: a role and a scope, or the id of the key that it replaces."""

    label: Label
    role: Role | None = None
    server: Text | None = None
    alliance: Text | None = None
    expires_at: Instant | None = None
    replaces: Text | None = None
    old_works_for_minutes: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP // timedelta(minutes=1))] = 0

    @property
    def wanted(self) -> WantedKey:
        overlap = timedelta(minutes=self.old_works_for_minutes)
        scope = self.server, self.alliance
        return WantedKey(self.role, self.label, *scope, self.expires_at, self.replaces, overlap)


class GameDayDefinition(JsonBody):
    """When the server's day begins: a time of day, `HH:MM`, in a zone."""

    starts_at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    zone: Annotated[str, AfterValidator(_zone)]


class ServerDefinition(JsonBody):
    """The body of `PUT /v1/servers/{server}`. Without a game day it is the assumed one."""

    may_be_empty = True

    game_day: GameDayDefinition | None = None
    public_standings: bool = False

    @property
    def day(self) -> GameDay:
        day = self.game_day
        return GameDay(time.fromisoformat(day.starts_at), day.zone, assumed=False) if day else GameDay()


class AllianceDefinition(JsonBody):
    """The body of `PUT /v1/servers/{server}/alliances/{alliance}`."""

    tag: Label
    name: Label
    is_open: bool = True
    new_per_day: NewPerDay | None = None


class AllianceChange(JsonBody):
    """The body of `PATCH /v1/servers/{server}/alliances/{alliance}`. What is left out stays."""

    is_open: bool | None = None
    new_per_day: NewPerDay | None = None


class SheetBinding(JsonBody):
    """The body of `PUT /v1/sheets/{spreadsheet_id}`. Without an alliance it is the server's."""

    server: Text
    alliance: Text | None = None


class _Object(RootModel[dict[str, Any]]):
    """A JSON object."""


def event_definition(request: Request, event_id: str) -> Event:
    """The body of `PUT /v1/events/{event}`, which may leave out the id. Raises Malformed, TooLarge."""
    try:
        definition = {"id": event_id} | _Object.model_validate_json(_body(request, MAX_EVENT)).root
        event = Event.model_validate_json(json.dumps(definition), strict=True)
    except ValidationError as error:
        raise _malformed(error) from None
    if event.id != event_id:
        message = f"The address says {quoted(event_id)}."
        raise Malformed("malformed", f"id: {message}", [FieldError("id", message)])
    return event


class Query(BaseModel):
    """What a query may hold. Other parameters don't matter; of one that is repeated the last counts, but for lists."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    @classmethod
    def read(cls, request: Request) -> Self:
        """Raises Malformed."""
        given = _query(request)
        lists = [name for name, field in cls.model_fields.items() if get_origin(field.annotation) is list]
        try:
            return cls.model_validate({n: given.getlist(n) if n in lists else given[n] for n in given})
        except ValidationError as error:
            raise _malformed(error) from None


class RosterQuery(Query):
    added_by: Role | None = None


class EventQuery(Query):
    event: Text


class MissingQuery(Query):
    milestone: Annotated[list[Text], Field(max_length=300)] = []


class PageQuery(Query):
    before: Text | None = None
    limit: Text | None = None


class LedgerQuery(PageQuery):
    commander: Text | None = None
    alliance: Text | None = None


class RosterImport(Query):
    """How to read a roster, and what to do with it. A misspelt `dry_run` must not import."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    dry_run: Flag = False
    all_or_nothing: Flag = False
    is_new: Flag = False
    from_line: LineNumber = 1
    separator: SeparatorName | None = None
    header_line: LineNumber | None = None
    commander_column: Text | None = None

    @property
    def options(self) -> Options:
        return Options(self.dry_run, self.all_or_nothing, self.is_new, self.from_line)

    @property
    def columns(self) -> "Columns":
        from chalicelib.domain.importing import Columns  # reads files: for the routes that import alone

        return Columns(self.commander_column, separator=self.separator, header_line=self.header_line)


class CompletionImport(RosterImport):
    milestone_column: Text | None = None
    timestamp_column: Text | None = None
    timestamp_format: Text | None = None
    without_times: Flag = False
    event: Text | None = None

    @property
    def columns(self) -> "Columns":
        return replace(
            super().columns,
            milestone=self.milestone_column,
            timestamp=self.timestamp_column,
            timestamp_format=self.timestamp_format,
            without_times=self.without_times,
            event=self.event,
        )


def csv_body(request: Request) -> str:
    """Raises Malformed, TooLarge."""
    return _body(request, MAX_CSV, is_csv=True).decode()


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


def csv_key(request: Request, directory: Directory) -> Key:
    """As `bearer_key`, or the key of `?key=`: who imports CSV into a spreadsheet can't send headers."""
    secret = query(request, "key")
    if secret is None or "authorization" in request.headers:
        return bearer_key(request, directory)
    return directory.key(secret.strip())


def query(request: Request, name: str) -> str | None:
    """The last of the query parameters of that name. Raises Malformed."""
    parameters: Mapping[str, str] = _query(request)
    return parameters.get(name)


UNKNOWN_PATH = "/{proxy+}"
"""The route of every path that no other route has."""


def stage(request: Request) -> str:
    """The prefix of all addresses, such as `/api`; nothing, where there is none."""
    path: str = request.context["path"]
    own = request.path.replace(UNKNOWN_PATH, f"/{(request.uri_params or {}).get('proxy', '')}").strip("/")
    return path.rstrip("/").rsplit("/", len(own.split("/")) if own else 0)[0]


def base_url(request: Request, public_url: str | None) -> str:
    """The address below which everything is, without a slash at its end: the one that is set, or the one that was
    called."""
    scheme, host = request.headers.get("x-forwarded-proto", "http"), request.headers.get("host", "")
    return (public_url or f"{scheme}://{host}{stage(request)}").rstrip("/")


def _form_fields(request: Request) -> dict[str, list[str]]:
    body = _body(request, MAX_BODY).decode()
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=200, errors="strict")
    except ValueError:
        raise malformed("body", say("unreadable-form")) from None
    if any(_is_garbled(value) for values in fields.values() for value in values):
        raise malformed("body", say("lost-letters"))
    return fields


def _malformed(error: ValidationError) -> Malformed:
    found = invalid_fields(list(error.errors(include_url=False, include_context=False))[:MOST_ERRORS])
    return Malformed("malformed", f"{found[0].field}: {found[0].message}", found)


_REPLACEMENT = "\ufffd"
_ESCAPED_REPLACEMENT = re.compile(rb"(?<!\\)(?:\\\\)*\\ufffd", re.IGNORECASE)


def _body(request: Request, limit: int, *, is_csv: bool = False) -> bytes:
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
        is_utf8 = not _is_garbled(raw.decode()) and not _ESCAPED_REPLACEMENT.search(raw)
    except UnicodeDecodeError:
        is_utf8 = False
    if not is_utf8 and b"\0" in raw:
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


def _is_garbled(text: str) -> bool:
    return _REPLACEMENT in text or any("\ud800" <= c <= "\udfff" for c in text)
