"""`servers export` and `servers import`: a whole server as a file, for another deployment. Both work on the table."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from manage.show import as_json, said
from manage.where import Where, table_options

_SHOWN = {
    "alliance": "alliances",
    "commander": "roster entries",
    "event": "events",
    "card": "cards",
    "ledger_entry": "ledger entries",
    "access_key": "keys",
    "sheet": "sheets",
}


@click.command("export")
@click.argument("server")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@table_options
@as_json
@click.pass_obj
def export_server(
    where: Where, server: str, file: Path, table: str | None, db: Path | None, as_json: bool
) -> None:
    """Writes a whole server into a new file.

    The file holds its alliances, rosters, names, completions, readings, ledger, keys, bound sheets, and the events in
    which it has anything. Everything is read from the table twice, and must be the same both times: so do it when
    nobody reports. Reports whose ledger entries are not written yet are entered first; nothing else is changed. The
    file holds names and the hashes of keys, so only you can read it.

    \b
    Examples:
      ./muster --demo servers export 202 server-202.jsonl
      ./muster servers export 202 another-202.jsonl --table muster-prod
      ./muster servers export 202 a-third-202.jsonl --db muster-prod.db
    """
    from chalicelib.store.transfer import Transfer  # brings boto3

    with where.muster(table, db) as muster, _new(file) as output:
        muster.counting.bring_up(server)
        counts = Transfer(muster.stores.table).export_server(server, muster.clock(), output)
    answer = {"server": server, "file": str(file), "counts": dict(counts)}
    said(answer, as_json, f"Server {server} is in {file}: {_told(counts)}.")
    click.echo("It holds names and the hashes of keys. Delete it when the server has moved.", err=True)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@table_options
@as_json
@click.pass_obj
def import_server(where: Where, file: Path, table: str | None, db: Path | None, as_json: bool) -> None:
    """Imports a server from a file that `servers export` wrote.

    It replaces nothing: it refuses if the server already exists, if an event is defined differently, or if a
    spreadsheet is bound to another server. The server appears when everything is there; if the import stops before
    that, run it again. At the end it compares totals with cards, and cards with the ledger. Member links and keys keep
    their secrets.

    \b
    Examples:
      ./muster servers import server-202.jsonl --table muster-prod
      ./muster servers import server-202.jsonl --db muster-prod.db
    """
    from chalicelib.services.keys import WHOEVER_HAS_THE_TABLE
    from chalicelib.store.transfer import Transfer

    with where.muster(table, db) as muster, file.open("rb") as source:
        transfer = Transfer(muster.stores.table)
        done = transfer.import_server(source, WHOEVER_HAS_THE_TABLE, muster.clock())
        if done.removed:
            click.echo(f"Items of an unfinished import that were removed first: {done.removed}.", err=True)
        if not as_json:
            click.echo(f"Server {done.server} is imported: {_told(done.counts)}.")
        miscounted = transfer.miscounted(done.server)
        differences = muster.ledger_pages.differences(done.server)
    if as_json:
        found = {"counts": dict(done.counts), "miscounted": miscounted, "differences": differences}
        said({"server": done.server, **found}, as_json, "")
    for wrong in () if as_json else [*miscounted, *differences]:
        click.echo(wrong)
    if miscounted or differences:
        raise click.ClickException(
            f"Alliances whose totals are not the sum of their cards: {len(miscounted)}. "
            f"Cards that differ from the ledger: {len(differences)}."
        )
    click.echo("Totals are the sum of the cards, and every card agrees with the ledger.", err=as_json)
    click.echo(
        "Now unbind its sheets and revoke its keys in the old deployment, and bind the sheets here with --take-over.",
        err=True,
    )


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read. It is removed again if anything fails. Raises ClickException."""
    try:
        as_it_is = getattr(os, "O_BINARY", 0)  # Windows would write line ends of its own
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | as_it_is, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} already exists. Give the name of a new file.") from None
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
