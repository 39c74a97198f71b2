"""What the commands print: tables of plain text, aligned, or the API's JSON."""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
"""Of every command that prints something. What it prints is the API's answer, or is described in docs/cli.md."""


def said(answer: Any, is_json: bool, words: str) -> None:
    """Prints the answer as JSON, or else the words."""
    click.echo(_json(answer) if is_json else plain(words))


def listing(answer: Any, is_json: bool, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints the answer as JSON, or the rows below their header; `Nothing.` if there are no rows."""
    if is_json:
        said(answer, is_json, "")
        return
    cells = [[plain(cell) for cell in row] for row in rows]
    if not cells:
        click.echo("Nothing.", err=True)
        return
    widths = [max(map(_width, column)) for column in zip(header, *cells, strict=True)]
    for row in [header, *cells]:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def plain(value: object) -> str:
    """As a cell: None is empty, and characters that would control the terminal are shown as a box."""
    return _STEERING.sub("\ufffd", "" if value is None else str(value))


def _json(answer: Any) -> str:
    """JSON by itself escapes only the first of the characters that would control the terminal."""
    lines = json.dumps(answer, ensure_ascii=False, indent=2).split("\n")
    return "\n".join(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in lines)


def _width(text: str) -> int:
    """In columns of the terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)
