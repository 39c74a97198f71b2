"""Where a command works: a deployment or the demo, with which key; and the table itself, for commands that need it.

Only a deployment's table needs boto3: without it, a command starts in half the time.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from chalicelib.domain.errors import Busy, MusterError
from chalicelib.files import CannotRead, text_of
from chalicelib.settings import Settings
from manage.api import Api

if TYPE_CHECKING:
    from chalicelib.bootstrap import Muster
    from chalicelib.store.sqlite import SQLiteTable

DEMO = Path(".local/demo.json")
DEMO_DATABASE = Path(".local/muster.db")


def table_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--table` and `--db` to a command that works on the table, for `Where.muster`."""
    command = click.option(
        "--db",
        envvar="MUSTER_DB",
        show_envvar=True,
        type=click.Path(dir_okay=False, path_type=Path),
        help="Instead of a table, the SQLite file of `./muster serve`, also while it runs.",
    )(command)
    return click.option(
        "--table", envvar="TABLE_NAME", show_envvar=True, help="The deployment's DynamoDB table."
    )(command)


@dataclass(frozen=True)
class Where:
    """What the options before the command say. Nothing is opened until a command needs it."""

    demo: bool
    url: str | None
    key_file: Path | None

    @cached_property
    def api(self) -> Api:
        """Raises ClickException."""
        if self.demo:
            return Api(self.facts["api_url"], self._secret, "Is the demo still running?")
        if not self.url:
            raise click.UsageError(
                "Where is Muster? Give --url or set MUSTER_URL, or give --demo for the demo on this machine."
            )
        if _is_readable_on_the_way(self.url):
            click.echo(
                "Warning: without https, others on the way can read the key, and what is sent.", err=True
            )
        return Api(self.url, self._secret, "Check the address and the network.")

    @contextmanager
    def muster(self, table: str | None, db: Path | None) -> Iterator["Muster"]:
        """The product on its table, without the API: the demo's; the file `db`; or `table`, with your AWS credentials.

        Raises ClickException, also for what AWS or the product refuses inside the `with` block.
        """
        if table and db and not self.demo:
            raise click.UsageError("Which of them? TABLE_NAME (--table) and MUSTER_DB (--db) are both given.")
        try:
            opened = self._of_the_demo() if self.demo else _of_a_file(db) if db else _of_a_deployment(table)
            with opened as muster:
                yield muster
        except Busy:
            raise click.ClickException("The table did not answer in time. Try again in a moment.") from None
        except MusterError as error:
            raise click.ClickException(error.detail) from None

    @contextmanager
    def _of_the_demo(self) -> Iterator["Muster"]:
        """The product on the file that the demo has open too, at the demo's time."""
        from chalicelib import bootstrap

        now = self.api.now()
        with existing(DEMO_DATABASE) as table:
            yield bootstrap.assemble(Settings(database=DEMO_DATABASE), table, lambda: now)

    @cached_property
    def facts(self) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads(DEMO.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise click.ClickException(
                f"No demo is running in this folder: there is no {DEMO}. Start it with `make demo`."
            ) from None
        return facts

    def _secret(self) -> str:
        if self.key_file:
            secret = in_file(self.key_file)
        elif self.demo:
            secret = self.facts["admin_key"]
        else:
            secret = os.environ.get("MUSTER_KEY") or _asked()
        if not secret.strip().isascii() or not secret.strip().isprintable():
            raise click.ClickException("This is not a key: it has characters that no key has.")
        return secret.strip()


def _is_readable_on_the_way(url: str) -> bool:
    """Whether what is sent there leaves this machine without TLS."""
    try:
        parts = urlsplit(url)
    except ValueError:  # it is no address, which is said later
        return False
    if parts.scheme != "http" or parts.hostname in (None, "localhost"):
        return False
    try:
        return not ip_address(parts.hostname).is_loopback
    except ValueError:  # it is a name
        return True


def in_file(file: Path) -> str:
    """The text of a file that holds a secret. Raises ClickException."""
    try:
        return text_of(file.read_bytes())
    except CannotRead as error:
        raise click.ClickException(f"{file}: {error}.") from None


@contextmanager
def existing(db: Path) -> Iterator["SQLiteTable"]:
    """The table in a file that is there. Raises ClickException."""
    from chalicelib import bootstrap
    from chalicelib.store.sqlite import CannotOpen

    if not db.exists():
        raise click.ClickException(f"There is no {db}.")
    try:
        table = bootstrap.sqlite_table(db)
    except CannotOpen as error:
        raise click.ClickException(str(error)) from None
    with closing(table):
        yield table


@contextmanager
def _of_a_file(db: Path) -> Iterator["Muster"]:
    from chalicelib import bootstrap

    with existing(db) as table:
        yield bootstrap.assemble(Settings(database=db), table)


@contextmanager
def _of_a_deployment(table: str | None) -> Iterator["Muster"]:
    if not table:
        raise click.UsageError(
            "Which table? Give --table or set TABLE_NAME; for a file, give --db or set MUSTER_DB."
        )
    from botocore.exceptions import BotoCoreError, ClientError

    from chalicelib import bootstrap

    try:
        with closing(bootstrap.dynamodb()) as client:
            yield bootstrap.assemble(Settings(table), bootstrap.dynamodb_table(table, client))
    except ClientError as error:
        raise click.ClickException(f"AWS refused it: {error.response['Error']['Message']}") from None
    except BotoCoreError as error:
        raise click.ClickException(f"AWS can't be used: {error}") from None


def _asked() -> str:
    if not _somebody_sits_there():
        raise click.UsageError("This needs a key: set MUSTER_KEY, or give --key-file.")
    secret: str = click.prompt("Key", hide_input=True, err=True)
    return secret


def _somebody_sits_there() -> bool:
    return sys.stdin.isatty()
