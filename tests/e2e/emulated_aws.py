"""An emulated AWS: MiniStack, which carries out the functions, asks IAM, and has a schedule. It needs no Docker.

Whatever the functions ask of AWS goes through a recorder, which knows by its access key whose call it is: each function
has its role's own.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from werkzeug.wrappers import Request, Response

from deploy.package import HERE
from local.serving import LocalServer
from tests.e2e.test_demo import ROOT, free_port

REGION = "eu-central-1"
REQUIREMENTS = ROOT / "requirements-emulator.txt"
ENVIRONMENT = ROOT / ".emulator"
SECONDS_TO_START = 60

_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OF_ONE_HOP = {"connection", "content-encoding", "content-length", "transfer-encoding", "date", "server"}


def why_not() -> str | None:
    """Why it can't run here, if it can't. Where CI is set it is tried all the same."""
    here = platform.system()
    return (
        None if here == "Linux" or os.environ.get("CI") else f"the package is for Linux, and this is {here}"
    )


@dataclass(frozen=True, slots=True)
class Call:
    """What a function asked of AWS, and how that answered."""

    function: str
    target: str
    """Such as `DynamoDB_20120810.Query`."""
    body: dict[str, Any]
    status: int
    answer: bytes

    @property
    def is_denied(self) -> bool:
        return self.status in (400, 403) and b"AccessDenied" in self.answer

    def permissions(self, account: str) -> set[tuple[str, str]]:
        """The actions that it takes, each with the resource that it takes it on."""
        service, _, operation = self.target.partition(".")
        if service == "secretsmanager":
            return {(f"secretsmanager:{operation}", self.body["SecretId"])}
        assert service == "DynamoDB_20120810", f"{self.function} asked for {self.target or 'who knows what'}"
        if operation == "TransactWriteItems":
            parts = [part for item in self.body["TransactItems"] for part in item.items()]
            named = {(_TRANSACTED[kind], change["TableName"]) for kind, change in parts}
        elif "RequestItems" in self.body:
            named = {(operation, table) for table in self.body["RequestItems"]}
        else:
            index = f"/index/{self.body['IndexName']}" if "IndexName" in self.body else ""
            named = {(operation, self.body["TableName"] + index)}
        place = f"arn:aws:dynamodb:{REGION}:{account}:table/"
        return {(f"dynamodb:{action}", place + resource) for action, resource in named}


class EmulatedAws:
    """Runs from entering to leaving. `calls` is what the functions have asked of it."""

    def __init__(self, folder: Path) -> None:
        self.calls: list[Call] = []
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "emulator.log"
        self._folder = TemporaryDirectory(prefix="emulated-aws-", ignore_cleanup_errors=True)
        self._functions: dict[str, str] = {}
        self._recorder = LocalServer(self._pass_on, "127.0.0.1", 0)
        self._session = requests.Session()

    def __enter__(self) -> Self:
        python = _python()
        self._recorder.start()
        environment = {
            "PATH": os.environ["PATH"],
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": self.credentials["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": self.credentials["AWS_SECRET_ACCESS_KEY"],
            "AWS_ENDPOINT_URL": self._recorder.url,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(urlsplit(self.url).port),
            "MINISTACK_HOST": f"{REGION}.amazonaws.com",
            "MINISTACK_REGION": REGION,
            "TMPDIR": self._folder.name,  # the functions are unpacked there, once for each process
        }
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [python, "-m", "ministack"], env=environment, stdout=log, stderr=log, cwd=self._folder.name
            )
        until = time.monotonic() + SECONDS_TO_START
        while not self._is_up():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise RuntimeError(f"the emulator did not start:\n{self.log.read_text()}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._recorder.stop()
        self._session.close()
        self._folder.cleanup()

    @property
    def credentials(self) -> dict[str, str]:
        """As environment variables: what the tools that come with AWS heed. The functions run on this machine."""
        return {
            "ARCHITECTURE": HERE,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        import boto3

        session: Any = boto3.Session("test", "test", region_name=REGION)
        return session.client(service, endpoint_url=self.url)

    def browser(self) -> requests.Session:
        """An HTTP client for which the addresses of AWS lead here."""
        session = requests.Session()
        session.mount("https://", _Diverted(self.url))
        return session

    def _is_up(self) -> bool:
        try:
            return self._session.get(f"{self.url}/_ministack/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def _pass_on(self, request: Request) -> Response:
        body = request.get_data()
        answer = requests.request(
            request.method, self.url + request.full_path, headers=dict(request.headers), data=body, timeout=60
        )
        target = request.headers.get("X-Amz-Target", "")
        function = self._function(request.headers.get("Authorization", ""))
        self.calls.append(
            Call(function, target, json.loads(body or b"{}"), answer.status_code, answer.content)
        )
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _OF_ONE_HOP]
        return Response(answer.content, answer.status_code, headers)

    def _function(self, authorization: str) -> str:
        """Which function has these credentials. It is waiting for its answer, so its process is there."""
        access_key = authorization.partition("Credential=")[2].partition("/")[0]
        if access_key not in self._functions:
            self._functions |= {
                one["AWS_ACCESS_KEY_ID"]: one["AWS_LAMBDA_FUNCTION_NAME"] for one in _functions()
            }
        return self._functions[access_key]


class _Diverted(HTTPAdapter):
    """Sends what is meant for AWS to the emulator, in the name of the host that it is meant for."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        meant = request.url or ""
        parts = urlsplit(meant)
        request.headers["Host"] = parts.netloc
        request.headers["X-Forwarded-Proto"] = parts.scheme
        request.url = self._url + meant.partition(parts.netloc)[2]
        response = super().send(request, *args, **kwargs)
        request.url = response.url = meant
        return response


def _functions() -> Iterator[dict[str, str]]:
    """The environments of the functions that run on this machine."""
    for process in Path("/proc").glob("[0-9]*/environ"):
        try:
            held = process.read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended, or is somebody else's
            continue
        environment = dict(one.split("=", 1) for one in held if "=" in one)
        if "AWS_LAMBDA_FUNCTION_NAME" in environment:
            yield environment


def _python() -> Path:
    """The interpreter of the emulator's environment, which is made anew when its requirements have changed."""
    made_of = ENVIRONMENT / "made-of.txt"
    wanted = f"{sys.version}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    python = ENVIRONMENT / "bin" / "python"
    if not made_of.exists() or made_of.read_text(encoding="utf-8") != wanted:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
        made_of.write_text(wanted, encoding="utf-8")
    return python
