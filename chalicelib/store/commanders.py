"""Commanders: who is on which roster, and which names lead to whom.

A commander is an item on the roster of their alliance, and one for each name that leads to them, which says what a
report has to know. All of them change in one transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.names import normalised
from chalicelib.domain.roster import Commander
from chalicelib.store import keys
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import Change, Delete, Item, Put, Table, Update


@dataclass(frozen=True, slots=True)
class Commanders:
    _table: Table

    def named(self, server: str, name: str, *, consistent: bool = False) -> Commander | None:
        """The commander of that name, in any spelling that is the same, in whichever alliance.

        Only what a report needs: id, name, alliance, and whether they are retired.
        """
        item = self._table.get(keys.name(server, normalised(name)), consistent=consistent)
        return read(item, commander_of) if item else None

    def all_named(self, server: str, names: Iterable[str]) -> dict[str, Commander]:
        """Those of these normalised names, as `named` gives them."""
        wanted = {keys.name(server, name): name for name in names}
        found = self._table.get_many(list(wanted), consistent=True)
        return {wanted[key]: one for key, item in found.items() for one in readable([item], commander_of)}

    def member(self, server: str, alliance: str, commander_id: str) -> Commander | None:
        """The commander of that id as the alliance's roster has them, who may have left it."""
        item = self._table.get(keys.commander(server, alliance, commander_id), consistent=True)
        return read(item, commander_of) if item else None

    def roster(self, server: str, alliance: str, *, consistent: bool = False) -> list[Commander]:
        """The alliance's commanders by name, the retired too, but not those who have left."""
        known = self.known(server, alliance, consistent=consistent)
        return [commander for commander in known if not commander.moved]

    def known(self, server: str, alliance: str, *, consistent: bool = False) -> list[Commander]:
        """All whom the alliance's roster has had, by name."""
        items = self._table.query(keys.roster(server, alliance), keys.COMMANDER_PREFIX, consistent=consistent)
        return sorted(readable(items, commander_of), key=lambda one: (normalised(one.name), one.id))

    def some(self, server: str, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Commander]:
        """The commanders of these (alliance, id), as far as the rosters know them."""
        wanted = {keys.commander(server, *place): place for place in places}
        found = self._table.get_many(list(wanted))
        return {wanted[key]: one for key, item in found.items() for one in readable([item], commander_of)}

    def transact(self, changes: Sequence[Change]) -> None:
        """All or nothing. Raises ConditionFailed."""
        self._table.transact(changes)


def added(server: str, commander: Commander) -> list[Change]:
    """The writes of a commander whose name nobody has: else the condition on the name fails."""
    return [
        Put(keys.name(server, normalised(commander.name)), _name_item(commander), unless_exists=True),
        Put(keys.commander(server, commander.alliance, commander.id), _item(commander)),
        _noted(server, commander.alliance),
    ]


def changed(server: str, before: Commander, after: Commander) -> list[Change]:
    """The writes of a change to one commander: of name, aliases, alliance, or of anything that the roster says.

    The conditions: nothing has changed `before` meanwhile, and the names are nobody else's.
    """
    after = replace(after, version=before.version + 1)
    here, there = (keys.commander(server, one.alliance, one.id) for one in (before, after))
    seen: Item = {"version": before.version, "moved": None}
    writes: list[Change] = []
    if here == there:
        writes.append(Update(here, set=_item(after), remove=_absent(after), expected=seen, exists=True))
    else:
        writes.append(
            Update(here, set={"moved": True, "alliance": after.alliance}, expected=seen, exists=True)
        )
        writes.append(Put(there, _item(after)))
        writes.append(_noted(server, after.alliance))
    writes.append(_noted(server, before.alliance))
    return writes + _renamed(server, before, after)


def still_here(server: str, commander: Commander) -> Change:
    """A write that changes nothing, on the condition that the commander has not left the alliance."""
    key = keys.commander(server, commander.alliance, commander.id)
    return Update(key, set={"alliance": commander.alliance}, expected={"moved": None}, exists=True)


def merged(server: str, absorbed: Commander, survivor: Commander) -> list[Change]:
    """The writes by which one commander becomes another: the absorbed one's names lead to the survivor from now on."""
    former = (*survivor.former, *absorbed.former, (absorbed.alliance, absorbed.id))
    after = replace(survivor, aliases=(*survivor.aliases, *names_of(absorbed)), former=former)
    here = keys.commander(server, absorbed.alliance, absorbed.id)
    seen: Item = {"version": absorbed.version, "moved": None}
    gone = Update(here, set={"moved": True, "alliance": survivor.alliance}, expected=seen, exists=True)
    kept = keys.commander(server, survivor.alliance, survivor.id)
    seen = {"version": survivor.version, "moved": None}
    now = replace(after, version=survivor.version + 1)
    writes: list[Change] = [gone, Update(kept, set=_item(now), expected=seen, exists=True)]
    for name in names_of(absorbed):
        write = Update(
            keys.name(server, name), set=_name_item(now), expected={"id": absorbed.id}, exists=True
        )
        writes.append(write)
    places = dict.fromkeys((absorbed.alliance, survivor.alliance))
    return [*writes, *(_noted(server, alliance) for alliance in places)]


def forgotten(server: str, commander: Commander) -> list[Change]:
    """The writes by which rosters that still know the commander of old know their present name and no other."""
    names = (
        Update(keys.commander(server, *place), set={"name": commander.name}, remove=["aliases"], exists=True)
        for place in commander.former
    )
    left = dict.fromkeys(alliance for alliance, _ in commander.former if alliance != commander.alliance)
    return [*names, *(_noted(server, alliance) for alliance in left)]


def names_of(commander: Commander) -> tuple[str, ...]:
    """All normalised names that lead to the commander, the present one first."""
    return (normalised(commander.name), *commander.aliases)


def _renamed(server: str, before: Commander, after: Commander) -> list[Change]:
    """Brings the name index from what led to the commander to what shall, with what it says of them."""
    was, becomes = names_of(before), names_of(after)
    writes: list[Change] = [
        Delete(keys.name(server, name), expected={"id": before.id}) for name in was if name not in becomes
    ]
    for name in becomes:
        key, item = keys.name(server, name), _name_item(after)
        if name not in was:
            writes.append(Put(key, item, unless_exists=True))
        elif _name_item(before) != item:
            gone = [attribute for attribute in _name_item(before) if attribute not in item]
            writes.append(Update(key, set=item, remove=gone, expected={"id": before.id}, exists=True))
    return writes


def _noted(server: str, alliance: str) -> Update:
    """The alliance's sheet sees by this that its roster has changed."""
    return Update(keys.alliance(server, alliance), add={"roster_changes": 1}, exists=True)


def _name_item(commander: Commander) -> Item:
    item: Item = {"id": commander.id, "name": commander.name, "alliance": commander.alliance}
    if commander.retired_at:
        item["retired_at"] = rfc3339(commander.retired_at)
    return item


def _item(commander: Commander) -> Item:
    item = _name_item(commander) | {"version": commander.version}
    if commander.added_at:
        item["added_at"] = rfc3339(commander.added_at)
    if commander.added_by:
        item["added_by"] = commander.added_by
    if commander.aliases:
        item["aliases"] = list(commander.aliases)
    if commander.former:
        item["former"] = [list(place) for place in commander.former]
    return item


def _absent(commander: Commander) -> list[str]:
    """The attributes that the item is to be without."""
    item = _item(commander)
    return [name for name in ("retired_at", "aliases", "former") if name not in item]


def commander_of(item: Item) -> Commander:
    instants = {
        name: datetime.fromisoformat(item[name]) for name in ("added_at", "retired_at") if name in item
    }
    return Commander(
        id=text(item, "id"),
        name=text(item, "name"),
        alliance=text(item, "alliance"),
        added_by=item.get("added_by"),
        aliases=tuple(item.get("aliases", ())),
        former=tuple((alliance, one) for alliance, one in item.get("former", ())),
        moved=item.get("moved", False),
        version=int(item.get("version", 0)),
        **instants,
    )
