# ruff: noqa: E501 - a fact stands in one line
"""The catalog against the published facts, and what a wrong event file is told."""

import re
from datetime import date
from pathlib import Path

import pytest

from chalicelib.catalog import InvalidEventFile, load_catalog, load_event
from chalicelib.domain.events import Event

DEFENDERS, ARCHITECTS = "2023-11-defenders-of-peace", "2023-11-architects-of-chaos"
EVENTS = {event.id: event for event in load_catalog()}

FACTS = [
    (DEFENDERS, 13, "Unraveling Anomalies", ("dock ore, gas or crystal with your station", "mine parsteel, titanium or dilithium")),
    (DEFENDERS, 14, "Enlisting Old Allies", ("use hailing frequencies", "help your alliance")),
    (DEFENDERS, 15, "Hidden Motivations", ("complete away team assignments", "spend trait XP")),
    (DEFENDERS, 16, "Assembling the Resistance", ("gain power through research, defense platforms, buildings and drydocks",)),
    (DEFENDERS, 17, "Shaping a Unified Destiny", ("defeat hostiles and swarm hostiles",)),
    (ARCHITECTS, 13, "Disarray Unleashed", ("gain power through defense platforms, buildings, drydocks and research",)),
    (ARCHITECTS, 14, "The Onslaught", ("vanquish hostiles and swarm hostiles",)),
    (ARCHITECTS, 15, "Confronting Resilience", ("complete away team assignments", "spend trait XP")),
    (ARCHITECTS, 16, "Testing Destinies", None),
    (ARCHITECTS, 17, "A Reckoning Across Time", ("defeat hostiles anywhere in the galaxy with your Realta",)),
]  # fmt: skip
EVENT_FACTS = [
    (DEFENDERS, "Defenders of Peace", "Defenders of Peace IMS", "Defender of Peace – SMS",
     [(4, "Jadzia Dax shards", None), (3, "Miles O'Brien shards", None), (None, None, "Missing Translation")]),
    (ARCHITECTS, "Architects of Chaos", "Architect of Chaos IMS", "Architect of Chaos – SMS",
     [(4, "Gul Dukat shards", None), (3, "Ikat'ika shards", None), (None, None, "Missing translation")]),
]  # fmt: skip


def test_the_catalog_holds_the_two_events_of_november_2023_and_no_other_milestones() -> None:
    assert set(EVENTS) == {DEFENDERS, ARCHITECTS}
    assert sorted((e.id, m.name) for e in EVENTS.values() for m in e.milestones) == sorted(
        (f[0], f[2]) for f in FACTS
    )


@pytest.mark.parametrize(("event", "day", "name", "objectives"), FACTS)
def test_a_milestone_is_as_published(
    event: str, day: int, name: str, objectives: tuple[str, ...] | None
) -> None:
    milestone = next(m for m in EVENTS[event].milestones if m.name == name)
    assert milestone.first_day == date(2023, 11, day)
    assert milestone.last_day is None
    assert milestone.objectives == objectives
    assert (milestone.points, milestone.credit) == (100, 100)
    assert milestone.server_points is None, "how a completion converts is not published"


@pytest.mark.parametrize(("event", "name", "ims_name", "sms_name", "rewards"), EVENT_FACTS)
def test_an_event_is_as_published(
    event: str,
    name: str,
    ims_name: str,
    sms_name: str,
    rewards: list[tuple[int | None, str | None, str | None]],
) -> None:
    held = EVENTS[event]
    assert (held.name, held.ims_name, held.sms_name) == (name, ims_name, sms_name)
    assert (held.first_day, held.last_day) == (date(2023, 11, 13), date(2023, 11, 18))
    assert (held.opens_at, held.closes_at) == (None, None), "only dates are published"
    assert held.points_possible == 500
    assert [tier.threshold for tier in held.tiers] == [8925]
    assert [(r.quantity, r.name, r.shown_as) for r in held.tiers[0].rewards] == rewards


def test_an_event_survives_the_json_of_the_table() -> None:
    for event in EVENTS.values():
        assert Event.model_validate_json(event.model_dump_json(exclude_unset=True)) == event


GOOD = """
id = "trial"
name = "Trial"
first_day = 2024-01-01
last_day = 2024-01-03
[[milestones]]
id = "one"
name = "One"
first_day = 2024-01-01
[[tiers]]
threshold = 100
rewards = [{ name = "Shards", quantity = 1 }]
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('name = "One"', ""), ["trial.toml: milestones[0].name: is missing"]),
        (('name = "Trial"', 'nmae = "Trial"'), ["trial.toml: name: is missing", "nmae: is no field. Did you mean name?"]),
        (('name = "One"', "name = 1"), ["trial.toml: milestones[0].name: must be a text between quotation marks, not 1"]),
        (('name = "One"', 'name = ""'), ["trial.toml: milestones[0].name: is empty"]),
        (('name = "One"', f'name = "{"x" * 201}"'), ["trial.toml: milestones[0].name: has 201 characters; 200 is the most"]),
        (("first_day = 2024-01-01", 'first_day = "soon"'), ['trial.toml: first_day: must be a day, such as 2024-01-08, not "soon"']),
        (("threshold = 100", "threshold = 0"), ["trial.toml: tiers[0].threshold: is 0; 1 is the least"]),
        (("threshold = 100", "threshold = 1.5"), ["trial.toml: tiers[0].threshold: must be a whole number, not 1.5"]),
        (("quantity = 1", "quantty = 1"), ["trial.toml: tiers[0].rewards[0].quantty: is no field. Did you mean quantity?"]),
        (("quantity = 1", "x = 1"), ["trial.toml: tiers[0].rewards[0].x: is no field. There are name, quantity, shown_as"]),
        (("[[tiers]]", "archived = true\n[[tiers]]"), ["milestones[0].archived: is a field of the whole. Write it above the first [[milestones]]"]),
        (("[[milestones]]", "[milestones]"), ["trial.toml: milestones: is written with two brackets: [[milestones]]"]),
        (('rewards = [{ name = "Shards", quantity = 1 }]', 'rewards = "x"'), ['tiers[0].rewards: must be a list, not "x"']),
        (('rewards = [{ name = "Shards", quantity = 1 }]', 'rewards = ["x"]'), ['rewards[0]: must be a table of fields, not "x"']),
        (('id = "trial"', 'id = "trial"\nreporting_grace_hours = 500'), ["reporting_grace_hours: is 500; 336 is the most"]),
        (('id = "trial"', 'id = "trial"\nreporting_grace_hours = -1'), ["reporting_grace_hours: is -1; 0 is the least"]),
        (('id = "trial"', 'id = "trial"\narchived = "maybe"'), ['archived: must be true or false, not "maybe"']),
        (("[[tiers]]", "[[tiers]]\nthreshold = 1\nrewards = []\n" * 101 + "[[tiers]]"), ["tiers: has 102 entries; 100 is the most"]),
        (('"One"\nfirst_day = 2024-01-01', '"One"\nopens_at = 2024-01-01T00:00:00'), ["milestones[0].opens_at: must be an instant with its offset"]),
        (('id = "one"', 'id = "One two"'), ["trial.toml: milestones[0].id: has small letters, digits and", 'not "One two"']),
        (('id = "trial"', 'id = "other"'), ["trial.toml: id: is 'other', but the file's name says 'trial'"]),
        (("first_day = 2024-01-01\nlast", "last"), ["trial.toml: event: ", "first_day is missing"]),
        (("last_day = 2024-01-03", "last_day = 2023-12-31"), ["last_day is before first_day"]),
        (("last_day = 2024-01-03", "opens_at = 2024-01-01T00:00:00Z"), ["give either first_day (and last_day), or"]),
        (('"One"\nfirst_day = 2024-01-01', '"One"\nfirst_day = 2024-01-04'), ["'one' is not within the event's own dates"]),
        (('"One"\nfirst_day = 2024-01-01', '"One"\nopens_at = 2024-01-01T00:00:00Z'), ["milestones[0]: ", "go together"]),
        (("[[tiers]]", "[[tiers]]\nthreshold = 100\nrewards = []\n[[tiers]]"), ["tiers must rise"]),
        (("[[tiers]]", '[[milestones]]\nid = "one"\nname = "Two"\nfirst_day = 2024-01-02\n[[tiers]]'), ["'one' is used 2 times"]),
        (("[[tiers]]", f"objectives = {['ore'] * 21}\n[[tiers]]"), ["milestones[0].objectives: These are 21 objectives; 20 is"]),
        (("[[tiers]]", "[[tiers"), ["trial.toml: line 10: “[[tiers” has a bracket that is not closed"]),
        (("threshold = 100", "threshold = 8,925"), ["trial.toml: line 11: threshold: “threshold = 8,925” can't be read. Texts"]),
        (('name = "Trial"', "name = Trial"), ["trial.toml: line 3: name: “name = Trial” can't be read. Texts stand between"]),
        (('name = "Trial"', 'name "Trial"'), ["trial.toml: line 3: name: “name \"Trial\"” is no field with its value, such as"]),
        (('name = "Trial"', 'name = "Trial'), ["trial.toml: line 3: name: ", "has a quotation mark that is not closed"]),
        (('name = "Trial"', r'name = "Tr\ial"'), ["trial.toml: line 3: name: ", r"has a \ in a text. Write \\, or put"]),
        (('name = "One"', 'name = "One"\nname = "Two"'), ["trial.toml: line 9: name: “name = \"Two\"” is given twice"]),
        (("quantity = 1 }", "quantity = 1"), ["trial.toml: line 12: rewards: ", "has a bracket that is not closed"]),
    ],
)  # fmt: skip
def test_a_wrong_event_file_is_told_by_file_field_and_reason(
    tmp_path: Path, change: tuple[str, str], said: list[str]
) -> None:
    assert change[0] in GOOD
    file = tmp_path / "trial.toml"
    file.write_text(GOOD.replace(*change, 1))
    with pytest.raises(InvalidEventFile) as caught:
        load_event(file)
    for words in said:
        assert words in str(caught.value)
    assert not re.search(
        "Input should|Value error|Field required|permitted|Expected|at line", str(caught.value)
    )


def test_a_file_may_have_a_byte_order_mark_and_is_told_what_it_is_if_it_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_bytes(GOOD.encode("utf-8-sig"))
    assert load_event(file).id == "trial"
    for encoding in ("utf-16", "utf-16-le"):
        file.write_bytes(GOOD.encode(encoding))
        with pytest.raises(InvalidEventFile, match="it is UTF-16, or no text at all"):
            load_event(file)
    file.write_bytes(GOOD.replace("Trial", "Übung").encode("latin-1"))
    with pytest.raises(InvalidEventFile, match="line 3: it is not UTF-8"):
        load_event(file)


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_text(GOOD.replace('name = "One"', "").replace("threshold = 100", 'threshold = "many"'))
    with pytest.raises(InvalidEventFile) as caught:
        load_event(file)
    assert len(str(caught.value).splitlines()) == 2
