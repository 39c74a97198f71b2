"""What the requests of officers and operators may hold."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any, Literal

from chalice.app import Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    Strict,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.access import LONGEST_LABEL, LONGEST_OVERLAP, Key, Role
from chalicelib.domain.bulk import Only
from chalicelib.domain.calendar import GameDay, zone_info
from chalicelib.domain.errors import FieldError, Malformed, quoted
from chalicelib.domain.events import Event
from chalicelib.domain.importing import Columns
from chalicelib.domain.roster import MOST_NEW_PER_DAY
from chalicelib.domain.understood import SeparatorName
from chalicelib.domain.webhooks import KINDS, LONGEST_URL, Kind
from chalicelib.http.inputs import MAX_BODY, JsonBody, Query, Text, bearer_key, body_of, query, unfit
from chalicelib.languages import LANGUAGES
from chalicelib.services.bulk_corrections import BulkOrder
from chalicelib.services.directory import Directory
from chalicelib.services.imports import Options
from chalicelib.services.keys import WantedKey
from chalicelib.services.webhook_settings import WantedWebhook

MAX_EVENT, MAX_CSV = 256 * 1024, 1024 * 1024
"""Bytes."""


def _written_out(given: object) -> str:
    """pydantic takes a number in a text for seconds since 1970, which 20261126 is, too."""
    if not isinstance(given, str) or not _YEAR.match(given):
        raise PydanticCustomError("instant", "Input should be a valid datetime, such as 2023-11-15T11:30:00Z")
    return given


_YEAR = re.compile("[0-9]{4}-")


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


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise PydanticCustomError("language", f"Say one of {', '.join(LANGUAGES)}")
    return code


def _whole(text: str | int) -> int:
    if isinstance(text, str) and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise PydanticCustomError("whole", "Give a whole number")
    return int(text)


Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LABEL)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Instant = Annotated[AwareDatetime, Strict(False), BeforeValidator(_written_out), AfterValidator(_in_utc)]
Flag = Annotated[bool, BeforeValidator(_flag)]
NewPerDay = Annotated[int, Field(ge=0, le=MOST_NEW_PER_DAY)]
LineNumber = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=MAX_CSV)]


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
    body = body_of(request, MAX_BODY)
    try:
        is_undo = "undo" in _Object.model_validate_json(body).root
        return (BulkCorrectionUndo if is_undo else BulkCorrectionOrder).model_validate_json(body)
    except ValidationError as error:
        raise unfit(error) from None


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


class SheetTidying(JsonBody):
    """That the empty rows of a sheet be deleted: there is nothing more to say."""

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

    starts_at: Annotated[str, StringConstraints(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
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
    edits: bool = False
    take_over: bool = False


class NewWebhook(JsonBody):
    """The body of `POST /v1/webhooks`. Without an alliance it is the server's."""

    url: Annotated[str, Field(max_length=LONGEST_URL)]
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=len(KINDS))]
    server: Text
    alliance: Text | None = None
    language: Annotated[str, AfterValidator(_language), Field(json_schema_extra={"enum": [*LANGUAGES]})] = (
        "en"
    )
    names: bool = False

    @property
    def wanted(self) -> WantedWebhook:
        alliance = self.alliance or None
        return WantedWebhook(self.url, self.kinds, self.server, alliance, self.language, self.names)


class WebhookTesting(JsonBody):
    """That a test message be sent: there is nothing more to say."""

    may_be_empty = True


class _Object(RootModel[dict[str, Any]]):
    """A JSON object."""


def event_definition(request: Request, event_id: str) -> Event:
    """The body of `PUT /v1/events/{event}`, which may leave out the id. Raises Malformed, TooLarge."""
    try:
        definition = {"id": event_id} | _Object.model_validate_json(body_of(request, MAX_EVENT)).root
        event = Event.model_validate_json(json.dumps(definition), strict=True)
    except ValidationError as error:
        raise unfit(error) from None
    if event.id != event_id:
        message = f"The address says {quoted(event_id)}."
        raise Malformed("malformed", f"id: {message}", [FieldError("id", message)])
    return event


class RosterQuery(Query):
    added_by: Role | None = None


class EventQuery(Query):
    event: Text


class MissingQuery(Query):
    milestone: Annotated[list[Text], Field(max_length=300)] = []  # noqa: RUF012 - pydantic copies it


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
    def columns(self) -> Columns:
        return Columns(self.commander_column, separator=self.separator, header_line=self.header_line)


class CompletionImport(RosterImport):
    milestone_column: Text | None = None
    timestamp_column: Text | None = None
    timestamp_format: Text | None = None
    without_times: Flag = False
    event: Text | None = None

    @property
    def columns(self) -> Columns:
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
    return body_of(request, MAX_CSV, is_csv=True).decode()


def csv_key(request: Request, directory: Directory) -> Key:
    """As `bearer_key`, or the key of `?key=`: who imports CSV into a spreadsheet can't send headers."""
    secret = query(request, "key")
    if secret is None or "authorization" in request.headers:
        return bearer_key(request, directory)
    return directory.key(secret.strip())
