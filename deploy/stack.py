"""A CloudFormation stack: making, upgrading (both with change sets) and deleting it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

SECONDS_BETWEEN_LOOKS = 2
_MAKING, _MADE = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"), ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_DELETING, _DELETED = ("DELETE_IN_PROGRESS",), ("DELETE_COMPLETE",)
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class StackFailed(Exception):
    """CloudFormation refused or undid it; the message has its reasons."""


@dataclass(frozen=True, slots=True)
class Change:
    action: str
    """`Add`, `Modify`, `Remove` or `Import`."""
    resource: str
    kind: str


class Stack:
    def __init__(self, name: str) -> None:
        self.name = name
        self._client: Any = boto3.client("cloudformation")

    def described(self) -> dict[str, Any] | None:
        """As CloudFormation describes it. None if there is none, or only a change set that was never executed."""
        try:
            (stack,) = self._client.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return None if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else stack

    def existing(self) -> dict[str, Any]:
        """Raises StackFailed if there is none."""
        stack = self.described()
        if stack is None:
            raise StackFailed(f"there is no stack {self.name}")
        return stack

    def outputs(self) -> dict[str, str]:
        """Raises StackFailed if there is no stack."""
        return {one["OutputKey"]: one["OutputValue"] for one in self.existing().get("Outputs", [])}

    def physical_ids(self, kind: str) -> list[str]:
        """Of its resources of that type."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [one for page in pages for one in page["StackResourceSummaries"]]
        return [one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind]

    def parameters(self) -> dict[str, str]:
        """By name; none if there is no stack."""
        return {
            one["ParameterKey"]: one["ParameterValue"]
            for one in (self.described() or {}).get("Parameters", [])
        }

    def bring_to(self, template_url: str, parameters: Mapping[str, str]) -> list[Change]:
        """Makes or upgrades it. Returns what was changed. A parameter that is not given stays as it is.

        If an earlier stack of this name has left its table, the stack takes it back. If it fails, everything is as it
        was before. Raises StackFailed.
        """
        stack = self.described()
        summary = self._client.get_template_summary(TemplateURL=template_url)
        kept = {one["ParameterKey"] for one in (stack or {}).get("Parameters", [])}
        given: list[dict[str, Any]] = [
            {"ParameterKey": name, "ParameterValue": parameters[name]}
            if name in parameters
            else {"ParameterKey": name, "UsePreviousValue": True}
            for name in (one["ParameterKey"] for one in summary["Parameters"])
            if name in parameters or name in kept
        ]
        made = self._client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{time.time_ns()}",
            ChangeSetType="UPDATE" if stack else "CREATE",
            TemplateURL=template_url,
            Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            ImportExistingResources=True,
            **({} if stack else {"OnStackFailure": "DELETE"}),
        )
        changes = self._changes(made["Id"])
        if changes:
            self._client.execute_change_set(ChangeSetName=made["Id"])
            self._wait(made["StackId"], _MAKING, _MADE)
        return changes

    def delete(self) -> None:
        """Deletes everything in it except the table. Raises StackFailed."""
        stack_id = self.existing()["StackId"]
        self._client.delete_stack(StackName=self.name)
        self._wait(stack_id, _DELETING, _DELETED)

    def _changes(self, change_set: str) -> list[Change]:
        try:
            self._client.get_waiter("change_set_create_complete").wait(
                ChangeSetName=change_set, WaiterConfig={"Delay": SECONDS_BETWEEN_LOOKS}
            )
        except WaiterError as error:
            reason = error.last_response.get("StatusReason", str(error))
            if any(words in reason for words in _NO_CHANGES):
                self._client.delete_change_set(ChangeSetName=change_set)
                return []
            raise StackFailed(reason) from None
        pages = self._client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set)
        found = [one["ResourceChange"] for page in pages for one in page["Changes"]]
        return [Change(one["Action"], one["LogicalResourceId"], one["ResourceType"]) for one in found]

    def _wait(self, stack_id: str, doing: tuple[str, ...], done: tuple[str, ...]) -> None:
        while True:
            (stack,) = self._client.describe_stacks(StackName=stack_id)["Stacks"]
            status: str = stack["StackStatus"]
            if status in done:
                return
            if not status.endswith("_IN_PROGRESS"):
                reasons = [f"{self.name} is {status}", *self._failures(stack_id, doing)]
                raise StackFailed("\n".join(reasons))
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _failures(self, stack_id: str, since: tuple[str, ...]) -> Iterator[str]:
        """The failures of the last operation, which began with the stack in a state of `since`. Events come newest
        first."""
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            for event in page["StackEvents"]:
                if event["ResourceStatus"].endswith("_FAILED"):
                    yield f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                if event["PhysicalResourceId"] == stack_id and event["ResourceStatus"] in since:
                    return
