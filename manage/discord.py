"""`discord`: the alliance's guilds and accounts on Discord, and the commands that Discord offers there."""

import os
from typing import Any

import click
import requests

from chalicelib.news.discord_commands import registration
from chalicelib.settings import InvalidSettings, Settings
from manage.api import PATIENCE
from manage.show import as_json, listing, plain, said
from manage.where import Where


@click.group()
def discord() -> None:
    """Slash commands on Discord.

    \b
    Example:
      ./muster --demo discord code 202 borealis
    """


@discord.command()
@click.argument("server")
@click.argument("alliance")
@as_json
@click.pass_obj
def code(where: Where, server: str, alliance: str, as_json: bool) -> None:
    """Makes a code that binds a guild, and prints only that.

    Whoever manages the guild, which Discord calls a server, enters it there: /bind code:CODE. It works once, and takes
    the place of a code that was made before.

    \b
    Example:
      ./muster --demo discord code 202 borealis
    """
    made = where.api.post(*_place(server, alliance), body={})
    click.echo(f"Enter it on Discord with /bind, once, before {made['expires_at']}.", err=True)
    said(made, as_json, made["code"])


@discord.command("list")
@click.argument("server")
@click.argument("alliance")
@as_json
@click.pass_obj
def list_discord(where: Where, server: str, alliance: str, as_json: bool) -> None:
    """Lists an alliance's guilds, and who says to be whom.

    \b
    Example:
      ./muster --demo discord list 202 borealis
    """
    found = where.api.get(*_place(server, alliance))
    rows: list[tuple[Any, ...]] = [("guild", one["guild"], "", one["bound_at"]) for one in found["guilds"]]
    for one in found["accounts"]:
        names = ", ".join(commander["name"] for commander in one["commanders"])
        rows.append(("account", one["account"], one["name"], names))
    listing(found, as_json, ("What", "Id", "Name", "Bound at, or reports for"), rows)


@discord.command()
@click.argument("server")
@click.argument("alliance")
@click.argument("guild")
@as_json
@click.pass_obj
def unbind(where: Where, server: str, alliance: str, guild: str, as_json: bool) -> None:
    """Unbinds a guild: its commands do nothing any more.

    Accounts stay linked, for another guild of the alliance.

    \b
    Example:
      ./muster --demo discord unbind 202 borealis 1165706613746638900
    """
    where.api.delete(*_place(server, alliance), guild)
    said({"guild": guild, "status": "unbound"}, as_json, f"Guild {guild} is no longer bound.")


@discord.command()
@click.argument("server")
@click.argument("alliance")
@click.argument("account")
@as_json
@click.pass_obj
def unlink(where: Where, server: str, alliance: str, account: str, as_json: bool) -> None:
    """Unlinks an account: it reports for nobody any more.

    What it has reported stays. `discord list` shows the ids.

    \b
    Example:
      ./muster --demo discord unlink 202 borealis 1080705430121799700
    """
    where.api.delete(*_place(server, alliance), "accounts", account)
    words = f"Account {account} reports for nobody of the alliance any more."
    said({"account": account, "status": "unlinked"}, as_json, words)


@discord.command()
@click.argument("application", envvar="DISCORD_APPLICATION_ID")
@click.option(
    "--bearer", is_flag=True, help="The token is one of client credentials, and not that of the bot."
)
@as_json
def register(application: str, bearer: bool, as_json: bool) -> None:
    """Tells Discord which commands there are.

    It replaces the whole list. APPLICATION is the application's id, or DISCORD_APPLICATION_ID is. The bot's token is
    read from DISCORD_TOKEN, or you are asked for it: no argument takes it, since other users of this machine could see
    it. No Muster key is needed. DISCORD_API_URL applies.

    \b
    Example:
      ./muster discord register 1165706613746638900
    """
    if not (application.isascii() and application.isdigit()):
        raise click.UsageError(f"{application!r} is not the id of an application: that is a number.")
    token = os.environ.get("DISCORD_TOKEN") or click.prompt("Token", hide_input=True, err=True)
    if not (token.isascii() and token.isprintable()) or " " in token.strip():
        raise click.ClickException("This is not a token: it has characters that no token has.")
    commands = registration()
    headers = {"Authorization": f"{'Bearer' if bearer else 'Bot'} {token.strip()}"}
    address = f"{_discord_api()}/api/v10/applications/{application}/commands"
    try:
        answer = requests.put(
            address, json=commands, headers=headers, timeout=PATIENCE, allow_redirects=False, auth=_as_it_is
        )
    except requests.RequestException:
        raise click.ClickException(f"{_discord_api()} can't be reached.") from None
    if answer.status_code != requests.codes.ok:
        raise click.ClickException(_why_not(answer))
    names = [command["name"] for command in commands]
    words = f"Discord offers {', '.join(f'/{name}' for name in names)} now."
    said({"application": application, "commands": names}, as_json, words)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Instead of what requests would find in a .netrc."""
    return request


def _discord_api() -> str:
    try:
        return Settings.from_environment(
            {**os.environ, "TABLE_NAME": "none is read", "MUSTER_DB": ""}
        ).discord_api_url
    except InvalidSettings as error:
        raise click.ClickException(str(error)) from None


def _why_not(answer: requests.Response) -> str:
    if answer.status_code in (401, 403, 404):
        return (
            f"Discord answered {answer.status_code}. Check the token, and that the id is the application's: both are "
            "under https://discord.com/developers/applications."
        )
    return f"Discord answered {answer.status_code}: {plain(answer.text[:500])}"


def _place(server: str, alliance: str) -> tuple[str, ...]:
    return "servers", server, "alliances", alliance, "discord"
