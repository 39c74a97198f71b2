"""What every table promises, whatever database it is: `chalicelib/store/table.py` to the letter."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.store.forms import FORMS
from chalicelib.store.keys import OF_ALLIANCE, OF_COMMANDER
from chalicelib.store.table import (
    LONGEST_PK,
    LONGEST_SK,
    MOST_CHANGES,
    Change,
    ConditionFailed,
    Delete,
    Item,
    ItemKey,
    Put,
    Table,
    Update,
)
from tests.stores import Store, on_every_stand_in_too, opened

pytestmark = on_every_stand_in_too

KESTREL, MERLIN, OSPREY = (ItemKey("roster", name) for name in ("kestrel", "merlin", "osprey"))
LARGE = "x" * 60_000
"""Seventeen of these are more than a page of DynamoDB, which ends at a megabyte."""
ODD = [
    *("", "text", "\x00", "a\x00b", "'; DROP TABLE item; --", "\u2028", "隼", "🦅", "\U0010ffff"),
    *(0, 1, -1, 10**37, -(10**37), True, False),
    *([], {}, [1, "1", None, [True, {"a": None}]], {"a": {"#": [{}]}, "é": None}),
]
"""Of values, all kinds that an item may hold."""
IMPOSSIBLE = [
    ItemKey("", "sk"),
    ItemKey("pk", ""),
    ItemKey("p" * (LONGEST_PK + 1), "sk"),
    ItemKey("pk", "s" * (LONGEST_SK + 1)),
    ItemKey("pk", "é" * (LONGEST_SK // 2) + "s"),
    ItemKey("pk", "\ud800"),
]


@pytest.fixture
def table(store: Store) -> Iterator[Table]:
    with opened(store) as place:
        yield place.table


def stored(key: ItemKey, **attributes: Any) -> Item:
    """The item as it is read."""
    return {"PK": key.pk, "SK": key.sk, **attributes}


def everything(table: Table) -> dict[ItemKey, Item]:
    return {ItemKey(item["PK"], item["SK"]): item for item in table.scan()}


def sks(items: Iterator[Item] | list[Item]) -> list[str]:
    return [item["SK"] for item in items]


def failed(write: Callable[[], None]) -> dict[ItemKey, Item | None]:
    """What a write says that is refused for its conditions."""
    with pytest.raises(ConditionFailed) as raised:
        write()
    return raised.value.found


class TestGet:
    def test_what_was_put_is_there_at_once_with_its_key(self, table: Table) -> None:
        table.write(Put(KESTREL, {"name": "Kestrel"}))
        assert table.get(KESTREL, consistent=True) == stored(KESTREL, name="Kestrel")
        assert table.get(KESTREL) == stored(KESTREL, name="Kestrel")

    def test_what_is_not_there_is_none(self, table: Table) -> None:
        table.write(Put(KESTREL, {}))
        assert table.get(MERLIN) is None
        assert table.get(ItemKey(KESTREL.sk, KESTREL.pk)) is None

    @pytest.mark.parametrize("value", ODD, ids=repr)
    def test_every_value_comes_back_as_it_was(self, table: Table, value: object) -> None:
        table.write(Put(KESTREL, {"value": value}))
        item = table.get(KESTREL)
        assert item == stored(KESTREL, value=value)
        assert type(item["value"]) is type(value)

    def test_an_item_may_be_nothing_but_its_key(self, table: Table) -> None:
        table.write(Put(KESTREL, {}))
        assert table.get(KESTREL) == stored(KESTREL)

    def test_keys_are_told_apart_to_the_letter(self, table: Table) -> None:
        names = ["a", "A", "a ", "a\x00", "a#", "á", "a\u0301", "1", "01", "🦅"]
        table.put_many([Put(ItemKey(pk, sk), {"at": [pk, sk]}) for pk in names for sk in names])
        for pk in names:
            assert [item["at"] for item in table.query(pk)] == [[pk, sk] for sk in sorted(names)]

    def test_many_at_once_are_found_by_key(self, table: Table) -> None:
        keys = [ItemKey("many", f"{number:03}") for number in range(250)]
        table.put_many([Put(key, {"number": number}) for number, key in enumerate(keys)])
        found = table.get_many([*keys, *keys[:5], MERLIN], consistent=True)
        assert found == {key: stored(key, number=number) for number, key in enumerate(keys)}
        assert table.get_many([]) == {}


class TestAKeyThatNoItemCanHave:
    @pytest.mark.parametrize("key", IMPOSSIBLE, ids=lambda key: f"{len(key.pk)}-{len(key.sk)}")
    def test_is_looked_for_in_vain(self, table: Table, key: ItemKey) -> None:
        table.write(Put(KESTREL, {}))
        assert table.get(key) is None
        assert table.get_many([key, KESTREL]) == {KESTREL: stored(KESTREL)}
        assert list(table.query(key.pk, key.sk)) == []
        assert table.latest(key.pk, key.sk, 5) == []
        assert table.latest(key.pk, key.sk, 5, OF_ALLIANCE) == []

    @pytest.mark.parametrize("key", IMPOSSIBLE, ids=lambda key: f"{len(key.pk)}-{len(key.sk)}")
    def test_is_refused_in_a_write(self, table: Table, key: ItemKey) -> None:
        for change in (Put(key, {}), Update(key, set={"a": 1}), Delete(key)):
            with pytest.raises(ValueError, match="no item can have this key"):
                table.write(change)
            with pytest.raises(ValueError, match="no item can have this key"):
                table.transact([Put(KESTREL, {}), change])
        with pytest.raises(ValueError, match="no item can have this key"):
            table.put_many([Put(KESTREL, {}), Put(key, {})])
        assert everything(table) == {}

    def test_begins_after_the_longest_that_one_can(self, table: Table) -> None:
        key = ItemKey("é" * (LONGEST_PK // 2), "s" * LONGEST_SK)
        table.write(Put(key, {"a": 1}))
        assert table.get(key) == stored(key, a=1)


class TestPut:
    def test_replaces_the_whole_item(self, table: Table) -> None:
        table.write(Put(KESTREL, {"name": "Kestrel", "rank": 3}))
        table.write(Put(KESTREL, {"name": "KESTREL"}))
        assert table.get(KESTREL) == stored(KESTREL, name="KESTREL")

    def test_leaves_out_what_is_none_but_not_within_a_value(self, table: Table) -> None:
        table.write(Put(KESTREL, {"name": None, "held": {"at": None}}))
        assert table.get(KESTREL) == stored(KESTREL, held={"at": None})

    def test_unless_there_is_one_which_is_brought(self, table: Table) -> None:
        table.write(Put(KESTREL, {"by": "first"}, unless_exists=True))
        again = Put(KESTREL, {"by": "second"}, unless_exists=True)
        assert failed(lambda: table.write(again)) == {KESTREL: stored(KESTREL, by="first")}
        assert table.get(KESTREL) == stored(KESTREL, by="first")

    @pytest.mark.parametrize("value", [1.5, {1}, b"x", object()], ids=lambda value: type(value).__name__)
    def test_refuses_what_no_item_may_hold(self, table: Table, value: object) -> None:
        with pytest.raises(TypeError):
            table.write(Put(KESTREL, {"value": [value]}))
        assert table.get(KESTREL) is None


class TestUpdate:
    def test_sets_adds_and_removes_and_leaves_the_rest(self, table: Table) -> None:
        table.write(Put(KESTREL, {"name": "Kestrel", "points": 100, "note": "x", "rank": 3}))
        change = Update(KESTREL, set={"name": "K", "new": [1]}, add={"points": 50}, remove=["note", "absent"])
        table.write(change)
        assert table.get(KESTREL) == stored(KESTREL, name="K", new=[1], points=150, rank=3)

    def test_makes_the_item_where_there_is_none(self, table: Table) -> None:
        table.write(Update(KESTREL, set={"name": "Kestrel"}, add={"points": 100}))
        assert table.get(KESTREL) == stored(KESTREL, name="Kestrel", points=100)

    def test_adds_to_what_is_absent_as_to_0(self, table: Table) -> None:
        table.write(Put(KESTREL, {"name": "Kestrel"}))
        table.write(Update(KESTREL, add={"done.a-b c": -3, "name.": 2}))
        assert table.get(KESTREL) == stored(KESTREL, name="Kestrel", **{"done.a-b c": -3, "name.": 2})

    def test_adds_large_numbers_exactly(self, table: Table) -> None:
        table.write(Put(KESTREL, {"points": 10**30}))
        table.write(Update(KESTREL, add={"points": 1}))
        assert table.get(KESTREL) == stored(KESTREL, points=10**30 + 1)

    def test_may_change_nothing(self, table: Table) -> None:
        table.write(Put(KESTREL, {"name": "Kestrel", "points": 1}))
        table.write(Update(KESTREL, set={"name": "Kestrel"}, add={"points": 0}, remove=["note"], exists=True))
        assert table.get(KESTREL) == stored(KESTREL, name="Kestrel", points=1)

    def test_takes_any_name_of_an_attribute(self, table: Table) -> None:
        names = ["name", "status", "a.b", "a#b", ":x", "#0", "é", "🦅", "select", "with space", '"', "'"]
        table.write(Update(KESTREL, set=dict.fromkeys(names, 1)))
        table.write(Update(KESTREL, add=dict.fromkeys(names, 1), expected=dict.fromkeys(names, 1)))
        assert table.get(KESTREL) == stored(KESTREL, **dict.fromkeys(names, 2))

    @pytest.mark.parametrize(
        "change",
        [
            Update(KESTREL),
            Update(KESTREL, expected={"a": None}, exists=False),
            Update(KESTREL, set={"a": 1}, add={"a": 1}),
            Update(KESTREL, set={"a": 1}, remove=["a"]),
        ],
        ids=["nothing", "a condition alone", "set and add", "set and remove"],
    )
    def test_without_a_change_or_with_two_of_one_attribute_is_refused(
        self, table: Table, change: Update
    ) -> None:
        with pytest.raises(ValueError, match="an update without a change, or with two"):
            table.write(change)
        assert table.get(KESTREL) is None


class TestForms:
    def test_what_is_written_carries_its_form(self, table: Table) -> None:
        keys = [ItemKey("ROSTER#101#nova", str(number)) for number in range(4)]
        table.write(Put(keys[0], {"a": 1}))
        table.put_many([Put(keys[1], {"a": 1})])
        table.transact([Update(keys[2], set={"a": 1}), Put(keys[3], {"a": 1})])
        assert list(table.query("ROSTER#101#nova")) == [
            stored(key, a=1, form=FORMS["ROSTER"]) for key in keys
        ]


class TestDelete:
    def test_takes_the_item_away(self, table: Table) -> None:
        table.put_many([Put(KESTREL, {"a": 1}), Put(MERLIN, {"a": 1})])
        table.write(Delete(KESTREL))
        assert everything(table) == {MERLIN: stored(MERLIN, a=1)}

    def test_of_nothing_changes_nothing(self, table: Table) -> None:
        table.write(Delete(KESTREL))
        assert everything(table) == {}

    def test_happens_only_if_it_is_as_expected(self, table: Table) -> None:
        table.write(Put(KESTREL, {"id": "k", "rank": 3}))
        refused = Delete(KESTREL, expected={"id": "other"})
        assert failed(lambda: table.write(refused)) == {KESTREL: stored(KESTREL, id="k", rank=3)}
        table.write(Delete(KESTREL, expected={"id": "k", "moved": None}))
        assert table.get(KESTREL) is None
        assert failed(lambda: table.write(refused)) == {KESTREL: None}


class TestConditions:
    """Each is tried on an item that holds `{"version": 1, "by": "k", "is_open": True, "note": {"a": [1]}}`."""

    HELD: Item = {"version": 1, "by": "k", "is_open": True, "note": {"a": [1]}}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("exists", "expected", "is_met", "is_met_by_none"),
        [
            (None, {}, True, True),
            (True, {}, True, False),
            (False, {}, False, True),
            (None, {"version": 1}, True, False),
            (None, {"version": 2}, False, False),
            (None, {"version": "1"}, False, False),
            (None, {"is_open": True}, True, False),
            (None, {"note": {"a": [1]}}, True, False),
            (None, {"note": {"a": [1], "b": 2}}, False, False),
            (None, {"absent": None}, True, True),
            (True, {"absent": None}, True, False),
            (False, {"absent": None}, False, True),
            (None, {"version": None}, False, True),
            (None, {"version": 1, "by": "k", "absent": None}, True, False),
            (None, {"version": 1, "by": "x"}, False, False),
            (None, {"version": 1, "absent": ""}, False, False),
        ],
    )
    def test_a_change_is_made_only_where_they_hold(
        self, table: Table, exists: bool | None, expected: Item, is_met: bool, is_met_by_none: bool
    ) -> None:
        table.write(Put(KESTREL, self.HELD))
        for key, fits, before in (
            (KESTREL, is_met, stored(KESTREL, **self.HELD)),
            (MERLIN, is_met_by_none, None),
        ):
            change = Update(key, set={"new": 1}, expected=expected, exists=exists)
            if fits:
                table.write(change)
                assert (table.get(key) or {})["new"] == 1
            else:
                assert failed(lambda change=change: table.write(change)) == {key: before}  # type: ignore[misc]
                assert table.get(key) == before

    @pytest.mark.parametrize(
        ("below", "is_met"),
        [
            ({"n": 3}, True),
            ({"n": 2}, False),
            ({"n": -5}, False),
            ({"absent": 3}, False),
            ({"text": 3}, False),
        ],
    )
    def test_a_number_can_be_bounded(self, table: Table, below: dict[str, int], is_met: bool) -> None:
        table.write(Put(KESTREL, {"n": 2}))
        change = Update(KESTREL, add={"n": 1}, below=below)
        if is_met:
            table.write(change)
        else:
            assert failed(lambda: table.write(change)) == {KESTREL: stored(KESTREL, n=2)}
        assert failed(lambda: table.write(Update(MERLIN, add={"n": 1}, below=below))) == {MERLIN: None}

    def test_what_is_bounded_stays_so_however_many_count_at_once(self, table: Table) -> None:
        table.write(Put(KESTREL, {"n": 0}))

        def count(_: int) -> bool:
            try:
                table.transact([Update(KESTREL, add={"n": 1}, below={"n": 5})])
            except ConditionFailed:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(count, range(20))) == 5

    def test_an_attribute_that_is_set_to_none_is_there(self, table: Table) -> None:
        table.write(Update(KESTREL, set={"note": None}))
        assert table.get(KESTREL) == stored(KESTREL, note=None)
        table.write(Delete(MERLIN, expected={"note": None}))
        assert failed(lambda: table.write(Delete(KESTREL, expected={"note": None})))


class TestTransact:
    def test_writes_all_kinds_of_changes_at_once(self, table: Table) -> None:
        table.put_many([Put(MERLIN, {"points": 1}), Put(OSPREY, {})])
        table.transact(
            [Put(KESTREL, {"a": 1}, unless_exists=True), Update(MERLIN, add={"points": 1}), Delete(OSPREY)]
        )
        assert everything(table) == {KESTREL: stored(KESTREL, a=1), MERLIN: stored(MERLIN, points=2)}

    def test_writes_nothing_if_one_condition_fails_and_brings_that_item_alone(self, table: Table) -> None:
        table.put_many([Put(MERLIN, {"points": 1}), Put(OSPREY, {"version": 2})])
        before = everything(table)
        changes: list[Change] = [
            Put(KESTREL, {"a": 1}, unless_exists=True),
            Update(MERLIN, add={"points": 1}, exists=True),
            Delete(OSPREY, expected={"version": 1}),
        ]
        assert failed(lambda: table.transact(changes)) == {OSPREY: stored(OSPREY, version=2)}
        assert everything(table) == before

    def test_brings_every_item_whose_condition_fails(self, table: Table) -> None:
        table.put_many([Put(KESTREL, {"version": 5}), Put(OSPREY, {"version": 2})])
        before = everything(table)
        changes: list[Change] = [
            Put(KESTREL, {}, unless_exists=True),
            Update(MERLIN, set={"a": 1}, exists=True),
            Update(OSPREY, set={"a": 1}, expected={"version": 2}),
            Put(ItemKey("roster", "new"), {}),
        ]
        assert failed(lambda: table.transact(changes)) == {KESTREL: stored(KESTREL, version=5), MERLIN: None}
        assert everything(table) == before

    def test_looks_at_what_was_there_before_it(self, table: Table) -> None:
        table.write(Put(KESTREL, {"version": 1}))
        change = Update(KESTREL, set={"version": 2}, expected={"version": 1}, exists=True)
        table.transact([change, Put(MERLIN, {})])
        found = failed(lambda: table.transact([Put(OSPREY, {}), change]))
        assert found == {KESTREL: stored(KESTREL, version=2)}

    def test_takes_so_many_changes_and_not_one_more(self, table: Table) -> None:
        changes = [Put(ItemKey("many", f"{number:03}"), {}) for number in range(MOST_CHANGES + 1)]
        with pytest.raises(ValueError, match="up to 100 items, each once, not 101"):
            table.transact(changes)
        assert everything(table) == {}
        table.transact(changes[1:])
        assert len(everything(table)) == MOST_CHANGES

    @pytest.mark.parametrize(
        "second", [Put(KESTREL, {"a": 2}), Update(KESTREL, set={"a": 2}), Delete(KESTREL)]
    )
    def test_refuses_an_item_twice(self, table: Table, second: Change) -> None:
        with pytest.raises(ValueError, match="each once"):
            table.transact([Put(KESTREL, {"a": 1}), second])
        assert everything(table) == {}

    def test_refuses_to_change_nothing(self, table: Table) -> None:
        with pytest.raises(ValueError, match="each once, not 0"):
            table.transact([])


class TestPutMany:
    def test_puts_them_all_and_of_one_key_the_last(self, table: Table) -> None:
        keys = [ItemKey("many", f"{number:03}") for number in range(300)]
        table.write(Put(keys[7], {"old": True, "number": 0}))
        table.put_many(
            [Put(keys[3], {"number": -1}), *(Put(key, {"number": n}) for n, key in enumerate(keys))]
        )
        assert everything(table) == {key: stored(key, number=n) for n, key in enumerate(keys)}

    def test_nothing_is_nothing(self, table: Table) -> None:
        table.put_many([])
        assert everything(table) == {}


class TestQuery:
    NAMES = [  # noqa: RUF012
        *(
            "",
            "#",
            "#1",
            "%",
            "*",
            "A",
            "AB",
            "A#",
            "A#1",
            "A#1#x",
            "A#10",
            "A#2",
            "A\x00",
            "A_",
            "A~",
            "B",
            "[a]",
            "_",
        ),
        *(
            "a",
            "é",
            "ё",
            "中",
            "\ud7ff",
            "\ue000",
            "\uffff",
            "\U00010000",
            "🦅",
            "🦅#",
            "\U0010ffff",
            "\U0010ffff#",
        ),
    ]

    def fill(self, table: Table) -> list[str]:
        """Names in other partitions too; those of `p` in their order."""
        names = [name for name in self.NAMES if name]
        table.put_many([Put(ItemKey(pk, sk), {}) for pk in ("p", "p#", "o", "q") for sk in reversed(names)])
        return sorted(names, key=str.encode)

    def test_gives_the_partition_in_the_order_of_bytes(self, table: Table) -> None:
        names = self.fill(table)
        assert sks(table.query("p")) == sks(table.query("p", consistent=True)) == names
        assert names.index("\uffff") < names.index("\U00010000"), "UTF-16 would have it otherwise"
        assert list(table.query("none")) == []

    def test_gives_what_begins_with_the_prefix_and_nothing_else(self, table: Table) -> None:
        names = self.fill(table)
        for prefix in self.NAMES:
            assert sks(table.query("p", prefix)) == [name for name in names if name.startswith(prefix)], (
                prefix
            )
        assert list(table.query("p", "B#")) == []

    def test_goes_on_over_as_many_pages_as_it_takes(self, table: Table) -> None:
        names = [f"{kind}#{number:02}" for kind in "ab" for number in range(40)]
        table.put_many([Put(ItemKey("p", name), {"text": f"{name}{LARGE}"}) for name in names])
        assert [item["text"][:4] for item in table.query("p")] == names
        assert sks(table.query("p", "b#")) == names[40:]
        assert sks(table.query("p", "b#3")) == names[70:]

    def test_several_at_once_are_answered_in_their_order(self, table: Table) -> None:
        names = self.fill(table)
        table.put_many([Put(ItemKey("large", f"{n:02}"), {"text": LARGE}) for n in range(20)])
        wanted = [("p", "A#"), ("none", ""), ("", ""), *[("p", ""), ("large", "")] * 10, ("p", "A#")]
        some = [name for name in names if name.startswith("A#")]
        for consistent in (False, True):
            found = [sks(items) for items in table.query_each(wanted, consistent=consistent)]
            assert found == [some, [], [], *[names, [f"{n:02}" for n in range(20)]] * 10, some]
        assert [table.query_each(few) for few in ([], [("none", "")])] == [[], [[]]]

    def test_may_be_left_and_others_write_meanwhile(self, table: Table) -> None:
        table.put_many([Put(ItemKey("p", f"{number:02}"), {"text": LARGE}) for number in range(40)])
        items = table.query("p")
        first = next(items)["SK"]
        table.write(Delete(ItemKey("p", "00")))
        table.write(Delete(ItemKey("p", "39")))
        table.write(Put(ItemKey("p", "38"), {"text": "new"}))
        rest = list(items)
        assert [first, *sks(rest)] == [f"{number:02}" for number in range(39)]
        assert rest[-1]["text"] == "new"
        assert len(next(table.query("p"))["text"]) == len(LARGE)

    def test_sees_what_was_written_before(self, table: Table) -> None:
        for number in range(10):
            table.write(Put(ItemKey("p", str(number)), {}))
            assert len(list(table.query("p", consistent=True))) == number + 1


class TestLatest:
    def fill(self, table: Table, **attributes: str) -> list[ItemKey]:
        keys = [ItemKey("ledger", f"2023-11-{day:02}~x") for day in range(10, 20)]
        table.put_many([Put(key, {"at": key.sk, **attributes}) for key in keys])
        return keys

    def test_gives_the_last_first(self, table: Table) -> None:
        keys = self.fill(table)
        table.write(Put(ItemKey("ledger2", "2024"), {}))
        assert sks(table.latest("ledger", None, 3)) == [key.sk for key in keys[:-4:-1]]
        assert sks(table.latest("ledger", "", 3)) == [key.sk for key in keys[:-4:-1]]
        assert sks(table.latest("ledger", None, 100)) == [key.sk for key in reversed(keys)]
        assert table.latest("none", None, 3) == []

    def test_gives_those_before_a_place_without_it(self, table: Table) -> None:
        keys = self.fill(table)
        assert sks(table.latest("ledger", keys[5].sk, 2)) == [keys[4].sk, keys[3].sk]
        assert sks(table.latest("ledger", "2023-11-14", 2)) == [keys[3].sk, keys[2].sk]
        assert table.latest("ledger", keys[0].sk, 2) == []

    @pytest.mark.parametrize("index", [None, OF_ALLIANCE])
    def test_gives_as_many_as_are_wanted_however_large(self, table: Table, index: str | None) -> None:
        names = [f"{number:02}" for number in range(40)]
        table.put_many([Put(ItemKey("p", name), {"text": LARGE, OF_ALLIANCE: "p"}) for name in names])
        assert sks(table.latest("p", None, 35, index)) == names[:4:-1]

    @pytest.mark.parametrize("index", [OF_ALLIANCE, OF_COMMANDER])
    def test_an_index_finds_those_of_all_partitions_that_have_the_attribute(
        self, table: Table, index: str
    ) -> None:
        self.fill(table)
        mine = [ItemKey(f"ledger{number % 2}", f"2023-12-{number:02}") for number in range(10)]
        table.put_many([Put(key, {index: "101#nova", "n": n}) for n, key in enumerate(mine)])
        table.write(Put(ItemKey("ledger", "2024"), {index: "101#nova2"}))
        other = OF_COMMANDER if index == OF_ALLIANCE else OF_ALLIANCE
        found = table.latest("101#nova", None, 4, index)
        assert found == [stored(mine[n], n=n, **{index: "101#nova"}) for n in (9, 8, 7, 6)]
        assert sks(table.latest("101#nova", found[-1]["SK"], 4, index)) == [mine[n].sk for n in (5, 4, 3, 2)]
        assert table.latest("101#nova", None, 4, other) == []
        assert table.latest("ledger", None, 4, index) == []

    def test_an_index_follows_what_is_written(self, table: Table) -> None:
        def of(value: str) -> list[str]:
            return sks(table.latest(value, None, 9, OF_ALLIANCE))

        table.write(Put(KESTREL, {OF_ALLIANCE: "nova", "a": 1}))
        table.write(Update(MERLIN, set={OF_ALLIANCE: "nova"}))
        assert of("nova") == [MERLIN.sk, KESTREL.sk]
        table.write(Update(KESTREL, set={OF_ALLIANCE: "vega"}))
        assert (of("nova"), of("vega")) == ([MERLIN.sk], [KESTREL.sk])
        table.write(Update(KESTREL, add={"a": 1}))
        assert table.latest("vega", None, 9, OF_ALLIANCE) == [stored(KESTREL, a=2, **{OF_ALLIANCE: "vega"})]
        table.write(Put(KESTREL, {"a": 1}))
        table.write(Update(MERLIN, remove=[OF_ALLIANCE]))
        table.transact([Put(OSPREY, {OF_ALLIANCE: "vega"}), Update(KESTREL, set={"a": 2})])
        assert (of("nova"), of("vega")) == ([], [OSPREY.sk])
        table.write(Delete(OSPREY))
        assert of("vega") == []

    def test_an_index_finds_two_of_one_second_key(self, table: Table) -> None:
        keys = [ItemKey(f"ledger{number}", "same") for number in range(3)]
        table.put_many([Put(key, {OF_ALLIANCE: "nova"}) for key in keys])
        found = table.latest("nova", None, 9, OF_ALLIANCE)
        assert sorted(item["PK"] for item in found) == [key.pk for key in keys]


class TestScan:
    def test_gives_every_item_once_however_much_there_is(self, table: Table) -> None:
        keys = [ItemKey(f"p{number % 7}", f"{number:02}") for number in range(60)]
        table.put_many([Put(key, {"text": LARGE}) for key in keys])
        assert Counter((item["PK"], item["SK"]) for item in table.scan()) == Counter(keys)

    def test_gives_nothing_of_nothing(self, table: Table) -> None:
        assert list(table.scan()) == []


class TestAtOnce:
    """Threads that begin together."""

    @staticmethod
    def all_at_once(number: int, do: Callable[[int], Any]) -> list[Any]:
        start = threading.Barrier(number)

        def run(index: int) -> Any:
            start.wait()
            return do(index)

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(run, range(number)))

    def test_one_of_many_makes_an_item_and_the_others_learn_which(self, table: Table) -> None:
        def put(index: int) -> int | None:
            try:
                table.write(Put(KESTREL, {"by": index}, unless_exists=True))
            except ConditionFailed as failure:
                return int((failure.found[KESTREL] or {})["by"])
            return None

        answers = self.all_at_once(12, put)
        winner = (table.get(KESTREL) or {})["by"]
        assert Counter(answers) == {None: 1, winner: 11}

    def test_what_each_adds_is_added(self, table: Table) -> None:
        def add(index: int) -> None:
            for _ in range(10):
                table.transact([Update(KESTREL, add={"points": 1}), Update(MERLIN, add={"points": index})])

        self.all_at_once(8, add)
        assert [item["points"] for item in table.query("roster")] == [80, 10 * sum(range(8))]

    def test_nobody_overwrites_what_they_have_not_seen(self, table: Table) -> None:
        """Each reads, decides and writes on the condition that nothing has changed."""
        table.transact([Put(KESTREL, {"version": 0}), Put(MERLIN, {"version": 0})])

        def raise_by_one(_: int) -> int:
            made = 0
            while made < 5:
                version = (table.get(KESTREL, consistent=True) or {})["version"]
                changes = [
                    Update(key, set={"version": version + 1}, expected={"version": version})
                    for key in (KESTREL, MERLIN)
                ]
                try:
                    table.transact(changes)
                except ConditionFailed:
                    continue
                made += 1
            return made

        assert sum(self.all_at_once(4, raise_by_one)) == 20
        assert [item["version"] for item in table.query("roster")] == [20, 20]

    def test_nobody_sees_half_of_a_transaction(self, table: Table) -> None:
        table.transact([Put(KESTREL, {"n": 0}), Put(MERLIN, {"n": 0})])
        done = threading.Event()

        def write() -> None:
            for number in range(1, 31):
                table.transact([Put(KESTREL, {"n": number}), Put(MERLIN, {"n": number})])
            done.set()

        def read() -> int:
            seen = 0
            while not done.is_set():
                one, other = table.query("roster", consistent=True)
                assert one["n"] == other["n"]
                seen += 1
                done.wait(0.001)  # a store with one lock lets whoever has it take it again at once
            return seen

        with ThreadPoolExecutor(3) as pool:
            readers = [pool.submit(read), pool.submit(read)]
            pool.submit(write).result()
            assert all(reader.result() for reader in readers)
