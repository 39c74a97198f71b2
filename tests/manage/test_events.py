"""`./muster events`."""

import json
from datetime import UTC, datetime

import pytest

from chalicelib.catalog import FOLDER
from tests.manage.conftest import ROOT, Desk
from tests.world import ARCHITECTS, DEFENDERS

PAIR = (DEFENDERS, ARCHITECTS)
TRIAL = (
    'id = "2024-01-trial"\nname = "Trial"\nfirst_day = 2024-01-08\n\n'
    '[[milestones]]\nid = "one"\nname = "One"\nfirst_day = 2024-01-08\n'
)


def test_the_list_is_a_table_or_the_apis_json(desk: Desk) -> None:
    header, *rows = desk.said("events", "list").splitlines()
    assert header.split("  ")[0] == "Event"
    assert [row.split()[0] for row in rows] == [ARCHITECTS, DEFENDERS]
    assert {row.index("2023-11-13") for row in rows} == {header.index("From")}
    assert "8,925" in rows[0]
    answer = json.loads(desk.said("events", "list", "--json"))
    assert [event["id"] for event in answer["events"]] == [ARCHITECTS, DEFENDERS]


def test_what_everybody_may_read_takes_no_key(desk: Desk) -> None:
    assert desk.run("--url", desk.url, "events", "list").exit_code == 0
    assert desk.run("--url", desk.url, "events", "show", DEFENDERS).exit_code == 0


def test_an_event_is_shown_with_what_is_not_published(desk: Desk) -> None:
    shown = desk.said("events", "show", ARCHITECTS)
    assert "testing-destinies" in shown
    assert "not published" in shown
    assert desk.refusal("events", "show", "nothing") == "Error: There is no event 'nothing'.\n"


def test_check_needs_no_deployment(desk: Desk) -> None:
    result = desk.run("events", "check", str(FOLDER / f"{DEFENDERS}.toml"))
    assert result.exit_code == 0
    assert result.stdout == (
        f"{DEFENDERS}.toml: good, Defenders of Peace, 2023-11-13 to 2023-11-18, 5 milestones\n"
    )


def test_check_says_of_every_file_what_is_wrong(desk: Desk) -> None:
    (desk.folder / "2024-01-trial.toml").write_text(TRIAL)
    (desk.folder / "wrong.toml").write_text("[[milestones]]\npoints = 0\n")
    (desk.folder / "none.toml").write_text("[[")
    result = desk.run("events", "check", "wrong.toml", "2024-01-trial.toml", "none.toml")
    assert result.exit_code == 1
    assert "2024-01-trial.toml: good, Trial, 2024-01-08 to 2024-01-08, 1 milestone\n" in result.stdout
    assert "wrong.toml: milestones[0].name: is missing\n" in result.stderr
    assert "none.toml: line 1: " in result.stderr
    assert desk.run("events", "check", "missing.toml").exit_code == 2


def test_a_file_is_put_once_and_then_changed(desk: Desk) -> None:
    file = desk.folder / "2024-01-trial.toml"
    file.write_text(TRIAL)
    assert "would be new" in desk.said("events", "put", file.name, "--dry-run")
    assert "2024-01-trial" not in desk.said("events", "list")
    assert "2024-01-trial: new, Trial" in desk.said("events", "put", file.name)
    assert "2024-01-trial: already there" in desk.said("events", "put", file.name)
    file.write_text(TRIAL.replace("Trial", "Trials"))
    assert "would be changed" in desk.said("events", "put", file.name, "--dry-run")
    assert "2024-01-trial: changed, Trials" in desk.said("events", "put", file.name)


def test_the_catalog_is_put_by_id(desk: Desk) -> None:
    said = desk.said("events", "put", *PAIR)
    assert said.count("already there") == 2
    assert "There is no event 'nothing'. Known events: " in desk.refusal("events", "put", "nothing")
    assert "missing.toml: No such file" in desk.refusal("events", "put", "missing.toml")


def test_a_wrong_file_is_told_as_check_tells_it(desk: Desk) -> None:
    (desk.folder / "wrong.toml").write_text('id = "wrong"\n')
    assert "wrong.toml: milestones: is missing" in desk.refusal("events", "put", "wrong.toml")


def test_what_the_api_refuses_is_said_in_its_words(desk: Desk) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [f"{DEFENDERS}/hidden-motivations"])
    text = (FOLDER / f"{DEFENDERS}.toml").read_text()
    (desk.folder / f"{DEFENDERS}.toml").write_text(text.replace("hidden-motivations", "open-motivations"))
    assert desk.refusal("events", "put", f"{DEFENDERS}.toml") == (
        "Error: Milestone 'hidden-motivations' has completions on server 101, so it can't be removed.\n"
    )


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "2026-11-30"),
        (datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC), "2026-11-30"),
    ],
)
def test_the_pair_is_cloned_to_the_monday_after_the_deployments_today(
    desk: Desk, now: datetime, monday: str
) -> None:
    desk.world.clock.now = now
    said = desk.said("events", "clone", *PAIR, "--to", "next-monday")
    assert [line.split(":")[0] for line in said.splitlines()] == [
        f"{monday}-defenders-of-peace",
        f"{monday}-architects-of-chaos",
    ]
    clone = json.loads(desk.said("events", "show", f"{monday}-architects-of-chaos", "--json"))
    original = json.loads(desk.said("events", "show", ARCHITECTS, "--json"))
    assert clone["first_day"] == monday
    assert clone["tiers"] == original["tiers"]
    for one, other in zip(clone["milestones"], original["milestones"], strict=True):
        assert {n: one[n] for n in ("name", "points", "objectives")} == {
            n: other[n] for n in ("name", "points", "objectives")
        }


def test_to_clone_again_changes_nothing_and_another_definition_is_kept(desk: Desk) -> None:
    clone = ("events", "clone", DEFENDERS, "--to", "2026-11-30")
    assert "would be new" in desk.said(*clone, "--dry-run")
    assert ": new, " in desk.said(*clone)
    assert ": already there, " in desk.said(*clone)
    desk.said("events", "archive", "2026-11-30-defenders-of-peace")
    assert "There is already a different event 2026-11-30-defenders-of-peace. Give --replace" in desk.refusal(
        *clone
    )
    assert ": changed, " in desk.said(*clone, "--replace")


def test_events_that_are_cloned_together_keep_their_distance(desk: Desk) -> None:
    (desk.folder / "2024-01-trial.toml").write_text(TRIAL)
    (desk.folder / "2024-01-later.toml").write_text(TRIAL.replace("trial", "later").replace("08", "10"))
    desk.said("events", "put", "2024-01-trial.toml", "2024-01-later.toml")
    said = desk.said("events", "clone", "2024-01-later", "2024-01-trial", "--to", "2026-11-30")
    assert "2026-12-02-later: new" in said
    assert "2026-11-30-trial: new" in said


def test_a_clone_is_of_what_the_deployment_has_or_else_of_the_catalog(desk: Desk) -> None:
    text = (FOLDER / f"{DEFENDERS}.toml").read_text()
    (desk.folder / f"{DEFENDERS}.toml").write_text(text.replace('"Defenders of Peace"', '"Our Peace"'))
    desk.said("events", "put", f"{DEFENDERS}.toml")
    assert "Our Peace" in desk.said("events", "clone", DEFENDERS, "--to", "2026-11-30")


def test_a_clone_keeps_the_grace_and_the_server_points(desk: Desk) -> None:
    (desk.folder / "2024-01-trial.toml").write_text(
        TRIAL.replace("\n\n", "\nreporting_grace_hours = 48\n\n") + "server_points = 105\n"
    )
    desk.said("events", "put", "2024-01-trial.toml")
    desk.said("events", "clone", "2024-01-trial", "--to", "2026-11-30")
    clone = next(e for e in desk.world.muster.stores.definitions.events() if e.id == "2026-11-30-trial")
    assert (clone.reporting_grace_hours, clone.milestones[0].server_points) == (48, 105)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((DEFENDERS, "--to", "soon"), 2, "Give a day, such as 2026-11-30, or next-monday; not 'soon'."),
        ((DEFENDERS,), 2, "Missing option '--to'."),
        (("nothing", "--to", "2026-11-30"), 1, "There is no event 'nothing'. Known events: "),
        ((DEFENDERS, "--to", "9999-12-31"), 1, "They can't be cloned to 9999-12-31"),
        ((DEFENDERS, DEFENDERS, "--to", "2026-11-30"), 1, "Two of these would have the same id"),
    ],
)
def test_what_can_not_be_cloned_is_said(desk: Desk, arguments: tuple[str, ...], code: int, said: str) -> None:
    assert said in desk.refusal("events", "clone", *arguments, code=code)


def test_nothing_is_cloned_if_one_of_the_pair_may_not_be(desk: Desk) -> None:
    desk.said("events", "clone", ARCHITECTS, "--to", "2026-11-30")
    desk.said("events", "archive", "2026-11-30-architects-of-chaos")
    desk.refusal("events", "clone", *PAIR, "--to", "2026-11-30")
    assert "2026-11-30-defenders-of-peace" not in desk.said("events", "list")


def test_an_event_is_archived_and_opened_again(desk: Desk) -> None:
    assert f"{DEFENDERS}: changed" in desk.said("events", "archive", DEFENDERS)
    assert f"{DEFENDERS}: already there" in desk.said("events", "archive", DEFENDERS)
    assert json.loads(desk.said("events", "show", DEFENDERS, "--json"))["archived"]
    desk.said("events", "archive", DEFENDERS, "--undo")
    assert not json.loads(desk.said("events", "show", DEFENDERS, "--json"))["archived"]


def test_an_event_is_deleted_while_nobody_has_completed_anything(desk: Desk) -> None:
    desk.said("events", "clone", DEFENDERS, "--to", "2026-11-30")
    assert desk.said("events", "delete", "2026-11-30-defenders-of-peace") == (
        "2026-11-30-defenders-of-peace: deleted\n"
    )
    assert "2026-11-30" not in desk.said("events", "list")
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [f"{DEFENDERS}/hidden-motivations"])
    assert "so it can't be deleted. If it is over, archive it." in desk.refusal("events", "delete", DEFENDERS)


@pytest.mark.parametrize(
    ("day", "warning"),
    [
        ("2023-11-15", ""),
        ("2023-11-14", "which is past, so it has begun already."),
        ("2023-11-08", "which is past, and members can no longer report it."),
    ],
)
def test_a_clone_into_the_past_is_warned_of(desk: Desk, day: str, warning: str) -> None:
    for more in (["--dry-run"], []):
        result = desk.demo("events", "clone", DEFENDERS, "--to", day, *more)
        assert result.exit_code == 0
        assert result.stderr == (
            f"Warning: {day}-defenders-of-peace begins on {day}, {warning}\n" if warning else ""
        )


def test_what_was_done_is_told_to_programs_too(desk: Desk) -> None:
    (desk.folder / "wrong.toml").write_text('id = "wrong"\n')
    checked = json.loads(desk.run("events", "check", "wrong.toml", "--json").stdout)
    assert checked["files"][0]["event"] is None
    assert checked["files"][0]["problems"][0] == "wrong.toml: name: is missing"
    put = json.loads(desk.said("events", "put", DEFENDERS, "--json"))
    assert put == {"dry_run": False, "events": [{"id": DEFENDERS, "status": "already_there"}]}


def test_the_format_that_the_settings_show_is_good(desk: Desk) -> None:
    blocks = (ROOT / "docs" / "settings.md").read_text().split("```toml\n")[1:]
    (example,) = [block.split("```")[0] for block in blocks if "[[milestones]]" in block.split("```")[0]]
    (desk.folder / "2024-01-trial.toml").write_text(example)
    desk.said("events", "check", "2024-01-trial.toml")
    desk.said("events", "put", "2024-01-trial.toml")
    assert "already there" in desk.said("events", "put", "2024-01-trial.toml")
