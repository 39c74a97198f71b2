"""A request for every route and method of the app that is valid for whoever may send it, and who that is.

Which capability a route takes is said by the table of operations, and whose keys have it by the one of capabilities.
What stands here is what each request reaches, which a key has to cover.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests

import app
from chalicelib.domain.access import MAY, Key, Role, key_id, secret_hash
from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Alliance, Server
from chalicelib.http.addresses import UNKNOWN_PATH
from chalicelib.http.openapi.operations import OPERATIONS as GROUPS
from chalicelib.http.openapi.operations import Who
from chalicelib.services.webhook_settings import WantedWebhook
from tests.discord import GUILD, PING, signature
from tests.http.conftest import Site, served
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS, WEDNESDAY_NOON, new_world

# Who asks for what alliance "nova" of server "101" has: the role and scope of the key.
KEYS: dict[str, tuple[Role, str | None, str | None]] = {
    "admin": ("admin", None, None),
    "officer of the server": ("officer", "101", None),
    "officer": ("officer", "101", "nova"),
    "officer of another alliance": ("officer", "101", "orbit"),
    "officer of another server": ("officer", "102", None),
    "officer of its namesake": ("officer", "102", "nova"),
    "member": ("member", "101", "nova"),
    "member of another alliance": ("member", "101", "orbit"),
    "member of its namesake": ("member", "102", "nova"),
    "reader of the server": ("reader", "101", None),
    "reader": ("reader", "101", "nova"),
    "reader of another alliance": ("reader", "101", "orbit"),
    "reader of another server": ("reader", "102", None),
}
STRANGERS = {"a revoked key", "an expired key", "an unknown key", "no key"}

ALL = {*KEYS, *STRANGERS}

ROUTES = {
    (method, path) for path, methods in app.app.routes.items() for method in methods
    if method != "HEAD" and path != UNKNOWN_PATH
}  # fmt: skip
"""Of the app: HEAD is answered as GET is, and where there is no other route there is nothing."""

OPERATIONS = {one.route: one for group in GROUPS.values() for one in group}

Reach = Callable[[Key], bool]


def within(*scopes: tuple[str | None, str | None]) -> Reach:
    """What reaches all of these, each a server and an alliance: the key has to cover them."""
    return lambda key: all(covers(key, *one) for one in scopes)


def covers(key: Key, *scope: str | None) -> bool:
    """Whether the scope begins with the key's own. As it should be: what the product makes of it is tried here."""
    own = [part for part in (key.server, key.alliance) if part]
    return list(scope[: len(own)]) == own


DEPLOYMENT, SERVER_101, NOVA = within((None, None)), within(("101", None)), within(("101", "nova"))
NOVA_AND_ORBIT, ANYWHERE = within(("101", "nova"), ("101", "orbit")), within()


def somewhere_on_101(key: Key) -> bool:
    """What an alliance's officer shares with the server's."""
    return covers(key, "101", key.alliance)


def allowed(who: Who, reach: Reach) -> set[str]:
    """The principals whose keys have the capability, and a scope that covers what is reached."""
    if who == "all" or who == "Discord, signed":
        return ALL
    keys = {name: Key(name, scope[0], name, *scope[1:]) for name, scope in KEYS.items()}
    return {name for name, key in keys.items() if key.role in MAY[who] and reach(key)}


SERVER = "/v1/servers/{server}"
ALLIANCE = f"{SERVER}/alliances/{{alliance}}"
COMMANDER = f"{ALLIANCE}/commanders/{{commander}}"
EVENT = f"{SERVER}/events/{{event}}"
SHEET = "/v1/sheets/{spreadsheet_id}"
SAVED = {"Content-Type": "text/csv"}
DISCORD_WEBHOOK = "https://discord.com/api/webhooks/12345678901/TOKEN"


@dataclass
class Stage:
    """The served world, with somebody on each roster, and whose turn it is."""

    site: Site
    secrets: dict[str, str | None]
    commanders: dict[tuple[str, str], str]
    principal: str = "admin"
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def secret(self) -> str | None:
        return self.secrets[self.principal]

    @property
    def home(self) -> tuple[str, str]:
        """The server and alliance of a member."""
        _, server, alliance = KEYS.get(self.principal, KEYS["member"])
        return server or "101", alliance or "nova"

    @property
    def form(self) -> dict[str, Any]:
        return {"commander": "/".join(self.home), "milestone": HIDDEN_MOTIVATIONS}

    @property
    def report(self) -> dict[str, Any]:
        return {"commander": self.commanders[self.home], "at": rfc3339(WEDNESDAY_NOON)}

    @property
    def undo(self) -> dict[str, Any]:
        """From the device that has sent the report."""
        device, report = "A" * 22, self.report
        identity = key_id(secret_hash(self.secret or ""))
        devices = self.site.world.muster.devices
        proof = devices.proof(device, identity, report["commander"], WEDNESDAY_NOON)
        kind = "application/x-www-form-urlencoded"
        headers = {"Cookie": f"muster_device={device}", "Content-Type": kind}
        return {"data": {**report, "proof": proof}, "headers": headers}

    def name(self) -> str:
        return f"Commander {next(self.numbers)}"

    def newcomer(self) -> str:
        """The id of somebody new in the alliance; nobody joins it for who may do nothing with them."""
        if self.principal not in allowed("keep rosters", NOVA):
            return self.commanders["101", "nova"]
        rosters, key = self.site.world.muster.rosters, self.site.world.key("admin", None, None)
        return rosters.add(key, "101", "nova", self.name(), is_new=True).id

    def bound(self) -> dict[str, Any]:
        """A spreadsheet that is bound to the alliance."""
        self.site.world.muster.stores.sheets.bind("sheet", "101", "nova")
        return {}

    def hook(self) -> dict[str, Any]:
        """A webhook of the alliance."""
        webhooks, settings = self.site.world.muster.stores.webhooks, self.site.world.muster.webhook_settings
        for one in webhooks.all():
            webhooks.delete(one.id)
        admin = self.site.world.key("admin", None, None)
        made, _ = settings.add(admin, WantedWebhook(DISCORD_WEBHOOK, ["scoreboard"], "101", "nova"))
        return {"path": {"webhook": made.id}}

    def address(self) -> dict[str, Any]:
        """One more, where there is one."""
        self.hook()
        url = f"{DISCORD_WEBHOOK}{next(self.numbers)}"
        return {"json": {"url": url, "kinds": ["scoreboard"], "server": "101", "alliance": "nova"}}

    def public(self) -> dict[str, Any]:
        """The server shows the points of its alliances."""
        self.site.world.muster.stores.definitions.put_server(Server("101", public_standings=True))
        return {}

    def logged(self) -> dict[str, Any]:
        """A reading of the event, to withdraw."""
        world = self.site.world
        world.clock.advance(seconds=1)
        admin = world.key("admin", None, None)
        made = world.muster.readings.log(admin, "101", DEFENDERS, 1_000, confirm=True)
        return {"path": {"reading": made.id}}

    def drill(self) -> dict[str, Any]:
        """An event in which nobody has completed anything."""
        drill = Event.model_validate({"id": "gone", **EVENT_BODY})
        self.site.world.muster.stores.definitions.put_event(drill)
        return {"path": {"event": drill.id}}

    def in_a_guild(self) -> dict[str, Any]:
        """The alliance has a guild, and in it an account that stands for a commander."""
        world = self.site.world
        code = world.muster.guild_bindings.offer(world.key("admin", None, None), "101", "nova").code
        world.muster.guild_bindings.bind(GUILD, "501", code)
        world.muster.discord.link(world.muster.discord.caller(GUILD, "501", "Example"), "Kestrel")
        return {}

    def signed(self) -> dict[str, Any]:
        """What Discord sends to see whether somebody answers."""
        body = json.dumps(PING).encode()
        return {"data": body, "headers": signature(body, self.site.world.clock())}

    def url(self, route: str, path: dict[str, str]) -> str:
        named = {"server": "101", "alliance": "nova", "event": DEFENDERS, "spreadsheet_id": "sheet"}
        named |= {"commander": self.commanders["101", "nova"], "key": self.secret or "none"}
        named |= {"reading": "none", "webhook": "none", "guild": GUILD, "account": "501"}
        named["key_id"] = self.site.world.key("reader").id
        return route.format(**named | path)

    def send(self, row: "Row", request: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        """The row's request, or another one to its route, with the key of whose turn it is or another `secret`."""
        options = {"secret": self.secret, **(row.request(self) if request is None else request), **options}
        url = self.url(row.route, options.pop("path", {}))
        return self.site.call(row.method, url, options.pop("secret"), allow_redirects=False, **options)


@dataclass(frozen=True)
class Row:
    method: str
    route: str
    request: Callable[[Stage], dict[str, Any]] = lambda _: {}
    reach: Reach = NOVA

    @property
    def may(self) -> set[str]:
        """The principals that may send it."""
        return allowed(OPERATIONS[str(self)].who, self.reach)

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def json_body(**body: Any) -> Callable[[Stage], dict[str, Any]]:
    return lambda _: {"json": body}


EVENT_BODY = {"name": "Drill", "first_day": "2023-12-01", "milestones": [{"id": "one", "name": "One"}]}
EVENT_BODY["milestones"][0]["first_day"] = "2023-12-01"  # type: ignore[index]
REPORT = {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS], "server": "101", "alliance": "nova"}
VOID = {"action": "void", "commander": "Kestrel", "milestone": HIDDEN_MOTIVATIONS, "reason": "mistake"}
VOID |= {"server": "101", "alliance": "nova"}

ROWS = [
    Row("GET", "/health"),
    Row("GET", "/openapi.json"),
    Row("GET", "/docs"),
    Row("GET", "/v1/events"),
    Row("GET", "/v1/events/{event}"),
    Row("GET", f"{SERVER}/schedule"),
    Row("GET", f"{SERVER}/schedule.ics"),
    Row("GET", f"{SERVER}/progress"),
    Row("GET", f"{SERVER}/standings", Stage.public),
    Row("GET", f"{EVENT}/progress"),
    Row("GET", "/"),
    Row("GET", "/servers", lambda _: {"params": {"server": "101"}}),
    Row("GET", "/servers/{server}"),
    Row("GET", "/help"),
    Row("GET", "/f/{key}", reach=ANYWHERE),
    Row("POST", "/f/{key}", lambda s: {"data": s.form}, ANYWHERE),
    Row("GET", "/f/{key}/receipt", lambda s: {"params": s.report}, ANYWHERE),
    Row("POST", "/f/{key}/undo", lambda s: s.undo, ANYWHERE),
    Row("POST", "/v1/completions", json_body(**REPORT)),
    Row("POST", "/v1/corrections", json_body(**VOID)),
    Row(
        "POST", "/v1/corrections/bulk",
        json_body(key_id="sheet:sheet", only="all", reason="a leak", dry_run=True, server="101"), somewhere_on_101,
    ),
    Row("PATCH", ALLIANCE, json_body(new_per_day=150)),
    Row("GET", f"{ALLIANCE}/commanders"),
    Row("GET", f"{ALLIANCE}/commanders.csv"),
    Row("POST", f"{ALLIANCE}/commanders", lambda s: {"json": {"name": s.name(), "is_new": True}}),
    Row("POST", f"{ALLIANCE}/commanders/import", lambda _: {"data": "Kestrel\n", "headers": SAVED}),
    Row("GET", COMMANDER),
    Row("PATCH", COMMANDER, json_body(name="Kestrel")),
    Row(
        "POST", f"{COMMANDER}/merge",
        lambda s: {"path": {"commander": s.newcomer()}, "json": {"commander": s.newcomer()}},
    ),
    Row(
        "POST", f"{COMMANDER}/move",
        lambda s: {"path": {"commander": s.newcomer()}, "json": {"alliance": "orbit"}}, NOVA_AND_ORBIT,
    ),
    Row("POST", f"{COMMANDER}/retire", lambda s: {"path": {"commander": s.newcomer()}}),
    Row("POST", f"{COMMANDER}/reinstate"),
    Row("POST", f"{COMMANDER}/forget", lambda s: {"path": {"commander": s.newcomer()}}),
    Row("GET", f"{ALLIANCE}/completions", lambda _: {"params": {"event": DEFENDERS}}),
    Row("GET", f"{ALLIANCE}/completions.csv", lambda _: {"params": {"event": DEFENDERS}}),
    Row(
        "POST", f"{ALLIANCE}/completions/import",
        lambda _: {"data": f"Commander,Milestone\nKestrel,{HIDDEN_MOTIVATIONS}\n", "headers": SAVED},
    ),
    Row("GET", f"{ALLIANCE}/missing"),
    Row("GET", f"{ALLIANCE}/missing.csv"),
    Row("GET", f"{EVENT}/readings", reach=somewhere_on_101),
    Row("POST", f"{EVENT}/readings", json_body(points=1_000, confirm=True), somewhere_on_101),
    Row("DELETE", f"{EVENT}/readings/{{reading}}", Stage.logged, somewhere_on_101),
    Row("GET", f"{SERVER}/ledger", reach=somewhere_on_101),
    Row("GET", "/v1/ledger", reach=DEPLOYMENT),
    Row("GET", "/v1/keys", reach=ANYWHERE),
    Row("POST", "/v1/keys", json_body(role="member", label="A link", server="101", alliance="nova")),
    Row("DELETE", "/v1/keys/{key_id}"),
    Row("PUT", "/v1/events/{event}", lambda _: {"path": {"event": "drill"}, "json": EVENT_BODY}, DEPLOYMENT),
    Row("DELETE", "/v1/events/{event}", Stage.drill, DEPLOYMENT),
    Row("GET", "/v1/servers", reach=DEPLOYMENT),
    Row("PUT", SERVER, json_body(), SERVER_101),
    Row("GET", f"{SERVER}/alliances", reach=somewhere_on_101),
    Row("PUT", ALLIANCE, json_body(tag="NOVA", name="Nova Guard")),
    Row("GET", "/v1/sheets", reach=DEPLOYMENT),
    Row("PUT", SHEET, json_body(server="101", alliance="nova")),
    Row("GET", SHEET, Stage.bound),
    Row("POST", f"{SHEET}/tidy", Stage.bound),
    Row("DELETE", SHEET, Stage.bound),
    Row("GET", "/v1/webhooks", Stage.hook, ANYWHERE),
    Row("POST", "/v1/webhooks", Stage.address),
    Row("POST", "/v1/webhooks/{webhook}/test", Stage.hook),
    Row("DELETE", "/v1/webhooks/{webhook}", Stage.hook),
    Row("GET", f"{ALLIANCE}/discord"),
    Row("POST", f"{ALLIANCE}/discord"),
    Row("DELETE", f"{ALLIANCE}/discord/{{guild}}", Stage.in_a_guild),
    Row("DELETE", f"{ALLIANCE}/discord/accounts/{{account}}", Stage.in_a_guild),
    Row("POST", "/discord/interactions", Stage.signed),
]  # fmt: skip


@contextmanager
def staged() -> Iterator[Stage]:
    with new_world() as world, served(world) as site:
        world.muster.stores.definitions.put_server(Server("102"))
        world.muster.stores.definitions.put_alliance(Alliance("102", "nova", "NOVA", "Nova Guard"))
        secrets: dict[str, str | None] = {name: world.secret(*scope) for name, scope in KEYS.items()}
        secrets["a revoked key"] = world.secret("admin", None, None, revoked_at=WEDNESDAY_NOON)
        secrets["an expired key"] = world.secret("admin", None, None, expires_at=WEDNESDAY_NOON)
        secrets |= {"an unknown key": "unknown", "no key": None}
        admin = world.key("admin", None, None)
        names = {("101", "nova"): "Kestrel", ("101", "orbit"): "101/orbit", ("102", "nova"): "102/nova"}
        add = world.muster.rosters.add
        ids = {home: add(admin, *home, name).id for home, name in names.items()}
        world.muster.reporting.report(admin, "Kestrel", [HIDDEN_MOTIVATIONS], "101", "nova")
        yield Stage(site, secrets, ids)
