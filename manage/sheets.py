"""`sheets`: spreadsheets of officers, bound to what they show."""

import re

import click

from manage.show import as_json, listing
from manage.where import Where

_IN_ADDRESS = re.compile(r"/d/([A-Za-z0-9_-]+)")


@click.group()
def sheets() -> None:
    """The officers' spreadsheets.

    Muster keeps tabs of its own in them, and leaves all others alone. SPREADSHEET is the address of one, or the id
    in it.

    \b
    Example:
      ./muster --demo sheets bind demo-officers-sheet 202 borealis
    """


@sheets.command()
@click.argument("spreadsheet")
@click.argument("server")
@click.argument("alliance", required=False)
@click.pass_obj
def bind(where: Where, spreadsheet: str, server: str, alliance: str | None) -> None:
    """Binds a spreadsheet to an alliance, or to a server.

    Share it with the deployment's Google account first, as an editor. The next sync makes the tabs whose names
    begin with IMS. A spreadsheet that is bound already shows the new server or alliance from then on; the officers'
    own tabs stay as they are.

    \b
    Example:
      ./muster --demo sheets bind demo-officers-sheet 202 borealis
    """
    place = {"server": server} | ({"alliance": alliance} if alliance else {})
    state, is_new = where.api.put("sheets", _id(spreadsheet), body=place)
    bound = f"server {state['server']}" + (f", alliance {state['alliance']}" if state["alliance"] else "")
    again = "" if is_new else " It was bound before."
    click.echo(f"Spreadsheet {state['spreadsheet_id']} is bound to {bound}. The next sync writes it.{again}")


@sheets.command()
@click.argument("spreadsheet")
@as_json
@click.pass_obj
def status(where: Where, spreadsheet: str, as_json: bool) -> None:
    """Shows to what it is bound, and how its syncs went.

    \b
    Example:
      ./muster --demo sheets status demo-officers-sheet
    """
    state = where.api.get("sheets", _id(spreadsheet))
    header = ("Server", "Alliance", "Last success", "Last error", "Error")
    row = [state[n] for n in ("server", "alliance", "last_success_at", "last_error_at", "last_error")]
    listing(state, as_json, header, [row])


@sheets.command()
@click.argument("spreadsheet")
@click.pass_obj
def unbind(where: Where, spreadsheet: str) -> None:
    """Unbinds a spreadsheet: Muster writes it no more.

    Its tabs stay as they are, and can be deleted by hand.

    \b
    Example:
      ./muster --demo sheets unbind demo-officers-sheet
    """
    where.api.delete("sheets", _id(spreadsheet))
    click.echo(f"Spreadsheet {_id(spreadsheet)} is bound no more.")


def _id(spreadsheet: str) -> str:
    found = _IN_ADDRESS.search(spreadsheet)
    return found[1] if found else spreadsheet
