"""A deployment in the emulated AWS, as its operator reaches it: `make`, the API, and the console's looks."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from deploy.parameters import PARAMETERS
from tests.e2e.conftest import STAGE
from tests.e2e.emulated_aws import EmulatedAws
from tests.e2e.test_demo import ROOT

STACK = f"muster-{STAGE}"
PLACE = {"server": "101", "alliance": "nova"}
NOVA = "/v1/servers/101/alliances/nova"

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
    packaged: Path
    url: str = ""
    key: str = ""
    web: requests.Session = field(default_factory=requests.Session)
    invoked: Counter[str] = field(default_factory=Counter)
    """How often we ourselves have run each scheduled function."""

    def make(self, target: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Runs a target of the Makefile, with this interpreter."""
        with self.making(target, **settings) as process:
            said = process.communicate(typed)
        return subprocess.CompletedProcess(process.args, process.returncode, *said)

    def making(self, target: str, **settings: str) -> subprocess.Popen[str]:
        """The same, while it runs; with a group of processes of its own."""
        variables = [f"{name}={value}" for name, value in {"STAGE": STAGE, **settings}.items()]
        return subprocess.Popen(
            ["make", "-s", "-o", ".venv/.ready", f"RUN={sys.executable}", target, *variables],
            cwd=ROOT,
            env={**_own_environment(), **self.aws.credentials},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def deploy(self, package: Path | None, **settings: str) -> str:
        """What it said on stdout, beyond the API's address. Without a package it makes one."""
        done = self.make("deploy", **({"PACKAGE": str(package)} if package else {}), **settings)
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

    def configuration(self, name: str) -> dict[str, Any]:
        """Of a function."""
        client = self.aws.client("lambda")
        return dict(client.get_function_configuration(FunctionName=self.resource(name)))

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
        self.invoked[name] += 1
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
