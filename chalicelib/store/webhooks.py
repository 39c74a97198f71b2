"""Webhooks, all in one partition: a run that sends news reads them with one query."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import EllipsisType
from typing import Any

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.ledger import MUSTER, Actor
from chalicelib.domain.webhooks import Webhook
from chalicelib.store import keys, ledger
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import ConditionFailed, Delete, Item, Put, Table, Update


@dataclass(frozen=True, slots=True)
class Webhooks:
    _table: Table

    def all(self) -> Iterator[Webhook]:
        """Every webhook of the deployment, by id."""
        return readable(self._table.query(keys.WEBHOOKS, keys.WEBHOOK_PREFIX, consistent=True), webhook_of)

    def get(self, webhook_id: str) -> Webhook | None:
        item = self._table.get(keys.webhook(webhook_id), consistent=True)
        return read(item, webhook_of) if item else None

    def add(self, webhook: Webhook, *more: Put) -> None:
        """Stores a new one, with `more` in one transaction."""
        self._table.transact([Put(keys.webhook(webhook.id), _item(webhook), unless_exists=True), *more])

    def delete(self, webhook_id: str, *more: Put) -> None:
        """Deletes it, with `more` in one transaction. Raises ConditionFailed if it was already deleted."""
        self._table.transact([Delete(keys.webhook(webhook_id), expected={"id": webhook_id}), *more])

    def note(
        self,
        webhook: Webhook,
        *more: Put,
        state: Mapping[str, Any] | None = None,
        disabled: str | EllipsisType | None = ...,
    ) -> Webhook:
        """Replaces its state, or what it is disabled for, or both, with `more` in one transaction. Returns it as it is
        then. What is left out stays. A state holds texts, whole numbers, booleans, None, lists and mappings.

        Raises ConditionFailed if it has changed since it was read, or was deleted: nothing was written then.
        """
        noted = replace(webhook, version=webhook.version + 1)
        if state is not None:
            noted = replace(noted, state=state)
        if not isinstance(disabled, EllipsisType):
            noted = replace(noted, disabled=disabled)
        change = Update(
            keys.webhook(webhook.id),
            set={"version": noted.version, "state": dict(noted.state)}
            | ({"disabled": noted.disabled} if noted.disabled is not None else {}),
            remove=[] if noted.disabled is not None else ["disabled"],
            expected={"version": webhook.version},
            exists=True,
        )
        # As a transaction: only that tells whether it was this run whose write was made, if an answer was lost.
        self._table.transact([change, *more])
        return noted

    def disable(
        self, webhook: Webhook, reason: str, at: datetime, state: Mapping[str, Any] | None = None
    ) -> Webhook:
        """Notes why nothing more is sent there, for officers, also in the ledger; and its state, if that is given.
        Raises ConditionFailed as `note` does."""
        entry = change_entry(at, MUSTER, webhook, replace(webhook, disabled=reason))
        return self.note(webhook, entry, state=state, disabled=reason)

    def begin_test(self, webhook_id: str, at: datetime, unless_since: datetime) -> bool:
        """Notes a test at `at`. False if there was one after `unless_since`, or the webhook was deleted. This is no
        change of the webhook: a run that is sending news need not stop for it."""
        key = keys.webhook(webhook_id)
        last = (self._table.get(key, consistent=True) or {}).get("tested_at")
        if last and datetime.fromisoformat(last) > unless_since:
            return False
        change = Update(key, set={"tested_at": rfc3339(at)}, expected={"tested_at": last}, exists=True)
        try:
            self._table.write(change)
        except ConditionFailed:
            return False
        return True


def change_entry(at: datetime, by: Actor, before: Webhook | None, after: Webhook | None) -> Put:
    """The ledger entry of a change: of a webhook that is new, gone, or another. Raises ValueError without both."""
    webhook = after or before
    if webhook is None:
        raise ValueError("nothing has changed")
    what = {"alliance": webhook.alliance, "before": _told(before), "after": _told(after)}
    return ledger.put(ledger.new_entry(at, "webhook", by, webhook.server, **what))


def _told(webhook: Webhook | None) -> dict[str, Any] | None:
    """What the ledger says of it: never the whole address."""
    if webhook is None:
        return None
    shown = {"id": webhook.id, "url": webhook.shown, "kinds": webhook.kinds, "language": webhook.language}
    return {**shown, "names": webhook.names, "disabled": webhook.disabled}


def webhook_of(item: Item) -> Webhook:
    return Webhook(
        id=text(item, "id"),
        server=text(item, "server"),
        alliance=item.get("alliance"),
        url=text(item, "url"),
        kinds=tuple(item["kinds"]),
        language=text(item, "language"),
        names=bool(item.get("names")),
        created_at=datetime.fromisoformat(item["created_at"]),
        created_by=text(item, "created_by"),
        secret=item.get("secret"),
        disabled=item.get("disabled"),
        state=item.get("state", {}),
        version=int(item["version"]),
    )


def _item(webhook: Webhook) -> Item:
    return {
        "id": webhook.id,
        "server": webhook.server,
        "alliance": webhook.alliance,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "language": webhook.language,
        "names": webhook.names,
        "created_at": rfc3339(webhook.created_at),
        "created_by": webhook.created_by,
        "secret": webhook.secret,
        "disabled": webhook.disabled,
        "state": dict(webhook.state),
        "version": webhook.version,
    }
