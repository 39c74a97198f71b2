"""A deployment in the emulated AWS, as its operator reaches it: `make`, the API, and the console's looks."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from deploy.parameters import PARAMETERS
from tests.e2e.emulated_aws import EmulatedAws
from tests.e2e.test_demo import ROOT

STAGE, STACK = "prod", "muster-prod"
PLACE = {"server": "101", "alliance": "nova"}

TODAY = datetime.now(UTC).date()
DAYS = {"first_day": f"{TODAY - timedelta(days=1)}", "last_day": f"{TODAY + timedelta(days=1)}"}
EVENT = {
    "name": "Trial",
    **DAYS,
    "milestones": [{"id": name, "name": name.title(), **DAYS} for name in ("one", "two", "three")],
    "tiers": [{"threshold": 300, "rewards": []}],
}
ONE, TWO, THREE = (f"trial/{milestone['id']}" for milestone in EVENT["milestones"])  # type: ignore[index]


@dataclass
class Deployment:
    """What an operator has of it: the AWS that it is in, and what `make deploy` says."""

    aws: EmulatedAws
    url: str = ""
    key: str = ""
    web: requests.Session = field(default_factory=requests.Session)

    def make(self, target: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs a target of the Makefile, with this interpreter."""
        variables = [f"{name}={value}" for name, value in settings.items()]
        return subprocess.run(
            [
                "make",
                "-s",
                "-o",
                ".venv/.ready",
                f"RUN={sys.executable}",
                target,
                f"STAGE={STAGE}",
                *variables,
            ],
            cwd=ROOT,
            env={**_own_environment(), **self.aws.credentials},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy(self, **settings: str) -> str:
        """What it said on stdout, beyond the API's address."""
        done = self.make("deploy", **settings)
        assert done.returncode == 0, done.stderr
        found = re.fullmatch(r"API: (https://\S+/api)\n(.*)", done.stdout, flags=re.S)
        assert found, done.stdout
        self.url = found[1]
        return found[2]

    def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None, **more: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {key or self.key}", **more.pop("headers", {})}
        return self.web.request(method, self.url + path, json=body, headers=headers, timeout=60, **more)

    def done(self, method: str, path: str, body: Any = None, key: str | None = None, **more: Any) -> Any:
        """The answer to a request that must succeed."""
        answer = self.ask(method, path, body, key, **more)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content and "json" in answer.headers["Content-Type"] else answer.text

    def report(self, commander: str, *milestones: str, **more: Any) -> Any:
        body = {"commander": commander, "milestones": milestones, **PLACE, **more}
        return self.done("POST", "/v1/completions", body)

    def progress(self) -> tuple[int, int]:
        """Points and completions."""
        progress = self.done("GET", "/v1/servers/101/events/trial/progress")
        return progress["points"], progress["completions"]

    def resource(self, name: str) -> str:
        """The physical id of a resource of the stack."""
        found = self.aws.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId=name
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def invoke(self, name: str) -> Any:
        """Runs a scheduled function out of turn, as an operator can; there is one run at a time."""
        event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": []}
        event |= dict.fromkeys(("version", "id", "account", "time", "region"), "")
        function, client = self.resource(name), self.aws.client("lambda")
        while True:
            try:
                answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
                break
            except client.exceptions.TooManyRequestsException:  # the schedule is at it
                time.sleep(0.3)
        said = json.loads(answer["Payload"].read())
        found = str(said.get("errorMessage", "")).startswith("errors were logged: ")
        assert "FunctionError" not in answer or found, said
        return said


def wait_until(look: Callable[[], bool], seconds: float = 150) -> None:
    """The schedule runs the sync every minute, and the emulator looks every ten seconds whether it is time."""
    until = time.monotonic() + seconds
    while True:
        try:
            if look():
                return
        except (AssertionError, KeyError):  # the tab is not there yet
            pass
        assert time.monotonic() < until, f"not within {seconds:g} seconds"
        time.sleep(0.3)


def _own_environment() -> dict[str, str]:
    """Without what would lead to somebody's AWS, or set a parameter."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name not in PARAMETERS
    }
