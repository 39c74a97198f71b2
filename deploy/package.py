"""`make package`: runs `chalice package`, fails where Chalice only warns, and adds bytecode.

If a wheel is missing, Chalice only warns, or says nothing; and it packs every file that it finds. Here every pinned
requirement must be in the package, and the package is made from a clean copy of the files that belong in it.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.archive import NotCompiled, finish
from deploy.template import Template, stack_name, stages, to_merge, with_plain_api

ROOT = Path(__file__).parent.parent
PARTS = ("app.py", "requirements.txt", "chalicelib", "sheets_sync", "vendor", ".chalice")
ARCHITECTURES = ("arm64", "x86_64")
"""Of Lambda's processors. The first one costs a fifth less."""
HERE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
"""What runs on this machine."""
_NO_AWS = {
    "AWS_DEFAULT_REGION": "us-east-1",  # Chalice wants one, though nothing in the template depends on it
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "deployments", "deployed")


class PackagingFailed(Exception):
    """The package can't be made, or would not run; the message holds what Chalice said."""


def package(
    output: Path, stage: str = "dev", root: Path = ROOT, architecture: str = ARCHITECTURES[0]
) -> Path:
    """Writes `deployment.zip` and `sam.json` of the project at `root` into `output`. Returns the path of the zip.

    `architecture`: of the functions; compiled wheels are for that. Raises PackagingFailed.
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
        config = project / ".chalice" / "config.json"
        settings = json.loads(config.read_text(encoding="utf-8"))
        config.write_text(json.dumps({**settings, "lambda_architecture": architecture}), encoding="utf-8")
        merged = project / ".chalice" / "resources.json"
        merged.write_text(json.dumps(to_merge(root / ".chalice", stage)), encoding="utf-8")
        archive = pack(project, output, "--stage", stage, "--merge-template", str(merged))
    template = output / "sam.json"
    made = with_plain_api(json.loads(template.read_text(encoding="utf-8")))
    template.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return archive


def require_stage(packaged: Path, stage: str) -> None:
    """Raises PackagingFailed unless that folder holds what `package` wrote for that stage."""
    try:
        template = json.loads((packaged / "sam.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PackagingFailed(f"there is no package in {packaged}: make it with `make package`") from None
    table = template["Resources"]["Table"]["Properties"]["TableName"]
    if table != stack_name(stage):
        raise PackagingFailed(f"{packaged} was packaged for {table}, not for stage {stage}")


def pack(project: Path, output: Path, *options: str) -> Path:
    """Writes `deployment.zip` and `sam.json` of any clean Chalice project into `output`. Returns the path of the zip.

    `options` are those of `chalice package`. Raises PackagingFailed.
    """
    command = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(project), "package"]
    done = subprocess.run(  # noqa: S603 - our own chalice and our own paths
        [*command, *options, str(output.absolute())],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **_NO_AWS},
    )
    if done.returncode:
        raise PackagingFailed(done.stdout + done.stderr)
    archive = output / "deployment.zip"
    if missing := _required(project / "requirements.txt") - _packed(archive):
        raise PackagingFailed(f"not in the package: {', '.join(sorted(missing))}\n{done.stdout}{done.stderr}")
    _require_runtime(json.loads((output / "sam.json").read_text(encoding="utf-8")))
    try:
        finish(archive)
    except NotCompiled as error:
        raise PackagingFailed(str(error)) from None
    return archive


def _require_runtime(template: Template) -> None:
    """The runtime of another Python would ignore the bytecode. Chalice names it for a Python that Lambda hasn't got."""
    resources = template["Resources"].values()
    runtimes = {one["Properties"].get("Runtime") for one in resources} - {None}
    ours = sys.implementation.cache_tag
    if {runtime.replace("python3.", "cpython-3") for runtime in runtimes} != {ours}:
        raise PackagingFailed(
            f"the functions would run on {', '.join(runtimes)}, and this Python makes bytecode for {ours}: "
            "make the environment with the Python of the functions"
        )


def _required(requirements: Path) -> set[str]:
    """`name==version` of every line, spelled like the folders of packed distributions."""
    lines = (line.split("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return {line.lower().replace("-", "_") for line in lines if line}


def _packed(archive: Path) -> set[str]:
    names = (name.split("/")[0] for name in zipfile.ZipFile(archive).namelist())
    folders = {name.removesuffix(".dist-info") for name in names if name.endswith(".dist-info")}
    return {folder.lower().replace("-", "==") for folder in folders}
