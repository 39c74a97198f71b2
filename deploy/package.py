"""`make package`: runs `chalice package`, and fails where Chalice only warns.

If a wheel is missing, Chalice only warns, or says nothing; and it packs every file that it finds. Here every pinned
requirement must be in the package, and the package is made from a clean copy of the files that belong in it.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.template import stages, to_merge, with_plain_api

ROOT = Path(__file__).parent.parent
PARTS = ("app.py", "requirements.txt", "chalicelib", "sheets_sync", "vendor", ".chalice")
_NO_AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",  # Chalice wants one, though nothing in the template depends on it
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "deployments", "deployed")


class PackagingFailed(Exception):
    """The package can't be made, or would not run; the message holds what Chalice said."""


def package(output: Path, stage: str = "dev", root: Path = ROOT) -> Path:
    """Writes `deployment.zip` and `sam.json` of the project at `root` into `output`. Returns the path of the zip.

    Raises PackagingFailed.
    """
    if stage not in stages(root / ".chalice"):
        raise PackagingFailed(f"there is no stage {stage!r} in .chalice/config.json")
    with TemporaryDirectory() as folder:
        project = Path(folder) / "muster"
        project.mkdir()
        for name in PARTS:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, project / name, symlinks=True, ignore=_LEFT_OUT)
            else:
                shutil.copy2(source, project / name)
        merged = project / ".chalice" / "resources.json"
        merged.write_text(json.dumps(to_merge(root / ".chalice", stage)), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(project), "package"]
        options = ["--stage", stage, "--merge-template", str(merged)]
        done = subprocess.run(  # noqa: S603 - our own chalice and our own paths
            [*command, *options, str(output.absolute())],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **_NO_AWS},
        )
    archive = output / "deployment.zip"
    if done.returncode:
        raise PackagingFailed(done.stdout + done.stderr)
    if missing := _required(root / "requirements.txt") - _packed(archive):
        raise PackagingFailed(f"not in the package: {', '.join(sorted(missing))}\n{done.stdout}{done.stderr}")
    template = output / "sam.json"
    made = with_plain_api(json.loads(template.read_text(encoding="utf-8")))
    template.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return archive


def _required(requirements: Path) -> set[str]:
    """`name==version` of every line, spelled like the folders of packed distributions."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return {line.lower().replace("-", "_") for line in lines if line}


def _packed(archive: Path) -> set[str]:
    names = (name.split("/")[0] for name in zipfile.ZipFile(archive).namelist())
    folders = {name.removesuffix(".dist-info") for name in names if name.endswith(".dist-info")}
    return {folder.lower().replace("-", "==") for folder in folders}
