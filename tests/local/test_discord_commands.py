"""What the stand-in for Discord takes as commands and as answers to interactions, and what it sends."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from local.discord import CannotVerify, DiscordServer
from local.discord.errors import ApiError
from local.discord.interactions import Caller
from tests.local.test_discord_api import Channel, Clock, refusals

Json = dict[str, Any]
COMMAND: Json = {"name": "hi", "description": "Says hello"}
MENU: Json = {
    "type": 3,
    "custom_id": "done",
    "max_values": 2,
    "options": [{"label": "First", "value": "1"}, {"label": "Second", "value": "2"}],
}
MODAL: Json = {
    "title": "Who are you?",
    "custom_id": "who",
    "components": [{"type": 18, "label": "Name", "component": {"type": 4, "custom_id": "name", "style": 1}}],
}


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def button(**more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Yes", "custom_id": "yes", **more}


def message(**data: Any) -> Json:
    return {"type": 4, "data": data}


@dataclass
class Application:
    """Answers interactions with `answer`, if their signature is good."""

    public_key: str
    answer: Any = field(default_factory=lambda: message(content="Hello"))
    status: int = 200
    checks: bool = True
    delay: Callable[[], object] = lambda: None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        signed = request.headers["X-Signature-Timestamp"].encode() + request.get_data()
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
        try:
            key.verify(bytes.fromhex(request.headers["X-Signature-Ed25519"]), signed)
        except InvalidSignature:
            if self.checks:
                return Response(status=401)(environ, start_response)
        self.delay()
        answer = {"type": 1} if request.get_json()["type"] == 1 else self.answer
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(body, self.status, mimetype="application/json")(environ, start_response)


class Room(Channel):
    """A channel with an application that answers."""

    def __init__(self, server: DiscordServer, clock: Clock, application: Application) -> None:
        super().__init__(server, clock)
        self.application = application

    def register(self, *commands: Any) -> requests.Response:
        url = f"{self.server.url}/api/v10/applications/{self.server.application_id}/commands"
        headers = {"Authorization": f"Bot {self.server.bot_token}"}
        return requests.put(url, json=list(commands), headers=headers, timeout=30)

    def use(self, command: str = "hi", answer: Any = None, **options: Any) -> Json:
        """Vega uses a command, and the application answers so; what its channel shows last."""
        if answer is not None:
            self.application.answer = answer
        self.server.use(self.member, self.id, command, **options)
        return self.seen()[-1]

    def seen(self) -> list[Json]:
        return self.server.messages(self.id, self.member)


@pytest.fixture(scope="module")
def running() -> Iterator[Room]:
    clock = Clock()
    with DiscordServer(clock=clock) as server:
        application = Application(server.public_key)
        http = make_server("127.0.0.1", 0, application, threaded=True)
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        server.set_interactions_url(f"http://127.0.0.1:{http.server_port}/")
        yield Room(server, clock, application)
        http.shutdown()
        http.server_close()


@pytest.fixture
def room(running: Room) -> Room:
    running.application.answer, running.application.status = message(content="Hello"), 200
    assert running.register(COMMAND).status_code == 200
    running.server.interactions.failures.clear()
    return running


def option(**more: Any) -> Json:
    return {"type": 3, "name": "who", "description": "Whom", **more}


def with_options(*options: Json) -> Json:
    return {**COMMAND, "options": list(options)}


@pytest.mark.parametrize(
    ("command", "place", "code"),
    [
        ({"description": "x"}, "name", "BASE_TYPE_REQUIRED"),
        ({**COMMAND, "name": "Hi"}, "name", "APPLICATION_COMMAND_INVALID_NAME"),
        ({**COMMAND, "name": "say hi"}, "name", "APPLICATION_COMMAND_INVALID_NAME"),
        ({**COMMAND, "name": "x" * 33}, "name", "BASE_TYPE_BAD_LENGTH"),
        ({**COMMAND, "description": ""}, "description", "BASE_TYPE_REQUIRED"),
        ({**COMMAND, "description": "x" * 101}, "description", "BASE_TYPE_BAD_LENGTH"),
        ({**COMMAND, "colour": 1}, "colour", "UNKNOWN_FIELD"),
        (
            {**COMMAND, "name_localizations": {"de": "Hallo"}},
            "name_localizations.de",
            "APPLICATION_COMMAND_INVALID_NAME",
        ),
        ({**COMMAND, "name_localizations": {"pt": "oi"}}, "name_localizations.pt", "UNKNOWN_FIELD"),
        (
            {**COMMAND, "description_localizations": {"fr": "x" * 101}},
            "description_localizations.fr",
            "BASE_TYPE_BAD_LENGTH",
        ),
        ({**COMMAND, "default_member_permissions": 32}, "default_member_permissions", "NUMBER_TYPE_COERCE"),
        ({**COMMAND, "contexts": [3]}, "contexts.0", "BASE_TYPE_CHOICES"),
        ({**COMMAND, "type": 2}, "type", "BASE_TYPE_CHOICES"),
        (with_options(*[option(name=f"o{n}") for n in range(26)]), "options", "BASE_TYPE_MAX_LENGTH"),
        (with_options(option(), option()), "options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"),
        (
            with_options(option(), option(name="b", required=True)),
            "options",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (with_options(option(type=12)), "options.0.type", "BASE_TYPE_CHOICES"),
        (
            with_options(option(type=5, autocomplete=True)),
            "options.0.type",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            with_options(option(autocomplete=True, choices=[{"name": "a", "value": "a"}])),
            "options.0.autocomplete",
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
        ),
        (
            with_options(option(choices=[{"name": "a", "value": 1}])),
            "options.0.choices.0.value",
            "CHOICE_TYPE_MISMATCH",
        ),
        (
            with_options(option(choices=[{"name": "a", "value": "a"}] * 26)),
            "options.0.choices",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            with_options(option(min_value=1)),
            "options.0.min_value",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            with_options(option(type=1), option(name="b")),
            "options",
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
        ),
        (
            with_options(
                *(
                    option(name=f"o{n}", choices=[{"name": "x" * 90, "value": "y" * 90}] * 3)
                    for n in range(25)
                )
            ),
            "",
            "APPLICATION_COMMAND_TOO_LARGE",
        ),
    ],
)
def test_a_command_that_discord_would_not_take_is_refused_in_its_place(
    room: Room, command: Json, place: str, code: str
) -> None:
    assert refusals(room.register({**COMMAND, "name": "ok"}, command)).get(f"1.{place}".rstrip(".")) == code
    assert [each["name"] for each in room.server.commands] == ["hi"], "all or nothing"


def test_commands_are_replaced_as_a_whole_and_keep_their_ids(room: Room) -> None:
    first = room.server.commands[0]["id"]
    answer = room.register({**COMMAND, "name": "neu-é"}, {**COMMAND, "default_member_permissions": "32"})
    assert [(each["name"], each["id"] == first) for each in answer.json()] == [("neu-é", False), ("hi", True)]
    assert answer.json() == room.server.commands
    assert refusals(room.register(COMMAND, COMMAND)) == {"1": "APPLICATION_COMMANDS_DUPLICATE_NAME"}
    many = [{**COMMAND, "name": f"c{number}"} for number in range(101)]
    assert refusals(room.register(*many)) == {"": "BASE_TYPE_MAX_LENGTH"}


def test_only_the_application_itself_registers_commands(room: Room) -> None:
    server = room.server
    url = f"{server.url}/api/v10/applications/{server.application_id}/commands"
    for headers in (
        {},
        {"Authorization": "Bot wrong"},
        {"Authorization": server.bot_token},
        {"Authorization": "Bearer x"},
    ):
        assert requests.put(url, json=[], headers=headers, timeout=30).status_code == 401
    credentials = (server.application_id, server.client_secret)
    form = {"grant_type": "client_credentials", "scope": "applications.commands.update"}
    token = requests.post(f"{server.url}/api/v10/oauth2/token", form, auth=credentials, timeout=30).json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert requests.get(url, headers=bearer, timeout=30).json() == server.commands
    other = requests.get(url.replace(server.application_id, "1"), headers=bearer, timeout=30)
    assert (other.status_code, other.json()["code"]) == (404, 10002)
    assert (
        requests.post(f"{server.url}/api/v10/oauth2/token", form, auth=("1", "x"), timeout=30).status_code
        == 401
    )


def test_an_address_is_taken_only_if_it_answers_a_ping_and_refuses_a_bad_signature(room: Room) -> None:
    url = room.server._core.state.application.interactions_url
    assert url
    room.application.checks = False
    with pytest.raises(CannotVerify, match="a bad signature was answered with 200, not with 401"):
        room.server.set_interactions_url(url)
    room.application.checks, room.application.status = True, 500
    with pytest.raises(CannotVerify, match="a PING was answered with 500"):
        room.server.set_interactions_url(url)
    with pytest.raises(CannotVerify, match="the request failed"):
        room.server.set_interactions_url("http://127.0.0.1:9/")


def test_a_command_is_sent_as_discord_sends_it(room: Room) -> None:
    room.register(
        with_options(option(required=True), option(type=4, name="count"), option(type=6, name="user"))
    )
    room.use(who="Mira", count=3, user=room.officer, locale="de")
    sent = room.server.interactions.sent[-1]
    assert {
        name: sent[name] for name in ("type", "version", "guild_id", "channel_id", "locale", "guild_locale")
    } == {
        "type": 2,
        "version": 1,
        "guild_id": room.guild,
        "channel_id": room.id,
        "locale": "de",
        "guild_locale": "en-US",
    }
    assert sent["application_id"] == room.server.application_id
    member = sent["member"]
    assert (member["user"]["id"], member["user"]["global_name"], member["roles"]) == (room.member, "Vega", [])
    assert not int(member["permissions"]) & 32
    data = sent["data"]
    assert (data["name"], data["type"], data["id"]) == ("hi", 1, room.server.commands[0]["id"])
    assert data["options"] == [
        {"name": "who", "type": 3, "value": "Mira"},
        {"name": "count", "type": 4, "value": 3},
        {"name": "user", "type": 6, "value": room.officer},
    ]
    assert data["resolved"]["users"][room.officer]["username"] == "mira"
    room.register(with_options(option(type=1, name="sub", options=[option()])))
    room.use("hi sub", who="x")
    assert room.server.interactions.sent[-1]["data"]["options"] == [
        {"name": "sub", "type": 1, "options": [{"name": "who", "type": 3, "value": "x"}]}
    ]


def test_what_discords_client_would_not_send_is_not_sent(room: Room) -> None:
    room.register(
        with_options(
            option(required=True, choices=[{"name": "A", "value": "a"}]),
            option(type=4, name="n", max_value=5),
        ),
        {**COMMAND, "name": "officers", "default_member_permissions": "32"},
    )
    sent = len(room.server.interactions.sent)
    for command, options in (
        ("unknown", {}),
        ("hi", {}),
        ("hi", {"who": "b"}),
        ("hi", {"who": "a", "n": 6}),
        ("hi", {"who": "a", "n": "5"}),
        ("hi", {"who": "a", "more": 1}),
        ("officers", {}),
    ):
        with pytest.raises(ApiError):
            room.use(command, **options)
    assert len(room.server.interactions.sent) == sent
    room.server.use(room.officer, room.id, "officers")
    assert room.seen()[-1]["content"] == "Hello"


ROWS = [row(button(custom_id=f"{n}")) for n in range(6)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"type": 1}, "an interaction of type 2 was answered with type 1"),
        ({"type": 7, "data": {"content": "x"}}, "answered with type 7"),
        ({"type": 8, "data": {"choices": []}}, "answered with type 8"),
        ({"type": True, "data": {"content": "x"}}, "answered with type True"),
        ({"type": 4}, "an answer of type 4 needs data"),
        ({"type": 4, "data": {"content": "x"}, "flags": 64}, "unknown fields: flags"),
        ({"type": 5, "data": {"content": "x"}}, "a deferred answer may hold the flag 64, and nothing else"),
        ([], "the answer is no JSON object"),
        ("{", "the answer is no JSON object"),
        (message(), "50006"),
        (message(content="x" * 2001), "BASE_TYPE_MAX_LENGTH"),
        (message(content="x", ephemeral=True), "UNKNOWN_FIELD"),
        (message(content="x", flags=1 << 15), "BASE_TYPE_CHOICES"),
        (message(components=ROWS), "Must be 5 or fewer in length."),
        (message(components=[button()]), "UNION_TYPE_CHOICES"),
        (message(components=[row()]), "BASE_TYPE_MIN_LENGTH"),
        (
            message(components=[row(*[button(custom_id=f"{n}") for n in range(6)])]),
            "Must be 5 or fewer in length.",
        ),
        (message(components=[row(button()), row(button())]), "COMPONENT_CUSTOM_ID_DUPLICATED"),
        (message(components=[row(button(custom_id="x" * 101))]), "BASE_TYPE_BAD_LENGTH"),
        (message(components=[row(button(label="x" * 81))]), "BASE_TYPE_MAX_LENGTH"),
        (message(components=[row(button(label=""))]), "A button needs a label"),
        (message(components=[row(button(style=5))]), "A url is required"),
        (message(components=[row(button(url="https://a.example"))]), "MUTUALLY_EXCLUSIVE"),
        (message(components=[row(MENU, button())]), "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
        (message(components=[row({**MENU, "options": []})]), "BASE_TYPE_MIN_LENGTH"),
        (message(components=[row({**MENU, "options": MENU["options"] * 2})]), "OPTION_VALUE_DUPLICATED"),
        (message(components=[row({**MENU, "max_values": 3})]), "NUMBER_TYPE_MAX"),
        (message(components=[row({**MENU, "placeholder": "x" * 151})]), "BASE_TYPE_MAX_LENGTH"),
        (
            message(
                components=[row({**MENU, "options": [{"label": "x" * 101, "value": "1"}], "max_values": 1})]
            ),
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            message(
                components=[row({**MENU, "options": [{"label": f"{n}", "value": f"{n}"} for n in range(26)]})]
            ),
            "Must be 25 or fewer in length.",
        ),
        ({"type": 9, "data": {**MODAL, "title": "x" * 46}}, "BASE_TYPE_BAD_LENGTH"),
        (
            {"type": 9, "data": {**MODAL, "components": MODAL["components"] * 6}},
            "Must be 5 or fewer in length.",
        ),
        ({"type": 9, "data": {**MODAL, "components": [row(button())]}}, "UNION_TYPE_CHOICES"),
    ],
)
def test_an_answer_that_discord_would_not_take_is_shown_as_no_answer(
    room: Room, answer: Any, reason: str
) -> None:
    shown = room.use(answer=answer)
    assert shown["content"] == "The application did not respond"
    assert reason in room.server.interactions.failures[-1]
    assert room.server.messages(room.id, room.officer)[-1:] != [shown], "only the caller sees it"


def test_an_answer_after_three_seconds_is_none(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three seconds are made shorter, to save time."""
    assert room.server.interactions.seconds == 3
    monkeypatch.setattr(room.server.interactions, "seconds", 0.05)
    late = threading.Event()
    room.application.delay = lambda: late.wait(5)
    shown = room.use()
    late.set()
    room.application.delay = lambda: None
    assert shown["content"] == "The application did not respond"


def test_an_ephemeral_answer_is_seen_by_the_caller_alone(room: Room) -> None:
    shown = room.use(
        answer=message(content=f"Hi <@{room.officer}>", flags=64, allowed_mentions={"parse": []})
    )
    assert (shown["flags"], shown["rung"]) == (64, [])
    for other in (room.officer, None):
        assert shown["id"] not in [each["id"] for each in room.server.messages(room.id, other)]


def test_a_deferred_answer_follows_with_the_token_for_fifteen_minutes(room: Room) -> None:
    waiting = room.use(answer={"type": 5, "data": {"flags": 64}})
    token = room.server.interactions.sent[-1]["token"]
    original = f"{room.server.url}/api/v10/webhooks/{room.server.application_id}/{token}/messages/@original"
    assert requests.patch(original, json={"content": "x" * 2001}, timeout=30).status_code == 400
    done = requests.patch(
        original, json={"content": "Done", "components": [row(button())]}, timeout=30
    ).json()
    assert (done["id"], done["content"]) == (waiting["id"], "Done")
    more = requests.post(original.removesuffix("/messages/@original"), json={"content": "more"}, timeout=30)
    assert [each["content"] for each in room.seen()[-2:]] == ["Done", more.json()["content"]]
    room.clock.now += timedelta(minutes=15)
    late = requests.patch(original, json={"content": "late"}, timeout=30)
    assert (late.status_code, late.json()["code"]) == (401, 50027)


def test_buttons_and_menus_change_their_message_or_answer(room: Room) -> None:
    caller = Caller(room.member, room.id)
    shown = room.use(answer=message(content="?", flags=64, components=[row(MENU), row(button())]))
    room.application.answer = {"type": 6}
    room.server.interactions.press(caller, shown["id"], "done", ["2", "1"])
    sent = room.server.interactions.sent[-1]
    assert (sent["type"], sent["message"]["id"]) == (3, shown["id"])
    assert sent["data"] == {"custom_id": "done", "component_type": 3, "values": ["1", "2"]}
    room.application.answer = {"type": 7, "data": {"content": "!", "components": []}}
    room.server.interactions.press(caller, shown["id"], "yes")
    assert room.server.interactions.sent[-1]["data"] == {"custom_id": "yes", "component_type": 2}
    changed = room.seen()[-1]
    assert (changed["id"], changed["content"], changed["components"]) == (shown["id"], "!", [])
    for who, custom_id, values in (
        (caller, "yes", None),
        (Caller(room.officer, room.id), "done", ["1"]),
        (caller, "done", []),
        (caller, "done", ["3"]),
    ):
        with pytest.raises(ApiError):
            room.server.interactions.press(who, shown["id"], custom_id, values)


def test_what_is_typed_is_completed(room: Room) -> None:
    room.register(with_options(option(required=True, autocomplete=True), option(type=4, name="n")))
    caller = Caller(room.member, room.id)
    room.application.answer = {"type": 8, "data": {"choices": [{"name": "Vega", "value": "vega"}]}}
    assert room.server.interactions.complete(caller, "hi", {"who": "Ve"}, "who") == [
        {"name": "Vega", "value": "vega"}
    ]
    sent = room.server.interactions.sent[-1]
    assert (sent["type"], sent["data"]["options"]) == (
        4,
        [{"name": "who", "type": 3, "value": "Ve", "focused": True}],
    )
    for choices in ([{"name": "a", "value": "a"}] * 26, [{"name": "x" * 101, "value": "a"}], [{"name": "a"}]):
        room.application.answer = {"type": 8, "data": {"choices": choices}}
        assert room.server.interactions.complete(caller, "hi", {"who": ""}, "who") == []
    assert len(room.server.interactions.failures) == 3


def test_a_modal_is_sent_back_with_what_was_entered(room: Room) -> None:
    room.application.answer = {"type": 9, "data": MODAL}
    assert room.server.use(room.member, room.id, "hi") == {"modal": MODAL}
    caller = Caller(room.member, room.id)
    room.application.answer = message(content="Welcome")
    room.server.interactions.submit(caller, "who", {"name": "Vega"})
    sent = room.server.interactions.sent[-1]
    assert (sent["type"], sent["data"]) == (
        5,
        {
            "custom_id": "who",
            "components": [{"type": 18, "component": {"type": 4, "custom_id": "name", "value": "Vega"}}],
        },
    )
    assert room.seen()[-1]["content"] == "Welcome"
    with pytest.raises(ApiError, match="No such modal is open"):
        room.server.interactions.submit(caller, "who", {"name": "Vega"})
