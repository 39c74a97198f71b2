"""`migrate`: brings what an earlier version stored to this version's form."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from manage.show import as_json, said
from manage.where import Where, table_options

if TYPE_CHECKING:
    from chalicelib.services.migrating import Migrated
    from chalicelib.services.rosters import CommanderNamesake


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be changed, and change nothing.")
@table_options
@as_json
@click.pass_obj
def migrate(where: Where, dry_run: bool, table: str | None, db: Path | None, as_json: bool) -> None:
    """Brings stored items to this version's form.

    Run it once after each upgrade. You can repeat it, and members can report while it runs. It reads the whole table,
    with your AWS credentials, and also prints which items this version can't read. The exit status is 1 if there are
    any, or if something was left for another run.

    \b
    Examples:
      ./muster --demo migrate --dry-run
      ./muster migrate --table muster-prod
    """
    with where.muster(table, db) as muster:
        migrated = muster.migrating.run(dry_run=dry_run)
    if as_json:
        said({"dry_run": dry_run, **_answer(migrated)}, as_json, "")
    else:
        _show(migrated, dry_run)
    if migrated.left:
        raise click.ClickException(f"Items that were in use: {migrated.left}. Run it again.")
    if migrated.unreadable:
        raise click.ClickException("What can't be read is shown nowhere. docs/OPERATIONS.md says what to do.")


def _answer(migrated: "Migrated") -> dict[str, Any]:
    names = [
        {
            "server": one.server,
            "coinciding": [list(map(_whose, group)) for group in one.coinciding],
            "nameless": list(map(_whose, one.nameless)),
        }
        for one in migrated.names
        if one.coinciding or one.nameless
    ]
    counts = {"items": migrated.items, "changed": dict(migrated.changed), "left": migrated.left}
    return {**counts, "unreadable": migrated.unreadable, "names": names}


def _whose(one: "CommanderNamesake") -> dict[str, str]:
    return {"id": one.id, "name": one.name, "alliance": one.alliance}


def _show(migrated: "Migrated", dry_run: bool) -> None:
    click.echo(f"Items read: {migrated.items}", err=True)
    for step, changed in migrated.changed.items():
        click.echo(f"{step}: {changed} {'to change' if dry_run else 'changed'}")
    for server in migrated.names:
        for group in server.coinciding:
            whose = ", ".join(f"{one.name} ({one.alliance}, {one.id})" for one in group)
            click.echo(f"server {server.server}: the same name; merge them if they are one person: {whose}")
        for one in server.nameless:
            click.echo(
                f"server {server.server}: a name with nothing visible; rename it: {one.alliance}, {one.id}"
            )
    for key in migrated.unreadable:
        click.echo(f"can't be read: {key}")
