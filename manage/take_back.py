"""`keys take-back` and `keys give-back`: what was reported with a key that leaked, in as many calls as it takes."""

from typing import Any

import click

from manage.api import Api
from manage.show import as_json, plain, said
from manage.where import Where


@click.command("take-back")
@click.argument("key_id", metavar="ID")
@click.option("--reason", required=True, help="Why, for the ledger.")
@click.option(
    "--all", "everybody", is_flag=True, help="Of everybody, not only of commanders that it brought."
)
@click.option(
    "--since", metavar="TIME", help="Only what was recorded from then on, such as 2026-12-07T18:00:00Z."
)
@click.option("--until", metavar="TIME", help="Only what was recorded before.")
@click.option("--server", help="Where, if neither key says it.")
@click.option("--dry-run", is_flag=True, help="Say how much it would be, and change nothing.")
@as_json
@click.pass_obj
def take_back(
    where: Where,
    key_id: str,
    reason: str,
    everybody: bool,
    since: str | None,
    until: str | None,
    server: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Takes back what was reported with a key or link.

    Without --all it takes back only what was reported for the commanders that this key alone brought, and retires
    them. Commanders that officers or other keys know keep everything. Revoke the key first, or more may come in.

    It works in parts; if it breaks off, run it again. `keys give-back` undoes it. `keys list` shows the ids; that of a
    spreadsheet is sheet:ID.

    \b
    Examples:
      ./muster --demo keys take-back 0123456789abcdef --reason "the link leaked" --dry-run
      ./muster --demo keys take-back 0123456789abcdef --reason "the link leaked" --since 2026-12-07T18:00:00Z
    """
    given = {"since": since, "until": until, "server": server}
    body: dict[str, object] = {"key_id": key_id, "reason": reason, "dry_run": dry_run}
    body |= {"only": "all" if everybody else "new-commanders"}
    body |= {name: value for name, value in given.items() if value is not None}
    done = _all_of_it(where.api, body)
    words = f"It would take back {_what(done)}." if dry_run else f"Took back {_what(done)}."
    said(done | {"dry_run": dry_run}, as_json, words)
    if not dry_run:
        click.echo(plain(f"To undo it: ./muster keys give-back {done['id']}"), err=True)


@click.command("give-back")
@click.argument("bulk_id", metavar="ID")
@as_json
@click.pass_obj
def give_back(where: Where, bulk_id: str, as_json: bool) -> None:
    """Undoes `keys take-back`.

    What somebody has changed since stays as it is. It works in parts; if it breaks off, run it again.

    \b
    Example:
      ./muster --demo keys give-back 202:0123456789abcdef
    """
    done = _all_of_it(where.api, {"undo": bulk_id})
    said(done, as_json, f"Gave back {_what(done)}.")


def _all_of_it(api: Api, body: dict[str, object]) -> dict[str, Any]:
    """The answer of all calls together."""
    commanders = completions = 0
    while True:
        part = api.post("corrections", "bulk", body=body)
        commanders, completions = commanders + part["commanders"], completions + part["completions"]
        if not part["remaining"]:
            return {"id": part["id"], "commanders": commanders, "completions": completions}
        click.echo(f"{part['remaining']:,} commanders left …", err=True)


def _what(done: dict[str, Any]) -> str:
    return f"{done['completions']:,} completions of {done['commanders']:,} commanders"
