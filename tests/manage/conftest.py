"""The commands against the real app behind the API Gateway stand-in, in a folder where a demo seems to run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import app
from chalicelib import bootstrap
from local.gateway import Gateway
from manage.__main__ import main
from tests.world import World

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Desk:
    """`url` includes the stage prefix."""

    world: World
    url: str
    folder: Path

    def demo(self, *arguments: str) -> Result:
        """A command for the demo of this folder."""
        return self.run("--demo", *arguments)

    def run(self, *arguments: str, key: str | None = None, **environment: str | None) -> Result:
        """A command as it is typed, with nothing set but what is given here."""
        settings = {"MUSTER_URL": None, "MUSTER_KEY": key, "TABLE_NAME": None} | environment
        return CliRunner().invoke(main, arguments, env=settings, prog_name="./muster")

    def said(self, *arguments: str) -> str:
        """What a command for the demo prints that does what it is told to."""
        result = self.demo(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refusal(self, *arguments: str, code: int = 1) -> str:
        """What a command for the demo says that does not; on stdout it is silent."""
        result = self.demo(*arguments)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        return result.stderr


@pytest.fixture
def desk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    bootstrap.use(world.muster)
    gateway = Gateway(app.app, prefix="/api")
    gateway.start()
    facts = {
        "api_url": gateway.url,
        "admin_key": world.secret("admin", None, None),
    }
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local" / "demo.json").write_text(json.dumps(facts))
    if world.place.file:
        (tmp_path / ".local" / "muster.db").symlink_to(world.place.file)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "chalicelib").symlink_to(ROOT / "chalicelib")
    try:
        yield Desk(world, gateway.url, tmp_path)
    finally:
        gateway.stop()
        bootstrap.use(None)
