"""`make logs`: in the order in which it happened, by the id of a request, and so that people can read it."""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from deploy.__main__ import main
from deploy.logs import Line, readable
from deploy.stack import StackFailed

NOON = 1_700_049_600_000


@dataclass
class FakeAws:
    """CloudFormation with one stack, and its log groups; a page of theirs has two events."""

    groups: dict[str, list[tuple[int, int, str]]]
    """By name: time, time of arrival, message, as CloudWatch has them."""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def client(self, _service: str) -> "FakeAws":
        return self

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - as boto3 calls it
        if StackName != "muster-prod":
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "none"}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": "CREATE_COMPLETE"}]}

    def describe_log_groups(self, logGroupNamePrefix: str) -> Any:  # noqa: N803
        return {"logGroups": [{"logGroupName": f"{logGroupNamePrefix}{name}"} for name in self.groups]}

    def get_paginator(self, _operation: str) -> "FakeAws":
        return self

    def paginate(self, **asked: Any) -> Any:
        self.asked.append(asked)
        wanted = asked["filterPattern"].strip('"')
        events = [
            {"timestamp": at, "ingestionTime": arrived, "message": message}
            for at, arrived, message in self.groups[asked["logGroupName"].rpartition("/")[2]]
            if wanted in message
        ]
        return [{"events": events[first : first + 2]} for first in range(0, len(events), 2)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    start = [(NOON, NOON + 9, f"START RequestId: {one}\n") for one in ("id-2", "id-1")]
    first = json.dumps({"level": "ERROR", "message": "internal", "request_id": "id-1", "exception": "Z\n  A"})
    aws = FakeAws(
        {
            "api": [*start, (NOON, NOON + 9, f"{first}\n"), (NOON, NOON + 9, "END RequestId: id-1\n")],
            "sync": [(NOON - 1, NOON + 20, "later in coming"), (NOON, NOON + 1, "z, sooner in coming")],
        }
    )
    monkeypatch.setattr(boto3, "client", aws.client)
    return aws


def shown(*arguments: str, **environment: str) -> Any:
    return CliRunner().invoke(main, ["logs", *arguments], env={"STAGE": "prod", **environment})


def test_lines_of_one_millisecond_stay_as_they_came(aws: FakeAws) -> None:
    said = [line.partition(" ")[2] for line in shown().output.splitlines()]
    assert said[:4] == [
        "sync: later in coming",
        "sync: z, sooner in coming",
        "api: START RequestId: id-2",
        "api: START RequestId: id-1",
    ]
    assert json.loads(said[4].removeprefix("api: "))["exception"] == "Z\n  A", "a traceback stays in its line"
    assert said[5:] == ["api: END RequestId: id-1"]


def test_one_request_in_all_groups(aws: FakeAws) -> None:
    assert len(shown(REQUEST="id-1").output.splitlines()) == 3
    assert {one["filterPattern"] for one in aws.asked} == {'"id-1"'}
    spans = {one["startTime"] for one in aws.asked}
    shown(REQUEST="id-1", MINUTES="5")
    assert max(one["startTime"] for one in aws.asked) - max(spans) > 86_000_000, "a day, unless it is said"
    nothing = shown(REQUEST="id-3")
    assert nothing.exit_code == 1
    assert "Nothing was logged with id-3 in the last 1440 minutes" in nothing.output
    assert "is not the id of a request" in shown(REQUEST='"x" y').output


def test_a_missing_stack_is_an_error(aws: FakeAws) -> None:
    missing = shown(STAGE="dev")
    assert isinstance(missing.exception, StackFailed)
    assert str(missing.exception) == "there is no stack muster-dev"


def test_a_terminal_shows_fields_and_the_traceback_below() -> None:
    told = {"level": "ERROR", "location": "x:1", "message": "internal", "timestamp": "…", "service": "muster"}
    told |= {"request_id": "id-1", "exception": "Traceback:\n  File\nKeyError"}
    assert readable(Line(NOON, "api", json.dumps(told))) == (
        "12:00:00 api: ERROR internal location=x:1 request_id=id-1\n    Traceback:\n      File\n    KeyError"
    )
    assert readable(Line(NOON, "api", "START RequestId: id-1")) == "12:00:00 api: START RequestId: id-1"
