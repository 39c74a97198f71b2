"""`./muster`: the groups of commands, and where they work."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from chalicelib.version import VERSION
from manage.backups import backup, restore
from manage.discord import discord
from manage.events import events
from manage.imports import completions, roster
from manage.keys import keys, links
from manage.ledger import ledger
from manage.migrate import migrate
from manage.serve.command import serve
from manage.servers import alliances, servers
from manage.sheets import sheets
from manage.webhooks import webhooks
from manage.where import Where


class _Commands(click.Group):
    """Says it in words if a command needs boto3 and it is not installed. All others run with what `make demo`
    installs."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("boto3", "botocore"):
                raise
            message = "This command needs AWS, but boto3 is not installed here. Install it with `make setup`."
            raise click.ClickException(message) from None


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--demo",
    is_flag=True,
    help="Use the demo that `make demo` runs in this folder, with its admin's key.",
)
@click.option(
    "--url",
    envvar="MUSTER_URL",
    show_envvar=True,
    metavar="URL",
    help="The API's address with its stage, such as https://….amazonaws.com/api.",
)
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the key. Without it, MUSTER_KEY is used, or you are asked. No argument takes a key, since "
    "other users of this machine could see it.",
)
@click.version_option(VERSION, "--version", message="muster %(version)s")
@click.pass_context
def main(context: click.Context, demo: bool, url: str | None, key_file: Path | None) -> None:
    """Runs Muster for servers and alliances: events, keys and links, rosters, sheets, news.

    Most commands call the API with an admin's or officer's key. `keys first`, `ledger verify`, `servers export`,
    `servers import` and `migrate` work on the table instead, with your AWS credentials, or on the file of
    `./muster serve`; `sheets check` asks Google, and `discord register` Discord.

    \b
    To try it while `make demo` runs:
      ./muster --demo events list
      ./muster --demo alliances list 101

    \b
    To begin with a new deployment:
      export MUSTER_URL=https://….amazonaws.com/api
      export MUSTER_KEY=$(./muster keys first --table muster-prod)
      ./muster servers list

    The exit status is 0 if everything went well, 1 if something was refused or could not be done, and 2 if the command
    was not understood.
    """
    if demo and context.get_parameter_source("url") is ParameterSource.COMMANDLINE:
        raise click.UsageError("Give --demo or --url, not both.")
    context.obj = Where(demo, url, key_file)


for command in (
    *(events, servers, alliances, links, keys, roster, completions, sheets, discord, ledger, migrate),
    *(serve, backup, restore),
    webhooks,
):
    main.add_command(command)

_COMPLETE = "_MUSTER_COMPLETE"
"""The variable by which a shell asks for completions, as click has it."""


def run() -> None:
    """Runs the command that was typed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(
                encoding="utf-8"
            )  # on Windows, what goes into a file would be in the machine's own
    is_short = os.name == "nt" or _COMPLETE in os.environ
    main(prog_name="muster" if is_short else "./muster", complete_var=_COMPLETE)


if __name__ == "__main__":
    run()
