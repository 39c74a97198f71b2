"""`./muster roster` and `./muster completions`."""

import json

from chalicelib import bootstrap
from tests.manage.conftest import Desk
from tests.services.test_imports import ROSTER, sluggish
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS

NOVA = ("101", "nova")
UNRAVELING_ANOMALIES = f"{DEFENDERS}/unraveling-anomalies"
EXAMPLE = "docs/examples/roster.csv"


def names(desk: Desk) -> list[str]:
    answer = json.loads(desk.said("roster", "list", *NOVA, "--json"))
    return [one["name"] for one in answer["commanders"]]


def test_a_roster_is_tried_imported_and_imported_again(desk: Desk) -> None:
    tried = desk.said("roster", "import", *NOVA, EXAMPLE, "--dry-run")
    assert tried.splitlines()[-1] == "roster.csv: 8 new, 0 known, 0 refused (dry run: nothing was done)"
    assert "夜空の旅人" in tried
    assert names(desk) == []
    assert desk.said("roster", "import", *NOVA, EXAMPLE) == "roster.csv: 8 new, 0 known, 0 refused\n"
    assert desk.said("roster", "import", *NOVA, EXAMPLE) == "roster.csv: 0 new, 8 known, 0 refused\n"
    assert {"Kestrel", "Звездочёт", "حارس النجوم", "-Zero-", "Nova, the Elder"} <= set(names(desk))


def test_columns_align_in_any_script(desk: Desk) -> None:
    desk.said("roster", "import", *NOVA, EXAMPLE)
    header, *rows = desk.said("roster", "list", *NOVA).splitlines()
    assert header.split() == ["Commander", "Id", "Added", "By", "Retired"]
    narrow = next(row for row in rows if row.startswith("Kestrel"))
    wide = next(row for row in rows if row.startswith("夜空の旅人"))
    assert narrow.index("2023-11-15") - wide.index("2023-11-15") == len("夜空の旅人")


def test_a_line_that_is_refused_is_said_and_spoils_no_other(desk: Desk) -> None:
    (desk.folder / "roster.csv").write_text("Commander\nKestrel\nKestral\nMerlin\n")
    result = desk.demo("roster", "import", *NOVA, "roster.csv")
    assert result.exit_code == 1
    assert "Kestral is new. Did you mean Kestrel?" in result.stdout
    assert "roster.csv: 2 new, 0 known, 1 refused" in result.stdout
    assert names(desk) == ["Kestrel", "Merlin"]
    assert desk.said("roster", "import", *NOVA, "roster.csv", "--is-new").endswith(
        "1 new, 2 known, 0 refused\n"
    )


def test_all_or_nothing(desk: Desk) -> None:
    (desk.folder / "roster.csv").write_text("Commander\nKestrel\n\u202eMerlin\n")
    result = desk.demo("roster", "import", *NOVA, "roster.csv", "--all-or-nothing")
    assert result.exit_code == 1
    assert "not done" in result.stdout
    assert names(desk) == []


def test_what_is_wrong_with_a_file_is_said_in_the_apis_words(desk: Desk) -> None:
    (desk.folder / "roster.csv").write_text("Who,What\nKestrel,x\n")
    said = desk.refusal("roster", "import", *NOVA, "roster.csv")
    assert "Which column has the commanders' names?" in said
    assert desk.said("roster", "import", *NOVA, "roster.csv", "--commander-column", "who")
    (desk.folder / "latin.csv").write_bytes("Commander\nÖsterreicher\n".encode("latin-1"))
    assert "This is not UTF-8." in desk.refusal("roster", "import", *NOVA, "latin.csv")
    (desk.folder / "excel.csv").write_bytes("Commander\nÖsterreicher\n".encode("utf-8-sig"))
    assert "1 new" in desk.said("roster", "import", *NOVA, "excel.csv")
    (desk.folder / "unicode.csv").write_bytes("Commander\tRank\nMerlin\t1\n".encode("utf-16"))
    assert "This is UTF-16, not UTF-8. Save the file as" in desk.refusal(
        "roster", "import", *NOVA, "unicode.csv"
    )
    assert desk.refusal("roster", "import", *NOVA, "missing.csv", code=2)
    assert "no alliance 'nothing'" in desk.refusal("roster", "import", "101", "nothing", EXAMPLE)


def test_only_those_who_joined_by_themselves(desk: Desk) -> None:
    desk.said("roster", "import", *NOVA, EXAMPLE)
    desk.world.muster.reporting.report(desk.world.key(), "Kingfisher", [HIDDEN_MOTIVATIONS])
    rows = desk.said("roster", "list", *NOVA, "--added-by", "member").splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["Kingfisher"]
    assert "added_by" in desk.refusal("roster", "list", *NOVA, "--added-by", "nobody")


def test_completions_are_imported_from_the_answers_of_a_form(desk: Desk) -> None:
    command = ("completions", "import", *NOVA, "docs/examples/completions.csv")
    assert "3 new, 0 known, 0 refused (dry run" in desk.said(*command, "--dry-run")
    assert desk.said(*command) == "completions.csv: 3 new, 0 known, 0 refused\n"
    answer = json.loads(desk.said(*command, "--json"))
    assert (answer["new"], answer["known"]) == (0, 3)
    assert len(answer["lines"]) == 3


def test_where_things_stand_in_a_file_can_be_said(desk: Desk) -> None:
    (desk.folder / "old.csv").write_text("Who;What;When\nKestrel;Hidden Motivations;15/11/2023 10:00\n")
    command: tuple[str, ...] = ("completions", "import", *NOVA, "old.csv", "--commander-column", "Who")
    assert "Which column has the milestones?" in desk.refusal(*command)
    command += ("--milestone-column", "What", "--timestamp-column", "When")
    command += ("--timestamp-format", "%d/%m/%Y %H:%M", "--event", "Defenders of Peace")
    assert desk.said(*command) == "old.csv: 1 new, 0 known, 0 refused\n"


def test_how_the_file_was_read_is_told_beside_the_answer(desk: Desk) -> None:
    (desk.folder / "old.csv").write_text(
        "Nova Guard;;\nZeitstempel;Spieler;Rang;Meilenstein\n13/11/2023 10:00;Kestrel;1;Unraveling Anomalies\n"
    )
    result = desk.demo("completions", "import", *NOVA, "old.csv", "--dry-run")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "Commanders: 'Spieler'. Milestones: 'Meilenstein'. Times: 'Zeitstempel'. Not used: 'Rang'. "
        "Not read, above the headings: line 1. Dates are read day-first.",
        f"Line 3 says: Kestrel, 2023-11-13T10:00:00Z, {UNRAVELING_ANOMALIES}",
    ]


def test_what_is_not_certain_is_asked_and_can_be_said(desk: Desk) -> None:
    (desk.folder / "names.csv").write_text("Osprey\nMerlin\n")
    assert "Give header_line: 1 if it is a heading" in desk.refusal("roster", "import", *NOVA, "names.csv")
    said = desk.said("roster", "import", *NOVA, "names.csv", "--header-line", "0")
    assert said == "names.csv: 2 new, 0 known, 0 refused\n"
    (desk.folder / "old.csv").write_text("When,IGN,Milestone\n11/12/2023,Osprey,Hidden Motivations\n")
    command = ("completions", "import", *NOVA, "old.csv")
    assert "day-first or month-first" in desk.refusal(*command)
    assert desk.demo(*command, "--timestamp-format", "month-first").exit_code == 1
    assert desk.said(*command, "--without-times") == "old.csv: 1 new, 0 known, 0 refused\n"


def test_times_that_were_missing_are_added(desk: Desk) -> None:
    (desk.folder / "old.csv").write_text("Am,IGN,Milestone\n2023-11-15,Osprey,Hidden Motivations\n")
    command = ("completions", "import", *NOVA, "old.csv")
    assert desk.said(*command, "--without-times") == "old.csv: 1 new, 0 known, 0 refused\n"
    timed = "old.csv: 0 new, 0 known, 0 refused, 1 now with their time"
    assert (
        desk.said(*command, "--timestamp-column", "Am", "--dry-run").splitlines()[-1]
        == f"{timed} (dry run: nothing was done)"
    )
    assert desk.said(*command, "--timestamp-column", "Am") == f"{timed}\n"
    assert desk.said(*command, "--timestamp-column", "Am") == "old.csv: 0 new, 1 known, 0 refused\n"


def test_an_import_that_runs_out_of_time_goes_on_by_itself(desk: Desk) -> None:
    bootstrap.use(sluggish(desk.world, 1.0)[0])
    (desk.folder / "many.csv").write_text(ROSTER)
    command = ("roster", "import", *NOVA, "many.csv", "--is-new")
    answer = json.loads(desk.said(*command, "--json"))
    assert (answer["new"], answer["remaining"], answer["next_line"]) == (40, 0, None)
    assert {line["status"] for line in answer["lines"]} == {"new"}
    assert len(names(desk)) == 40
    assert desk.said(*command) == "many.csv: 0 new, 40 known, 0 refused\n"


def test_what_can_not_be_done_now_ends_with_1_and_is_told(desk: Desk) -> None:
    muster, table = sluggish(desk.world, 0)
    table.busy = lambda changes: "Hawk7'" in repr(changes)
    bootstrap.use(muster)
    (desk.folder / "many.csv").write_text(ROSTER)
    result = desk.demo("roster", "import", *NOVA, "many.csv", "--is-new")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == ("many.csv: 39 new, 0 known, 0 refused, 1 left: import it again")
    assert "Hawk7 " in result.stdout
