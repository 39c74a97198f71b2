"""What several end-to-end tests share."""

import fcntl
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.__main__ import main as deploy
from deploy.package import HERE

STAGE = "dev"

for module in ("deployment", "failing", "load", "moving", "news", "restoring"):
    pytest.register_assert_rewrite(f"tests.e2e.{module}")


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of `make package`, for this machine's processors, made once for all processes of a test run: it takes
    a quarter of a minute."""
    of_this_process = tmp_path_factory.getbasetemp()
    shared = of_this_process if worker_id == "master" else of_this_process.parent
    output = shared / "package"
    with (shared / "package.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists():
            made = shared / "package-that-is-made"
            command = ["package", str(made), "--stage", STAGE, "--architecture", HERE]
            done = CliRunner().invoke(deploy, command, catch_exceptions=False)
            assert done.exit_code == 0, done.output
            made.rename(output)
    return output
