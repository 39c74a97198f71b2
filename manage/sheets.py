"""`sheets`: the officers' spreadsheets, and which server or alliance each shows."""

import os
import re
from pathlib import Path
from typing import Any

import click

from chalicelib.settings import InvalidSettings, Settings
from manage.advice import see_for
from manage.show import as_json, listing, said
from manage.where import Where

_IN_ADDRESS = re.compile(r"/d/([A-Za-z0-9_-]+)")


@click.group()
def sheets() -> None:
    """The officers' spreadsheets.

    Muster keeps its own tabs in them, and leaves all others alone. SPREADSHEET is the address of a spreadsheet, or
    the id in that address.

    \b
    Example:
      ./muster --demo sheets bind demo-officers-sheet 202 borealis
    """


@sheets.command()
@click.argument("spreadsheet")
@click.argument("server")
@click.argument("alliance", required=False)
@click.option(
    "--edits", is_flag=True, help="What officers edit in it counts: ticks, names, the official points."
)
@click.option("--take-over", is_flag=True, help="Take tabs that another deployment of Muster keeps.")
@as_json
@click.pass_obj
def bind(
    where: Where,
    spreadsheet: str,
    server: str,
    alliance: str | None,
    edits: bool,
    take_over: bool,
    as_json: bool,
) -> None:
    """Binds a spreadsheet to an alliance, or to a server.

    It has to be shared, as an editor, with one of the deployment's Google accounts: the answer names it. The next sync
    makes the tabs whose names begin with IMS. If the spreadsheet is already bound, it shows the new server or alliance
    from then on; the officers' own tabs stay as they are.

    With --edits, whoever may edit the spreadsheet acts as an officer of what it is bound to: share it with officers,
    not with anyone with the link.

    Tabs that another deployment keeps are left alone, and the sync fails, unless you --take-over.

    \b
    Example:
      ./muster --demo sheets bind demo-officers-sheet 202 borealis
      ./muster --demo sheets bind demo-officers-sheet 202 borealis --edits
    """
    binding = {"server": server, "edits": edits} | ({"alliance": alliance} if alliance else {})
    binding |= {"take_over": True} if take_over else {}
    state, is_new = where.api.put("sheets", _id(spreadsheet), body=binding)
    bound = f"server {state['server']}" + (f", alliance {state['alliance']}" if state["alliance"] else "")
    again = "" if is_new else " It was bound before."
    words = f"Spreadsheet {state['spreadsheet_id']} is bound to {bound}. The next sync writes it.{again}"
    if state["account"]:
        words += f"\nShare it, as an editor, with {state['account']}."
    said(state | {"status": "new" if is_new else "changed"}, as_json, words)
    if state["edits"]:
        click.echo(
            "What is edited in it counts from the sync after that on, and whoever may edit it acts as an officer. "
            "Share it with officers, not with anyone with the link.",
            err=as_json,
        )


@sheets.command("list")
@as_json
@click.pass_obj
def list_sheets(where: Where, as_json: bool) -> None:
    """Shows every bound spreadsheet, and how its syncs went.

    \b
    Example:
      ./muster --demo sheets list
    """
    bound = where.api.get("sheets")
    rows = [[one["spreadsheet_id"], *_state(one)] for one in bound["sheets"]]
    listing(bound, as_json, ("Spreadsheet", *_STATE), rows)


@sheets.command()
@click.argument("spreadsheet")
@as_json
@click.pass_obj
def status(where: Where, spreadsheet: str, as_json: bool) -> None:
    """Shows what it is bound to, and how its syncs went.

    \b
    Example:
      ./muster --demo sheets status demo-officers-sheet
    """
    state = where.api.get("sheets", _id(spreadsheet))
    listing(state, as_json, _STATE, [_state(state)])


@sheets.command()
@click.argument("spreadsheet")
@as_json
@click.pass_obj
def tidy(where: Where, spreadsheet: str, as_json: bool) -> None:
    """Deletes empty rows of those who have left.

    Muster deletes no row by itself: such rows are emptied, and moved below the others. Those in which officers keep
    something stay. Ask the officers to sort or move nothing until the next sync, which does it, has run.

    \b
    Example:
      ./muster --demo sheets tidy demo-officers-sheet
    """
    state = where.api.post("sheets", _id(spreadsheet), "tidy", body={})
    said(state, as_json, "The next sync deletes the empty rows.")


@sheets.command()
@click.argument("spreadsheet")
@as_json
@click.pass_obj
def unbind(where: Where, spreadsheet: str, as_json: bool) -> None:
    """Unbinds a spreadsheet: Muster stops writing to it.

    Muster's tabs stay as they are; you can delete them by hand.

    \b
    Example:
      ./muster --demo sheets unbind demo-officers-sheet
    """
    spreadsheet = _id(spreadsheet)
    where.api.delete("sheets", spreadsheet)
    words = f"Spreadsheet {spreadsheet} is no longer bound."
    said({"spreadsheet_id": spreadsheet, "status": "unbound"}, as_json, words)


@sheets.command()
@click.argument("spreadsheet")
@click.option(
    "--secret",
    envvar="SHEETS_CREDENTIALS_SECRET",
    show_envvar=True,
    help="The secret with the Google credentials: the stack's output SheetsSecret.",
)
@click.option(
    "--credentials",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="SHEETS_CREDENTIALS_FILE",
    show_envvar=True,
    help="Instead of the secret, the file with them, for `./muster serve`.",
)
@as_json
@click.pass_obj
def check(
    where: Where, spreadsheet: str, secret: str | None, credentials: Path | None, as_json: bool
) -> None:
    """Checks whether Google lets Muster write to it.

    It goes step by step: the secret or file, signing in, reading, writing, the quota. If there are several
    accounts, it finds the one that can read the spreadsheet. If a step fails, it says what to do, and the exit
    status is 1. Then it says whether edits are seen soon, and whether anyone with the link may edit. The secret is
    read with your AWS credentials; no Muster key is needed. Nothing changes in the spreadsheet: its title is
    replaced by itself. SHEETS_API_URL, DRIVE_API_URL, SHEETS_REQUESTS_PER_USER and SHEETS_REQUESTS_PER_PROJECT
    apply; any other host than Google's needs no credentials.

    \b
    Examples:
      ./muster sheets check demo-officers-sheet --secret muster-prod-google
      ./muster sheets check demo-officers-sheet --credentials muster-prod-google.json
    """
    from manage.check import findings  # brings gspread
    from sheets_sync.drive import Drive
    from sheets_sync.google import Google

    try:
        given = {"SHEETS_CREDENTIALS_SECRET": secret or "", "SHEETS_CREDENTIALS_FILE": str(credentials or "")}
        settings = Settings.from_environment(
            {**os.environ, **given, "TABLE_NAME": "none is read", "MUSTER_DB": ""}
        )
    except InvalidSettings as error:
        raise click.ClickException(str(error)) from None
    place = settings.sheets_credentials
    address = where.facts["sheets_api_url"] if where.demo else settings.sheets_api_url
    drive = Drive(where.facts["sheets_api_url"] if where.demo else settings.drive_api_url, place)
    steps: list[dict[str, Any]] = []
    for found in findings(Google(address, place), _id(spreadsheet), settings.sheets_requests, drive):
        advice, see = (found.advice.do, f"docs/{found.advice.see}") if found.advice else (None, None)
        told = {"step": found.step, "status": found.status, "says": found.says, "advice": advice, "see": see}
        steps.append(told)
        if not as_json:
            click.echo(f"{_MARKS[found.status]} {found.step}: {found.says}")
            if advice:
                click.echo(f"  {advice}\n  See {see}.")
    if as_json:
        said({"spreadsheet_id": _id(spreadsheet), "steps": steps}, as_json, "")
    if steps[-1]["status"] == "fails":
        click.get_current_context().exit(1)


_MARKS = {"good": "✓", "warning": "!", "fails": "✗"}
_STATE = ("Server", "Alliance", "Edits", "Account", "Last success", "Last error", "Error", "See")


def _state(sheet: dict[str, Any]) -> list[Any]:
    """What a bound spreadsheet's row shows."""
    values = [
        sheet[name]
        for name in ("server", "alliance", "account", "last_success_at", "last_error_at", "last_error")
    ]
    see = see_for(sheet["last_error"]) if sheet["last_error"] else None
    return [*values[:2], "yes" if sheet["edits"] else "no", *values[2:], see]


def _id(spreadsheet: str) -> str:
    found = _IN_ADDRESS.search(spreadsheet)
    return found[1] if found else spreadsheet
