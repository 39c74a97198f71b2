"""`servers` and `alliances`: who uses Muster."""

from typing import Any

import click

from chalicelib.domain.roster import MOST_NEW_PER_DAY
from manage.show import as_json, listing, said
from manage.transfer import export_server, import_server
from manage.where import Where


@click.group()
def servers() -> None:
    """Servers, and when their game day begins.

    \b
    Example:
      ./muster --demo servers put 202 --day-starts 18:00 --zone America/New_York
    """


@servers.command("list")
@as_json
@click.pass_obj
def list_servers(where: Where, as_json: bool) -> None:
    """Lists the servers.

    A game day is marked as assumed until somebody sets it.

    \b
    Example:
      ./muster --demo servers list
    """
    answer = where.api.get("servers")
    rows = [
        (one["id"], day["starts_at"], day["zone"], "yes" if day["assumed"] else "")
        for one in answer["servers"]
        for day in [one["game_day"]]
    ]
    listing(answer, as_json, ("Server", "Day starts", "Zone", "Assumed"), rows)


@servers.command("put")
@click.argument("server")
@click.option("--day-starts", metavar="HH:MM", help="When the game day begins, in the zone's local time.")
@click.option("--zone", help="An IANA zone, such as America/New_York or UTC.")
@click.option(
    "--public-standings/--private-standings",
    "public_standings",
    default=None,
    help="Whether everybody may see the points of each alliance, or nobody without a key (so it is for a new server).",
)
@as_json
@click.pass_obj
def put_server(
    where: Where,
    server: str,
    day_starts: str | None,
    zone: str | None,
    public_standings: bool | None,
    as_json: bool,
) -> None:
    """Defines a server, or changes it.

    SERVER is its number. A server that exists keeps what you don't give; the day of a new one is assumed to begin at
    00:00 UTC. Setting another game day moves the windows of all events on that server; nothing that was recorded is
    lost.

    \b
    Examples:
      ./muster --demo servers put 202 --day-starts 18:00 --zone America/New_York
      ./muster --demo servers put 202 --public-standings
    """
    if (day_starts is None) != (zone is None):
        raise click.UsageError("--day-starts and --zone go together.")
    known = {one["id"]: one for one in where.api.get("servers")["servers"]}
    before = known.get(server)
    if before and day_starts is None and public_standings is None:
        said(before | {"status": "already_there"}, as_json, f"Server {server} is already there.")
        return
    day: dict[str, Any] | None = {"starts_at": day_starts, "zone": zone} if day_starts else None
    if before and day is None and not before["game_day"]["assumed"]:
        day = {name: before["game_day"][name] for name in ("starts_at", "zone")}
    if public_standings is None:
        public_standings = bool(before and before["public_standings"])
    after = {"game_day": day, "public_standings": public_standings}
    answer, _ = where.api.put("servers", server, body=after)
    day = answer["game_day"]
    done = "changed" if before else "new"
    assumed = " (assumed)" if day["assumed"] else ""
    public = " The points of its alliances are public." if answer["public_standings"] else ""
    words = f"Server {server}: {done}. Its day begins at {day['starts_at']} {day['zone']}{assumed}.{public}"
    said(answer | {"status": done}, as_json, words)


servers.add_command(export_server)
servers.add_command(import_server)


@click.group()
def alliances() -> None:
    """Alliances of a server, and who may report.

    \b
    Example:
      ./muster --demo alliances put 202 borealis --tag BOR --name "Borealis Watch"
    """


@alliances.command("list")
@click.argument("server")
@as_json
@click.pass_obj
def list_alliances(where: Where, server: str, as_json: bool) -> None:
    """Lists the alliances of a server.

    \b
    Example:
      ./muster --demo alliances list 101
    """
    answer = where.api.get("servers", server, "alliances")
    rows = [
        (one["id"], one["tag"], one["name"], who, one["new_per_day"])
        for one in answer["alliances"]
        for who in ["anybody" if one["is_open"] else "the roster only"]
    ]
    listing(answer, as_json, ("Alliance", "Tag", "Name", "Who may report", "New a day"), rows)


@alliances.command("put")
@click.argument("server")
@click.argument("alliance")
@click.option("--tag", help="The tag that the game shows before names.")
@click.option("--name", help="What people call it.")
@click.option(
    "--open/--roster-only",
    "is_open",
    default=None,
    help="Whether somebody new joins the roster by reporting (so it is in a new alliance), or is refused.",
)
@as_json
@click.pass_obj
def put_alliance(
    where: Where,
    server: str,
    alliance: str,
    tag: str | None,
    name: str | None,
    is_open: bool | None,
    as_json: bool,
) -> None:
    """Defines an alliance, or changes it.

    You choose its id, which can't change later; tag and name can. A new alliance needs --tag and --name. An alliance
    that exists keeps what you don't give, and always its roster and completions.

    \b
    Examples:
      ./muster --demo alliances put 202 borealis --tag BOR --name "Borealis Watch"
      ./muster --demo alliances put 202 borealis --roster-only
    """
    known = {one["id"]: one for one in where.api.get("servers", server, "alliances")["alliances"]}
    before = known.get(alliance, {"is_open": True})
    given = {"tag": tag, "name": name, "is_open": is_open}
    after = {field: before.get(field) if value is None else value for field, value in given.items()}
    if after["tag"] is None or after["name"] is None:
        raise click.UsageError(f"{alliance} is new, so it needs --tag and --name.")
    answer, _ = where.api.put("servers", server, "alliances", alliance, body=after)
    done = "changed" if alliance in known else "new"
    labels = f"[{answer['tag']}] {answer['name']}"
    words = f"Alliance {alliance} of server {server}: {done}. {labels}. {_who(answer)}."
    said(answer | {"status": done}, as_json, words)


@alliances.command()
@click.argument("server")
@click.argument("alliance")
@as_json
@click.pass_obj
def close(where: Where, server: str, alliance: str, as_json: bool) -> None:
    """Stops new commanders from joining by a member link.

    Commanders who are on the roster can still report. `keys revoke` ends a link.

    \b
    Example:
      ./muster --demo alliances close 202 borealis
    """
    _change(where, server, alliance, {"is_open": False}, as_json)


@alliances.command("open")
@click.argument("server")
@click.argument("alliance")
@as_json
@click.pass_obj
def open_alliance(where: Where, server: str, alliance: str, as_json: bool) -> None:
    """Lets new commanders join by reporting.

    \b
    Example:
      ./muster --demo alliances open 202 borealis
    """
    _change(where, server, alliance, {"is_open": True}, as_json)


@alliances.command()
@click.argument("server")
@click.argument("alliance")
@click.argument("new_per_day", type=click.IntRange(0, MOST_NEW_PER_DAY))
@as_json
@click.pass_obj
def limit(where: Where, server: str, alliance: str, new_per_day: int, as_json: bool) -> None:
    """Sets how many commanders a member link may bring in a day.

    Each link is counted separately, and starts again with each game day of the server. Commanders whom officers add do
    not count.

    \b
    Example:
      ./muster --demo alliances limit 202 borealis 20
    """
    _change(where, server, alliance, {"new_per_day": new_per_day}, as_json)


def _change(where: Where, server: str, alliance: str, change: dict[str, object], is_json: bool) -> None:
    answer = where.api.patch("servers", server, "alliances", alliance, body=change)
    new = f"A link may bring {answer['new_per_day']} new commanders a day"
    said(answer, is_json, f"Alliance {alliance} of server {server}: {_who(answer)}. {new}.")


def _who(alliance: dict[str, Any]) -> str:
    if alliance["is_open"]:
        return "Anybody who has its link may report"
    return "Only its roster may report"
