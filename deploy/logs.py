"""What the functions of a stack have logged: fetched in the order in which it happened, and told to people."""

import json
import textwrap
from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3

from deploy.stack import Stack

_SHOWN_ELSEWHERE = ("level", "message", "timestamp", "service", "exception", "_aws")


class Line(NamedTuple):
    """`at`: milliseconds since 1970. `message` may itself have several lines."""

    at: int
    function: str
    message: str


def logged(stack: Stack, since: datetime, pattern: str = "") -> list[Line]:
    """What was logged since then, and matches CloudWatch's filter `pattern`. Raises StackFailed if there is no stack.

    By time; within a millisecond as it came in, and what came in at once as CloudWatch has it. So no line of a stream
    ever overtakes another.
    """
    prefix = f"/{stack.existing()['StackName']}/"
    client: Any = boto3.client("logs")
    groups = client.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    found = []
    for name in (group["logGroupName"] for group in groups):
        asked = {"logGroupName": name, "startTime": int(since.timestamp() * 1000), "filterPattern": pattern}
        for page in client.get_paginator("filter_log_events").paginate(**asked):
            found += [(name.removeprefix(prefix), event) for event in page["events"]]
    found.sort(key=lambda one: (one[1]["timestamp"], one[1]["ingestionTime"]))
    return [Line(event["timestamp"], function, event["message"].rstrip()) for function, event in found]


def as_logged(line: Line) -> str:
    """For programs: the message as it is."""
    return f"{_time(line)} {line.function}: {line.message}"


def readable(line: Line) -> str:
    """For people: what a JSON line says, and its traceback below."""
    try:
        said = json.loads(line.message)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return as_logged(line)
    more = [f"{name}={value}" for name, value in said.items() if name not in _SHOWN_ELSEWHERE]
    first = " ".join(str(part) for part in (said.get("level"), said.get("message"), *more) if part)
    below = textwrap.indent(str(said.get("exception", "")), "    ")
    return "\n".join(filter(None, [as_logged(line._replace(message=first)), below]))


def _time(line: Line) -> str:
    return f"{datetime.fromtimestamp(line.at / 1000, UTC):%H:%M:%S}"
