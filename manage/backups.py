"""`backup` and `restore`: the SQLite file of `./muster serve`, copied and put back."""

import os
import shutil
import time
from contextlib import closing, suppress
from pathlib import Path

import click

from manage.serve.lock import give_to_owner
from manage.show import as_json, said
from manage.where import DEMO_DATABASE, Where, existing

_db = click.option(
    "--db",
    envvar="MUSTER_DB",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The SQLite file of `./muster serve`.",
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_db
@as_json
@click.pass_obj
def backup(where: Where, file: Path, db: Path | None, as_json: bool) -> None:
    """Copies the SQLite file into a new file, also while Muster runs.

    The copy holds all that was there at one moment. It is whole or not there at all, and only its owner can read it:
    it holds names and the hashes of keys.

    \b
    Examples:
      ./muster --demo backup muster-backup.db
      ./muster backup muster-backup.db --db muster-prod.db
    """
    from chalicelib.store.sqlite import CannotOpen

    with existing(_named(DEMO_DATABASE if where.demo else db)) as table:
        try:
            table.back_up(file)
        except FileExistsError:
            raise click.ClickException(f"{file} already exists. Give the name of a new file.") from None
        except CannotOpen as error:
            raise click.ClickException(str(error)) from None
    said({"file": str(file)}, as_json, f"The backup is in {file}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_db
@as_json
@click.pass_obj
def restore(where: Where, file: Path, db: Path | None, as_json: bool) -> None:
    """Puts a backup in the place of the SQLite file.

    Stop `./muster serve` first: while it runs, this is refused. The backup is checked and stays as it is. The file
    that was there is kept beside, under a name that says when it was replaced.

    \b
    Example:
      ./muster restore muster-backup.db --db muster.db
    """
    if where.demo:
        raise click.UsageError("The demo can't be restored. `make demo-reset` lets it begin again.")
    from manage.serve.site import CannotServe, alone_with

    db = _named(db)
    try:
        with alone_with(db) as itself:
            kept = _replace(itself, file)
    except CannotServe as error:
        raise click.ClickException(f"{error}.") from None
    except OSError as error:
        raise click.ClickException(f"{file} can't be restored: {error.strerror}.") from None
    replaced = {"db": str(db), "file": str(file), "kept": str(kept) if kept else None}
    said(replaced, as_json, f"{db} is now what {file} holds.")
    if kept and not as_json:
        click.echo(f"What was there before is in {kept}.", err=True)


def _named(db: Path | None) -> Path:
    if db is None:
        raise click.UsageError("Which file? Give --db or set MUSTER_DB.")
    return db


def _replace(db: Path, backup: Path) -> Path | None:
    """Puts a copy of the backup there; gives where the old file is now, if there was one.

    Raises ClickException, and OSError. Nothing has changed then, unless the disk failed between two renames.
    """
    part = db.with_name(f"{db.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        give_to_owner(part)
        shutil.copyfile(backup, part)
        with part.open("rb+") as copied:
            os.fsync(copied.fileno())
        _require_whole(backup, part)
        kept = db.with_name(f"{db.name}.replaced-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        for suffix in (
            "-wal",
            "-shm",
        ):  # first, so that no log is ever beside a file that it does not belong to
            with suppress(FileNotFoundError):
                Path(f"{db}{suffix}").rename(f"{kept}{suffix}")
        had_one = db.exists()
        if had_one:
            db.rename(kept)
        part.rename(db)
    finally:
        part.unlink(missing_ok=True)
    return kept if had_one else None


def _require_whole(backup: Path, part: Path) -> None:
    """Raises ClickException unless the copy of the backup is one that Muster made, with all that was in it."""
    log = Path(f"{backup}-wal")
    if log.exists() and log.stat().st_size:
        raise click.ClickException(
            f"{backup} is in use, or was: {log.name} belongs to it. Use `./muster backup`."
        )
    if not part.stat().st_size:
        raise click.ClickException(f"{backup} is empty.")
    from chalicelib import bootstrap
    from chalicelib.store.sqlite import CannotOpen

    try:
        with closing(bootstrap.sqlite_table(part)) as table:
            problems = table.damage()
    except CannotOpen as error:
        raise click.ClickException(str(error).replace(str(part), str(backup))) from None
    if problems:
        raise click.ClickException(f"{backup} is damaged: {problems[0]}.")
