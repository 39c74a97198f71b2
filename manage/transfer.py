"""`servers export` and `servers import`: all of a server as a file, for another deployment. Both work on the table."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from manage.where import Where

if TYPE_CHECKING:
    pass

_SHOWN = {
    "alliance": "alliances",
    "commander": "roster entries",
    "event": "events",
    "card": "cards",
    "ledger_entry": "ledger entries",
    "access_key": "keys",
    "sheet": "sheets",
}

table_option = click.option(
    "--table", envvar="TABLE_NAME", show_envvar=True, help="The deployment's DynamoDB table."
)


@click.command("export")
@click.argument("server")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@table_option
@click.pass_obj
def export_server(where: Where, server: str, file: Path, table: str | None) -> None:
    """Writes all of a server into a new file.

    That is its alliances, rosters, names, completions, readings, ledger, keys, bound sheets, and the events that it
    has anything in. It is read from the table, with your AWS credentials, and has to be the same when it is read
    again: so do it when nobody reports. Reports that are not in the ledger yet are entered before; nothing else is
    changed. The file holds names, and the hashes of keys. Only you may read it.

    \b
    Examples:
      ./muster --demo servers export 202 server-202.jsonl
      ./muster servers export 202 another-202.jsonl --table muster-prod
    """
    from chalicelib.store.transfer import Transfer  # brings boto3

    with where.muster(table) as muster, _new(file) as output:
        muster.counting.bring_up(server)
        counts = Transfer(muster.stores.table).export_server(server, muster.clock(), output)
    click.echo(f"Server {server} is in {file}: {_told(counts)}.")
    click.echo("It holds names and the hashes of keys. Delete it when the server has moved.", err=True)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@table_option
@click.pass_obj
def import_server(where: Where, file: Path, table: str | None) -> None:
    """Puts a server in place as `servers export` wrote it.

    Nothing is replaced: it is refused if the server is there already, if an event is defined differently, or if a
    spreadsheet is bound to another server. The server is there once everything is; if it breaks off, do it again. At
    the end, totals are compared with cards, and cards with the ledger. Member links and keys keep their secrets.

    \b
    Example:
      ./muster servers import server-202.jsonl --table muster-prod
    """
    from chalicelib.services.keys import WHOEVER_HAS_THE_TABLE
    from chalicelib.store.transfer import Transfer

    with where.muster(table) as muster, file.open("rb") as source:
        transfer = Transfer(muster.stores.table)
        done = transfer.import_server(source, WHOEVER_HAS_THE_TABLE, muster.clock())
        if done.removed:
            click.echo(f"{done.removed} items of an import that broke off were removed first.", err=True)
        click.echo(f"Server {done.server} is in place: {_told(done.counts)}.")
        miscounted = transfer.miscounted(done.server)
        differences = muster.ledger_pages.differences(done.server)
    for wrong in [*miscounted, *differences]:
        click.echo(wrong)
    if miscounted or differences:
        raise click.ClickException(
            f"The totals of {len(miscounted)} alliances are not the sum of their cards, "
            f"and {len(differences)} cards differ from the ledger."
        )
    click.echo("Totals are the sum of the cards, and every card is what the ledger makes of it.")
    click.echo("Unbind its sheets in the old place, and take its keys back there.", err=True)


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """A file that is its owner's alone, and that is only there in the end if nothing fails. Raises ClickException."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already. Give the name of a new file.") from None
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "wb") as output:
            yield output
    except BaseException:
        file.unlink()
        raise


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts.get(kind, 0):,} {name}" for kind, name in _SHOWN.items())
