"""What becomes of names that are stored when the rules change by which they are told apart: a new version, or a tag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.domain.errors import Malformed
from chalicelib.domain.names import Tags, display_name, normalised, without_tags
from chalicelib.domain.roster import Commander

MOST_ALIASES = 40
"""Of each the old one is deleted, and a new one put: both are in one transaction, which has 100 items at most."""


@dataclass(frozen=True, slots=True)
class Renormalisation:
    """`changes`: commanders before and after, who get what no other has. `coinciding`: those who have the same name by
    today's rules. They stay as they are, but for one; officers merge them, if they are the same person. `nameless`:
    those of whose name nothing can be seen. They stay as well; officers rename them.
    """

    changes: tuple[tuple[Commander, Commander], ...]
    coinciding: tuple[tuple[Commander, ...], ...]
    nameless: tuple[Commander, ...]


def renormalisation(commanders: Iterable[Commander], tags: Tags) -> Renormalisation:
    """Of all commanders of a server, with the tags of its alliances.

    Of one commander it changes `MOST_ALIASES` aliases at once: done to its own result it may change more, and in the
    end nothing. Where names coincide, whom today's name leads to already has it, else whose present name it is, and of
    several who was there first.
    """
    people = {one.id: one for one in sorted(commanders, key=_seniority) if not one.moved}
    claims: dict[str, dict[str, list[str]]] = {}  # by what is to lead there: who, with what leads there now
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
    """What identifies a stored name by today's rules; empty if nothing of it can be seen."""
    return normalised(without_tags(name, tags))


def _renamed(commander: Commander, keys: Mapping[str, str], tags: Tags) -> Commander:
    """With what is to lead to them, by what leads there now; the rest stays."""
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
    """As it would be shown if it were typed today; as it stands if it would be refused."""
    try:
        return display_name(name, tags=tags)
    except Malformed:
        return name


def _seniority(commander: Commander) -> tuple[datetime, str]:
    return commander.added_at or datetime.min.replace(tzinfo=UTC), commander.id
