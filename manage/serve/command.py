"""`serve`: runs the product on this machine until it is told to stop."""

import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chalicelib.settings import InvalidSettings, Serving, Settings, in_file
from chalicelib.telemetry import log_structured, told
from chalicelib.version import VERSION

if TYPE_CHECKING:
    from manage.serve.site import Site

logger = logging.getLogger(__name__)

_OURS = ("chalicelib", "sheets_sync", "manage")


class _Wrong(click.ClickException):
    """A setting is."""

    exit_code = 2


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="MUSTER_CONFIG",
    show_envvar=True,
    metavar="FILE",
    help="A TOML file with settings, by the names that they have in the environment. The environment overrides it.",
)
def serve(config: Path | None) -> None:
    """Runs Muster on this machine, until it is stopped.

    Everything is kept in one SQLite file, MUSTER_DB. Put a proxy with TLS in front of it; docs/SERVE.md says how, and
    docs/settings.md lists all settings. SIGTERM and Ctrl-C stop it when what had begun is finished. If no admin's key
    works yet, it makes the first one and shows it, on a terminal only; elsewhere run `./muster keys first`.

    The exit status is 2 if a setting is missing or wrong, and 1 if it can't start for another reason.

    \b
    Example:
      ./muster serve --config /etc/muster.toml
    """
    try:
        given = (in_file(config) if config else {}) | {name: one for name, one in os.environ.items() if one}
        if "MUSTER_DB" not in given:
            raise InvalidSettings("MUSTER_DB must name the SQLite file")
        serving = Serving.from_environment(given)
        settings = Settings.from_environment(given)
        _require_credentials(settings)
    except InvalidSettings as error:
        raise _Wrong(f"{error}.") from None

    from manage.serve.site import CannotServe, opened  # brings what serves

    _log(serving)
    try:
        with opened(settings, serving) as site:
            _end_with(site)
            _announce(site)
            site.run()
    except CannotServe as error:
        raise click.ClickException(f"{error}.") from None
    logger.info("stopped")


def _require_credentials(settings: Settings) -> None:
    """Raises InvalidSettings where the file holds no credentials that could be tried."""
    if settings.sheets_credentials_file is None:
        return
    from sheets_sync.credentials import held_in
    from sheets_sync.failures import SignInFailed

    try:
        held_in(str(settings.sheets_credentials))
    except SignInFailed as error:
        raise InvalidSettings(f"SHEETS_CREDENTIALS_FILE can't be used. {str(error).rstrip('.')}") from None


def _log(serving: Serving) -> None:
    """As in AWS; on a terminal so that people can read it. What others tell is logged from WARNING on, but not each
    request that has to wait for another."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    wanted = serving.log_format or ("text" if sys.stdout.isatty() else "json")
    if wanted == "json":
        log_structured("", level=logging.WARNING)
        log_structured(*_OURS)
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Readable("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)


class Readable(logging.Formatter):
    """With what a line carries besides its message, and the traceback below."""

    _USUAL = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime", "exception"}

    def format(self, record: logging.LogRecord) -> str:
        record = told(record)
        more = [f"{name}={value}" for name, value in record.__dict__.items() if name not in self._USUAL]
        return "\n".join(
            [" ".join([super().format(record), *more]), *getattr(record, "exception", "").splitlines()]
        )


def _end_with(site: "Site") -> None:
    """The first signal lets it finish what had begun; another ends it at once, and loses nothing that was answered."""

    def end(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        site.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def _announce(site: "Site") -> None:
    logger.info("serving", extra={"version": VERSION, "url": site.url})
    keys = site.muster.keys
    if keys.an_admin():
        return
    if not sys.stdout.isatty():
        logger.warning("no admin's key works yet: make one with `./muster keys first`")
        return
    _, secret = keys.first("first admin")
    click.echo(f"\nThe first admin's key. It is shown only once: save it now.\n\n  {secret}\n")
