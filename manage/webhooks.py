"""`webhooks`: where news goes. The address of a webhook is a secret: no argument takes it, and no output shows it."""

import sys
from pathlib import Path
from typing import Any

import click

from chalicelib.domain.webhooks import KINDS
from chalicelib.languages import LANGUAGES
from manage.show import as_json, listing, plain, said
from manage.where import Where, in_file


@click.group()
def webhooks() -> None:
    """Where news goes: channels on Discord, and programs.

    \b
    Example:
      ./muster --demo webhooks list
    """


@webhooks.command()
@click.argument("server")
@click.argument("alliance", required=False)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="Which news. Repeat it for several; without it: all.",
)
@click.option("--language", type=click.Choice([*LANGUAGES]), default="en", show_default=True)
@click.option("--names", is_flag=True, help="Let closing-soon name who is missing. Needs an alliance.")
@click.option(
    "--url-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that holds the address.",
)
@as_json
@click.pass_obj
def add(
    where: Where,
    server: str,
    alliance: str | None,
    kinds: tuple[str, ...],
    language: str,
    names: bool,
    url_file: Path | None,
    as_json: bool,
) -> None:
    """Sends news of an alliance, or of a server, somewhere.

    Whoever has the address can post there, so no argument takes it. You are asked for it; if there is no terminal, it
    is read from the standard input, or from --url-file. On Discord, copy it from the channel's settings:
    Integrations, Webhooks. With an admin's key it can also be the https address of a program; then the secret that its
    events are signed with is printed, and shown only once.

    \b
    Examples:
      ./muster --demo webhooks add 202 borealis --url-file docs/examples/webhook.txt
      ./muster --demo webhooks add 202 --kind scoreboard --language de --url-file docs/examples/webhook.txt
    """
    made = where.api.post(
        "webhooks",
        body={
            "url": _address(url_file),
            "kinds": kinds or KINDS,
            "server": server,
            "alliance": alliance,
            "language": language,
            "names": names,
        },
    )
    words = plain(f"Added {made['id']}: news of {_scope(made)} goes to {made['url']}.")
    if made["problem"]:
        click.echo(plain(made["problem"]), err=True)
    if made["secret"]:
        click.echo(words, err=True)
        click.echo("The secret that its events are signed with is shown only once: save it now.", err=True)
    said(made, as_json, made["secret"] or words)


@webhooks.command("list")
@as_json
@click.pass_obj
def list_webhooks(where: Where, as_json: bool) -> None:
    """Lists the webhooks in the scope of your key.

    The addresses are cut: the whole is a secret.

    \b
    Example:
      ./muster --demo webhooks list
    """
    found = where.api.get("webhooks")
    header = ("Id", "For", "Address", "Language", "Names", "State", "Kinds")
    rows = [
        [
            one["id"],
            _scope(one),
            one["url"],
            one["language"],
            "yes" if one["names"] else "no",
            _state(one),
            kinds,
        ]
        for one in found["webhooks"]
        for kinds in [", ".join(one["kinds"])]
    ]
    listing(found, as_json, header, rows)


@webhooks.command()
@click.argument("webhook_id", metavar="ID")
@as_json
@click.pass_obj
def test(where: Where, webhook_id: str, as_json: bool) -> None:
    """Sends a test message now, once in a minute at most.

    If it does not arrive, it says why, and the exit status is 1. `webhooks list` shows the ids.

    \b
    Example:
      ./muster --demo webhooks test 0123456789abcdef
    """
    done = where.api.post("webhooks", webhook_id, "test", body={})
    is_there = done["outcome"] == "delivered"
    if as_json or is_there:
        said(done, as_json, "The test message was delivered.")
    if not is_there:
        raise click.ClickException(plain(f"It was not delivered ({done['outcome']}). {done['reason']}"))


@webhooks.command()
@click.argument("webhook_id", metavar="ID")
@as_json
@click.pass_obj
def remove(where: Where, webhook_id: str, as_json: bool) -> None:
    """Sends nothing more there.

    What was sent stays. `webhooks list` shows the ids.

    \b
    Example:
      ./muster --demo webhooks remove 0123456789abcdef
    """
    where.api.delete("webhooks", webhook_id)
    words = f"Removed {webhook_id}. Nothing more is sent there."
    said({"id": webhook_id, "status": "removed"}, as_json, words)


def _address(file: Path | None) -> str:
    if file:
        address = in_file(file)
    elif sys.stdin.isatty():
        address = click.prompt("Address of the webhook", hide_input=True, err=True)
    else:
        address = sys.stdin.readline()
    if not address.strip():
        raise click.UsageError("Which address? Give it on the standard input, or give --url-file.")
    return address.strip()


def _scope(webhook: Any) -> str:
    alliance = f", alliance {webhook['alliance']}" if webhook["alliance"] else ""
    return f"server {webhook['server']}{alliance}"


def _state(webhook: Any) -> str:
    if webhook["disabled"]:
        return f"disabled: {webhook['disabled']}"
    last = f"delivered {webhook['delivered_at']}" if webhook["delivered_at"] else "nothing sent yet"
    return f"{last}; {webhook['problem']}" if webhook["problem"] else last
