"""What is left for an operator to do after a deployment: what is not set yet, or not in effect."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3


def to_do(values: Mapping[str, str], outputs: Mapping[str, str]) -> Iterator[str]:
    """One line each, if there is anything: where the domain must lead; what is not set, with what follows from that.
    `values`: those of all parameters of the stack."""
    if values["Domain"]:
        yield f"DNS: {values['Domain']} must be a CNAME of {outputs['DomainTarget']}"
    yield from (f"Not set: {line}" for line in _not_set(values, outputs))


def _not_set(values: Mapping[str, str], outputs: Mapping[str, str]) -> Iterator[str]:
    if not values["AlarmEmail"]:
        yield "ALARM_EMAIL: alarms reach nobody"
    elif not _is_confirmed(outputs["AlarmTopicArn"]):
        yield "ALARM_EMAIL: alarms reach nobody until the link is opened that AWS has sent there"
    if not values["Domain"] and not values["PublicUrl"]:
        yield "DOMAIN: links have an address of AWS, which is gone when the stack is"
    if values["Budget"] == "0":
        yield "BUDGET: nobody is told what the account costs"
    if values["ReservedConcurrency"] == "no":
        yield "RESERVED_CONCURRENCY: whatever else runs in the account can take the room that requests need"
    if not _holds_something(outputs["SheetsSecret"]):
        yield "Google's credentials: no sheet can be written (docs/google.md)"


def _is_confirmed(topic: str) -> bool:
    pages = boto3.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return any(one["SubscriptionArn"].startswith("arn:") for page in pages for one in page["Subscriptions"])


def _holds_something(secret: str) -> bool:
    secrets: Any = boto3.client("secretsmanager")
    return bool(secrets.describe_secret(SecretId=secret).get("VersionIdsToStages"))
