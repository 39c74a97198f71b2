"""`links` and `keys`: who may do what. A secret is shown only once, alone on stdout; messages go to stderr."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import click

from chalicelib.domain.access import LONGEST_OVERLAP, REVOKED_WITHIN, Role
from chalicelib.domain.calendar import in_words
from manage.api import Api
from manage.show import as_json, listing, plain, said
from manage.take_back import give_back, take_back
from manage.where import Where, table_options

label = click.option("--label", help="What it is for, so that you can tell it from others later.")
expires_at = click.option(
    "--expires-at", metavar="TIME", help="When it expires, such as 2026-12-07T00:00:00Z. Without it: never."
)
_MOST = LONGEST_OVERLAP // timedelta(minutes=1)
old_works_for = click.option(
    "--old-works-for",
    type=click.IntRange(0, _MOST),
    default=0,
    show_default=True,
    metavar="MINUTES",
    help=f"How long the old one still works, up to {_MOST}.",
)


@click.group()
def links() -> None:
    """Addresses at which members report.

    Anybody who has an alliance's member link can report for its commanders.

    \b
    Example:
      ./muster --demo links create 202 borealis
    """


@links.command("create")
@click.argument("server")
@click.argument("alliance")
@label
@expires_at
@as_json
@click.pass_obj
def create_link(
    where: Where, server: str, alliance: str, label: str | None, expires_at: str | None, as_json: bool
) -> None:
    """Makes a member link, and prints only that.

    It is shown only once: Muster stores only its hash. Links that were made before still work.

    \b
    Example:
      ./muster --demo links create 202 borealis --label "for the alliance's chat"
    """
    body = {"role": "member", "label": label or "member link", "server": server, "alliance": alliance}
    made = where.api.post("keys", body=body | ({"expires_at": expires_at} if expires_at else {}))
    _tell(made, made["link"], as_json)


@links.command("rotate")
@click.argument("server")
@click.argument("alliance")
@click.option("--id", "identity", metavar="ID", help="Which link, if the alliance has several.")
@old_works_for
@as_json
@click.pass_obj
def rotate_link(
    where: Where, server: str, alliance: str, identity: str | None, old_works_for: int, as_json: bool
) -> None:
    """Replaces an alliance's member link with a new one.

    It prints only the new link. The old link ends at once, or after --old-works-for. What was reported through it
    stays.

    \b
    Example:
      ./muster --demo links rotate 202 borealis --old-works-for 60
    """
    now = where.api.now()
    good = [one for one in _links(where.api, server, alliance) if not _ended(one, now)]
    if identity:
        good = [one for one in good if one["id"] == identity]
    if not good:
        raise click.ClickException("There is no such link that works. `links create` makes one.")
    if len(good) > 1:
        ids = ", ".join(one["id"] for one in good)
        raise click.UsageError(f"The alliance has {len(good)} links. Choose one with --id: {ids}.")
    made = _replace(where.api, good[0], None, old_works_for)
    _tell(made, made["link"], as_json)


@links.command("list")
@click.argument("server")
@click.argument("alliance")
@as_json
@click.pass_obj
def list_links(where: Where, server: str, alliance: str, as_json: bool) -> None:
    """Lists the member links of an alliance.

    The addresses themselves are shown only when they are made.

    \b
    Example:
      ./muster --demo links list 202 borealis
    """
    _list(where.api, _links(where.api, server, alliance), as_json)


@click.group()
def keys() -> None:
    """What people and programs may do.

    \b
    Example:
      ./muster --demo keys create officer --server 202 --alliance borealis --label "Example Officer One"
    """


@keys.command("list")
@as_json
@click.pass_obj
def list_keys(where: Where, as_json: bool) -> None:
    """Lists the keys in the scope of your own key.

    Secrets are shown only when they are made. The time of last use is exact to the hour.

    \b
    Example:
      ./muster --demo keys list
    """
    _list(where.api, where.api.get("keys")["keys"], as_json)


@keys.command("create")
@click.argument("role", type=click.Choice(get_args(Role)))
@click.option("--label", required=True, help="Whose it is or what it is for.")
@click.option("--server", help="The server that it is for.")
@click.option("--alliance", help="The alliance that it is for. Without it: the whole server.")
@expires_at
@as_json
@click.pass_obj
def create_key(
    where: Where,
    role: str,
    label: str,
    server: str | None,
    alliance: str | None,
    expires_at: str | None,
    as_json: bool,
) -> None:
    """Makes a key, and prints only its secret.

    It is shown only once: Muster stores only its hash. An admin's key is for the whole deployment; all others need
    --server, and a member's also --alliance. An officer can make keys for members and readers in their own scope.

    \b
    Examples:
      ./muster --demo keys create officer --server 202 --alliance borealis --label "Example Officer One"
      ./muster --demo keys create reader --server 202 --label "our bot" --expires-at 2030-01-01T00:00:00Z
    """
    given = {"role": role, "label": label, "server": server, "alliance": alliance, "expires_at": expires_at}
    made = where.api.post("keys", body={name: value for name, value in given.items() if value is not None})
    _tell(made, made["secret"], as_json)


@keys.command("rotate")
@click.argument("key_id", metavar="ID")
@label
@old_works_for
@as_json
@click.pass_obj
def rotate_key(where: Where, key_id: str, label: str | None, old_works_for: int, as_json: bool) -> None:
    """Replaces a key with a new one.

    The new key has the same role and scope; only its secret is printed. The old key ends at once, or after
    --old-works-for. `keys list` shows the ids.

    \b
    Example:
      ./muster --demo keys rotate 0123456789abcdef --old-works-for 10
    """
    old = next((one for one in where.api.get("keys")["keys"] if one["id"] == key_id), {"id": key_id})
    made = _replace(where.api, old, label, old_works_for)
    _tell(made, made["secret"], as_json)


@keys.command(
    "revoke",
    help=f"""Revokes keys and member links, for good.

    They stop working within {in_words(REVOKED_WITHIN)}. What was done with them stays. Revoking again changes nothing.
    `keys list` shows the ids.

    \b
    Example:
      ./muster --demo keys revoke 0123456789abcdef
    """,
)
@click.argument("key_ids", nargs=-1, required=True, metavar="ID…")
@as_json
@click.pass_obj
def revoke(where: Where, key_ids: tuple[str, ...], as_json: bool) -> None:
    revoked = []
    for key_id in key_ids:
        gone = where.api.delete("keys", key_id)
        revoked.append(gone)
        if not as_json:
            click.echo(plain(f"Revoked {gone['id']}: {gone['role']}, {gone['label']}."))
    if as_json:
        said({"keys": revoked}, as_json, "")


@keys.command()
@click.option("--label", default="first admin", show_default=True, help="Whose key it is.")
@click.option("--another", is_flag=True, help="Make one even if an admin's key still works.")
@table_options
@as_json
@click.pass_obj
def first(where: Where, label: str, another: bool, table: str | None, db: Path | None, as_json: bool) -> None:
    """Makes the first admin's key of a deployment.

    It prints only the secret, and shows it only once: Muster stores only its hash. There is no key yet that could make
    one, so this writes into the table, with your AWS credentials (AWS_DEFAULT_REGION, AWS_PROFILE and AWS_ENDPOINT_URL
    apply), or into the file of `./muster serve`. If an admin's key still works, it is refused without --another. The
    ledger gets an entry.

    \b
    Examples:
      export MUSTER_KEY=$(./muster keys first --table muster-prod)
      export MUSTER_KEY=$(./muster keys first --db muster-prod.db)
    """
    from chalicelib.services.keys import AdminKeyExists

    with where.muster(table, db) as muster:
        try:
            made, secret = muster.keys.first(label, another=another)
        except AdminKeyExists as error:
            raise click.ClickException(f"{plain(error)} --another makes one more.") from None
    click.echo(f"The key {made.id} is an admin's. Its secret is shown only once: save it now.", err=True)
    said({"id": made.id, "role": made.role, "label": made.label, "secret": secret}, as_json, secret)


keys.add_command(take_back)
keys.add_command(give_back)


def _tell(made: Any, secret: str, is_json: bool) -> None:
    ends = f" until {made['expires_at']}" if made["expires_at"] else ""
    words = f"Made {made['id']}: {made['role']}, {made['label']}, {_scope(made)}{ends}. Shown only once: save it now."
    click.echo(plain(words), err=True)
    said(made, is_json, secret)


def _replace(api: Api, old: Any, label: str | None, minutes: int) -> Any:
    body = {"label": label or old.get("label", "rotated"), "replaces": old["id"]}
    return api.post("keys", body=body | {"old_works_for_minutes": minutes})


def _links(api: Api, server: str, alliance: str) -> list[Any]:
    wanted = {"role": "member", "server": server, "alliance": alliance}
    return [one for one in api.get("keys")["keys"] if wanted.items() <= one.items()]


def _ended(key: Any, now: datetime) -> bool:
    ends = (key["expires_at"], key["revoked_at"])
    return any(datetime.fromisoformat(end) <= now for end in ends if end)


def _list(api: Api, keys: list[Any], is_json: bool) -> None:
    now = api.now()
    header = ("Id", "Role", "Label", "For", "Created", "Last used", "State")
    rows = [
        (key["id"], key["role"], key["label"], _scope(key), key["created_at"], key["last_used_at"], state)
        for key in keys
        for state in [_state(key, now)]
    ]
    listing({"keys": keys}, is_json, header, rows)


def _state(key: Any, now: datetime) -> str:
    if key["revoked_at"]:
        return f"revoked {key['revoked_at']}"
    if key["expires_at"]:
        return f"{'ended' if _ended(key, now) else 'until'} {key['expires_at']}"
    return "good"


def _scope(key: Any) -> str:
    if not key["server"]:
        return "the deployment"
    return f"server {key['server']}" + (f", alliance {key['alliance']}" if key["alliance"] else "")
