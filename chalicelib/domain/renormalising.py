"""How stored names change when the rules for equal names change: with a new version, or a new tag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.domain.errors import Malformed
from chalicelib.domain.names import Tags, display_name, normalised, without_tags
from chalicelib.domain.roster import Commander

MOST_ALIASES = 40
"""The most aliases that change at once. For each, the old one is deleted and a new one put; a transaction has at most
100 items."""


@dataclass(frozen=True, slots=True)
class Renormalisation:
    """`changes`: commanders before and after, with names that nobody else has. `coinciding`: commanders who have the
    same name by today's rules. All of them except one stay as they are; officers merge them, if they are the same
    person. `nameless`: commanders whose names have nothing visible. They stay too; officers rename them.
    """

    changes: tuple[tuple[Commander, Commander], ...]
    coinciding: tuple[tuple[Commander, ...], ...]
    nameless: tuple[Commander, ...]


def renormalisation(commanders: Iterable[Commander], tags: Tags) -> Renormalisation:
    """The changes for all commanders of a server, with the tags of its alliances.

    It changes up to `MOST_ALIASES` aliases of a commander at once. Applied to its own result it may change more, and
    in the end nothing. If names coincide, the name goes to the commander that it already leads to; if there is none,
    to one who has it as present name; among several, to the one who was there first.
    """
    people = {one.id: one for one in sorted(commanders, key=_seniority) if not one.moved}
    claims: dict[
        str, dict[str, list[str]]
    ] = {}  # by the key by today's rules: who, with the keys that they have now
    for one in people.values():
        for key, name in {one.key: one.name, **one.aliases}.items():
            claims.setdefault(own_key(name, tags), {}).setdefault(one.id, []).append(key)
    nameless = tuple(people[one] for one in claims.pop("", {}) if not own_key(people[one].name, tags))
    holders = {key: one.id for one in people.values() for key in (one.key, *one.aliases)}
    keys: dict[str, dict[str, str]] = {one: {} for one in people}
    coinciding = []
    for key, claimants in claims.items():
        presents = [one for one, theirs in claimants.items() if people[one].key in theirs]
        winner = holders.get(key) or next(iter(presents or claimants))
        keys[winner] |= dict.fromkeys(claimants.get(winner, ()), key)
        if len(claimants) > 1:
            coinciding.append(tuple(people[one] for one in claimants))
    pairs = ((one, _renamed(one, keys[one.id], tags)) for one in people.values())
    changes = tuple((before, after) for before, after in pairs if before != after)
    return Renormalisation(changes, tuple(coinciding), nameless)


def own_key(name: str, tags: Tags) -> str:
    """The key of a stored name by today's rules; empty if it has nothing visible."""
    return normalised(without_tags(name, tags))


def _renamed(commander: Commander, keys: Mapping[str, str], tags: Tags) -> Commander:
    """The commander with new keys in place of old ones, as in `keys`; other keys stay."""
    name, key = commander.name, keys.get(commander.key, commander.key)
    if commander.key in keys:
        name = _shown(name, tags)
    aliases: dict[str, str] = {}
    changed = 0
    for alias, spelled in commander.aliases.items():
        becomes = keys.get(alias, alias) if changed < MOST_ALIASES else alias
        changed += becomes != alias
        if becomes != key:
            aliases.setdefault(becomes, _shown(spelled, tags) if alias in keys else spelled)
    return replace(commander, name=name, key=key, aliases=aliases)


def _shown(name: str, tags: Tags) -> str:
    """The name as it would be shown if it were typed today; unchanged if it would be refused."""
    try:
        return display_name(name, tags=tags)
    except Malformed:
        return name


def _seniority(commander: Commander) -> tuple[datetime, str]:
    return commander.added_at or datetime.min.replace(tzinfo=UTC), commander.id
