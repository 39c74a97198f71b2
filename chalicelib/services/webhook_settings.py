"""Setting up where news goes: adding, listing, testing and removing webhooks (DESIGN §5, §12)."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.access import Key
from chalicelib.domain.calendar import moment
from chalicelib.domain.errors import Conflict, FieldError, NotFound, malformed
from chalicelib.domain.ledger import Actor
from chalicelib.domain.webhooks import KINDS, MOST, Kind, Webhook, discord_url, generic_place
from chalicelib.news.outbox import Outbox, state_of
from chalicelib.news.post import Outcome, Post
from chalicelib.news.signing import new_secret
from chalicelib.news.trial import trial
from chalicelib.services.directory import Directory
from chalicelib.store.table import ConditionFailed
from chalicelib.store.webhooks import Webhooks, change_entry

TESTED_EVERY = timedelta(minutes=1)
"""How often a webhook can be tested."""


@dataclass(frozen=True, slots=True)
class WebhookState:
    """A webhook as officers see it. `url` is cut: the whole is as secret as a key. `disabled`: why nothing more is
    sent. `delivered_at`: when something was last delivered. `problem`: what last went wrong."""

    id: str
    server: str
    alliance: str | None
    url: str
    kinds: Sequence[Kind]
    language: str
    names: bool
    created_at: datetime
    created_by: str
    disabled: str | None
    delivered_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class WantedWebhook:
    url: str
    kinds: Sequence[Kind]
    server: str
    alliance: str | None = None
    language: str = "en"
    names: bool = False


@dataclass(frozen=True, slots=True)
class WebhookTest:
    """What became of a test message."""

    outcome: Outcome
    reason: str | None


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    _directory: Directory
    _webhooks: Webhooks
    _post: Post
    _clock: Callable[[], datetime]

    def add(self, key: Key, wanted: WantedWebhook) -> tuple[WebhookState, str | None]:
        """A new webhook and, unless it is Discord's, the secret that its events are signed with, which is returned only
        here.

        Raises Forbidden, also for an address that the caller may not set; Malformed for an address that can't be used
        or is not in the public internet, or `names` without an alliance; NotFound; Conflict for one webhook too many
        (`too-many-webhooks`), or one that is there (`webhook-exists`).
        """
        scope = wanted.server, wanted.alliance
        key.require("manage webhooks", server=wanted.server, alliance=wanted.alliance)
        url, secret = discord_url(wanted.url, self._post.discord_api_url), None
        if url is None:
            generic_place(wanted.url)
            key.require("send news elsewhere than to Discord", server=wanted.server, alliance=wanted.alliance)
            url, secret = wanted.url, new_secret()
        if wanted.names and not wanted.alliance:
            raise malformed("names", "Only news of one alliance can name who is missing. Say which alliance.")
        self._directory.server(wanted.server)
        if wanted.alliance:
            self._directory.alliance(wanted.server, wanted.alliance)
        there = [one for one in self._webhooks.all() if (one.server, one.alliance) == scope]
        if any(one.url == url for one in there):
            message = (
                "This address already gets news of it. To change what it gets, delete that webhook first."
            )
            raise Conflict("webhook-exists", message, [FieldError("url", message)])
        if len(there) >= MOST:
            raise Conflict("too-many-webhooks", f"There are already {MOST} webhooks. Delete one first.")
        made = Webhook(
            id=secrets.token_hex(8),
            server=wanted.server,
            alliance=wanted.alliance,
            url=url,
            kinds=tuple(kind for kind in KINDS if kind in wanted.kinds),
            language=wanted.language,
            names=wanted.names,
            created_at=self._clock(),
            created_by=key.id,
            secret=secret,
        )
        if secret:
            made = self._looked_up(made)
        self._webhooks.add(made, change_entry(made.created_at, Actor.of(key), None, made))
        return _state(made), secret

    def all(self, key: Key) -> list[WebhookState]:
        """Those in the caller's scope, the oldest first. Raises Forbidden."""
        key.require("manage webhooks", server=key.server, alliance=key.alliance)
        found = [one for one in self._webhooks.all() if key.covers(one.server, one.alliance)]
        return [_state(one) for one in sorted(found, key=lambda one: (one.created_at, one.id))]

    def remove(self, key: Key, webhook_id: str) -> None:
        """Nothing more is sent there. Raises Forbidden, NotFound (`unknown-webhook`)."""
        webhook = self._find(key, webhook_id)
        with suppress(ConditionFailed):  # somebody else was faster
            self._webhooks.delete(webhook.id, change_entry(self._clock(), Actor.of(key), webhook, None))

    def test(self, key: Key, webhook_id: str) -> WebhookTest:
        """Sends a test message now. If nothing can ever be sent there, the webhook is disabled.

        Raises Forbidden, NotFound (`unknown-webhook`), and Conflict if it is disabled (`webhook-disabled`) or was just
        tested (`tested-recently`).
        """
        webhook, now = self._find(key, webhook_id), self._clock()
        if webhook.disabled:
            message = f"This webhook is disabled: {webhook.disabled} Delete it, and add it again."
            raise Conflict("webhook-disabled", message)
        if not self._webhooks.begin_test(webhook.id, now, now - TESTED_EVERY):
            raise Conflict("tested-recently", "It was tested less than a minute ago. Wait a minute.")
        answer = self._post.send(webhook, trial(webhook, now), f"test_{secrets.token_hex(12)}", now)
        if answer.outcome == "gone":
            with suppress(ConditionFailed):  # a run has just noted something: it will learn the same
                self._webhooks.disable(webhook, answer.reason, now)
        return WebhookTest(answer.outcome, answer.reason or None)

    def _looked_up(self, webhook: Webhook) -> Webhook:
        """The webhook, with a problem if its name can't be looked up now: each send does it again. Raises Malformed if
        it leads out of the public internet."""
        try:
            obstacle = self._post.obstacle(webhook)
        except OSError:
            problem = f"{moment(webhook.created_at)}: the host's name leads nowhere. Check the address."
            return replace(webhook, state=state_of(Outbox(lost=problem, lost_at=webhook.created_at)))
        if obstacle:
            raise malformed("url", obstacle)
        return webhook

    def _find(self, key: Key, webhook_id: str) -> Webhook:
        key.require("manage webhooks", server=key.server, alliance=key.alliance)
        webhook = self._webhooks.get(webhook_id)
        if webhook is None:
            message = "There is no such webhook."
            raise NotFound("unknown-webhook", message, [FieldError("webhook", message)])
        key.require("manage webhooks", server=webhook.server, alliance=webhook.alliance)
        return webhook


def _state(webhook: Webhook) -> WebhookState:
    delivered, problem = webhook.state.get("delivered_at"), webhook.state.get("problem")
    return WebhookState(
        webhook.id,
        webhook.server,
        webhook.alliance,
        webhook.shown,
        webhook.kinds,
        webhook.language,
        webhook.names,
        webhook.created_at,
        webhook.created_by,
        webhook.disabled,
        datetime.fromisoformat(delivered) if isinstance(delivered, str) else None,
        problem if isinstance(problem, str) else None,
    )
