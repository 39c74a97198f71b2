"""A made-up later version of Muster: fields that this one does not know in every item, and kinds beside them."""

import json
from typing import Any

from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Item, Put, Table, Update

FIELD, VALUE = "of_a_later_version", {"deep": ["1", {"n": 2}]}
_KEYS = ("PK", "SK")


def add_what_a_later_version_adds(table: Table) -> None:
    """A field to each item, to each mapping in it and to definitions; a form of its own; a kind in each partition."""
    for item in list(table.scan()):
        key = ItemKey(item["PK"], item["SK"])
        attributes = {name: _with_more(value) for name, value in item.items() if name not in _KEYS}
        table.write(Update(key, set={**attributes, FIELD: VALUE, "form": 99}))
        table.write(Put(ItemKey(key.pk, "LATER#1"), {FIELD: VALUE}))
    table.write(Put(ItemKey("LATER#101", "LATER"), {FIELD: VALUE}))


def lost(table: Table, before: dict[ItemKey, Item]) -> list[ItemKey]:
    """The items that were there before and have lost what a later version had added."""
    now = {ItemKey(item["PK"], item["SK"]): item for item in table.scan()}
    return [key for key in before if key in now and now[key].get(FIELD) != VALUE]


def _with_more(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_more(each) for name, each in value.items()} | {FIELD: VALUE}
    if isinstance(value, str) and value.startswith("{"):
        definition = json.loads(value)
        return json.dumps(_definition(definition))
    return value


def _definition(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _definition(each) for name, each in value.items()} | {FIELD: VALUE}
    return [_definition(each) for each in value] if isinstance(value, list) else value
