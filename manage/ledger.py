"""`ledger`: who changed what, when and why; and whether the cards are what it says."""

from typing import Any

import click

from manage.show import as_json, listing
from manage.where import Where


@click.group()
def ledger() -> None:
    """The record of every change.

    \b
    Example:
      ./muster --demo ledger show 202 --limit 5
    """


@ledger.command()
@click.argument("server", required=False)
@click.option("--alliance", help="Only what is of this alliance.")
@click.option("--commander", help="Only what is of this commander, by name or id.")
@click.option("--before", metavar="ID", help="Only what is older than this entry.")
@click.option("--limit", metavar="N", help="How many entries, up to 200. Else 50.")
@as_json
@click.pass_obj
def show(where: Where, /, server: str | None, as_json: bool, **query: str | None) -> None:
    """Shows who changed what, the latest first.

    It is the ledger of a server; without one, that of the deployment: events, and keys for all of it. Reports that
    are not in it yet are entered before it is shown.

    \b
    Examples:
      ./muster --demo ledger show 202
      ./muster --demo ledger show 202 --commander Kestrel --limit 5
      ./muster --demo ledger show
    """
    if not server and (query["alliance"] or query["commander"]):
        raise click.UsageError("--alliance and --commander are of a server: say which.")
    path = ("servers", server, "ledger") if server else ("ledger",)
    answer = where.api.get(*path, **query)
    header = ("At", "What", "By", "Alliance", "Commander", "Changed", "Reason")
    rows = [
        (
            entry["at"],
            entry["action"],
            entry["actor"]["label"],
            entry["alliance"],
            (entry["commander"] or {}).get("name"),
            _change(entry),
            entry["reason"],
        )
        for entry in answer["entries"]
    ]
    listing(answer, as_json, header, rows)
    if answer["next"] and not as_json:
        click.echo(f"Older ones: --before {answer['next']}", err=True)


@ledger.command()
@click.argument("server")
@click.option("--table", envvar="TABLE_NAME", show_envvar=True, help="The deployment's DynamoDB table.")
@click.pass_obj
def verify(where: Where, server: str, table: str | None) -> None:
    """Compares a server's cards with the ledger.

    A card that is not what the ledger makes of it is printed, and then it ends with 1; there should be none. Each
    is EVENT/ALLIANCE/COMMANDER. It reads the whole ledger from the table, with your AWS credentials. Reports that
    are not in the ledger yet are entered before; nothing else is changed.

    \b
    Examples:
      ./muster --demo ledger verify 202
      ./muster ledger verify 202 --table muster-prod
    """
    with where.muster(table) as muster:
        differences = muster.ledger_pages.differences(server)
    for difference in differences:
        click.echo(difference)
    if differences:
        raise click.ClickException(f"{len(differences)} cards differ from the ledger.")
    click.echo("Every card is what the ledger makes of it.", err=True)


def _change(entry: Any) -> str:
    """The milestones; or of what it was, and what the attributes were and are."""
    if entry["milestones"]:
        return ", ".join(entry["milestones"])
    before, after = entry["before"] or {}, entry["after"] or {}
    names = [name for name in {**before, **after} if name != "id" and before.get(name) != after.get(name)]
    changes = ", ".join(f"{name}: {_side(before, name)} → {_side(after, name)}" for name in names)
    return f"{after.get('id') or before.get('id') or ''} {changes}".strip()


def _side(side: Any, name: str) -> str:
    value = side.get(name)
    return "–" if value is None else "…" if isinstance(value, dict | list) else str(value)
