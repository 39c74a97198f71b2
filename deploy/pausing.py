"""Stopping a stage's functions for a while, so that nothing but an operator's command uses its table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from deploy.stack import Stack

BEFORE = "concurrency-before-the-pause"
"""The tag of a function that is paused: the concurrency that was reserved for it, or `NONE`."""
NONE = "none"


@dataclass(frozen=True)
class Functions:
    """The functions of a stack. A function whose reserved concurrency is 0 is not run, whoever calls it.

    What was reserved before stands in a tag of the function. So a pause can be ended by another process than the one
    that began it, and both can be repeated after they were cut off.
    """

    stack: Stack

    def pause(self) -> int:
        """Lets no run begin from now on. Returns after how many seconds those that have begun are over."""
        client, longest = _client(), 0
        for name, arn in self._all():
            if BEFORE not in client.list_tags(Resource=arn)["Tags"]:
                reserved = client.get_function_concurrency(FunctionName=name)
                before = reserved.get("ReservedConcurrentExecutions", NONE)
                client.tag_resource(Resource=arn, Tags={BEFORE: str(before)})
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
            longest = max(longest, client.get_function_configuration(FunctionName=name)["Timeout"])
        return longest

    def resume(self) -> list[str]:
        """Gives each paused function the concurrency that it had. Returns those that were stopped before."""
        client, stopped = _client(), []
        for name, arn in self._all():
            before = client.list_tags(Resource=arn)["Tags"].get(BEFORE)
            if before is None:
                continue
            if before == NONE:
                client.delete_function_concurrency(FunctionName=name)
            else:
                client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(before))
            client.untag_resource(Resource=arn, TagKeys=[BEFORE])
            if before == "0":
                stopped.append(name)
        return stopped

    @property
    def are_paused(self) -> bool:
        """Whether any of them is."""
        return any(BEFORE in _client().list_tags(Resource=arn)["Tags"] for _, arn in self._all())

    def _all(self) -> Iterator[tuple[str, str]]:
        """Their names and ARNs."""
        for name in self.stack.physical_ids("AWS::Lambda::Function"):
            found = _client().get_function_configuration(FunctionName=name)
            yield name, found["FunctionArn"]


def _client() -> Any:
    return boto3.client("lambda")
