"""`ledger`: who changed what, when and why; and whether the cards agree with it."""

from pathlib import Path
from typing import Any

import click

from manage.show import as_json, listing, said
from manage.where import Where, table_options


@click.group()
def ledger() -> None:
    """The record of every change.

    \b
    Example:
      ./muster --demo ledger show 202 --limit 5
    """


@ledger.command()
@click.argument("server", required=False)
@click.option("--alliance", help="Only entries about this alliance.")
@click.option("--commander", help="Only entries about this commander, by name or id.")
@click.option("--before", metavar="ID", help="Only entries that are older than this one.")
@click.option("--limit", metavar="N", help="How many entries, up to 200; 50 if not given.")
@as_json
@click.pass_obj
def show(where: Where, /, server: str | None, as_json: bool, **query: str | None) -> None:
    """Shows who changed what, the latest first.

    With a server it shows that server's ledger; without one, the deployment's: changes of events, and of keys for the
    whole deployment. Reports whose entries are not written yet are entered first.

    \b
    Examples:
      ./muster --demo ledger show 202
      ./muster --demo ledger show 202 --commander Kestrel --limit 5
      ./muster --demo ledger show
    """
    if not server and (query["alliance"] or query["commander"]):
        raise click.UsageError("--alliance and --commander need a server: say which one.")
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
        click.echo(f"Older entries: --before {answer['next']}", err=True)


@ledger.command()
@click.argument("server")
@table_options
@as_json
@click.pass_obj
def verify(where: Where, server: str, table: str | None, db: Path | None, as_json: bool) -> None:
    """Compares a server's cards with the ledger.

    It reads the whole ledger from the table, with your AWS credentials, and works out from it what each card should
    hold. A card that differs is printed as EVENT/ALLIANCE/COMMANDER, and the exit status is then 1; there should be
    none. Reports whose entries are not written yet are entered first; nothing else is changed.

    \b
    Examples:
      ./muster --demo ledger verify 202
      ./muster ledger verify 202 --table muster-prod
    """
    with where.muster(table, db) as muster:
        differences = muster.ledger_pages.differences(server)
    if as_json:
        said({"server": server, "differences": differences}, as_json, "")
    for difference in () if as_json else differences:
        click.echo(difference)
    if differences:
        raise click.ClickException(f"Cards that differ from the ledger: {len(differences)}.")
    click.echo("Every card agrees with the ledger.", err=True)


def _change(entry: Any) -> str:
    """The milestones; or the id of what was changed, and each attribute before and after."""
    if entry["milestones"]:
        return ", ".join(entry["milestones"])
    before, after = entry["before"] or {}, entry["after"] or {}
    names = [name for name in {**before, **after} if name != "id" and before.get(name) != after.get(name)]
    changes = ", ".join(f"{name}: {_side(before, name)} → {_side(after, name)}" for name in names)
    return f"{after.get('id') or before.get('id') or ''} {changes}".strip()


def _side(side: Any, name: str) -> str:
    value = side.get(name)
    return "–" if value is None else "…" if isinstance(value, dict | list) else str(value)
