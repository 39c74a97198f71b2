"""At which commit something is measured."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def commit() -> str:
    """With a plus if something besides the documents has been changed since."""
    changed = _git("status", "--porcelain", "--", ".", ":!docs")
    return _git("rev-parse", "--short", "HEAD") + "+" * bool(changed)


def _git(*asked: str) -> str:
    return subprocess.run(
        ["git", *asked], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
