"""`events`: list and show them, check files, put, clone, archive and delete them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from chalicelib.catalog import InvalidEventFile, load_catalog, load_event
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event, Scheduled
from manage.api import Api
from manage.show import as_json, listing, said
from manage.where import Where

dry_run = click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")


@click.group()
def events() -> None:
    """The events: list, check, put, clone, archive, delete.

    An event is for all servers. Changing it drops no completion: points are counted again from the completions.

    \b
    To run the November 2023 events again from next Monday:
      ./muster --demo events clone 2023-11-defenders-of-peace 2023-11-architects-of-chaos --to next-monday
    """


@events.command("list")
@as_json
@click.pass_obj
def list_events(where: Where, as_json: bool) -> None:
    """Lists the events, archived ones too.

    It needs no key.

    \b
    Example:
      ./muster --demo events list
    """
    answer = where.api.public("events")
    header = ("Event", "Name", "From", "To", "Milestones", "Tiers", "Archived")
    rows = [
        (
            event["id"],
            event["name"],
            _days(event)[0],
            _days(event)[1],
            len(event["milestones"]),
            ", ".join(f"{tier['threshold']:,}" for tier in event["tiers"]),
            "yes" if event["archived"] else "",
        )
        for event in answer["events"]
    ]
    listing(answer, as_json, header, rows)


@events.command()
@click.argument("event")
@as_json
@click.pass_obj
def show(where: Where, event: str, as_json: bool) -> None:
    """Shows an event's milestones.

    --json also shows its tiers and rewards, and its windows for a game day that begins at 00:00 UTC; each server's own
    windows are in its schedule. It needs no key.

    \b
    Example:
      ./muster --demo events show 2023-11-defenders-of-peace
    """
    answer = where.api.public("events", event)
    header = ("Milestone", "Name", "From", "To", "Points", "Objectives")
    rows = [
        (
            milestone["id"].partition("/")[2],
            milestone["name"],
            *_days(milestone),
            milestone["points"],
            "not published" if milestone["objectives"] is None else "; or ".join(milestone["objectives"]),
        )
        for milestone in answer["milestones"]
    ]
    listing(answer, as_json, header, rows)


@events.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@as_json
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Checks event files, without a deployment.

    docs/settings.md describes their format. Each problem is printed as `file: field: reason`, and the exit status is
    then 1. Checking changes nothing.

    \b
    Example:
      ./muster events check chalicelib/catalog/2023-11-defenders-of-peace.toml
    """
    checked: list[dict[str, Any]] = []
    for file in files:
        try:
            event = load_event(file)
        except InvalidEventFile as error:
            checked.append({"file": str(file), "event": None, "problems": str(error).splitlines()})
            click.echo(str(error), err=True)
        else:
            checked.append({"file": str(file), "event": event.id, "problems": []})
            if not as_json:
                click.echo(f"{file.name}: good, {_summary(event)}")
    if as_json:
        said({"files": checked}, as_json, "")
    if any(one["problems"] for one in checked):
        raise SystemExit(1)


@events.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE|EVENT…")
@dry_run
@as_json
@click.pass_obj
def put(where: Where, sources: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Defines events, or changes them.

    Give TOML files, or ids of events in the catalog that comes with Muster. An event that exists is changed to what
    the file says; a milestone that somebody has completed can't be removed from it. Putting the same event again
    changes nothing.

    \b
    Examples:
      ./muster --demo events put 2023-11-defenders-of-peace 2023-11-architects-of-chaos
      ./muster --demo events put --dry-run chalicelib/catalog/2023-11-defenders-of-peace.toml
    """
    _put(where.api, stored_events(where.api), [_event_of(source) for source in sources], dry_run, as_json)


@events.command()
@click.argument("event_ids", nargs=-1, required=True, metavar="EVENT…")
@click.option(
    "--to",
    required=True,
    metavar="DATE|next-monday",
    callback=lambda _context, _option, text: _day(text),
    help="The game day on which the first of them begins, as YYYY-MM-DD; or the first Monday after today (UTC).",
)
@click.option("--replace", is_flag=True, help="Also change an event that already has the new id.")
@dry_run
@as_json
@click.pass_obj
def clone(
    where: Where, event_ids: tuple[str, ...], to: date | None, replace: bool, dry_run: bool, as_json: bool
) -> None:
    """Clones events to another week.

    Everything is cloned: milestones, tiers, objectives; what is unknown stays unknown. The originals are taken from
    the deployment, or else from the catalog that comes with Muster. The first clone begins on the day that you give,
    and events cloned together keep their distance. The new id begins with the clone's first day:
    2023-11-defenders-of-peace becomes 2026-11-30-defenders-of-peace.

    The originals stay as they are. Cloning again to the same day changes nothing. If a different event already has
    the new id, nothing is done without --replace. A day that is over is taken, with a warning.

    \b
    Examples:
      ./muster --demo events clone 2023-11-defenders-of-peace 2023-11-architects-of-chaos --to next-monday
      ./muster --demo events clone 2023-11-defenders-of-peace --to 2026-11-30
    """
    stored = stored_events(where.api)
    known = {event.id: event for event in load_catalog()} | stored
    originals = [_known(known, event_id) for event_id in event_ids]
    now = where.api.now()
    day = to or _next_monday(now.date())
    earliest = min(event.begins_on for event in originals)
    try:
        clones = [event.cloned(day + (event.begins_on - earliest)) for event in originals]
    except (OverflowError, ValueError):
        message = f"They can't be cloned to {day}: an id would be too long, or a date after the year 9999."
        raise click.ClickException(message) from None
    if len({event.id for event in clones}) < len(clones):
        raise click.ClickException("Two of these would have the same id on that day. Clone them one by one.")
    for event in clones:
        if event.id in stored and _lean(event) != stored[event.id] and not replace:
            raise click.ClickException(
                f"There is already a different event {event.id}. Give --replace to change it."
            )
    for event in clones:
        _warn_of_the_past(event, now)
    _put(where.api, stored, clones, dry_run, as_json)


@events.command()
@click.argument("event_ids", nargs=-1, required=True, metavar="EVENT…")
@click.option("--undo", is_flag=True, help="Open archived events again.")
@as_json
@click.pass_obj
def archive(where: Where, event_ids: tuple[str, ...], undo: bool, as_json: bool) -> None:
    """Archives events: nobody can report them any more.

    They disappear from schedules and sheets, and can't be corrected. What was completed in them stays. --undo opens
    them again.

    \b
    Example:
      ./muster --demo events archive 2026-11-30-defenders-of-peace
    """
    stored = stored_events(where.api)
    found = [_known(stored, event_id) for event_id in event_ids]
    archived = [event.model_copy(update={"archived": not undo}) for event in found]
    _put(where.api, stored, archived, dry_run=False, is_json=as_json)


@events.command()
@click.argument("event_ids", nargs=-1, required=True, metavar="EVENT…")
@as_json
@click.pass_obj
def delete(where: Where, event_ids: tuple[str, ...], as_json: bool) -> None:
    """Deletes events in which nobody has completed anything.

    Their readings go with them. An event in which somebody has, even if it was voided, is refused: archive that. If
    members may be reporting it just now, archive it first and delete it a minute later.

    \b
    Example:
      ./muster --demo events delete 2026-11-30-defenders-of-peace
    """
    for event_id in event_ids:
        where.api.delete("events", event_id)
        if not as_json:
            click.echo(f"{event_id}: deleted")
    if as_json:
        said({"events": [{"id": event_id, "status": "deleted"} for event_id in event_ids]}, as_json, "")


def _put(
    api: Api, stored: Mapping[str, Event], wanted: Iterable[Event], dry_run: bool, is_json: bool
) -> None:
    """Puts each event that is not stored exactly like this, and prints what was done with it."""
    done = []
    for event in wanted:
        if stored.get(event.id) == _lean(event):
            status = "already_there"
        elif dry_run:
            status = "would_be_changed" if event.id in stored else "would_be_new"
        else:
            _, is_new = api.put("events", event.id, body=event.model_dump(mode="json", exclude_defaults=True))
            status = "new" if is_new else "changed"
        done.append({"id": event.id, "status": status})
        if not is_json:
            click.echo(f"{event.id}: {status.replace('_', ' ')}, {_summary(event)}")
    if is_json:
        said({"dry_run": dry_run, "events": done}, is_json, "")


def _warn_of_the_past(event: Event, now: datetime) -> None:
    """On stderr, if it has begun or is over, taking the game day to begin at 00:00 UTC."""
    if event.begins_on >= now.date():
        return
    is_over = event.reporting_closes_at(GameDay()) <= now
    after = "and members can no longer report it" if is_over else "so it has begun already"
    click.echo(f"Warning: {event.id} begins on {event.begins_on}, which is past, {after}.", err=True)


def stored_events(api: Api) -> dict[str, Event]:
    """The deployment's events, by id."""
    return {shown["id"]: _definition(shown) for shown in api.public("events")["events"]}


def _event_of(source: str) -> Event:
    path = Path(source)
    if path.suffix == ".toml" or path.is_file():
        try:
            return load_event(path)
        except InvalidEventFile as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            raise click.ClickException(f"{source}: {error.strerror}") from None
    return _known({event.id: event for event in load_catalog()}, source)


def _known(events: Mapping[str, Event], event_id: str) -> Event:
    if event_id not in events:
        raise click.ClickException(
            f"There is no event {event_id!r}. Known events: {', '.join(sorted(events))}."
        )
    return events[event_id]


def _day(text: str) -> date | None:
    """None means next Monday."""
    if text == "next-monday":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"Give a day, such as 2026-11-30, or next-monday; not {text!r}.") from None


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())


def _definition(shown: Mapping[str, Any]) -> Event:
    """The event that the API shows, in the form of `_lean`."""
    grace = datetime.fromisoformat(shown["reporting_closes_at"]) - datetime.fromisoformat(shown["closes_at"])
    milestones = [
        {name: one[name] for name in ("name", "points", "server_points", "objectives")}
        | {"id": one["id"].partition("/")[2], **_times(one)}
        for one in shown["milestones"]
    ]
    event = {name: shown[name] for name in ("id", "name", "ims_name", "sms_name", "archived", "tiers")}
    event |= {"reporting_grace_hours": grace // timedelta(hours=1), "milestones": milestones}
    return _lean(Event.model_validate(event | _times(shown)))


def _times(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What the definition gave: the API shows days only if it gave days, and always shows instants."""
    names = ("first_day", "last_day") if shown["first_day"] else ("opens_at", "closes_at")
    return {name: shown[name] for name in names}


def _lean(event: Event) -> Event:
    """In a form in which equal definitions are equal: without values that are defaults, milestones by opening."""
    milestones = tuple(
        one.model_copy(
            update={
                "server_points": None if one.server_points == one.points else one.server_points,
                "last_day": _last_day(one),
            }
        )
        for one, _ in event.scheduled(GameDay())
    )
    return event.model_copy(update={"milestones": milestones, "last_day": _last_day(event)})


def _last_day(scheduled: Scheduled) -> date | None:
    return None if scheduled.last_day == scheduled.first_day else scheduled.last_day


def _days(shown: Mapping[str, Any]) -> tuple[str, str]:
    if shown["first_day"]:
        return shown["first_day"], shown["last_day"]
    return shown["opens_at"], shown["closes_at"]


def _summary(event: Event) -> str:
    last = event.closes_at or event.last_day or event.first_day
    milestones = "1 milestone" if len(event.milestones) == 1 else f"{len(event.milestones)} milestones"
    return f"{event.name}, {event.opens_at or event.first_day} to {last}, {milestones}"
