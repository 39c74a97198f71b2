"""What each route takes and gives, as a table: of it the OpenAPI document is made, and the page that shows it.

Slow to import, since it reaches every model: only `openapi` imports it, when it is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from chalicelib.domain.access import MAY, REVOKED_WITHIN, Capability, Role
from chalicelib.domain.calendar import in_words
from chalicelib.domain.discord import CODE_LASTS
from chalicelib.domain.errors import FieldError
from chalicelib.domain.events import Event
from chalicelib.domain.progress import Progress
from chalicelib.domain.roster import Server
from chalicelib.domain.webhooks import DISCORD
from chalicelib.http.definitions import AllianceSummary, EventDetails
from chalicelib.http.discord_shapes import Interaction
from chalicelib.http.guilds import BindingCodeRequest
from chalicelib.http.inputs import CompletionReport, Query, ReportUndo
from chalicelib.http.officer_inputs import (
    AllianceChange,
    AllianceDefinition,
    BulkCorrectionOrder,
    BulkCorrectionUndo,
    CommanderForgetting,
    CommanderMerge,
    CommanderMove,
    CommanderRename,
    CompletionImport,
    CorrectionOrder,
    EventQuery,
    LedgerQuery,
    MissingQuery,
    NewCommander,
    NewKey,
    NewReading,
    NewWebhook,
    PageQuery,
    RosterChange,
    RosterImport,
    RosterQuery,
    ServerDefinition,
    SheetBinding,
    SheetTidying,
    WebhookTesting,
)
from chalicelib.services.bindings import SheetState
from chalicelib.services.bulk_corrections import BulkCorrection
from chalicelib.services.corrections import UNDO_WITHIN, Correction
from chalicelib.services.exports import AllianceCompletions, MissingReports
from chalicelib.services.guild_bindings import AllianceDiscord, BindingCode
from chalicelib.services.imports import ImportResult
from chalicelib.services.keys import KeyState
from chalicelib.services.ledger_pages import LedgerPage
from chalicelib.services.overview import Schedule
from chalicelib.services.public_views import ServerProgress, ServerStandings
from chalicelib.services.readings import ReadingDetails
from chalicelib.services.reporting import Receipt
from chalicelib.services.rosters import Roster, RosterEntry
from chalicelib.services.webhook_settings import TESTED_EVERY, WebhookState, WebhookTest


class Health(TypedDict):
    status: Literal["ok", "failing"]
    version: str
    now: datetime
    store: NotRequired[Literal["ok", "failing"]]
    schedule: NotRequired[Literal["ok", "failing"]]


class EventList(TypedDict):
    events: list[EventDetails]


class ReadingList(TypedDict):
    server: str
    event: str
    readings: list[ReadingDetails]


class ServerList(TypedDict):
    servers: list[Server]


class AllianceList(TypedDict):
    server: str
    alliances: list[AllianceSummary]


class AllianceDetails(AllianceSummary):
    server: str


class KeyList(TypedDict):
    keys: list[KeyState]


class SheetList(TypedDict):
    sheets: list[SheetState]


class WebhookList(TypedDict):
    webhooks: list[WebhookState]


@dataclass(frozen=True, slots=True)
class AddedWebhook(WebhookState):
    secret: str | None


@dataclass(frozen=True, slots=True)
class CreatedKey(KeyState):
    secret: str
    link: str | None


class InteractionAnswer(TypedDict):
    type: int
    data: NotRequired[dict[str, Any]]


class ReportForm(TypedDict, total=False):
    commander: str
    milestone: list[str]
    is_new: str


class Problem(TypedDict):
    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError]
    request_id: str | None
    suggestions: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class TextBody:
    """A body that is no JSON."""

    media_type: Literal["text/csv", "text/calendar", "text/html"]
    example: str | None = None


PAGE, CALENDAR = TextBody("text/html"), TextBody("text/calendar")

Who = Capability | Literal["all", "Discord, signed"]
ALL: Who = "all"
SIGNED: Who = "Discord, signed"
"""By a signature of Discord's, over the body and the time."""
LINK: Who = "use the form"
"""By the key in a member link, which is part of the address."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a route. `id` is the name of its view.

    `who`: the capability that it takes, or all, or Discord. `answer`, `body`: types, or text; a page without an
    answer leads elsewhere. `query`: what models it, or names of texts that may be left out. `example` is of the body,
    `shows` of the answer. `refuses`: the codes of its problems, but for those that come with a key, a body or a query.
    `created`: 201 is an answer as well, or the only one. `has_etag`: with `If-None-Match`, 304 is one, too.
    """

    id: str
    route: str
    summary: str
    who: Who
    answer: Any = None
    query: type[Query] | Sequence[str] = ()
    body: Any = None
    example: Any = None
    shows: Any = None
    refuses: str = ""
    detail: str = ""
    created: Literal["", "also", "only"] = ""
    has_etag: bool = False

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]

    @property
    def roles(self) -> tuple[Role, ...]:
        """Whose keys do; none, where it takes no key."""
        return () if self.who == "all" or self.who == "Discord, signed" else MAY[self.who]


_SERVER = "/v1/servers/{server}"
_EVENT = f"{_SERVER}/events/{{event}}"
_ALLIANCE = f"{_SERVER}/alliances/{{alliance}}"
_COMMANDER = f"{_ALLIANCE}/commanders/{{commander}}"
_SHEET = "/v1/sheets/{spreadsheet_id}"
_WEBHOOK = "/v1/webhooks/{webhook}"

_UNKNOWN = "unknown-server unknown-alliance"
_SOMEBODY = f"{_UNKNOWN} unknown-commander"
_REPORTING = (
    "invalid-name unknown-milestone milestone-not-open reporting-closed "
    "not-on-roster other-alliance did-you-mean too-many-events too-many-new roster-full"
)

_DEFENDERS = "2023-11-defenders-of-peace"
_HIDDEN_MOTIVATIONS = f"{_DEFENDERS}/hidden-motivations"
_NOON = "2023-11-15T12:00:28.028Z"
_KESTREL = {"id": "T5N_JKk8uwkh", "name": "Kestrel"}

# fmt: off
OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "Events and progress": (
        Operation("list_events", "GET /v1/events", "All events, archived ones too", ALL, EventList),
        Operation(
            "get_event", "GET /v1/events/{event}", "An event", ALL, EventDetails, refuses="unknown-event",
            detail="Dates are laid on a game day that begins at 00:00 UTC. A server's own windows are in its schedule.",
        ),
        Operation(
            "get_schedule", f"GET {_SERVER}/schedule", "The daily schedule of a server", ALL, Schedule,
            refuses="unknown-server", detail="Of the events that are not archived, the running ones first.",
        ),
        Operation(
            "get_schedule_calendar", f"GET {_SERVER}/schedule.ics", "The schedule, to subscribe to", ALL, CALENDAR,
            query=("lang",), refuses="unknown-server", has_etag=True,
        ),
        Operation(
            "get_server_progress", f"GET {_SERVER}/progress", "Where a server stands in every event", ALL,
            ServerProgress, refuses="unknown-server", has_etag=True,
            detail="Of the events that have begun and are not archived, the running ones first.",
        ),
        Operation(
            "get_server_standings", f"GET {_SERVER}/standings", "The alliances of a server by points", ALL,
            ServerStandings, refuses="unknown-server not-public", has_etag=True,
            detail="In each of these events, if the server lets everybody see them.",
        ),
        Operation(
            "get_event_progress", f"GET {_EVENT}/progress", "Where a server stands in an event", ALL, Progress,
            refuses="unknown-server unknown-event", has_etag=True,
        ),
    ),
    "Reporting": (
        Operation(
            "report_completions", "POST /v1/completions", "Report completions", "report completions", Receipt,
            body=CompletionReport, example={"commander": "Kestrel", "milestones": [_HIDDEN_MOTIVATIONS]},
            refuses=f"{_UNKNOWN} {_REPORTING}",
            detail="All are recorded, or none and a problem. What was there already is not counted again.",
            shows={
                "commander": _KESTREL,
                "results": [
                    {"milestone": _HIDDEN_MOTIVATIONS, "status": "recorded", "points": 100, "recorded_at": _NOON},
                ],
                "progress": [
                    {"event": _DEFENDERS, "commander_points": 100, "commander_points_possible": 500,
                     "server_points": 8900, "next_tier": 8925},
                ],
            },
        ),
        Operation(
            "correct", "POST /v1/corrections", "Void a completion, or restore it", "correct completions", Correction,
            body=CorrectionOrder,
            example={"action": "void", "commander": "Kestrel", "milestone": _HIDDEN_MOTIVATIONS, "reason": "a slip"},
            refuses="unknown-server unknown-commander unknown-milestone event-archived not-recorded not-voided",
            detail="Doing it again changes nothing.",
        ),
        Operation(
            "correct_in_bulk", "POST /v1/corrections/bulk", "Take back what was reported with a key, or give it back",
            "take back in bulk", BulkCorrection, body=BulkCorrectionOrder | BulkCorrectionUndo,
            example={
                "key_id": "5d61e197771d8160", "only": "new-commanders", "since": "2023-11-15T09:00:00Z",
                "reason": "the link leaked", "dry_run": True,
            },
            refuses="unknown-server unknown-key unknown-bulk",
            detail="In parts: send the same again while `remaining` is not 0. `undo` gives back what was taken.",
        ),
    ),
    "Rosters": (
        Operation(
            "list_commanders", f"GET {_ALLIANCE}/commanders", "The roster", "see rosters", Roster,
            query=RosterQuery, refuses=_UNKNOWN, detail="By name, the retired too.",
        ),
        Operation(
            "export_commanders", f"GET {_ALLIANCE}/commanders.csv", "The roster as CSV", "see rosters",
            TextBody("text/csv", "Commander,Id,Added at,Added by,Retired at\r\n"), query=RosterQuery, refuses=_UNKNOWN,
        ),
        Operation(
            "add_commander", f"POST {_ALLIANCE}/commanders", "Add a commander", "keep rosters", RosterEntry,
            created="only", body=NewCommander, example={"name": "Kestrel"},
            refuses=f"invalid-name {_UNKNOWN} already-on-roster other-alliance did-you-mean too-many-events "
            "roster-full",
        ),
        Operation(
            "import_roster", f"POST {_ALLIANCE}/commanders/import", "Import a roster", "keep rosters", ImportResult,
            query=RosterImport, body=TextBody("text/csv", "Commander\r\nKestrel\r\nMerlin\r\n"), refuses=_UNKNOWN,
            detail="A CSV file in UTF-8 with up to 500 lines. Each line is taken or refused by itself.",
        ),
        Operation("get_commander", f"GET {_COMMANDER}", "A commander", "keep rosters", RosterEntry, refuses=_SOMEBODY),
        Operation(
            "rename_commander", f"PATCH {_COMMANDER}", "Give a commander another name", "keep rosters", RosterEntry,
            body=CommanderRename, example={"name": "Osprey"},
            refuses=f"invalid-name {_SOMEBODY} name-taken too-many-names",
        ),
        Operation(
            "merge_commanders", f"POST {_COMMANDER}/merge", "Make somebody one with a commander", "keep rosters",
            RosterEntry, body=CommanderMerge, example={"commander": "Kestrel alt", "reason": "the same person"},
            refuses=f"{_SOMEBODY} same-commander too-many-events too-many-names",
            detail="The commander of the address stays. The key has to cover both.",
        ),
        Operation(
            "move_commander", f"POST {_COMMANDER}/move", "Bring a commander to another alliance", "keep rosters",
            RosterEntry, body=CommanderMove, example={"alliance": "orbit-watch"},
            refuses=f"{_SOMEBODY} too-many-events roster-full",
            detail="Completions go with the commander. The key has to cover both alliances.",
        ),
        Operation(
            "retire_commander", f"POST {_COMMANDER}/retire", "Take a commander off the form", "keep rosters",
            RosterEntry, body=RosterChange, example={"reason": "left the alliance"}, refuses=_SOMEBODY,
            detail="What they have completed stays.",
        ),
        Operation(
            "reinstate_commander", f"POST {_COMMANDER}/reinstate", "Undo a retirement", "keep rosters", RosterEntry,
            body=RosterChange, example={}, refuses=f"{_SOMEBODY} roster-full",
        ),
        Operation(
            "forget_commander", f"POST {_COMMANDER}/forget", "Replace a commander's names by a neutral label",
            "keep rosters", RosterEntry, body=CommanderForgetting, example={}, refuses=_SOMEBODY,
            detail="Wherever they are stored. What the commander has completed stays.",
        ),
    ),
    "Completions, and who is missing": (
        Operation(
            "list_completions", f"GET {_ALLIANCE}/completions", "An alliance's completions in an event",
            "see completions", AllianceCompletions, query=EventQuery, refuses=f"{_UNKNOWN} unknown-event",
        ),
        Operation(
            "export_completions", f"GET {_ALLIANCE}/completions.csv", "An alliance's completions as CSV",
            "see completions",
            TextBody("text/csv", "Commander,Event,Milestone,Name,Points,Recorded at,Reported at\r\n"),
            query=EventQuery, refuses=f"{_UNKNOWN} unknown-event",
        ),
        Operation(
            "import_completions", f"POST {_ALLIANCE}/completions/import", "Import past completions",
            "import completions", ImportResult, query=CompletionImport,
            body=TextBody("text/csv", f"Commander,Milestone\r\nKestrel,{_HIDDEN_MOTIVATIONS}\r\n"), refuses=_UNKNOWN,
            detail="A CSV file in UTF-8 with up to 500 lines, such as the responses of a Google Form. Each line is "
            "taken or refused by itself.",
        ),
        Operation(
            "list_missing", f"GET {_ALLIANCE}/missing", "Who has not reported", "see completions", MissingReports,
            query=MissingQuery, refuses=f"{_UNKNOWN} unknown-milestone",
            detail="Of the milestones that are named, or else of those that are active now.",
        ),
        Operation(
            "export_missing", f"GET {_ALLIANCE}/missing.csv", "Who has not reported, as CSV", "see completions",
            TextBody("text/csv", "Commander,Last report,Missing\r\n"),
            query=MissingQuery, refuses=f"{_UNKNOWN} unknown-milestone",
        ),
    ),
    "Readings": (
        Operation(
            "list_readings", f"GET {_EVENT}/readings", "The readings of the official points", "log readings",
            ReadingList, refuses="unknown-server unknown-event", detail="The latest first.",
        ),
        Operation(
            "log_reading", f"POST {_EVENT}/readings", "Log the official points, as the game shows them", "log readings",
            ReadingDetails, created="only", body=NewReading,
            example={"points": 12500, "read_at": "2023-11-15T11:45:00Z"},
            refuses="unknown-server unknown-event implausible-reading too-many-readings",
            detail="A number that doesn't fit what is known, or reaches a tier that reports don't, takes `confirm`.",
        ),
        Operation(
            "withdraw_reading", f"DELETE {_EVENT}/readings/{{reading}}", "Withdraw a reading that was a slip",
            "log readings", refuses="unknown-server unknown-event unknown-reading",
            detail="The one before it counts again. A tier that it reached stays stamped, with what remains.",
        ),
    ),
    "The ledger": (
        Operation(
            "get_ledger", f"GET {_SERVER}/ledger", "Who changed what, when and why", "read the ledger", LedgerPage,
            query=LedgerQuery, refuses=_UNKNOWN,
            detail="The latest first, in pages. An alliance's officer sees what is of that alliance.",
        ),
        Operation(
            "get_ledger_of_deployment", "GET /v1/ledger", "The same, of what belongs to no server",
            "read the deployment's ledger", LedgerPage, query=PageQuery,
        ),
    ),
    "Keys": (
        Operation("list_keys", "GET /v1/keys", "The keys in the caller's scope", "manage keys", KeyList),
        Operation(
            "create_key", "POST /v1/keys", "Make a key, or one that replaces another", "manage keys", CreatedKey,
            created="only", body=NewKey, refuses=f"{_UNKNOWN} unknown-key too-many-keys",
            example={"role": "member", "label": "Link of November", "server": "101", "alliance": "nova-guard"},
            detail="In the caller's scope. Not every role may make keys of every role.",
        ),
        Operation(
            "revoke_key", "DELETE /v1/keys/{key_id}", "End a key", "manage keys", KeyState, refuses="unknown-key",
            detail=f"It stops working within {in_words(REVOKED_WITHIN)}. Doing it again changes nothing.",
        ),
    ),
    "Events, servers and alliances": (
        Operation(
            "put_event", "PUT /v1/events/{event}", "Define or change an event", "define events", EventDetails,
            created="also", body=Event, refuses="milestone-in-use",
            example={
                "name": "Drill", "first_day": "2023-12-01",
                "milestones": [{"id": "first-contact", "name": "First Contact", "first_day": "2023-12-01"}],
                "tiers": [{"threshold": 1000, "rewards": [{"name": "Shards", "quantity": 4}]}],
            },
            detail="An event has either days or two instants, and so has each milestone. A change drops no completion.",
        ),
        Operation(
            "delete_event", "DELETE /v1/events/{event}", "Delete an event without completions", "define events",
            refuses="unknown-event event-in-use",
            detail="Its readings go with it. Voided completions count as completions, since they can be restored.",
        ),
        Operation("list_servers", "GET /v1/servers", "The servers", "define servers", ServerList),
        Operation(
            "put_server", f"PUT {_SERVER}", "Define a server, or when its game day begins", "define servers", Server,
            created="also", body=ServerDefinition,
            example={"game_day": {"starts_at": "18:00", "zone": "America/New_York"}},
            detail="Without a game day, it is assumed to begin at 00:00 UTC.",
        ),
        Operation(
            "list_alliances", f"GET {_SERVER}/alliances", "A server's alliances", "see alliances", AllianceList,
            refuses="unknown-server", detail="Those in the key's scope.",
        ),
        Operation(
            "put_alliance", f"PUT {_ALLIANCE}", "Define an alliance, or change its labels", "define alliances",
            AllianceDetails,
            created="also", body=AllianceDefinition, example={"tag": "NOVA", "name": "Nova Guard", "is_open": True},
            refuses="unknown-server", detail="A `new_per_day` that is left out stays as it is.",
        ),
        Operation(
            "change_alliance", f"PATCH {_ALLIANCE}", "Open or close an alliance, or limit who joins by a link",
            "open and close alliances", AllianceDetails, body=AllianceChange,
            example={"is_open": False, "new_per_day": 20}, refuses=_UNKNOWN,
            detail="What is left out stays. While it is closed, whoever is on the roster still reports.",
        ),
    ),
    "Sheets": (
        Operation("list_sheets", "GET /v1/sheets", "Every bound spreadsheet", "bind spreadsheets", SheetList),
        Operation(
            "bind_sheet", f"PUT {_SHEET}", "Bind a spreadsheet to a server or an alliance", "bind spreadsheets",
            SheetState,
            created="also", body=SheetBinding, example={"server": "101", "alliance": "nova-guard", "edits": True},
            refuses=_UNKNOWN,
            detail="It has to be shared, as editor, with the account that Muster signs in with. With `edits`, who may "
            "edit it acts as an officer: share it with officers, not with anyone with the link.",
        ),
        Operation(
            "get_sheet", f"GET {_SHEET}", "How a spreadsheet's syncs went", "see syncs", SheetState,
            refuses="unknown-sheet",
        ),
        Operation(
            "tidy_sheet", f"POST {_SHEET}/tidy", "Delete empty rows that were listed once", "bind spreadsheets",
            SheetState, body=SheetTidying, example={}, refuses="unknown-sheet",
            detail="The next sync does it. Rows in which officers keep something stay.",
        ),
        Operation(
            "unbind_sheet", f"DELETE {_SHEET}", "Unbind a spreadsheet", "bind spreadsheets", refuses="unknown-sheet",
            detail="Its tabs stay as they are.",
        ),
    ),
    "News": (
        Operation(
            "list_webhooks", "GET /v1/webhooks", "The webhooks in the key's scope", "manage webhooks", WebhookList,
            detail="With the state of each: whether it is disabled, what was last delivered, what went wrong.",
        ),
        Operation(
            "add_webhook", "POST /v1/webhooks", "Send news to a channel on Discord, or to a program", "manage webhooks",
            AddedWebhook, body=NewWebhook, created="only",
            example={
                "url": f"{DISCORD}/api/webhooks/12345678901/TOKEN", "kinds": ["milestone-opened", "closing-soon"],
                "server": "101", "alliance": "nova-guard", "language": "de",
            },
            refuses=f"{_UNKNOWN} webhook-exists too-many-webhooks",
            detail="Officers give the address of a Discord webhook, admins also any public https address, which gets "
            "events signed as Standard Webhooks has it. The address is never shown again as a whole.",
        ),
        Operation(
            "test_webhook", f"POST {_WEBHOOK}/test", "Send a test message now", "manage webhooks", WebhookTest,
            body=WebhookTesting, example={}, refuses="unknown-webhook webhook-disabled tested-recently",
            detail=f"Once in {in_words(TESTED_EVERY)} at most.",
        ),
        Operation(
            "remove_webhook", f"DELETE {_WEBHOOK}", "Send nothing more to a webhook", "manage webhooks",
            refuses="unknown-webhook",
        ),
    ),
    "Discord": (
        Operation(
            "get_discord", f"GET {_ALLIANCE}/discord", "Its guilds on Discord, and which accounts report for whom",
            "connect Discord", AllianceDiscord, refuses=_UNKNOWN,
        ),
        Operation(
            "make_code", f"POST {_ALLIANCE}/discord", "Make a code that binds a guild on Discord to the alliance",
            "connect Discord", BindingCode, created="only", body=BindingCodeRequest, example={},
            refuses=f"{_UNKNOWN} discord-not-set-up",
            detail=f"Whoever manages the guild enters it there with `/bind`: once, within {in_words(CODE_LASTS)}. "
            "A new code takes the place of the last.",
        ),
        Operation(
            "unbind_guild", f"DELETE {_ALLIANCE}/discord/{{guild}}", "Unbind a guild", "connect Discord",
            refuses=f"{_UNKNOWN} unknown-guild", detail="Accounts stay linked, for another guild of the alliance.",
        ),
        Operation(
            "unlink_account", f"DELETE {_ALLIANCE}/discord/accounts/{{account}}", "Unlink an account",
            "connect Discord", refuses=f"{_UNKNOWN} unknown-account", detail="What it has reported stays.",
        ),
        Operation(
            "interact", "POST /discord/interactions", "Slash commands, as Discord sends them", SIGNED,
            InteractionAnswer, body=Interaction, example={"type": 1}, shows={"type": 1},
            refuses="discord-not-set-up other-application",
            detail="Signed with the key pair of the application at Discord. Everything else about it is Discord's own: "
            "what is refused is said in a message to whoever used the command.",
        ),
    ),
    "Pages": (
        Operation(
            "show_form", "GET /f/{key}", "The members' form", LINK, PAGE,
            query=("commander", "who", "milestone", "is_new", "sent"), refuses=_REPORTING,
            detail="Without a name or an id, it is for whoever reported from the device last.",
        ),
        Operation(
            "send_form", "POST /f/{key}", "Report completions by the form", LINK, body=ReportForm,
            example={"commander": "Kestrel", "milestone": [_HIDDEN_MOTIVATIONS]}, refuses=_REPORTING,
            detail="It leads to a receipt, or back to the form, with what was typed and why it is refused.",
        ),
        Operation(
            "show_receipt", "GET /f/{key}/receipt", "The receipt of a report", LINK, PAGE,
            query=("commander", "at", "proof", "formerly", "again"), refuses="unknown-commander not-found",
        ),
        Operation(
            "undo_report", "POST /f/{key}/undo", "Take back what was just reported", LINK, body=ReportUndo,
            example={"commander": _KESTREL["id"], "at": _NOON, "proof": "p2Ytd0fRkVbJ8QmGq3xW1A"},
            refuses="unknown-commander not-found other-device undo-closed",
            detail=f"For {in_words(UNDO_WITHIN)}, on the device that reported it. It leads back to the receipt.",
        ),
        Operation(
            "show_progress", "GET /servers/{server}", "A server's progress and schedule", ALL, PAGE,
            refuses="unknown-server", has_etag=True,
        ),
        Operation("show_home", "GET /", "What Muster is, and where to go", ALL, PAGE),
        Operation(
            "find_server", "GET /servers", "The page of the server that is named", ALL, query=("server",),
            detail="Without one it leads to the first page.",
        ),
        Operation("show_help", "GET /help", "How to report", ALL, PAGE),
    ),
    "The service itself": (
        Operation(
            "health", "GET /health", "Whether it works, and which version", ALL, Health,
            detail="`./muster serve` also says whether its parts work. If one does not, the same body comes with 503.",
        ),
        Operation("get_openapi", "GET /openapi.json", "All of this as an OpenAPI document", ALL, dict[str, Any]),
        Operation("show_docs", "GET /docs", "All of this as a page", ALL, PAGE),
    ),
}
# fmt: on
