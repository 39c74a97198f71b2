"""What becomes of stored names by new rules: one who alone has a name gets it, others are told, nobody is merged."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.names import normalised_before, tag_key
from chalicelib.domain.renormalising import MOST_ALIASES, own_key, renormalisation
from chalicelib.domain.roster import Commander

TAGS = {tag_key("NOVA"), tag_key("ACE")}
MONDAY = datetime(2023, 11, 13, tzinfo=UTC)


def commander(identity: str, name: str, *aliases: str, day: int = 0) -> Commander:
    """As the first version stored it."""
    return Commander(
        identity,
        name,
        "nova",
        MONDAY + timedelta(day),
        key=normalised_before(name),
        aliases={normalised_before(alias): normalised_before(alias) for alias in aliases},
    )


def told(people: list[Commander]) -> tuple[dict[str, tuple[str, str]], list[list[str]], list[str]]:
    """Who is shown and found as what, whose names coincide, and who has none."""
    found = renormalisation(people, TAGS)
    changes = {after.id: (after.name, after.key) for _, after in found.changes}
    return (
        changes,
        [[one.id for one in group] for group in found.coinciding],
        [one.id for one in found.nameless],
    )


def test_tags_and_what_cant_be_seen_go() -> None:
    people = [
        commander("a", "[NOVA] Altair"),
        commander("b", "❤️ Ace"),
        commander("c", "Deneb\u2800"),
        commander("d", "Vega"),
        commander("e", "[XYZ] Rigel"),
        commander("f", "[NOVA]"),
    ]
    changes, coinciding, nameless = told(people)
    assert changes == {"a": ("Altair", "altair"), "b": ("❤️ Ace", "❤ ace"), "c": ("Deneb", "deneb")}
    assert (coinciding, nameless) == ([], [])


def test_who_has_the_name_keeps_it_and_others_stay_as_they_are() -> None:
    people = [
        commander("a", "[NOVA] Altair"),
        commander("b", "Altair", day=1),
        commander("c", "(Ace) ALTAIR"),
    ]
    assert told(people) == ({}, [["a", "c", "b"]], [])


def test_where_nobody_has_it_the_first_gets_it() -> None:
    people = [commander("b", "[NOVA] Altair", day=2), commander("a", "<ACE> Altair", day=1)]
    assert told(people) == ({"a": ("Altair", "altair")}, [["a", "b"]], [])


def test_a_name_that_somebody_had_leads_to_them_still() -> None:
    people = [commander("a", "Vega", "altair"), commander("b", "[NOVA] Altair", day=-1)]
    assert told(people) == ({}, [["b", "a"]], [])


def test_a_present_name_goes_before_one_that_somebody_had() -> None:
    people = [commander("a", "Vega", "[ace] altair", day=-1), commander("b", "[NOVA] Altair")]
    assert told(people) == ({"b": ("Altair", "altair")}, [["a", "b"]], [])


def test_one_s_own_names_coincide_with_nobody_s() -> None:
    (change,) = renormalisation([commander("a", "Altair", "[nova] altair", "[nova] kestrel")], TAGS).changes
    assert change[1].aliases == {"kestrel": "kestrel"}


def test_who_has_a_name_of_nothing_is_told() -> None:
    people = [
        commander("a", "\u3164"),
        commander("b", "\u2800", day=1),
        commander("c", "Deneb", "\u3164\u3164"),
    ]
    assert told(people) == ({}, [], ["a", "b"])


def test_what_would_be_refused_today_keeps_its_look() -> None:
    people = [commander("a", "[NOVA] Zo\ufffd"), commander("b", "[NOVA] " + "ﷺ" * 30)]
    assert told(people)[0] == {
        "a": ("[NOVA] Zo\ufffd", "zo\ufffd"),
        "b": (people[1].name, own_key("ﷺ" * 30, ())),
    }


def test_many_names_are_changed_in_parts() -> None:
    people = [commander("a", "Altair", *(f"[nova] a{number}" for number in range(97)))]
    for rounds in range(1, 4):
        ((_, after),) = renormalisation(people, TAGS).changes
        people = [after]
        assert sum(not alias.startswith("[") for alias in after.aliases) == min(97, rounds * MOST_ALIASES)
    assert renormalisation(people, TAGS).changes == ()


names = st.builds(
    "".join, st.lists(st.sampled_from(["[NOVA]", "(ace)", " ", "a", "B", "❤️", "\u3164", "[x]"]), min_size=1)
)


@given(st.lists(st.tuples(names, st.lists(names, max_size=3)), max_size=6))
def test_nobody_loses_or_shares_a_name_and_twice_is_as_good_as_once(
    drawn: list[tuple[str, list[str]]],
) -> None:
    people, taken = [], {""}
    for number, (name, aliases) in enumerate(drawn):
        keys = [name, *aliases]
        if normalised_before(name) in taken:
            continue
        free = [each for each in keys if normalised_before(each) not in taken]
        taken |= {normalised_before(each) for each in free}
        people.append(commander(f"id{number}", free[0], *free[1:], day=number))
    found = renormalisation(people, TAGS)
    changed = {after.id: after for _, after in found.changes}
    after = [changed.get(one.id, one) for one in people]
    keys = [key for one in after for key in {one.key, *one.aliases}]
    assert len(keys) == len(set(keys)), "each leads to one"
    assert "" not in keys
    alone = {own_key(name, TAGS) for one in people for name in (one.name, *one.aliases)} - {""}
    assert alone <= set(keys), "what is somebody's name by today's rules leads to somebody"
    for before, one in zip(people, after, strict=True):
        known = {key for each in (before.key, *before.aliases) for key in (each, own_key(each, TAGS))}
        assert {one.key, *one.aliases} <= known
    again = renormalisation(after, TAGS)
    assert again.changes == ()
    assert {frozenset(one.id for one in group) for group in again.coinciding} == {
        frozenset(one.id for one in group) for group in found.coinciding
    }
