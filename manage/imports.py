"""`roster` and `completions`: who is in an alliance, and what they did before, from CSV files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from manage.events import dry_run
from manage.show import as_json, listing, plain
from manage.where import Where

_Command = Callable[..., None]


def _options(command: _Command) -> _Command:
    """What both imports take."""
    for option in (
        as_json,
        click.option("--is-new", is_flag=True, help="Names that are near to others are no slips: add them."),
        click.option("--all-or-nothing", is_flag=True, help="If a line is refused, do none of them."),
        dry_run,
        click.option("--commander-column", metavar="HEADING", help="Where the commanders' names are."),
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.argument("alliance"),
        click.argument("server"),
    ):
        command = option(command)
    return command


@click.group()
def roster() -> None:
    """The commanders of an alliance.

    \b
    Example:
      ./muster --demo roster import 202 borealis docs/examples/roster.csv --dry-run
    """


@roster.command("list")
@click.argument("server")
@click.argument("alliance")
@click.option(
    "--added-by",
    metavar="ROLE",
    help="Only commanders whom that role added; member: those who joined by reporting.",
)
@as_json
@click.pass_obj
def list_roster(where: Where, server: str, alliance: str, added_by: str | None, as_json: bool) -> None:
    """Lists an alliance's commanders, retired ones too.

    \b
    Example:
      ./muster --demo roster list 202 borealis
    """
    answer = where.api.get("servers", server, "alliances", alliance, "commanders", added_by=added_by)
    rows = [
        (one["name"], one["id"], one["added_at"], one["added_by"], one["retired_at"])
        for one in answer["commanders"]
    ]
    listing(answer, as_json, ("Commander", "Id", "Added", "By", "Retired"), rows)


@roster.command("import")
@_options
@click.pass_obj
def import_roster(
    where: Where, /, server: str, alliance: str, file: Path, as_json: bool, **options: Any
) -> None:
    """Adds the commanders of a CSV file to a roster.

    The file has a commander on each line. It is UTF-8, with a heading such as Commander or Name, or nothing but
    names. Whoever is on the roster already stays as they are, and nobody is taken off. A name that is nearly
    another is refused as a slip, without --is-new. A line that is refused spoils no other, and then it ends with 1.
    To import again changes nothing.

    \b
    Examples:
      ./muster --demo roster import 202 borealis docs/examples/roster.csv --dry-run
      ./muster --demo roster import 202 borealis docs/examples/roster.csv
    """
    _import(where, server, alliance, "commanders", file, as_json, options)


@click.group()
def completions() -> None:
    """What commanders completed before they used Muster.

    \b
    Example:
      ./muster --demo completions import 202 borealis docs/examples/completions.csv --event 2023-11-defenders-of-peace
    """


@completions.command("import")
@_options
@click.option("--milestone-column", metavar="HEADING", help="Where the milestones are, of a list.")
@click.option("--timestamp-column", metavar="HEADING", help="When it was reported.")
@click.option("--timestamp-format", metavar="FORMAT", help="How, in strptime's terms: '%d/%m/%Y %H:%M:%S'.")
@click.option("--event", metavar="EVENT", help="The event whose milestones are meant.")
@click.pass_obj
def import_completions(
    where: Where, /, server: str, alliance: str, file: Path, as_json: bool, **options: Any
) -> None:
    """Records the completions of a CSV file.

    The file is a list, such as the answers of a Google Form, with a column for the milestones of each commander; or
    a tracker, with a column for each milestone that is ticked. Well-known headings are found by themselves. Where
    events share names of milestones, say with --event which is meant. What a commander has already counts no second
    time. A line that is refused spoils no other, and then it ends with 1.

    \b
    Example:
      ./muster --demo completions import 202 borealis docs/examples/completions.csv --event 2023-11-defenders-of-peace
    """
    _import(where, server, alliance, "completions", file, as_json, options)


def _import(
    where: Where,
    server: str,
    alliance: str,
    what: str,
    file: Path,
    is_json: bool,
    options: dict[str, Any],
) -> None:
    query = {name: "true" if value is True else value for name, value in options.items() if value}
    path = ("servers", server, "alliances", alliance, what, "import")
    done = where.api.post_csv(*path, csv=file.read_bytes(), **query)
    shown = [line for line in done["lines"] if done["dry_run"] or line["status"] in ("refused", "not_done")]
    if is_json or shown:
        header = ("Line", "Commander", "Becomes", "Why")
        rows = [
            (one["line"], one["commander"], one["status"].replace("_", " "), " ".join(one["reasons"]))
            for one in shown
        ]
        listing(done, is_json, header, rows)
    if not is_json:
        would = " (dry run: nothing was done)" if done["dry_run"] else ""
        click.echo(
            plain(f"{file.name}: {done['new']} new, {done['known']} known, {done['refused']} refused{would}")
        )
    if done["refused"]:
        raise SystemExit(1)
