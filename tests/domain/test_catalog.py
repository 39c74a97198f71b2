# ruff: noqa: E501 - a fact stands in one line
"""The catalog against the published facts, and what a wrong event file is told."""

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
        (('name = "One"', ""), ["trial.toml: milestones[0].name: Field required"]),
        (("threshold = 100", "threshold = 0"), ["trial.toml: tiers[0].threshold: ", "greater than 0"]),
        (("quantity = 1", "quantty = 1"), ["trial.toml: tiers[0].rewards[0].quantty: ", "not permitted"]),
        (('id = "one"', 'id = "One two"'), ["trial.toml: milestones[0].id: ", "pattern"]),
        (('id = "trial"', 'id = "other"'), ["trial.toml: id: is 'other', but the file's name says 'trial'"]),
        (("first_day = 2024-01-01\nlast", "last"), ["trial.toml: event: ", "first_day is missing"]),
        (("last_day = 2024-01-03", "last_day = 2023-12-31"), ["last_day is before first_day"]),
        (("last_day = 2024-01-03", "opens_at = 2024-01-01T00:00:00Z"), ["give either first_day (and last_day), or"]),
        (('"One"\nfirst_day = 2024-01-01', '"One"\nfirst_day = 2024-01-04'), ["'one' is not within the event's own dates"]),
        (('"One"\nfirst_day = 2024-01-01', '"One"\nopens_at = 2024-01-01T00:00:00Z'), ["milestones[0]: ", "go together"]),
        (("[[tiers]]", "[[tiers]]\nthreshold = 100\nrewards = []\n[[tiers]]"), ["tiers must rise"]),
        (("[[tiers]]", '[[milestones]]\nid = "one"\nname = "Two"\nfirst_day = 2024-01-02\n[[tiers]]'), ["'one' is used 2 times"]),
        (("[[tiers]]", f"objectives = {['ore'] * 21}\n[[tiers]]"), ["milestones[0].objectives: These are 21 objectives; 20 is"]),
        (("[[tiers]]", "[[tiers"), ["trial.toml: not TOML: "]),
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


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_text(GOOD.replace('name = "One"', "").replace("threshold = 100", 'threshold = "many"'))
    with pytest.raises(InvalidEventFile) as caught:
        load_event(file)
    assert len(str(caught.value).splitlines()) == 2
