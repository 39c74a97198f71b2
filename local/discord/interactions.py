"""People use commands, buttons, menus and modals: what is sent to the application, and what is taken as an answer."""

import json
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import requests

from . import messages
from .api import bot, fill
from .commands import BOOLEAN, CHANNEL, GROUP, INTEGER, NUMBER, ROLE, STRING, SUB_COMMAND, USER
from .core import TOKEN_LASTS, Core, Token
from .errors import ApiError, Json, of_status
from .forms import LOCALES
from .signing import signature
from .state import MANAGE_GUILD, Message

PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 1, 2, 3, 4, 5
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
ANSWERS = {
    COMMAND: {MESSAGE, DEFERRED, MODAL},
    COMPONENT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL_SUBMIT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE},
}
"""Which types of answers each type of interaction takes."""
FAILED = "The application did not respond"
APPLICATION_MAY = str(1 << 10 | 1 << 11 | 1 << 14 | 1 << 16)


class CannotVerify(Exception):
    """The application's address did not do what Discord asks of it; the message says what."""


class NoAnswer(Exception):
    """The application did not answer as Discord expects; the message says how."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody in a channel, who has set their Discord to a language."""

    user_id: str
    channel_id: str
    locale: str = "en-US"


@dataclass
class Interactions:
    core: Core
    seconds: float = 3.0
    """Within which an application has to answer."""
    sent: list[Json] = field(default_factory=list)
    """The bodies of all interactions so far."""
    failures: list[str] = field(default_factory=list)
    """Why an answer was not taken, of each that was not."""

    def verify(self, url: str) -> None:
        """Takes the application's address, if it answers a PING, and refuses one with a bad signature with 401.

        Raises CannotVerify. Discord tries both in the same way when an address is saved.
        """
        body = self._start(PING)
        try:
            status, answer = self._post(url, body)
            if status != 200 or answer.get("type") != PONG:
                raise CannotVerify(f"a PING was answered with {status} and {answer}, not with 200 and type 1")
            status, _ = self._post(url, body, spoiled=True)
        except NoAnswer as error:
            raise CannotVerify(str(error)) from None
        if status != 401:
            raise CannotVerify(f"a bad signature was answered with {status}, not with 401")
        with self.core.change() as state:
            state.application.interactions_url = url

    # What people do

    def use(self, caller: Caller, name: str, options: dict[str, Any]) -> Json:
        """Somebody uses a command, named as `done`, or `link guild` with a sub-command, with options by name.

        Returns `{"modal": …}` if that opened, else nothing. Raises ApiError if Discord would not let them.
        """
        with self.core.lock:
            command = self._command(caller, name, options, whole=True)
            used = {"name": name, "user_id": caller.user_id}
            body = self._of(caller, COMMAND, used, data=command)
        return self._done(caller, COMMAND, body, used)

    def complete(self, caller: Caller, name: str, options: dict[str, Any], focused: str) -> list[Json]:
        """The choices that the application offers while somebody types the option `focused`; none if it fails."""
        with self.core.lock:
            command = self._command(caller, name, options, whole=False, focused=focused)
            body = self._of(caller, AUTOCOMPLETE, None, data=command)
        choices: list[Json] = self._done(caller, AUTOCOMPLETE, body, None).get("choices", [])
        return choices

    def press(self, caller: Caller, message_id: str, custom_id: str, values: list[str] | None = None) -> Json:
        """Somebody presses a button, or chooses `values` in a menu."""
        with self.core.lock:
            message = self.core.message(message_id, channel_id=caller.channel_id)
            component = _component(message, custom_id)
            if message.seen_by not in (None, caller.user_id) or component.get("disabled"):
                raise of_status(400, "This can't be used.")
            data: Json = {"custom_id": custom_id, "component_type": component["type"]}
            if component["type"] == messages.SELECT:
                data["values"] = _chosen(component, values or [])
            body = self._of(caller, COMPONENT, message.command, data=data, message=message)
        return self._done(caller, COMPONENT, body, message.command, message)

    def submit(self, caller: Caller, custom_id: str, values: dict[str, Any]) -> Json:
        """Somebody sends the modal that opened last with that custom id, with what stands in its inputs."""
        with self.core.lock:
            modal, message_id = self.core.modals.pop((caller.user_id, custom_id), (None, None))
            if modal is None:
                raise of_status(400, "No such modal is open.")
            message = self.core.state.messages.get(message_id or "")
            rows = [_filled(row, values) for row in modal["components"]]
            data = {"custom_id": custom_id, "components": rows}
            used = message.command if message else {"name": modal["command"], "user_id": caller.user_id}
            body = self._of(caller, MODAL_SUBMIT, used, data=data, message=message)
        return self._done(caller, MODAL_SUBMIT, body, used, message)

    # What Discord sends

    def _start(self, kind: int) -> Json:
        application = self.core.state.application
        return {
            "id": self.core.new_id(),
            "application_id": application.id,
            "type": kind,
            "token": secrets.token_urlsafe(48),
            "version": 1,
            "entitlements": [],
            "app_permissions": APPLICATION_MAY,
            "authorizing_integration_owners": {},
            "attachment_size_limit": 10_485_760,
        }

    def _of(
        self, caller: Caller, kind: int, command: Json | None, data: Json, message: Message | None = None
    ) -> Json:
        """An interaction's body. Its token is good from now on."""
        core = self.core
        channel = core.state.channels[caller.channel_id]
        guild, member = core.guild_of(channel.id), core.member(channel.id, caller.user_id)
        if member is None:
            raise of_status(403, "They are not in this guild.")
        if caller.locale not in LOCALES:
            raise of_status(400, f"{caller.locale} is no language of Discord.")
        user = core.state.users[caller.user_id]
        body = self._start(kind)
        body |= {
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": guild.locale, "features": []},
            "channel_id": channel.id,
            "channel": channel.resource(),
            "member": {
                "user": user.resource(),
                "nick": None,
                "avatar": None,
                "roles": member.roles,
                "permissions": str(member.permissions),
                "joined_at": member.joined_at,
                "premium_since": None,
                "deaf": False,
                "mute": False,
                "pending": False,
                "flags": 0,
                "communication_disabled_until": None,
            },
            "locale": caller.locale,
            "guild_locale": guild.locale,
            "context": 0,
            "authorizing_integration_owners": {"0": guild.id},
            "data": data,
        }
        if message:
            body["message"] = message.resource()
        until = core.clock() + TOKEN_LASTS
        core.tokens[body["token"]] = Token(
            caller.user_id, channel.id, command, until, message.id if message else None
        )
        return body

    def _post(self, url: str, body: Json, spoiled: bool = False) -> tuple[int, Json]:
        """Status and body of the application's answer to a signed request. Raises NoAnswer."""
        content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        timestamp = str(int(self.core.clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Discord-Interactions/1.0 (+https://discord.com)",
            "X-Signature-Ed25519": signature(
                self.core.state.application.private_key, timestamp, content + b" " * spoiled
            ),
            "X-Signature-Timestamp": timestamp,
        }
        self.sent.append(body)
        began = time.monotonic()
        try:
            answer = requests.post(url, content, headers=headers, timeout=self.seconds, allow_redirects=False)
        except requests.RequestException as error:
            raise NoAnswer(f"the request failed: {error}") from None
        if (took := time.monotonic() - began) > self.seconds:
            raise NoAnswer(f"the answer took {took:.1f} seconds")
        if answer.status_code != 200:
            return answer.status_code, {}
        if answer.headers.get("Content-Type", "").partition(";")[0] != "application/json":
            raise NoAnswer(
                f"the answer's content type is {answer.headers.get('Content-Type')}, not application/json"
            )
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NoAnswer("the answer is no JSON object")
        return answer.status_code, found

    # What becomes of the answer

    def _done(
        self, caller: Caller, kind: int, body: Json, command: Json | None, message: Message | None = None
    ) -> Json:
        """Sends an interaction, without holding the lock, and takes its answer."""
        url = self.core.state.application.interactions_url
        try:
            if url is None:
                raise NoAnswer("the application has no address for interactions")
            status, answer = self._post(url, body)
            if status != 200:
                raise NoAnswer(f"the answer's status is {status}, not 200")
            with self.core.lock:
                return self._take(kind, body, answer, message)
        except (NoAnswer, ApiError) as error:
            reason = json.dumps(error.body, ensure_ascii=False) if isinstance(error, ApiError) else str(error)
            self.failures.append(reason)
            if kind != AUTOCOMPLETE:
                self._show_failure(caller, command, reason)
            return {}

    def _take(self, kind: int, body: Json, answer: Json, message: Message | None) -> Json:
        """Raises NoAnswer or ApiError if Discord would not take it."""
        what: Any = answer.get("type")
        data: Any = answer.get("data")
        if unknown := answer.keys() - {"type", "data"}:
            raise NoAnswer(f"the answer has unknown fields: {', '.join(sorted(unknown))}")
        if what not in ANSWERS[kind] or isinstance(what, bool):
            raise NoAnswer(f"an interaction of type {kind} was answered with type {what}")
        if what in (DEFERRED_UPDATE, UPDATE) and message is None:
            raise NoAnswer(f"there is no message that an answer of type {what} could change")
        if what in (MESSAGE, CHOICES, MODAL, UPDATE) and not isinstance(data, dict):
            raise NoAnswer(f"an answer of type {what} needs data")
        token = self.core.tokens[body["token"]]
        if what == CHOICES:
            messages.check_choices(data)
            return {"choices": data["choices"]}
        if what == MODAL:
            messages.check_modal(data)
            opened = {**data, "command": (token.command or {}).get("name")}
            self.core.modals[token.user_id, data["custom_id"]] = (opened, message.id if message else None)
            return {"modal": data}
        if what == UPDATE:
            messages.check_answer(data, is_edit=True)
            self.core.edit(self.core.message(message.id if message else ""), data)
        elif what in (MESSAGE, DEFERRED):
            self._send(token, what, data or {})
        return {}

    def _send(self, token: Token, what: int, data: Json) -> None:
        """The application's message, or the word that it is thinking."""
        if what == MESSAGE:
            messages.check_answer(data)
        elif data.keys() - {"flags"} or data.get("flags", 0) & ~messages.EPHEMERAL:
            raise NoAnswer("a deferred answer may hold the flag 64, and nothing else")
        message = Message(
            self.core.new_id(),
            token.channel_id,
            bot(self.core),
            self.core.now(),
            application_id=self.core.state.application.id,
            command=token.command,
            is_thinking=what == DEFERRED,
        )
        fill(message, data, token.user_id)
        token.message_id = message.id
        self.core.send(message, data.get("allowed_mentions"))

    def _show_failure(self, caller: Caller, command: Json | None, reason: str) -> None:
        core = self.core
        with core.lock:
            message = Message(
                core.new_id(),
                caller.channel_id,
                bot(core),
                core.now(),
                FAILED,
                application_id=core.state.application.id,
                command=command,
                seen_by=caller.user_id,
                failure=reason,
            )
            core.send(message, {"parse": []})

    # Commands and their options

    def _command(
        self, caller: Caller, name: str, options: dict[str, Any], whole: bool, focused: str | None = None
    ) -> Json:
        """A command's data as Discord sends it. Raises ApiError where its client would not send it."""
        first, *rest = name.split(" ")
        command = next((each for each in self.core.state.commands if each["name"] == first), None)
        member = self.core.member(caller.channel_id, caller.user_id)
        if command is None or member is None or not may_use(command, member.permissions):
            raise of_status(400, f"There is no command /{name} for them.")
        part, path = command, []
        for each in rest:
            part = next((option for option in part["options"] if option["name"] == each), {})
            if part.get("type") not in (SUB_COMMAND, GROUP):
                raise of_status(400, f"There is no command /{name}.")
            path.append(part)
        known = {option["name"]: option for option in part.get("options") or []}
        if (
            any(option["type"] in (SUB_COMMAND, GROUP) for option in known.values())
            or options.keys() - known.keys()
        ):
            raise of_status(400, f"/{name} is not used like that.")
        missing = [key for key, option in known.items() if option.get("required") and key not in options]
        if whole and missing:
            raise of_status(400, f"This option is required: {missing[0]}")
        given = [
            self._given(option, options[key], caller, key == focused)
            for key, option in known.items()
            if key in options
        ]
        for outer in reversed(path):
            given = [{"name": outer["name"], "type": outer["type"], "options": given}]
        data: Json = {"id": command["id"], "name": command["name"], "type": 1}
        resolved = self._resolved(known, options, caller)
        return data | ({"options": given} if given else {}) | ({"resolved": resolved} if resolved else {})

    def _given(self, option: Json, value: Any, caller: Caller, is_focused: bool) -> Json:
        """One option. While it is typed, it need not be good yet."""
        shown: Json = {"name": option["name"], "type": option["type"], "value": value}
        if is_focused:
            return shown | {"value": str(value), "focused": True}
        problem = _misfit(option, value, self.core.guild_of(caller.channel_id).members.keys())
        if problem:
            raise of_status(400, f"{option['name']}: {problem}")
        return shown

    def _resolved(self, known: dict[str, Json], options: dict[str, Any], caller: Caller) -> Json:
        """The people that options of that type name."""
        users = [options[key] for key, option in known.items() if option["type"] == USER and key in options]
        guild = self.core.guild_of(caller.channel_id)
        members = {each: guild.members[each] for each in users if each in guild.members}
        if not members:
            return {}
        shown = {
            key: {"roles": each.roles, "permissions": str(each.permissions)} for key, each in members.items()
        }
        return {"users": {key: self.core.state.users[key].resource() for key in members}, "members": shown}


def may_use(command: Json, permissions: int) -> bool:
    """Whether Discord shows a command to somebody: they have all that it asks for."""
    asked = command["default_member_permissions"]
    if asked is None:
        return True
    needed = int(asked)
    return bool(permissions & MANAGE_GUILD) if needed == 0 else permissions & needed == needed


def _misfit(option: Json, value: Any, people: Collection[str]) -> str | None:
    """Why Discord's client does not take a value."""
    kinds: dict[int, type | tuple[type, ...]] = {
        STRING: str,
        INTEGER: int,
        BOOLEAN: bool,
        NUMBER: (int, float),
    }
    kind = option["type"]
    if kind in (CHANNEL, ROLE):
        return "the stand-in has no options of this type"
    if kind == USER:
        return None if value in people else "nobody of this guild"
    if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != BOOLEAN):
        return "not a value of its type"
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        return "not one of the choices"
    size = len(value) if isinstance(value, str) else value
    least, most = (option.get(f"{end}_{'length' if kind == STRING else 'value'}") for end in ("min", "max"))
    if (least is not None and size < least) or (most is not None and size > most):
        return "too small or too large"
    return None


def _component(message: Message, custom_id: str) -> Json:
    found = (
        each for each in messages.components_of(message.components) if each.get("custom_id") == custom_id
    )
    component = next(found, None)
    if component is None:
        raise of_status(400, "The message has no such component.")
    return component


def _chosen(select: Json, values: list[str]) -> list[str]:
    known = [option["value"] for option in select["options"]]
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if any(value not in known for value in values) or not least <= len(set(values)) <= most:
        raise of_status(400, f"Choose {least} to {most} of the options.")
    return [value for value in known if value in values]


def _filled(row: Json, values: dict[str, Any]) -> Json:
    """A row or a label of a modal with what was entered, as Discord sends it back."""
    labelled = "component" in row
    component = row["component"] if labelled else row["components"][0]
    shown: Json = {"type": component["type"], "custom_id": component["custom_id"]}
    value = values.get(component["custom_id"])
    if component["type"] == messages.SELECT:
        shown["values"] = _chosen(component, value or [])
    else:
        shown["value"] = value or ""
        least, most = (
            component.get("min_length", int(component.get("required", True))),
            component.get("max_length", 4000),
        )
        if not least <= len(shown["value"]) <= most and (shown["value"] or component.get("required", True)):
            raise of_status(400, f"Enter {least} to {most} characters.")
    return (
        {"type": row["type"], "component": shown}
        if labelled
        else {"type": row["type"], "components": [shown]}
    )
