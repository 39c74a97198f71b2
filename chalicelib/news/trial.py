"""The message by which officers see that a webhook works."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.messages import say
from chalicelib.domain.webhooks import Webhook
from chalicelib.languages import language


def trial(webhook: Webhook, at: datetime) -> Mapping[str, Any]:
    """For Discord a message in the webhook's language; for a program an event of the type `test`."""
    if webhook.is_discord:
        text = language(webhook.language).say(say("webhook-test"))
        return {"content": text, "allowed_mentions": {"parse": []}}
    data = {"server": webhook.server, "alliance": webhook.alliance}
    return {"type": "test", "timestamp": rfc3339(at), "data": data}
