"""The form of stored items, and how items of any version are read (DESIGN §6).

Each item that is more than a counter says in `form` which version of its form it has; version 0.1.0 wrote none. A
reader ignores what it does not know, and a writer leaves that where it is. An item that can't be read at all is logged
with its key and left out.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

from chalicelib.domain.errors import Unreadable
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Change, Delete, Item, Put

logger = logging.getLogger(__name__)

T = TypeVar("T")

FORM = "form"
FORMS = {
    "ALLIANCES": 1,
    "BULKS": 1,
    "CARDS": 1,
    "COUNTED": 1,
    "DISCORD": 1,
    "EVENTS": 1,
    "GUILDS": 1,
    "KEY": 1,
    "KEYS": 1,
    "LEDGER": 1,
    "NAME": 1,
    "READINGS": 1,
    "REFRESH_RUN": 1,
    "ROSTER": 1,
    "SERVERS": 1,
    "SHEETS": 1,
    "SHEETS_RUN": 1,
    "SIGNING": 1,
    "WEBHOOKS": 1,
}
"""The version of the form in which each kind of item is written, by the beginning of its partition key. A standing has
none: it holds counters, and what is derived from other items."""

LEFT_OUT = "unreadable item left out"
"""The log message for each such item; `make status` looks for it."""

_NOT_AS_EXPECTED = (AttributeError, IndexError, LookupError, TypeError, ValueError)


def formed(change: Change) -> Change:
    """The write, with the version of the form of the item that it writes."""
    form = FORMS.get(change.key.pk.partition("#")[0])
    if form is None or isinstance(change, Delete):
        return change
    if isinstance(change, Put):
        return Put(change.key, {FORM: form, **change.item}, change.unless_exists)
    if not change.set:
        return change
    return replace(change, set={FORM: form, **change.set})


def readable(items: Iterable[Item], convert: Callable[[Item], T]) -> Iterator[T]:
    """The items that can be read, converted; the others are logged."""
    for item in items:
        try:
            read = convert(item)
        except _NOT_AS_EXPECTED as error:
            _log(item, error)
        else:
            yield read


def read(item: Item, convert: Callable[[Item], T]) -> T:
    """An item that is needed, converted. If it can't be read, logs that and raises Unreadable."""
    try:
        return convert(item)
    except _NOT_AS_EXPECTED as error:
        _log(item, error)
        raise Unreadable from error


def text(item: Item, name: str) -> str:
    """An attribute that must be a text. Raises KeyError, TypeError."""
    value = item[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value


def unread(item: Item, convert: Callable[[Item], object]) -> bool:
    """Whether the item can't be read; if so, that is logged."""
    return not list(readable([item], convert))


def told(key: ItemKey) -> str:
    """The key as logs and operators may see it. The key of a name ends with the name, so that is hashed."""
    kind, *rest = key.pk.split("#")
    if kind == "NAME" and len(rest) > 1:
        rest = [rest[0], f"sha256:{sha256('#'.join(rest[1:]).encode()).hexdigest()[:16]}"]
    return f"{'#'.join([kind, *rest])} / {key.sk}"


def _log(item: Item, error: Exception) -> None:
    """Logs the key, but not what the item holds: that may be a name."""
    key = ItemKey(str(item.get("PK")), str(item.get("SK")))
    logger.error("%s: %s (%s)", LEFT_OUT, told(key), type(error).__name__)
