"""`make package`: what `chalice package` makes, with its warnings taken for what they are.

Chalice only warns where a wheel is missing, and packs whatever lies about. Here the first is an error, and the
project is packed from a clean export of the files that belong to it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
PARTS = ("app.py", "requirements.txt", "chalicelib", "sheets_sync", "vendor", ".chalice")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "deployments", "deployed")


class PackagingFailed(Exception):
    """The package would not run; the message holds what Chalice said."""


def package(output: Path, stage: str = "dev") -> Path:
    """Writes `deployment.zip` and `sam.json` into `output`; the path of the zip. Raises PackagingFailed."""
    with TemporaryDirectory() as folder:
        project = Path(folder) / "muster"
        project.mkdir()
        for name in PARTS:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, project / name, symlinks=True, ignore=_LEFT_OUT)
            else:
                shutil.copy2(source, project / name)
        command = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(project), "package"]
        options = ["--stage", stage, "--merge-template", str(project / ".chalice" / "resources.json")]
        done = subprocess.run(
            [*command, *options, str(output.absolute())],
            capture_output=True,
            text=True,
            check=False,
            env={"AWS_DEFAULT_REGION": "us-east-1", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    said = done.stdout + done.stderr
    if done.returncode or "Could not install dependencies" in said:
        raise PackagingFailed(said)
    return output / "deployment.zip"


if __name__ == "__main__":
    written = package(Path(sys.argv[1]))
    print(f"{written}: {written.stat().st_size / 1e6:.1f} MB")
