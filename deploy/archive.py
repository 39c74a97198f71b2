"""The archive that is deployed: with bytecode beside the sources, and the same bytes whenever and wherever it is made.

Lambda unpacks it into a folder that can't be written. Without bytecode, every cold start would compile what it imports.
"""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

UNPACKED = "/var/task"
"""Where Lambda unpacks it: tracebacks name the files there."""

_NOT_NEEDED = re.compile(r"(^|/)tests/|\.pyi$|\.dist-info/RECORD$")
_EARLIEST = 1980, 1, 1, 0, 0, 0
_MODE = 0o100644
_ENVIRONMENT = {"PYTHONHASHSEED": "0"}


class NotCompiled(Exception):
    """A source is not valid in the Python that packs it; the message names it."""


def finish(archive: Path) -> None:
    """Compiles the sources of an archive that Chalice has made, and packs it again, for the Python that runs this.

    The bytecode is not checked against the sources, since their times and contents are fixed with it. Types and tests
    of libraries are left out. Raises NotCompiled.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        with ZipFile(archive) as made:
            made.extractall(folder, [name for name in made.namelist() if not _NOT_NEEDED.search(name)])
        _compile(folder)
        files = sorted(
            (path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file()
        )
        with ZipFile(archive, "w") as packed:
            for inside, path in files:
                entry = ZipInfo(inside, _EARLIEST)
                entry.compress_type, entry.external_attr = ZIP_DEFLATED, _MODE << 16
                packed.writestr(entry, path.read_bytes())


def _compile(folder: Path) -> None:
    """In the order of the names, in a process that has nothing else of this one: bytecode depends on what its process
    holds beside it."""
    alone = [sys.executable, "-s", "-S", "-P", "-m", "compileall"]
    paths = ["-s", ".", "-p", UNPACKED]
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own paths
        [*alone, "-q", "--invalidation-mode", "unchecked-hash", *paths, "."],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=_ENVIRONMENT,
    )
    if done.returncode:
        raise NotCompiled(done.stdout + done.stderr)
