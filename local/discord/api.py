"""Discord's HTTP API, as far as the stand-in has it: webhooks, follow-ups of interactions, and commands."""

import base64
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from . import messages
from .commands import check_commands, registered
from .core import Core, Token
from .errors import (
    INVALID_WEBHOOK_TOKEN,
    NOBODY,
    NOT_JSON,
    UNAUTHORIZED,
    UNKNOWN_APPLICATION,
    UNKNOWN_WEBHOOK,
    ApiError,
    Json,
    invalid_form,
    not_done,
    of_status,
)
from .forms import problem
from .state import Message, Webhook

ROUTES = {
    "webhook": re.compile(r"/api(?:/v10)?/webhooks/(\d+)/([\w-]+)"),
    "message": re.compile(r"/api(?:/v10)?/webhooks/(\d+)/([\w-]+)/messages/(\d+|@original)"),
    "commands": re.compile(r"/api(?:/v10)?/applications/(\d+)/commands"),
    "token": re.compile(r"/api(?:/v10)?/oauth2/token"),
}
METHODS = {
    "webhook": ("GET", "POST", "DELETE"),
    "message": ("GET", "PATCH", "DELETE"),
    "commands": ("GET", "PUT"),
    "token": ("POST",),
}
SCOPE = "applications.commands.update"
BEARER_LASTS = 604_800
"""Seconds, as Discord says them. The stand-in's tokens last as long as it runs."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]


class Api:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._bearers: set[str] = set()

    def answer(self, request: Request) -> Answer:
        """Raises ApiError."""
        agent = request.headers.get("User-Agent", "")
        if not agent or agent.startswith("Python-urllib"):
            raise ApiError(*NOBODY)
        for name, pattern in ROUTES.items():
            if found := pattern.fullmatch(request.path):
                if request.method not in METHODS[name]:
                    raise of_status(405, "Method Not Allowed")
                with self._core.lock:
                    done: Answer = getattr(self, f"_{name}")(request, *found.groups())
                return done
        raise of_status(404, "Not Found")

    # Webhooks

    def _webhook(self, request: Request, webhook_id: str, token: str) -> Answer:
        webhook = self._found(webhook_id, token)
        if isinstance(webhook, Token):
            if request.method != "POST":
                raise ApiError(*UNKNOWN_WEBHOOK)
            return self._follow_up(request, webhook)
        headers = self._take(webhook)
        if request.method == "GET":
            url = f"{request.host_url}api/webhooks/{webhook.id}/{webhook.token}"
            return Answer(200, {**webhook.resource(), "url": url}, headers)
        if request.method == "DELETE":
            self._core.delete_webhook(webhook.id)
            return Answer(204, None, headers)
        return self._counted(headers, lambda: self._execute(request, webhook))

    def _execute(self, request: Request, webhook: Webhook) -> tuple[int, Any]:
        body = _body(request)
        wait = _query(request, "wait", ("true", "false")) == "true"
        messages.check_webhook_message(body)
        core = self._core
        core.meter.take_of_channel(webhook.channel_id, core.limits, core.clock())
        author = {"id": webhook.id, "username": body.get("username") or webhook.name, "avatar": None}
        author |= {"discriminator": "0000", "public_flags": 0, "flags": 0, "bot": True, "global_name": None}
        message = Message(
            core.new_id(),
            webhook.channel_id,
            author,
            core.now(),
            (body.get("content") or "").strip(),
            body.get("embeds") or [],
            flags=body.get("flags") or 0,
            webhook_id=webhook.id,
        )
        core.send(message, body.get("allowed_mentions"))
        return (200, message.resource()) if wait else (204, None)

    def _message(self, request: Request, webhook_id: str, token: str, message_id: str) -> Answer:
        webhook = self._found(webhook_id, token)
        if isinstance(webhook, Token):
            return self._answered_message(request, webhook, message_id)
        headers = self._take(webhook)
        return self._counted(headers, lambda: self._on_message(request, webhook, message_id))

    def _on_message(self, request: Request, webhook: Webhook, message_id: str) -> tuple[int, Any]:
        core = self._core
        message = core.message(message_id, webhook_id=webhook.id)
        if request.method == "DELETE":
            core.delete(message.id)
            return 204, None
        if request.method == "PATCH":
            body = _body(request)
            messages.check_edit(body)
            core.meter.take_edit(message.channel_id, message.written_at, core.limits, core.clock())
            core.edit(message, body)
        return 200, message.resource()

    def _found(self, webhook_id: str, token: str) -> Webhook | Token:
        """A webhook, or what the token of an interaction stands for."""
        if webhook_id == self._core.state.application.id:
            interaction = self._core.tokens.get(token)
            if interaction is None or interaction.until <= self._core.clock():
                raise ApiError(*INVALID_WEBHOOK_TOKEN)
            return interaction
        webhook = self._core.state.webhooks.get(webhook_id)
        if webhook is None:
            raise ApiError(*UNKNOWN_WEBHOOK)
        if not secrets.compare_digest(webhook.token, token):
            raise ApiError(*INVALID_WEBHOOK_TOKEN)
        return webhook

    def _take(self, webhook: Webhook) -> dict[str, str]:
        return self._core.meter.take_of_webhook(webhook.id, self._core.limits, self._core.clock())

    @staticmethod
    def _counted(headers: dict[str, str], act: Callable[[], tuple[int, Any]]) -> Answer:
        """The answer says what is left of the limit, also when it is a refusal."""
        try:
            return Answer(*act(), headers)
        except ApiError as error:
            error.headers = {**headers, **error.headers}
            raise

    # What follows an interaction

    def _follow_up(self, request: Request, token: Token) -> Answer:
        body = _body(request)
        messages.check_answer(body)
        core, application = self._core, self._core.state.application
        message = Message(
            core.new_id(),
            token.channel_id,
            bot(core),
            core.now(),
            application_id=application.id,
            command=token.command,
        )
        fill(message, body, token.user_id)
        core.send(message, body.get("allowed_mentions"))
        return Answer(200, message.resource(), {})

    def _answered_message(self, request: Request, token: Token, message_id: str) -> Answer:
        core = self._core
        found = (token.message_id or "") if message_id == "@original" else message_id
        message = core.message(found, application_id=core.state.application.id)
        if request.method == "DELETE":
            core.delete(message.id)
            return Answer(204, None, {})
        if request.method == "PATCH":
            body = _body(request)
            messages.check_edit(body, components=True)
            core.edit(message, body)
        return Answer(200, message.resource(), {})

    # Commands

    def _commands(self, request: Request, application_id: str) -> Answer:
        state = self._core.state
        self._authorize(request)
        if application_id != state.application.id:
            raise ApiError(*UNKNOWN_APPLICATION)
        if request.method == "PUT":
            body = _body(request)
            check_commands(body)
            known = {command["name"]: command["id"] for command in state.commands}
            with self._core.change():
                state.commands = [
                    registered(
                        command,
                        known.get(command["name"]) or self._core.new_id(),
                        application_id,
                        self._core.new_id(),
                    )
                    for command in body
                ]
        return Answer(200, state.commands, {})

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = {"Bot": {self._core.state.application.bot_token}, "Bearer": self._bearers}.get(scheme, set())
        if token not in known:
            raise ApiError(*UNAUTHORIZED)

    def _token(self, request: Request) -> Answer:
        """A token by client credentials."""
        application = self._core.state.application
        given = base64.b64encode(f"{application.id}:{application.client_secret}".encode()).decode()
        form = request.form
        in_form = (form.get("client_id"), form.get("client_secret")) == (
            application.id,
            application.client_secret,
        )
        if request.headers.get("Authorization") != f"Basic {given}" and not in_form:
            raise of_status(401, "Unauthorized")
        if form.get("grant_type") != "client_credentials":
            raise invalid_form(
                [problem("BASE_TYPE_CHOICES", "Value must be client_credentials.", "grant_type")]
            )
        if form.get("scope") != SCOPE:
            raise not_done(f"scopes other than {SCOPE}")
        self._bearers.add(token := secrets.token_urlsafe(24))
        shown: Json = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": BEARER_LASTS,
            "scope": SCOPE,
        }
        return Answer(200, shown, {})


def bot(core: Core) -> Json:
    """The application as the author of a message."""
    application = core.state.application
    return {
        "id": application.id,
        "username": application.name,
        "avatar": None,
        "discriminator": "0",
        "bot": True,
    }


def fill(message: Message, data: Json, user_id: str) -> None:
    """What an application answers goes into a message; if it is ephemeral, that person alone sees it."""
    message.content = (data.get("content") or "").strip()
    message.embeds, message.components = data.get("embeds") or [], data.get("components") or []
    message.flags = data.get("flags") or 0
    message.seen_by = user_id if message.flags & messages.EPHEMERAL else None


def _body(request: Request) -> Any:
    if request.mimetype == "multipart/form-data":
        raise not_done("multipart/form-data")
    if request.mimetype != "application/json":
        raise invalid_form(
            [problem("CONTENT_TYPE_INVALID", 'Expected "Content-Type" header to be application/json')]
        )
    try:
        return request.get_json(force=True)
    except BadRequest:
        raise ApiError(*NOT_JSON) from None


def _query(request: Request, name: str, values: tuple[str, ...]) -> str | None:
    """A parameter of the query, the only one."""
    if unknown := request.args.keys() - {name}:
        raise not_done(f"the parameters {', '.join(sorted(unknown))}")
    value = request.args.get(name)
    if value is not None and value not in values:
        raise invalid_form([problem("BASE_TYPE_CHOICES", f"Value must be one of {values}.", name)])
    return value
