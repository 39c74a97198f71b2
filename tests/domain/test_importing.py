"""What the lines of an import say: rosters and completions, in the files that officers have."""

import unicodedata
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog import load_catalog
from chalicelib.domain import names
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.csv_tables import csv_text
from chalicelib.domain.errors import Malformed, MusterError, TooLarge
from chalicelib.domain.events import Event
from chalicelib.domain.importing import (
    Columns,
    CompletionLine,
    RosterLine,
    cells,
    read_completions,
    read_roster,
    times,
)
from chalicelib.domain.importing.tables import MOST_LINES
from chalicelib.domain.understood import ImportColumn, ImportFile, ImportPreview, SeparatorName

EVENTS = load_catalog()
DEFENDERS = "2023-11-defenders-of-peace"
ARCHITECTS = "2023-11-architects-of-chaos"
HIDDEN = f"{DEFENDERS}/hidden-motivations"
ENLISTING = f"{DEFENDERS}/enlisting-old-allies"
ONSLAUGHT = f"{ARCHITECTS}/the-onslaught"
NOW = datetime(2024, 1, 2, tzinfo=UTC)
NEW_YORK = GameDay(time(5), "America/New_York", assumed=False)

Said = tuple[int, str | None, list[str], tuple[str, ...]]


def event(event_id: str, *milestones: str, name: str = "Trial") -> Event:
    """Of one day, with milestones of these names, m0, m1, …"""
    day = date(2024, 1, 1)
    return Event.model_validate(
        {
            "id": event_id,
            "name": name,
            "first_day": day,
            "milestones": [
                {"id": f"m{number}", "name": called, "first_day": day}
                for number, called in enumerate(milestones)
            ],
        }
    )


def lines_of(
    text: str, mapping: Columns | None = None, events: list[Event] | None = None
) -> list[CompletionLine]:
    known = EVENTS if events is None else events
    return list(read_completions(text, mapping or Columns(), known, GameDay(), NOW).lines)


def roster_lines(text: str, column: str | None = None, **layout: Any) -> list[RosterLine]:
    """Of an alliance that has one commander, Kestrel."""
    return list(read_roster(text, Columns(column, **layout), {"Kestrel"}.__contains__).lines)


def asked(text: str, **layout: Any) -> tuple[str, str]:
    """The parameter that decides how a roster is to be read, and the words."""
    with pytest.raises(Malformed) as caught:
        roster_lines(text, **layout)
    (error,) = caught.value.errors
    return error.field, error.message


def said(text: str, mapping: Columns | None = None, events: list[Event] | None = None) -> list[Said]:
    return [
        (line.line, line.name, list(map(str, line.refs)), line.problems)
        for line in lines_of(text, mapping, events)
    ]


def of_cell(
    cell: str, events: list[Event] | None = None, chosen: str | None = None
) -> tuple[list[str], list[str]]:
    """The milestones and the problems of a cell of milestones."""
    text = csv_text(["Commander", "Milestone"], [["Kestrel", cell]])
    ((_, _, refs, problems),) = said(text, Columns(event=chosen), events)
    return refs, list(problems)


def times_of(*cells: str, pattern: str | None = None, day: GameDay | None = None) -> list[str]:
    """When, of a file with these timestamps: UTC, or the problem."""
    text = csv_text(
        ["Timestamp", "Name", "Milestone"], [[cell, "Kestrel", "hidden-motivations"] for cell in cells]
    )
    columns = Columns(timestamp_format=pattern)
    lines = read_completions(text, columns, EVENTS, day or GameDay(), NOW).lines
    return ["; ".join(line.problems) or f"{line.reported_at:%Y-%m-%dT%H:%M:%S}" for line in lines]


def refused(text: str, mapping: Columns | None = None, events: list[Event] | None = None) -> tuple[str, str]:
    """The field and the words of the refusal."""
    with pytest.raises(Malformed) as caught:
        lines_of(text, mapping, events)
    assert caught.value.code == "malformed"
    (error,) = caught.value.errors
    assert error.message == caught.value.detail
    return error.field, error.message


def test_a_cell_that_is_too_long_for_anything_is_never_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took half a minute, for each cell, to put its marks in order."""
    seen = [0]

    def normalize(form: str, text: str) -> str:
        seen.append(len(text))
        return unicodedata.normalize(form, text)  # type: ignore[arg-type]

    watched = SimpleNamespace(
        category=unicodedata.category, combining=unicodedata.combining, normalize=normalize
    )
    monkeypatch.setattr(names, "unicodedata", watched)
    for module in (cells, times):
        monkeypatch.setattr(module, "unicodedata", watched)
    zalgo = "a" + "\u0301\u0316" * 65_000
    (line,) = read_roster(f"Name,{zalgo}\n{zalgo},x\n", Columns(), lambda name: False).lines
    assert "too long" in (line.problem or "")
    text = f"Commander,Milestone,Event,Timestamp\nKestrel,{zalgo},,{zalgo}\n{zalgo},x,{zalgo},\n"
    for row in lines_of(text):
        assert row.problems
    assert max(seen) <= 1024


class TestRosters:
    @pytest.mark.parametrize(
        ("text", "column", "names"),
        [
            ("Commander\nKestrel\nOsprey\n", None, [(2, "Kestrel"), (3, "Osprey")]),
            ("Rank,COMMANDER’S NAME:,Name\nAgent, Kestrel ,Ann\n", None, [(2, "Kestrel")]),
            ("Rank;Player\nAgent;Kestrel\n", None, [(2, "Kestrel")]),
            ("Rank\tWho\nAgent\tKestrel\n", " WHO ", [(2, "Kestrel")]),
            ("Commander,Alt\nKestrel,Kes2\n", "alt", [(2, "Kes2")]),
            (
                "Kestrel\nOsprey\n",
                None,
                [(1, "Kestrel"), (2, "Osprey")],
            ),  # who is on the roster is no heading
            ("\n\nKestrel,\n\n\nOsprey,\n", None, [(3, "Kestrel"), (6, "Osprey")]),
            ("IGN\nKestrel\n", None, [(2, "Kestrel")]),
            ("in-game name:\nKestrel\n", None, [(2, "Kestrel")]),
            ("Name,IGN\nAnn,Kestrel\n", None, [(2, "Kestrel")]),
            ("Name,Name\nKestrel,\n,Osprey\n", None, [(2, "Kestrel"), (3, "Osprey")]),
            ("Crew\nKestrel\n", "crew", [(2, "Kestrel")]),
            ("Name\n'=Kestrel\n", None, [(2, "=Kestrel")]),
            ("Nova's roster,,\n,,\nRank,Name,\nAgent,Kestrel,x\n", None, [(4, "Kestrel")]),
            ("Nova's roster\n\nRank;Name\nAgent;Kestrel\n", None, [(4, "Kestrel")]),
            ("Nova, November\nRank|Name\nAgent|Kestrel\n", None, [(3, "Kestrel")]),
            ("Nova\nCrew\nOsprey\n", "Crew", [(3, "Osprey")]),
            ("sep=;\r\nRank;Name\r\nA,B;Kestrel\r\n", None, [(3, "Kestrel")]),
            ('Name\n="007"\n', None, [(2, "007")]),
            ('Rank,Name\nAgent,"=""007"""\n', None, [(2, "007")]),
            (
                "Commander,Done\nKestrel,TRUE\n,FALSE\nOsprey,FALSE\n,FALSE\n,FALSE\n",
                None,
                [(2, "Kestrel"), (4, "Osprey")],
            ),
        ],
    )
    def test_the_names_are_found(self, text: str, column: str | None, names: list[tuple[int, str]]) -> None:
        lines = roster_lines(text, column)
        assert [(line.line, line.name) for line in lines] == names
        assert not [line.problem for line in lines if line.problem]

    def test_what_is_wrong_with_a_line_is_said_of_it_alone(self) -> None:
        text = 'Name,Rank\nKestrel,Agent\n,Agent\nKes\u202etrel,Agent\n"ｋｅｓｔｒｅｌ",\nOsprey,Agent,spare\nMerlin,\n'
        lines = roster_lines(text, None)
        assert [(line.line, line.name, line.problem) for line in lines] == [
            (2, "Kestrel", None),
            (3, None, "Please give the commander's name."),
            (
                *(4, None),
                "The name contains something invisible that turns the direction of text. "
                "Please type the name instead of pasting it.",
            ),
            (5, "ｋｅｓｔｒｅｌ", "'ｋｅｓｔｒｅｌ' is the same commander as line 2."),
            (
                *(6, "Osprey"),
                "This line has more cells than the header: 'spare' stands under no heading. "
                "A cell that holds the separator needs quotation marks around it.",
            ),
            (7, "Merlin", None),
        ]

    @pytest.mark.parametrize(
        ("text", "column", "words"),
        [
            (
                *("Who,Rank\nKestrel,Agent\n", None),
                "Which column has the commanders' names? Give it as commander_column. The columns are 'Who', 'Rank'.",
            ),
            (
                "Who,Rank\nKestrel,Agent\n",
                "Whom",
                "There is no column 'Whom'. The columns are 'Who', 'Rank'.",
            ),
            ("Kestrel\nOsprey\n", "Name", "There is no column 'Name'. The columns are 'Kestrel'."),
            (
                *("Commander,Player,Rank\nAnn,Kestrel,Agent\n", None),
                "Which of 'Commander', 'Player' has the commanders' names? Give it as commander_column.",
            ),
            (
                *("Mitglied;Nick\nAnn;Kestrel\n", None),
                "Which of 'Nick', 'Mitglied' has the commanders' names? Give it as commander_column.",
            ),
            ("Who,\nKestrel,Agent\n", "?", "There is no column '?'. The columns are 'Who'."),
        ],
    )
    def test_a_column_that_is_not_known_is_asked_for(self, text: str, column: str | None, words: str) -> None:
        with pytest.raises(Malformed) as caught:
            roster_lines(text, column)
        assert [(error.field, error.message) for error in caught.value.errors] == [
            ("commander_column", words)
        ]

    def test_a_header_alone_is_no_roster(self) -> None:
        with pytest.raises(Malformed, match="nothing below"):
            roster_lines("Commander\n", None)

    def test_a_roster_has_at_most_so_many_lines(self) -> None:
        names = [f"Commander {n}\n" for n in range(MOST_LINES + 1)]
        assert len(roster_lines("".join(names[1:]), header_line=0)) == MOST_LINES
        assert len(roster_lines("Name\n" + "".join(names[1:]))) == MOST_LINES
        with pytest.raises(TooLarge):
            roster_lines("Name\n" + "".join(names))

    def test_rows_that_hold_nothing_are_none_of_them(self) -> None:
        names = [f"Commander {n},TRUE\n" for n in range(MOST_LINES)]
        assert len(roster_lines("Name,In\n" + "".join(names) + ",FALSE\n" * 1000)) == MOST_LINES


class TestAsking:
    """What can't be told from a roster for certain."""

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("Crew\nOsprey\n", 1),
            ("Osprey\nMerlin\n", 1),
            ("Osprey", 1),
            ("\n\nOsprey,\nMerlin,\n", 3),
            ("A:B\nC:D", 1),
        ],
    )
    def test_whether_a_single_column_has_a_heading(self, text: str, line: int) -> None:
        field, words = asked(text)
        assert field == "header_line"
        assert words.startswith("Is '")
        assert f"Give header_line: {line} if it is a heading, 0 if every line is a commander." in words

    def test_it_is_as_is_said(self) -> None:
        text = "Crew\nOsprey\n"
        assert [line.name for line in roster_lines(text, header_line=1)] == ["Osprey"]
        assert [line.name for line in roster_lines(text, header_line=0)] == ["Crew", "Osprey"]
        assert asked(text, header_line=3) == (
            "header_line",
            "Line 3 is blank, or within a cell, or not there.",
        )

    @pytest.mark.parametrize(
        "text",
        [
            "Nova Guard\nIGN\nOsprey\n",
            "Nova Guard\n\nIGN\nOsprey\n",
            "Osprey,Agent\nPlayer,Agent\nMerlin,Admiral\n",
            "Osprey\nMerlin\nNick\n",
        ],
    )
    def test_whether_what_stands_above_the_headings_is_a_title(self, text: str) -> None:
        field, words = asked(text)
        assert field == "header_line"
        assert "looks like the headings, but line 1" in words

    def test_which_line_has_the_headings_decides_it(self) -> None:
        text = "Nova Guard\nIGN\nOsprey\n"
        assert [line.line for line in roster_lines(text, header_line=2)] == [3]
        assert [line.name for line in roster_lines(text, header_line=0)] == ["Nova Guard", "IGN", "Osprey"]

    def test_without_headings_a_column_has_a_number(self) -> None:
        text = "Agent,Osprey\nAdmiral,Merlin\n"
        assert asked(text)[0] == asked(text, header_line=0)[0] == "commander_column"
        assert [line.name for line in roster_lines(text, "2", header_line=0)] == ["Osprey", "Merlin"]
        with pytest.raises(Malformed, match="a number from 1 to 2"):
            roster_lines(text, "3", header_line=0)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                "IGN\nOsprey;Agent\nMerlin;Admiral\n",
                "';' in it, such as 'Osprey;Agent'. Give separator: semicolon",
            ),
            (
                "Name:Rank\nOsprey:Agent\nMerlin:Admiral\n",
                "':' in it, such as 'Osprey:Agent'. If it separates",
            ),
            (
                "Name     Rank\nOsprey   Agent\nMerlin   Admiral\n",
                "a gap in it, such as 'Osprey   Agent'. If it",
            ),
        ],
    )
    def test_whether_every_name_is_several_cells(self, text: str, words: str) -> None:
        field, said = asked(text, header_line=1)
        assert field == "separator"
        assert said.startswith(f"Every name has {words}")
        assert len(roster_lines(text, header_line=1, separator="comma")) == 2

    def test_whether_numbers_are_names(self) -> None:
        text = 'Alliance,Commanders\n[NOVA] Nova,12\n[VEGA] Vega,"1,034"\n'
        assert asked(text)[0] == "commander_column"
        assert [line.name for line in roster_lines(text, "Commanders")] == ["12", "1,034"]
        assert [line.name for line in roster_lines("IGN\n007\n008\n")] == ["007", "008"]

    def test_a_comma_in_some_names_is_a_matter_of_their_lines(self) -> None:
        lines = roster_lines('Name\n"Nova, the Elder"\nNova, the Younger\nOsprey\n')
        assert [(line.name, line.problem is None) for line in lines] == [
            *(("Nova, the Elder", True), ("Nova", False), ("Osprey", True)),
        ]

    def test_what_a_spreadsheet_puts_in_place_of_a_name_is_none(self) -> None:
        lines = roster_lines(
            "IGN,Rank\nOsprey,Agent\nIGN,Rank\n#REF!,Agent\n#N/A,Agent\n#Hawk,Agent\nTOTAL,4\n"
        )
        assert [line.name for line in lines if not line.problem] == ["Osprey", "#Hawk"]
        assert "the heading again" in (lines[1].problem or "")

    def test_two_names_in_a_line_are_a_problem(self) -> None:
        (line,) = roster_lines("Name,Name\nOsprey,Merlin\n")
        assert line.problem == "Two names stand in this line: 'Osprey' and 'Merlin'."


class TestUnderstanding:
    """What the answer says of how a file was read."""

    def test_of_a_roster(self) -> None:
        text = "Nova Guard,,\n\nRank;IGN;Seen on;\nAgent;Kestrel;2023-11-01;\n"
        file = read_roster(text, Columns(), {"Kestrel"}.__contains__)
        assert file.read_as == ImportFile(
            "semicolon",
            3,
            (1,),
            (
                ImportColumn("Rank", None),
                ImportColumn("IGN", "commander"),
                ImportColumn("Seen on", None),
            ),
        )
        assert file.first == (ImportPreview(4, "Kestrel"),)

    def test_of_a_list(self) -> None:
        text = (
            "Timestamp,Player,Event,Milestone,Mood\n"
            "13/11/2023 9:00,Kestrel,Defenders of Peace,Hidden Motivations,:)\n"
        )
        file = read_completions(text, Columns(), EVENTS, GameDay(), NOW)
        assert [column.used_for for column in file.read_as.columns] == [
            *("time", "commander", "event", "milestone", None),
        ]
        assert (file.read_as.separator, file.read_as.dates) == ("comma", "day-first")
        at = datetime(2023, 11, 13, 9, tzinfo=UTC)
        assert file.first == (ImportPreview(2, "Kestrel", (HIDDEN,), at),)

    def test_of_a_tracker(self) -> None:
        text = "Player,Hidden Motivations,Notes\nKestrel,x,\n"
        file = read_completions(text, Columns(), EVENTS, GameDay(), NOW)
        assert file.read_as.columns == (
            ImportColumn("Player", "commander"),
            ImportColumn("Hidden Motivations", "milestone", HIDDEN),
            ImportColumn("Notes", None),
        )

    def test_only_the_first_lines_are_shown(self) -> None:
        file = read_roster("IGN\n" + "".join(f"Hawk{n}\n" for n in range(30)), Columns(), {""}.__contains__)
        assert [line.line for line in file.first] == list(range(2, 12))

    def test_a_long_heading_is_cut(self) -> None:
        text = f"IGN,{'why ' * 100}\nKestrel,x\n"
        file = read_roster(text, Columns(), {""}.__contains__)
        assert [len(column.heading) for column in file.read_as.columns] == [3, 80]


class TestLanguages:
    """The file that Google Sheets saves of a form's responses, in the languages of DESIGN §13."""

    @pytest.mark.parametrize(
        "line",
        [
            "Timestamp,In-game name,Milestones|11/15/2023 14:03:22",
            "Zeitstempel,Spielername,Meilensteine|15.11.2023 14:03:22",
            "Horodateur,Pseudo,Jalons|15/11/2023 14:03:22",
            "Marca temporal,Nombre del jugador,Hitos|15/11/2023 14:03:22",
            "Informazioni cronologiche,Giocatore,Traguardi|15/11/2023 14.03.22",
            "Carimbo de data/hora,Jogador,Marcos|15/11/2023 14:03:22",
            "Отметка времени,Игрок,Вехи|15.11.2023 14:03:22",
            "タイムスタンプ,プレイヤー名,マイルストーン|2023/11/15 14:03:22",
            # the file that Google Forms offers itself
            "Zeitstempel,Kommandant,Meilensteine|2023/11/15 3:03:22 PM MEZ",
            "Horodateur,Nom du commandant,Jalons|2023/11/15 3:03:22 PM UTC+1",
            "Marca temporal,Comandante,Hitos|2023/11/15 11:03:22 a. m. GMT-3",
            "Marca temporal,Nombre,Hitos|2023/11/15 11:03:22 a.m. GMT-3",
            "Informazioni cronologiche,Nome,Traguardi|2023/11/15 3:03:22 PM CET",
            "Carimbo de data/hora,Nome,Marcos|2023/11/15 11:03:22 AM GMT-3",
            "Отметка времени,Имя,Вехи|2023/11/15 5:03:22 PM GMT+3",
            "タイムスタンプ,お名前,マイルストーン|2023/11/15 11:03:22 午後 GMT+9",
        ],
    )
    def test_the_time_the_name_and_the_milestones_are_found(self, line: str) -> None:
        header, _, at = line.partition("|")
        text = f"{header}\n{at},Kestrel,Hidden Motivations\n"
        (found,) = lines_of(text)
        assert (found.name, found.problems) == ("Kestrel", ())
        assert found.reported_at == datetime(2023, 11, 15, 14, 3, 22, tzinfo=UTC)

    @pytest.mark.parametrize(
        "heading",
        [
            *(
                "IGN",
                "Player",
                "member",
                "Commander",
                "Gamertag",
                "Spieler",
                "Mitglied",
                "Pseudo",
                "Joueur",
                "Membre",
            ),
            *(
                "Jugador",
                "Comandante",
                "Nombre",
                "Giocatore",
                "Nome in gioco",
                "Jogador",
                "Apelido",
                "Игрок",
                "Ник",
            ),
            *(
                "Командир",
                "プレイヤー",
                "名前",
                "司令官",
                "ＩＧＮ",
                "player_name",
                "In-Game-Name",
                "NAME:",
                "*Name*",
            ),
        ],
    )
    def test_a_column_of_names_is_known(self, heading: str) -> None:
        assert [line.name for line in roster_lines(f"Rang;{heading}\n1;Osprey\n")] == ["Osprey"]


class TestFiles:
    """Whole files, as they come."""

    def test_two_columns(self) -> None:
        text = "Commander,Milestone\nKestrel,Hidden Motivations\nOsprey,the-onslaught\nKestrel,Hidden Motivations\n"
        assert said(text) == [
            (2, "Kestrel", [HIDDEN], ()),
            (3, "Osprey", [ONSLAUGHT], ()),
            (4, "Kestrel", [HIDDEN], ()),
        ]

    def test_what_muster_exports_itself(self) -> None:
        at = datetime(2023, 11, 15, 12, 30, tzinfo=UTC)
        text = csv_text(
            ["Commander", "Event", "Milestone", "Points", "Recorded at"],
            [
                ["=Kestrel", "Defenders of Peace", "Hidden Motivations", 100, at],
                ["Osprey", ARCHITECTS, ONSLAUGHT, 100, at],
            ],
        )
        assert said(text) == [(2, "=Kestrel", [HIDDEN], ()), (3, "Osprey", [ONSLAUGHT], ())]
        assert {line.reported_at for line in lines_of(text)} == {at}

    def test_the_sheet_of_a_forms_responses(self) -> None:
        text = (
            "Timestamp,Your commander's name,What have you completed?\r\n"
            '11/15/2023 14:03:22,Kestrel,"Hidden Motivations, The Onslaught"\r\n'
            "11/15/2023 14:05:07, Osprey ,Enlisting Old Allies\r\n"
        )
        assert said(text) == [(2, "Kestrel", [HIDDEN, ONSLAUGHT], ()), (3, "Osprey", [ENLISTING], ())]
        assert lines_of(text)[0].reported_at == datetime(2023, 11, 15, 14, 3, 22, tzinfo=UTC)

    def test_the_file_that_a_form_offers_with_questions_of_ones_own(self) -> None:
        text = (
            '"Informazioni cronologiche","Chi sei?","Fatto?"\n'
            '"2023/11/15 3:08:44 PM GMT+1","Kestrel","Hidden Motivations;The Onslaught"\n'
            '"2023/11/16 12:00:01 AM CET","Osprey","The Onslaught"\n'
        )
        mapping = Columns(commander="chi sei", milestone="FATTO?", timestamp="informazioni cronologiche")
        assert said(text, mapping) == [
            (2, "Kestrel", [HIDDEN, ONSLAUGHT], ()),
            (3, "Osprey", [ONSLAUGHT], ()),
        ]
        assert [line.reported_at for line in lines_of(text, mapping)] == [
            datetime(2023, 11, 15, 14, 8, 44, tzinfo=UTC),
            datetime(2023, 11, 15, 23, 0, 1, tzinfo=UTC),
        ]

    def test_a_list_that_calls_milestones_events(self) -> None:
        text = "Name,Event\nKestrel,Hidden Motivations\n"
        assert said(text, Columns(milestone="event")) == [(2, "Kestrel", [HIDDEN], ())]

    def test_a_form_that_asks_twice_by_the_same_name(self) -> None:
        text = "Name,Milestones,Milestones\nKestrel,Hidden Motivations,The Onslaught\nOsprey,,The Onslaught\n"
        assert said(text) == [(2, "Kestrel", [HIDDEN, ONSLAUGHT], ()), (3, "Osprey", [ONSLAUGHT], ())]

    def test_a_grid_of_a_form(self) -> None:
        text = "Timestamp,Name,Done? [Hidden Motivations],Done? [The Onslaught]\n11/15/2023 14:03:22,Kestrel,Yes,\n"
        assert said(text) == [(2, "Kestrel", [HIDDEN], ())]

    def test_an_officers_tracker(self) -> None:
        text = (
            "Player\tRank\thidden  motivations\tEnlisting Old Allies\tThe Onslaught\tCompleted\n"
            "Kestrel\tAgent\tTRUE\tFALSE\tTRUE\t2\n"
            "Osprey\tAgent\tx\t✔️\t-\t2\n"
            "Merlin\tAgent\tno\t\t0\t0\n"
            "\t\t\t\t\t4\n"
            "Hobby\tAgent\tmaybe\t1\t\t1\n"
            "\t\tyes\t\t\t\n"
        )
        assert said(text) == [
            (2, "Kestrel", [HIDDEN, ONSLAUGHT], ()),
            (3, "Osprey", [HIDDEN, ENLISTING], ()),
            (
                *(6, "Hobby", [ENLISTING]),
                (
                    "'maybe' under 'hidden  motivations' is neither a tick nor blank. "
                    "Put ✓, x or yes where it was completed, and nothing where it was not.",
                ),
            ),
            (7, None, [HIDDEN], ("Please give the commander's name.",)),
        ]

    def test_the_tab_of_commanders_that_muster_keeps(self) -> None:
        text = (
            "Server 101 · [NOVA] Nova · kept by Muster,,,,,,\n"
            "Data as of,2023-11-15 12:00:00,Times are UTC; a game day begins at 00:00,,,,\n"
            "Last successful sync,2023-11-15 12:00:00,,,,,\n"
            "Last error,none,,,,,\n"
            "Hand edits undone,none,,,,,\n"
            "Commander,Hidden Motivations,The Onslaught,Defenders of Peace points,Last report,Missing today,\n"
            "Kestrel,✓,,100,2023-11-15 11:00:00,,id-0 AbCd\n"
            'Osprey,,,0,,"Hidden Motivations, Confronting Resilience",id-1 AbCd\n'
        )
        assert said(text) == [(7, "Kestrel", [HIDDEN], ())]
        assert lines_of(text)[0].reported_at is None
        assert [line.name for line in roster_lines(text, None)] == ["Kestrel", "Osprey"]

    def test_a_named_column_of_milestones_makes_it_a_list(self) -> None:
        text = "Name,The Onslaught,Which\nKestrel,x,Hidden Motivations\n"
        assert said(text) == [(2, "Kestrel", [ONSLAUGHT], ())]
        assert said(text, Columns(milestone="which")) == [(2, "Kestrel", [HIDDEN], ())]


class TestMilestones:
    @pytest.mark.parametrize(
        ("cell", "refs"),
        [
            (HIDDEN, [HIDDEN]),
            (HIDDEN.upper(), [HIDDEN]),
            ("hidden-motivations", [HIDDEN]),
            ("hidden\u2011motivations", [HIDDEN]),
            ("  ＨＩＤＤＥＮ   motivations ", [HIDDEN]),
            ("Hidden Motivations (Defenders of Peace)", [HIDDEN]),
            ("Hidden Motivations, The Onslaught", [HIDDEN, ONSLAUGHT]),
            ("The Onslaught;Hidden Motivations", [ONSLAUGHT, HIDDEN]),
            ("Hidden Motivations\r\nThe Onslaught\n", [HIDDEN, ONSLAUGHT]),
            (f"hidden-motivations,{HIDDEN},Hidden Motivations,", [HIDDEN]),
        ],
    )
    def test_are_found_by_id_or_name_alone_or_joined(self, cell: str, refs: list[str]) -> None:
        assert of_cell(cell) == (refs, [])

    @pytest.mark.parametrize(
        ("cell", "refs"),
        [
            ("Ready", ["e/m0"]),
            ("Ready, Set, Go", ["e/m2"]),
            ("ready, set,  go", ["e/m2"]),
            ("Set, Ready, Set, Go, Ready", ["e/m1", "e/m2", "e/m0"]),
            ("Set; Ready", ["e/m1", "e/m0"]),
            ("O'Brien’s Gambit – Part 1", ["e/m3"]),
            ("o’brien's gambit - part 1", ["e/m3"]),
        ],
    )
    def test_the_longest_name_goes_first(self, cell: str, refs: list[str]) -> None:
        trial = event("e", "Ready", "Set", "Ready, Set, Go", "O'Brien's Gambit — Part 1")
        assert of_cell(cell, [trial]) == (refs, [])

    @pytest.mark.parametrize(
        ("cell", "refs", "problems"),
        [
            (
                *("Hiden Motivations", []),
                ["There is no milestone 'Hiden Motivations'. Did you mean 'Hidden Motivations'?"],
            ),
            (
                *("the-onslaugt, Hidden Motivations", [HIDDEN]),
                ["There is no milestone 'the-onslaugt'. Did you mean 'the-onslaught'?"],
            ),
            ("all of them; all of them", [], ["There is no milestone 'all of them'."]),
            ("O'Brien", [], ['There is no milestone "O\'Brien".']),
            (" ", [], ["This line names no milestone."]),
            (" , ;", [], ["This line names no milestone."]),
            (
                *(",".join(f"{n}{n}" for n in range(8)), []),
                [
                    *(f"There is no milestone '{n}{n}'." for n in range(5)),
                    "The same goes for 3 more in this cell.",
                ],
            ),
        ],
    )
    def test_what_is_not_understood_is_named(self, cell: str, refs: list[str], problems: list[str]) -> None:
        assert of_cell(cell) == (refs, problems)

    def test_a_long_cell_is_cut_where_it_is_named(self) -> None:
        _, (problem,) = of_cell("x" * 1000)
        assert problem == f"There is no milestone '{'x' * 79}…'."

    def test_a_name_of_several_events_needs_the_event(self) -> None:
        both = [event("e-1", "Raid", "Siege"), event("e-2", "Raid", name="Encore")]
        problem = (
            "'Raid' is more than one milestone: 'e-1/m0', 'e-2/m0'. "
            "Say which of these is meant, or give the event."
        )
        assert of_cell("Raid, Siege", both) == (["e-1/m1"], [problem])
        assert of_cell("e-2/m0, Raid (Trial)", both) == (["e-2/m0", "e-1/m0"], [])
        for chosen in ("e-2", "encore"):
            assert of_cell("Raid", both, chosen) == (["e-2/m0"], [])
        assert of_cell("Siege", both, "e-2") == ([], ["There is no milestone 'Siege' in Encore."])
        text = (
            "Name,Event,Milestone\nKestrel,Encore,Raid\nOsprey,e-1,Raid\nMerlin,,Siege\nHobby,Finale,Raid\n"
        )
        assert said(text, events=both) == [
            (2, "Kestrel", ["e-2/m0"], ()),
            (3, "Osprey", ["e-1/m0"], ()),
            (4, "Merlin", ["e-1/m1"], ()),
            (5, "Hobby", [], ("The event 'Finale' is none of 'Trial', 'Encore'.",)),
        ]
        assert said(text, Columns(event="e-2"), both)[1] == (
            3,
            "Osprey",
            [],
            ("The event 'e-1' is none of 'Encore'.",),
        )
        field, words = refused("Name,Raid\nKestrel,x\n", events=both)
        assert (field, words) == ("event", problem)
        assert said("Name,Raid\nKestrel,x\n", Columns(event="e-1"), both) == [(2, "Kestrel", ["e-1/m0"], ())]

    def test_an_events_other_names_and_their_limits(self) -> None:
        assert of_cell("Hidden Motivations", chosen="Defender of Peace - SMS") == ([HIDDEN], [])
        twice = [event("e-1", "Raid"), event("e-2", "Raid")]
        assert refused("Name,Milestone\na,b\n", Columns(event="trial"), twice) == (
            "event",
            "'trial' is the name of more than one event: say which of 'e-1', 'e-2' is meant.",
        )
        assert of_cell("Raid", twice, "e-2") == (["e-2/m0"], [])
        assert refused("Name,Milestone\na,b\n", Columns(event="x"), [])[1] == "There are no events."

    def test_a_tracker_must_spell_its_milestones_so_that_no_tick_is_lost(self) -> None:
        text = "Name,Hidden Motivations,The Onslaugth\nKestrel,x,x\n"
        assert refused(text) == (
            "csv",
            "The column 'The Onslaugth' is no milestone. Did you mean 'The Onslaught'?",
        )


class TestTicks:
    @pytest.mark.parametrize(
        "cell",
        [
            *(
                "✓",
                "✔",
                "✔︎",
                "✔️",
                "✅",
                "☑",
                "☑️",
                "x",
                "X",
                "×",
                "1",
                "1.0",
                "100%",
                "100 %",
                "100,00 %",
                "100.0%",
            ),
            *(
                "TRUE",
                "WAHR",
                "VRAI",
                "VERO",
                "VERDADERO",
                "VERDADEIRO",
                "ИСТИНА",
                "yes",
                "Ja",
                "oui",
                "sí",
                "Sì",
                "sim",
            ),
            *("да", "はい", "Done", "erledigt", "ＴＲＵＥ", " true ", '="TRUE"', "DOĞRU"),
        ],
    )
    def test_are_ticks_however_they_are_written(self, cell: str) -> None:
        text = csv_text(["Name", "Hidden Motivations", "The Onslaught"], [["Kestrel", "", "x"]])
        text = text.replace("Kestrel,,", 'Kestrel,"' + cell.replace('"', '""') + '",')
        ((_, _, refs, _),) = said(text)
        assert refs == [HIDDEN, ONSLAUGHT]

    @pytest.mark.parametrize(
        "cell",
        [
            *(
                "",
                " ",
                "-",
                "–",
                "0",
                "0.0",
                "0%",
                "0,0 %",
                "☐",
                "FALSE",
                "FALSCH",
                "FAUX",
                "FALSO",
                "ЛОЖЬ",
                "no",
                "Nein",
            ),
            *("non", "não", "нет", "いいえ", "YANLIŞ"),
        ],
    )
    def test_are_none_however_they_are_written(self, cell: str) -> None:
        text = csv_text(["Name", "Hidden Motivations", "The Onslaught"], [["Kestrel", cell, "x"]])
        assert said(text) == [(2, "Kestrel", [ONSLAUGHT], ())]

    @pytest.mark.parametrize(
        "cell", ["50%", "2", "maybe", "❌", "✗", "☒", "○", "15.11.2023", "#REF!", "?", "1%", "truee"]
    )
    def test_anything_else_is_refused_with_its_line(self, cell: str) -> None:
        text = csv_text(["Name", "Hidden Motivations"], [["Kestrel", "x"], ["Osprey", cell]])
        first, second = said(text)
        assert first[3] == ()
        assert (second[0], "is neither a tick nor blank" in second[3][0]) == (3, True)

    def test_unticked_boxes_all_the_way_down_are_no_rows(self) -> None:
        rows = (
            "".join(f"Hawk{n},TRUE,FALSE\n" for n in range(3))
            + ",FALSE,FALSE\n" * 1000
            + "Kestrel,FALSE,TRUE\n"
        )
        lines = lines_of("Name,Hidden Motivations,The Onslaught\n" + rows)
        assert [(line.line, line.name) for line in lines] == [
            *((n + 2, f"Hawk{n}") for n in range(3)),
            (1005, "Kestrel"),
        ]

    def test_a_row_with_a_tick_and_no_name_is_refused(self) -> None:
        assert said("Name,Hidden Motivations\n,TRUE\n")[0][3] == ("Please give the commander's name.",)

    def test_a_list_may_have_boxes_too(self) -> None:
        assert said("Name,Milestone,Checked\nKestrel,hidden-motivations,TRUE\n,,FALSE\n") == [
            (2, "Kestrel", [HIDDEN], ())
        ]

    def test_many_problems_of_a_line_are_not_all_told(self) -> None:
        names = [f"Milestone {n}" for n in range(20)]
        text = csv_text(["Name", *names], [["Kestrel", *["?"] * 20]])
        ((_, _, _, problems),) = said(text, events=[event("e", *names)])
        assert (len(problems), problems[-1]) == (11, "And 10 more in this line.")


class TestTimes:
    @pytest.mark.parametrize(
        ("cell", "instant"),
        [
            ("2023-11-15T12:00:00Z", "2023-11-15T12:00:00"),
            ("2023-11-15T12:00:00.250+02:00", "2023-11-15T10:00:00"),
            ("2023-11-15 12:00:00", "2023-11-15T17:00:00"),
            ("2023-11-15 12:00", "2023-11-15T17:00:00"),
            ("11/15/2023 14:03:22", "2023-11-15T19:03:22"),
            ("11/15/2023 2:03:22 PM", "2023-11-15T19:03:22"),
            ("11/15/2023, 2:03\u202fpm", "2023-11-15T19:03:00"),
            ("11/15/23 12:03 a.m.", "2023-11-15T05:03:00"),
            ("1/2/2023 9:03:22", "2023-01-02T14:03:22"),
            ("15.11.2023 14:03:22", "2023-11-15T19:03:22"),
            ("1.2.2023 14:03:22", "2023-02-01T19:03:22"),
            ("15-11-2023 14:03:22", "2023-11-15T19:03:22"),
            ("2023/11/15 14:03:22", "2023-11-15T19:03:22"),
            ("2023/11/15 2:03:22 PM GMT+1", "2023-11-15T13:03:22"),
            ("2023/11/15 2:03:22 PM GMT-3:30", "2023-11-15T17:33:22"),
            ("2023/11/15 2:03:22 PM EST", "2023-11-15T19:03:22"),
            ("2023/11/15 2:03:22 PM UTC", "2023-11-15T14:03:22"),
            # a mere date is the beginning of its game day, here 05:00 in New York
            ("2023-11-15", "2023-11-15T10:00:00"),
            ("11/15/2023", "2023-11-15T10:00:00"),
            # the hour that the clocks repeat is its first occurrence
            ("11/5/2023 1:30:00", "2023-11-05T05:30:00"),
        ],
    )
    def test_are_the_servers_unless_they_say_otherwise(self, cell: str, instant: str) -> None:
        assert times_of(cell, day=NEW_YORK) == [instant]

    @pytest.mark.parametrize(
        "cell",
        [
            *("yesterday", "45245.58", "11/31/2023 10:00:00", "11/15/2023 25:00:00", "11/15/2023 13:00 PM"),
            *(
                "11/15/2023 0:10 am",
                "31/31/2023",
                "11.15.2023",
                "2023/11/15 2:03 PM AEDT",
                "0001-01-01T00:00:00",
            ),
            *("2023/11/15 2:03 PM GMT+99", "2023/11/2023", "11/15-2023", "0/0/2023", "9999-12-31"),
        ],
    )
    def test_what_is_no_time_is_a_problem_that_says_what_to_do(self, cell: str) -> None:
        day = {"0001-01-01T00:00:00": GameDay(zone="Asia/Tokyo")}.get(
            cell, GameDay(time(23), "America/New_York")
        )
        expected = (
            f"The timestamp '{cell}' can't be read. Give timestamp_format, such as '%d/%m/%Y %H:%M:%S'."
        )
        assert times_of(cell, day=day) == [expected]

    def test_a_blank_one_is_none_and_a_file_needs_none(self) -> None:
        text = "Timestamp,Name,Milestone\n ,Kestrel,hidden-motivations\n"
        assert [(line.reported_at, line.problems) for line in lines_of(text)] == [(None, ())]

    def test_one_date_with_the_day_first_makes_all_so(self) -> None:
        assert times_of("03/11/2023 10:00:00", "13/11/2023 10:00:00", "2023-11-04 10:00") == [
            *("2023-11-03T10:00:00", "2023-11-13T10:00:00", "2023-11-04T10:00:00")
        ]
        assert times_of("03/11/2023 10:00:00", "11/13/2023 10:00:00")[0] == "2023-03-11T10:00:00"

    def test_with_dots_the_day_is_first_whatever_the_others_say(self) -> None:
        assert times_of("3.11.2023 10:00", "11/13/2023 10:00")[0] == "2023-11-03T10:00:00"

    def test_a_file_with_both_orders_needs_a_format(self) -> None:
        mixed = "Some timestamps of this file have the day first, and others the month."
        first, second, third, fourth, fifth = times_of(
            *("13/11/2023 10:00", "11/14/2023 10:00", "3/11/2023", "2023-11-15", "15.11.2023")
        )
        assert all(words.startswith(mixed) for words in (first, second, third))
        assert fourth == fifth == "2023-11-15T00:00:00"

    @pytest.mark.parametrize(
        ("pattern", "cell", "instant"),
        [
            ("%d/%m/%Y %H:%M:%S", "03/11/2023 10:00:00", "2023-11-03T14:00:00"),
            ("%d/%m/%Y %H.%M.%S", "03/11/2023 10.00.00", "2023-11-03T14:00:00"),
            ("%d %b %Y %I:%M %p", "3 Nov 2023 2:15 PM", "2023-11-03T18:15:00"),
            ("%Y-%m-%d %H:%M %z", "2023-11-03 10:00 +0200", "2023-11-03T08:00:00"),
            (" %d.%m.%y ", "03.11.23", "2023-11-03T09:00:00"),
        ],
    )
    def test_are_read_by_the_format_given(self, pattern: str, cell: str, instant: str) -> None:
        assert times_of(cell, pattern=pattern, day=NEW_YORK) == [instant]

    def test_what_does_not_fit_the_format_is_a_problem(self) -> None:
        assert times_of("2023-11-03T10:00:00Z", pattern="%d/%m/%Y") == [
            "The timestamp '2023-11-03T10:00:00Z' isn't of the form '%d/%m/%Y'. "
            "Correct it, or give another timestamp_format."
        ]

    @pytest.mark.parametrize(
        "pattern",
        [
            *(
                "dd/mm/yyyy",
                "%H:%M",
                "%m/%d",
                "%Q",
                "%",
                "%Y %Y-%m-%d",
                "%d/%m/%Y %I:%M",
                "%d/%m/%Y %Z",
                "\0",
            ),
            *("%s", "%d/%m/%Y\ud800"),
        ],
    )
    def test_a_format_that_can_not_be_used_is_refused(self, pattern: str) -> None:
        text = "Timestamp,Name,Milestone\n3/11/2023,Kestrel,hidden-motivations\n"
        field, words = refused(text, Columns(timestamp_format=pattern))
        assert field == "timestamp_format"
        assert "can't be used" in words

    def test_a_format_without_a_column_is_asked_about(self) -> None:
        text = "Klingonisch,Name,Milestone\nDaH,Kestrel,hidden-motivations\n"
        assert refused(text, Columns(timestamp_format="%d.%m.%Y")) == (
            "timestamp_column",
            "Which column is timestamp_format for? Give it as timestamp_column. "
            "The columns are 'Klingonisch', 'Name', 'Milestone'.",
        )

    @pytest.mark.parametrize(
        "cell",
        [
            *(
                "15.11.2023 14:03:22",
                "2023-11-15",
                "11/12/2023",
                "2023/11/15 3:15:06 午後 GMT+9",
                "2023年11月15日 14時3分",
            ),
            *(
                "15 Nov 2023",
                "Nov. 15th, 2023, 2 pm",
                "15 novembre 2023",
                "15 ноября 2023 г.",
                "14:03",
                "1700056800",
            ),
            *("Wed Nov 15 2023 14:03:22 GMT+0100", "2023-11-15T14:03:22.000Z"),
        ],
    )
    def test_an_unknown_column_that_looks_like_times_is_asked_about(self, cell: str) -> None:
        text = csv_text(["Stardate", "Name", "Milestone"], [[cell, "Kestrel", "hidden-motivations"]])
        assert refused(text) == (
            "timestamp_column",
            "Does 'Stardate' say when it was reported? Give the column as timestamp_column; if none does, "
            "without_times.",
        )
        ((_, _, refs, problems),) = said(text, Columns(without_times=True))
        assert (refs, problems) == ([HIDDEN], ())

    @pytest.mark.parametrize(
        "cell", ["Agent", "3", "12,500", "v1.2.3.4", "45 %", "a@example.org", "Nova 3", "2023", ":)"]
    )
    def test_what_does_not_look_like_times_is_not(self, cell: str) -> None:
        text = csv_text(["Other", "Name", "Milestone"], [[cell, "Kestrel", "hidden-motivations"]])
        assert said(text)[0][3] == ()

    def test_of_several_columns_of_times_one_has_to_be_named(self) -> None:
        text = "Date,Time,Name,Milestone\n15.11.2023,14:03,Kestrel,hidden-motivations\n"
        field, words = refused(text)
        assert (field, words.partition(" says")[0]) == ("timestamp_column", "Which of 'Time', 'Date'")
        assert lines_of(text, Columns(timestamp="Date"))[0].reported_at == datetime(2023, 11, 15, tzinfo=UTC)

    def test_times_or_none(self) -> None:
        text = "Timestamp,Name,Milestone\n15.11.2023,Kestrel,hidden-motivations\n"
        assert lines_of(text, Columns(without_times=True))[0].reported_at is None
        assert refused(text, Columns(without_times=True, timestamp="Timestamp"))[0] == "without_times"

    def test_where_nothing_was_imported_before_it_was_recorded_then(self) -> None:
        text = (
            "Commander,Milestone,Recorded at,Reported at\n"
            "Kestrel,hidden-motivations,2023-11-15T12:00:00Z,2023-11-15T10:00:00Z\n"
            "Osprey,hidden-motivations,2023-11-15T12:00:00Z,\n"
        )
        assert [f"{line.reported_at:%H:%M}" for line in lines_of(text)] == ["10:00", "12:00"]


class TestDateOrder:
    """Whether 11/12/2023 is in November or in December."""

    DATE = "11/12/2023 10:00:00"
    BERLIN = GameDay(time(0), "Europe/Berlin", assumed=False)

    def test_it_is_asked_about(self) -> None:
        for day in (GameDay(), GameDay(zone="America/New_York"), GameDay(time(0), "UTC", assumed=False)):
            with pytest.raises(Malformed) as caught:
                times_of(self.DATE, "2023-11-13", "12.11.2023", "11/11/2023", day=day)
            (error,) = caught.value.errors
            assert (error.field, error.message) == (
                "timestamp_format",
                "The timestamp '11/12/2023 10:00:00' may have the day first, or the month. "
                "Give timestamp_format: day-first or month-first.",
            )

    def test_another_line_decides(self) -> None:
        assert times_of(self.DATE, "13/11/2023")[0] == "2023-12-11T10:00:00"
        assert times_of("11/13/2023 0:00", self.DATE)[1] == "2023-11-12T10:00:00"

    def test_the_servers_zone_decides_where_it_is_set(self) -> None:
        assert times_of(self.DATE, day=self.BERLIN) == ["2023-12-11T09:00:00"]
        assert times_of(self.DATE, day=NEW_YORK) == ["2023-11-12T15:00:00"]
        assert times_of(self.DATE, "13/11/2023", day=NEW_YORK)[0] == "2023-12-11T15:00:00", (
            "but not over the file"
        )

    def test_it_can_be_said(self) -> None:
        assert times_of(self.DATE, pattern="day-first") == ["2023-12-11T10:00:00"]
        assert times_of(self.DATE, "2023-11-15", pattern=" month-first ") == [
            *("2023-11-12T10:00:00", "2023-11-15T00:00:00"),
        ]
        assert "can't be read" in times_of("13/11/2023", pattern="month-first")[0]

    def test_what_is_the_same_either_way_is_not_asked_about(self) -> None:
        assert times_of("11/11/2023 10:00") == ["2023-11-11T10:00:00"]


class TestColumns:
    @pytest.mark.parametrize(
        ("mapping", "field", "words"),
        [
            (
                Columns(),
                "commander_column",
                "Which column has the commanders' names? Give it as commander_column.",
            ),
            (Columns(commander="nick"), "commander_column", "There is no column 'nick'."),
            (Columns(commander="who"), "milestone_column", "Which column has the milestones?"),
            (Columns(commander="who", milestone="x"), "milestone_column", "There is no column 'x'."),
            (
                Columns(commander="who", milestone="what", timestamp="x"),
                "timestamp_column",
                "There is no column 'x'.",
            ),
            (Columns(commander="who", event="x"), "event", "The event 'x' is none of"),
        ],
    )
    def test_what_is_not_found_is_asked_for(self, mapping: Columns, field: str, words: str) -> None:
        asked, how = refused("Who,What,When\nKestrel,hidden-motivations,\n", mapping)
        assert asked == field
        assert how.startswith(words)
        assert field == "event" or how.endswith("The columns are 'Who', 'What', 'When'.")

    def test_many_columns_are_not_all_listed(self) -> None:
        _, words = refused(",".join(f"c{n}" for n in range(25)) + "\nx\n")
        assert words.endswith("'c19', and 5 more.")

    def test_blank_settings_are_none(self) -> None:
        text = "Name,Milestone\nKestrel,hidden-motivations\n"
        assert said(text, Columns("", " ", "", " ", "")) == [(2, "Kestrel", [HIDDEN], ())]

    def test_all_that_is_wrong_with_a_line_is_said(self) -> None:
        text = "Name,Milestone,Timestamp\n,nothing,then,spare\n"
        ((_, name, refs, problems),) = said(text)
        assert (name, refs) == (None, [])
        assert [words.split()[0:3] for words in problems] == [
            ["This", "line", "has"],
            ["Please", "give", "the"],
            ["There", "is", "no"],
            ["The", "timestamp", "'then'"],
        ]

    @pytest.mark.parametrize("place", ["header", "milestone", "time", "tick"])
    def test_endless_marks_in_a_cell_are_not_worked_on(self, place: str) -> None:
        cells = {"header": "Mood", "milestone": "hidden-motivations", "time": "", "tick": ""}
        cells[place] = "e" + "\u0301\u0327" * 60_000  # to put them in order would take minutes
        milestone = "The Onslaught" if place == "tick" else "Milestone"
        text = csv_text(
            ["Name", milestone, "Timestamp", cells["header"]],
            [["Kestrel", cells["tick"] or cells["milestone"], cells["time"], ""]],
        )
        assert len(lines_of(text)) == 1

    def test_an_import_has_at_most_so_many_lines(self) -> None:
        line = "Kestrel,hidden-motivations\n"
        assert len(lines_of("Name,Milestone\n" + line * MOST_LINES)) == MOST_LINES
        with pytest.raises(TooLarge):
            lines_of("Name,Milestone\n" + line * (MOST_LINES + 1))


WORDS = st.sampled_from(
    [
        *(
            "Commander",
            "Milestone",
            "Timestamp",
            "Event",
            "Hidden Motivations",
            "hiden motivations",
            HIDDEN,
            "x",
            "✓",
        ),
        *(",", ",", ",", "\n", "\n", ";", "\t", '"', "'", "=", "\0", "\r", " ", "[", "]", "GMT+1", "PM"),
        *(
            "13/11/2023 10:00",
            "11/13/2023",
            "2023-11-15",
            "9999-12-31T23:59:59-12:00",
            "0001-01-01",
            "(",
            DEFENDERS,
        ),
    ]
)
TEXTS = st.text() | st.lists(WORDS, max_size=25).map("".join)
FILES = (
    TEXTS
    | TEXTS.map("Commander,Milestone,Timestamp,Event\n".__add__)
    | TEXTS.map("Name,The Onslaught\n".__add__)
)
SETTINGS = (
    st.none() | st.sampled_from(["Commander", "Milestone", "Timestamp", "%d/%m/%Y", "trial"]) | st.text()
)
PATTERNS = st.none() | st.lists(
    st.sampled_from([*(f"%{c}" for c in "YmdHIMSpyzZjbUWGVuacxX%"), *"/ (.[é\0"])
).map("".join)


LINES = st.none() | st.integers(0, 5)
MARKS: st.SearchStrategy[SeparatorName | None] = st.sampled_from([None, "comma", "semicolon", "tab", "pipe"])


@given(FILES, SETTINGS, MARKS, LINES)
def test_any_roster_is_read_or_refused(
    text: str, column: str | None, mark: SeparatorName | None, line: int | None
) -> None:
    try:
        lines = roster_lines(text, column, separator=mark, header_line=line)
    except MusterError:
        return
    assert all(line.name or line.problem for line in lines)


@given(
    FILES,
    st.builds(
        Columns, SETTINGS, SETTINGS, SETTINGS, PATTERNS | SETTINGS, SETTINGS, MARKS, LINES, st.booleans()
    ),
)
def test_any_import_is_read_or_refused(text: str, mapping: Columns) -> None:
    try:
        lines = lines_of(text, mapping)
    except MusterError:
        return
    assert all(line.problems or (line.name and line.refs) for line in lines)
    assert all(line.reported_at is None or line.reported_at.tzinfo is UTC for line in lines)


@given(
    st.lists(st.sampled_from([e.global_id(m) for e in EVENTS for m in e.milestones]), min_size=1, unique=True)
)
def test_what_is_exported_is_imported_as_it_was(ids: list[str]) -> None:
    names = {event.global_id(m): (event.name, m.name) for event in EVENTS for m in event.milestones}
    text = csv_text(["Commander", "Event", "Milestone"], [["Kestrel", *names[one]] for one in ids])
    assert [str(ref) for line in lines_of(text) for ref in line.refs] == ids


def test_a_name_that_events_share_is_that_of_the_one_that_has_begun() -> None:
    past = next(event for event in EVENTS if event.id == DEFENDERS)
    later, both = past.cloned(date(2024, 1, 8)), past.cloned(date(2024, 1, 1))
    assert of_cell("Hidden Motivations", [past, later]) == ([HIDDEN], [])
    assert of_cell("Hidden Motivations", [past, both])[0] == []
    named = f"{both.id}/hidden-motivations"
    assert of_cell(named, [past, both]) == ([named], [])
