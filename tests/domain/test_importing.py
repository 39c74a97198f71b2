"""What the lines of an import say: rosters and completions, in the files that officers have."""

import unicodedata
from datetime import UTC, date, datetime, time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog import load_catalog
from chalicelib.domain import importing, names
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.errors import Malformed, MusterError, TooLarge
from chalicelib.domain.events import Event
from chalicelib.domain.importing import MOST_LINES, Columns, CompletionLine, completion_lines, roster_lines
from chalicelib.domain.spreadsheets import csv_text

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
    return completion_lines(text, mapping or Columns(), EVENTS if events is None else events, GameDay(), NOW)


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
    lines = completion_lines(text, Columns(timestamp_format=pattern), EVENTS, day or GameDay(), NOW)
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

    watched = SimpleNamespace(category=unicodedata.category, normalize=normalize)
    monkeypatch.setattr(names, "unicodedata", watched)
    monkeypatch.setattr(importing, "unicodedata", watched)
    zalgo = "a" + "\u0301\u0316" * 65_000
    (line,) = roster_lines(f"Name,{zalgo}\n{zalgo},x\n", None)
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
            ("Kestrel\nOsprey\n", None, [(1, "Kestrel"), (2, "Osprey")]),
            ("Kestrel", None, [(1, "Kestrel")]),
            ("\n\nKestrel\n\n\nOsprey\n", None, [(3, "Kestrel"), (6, "Osprey")]),
            ("Kestrel,\nOsprey,\n", None, [(1, "Kestrel"), (2, "Osprey")]),
            ("Crew\nKestrel\n", "crew", [(2, "Kestrel")]),
            ("Name\n'=Kestrel\n", None, [(2, "=Kestrel")]),
            ("Nova's roster,,\n,,\nRank,Name,\nAgent,Kestrel,x\n", None, [(4, "Kestrel")]),
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
        assert len(roster_lines("".join(names[1:]), None)) == MOST_LINES
        assert len(roster_lines("Name\n" + "".join(names[1:]), None)) == MOST_LINES
        with pytest.raises(TooLarge):
            roster_lines("".join(names), None)


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
        text = "Zeitstempel,Name,Milestone\n3.11.2023,Kestrel,hidden-motivations\n"
        assert refused(text, Columns(timestamp_format="%d.%m.%Y")) == (
            "timestamp_column",
            "Which column is timestamp_format for? Give it as timestamp_column. "
            "The columns are 'Zeitstempel', 'Name', 'Milestone'.",
        )


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


@given(FILES, SETTINGS)
def test_any_roster_is_read_or_refused(text: str, column: str | None) -> None:
    try:
        lines = roster_lines(text, column)
    except MusterError:
        return
    assert all(line.name or line.problem for line in lines)


@given(FILES, st.builds(Columns, SETTINGS, SETTINGS, SETTINGS, PATTERNS | SETTINGS, SETTINGS))
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
