"""`roster` and `completions`: who is in an alliance, and what they completed before, from CSV files."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from chalicelib.domain.calendar import GameDay
from chalicelib.domain.errors import MusterError, quoted
from chalicelib.domain.importing import Columns, CompletionFile, RosterFile, read_completions, read_roster
from chalicelib.domain.messages import say
from chalicelib.domain.names import normalised, tag_key
from chalicelib.domain.roster import MOST_COMMANDERS
from manage.api import Api
from manage.events import dry_run, stored_events
from manage.parts import Foreseen, Part, Parts, is_long, parts_of
from manage.show import as_json, listing, plain
from manage.where import Where

_Command = Callable[..., None]
_SEPARATORS = click.Choice(["comma", "semicolon", "tab", "pipe"])


def _options(command: _Command) -> _Command:
    """The arguments and options of both imports."""
    for option in (
        as_json,
        click.option("--separator", type=_SEPARATORS, help="What separates the cells."),
        click.option(
            "--header-line", metavar="LINE", type=int, help="The line of the headings; 0 if there are none."
        ),
        click.option(
            "--from-line",
            metavar="LINE",
            type=click.IntRange(1),
            default=1,
            help="Leave the lines before it alone: to continue an import that broke off.",
        ),
        click.option("--is-new", is_flag=True, help="Add names even if they are near to other names."),
        click.option("--all-or-nothing", is_flag=True, help="If a line is refused, import none."),
        dry_run,
        click.option("--commander-column", metavar="HEADING", help="The column of the commanders' names."),
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.argument("alliance"),
        click.argument("server"),
    ):
        command = option(command)
    return command


@click.group()
def roster() -> None:
    """The commanders of an alliance.

    \b
    Example:
      ./muster --demo roster import 202 borealis docs/examples/roster.csv --dry-run
    """


@roster.command("list")
@click.argument("server")
@click.argument("alliance")
@click.option(
    "--added-by",
    metavar="ROLE",
    help="Only commanders whom that role added; member: those who joined by reporting.",
)
@as_json
@click.pass_obj
def list_roster(where: Where, server: str, alliance: str, added_by: str | None, as_json: bool) -> None:
    """Lists an alliance's commanders, retired ones too.

    \b
    Example:
      ./muster --demo roster list 202 borealis
    """
    answer = where.api.get("servers", server, "alliances", alliance, "commanders", added_by=added_by)
    rows = [
        (one["name"], one["id"], one["added_at"], one["added_by"], one["retired_at"])
        for one in answer["commanders"]
    ]
    listing(answer, as_json, ("Commander", "Id", "Added", "By", "Retired"), rows)


@roster.command("import")
@_options
@click.pass_obj
def import_roster(
    where: Where, /, server: str, alliance: str, file: Path, as_json: bool, **options: Any
) -> None:
    """Adds the commanders of a CSV file to a roster.

    The file has a commander on each line. It is UTF-8, with a heading such as Commander, IGN or Name; if it has none,
    give --header-line 0. Commanders who are already on the roster stay as they are, and nobody is removed. A name that
    is near to another is refused without --is-new, because it may be a typing mistake. A refused line does not affect
    other lines; the exit status is then 1. Importing again changes nothing. A long file is sent in parts. If that
    breaks off, it says from which line to continue.

    \b
    Examples:
      ./muster --demo roster import 202 borealis docs/examples/roster.csv --dry-run
      ./muster --demo roster import 202 borealis docs/examples/roster.csv
    """
    _import(where, server, alliance, "commanders", file, as_json, options)


@click.group()
def completions() -> None:
    """What commanders completed before they used Muster.

    \b
    Example:
      ./muster --demo completions import 202 borealis docs/examples/completions.csv --event 2023-11-defenders-of-peace
    """


@completions.command("import")
@_options
@click.option("--milestone-column", metavar="HEADING", help="In a list: the column of the milestones.")
@click.option("--timestamp-column", metavar="HEADING", help="The column that says when it was reported.")
@click.option(
    "--timestamp-format",
    metavar="FORMAT",
    help="How times are written: day-first, month-first, or a strptime format such as '%d/%m/%Y %H:%M:%S'.",
)
@click.option("--without-times", is_flag=True, help="No column says when it was reported.")
@click.option("--event", metavar="EVENT", help="The event whose milestones are meant.")
@click.pass_obj
def import_completions(
    where: Where, /, server: str, alliance: str, file: Path, as_json: bool, **options: Any
) -> None:
    """Records the completions of a CSV file.

    The file is a list, such as the answers of a Google Form, with a column for each commander's milestones; or a
    tracker, with a column for each milestone, which people tick. Common headings are found automatically. If events
    have milestones of the same name, say with --event which event is meant. A completion that is already recorded
    does not count again; if its time is missing, that is added. A refused line does not affect other lines; the exit
    status is then 1.

    \b
    Example:
      ./muster --demo completions import 202 borealis docs/examples/completions.csv --event 2023-11-defenders-of-peace
    """
    _import(where, server, alliance, "completions", file, as_json, options)


def _import(
    where: Where,
    server: str,
    alliance: str,
    what: str,
    file: Path,
    is_json: bool,
    options: dict[str, Any],
) -> None:
    job = _Job(where.api, server, alliance, what, file.name, options)
    text = _text_of(file)
    done = job.in_parts(text) if is_long(text) else job.sent(text.encode(), {})
    if not is_json:
        _show_how(done)
    shown = [
        line for line in done["lines"] if done["dry_run"] or line["reasons"] or line["status"] in _UNDONE
    ]
    if is_json or shown:
        header = ("Line", "Commander", "Becomes", "Why")
        rows = [
            (one["line"], one["commander"], one["status"].replace("_", " "), " ".join(one["reasons"]))
            for one in shown
        ]
        listing(done, is_json, header, rows)
    if not is_json:
        would = " (dry run: nothing was done)" if done["dry_run"] else ""
        counts = [f"{done['new']} new", f"{done['known']} known", f"{done['refused']} refused"]
        counts += [f"{done['timed']} now with their time"] if done["timed"] else []
        counts += [f"{done['remaining']} left: import it again"] if done["remaining"] else []
        click.echo(plain(f"{file.name}: {', '.join(counts)}{would}"))
    if done["refused"] or done["remaining"]:
        raise SystemExit(1)


_UNDONE = ("refused", "not_done", "later")


def _text_of(file: Path) -> str:
    raw = file.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(say("csv-utf-16" if b"\0" in raw else "csv-not-utf-8")) from None


@dataclass(frozen=True, slots=True)
class _Job:
    """An import of a file. `what`: `commanders` or `completions`. `options`: what was given for it."""

    api: Api
    server: str
    alliance: str
    what: str
    name: str
    options: Mapping[str, Any]

    def sent(self, csv: bytes, more: Mapping[str, str]) -> Any:
        """The API's answer. `more`: parameters that count beside the given ones."""
        given = {name: one for name, one in self.options.items() if one is not None and one is not False}
        query = {**more, **{name: "true" if one is True else str(one) for name, one in given.items()}}
        path = (*self._alliance, self.what, "import")
        return _all_of_it(lambda **rest: self.api.post_csv(*path, csv=csv, **{**query, **rest}))

    def in_parts(self, text: str) -> Any:
        """The API's answer for a file that is longer than it takes at once. All or nothing: first all are tried."""
        try:
            parts = parts_of(text, self._read(text), self.options["from_line"])
        except MusterError as error:
            raise click.ClickException(plain(error.detail)) from None
        dry_run, whole = self.options["dry_run"], self.options["all_or_nothing"]
        if whole or dry_run:
            would = parts.answer(self._sent(parts, {"dry_run": "true"}), dry_run=dry_run)
            if whole and would["refused"]:
                return _spoilt(would)
            if dry_run:
                return would
        return parts.answer(self._sent(parts, {}), dry_run=False)

    def _sent(self, parts: Parts, more: Mapping[str, str]) -> list[Any]:
        """The answers for the parts. Where it breaks off, says how to continue."""
        foreseen = self._foreseen() if more else None
        answers: list[Any] = []
        try:
            with _progress(self.name, parts.rows, "tried" if more else "done") as went_on:
                for part in parts.all:
                    answer = self.sent(part.csv, {**parts.options, **more})
                    if foreseen:
                        answer["lines"] = foreseen.add(answer["lines"], parts.timed)
                    answers.append(answer)
                    went_on(part)
        except (click.ClickException, KeyboardInterrupt):
            if not more and 0 < len(answers) < len(parts.all):
                line = parts.all[len(answers)].first
                click.echo(
                    f"The lines before {line} are done. To continue, add --from-line {line}.", err=True
                )
            raise
        return answers

    def _read(self, text: str) -> RosterFile | CompletionFile:
        """Raises MusterError."""
        given = self.options.get
        how = Columns(
            given("commander_column"),
            given("milestone_column"),
            given("timestamp_column"),
            given("timestamp_format"),
            given("event"),
            given("separator"),
            given("header_line"),
            given("without_times", False),
        )
        most = len(text)
        alliances = self.api.get("servers", self.server, "alliances")["alliances"]
        tags = {tag_key(one["tag"]) for one in alliances}
        if self.what == "commanders":
            known = {normalised(one["name"]) for one in self._roster()}
            return read_roster(text, how, lambda name: normalised(name) in known, tags, most)
        events = [event for event in stored_events(self.api).values() if not event.archived]
        return read_completions(text, how, events, GameDay(), self.api.now(), tags, most)

    def _foreseen(self) -> Foreseen:
        present = sum(not one["retired_at"] for one in self._roster())
        full = say("roster-full", alliance=self.alliance, most=MOST_COMMANDERS)
        return Foreseen(self.options["is_new"], max(0, MOST_COMMANDERS - present), full)

    def _roster(self) -> list[Any]:
        roster: list[Any] = self.api.get(*self._alliance, "commanders")["commanders"]
        return roster

    @property
    def _alliance(self) -> tuple[str, ...]:
        return "servers", self.server, "alliances", self.alliance


def _spoilt(would: Any) -> Any:
    """Nothing is done, because a line is refused."""
    lines = [
        line if line["status"] in ("refused", "known") else line | {"status": "not_done"}
        for line in would["lines"]
    ]
    return would | {"new": 0, "timed": 0, "lines": lines}


@contextmanager
def _progress(name: str, rows: int, done: str) -> Iterator[Callable[[Part], None]]:
    """A function that tells on stderr of a part: on a terminal by a bar, else by a line."""
    if sys.stderr.isatty():
        with click.progressbar(length=rows, label=name, file=sys.stderr, show_pos=True) as bar:
            yield lambda part: bar.update(part.rows)
    else:
        yield lambda part: click.echo(f"{name}: lines {part.first} to {part.last} {done}", err=True)


def _all_of_it(send: Callable[..., Any]) -> Any:
    """The answer for the whole file. If there was no time for all lines, the rest is sent again, as long as that makes
    progress."""
    done = send()
    while done["remaining"]:
        more = send(from_line=str(done["next_line"]))
        later = {line["line"]: line for line in more["lines"]}
        lines = [later.get(one["line"], one) if one["status"] == "later" else one for one in done["lines"]]
        came_on = more["remaining"] < done["remaining"]
        counts = Counter(line["status"] for line in lines)
        done |= {"lines": lines, "next_line": more["next_line"], "remaining": counts["later"]}
        done |= {status: counts[status] for status in ("new", "known", "timed", "refused")}
        if not came_on:
            break
    return done


def _show_how(done: dict[str, Any]) -> None:
    """Prints on stderr how the file was understood; for a dry run, also how its first lines were."""
    read_as = done["read_as"]
    said = []
    for use, name in _USES.items():
        headings = [quoted(one["heading"]) for one in read_as["columns"] if one["used_for"] == use]
        said += [f"{name}: {', '.join(headings)}."] if headings else []
    if read_as["skipped_lines"]:
        lines = ", ".join(map(str, read_as["skipped_lines"]))
        said.append(f"Not read, above the headings: line {lines}.")
    if read_as["dates"]:
        said.append(f"Dates are read {read_as['dates']}.")
    click.echo(plain(" ".join(said)), err=True)
    for line in done["first"] if done["dry_run"] else ():
        said = [line["commander"] or "nobody", line["reported_at"], *line["milestones"]]
        click.echo(plain(f"Line {line['line']} says: {', '.join(filter(None, said))}"), err=True)


_USES = {
    "commander": "Commanders",
    "milestone": "Milestones",
    "event": "Events",
    "time": "Times",
    None: "Not used",
}
