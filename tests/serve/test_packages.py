"""What `./muster serve` is packed in: the image, by its own steps where there is no Docker, and the systemd unit."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest

from chalicelib.settings import OF_EVERY_DEPLOYMENT, OF_SERVE
from tests.serve.served import PATIENCE, ROOT
from tests.serve.test_serve import free_port

UNIT = ROOT / "deploy" / "muster.service"


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, in their order."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    parts = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, arguments) for name, _, arguments in parts]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a file through; each line there is a path, or a path with all that is below."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        if any(fnmatch(str(part), pattern) for part in (Path(path), *Path(path).parents)):
            sent = line.startswith("!")
    return sent


@dataclass
class Image:
    """The image, in a folder instead of its root."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def inside(self, text: str) -> str:
        """A path of the image, and each of those in a text, as it is outside."""
        return re.sub(r"(?<![\w./])/(muster|data)\b", rf"{self.root}/\1", text)

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **self.settings}

    def build(self) -> None:
        """As Docker would, but that Python is this machine's, and the second stage is the first."""
        folder, stage = self.root, 0
        for name, arguments in instructions():
            if name == "FROM":
                stage += 1
            elif name == "WORKDIR":
                folder = Path(self.inside(arguments))
                folder.mkdir(exist_ok=True)
            elif name == "COPY" and stage == 1:
                self._copy(folder, *arguments.split())
            elif name == "RUN":
                assert stage == 1, "the second stage only copies"
                done = subprocess.run(self.inside(arguments), shell=True, cwd=folder, check=False)
                assert done.returncode == 0
            elif name == "ENV":
                pairs = (pair.split("=", 1) for pair in shlex.split(arguments))
                self.settings |= {key: self.inside(value) for key, value in pairs}
            elif name in ("ENTRYPOINT", "CMD"):
                self.command += [self.inside(part) for part in json.loads(arguments)]
            elif name == "HEALTHCHECK":
                self.health = [self.inside(part) for part in json.loads(arguments.partition("CMD ")[2])]

    def _copy(self, folder: Path, *arguments: str) -> None:
        *sources, target = arguments
        for name in sources:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / target, ignore=ignored)
            else:
                (folder / target).mkdir(exist_ok=True)
                shutil.copy2(source, folder / target)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    made = Image(tmp_path_factory.mktemp("image"))
    made.build()
    yield made
    shutil.rmtree(made.root)


def test_a_linter_finds_nothing_in_the_dockerfile() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_sent_and_nothing_else() -> None:
    copies = [arguments.split()[:-1] for name, arguments in instructions() if name == "COPY"]
    sources = [source.rstrip("/") for parts in copies for source in parts if not parts[0].startswith("--")]
    for source in sources:
        assert (ROOT / source).exists(), source
        assert is_sent(source), source
    for other in (
        ".git/config",
        ".venv/pyvenv.cfg",
        ".local/keys.json",
        "muster.db",
        "tests/world.py",
        "docs/x",
    ):
        assert not is_sent(other), other
    assert not is_sent("manage/__pycache__/api.pyc")


def test_it_does_not_run_as_root_and_sets_what_is_a_setting() -> None:
    found = dict(instructions())
    assert found["USER"] == "10001:10001"
    assert found["VOLUME"] == "/data"
    names = [pair.partition("=")[0] for pair in found["ENV"].split()]
    assert {*names} <= {*OF_EVERY_DEPLOYMENT, *OF_SERVE, "PYTHONDONTWRITEBYTECODE"}


def test_its_steps_make_what_serves_and_is_healthy(image: Image) -> None:
    """With only what it installs."""
    settings = image.environment() | {"PORT": str(free_port()), "HOST": "127.0.0.1"}
    log = (image.root / "log").open("wb")
    with log, subprocess.Popen(image.command, env=settings, cwd="/", stdout=log, stderr=log) as process:
        try:
            until = time.monotonic() + PATIENCE
            while not (healthy := is_healthy(image, settings)) and time.monotonic() < until:
                assert process.poll() is None, (image.root / "log").read_text()
            assert healthy
        finally:
            process.terminate()
        assert process.wait(PATIENCE) == 0
    assert not is_healthy(image, settings)
    entry, _ = image.command
    first = subprocess.run(
        [entry, "keys", "first"], env=settings, capture_output=True, text=True, check=False
    )
    assert first.stdout.strip(), first.stderr
    installed = {path.name for path in (image.root / "muster/.venv/lib").glob("python*/site-packages/*")}
    assert installed.isdisjoint({"pip", "boto3", "botocore", "pytest"})


def is_healthy(image: Image, settings: dict[str, str]) -> bool:
    done = subprocess.run(image.health, env=settings, capture_output=True, check=False)
    return done.returncode == 0


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    """But for the path of the program, which is not there yet."""
    text = UNIT.read_text(encoding="utf-8")
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    service = parser["Service"]
    assert service["ExecStart"] == "/opt/muster/muster serve --config /etc/muster/muster.toml"
    assert (service["DynamicUser"], service["StateDirectory"]) == ("yes", "muster")
    assert (service["ProtectSystem"], service["Restart"]) == ("strict", "on-failure")
    assert (service["UMask"], service["StateDirectoryMode"]) == ("0077", "0700"), "nobody else reads the file"
    assert (service["NoNewPrivileges"], service["CapabilityBoundingSet"]) == ("yes", "")
    if systemd := shutil.which("systemd-analyze"):
        copy = tmp_path / "muster.service"
        copy.write_text(text.replace("/opt/muster/muster", str(ROOT / "muster")), encoding="utf-8")
        done = subprocess.run([systemd, "verify", copy], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
