"""A server moves to another table: all of it, exactly, or not at all."""

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest

from chalicelib.bootstrap import Muster
from chalicelib.domain.discord import Guild, OpenCode
from chalicelib.domain.due import LEASE
from chalicelib.domain.errors import Busy
from chalicelib.domain.ledger import Actor
from chalicelib.domain.roster import Alliance, Server
from chalicelib.services.bulk_corrections import BulkOrder
from chalicelib.store import keys, transfer
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Delete, Item, Put, Table, Update
from chalicelib.store.transfer import Transfer, TransferRefused
from chalicelib.store.typed import typed
from tests.stores import Store, opened
from tests.world import ARCHITECTS, CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS, World

OPERATOR = Actor("table", "whoever")


@dataclass
class Place:
    """A deployment: one table, and Muster on it."""

    world: World
    table: Table
    muster: Muster = field(init=False)

    def __post_init__(self) -> None:
        self.transfer = Transfer(self.table)
        self.muster = self.world.process(self.table)

    def items(self) -> dict[ItemKey, Item]:
        """All that the table holds."""
        return {ItemKey(item["PK"], item["SK"]): item for item in self.table.scan()}

    def exported(self, server: str = "101") -> BytesIO:
        file = BytesIO()
        self.transfer.export_server(server, self.world.clock(), file)
        return file

    def imported(self, file: BytesIO) -> transfer.Imported:
        return self.transfer.import_server(file, OPERATOR, self.world.clock())

    def refusal(self, file: BytesIO) -> str:
        """What an import says that changes nothing."""
        before = self.items()
        with pytest.raises(TransferRefused) as raised:
            self.imported(file)
        assert self.items() == before
        return raised.value.detail


@pytest.fixture(params=[("dynamodb", "sqlite"), ("sqlite", "dynamodb")], ids=" to ".join)
def way(request: pytest.FixtureRequest) -> tuple[Store, Store]:
    """From which store to which a server moves."""
    found: tuple[Store, Store] = request.param
    return found


@pytest.fixture
def store(way: tuple[Store, Store]) -> Store:
    return way[0]


@pytest.fixture
def here(world: World) -> Place:
    """Where a server 101 has everything that a server can have, beside another server."""
    place = Place(world, world.muster.stores.table)
    muster, clock = place.muster, world.clock
    admin, officer, member = (
        world.key("admin", None, None),
        world.key("officer", alliance=None),
        world.key("member"),
    )
    muster.stores.definitions.put_server(Server("1010"))
    muster.stores.definitions.put_alliance(Alliance("1010", "nova", "N", "Another Nova"))
    muster.reporting.report(world.key("member", "1010"), "Kestrel", [HIDDEN_MOTIVATIONS])
    muster.stores.sheets.bind("their-sheet", "1010", "nova")
    for name in ("Kestrel", "Merlin", "Osprey # 1", "夜空の旅人"):
        muster.reporting.report(member, name, [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE])
    muster.reporting.report(admin, "Harrier", [HIDDEN_MOTIVATIONS], "101", "nova")
    roster = {one.name: one.id for one in muster.rosters.roster(officer, "101", "nova")}
    muster.rosters.rename(officer, "101", "nova", roster["Merlin"], "Merlin the Second")
    muster.rosters.move(officer, "101", "nova", roster["Kestrel"], "orbit")
    muster.rosters.merge(officer, "101", "nova", roster["夜空の旅人"], "Osprey # 1")
    muster.rosters.retire(officer, "101", "nova", roster["Harrier"])
    muster.corrections.correct(officer, "void", "Merlin the Second", HIDDEN_MOTIVATIONS, "a slip")
    leaked = muster.directory.key(world.secret())
    muster.reporting.report(leaked, "Fake", [HIDDEN_MOTIVATIONS])
    muster.bulk_corrections.take_back(officer, BulkOrder(leaked.id, "new-commanders", "a leak"))
    muster.readings.log(officer, "101", DEFENDERS, 9_000, clock() - timedelta(minutes=1), confirm=True)
    muster.refresh.refresh_totals()
    for server, alliance, guild in (("101", "nova", "1001"), ("1010", "nova", "1002")):
        code = muster.guild_bindings.offer(admin, server, alliance).code
        muster.guild_bindings.bind(guild, "501", code)
        muster.guild_bindings.offer(admin, server, alliance)
        muster.discord.link(muster.discord.caller(guild, "501", "Example"), "Harrier", is_new=True)
    muster.stores.sheets.bind("officers-sheet", "101", "nova")
    muster.stores.sheets.bind("servers-sheet", "101", None)
    (sheet,) = (one for one in muster.stores.sheets.all() if one.spreadsheet_id == "officers-sheet")
    muster.stores.sheets.lease(sheet, "a run", clock() + LEASE)
    muster.stores.sheets.begin_run("a run", clock(), clock() + LEASE)
    muster.counting.bring_up("101")
    return place


@pytest.fixture
def there(world: World, way: tuple[Store, Store]) -> Iterator[Place]:
    """Another deployment, with a server of its own, and an admin."""
    with opened(way[1]) as other:
        place = Place(world, other.table)
        place.muster.stores.definitions.put_server(Server("202"))
        place.muster.keys.first("operator there")
        yield place


def test_every_kind_of_item_moves_or_is_said_to_stay() -> None:
    made = {
        name
        for name, make in inspect.getmembers(keys, inspect.isfunction)
        if inspect.signature(make).return_annotation is ItemKey
    }
    moves, stays = set(transfer._openings("101")), {make.__name__ for make in transfer.STAYS}
    assert moves | stays == made
    assert not moves & stays


def test_all_of_it_arrives_as_it_was(here: Place, there: Place) -> None:
    before, theirs = here.items(), there.items()
    file = here.exported()
    assert here.items() == before, "nothing changes where it was"
    done = there.imported(file)
    assert (done.server, done.removed) == ("101", 0)
    assert set(done.counts) == set(transfer._openings("101")), "the world of this test has every kind"
    ours = {key: item for key, item in before.items() if of_the_server(key, item)}
    for key, item in ours.items():
        if key.pk == keys.SHEETS:
            kept = ("PK", "SK", "form", "id", "server", "alliance", "edits")
            ours[key] = {name: item[name] for name in kept if name in item}
    after = there.items()
    new = {key: item for key, item in after.items() if key not in theirs}
    assert {key: new[key] for key in ours} == ours
    added = [item for key, item in new.items() if key not in ours]
    assert {item["PK"]: item["action"] for item in added if "action" in item} == {
        "LEDGER#": "event",
        "LEDGER#101": "server",
    }
    labels = [item for item in added if "action" not in item]
    assert [(item["PK"], item["role"], item["hash"]) for item in labels] == [("KEYS#101", "admin", "")]
    assert {key: after[key] for key in theirs} == theirs, "nothing changes of what was there"


def of_the_server(key: ItemKey, item: Item) -> bool:
    """Whether it is of server 101, or an event, as keys and attributes tell."""
    stays = key.pk.split("#")[0] in ("COUNTED", "JOINED") or key == keys.binding_code("101", "nova")
    named = (not stays and key.pk.split("#")[1:2] == ["101"]) or key == ("SERVERS", "SERVER#101")
    return named or item.get("server") == "101" or key.pk == keys.EVENTS


def test_links_and_numbers_are_as_before(here: Place, there: Place, world: World) -> None:
    secret = world.secret("member")
    there.imported(here.exported())
    assert there.transfer.miscounted("101") == []
    assert there.muster.ledger_pages.differences("101") == []
    assert not [key for key in there.muster.stores.access_keys.all("101") if key.role == "admin"]
    assert moved(there) == moved(here), "and so on to a third place"
    member = there.muster.directory.member_key(secret)
    report = there.muster.reporting.report(member, "OSPREY # 1", [CONFRONTING_RESILIENCE])
    assert [result.status for result in report.results] == ["already_recorded"]


def test_the_ledger_goes_on_naming_who_reported_with_a_key_of_the_deployment(
    here: Place, there: Place, world: World
) -> None:
    there.imported(here.exported())
    label = there.muster.stores.access_keys.actors("101")[world.key("admin", None, None).id].label
    assert label == "test admin"


def test_numbers_and_nothing_go_to_and_fro() -> None:
    item: Any = {
        "PK": "LEDGER#101",
        "SK": "x",
        "n": [Decimal("1E+30"), Decimal("0.1"), Decimal(-3), Decimal("123456789012345678901234567890")],
        "nested": {"none": None, "yes": True, "text": "\u2028 # \x00 𝒩", "empty": ""},
    }
    header = json.dumps({"format": transfer.FORMAT}).encode() + b"\n"
    file = BytesIO(header + transfer._line(typed(item)))
    assert list(transfer._read(file, "101", 1)) == [("ledger_entry", item)]


class TestExport:
    def test_a_server_that_is_not_there(self, here: Place) -> None:
        with pytest.raises(TransferRefused, match="no server 999"):
            here.exported("999")

    def test_what_changes_meanwhile_spoils_it(self, here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = 0

        def items(self: Transfer, server: str) -> Iterator[Item]:
            nonlocal asked
            asked += 1
            if asked == 2:
                here.muster.stores.definitions.put_alliance(Alliance("101", "nova", "NOVA", "Nova Watch"))
            return read(self, server)

        read = Transfer._items
        monkeypatch.setattr(Transfer, "_items", items)
        with pytest.raises(TransferRefused, match="Something changed"):
            here.exported()


class TestAFileThatIsNotWhole:
    def test_is_refused_wherever_it_was_cut(self, here: Place, there: Place) -> None:
        text = here.exported().getvalue()
        lines = text.splitlines(keepends=True)
        for cut in (
            b"",
            text[:10],
            lines[0],
            b"".join(lines[:-1]),
            text[:-20],
            b"".join(lines[:3] + lines[4:]),
            text[: len(text) // 2],
        ):
            assert "file" in there.refusal(BytesIO(cut))

    def test_is_refused_if_a_letter_is_another(self, here: Place, there: Place) -> None:
        text = here.exported().getvalue()
        assert "incomplete" in there.refusal(BytesIO(text.replace(b"Nova Guard", b"Nova Gxard")))

    def test_is_refused_if_it_is_something_else(self, there: Place) -> None:
        assert "not a file of" in there.refusal(BytesIO(b"Commander\nKestrel\n"))
        assert "not a file of" in there.refusal(BytesIO(b"[]\n"))
        header = json.dumps({"format": transfer.FORMAT, "version": 2}).encode()
        assert "format 2" in there.refusal(BytesIO(header + b"\n"))


class TestWhatIsThereAlready:
    def test_a_server_is_never_replaced(self, here: Place, there: Place) -> None:
        file = here.exported()
        assert "replaces nothing" in here.refusal(file)
        there.imported(file)
        assert "replaces nothing" in there.refusal(file)

    def test_an_event_that_is_the_same_is_shared(self, here: Place, there: Place) -> None:
        for event in here.muster.stores.definitions.stored_events():
            there.muster.stores.definitions.put_event(event)
        there.imported(here.exported())
        entries = [key for key in there.items() if key.pk == keys.ledger(None)]
        assert len(entries) == 1, "of the operator's key alone"

    def test_an_event_that_differs_is_refused(self, here: Place, there: Place) -> None:
        for event in here.muster.stores.definitions.stored_events():
            there.muster.stores.definitions.put_event(event.model_copy(update={"name": "Another"}))
        assert "is defined differently here" in there.refusal(here.exported())

    def test_a_spreadsheet_of_another_server_is_refused(self, here: Place, there: Place) -> None:
        there.muster.stores.sheets.bind("officers-sheet", "202", None)
        assert "Spreadsheet officers-sheet is bound to server 202 here" in there.refusal(here.exported())

    def test_so_is_a_guild(self, here: Place, there: Place, world: World) -> None:
        code = OpenCode("hash", world.clock(), "key")
        there.muster.stores.guilds.offer("202", "nova", code)
        there.muster.stores.guilds.bind(None, Guild("1001", "202", "nova", world.clock()), code)
        assert "Discord server 1001 is bound to server 202 here" in there.refusal(here.exported())


class TestAFileOfSomebodyElse:
    """Whoever runs a deployment may take a file from somebody else: it can't reach beyond its server."""

    @pytest.mark.parametrize(
        "item",
        [
            {"PK": "SERVERS", "SK": "SERVER#202", "id": "202"},
            {"PK": "ALLIANCES#202", "SK": "ALLIANCE#nova"},
            {"PK": "NAME#202#kestrel", "SK": "NAME"},
            {"PK": "KEYS#", "SK": "KEY#1"},
            {"PK": "KEY#1", "SK": "KEY", "id": "1", "role": "admin", "server": "101"},
            {"PK": "KEY#1", "SK": "KEY", "id": "1", "role": "officer", "server": "202"},
            {"PK": "KEY#1", "SK": "KEY", "id": "1", "role": "officer"},
            {"PK": "SHEETS", "SK": "SHEET#1", "id": "1", "server": "202"},
            {"PK": "SHEETS_RUN", "SK": "RUN"},
            {"PK": 1, "SK": "x"},
            {"SK": "x"},
        ],
    )
    def test_what_is_not_of_its_server_is_refused(self, there: Place, item: Item) -> None:
        assert "does not belong to server 101" in there.refusal(made("101", item))

    def test_a_key_that_is_for_something_else_there_stays(self, there: Place, world: World) -> None:
        world.muster = there.muster
        hashed = sha256(world.secret("officer", "202", None).encode()).hexdigest()
        item: Item = {"PK": f"KEY#{hashed}", "SK": "KEY", "id": "1", "role": "officer", "server": "101"}
        assert "for something else" in there.refusal(made("101", item))

    @pytest.mark.parametrize("definition", ["{}", "no JSON", None])
    def test_an_event_that_nobody_could_read_is_refused(self, there: Place, definition: str | None) -> None:
        item = {"PK": keys.EVENTS, "SK": "EVENT#x"} | ({"definition": definition} if definition else {})
        assert "can't read" in there.refusal(made("101", item))

    def test_an_event_under_the_key_of_another_is_refused(self, here: Place, there: Place) -> None:
        event = here.muster.stores.definitions.stored_events()[0].model_dump_json(exclude_unset=True)
        item = {"PK": keys.EVENTS, "SK": "EVENT#x", "definition": event}
        assert "holds another event" in there.refusal(made("101", item))

    def test_a_server_that_reaches_into_another_is_refused(self, there: Place) -> None:
        assert "which server" in there.refusal(made("101#nova"))


def made(server: str, *items: Item) -> BytesIO:
    """A file that is whole."""
    lines = b"".join(transfer._line(typed(item)) for item in items)
    header = {"format": transfer.FORMAT, "version": transfer.VERSION, "server": server, "counts": {}}
    end = {"lines": len(items), "sha256": sha256(lines).hexdigest()}
    return BytesIO(transfer._line(header) + lines + transfer._line(end))


class TestAnImportThatBreaksOff:
    def test_is_done_again_and_what_it_left_goes(
        self, here: Place, there: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After any of its writes: some of an older file, then all of a newer one."""
        older = here.exported()
        officer = here.world.key("officer", alliance=None)
        (commander,) = (
            one for one in here.muster.rosters.roster(officer, "101", "nova") if one.name.startswith("Merlin")
        )
        here.muster.rosters.forget(officer, "101", "nova", commander.id)
        newer = here.exported()
        assert "merlin the second" in older.getvalue().decode()
        before, writes = there.items(), -2
        while True:
            writes += 3
            try:
                broken_off_after(writes, there, older, monkeypatch)
            except Busy:
                assert not there.muster.stores.definitions.server("101")
                assert "101" not in [server.id for server in there.muster.stores.definitions.servers()]
                done = there.imported(newer)
                assert bool(done.removed) == (writes > 1)
                assert moved(there) == moved(here)
                assert keys.name("101", "merlin the second") not in there.items(), "it was forgotten"
                clear(there, before)
            else:
                break
        assert writes > 15

    def test_and_so_does_what_a_removal_that_broke_off_has_left(
        self, here: Place, there: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What leads to other items goes last: without it, they would not be found."""
        older, officer = here.exported(), here.world.key("officer", alliance=None)
        found = here.muster.stores.commanders.named("101", "Merlin the Second")
        assert found
        here.muster.rosters.forget(officer, "101", "nova", found.id)
        newer = here.exported()
        monkeypatch.setattr(transfer, "_AT_ONCE", 4)
        with pytest.raises(Busy):
            broken_off_after(9, there, older, monkeypatch)
        assert keys.name("101", "merlin the second") in there.items()
        with pytest.raises(Busy):
            broken_off_after(2, there, newer, monkeypatch)
        there.imported(newer)
        assert moved(there) == moved(here)
        assert keys.name("101", "merlin the second") not in there.items(), "it was forgotten"

    def test_leaves_the_events_that_are_there_alone(
        self, here: Place, there: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Other servers have them as well, and know by their editions what has changed."""
        event = keys.event(DEFENDERS)
        with pytest.raises(Busy):
            broken_off_after(15, there, here.exported(), monkeypatch)
        there.table.write(Update(event, add={"changes": 7}))
        known = there.table.get(event, consistent=True)
        assert there.imported(here.exported()).removed
        assert there.table.get(event, consistent=True) == known

    def test_of_two_at_once_one_is_refused(
        self, here: Place, there: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = Transfer._put_server

        def late(self: Transfer, *arguments: Any) -> None:
            there.muster.stores.definitions.put_server(Server("101"))
            put(self, *arguments)

        monkeypatch.setattr(Transfer, "_put_server", late)
        with pytest.raises(TransferRefused, match="Somebody else"):
            there.imported(here.exported())


def broken_off_after(writes: int, there: Place, file: BytesIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that makes that many writes, and then none."""
    left = writes
    with monkeypatch.context() as patch:
        for name in ("put_many", "transact"):
            real = getattr(type(there.table), name)

            def limited(self: Table, changes: Any, real: Any = real) -> None:
                nonlocal left
                left -= 1
                if left <= 0:
                    raise Busy
                real(self, changes)

            patch.setattr(type(there.table), name, limited)
        there.imported(file)


def moved(place: Place) -> list[bytes]:
    lines = place.exported().getvalue().splitlines()[1:-1]
    return [line for line in lines if b'"label":{"S":"whoever"}' not in line]


def clear(place: Place, before: dict[ItemKey, Item]) -> None:
    for key in place.items().keys() - before.keys():
        place.table.write(Delete(key))
    place.world.seconds.pass_cache()


class TestMiscounted:
    def test_totals_that_are_not_the_sum_of_the_cards_are_told(self, here: Place) -> None:
        assert here.transfer.miscounted("101") == []
        key = keys.totals("101", DEFENDERS, "nova")
        here.table.write(Update(key, add={"commanders": 1}))
        here.table.write(Put(keys.totals("101", ARCHITECTS, "orbit"), {"commanders": 3}))
        assert here.transfer.miscounted("101") == [f"{ARCHITECTS}/orbit", f"{DEFENDERS}/nova"]
