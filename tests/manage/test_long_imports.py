"""Imports of files that are longer than one request may be: in parts, as if it were one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import click
import pytest

from chalicelib.domain.roster import MOST_COMMANDERS
from manage import api, parts
from manage.api import Api
from manage.parts import Foreseen, line_of
from tests.manage.conftest import Desk
from tests.world import DEFENDERS

NOVA = ("101", "nova")
BIRDS = [
    "Kestrel",
    "Merlin",
    "Osprey",
    "Heron",
    "Curlew",
    "Dunlin",
    "Plover",
    "Avocet",
    "Godwit",
    "Knot",
    "Ruff",
]
ROSTER = "\n".join(["Nova Guard", "Commander,Rank", *(f"{bird},1" for bird in BIRDS)])
ROSTER += '\nKestrel,2\n"Tern",1\n\nKestral,1\n[NOVA] Merlin,1\n\u202ex,1\nStint,1\nTern,3\n,\nTotal,9'
LIST = "\r\n".join(
    [
        "sep=;",
        "When;Commander;Milestone",
        "11/12/2023 10:00;Kestrel;Unraveling Anomalies",
        *(f"12/11/2023 10:00;{bird};Unraveling Anomalies" for bird in BIRDS),
        ";Ruff;Enlisting Old Allies",
        '14/11/2023 10:00;"Ruff";"Enlisting Old Allies, Unraveling Anomalies"',
        "14/11/2023 10:00;Kestral;Enlisting Old Allies",
        "14/11/2023 11:00;Merlin;Nothing such",
        "",
    ]
)
TRACKER = "\n".join(
    [
        "Commander\tUnraveling Anomalies\tEnlisting Old Allies",
        *(f"{bird}\tx\t" for bird in BIRDS),
        "\t\t",
        *(f"{bird}\t\tx" for bird in BIRDS[:3]),
        "Knot\tx\t",
        "Wren\t\t",
    ]
)
NOTES = "\n".join(
    [
        "Commander,Milestone,Note",
        *(f"{bird},Unraveling Anomalies,{'x' if bird < 'L' else '2023-11-14'}" for bird in sorted(BIRDS)),
        "Ruff,Unraveling Anomalies,",
    ]
)
NAMES = "\n".join([*BIRDS, "Kestrel", "Tern"])
FILES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a roster": ("roster", ROSTER, ()),
    "new names": ("roster", ROSTER, ("--is-new",)),
    "a mere list of names": ("roster", NAMES, ("--header-line", "0")),
    "from a line on": ("roster", ROSTER, ("--from-line", "9")),
    "all or nothing": ("roster", ROSTER, ("--all-or-nothing",)),
    "a list": ("completions", LIST, ("--event", DEFENDERS)),
    "a list whose format is given": (
        *("completions", LIST, ("--event", DEFENDERS, "--timestamp-format", "%m/%d/%Y %H:%M")),
    ),
    "a list without its times": ("completions", LIST, ("--event", DEFENDERS, "--without-times")),
    "a list whose last lines look as if they had times": ("completions", NOTES, ("--event", DEFENDERS)),
    "a tracker": ("completions", TRACKER, ("--event", DEFENDERS)),
}


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A part has few rows."""
    monkeypatch.setattr(parts, "MOST_LINES", 4)
    return monkeypatch


def imported(desk: Desk, what: str, text: str, *options: str) -> Any:
    (desk.folder / "file.csv").write_text(text, newline="")
    return json.loads(desk.demo(what, "import", *NOVA, "file.csv", *options, "--json").stdout)


@pytest.mark.parametrize("name", FILES)
def test_a_file_in_parts_becomes_what_it_becomes_at_once(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, text, options = FILES[name]
    whole = imported(desk, what, text, *options, "--dry-run")
    assert len({line["status"] for line in whole["lines"]}) > 1, "there is something to tell apart"
    monkeypatch.setattr(parts, "MOST_LINES", 4)
    tried = imported(desk, what, text, *options, "--dry-run")
    done = imported(desk, what, text, *options)
    for answer in (tried, done):
        answer.pop("first"), answer.pop("dry_run")
    whole.pop("first"), whole.pop("dry_run")
    assert tried == whole
    assert {line["line"]: line["status"] for line in done["lines"]} == {
        line["line"]: line["status"] for line in whole["lines"]
    }


def test_what_is_not_certain_of_the_whole_is_asked_before_anything_is_done(
    desk: Desk, short: pytest.MonkeyPatch
) -> None:
    (desk.folder / "file.csv").write_text("Commander\n" + "1,2\n" * 9)
    assert "separator" in desk.refusal("roster", "import", *NOVA, "file.csv")


def test_it_tells_how_far_it_is(desk: Desk, short: pytest.MonkeyPatch) -> None:
    (desk.folder / "file.csv").write_text("Commander\n" + "\n".join(BIRDS))
    result = desk.demo("roster", "import", *NOVA, "file.csv")
    assert result.stdout == "file.csv: 11 new, 0 known, 0 refused\n"
    assert result.stderr.splitlines()[:3] == [
        "file.csv: lines 2 to 5 done",
        "file.csv: lines 6 to 9 done",
        "file.csv: lines 10 to 12 done",
    ]


@pytest.mark.parametrize("cause", [click.ClickException("The connection is gone."), KeyboardInterrupt()])
def test_an_import_that_breaks_off_continues_at_its_line(
    desk: Desk, short: pytest.MonkeyPatch, cause: BaseException
) -> None:
    (desk.folder / "file.csv").write_text("Commander\n" + "\n".join(BIRDS))
    command = ("roster", "import", *NOVA, "file.csv")
    post, calls = Api.post_csv, []

    def cut(self: Api, *path: str, csv: bytes, **query: str | None) -> Any:
        calls.append(csv)
        if len(calls) == 3:
            raise cause
        return post(self, *path, csv=csv, **query)

    with short.context() as patch:
        patch.setattr(Api, "post_csv", cut)
        result = desk.demo(*command)
    assert result.exit_code == 1
    assert "The lines before 10 are done. To continue, add --from-line 10." in result.stderr
    assert "file.csv: 3 new, 0 known, 0 refused" in desk.said(*command, "--from-line", "10")
    assert "file.csv: 0 new, 11 known, 0 refused" in desk.said(*command), "as does repeating it"


def test_all_or_nothing_holds_for_the_whole_file(desk: Desk, short: pytest.MonkeyPatch) -> None:
    (desk.folder / "file.csv").write_text("Commander\n" + "\n".join([*BIRDS, "Total"]))
    result = desk.demo("roster", "import", *NOVA, "file.csv", "--all-or-nothing")
    assert result.exit_code == 1
    assert "file.csv: 0 new, 0 known, 1 refused\n" in result.stdout
    assert json.loads(desk.said("roster", "list", *NOVA, "--json"))["commanders"] == []


def test_a_roster_that_is_full_is_foreseen() -> None:
    foreseen = Foreseen(is_new=True, room=2, full="full")
    new = [line_of(number, f"Bird {number}", "new") | {"adds_commander": True} for number in range(4)]
    assert [line["status"] for line in foreseen.add(new[:1], frozenset())] == ["new"]
    assert [line["status"] for line in foreseen.add(new, frozenset())] == [
        "known",
        "new",
        "refused",
        "refused",
    ]
    assert MOST_COMMANDERS == 1000


@contextmanager
def bad_line(answers: list[int]) -> Iterator[str]:
    """A server that gives these statuses, one after the other; 0: it cuts the connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if status := answers.pop(0):
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_part_is_sent_again_where_the_connection_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api, "_AGAIN", api._AGAIN.new(backoff_factor=0))
    answers = [0, 503, 504, 200]
    with bad_line(answers) as url:
        assert Api(url, lambda: "secret", "").post_csv("x", csv=b"Commander\n") == {}
    assert answers == []
    assert capsys.readouterr().err.count("No answer. Trying again …") == 3
