"""What is left for an operator to do after a deployment: what is not set yet, or not in effect."""

from collections.abc import Iterator
from typing import Any

import boto3

from deploy.stack import Stack

NOT_SET = {
    "ALARM_EMAIL": "alarms reach nobody",
    "ALARM_EMAIL, to be confirmed": "AWS has sent an e-mail with a link; until it is opened, alarms reach nobody",
    "DOMAIN": "links have an address of AWS, which is gone when the stack is",
    "BUDGET": "nobody is told what the account costs",
    "RESERVED_CONCURRENCY": "whatever else runs in the account can take the room that requests need",
    "Google's credentials": "no sheet can be written (docs/google.md)",
}


def to_do(stack: Stack) -> Iterator[str]:
    """One line each, if there is anything: where the domain must lead, and what is not set, with what follows."""
    parameters, outputs = stack.parameters(), stack.outputs()
    if parameters["Domain"]:
        yield f"DNS: {parameters['Domain']} must be a CNAME of {outputs['DomainTarget']}"
    missing = [*_not_set(parameters, outputs)]
    if missing:
        yield "Not set:"
    yield from (f"  {name}: {NOT_SET[name]}" for name in missing)


def _not_set(parameters: dict[str, str], outputs: dict[str, str]) -> Iterator[str]:
    if not parameters["AlarmEmail"]:
        yield "ALARM_EMAIL"
    elif not _is_confirmed(outputs["AlarmTopicArn"]):
        yield "ALARM_EMAIL, to be confirmed"
    if not parameters["Domain"] and not parameters["PublicUrl"]:
        yield "DOMAIN"
    if parameters["Budget"] == "0":
        yield "BUDGET"
    if parameters["ReservedConcurrency"] == "no":
        yield "RESERVED_CONCURRENCY"
    secrets: Any = boto3.client("secretsmanager")
    if not secrets.describe_secret(SecretId=outputs["SheetsSecret"]).get("VersionIdsToStages"):
        yield "Google's credentials"


def _is_confirmed(topic: str) -> bool:
    pages = boto3.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return any(one["SubscriptionArn"].startswith("arn:") for page in pages for one in page["Subscriptions"])
