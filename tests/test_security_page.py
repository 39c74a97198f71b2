"""docs/SECURITY.md can't rot: each of its lines names a test or a command that there is."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
COLUMNS = "what they could try", "what stops them", "what does not", "shown by"


def lines() -> Iterator[list[str]]:
    """The cells of every row about a threat."""
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, re.M):
        header, _, *rows = (
            [cell.strip() for cell in row.strip("|\n").split("|")] for row in table.splitlines()
        )
        if tuple(header) == COLUMNS:
            yield from rows


@cache
def defined_in(path: Path) -> set[str]:
    """The tests of a file, as pytest names them."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        within = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {f"{within}{one.name}" for one in members if isinstance(one, ast.FunctionDef)}
    return found


def is_there(shown_by: str) -> bool:
    if shown_by.startswith("make "):
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
        return shown_by.removeprefix("make ") in targets
    file, _, test = shown_by.partition("::")
    path = ROOT / file
    return path.is_file() and path.name.startswith("test_") and (not test or test in defined_in(path))


def test_each_line_is_shown_by_a_test_or_a_command_that_there_is() -> None:
    shown = {threat: re.findall(r"`([^`]+)`", by) for threat, _, _, by in lines()}
    assert len(shown) > 40
    assert not [threat for threat, by in shown.items() if not by]
    assert not [one for by in shown.values() for one in by if not is_there(one)]


def test_each_line_says_what_stops_them() -> None:
    assert not [threat for threat, stops, *_ in lines() if len(stops) < 20]
