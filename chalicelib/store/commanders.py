"""Commanders: who is on which roster, and which names lead to whom.

A commander is an item on the roster of their alliance, and one for each name that leads to them. That of the present
name says what a report has to know. The others say only where the commander was when they were made: the roster leads
on from there, so that however many names somebody has had, a change to them is a few writes. All of it is changed in
one transaction, on the condition that the commander is of the version that was seen. So what `aliases` tells, the name
index holds.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.names import Tags, name_keys, normalised, normalised_before
from chalicelib.domain.roster import MOST_COMMANDERS, Commander, Forgetting
from chalicelib.store import keys
from chalicelib.store.forms import FORM, read, readable, text
from chalicelib.store.table import Change, ConditionFailed, Delete, Item, Put, Table, Update

ON_ROSTER = "on_roster"
"""Of an alliance's attributes: how many are on its roster, the retired not counted. 0.1.0 did not count them."""
_ANY_NUMBER = 10**9


@dataclass(frozen=True, slots=True)
class Commanders:
    _table: Table

    def named(self, server: str, name: str, tags: Tags = (), *, consistent: bool = False) -> Commander | None:
        """The commander to whom that name leads, in any spelling that is the same, in whichever alliance.

        `tags` are those of the server, where the name may have one. Whose present name it is comes first, with only
        what a report needs: id, name, key, alliance, and whether they are retired. Of others there is all.
        """
        wanted = name_keys(name, tags)
        found = self.all_named(server, wanted, consistent=consistent)
        leading = [found[key] for key in wanted if key in found]
        return next((one for one in leading if one.key in wanted), leading[0] if leading else None)

    def called(
        self, server: str, alliance: str | None, text: str, tags: Tags = (), *, consistent: bool = False
    ) -> Commander | None:
        """Who is on the roster of that alliance under this id, or else to whom that name leads.

        The id comes first: nobody chooses one, but anybody can call themselves by somebody else's.
        """
        found = self.member(server, alliance, text) if alliance else None
        return found if found and not found.moved else self.named(server, text, tags, consistent=consistent)

    def all_named(
        self, server: str, names: Iterable[str], *, consistent: bool = True
    ) -> dict[str, Commander]:
        """Those to whom these normalised names lead, as `named` gives them."""
        found: dict[str, Commander] = {}
        led: dict[str, tuple[str, str]] = {}
        items = self._name_items(server, list(names), consistent=consistent)
        for name, item in items.items():
            for leads in [read(item, led_by)] if len(items) == 1 else readable([item], led_by):
                if isinstance(leads, Commander) and name in (
                    normalised(leads.name),
                    normalised_before(leads.name),
                ):
                    found[name] = replace(leads, key=name)
                else:
                    led[name] = text(item, "alliance"), text(item, "id")
        while led:
            known = self.some(server, led.values(), consistent=consistent)
            consistent = True  # what was seen too early may lead back
            for name, place in list(led.items()):
                one = known.get(place)
                led[name] = (one.alliance, one.into or one.id) if one else place
                if one and not one.moved:
                    found[name] = one
                if led[name] == place:
                    del led[name]
        return found

    def _name_items(self, server: str, names: Sequence[str], *, consistent: bool) -> dict[str, Item]:
        if len(names) == 1:
            item = self._table.get(keys.name(server, names[0]), consistent=consistent)
            return {names[0]: item} if item else {}
        wanted = {keys.name(server, name): name for name in names}
        found = self._table.get_many(list(wanted), consistent=consistent)
        return {wanted[key]: item for key, item in found.items()}

    def member(self, server: str, alliance: str, commander_id: str) -> Commander | None:
        """The commander of that id as the alliance's roster has them, who may have left it."""
        item = self._table.get(keys.commander(server, alliance, commander_id), consistent=True)
        return read(item, commander_of) if item else None

    def wherever(self, server: str, alliance: str, commander_id: str) -> Commander | None:
        """The same, or whom they have become since, wherever they have gone."""
        found = self.member(server, alliance, commander_id)
        while found and found.moved:
            found = self.member(server, found.alliance, found.into or found.id)
        return found

    def as_known(self, server: str, alliance: str, commander_id: str) -> Commander | None:
        """The same if they are in the alliance by now; else as its roster has known them last."""
        known = found = self.member(server, alliance, commander_id)
        while found and found.moved:
            place = found.alliance
            found = self.member(server, place, found.into or found.id)
            known = found if place == alliance else known
        return known

    def roster(self, server: str, alliance: str, *, consistent: bool = False) -> list[Commander]:
        """The alliance's commanders by name, the retired too, but not those who have left."""
        known = self.known(server, alliance, consistent=consistent)
        return [commander for commander in known if not commander.moved]

    def names(self, server: str, alliance: str, *, retired: bool) -> list[str]:
        """The names on the alliance's roster, sorted, with those of the `retired` or without: in a small part of the
        time that `roster` takes."""
        items = self._table.query(keys.roster(server, alliance), keys.COMMANDER_PREFIX)
        wanted = (item for item in items if not item.get("moved") and (retired or "retired_at" not in item))
        return sorted(readable(wanted, lambda item: text(item, "name")), key=normalised)

    def known(self, server: str, alliance: str, *, consistent: bool = False) -> list[Commander]:
        """All whom the alliance's roster has had, by name."""
        items = self._table.query(keys.roster(server, alliance), keys.COMMANDER_PREFIX, consistent=consistent)
        return sorted(readable(items, commander_of), key=lambda one: (normalised(one.name), one.id))

    def some(
        self, server: str, places: Iterable[tuple[str, str]], *, consistent: bool = False
    ) -> dict[tuple[str, str], Commander]:
        """The commanders of these (alliance, id), as far as the rosters know them."""
        wanted = {keys.commander(server, *place): place for place in places}
        found = self._table.get_many(list(wanted), consistent=consistent)
        return {wanted[key]: one for key, item in found.items() for one in readable([item], commander_of)}

    def some_as_known(self, server: str, alliance: str, ids: Iterable[str]) -> dict[str, Commander]:
        """Those whom the alliance's roster has had under these ids, as `as_known` finds them, by the id given."""
        known = self.some(server, [(alliance, one) for one in ids])
        present = {
            one: self.as_known(server, alliance, one) if found.moved else found
            for (_, one), found in known.items()
        }
        return {one: found for one, found in present.items() if found}

    def transact(self, changes: Sequence[Change]) -> None:
        """All or nothing. Raises ConditionFailed."""
        self._table.transact(changes)

    def full_roster(self, failure: ConditionFailed) -> tuple[str, str] | None:
        """The server and alliance whose roster has no place for what was to be written.

        If None, the rosters that were not counted yet, or not rightly, are counted now: it can be tried again.
        """
        for key, item in failure.found.items():
            kind, _, server = key.pk.partition("#")
            if item and kind == "ALLIANCES":
                alliance, noted = key.sk.removeprefix(keys.ALLIANCE_PREFIX), item.get(ON_ROSTER)
                counted = self._count_roster(server, alliance)
                if noted is not None and min(noted, counted) >= MOST_COMMANDERS:
                    return server, alliance
        return None

    def _count_roster(self, server: str, alliance: str) -> int:
        """It is noted, on the condition that the roster has not changed since it was read."""
        key = keys.alliance(server, alliance)
        item = self._table.get(key, consistent=True) or {}
        roster = self._table.query(keys.roster(server, alliance), keys.COMMANDER_PREFIX, consistent=True)
        counted = sum(map(_is_on_roster, readable(roster, commander_of)))
        if item.get(ON_ROSTER) != counted:
            seen = {name: item.get(name) for name in (ON_ROSTER, "roster_changes")}
            with suppress(ConditionFailed):
                self._table.write(Update(key, set={ON_ROSTER: counted}, expected=seen, exists=True))
        return counted

    def label_remainders(self, server: str, places: Iterable[tuple[str, str]], label: str) -> None:
        """Rosters that know the commander of old, by alliance and id, know them by that label and no other name."""
        for place in places:
            with suppress(ConditionFailed):
                self._table.write(remembered(server, place, label))
        for alliance in dict.fromkeys(alliance for alliance, _ in places):
            self._table.write(_noted(server, alliance))

    def note_forgetting(self, server: str, commander: Commander, forgetting: Forgetting) -> None:
        """Raises ConditionFailed if the commander has changed."""
        here = keys.commander(server, commander.alliance, commander.id)
        seen: Item = {"version": commander.version, "moved": None}
        noted = {"forgetting": _forgetting_item(forgetting)}
        self._table.write(Update(here, set=noted, expected=seen, exists=True))


def added(server: str, commander: Commander, taken: Collection[str] = ()) -> list[Change]:
    """The writes of a new commander, whose name nobody has, else its condition fails; or somebody had, who gives it up
    in the same transaction: then it is among `taken`. If the roster is full, the condition on the alliance fails."""
    is_free = commander.key not in taken
    return [
        Put(keys.name(server, commander.key), _name_item(commander), unless_exists=is_free),
        Put(keys.commander(server, commander.alliance, commander.id), _item(commander)),
        _noted(server, commander.alliance, 1),
    ]


def changed(
    server: str,
    before: Commander,
    after: Commander,
    taken: Collection[str] = (),
    *,
    even_if_full: bool = False,
) -> list[Change]:
    """The writes of a change to one commander: of name, aliases, alliance, or of anything that the roster says.

    The conditions: nothing has changed `before` meanwhile, the names that come are nobody else's, but for those `taken`
    from somebody who gives them up in the same transaction, and a roster that they come on is not full, unless they
    come on it `even_if_full`.
    """
    after = replace(after, version=before.version + 1)
    here, there = (keys.commander(server, one.alliance, one.id) for one in (before, after))
    writes: list[Change] = []
    if here == there:
        seen: Item = {"version": before.version, "moved": None}
        writes.append(Update(here, set=_item(after), remove=_absent(after), expected=seen, exists=True))
    else:
        writes.append(_left(server, before, after.alliance))
        back = [*_absent(after), "moved", "into"]
        writes.append(Update(there, set={**before.more, **_item(after)}, remove=back))
    joined = _joined(before, after)
    writes += [_noted(server, alliance, number, even_if_full) for alliance, number in joined.items()]
    return writes + _renamed(server, before, after, taken)


def together(*changes: Sequence[Change]) -> list[Change]:
    """All of them for one transaction, in which an item can be changed once: the first change of each stands.

    So the name that one commander takes is not deleted with those that another gives up.
    """
    first: dict[keys.ItemKey, Change] = {}
    for some in changes:
        for change in some:
            first.setdefault(change.key, change)
    return list(first.values())


def still_here(server: str, commander: Commander) -> Change:
    """A write that changes nothing, on the condition that the commander has not left the alliance."""
    key = keys.commander(server, commander.alliance, commander.id)
    return Update(key, set={"alliance": commander.alliance}, expected={"moved": None}, exists=True)


def merged(server: str, absorbed: Commander, survivor: Commander) -> list[Change]:
    """The writes by which one commander becomes another: the absorbed one's names lead to the survivor from now on.

    The survivor is retired only if both were. The absorbed one's aliases lead there by what is left of them.
    """
    after = replace(
        survivor,
        aliases={**survivor.aliases, absorbed.key: absorbed.name, **absorbed.aliases},
        former=(*survivor.former, *absorbed.former, (absorbed.alliance, absorbed.id)),
        retired_at=survivor.retired_at if absorbed.retired_at else None,
    )
    led = {keys.name(server, name) for name in absorbed.aliases}
    writes = [
        change for change in changed(server, survivor, after, taken=(absorbed.key,)) if change.key not in led
    ]
    gone = _left(server, absorbed, survivor.alliance, into=survivor.id)
    joined = _joined(survivor, after)
    joined[absorbed.alliance] = joined.get(absorbed.alliance, 0) - _is_on_roster(absorbed)
    noted = [_noted(server, alliance, number) for alliance, number in joined.items()]
    return together([gone, *noted], writes)


def remembered(server: str, place: tuple[str, str], name: str) -> Change:
    """The write by which what is left of a commander in a roster, by alliance and id, has that name and no other."""
    here, seen = keys.commander(server, *place), {"moved": True}
    return Update(here, set={"name": name}, remove=_NAMES, expected=seen, exists=True)


def names_of(item: Item) -> tuple[str, ...]:
    """All normalised names that lead to the commander of this item of a roster, the present one first."""
    commander = commander_of(item)
    return commander.key, *commander.aliases


def _left(server: str, commander: Commander, alliance: str, into: str | None = None) -> Update:
    """What is left of a commander who has gone there, or has become one with somebody."""
    here = keys.commander(server, commander.alliance, commander.id)
    went: Item = {"moved": True, "alliance": alliance} | ({"into": into} if into else {})
    seen: Item = {"version": commander.version, "moved": None}
    return Update(here, set=went, remove=[*_NAMES, "former"], expected=seen, exists=True)


def _renamed(server: str, before: Commander, after: Commander, taken: Collection[str]) -> list[Change]:
    """Brings the name index from what led to the commander to what shall, with what it says of them."""
    was, becomes = (before.key, *before.aliases), (after.key, *after.aliases)
    writes: list[Change] = [Delete(keys.name(server, name)) for name in was if name not in becomes]
    new, item = keys.name(server, after.key), _name_item(after)
    free = {name for name in becomes if name not in was and name not in taken}
    if after.key != before.key:
        writes.append(_leading(new, item, is_free=after.key in free))
    elif _name_item(before) != item:
        gone = [attribute for attribute in _name_item(before) if attribute not in item]
        writes.append(Update(new, set=item, remove=gone, expected={"id": before.id}, exists=True))
    for name in after.aliases:
        if name not in before.aliases:
            here: Item = {"id": after.id, "alliance": after.alliance}
            writes.append(_leading(keys.name(server, name), here, is_free=name in free))
    return writes


def _leading(key: keys.ItemKey, item: Item, *, is_free: bool) -> Update:
    """Lets a name lead there, which leads nowhere if it is to be free."""
    absent = [attribute for attribute in ("name", "retired_at") if attribute not in item]
    return Update(key, set=item, remove=absent, exists=False if is_free else None)


def _is_on_roster(commander: Commander) -> bool:
    return not (commander.moved or commander.retired_at)


def _joined(before: Commander, after: Commander) -> dict[str, int]:
    """The rosters that a change of a commander changes, and by how many each grows."""
    joined = {after.alliance: int(_is_on_roster(after))}
    joined[before.alliance] = joined.get(before.alliance, 0) - _is_on_roster(before)
    return joined


def _noted(server: str, alliance: str, joined: int = 0, even_if_full: bool = False) -> Update:
    """The alliance's sheet sees by this that its roster has changed. `joined`: by how many it has grown, on the
    condition that it was counted before and, unless `even_if_full`, has a place."""
    key = keys.alliance(server, alliance)
    if not joined:
        return Update(key, add={"roster_changes": 1}, exists=True)
    below = {ON_ROSTER: MOST_COMMANDERS if joined > 0 and not even_if_full else _ANY_NUMBER}
    return Update(key, add={"roster_changes": 1, ON_ROSTER: joined}, exists=True, below=below)


_NAMES = ("key", "known_as", "aliases", "forgetting")
"""Attributes of a roster's item that hold names, beside `name`. The first version had `aliases`, as a list of
normalised names, and no `key`."""


_KNOWN = {
    *("PK", "SK", FORM, "id", "name", "alliance", "retired_at", "version", "added_at", "added_by"),
    *("former", "moved", "into", "brought_by", *_NAMES),
}
"""What this version knows of an item; the rest is of a later one, and goes where the commander goes."""


def _name_item(commander: Commander) -> Item:
    item: Item = {"id": commander.id, "name": commander.name, "alliance": commander.alliance}
    if commander.retired_at:
        item["retired_at"] = rfc3339(commander.retired_at)
    return item


def _item(commander: Commander) -> Item:
    item = _name_item(commander) | {"key": commander.key, "version": commander.version}
    if commander.added_at:
        item["added_at"] = rfc3339(commander.added_at)
    if commander.added_by:
        item["added_by"] = commander.added_by
    if commander.aliases:
        item["known_as"] = dict(commander.aliases)
    if commander.former:
        item["former"] = [list(place) for place in commander.former]
    if commander.brought_by:
        item["brought_by"] = commander.brought_by
    if commander.forgetting:
        item["forgetting"] = _forgetting_item(commander.forgetting)
    return item


def _forgetting_item(forgetting: Forgetting) -> Item:
    before: Item = {"before": forgetting.before} if forgetting.before else {}
    return {"version": forgetting.version, "names": list(forgetting.names), **before}


def _forgetting(item: Item) -> Forgetting:
    return Forgetting(int(item["version"]), tuple(item["names"]), item.get("before"))


def _absent(commander: Commander) -> list[str]:
    """The attributes that the item is to be without."""
    item = _item(commander)
    return [name for name in ("retired_at", "former", "brought_by", *_NAMES) if name not in item]


def led_by(item: Item) -> Commander | tuple[str, str]:
    """Of the name index: the commander of a present name, or where the one was to whom another name leads."""
    return commander_of(item) if "name" in item else (text(item, "alliance"), text(item, "id"))


def commander_of(item: Item) -> Commander:
    instants = {
        name: datetime.fromisoformat(item[name]) for name in ("added_at", "retired_at") if name in item
    }
    return Commander(
        id=text(item, "id"),
        name=text(item, "name"),
        alliance=text(item, "alliance"),
        added_by=item.get("added_by"),
        key=item.get("key") or normalised_before(item["name"]),
        aliases={alias: alias for alias in item.get("aliases", ())} | item.get("known_as", {}),
        former=tuple((alliance, one) for alliance, one in item.get("former", ())),
        moved=item.get("moved", False),
        into=item.get("into"),
        forgetting=_forgetting(item["forgetting"]) if "forgetting" in item else None,
        version=int(item.get("version", 0)),
        brought_by=item.get("brought_by"),
        more={name: value for name, value in item.items() if name not in _KNOWN},
        **instants,
    )
