"""What there should be, as plain sets; made of what the product answered, not of how it works."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chalicelib.bootstrap import Muster
from chalicelib.domain.access import Key
from chalicelib.domain.cards import count
from chalicelib.domain.standing import Totals

ADMIN = Key("torture", "admin", "torture")
Kind = Literal["lost", "counted twice", "difference"]


@dataclass
class Person:
    """A commander as they should be. `done` and `void` are global milestone ids."""

    id: str
    server: str
    alliance: str
    name: str
    done: set[str] = field(default_factory=set)
    void: set[str] = field(default_factory=set)
    is_retired: bool = False


@dataclass
class Findings:
    """What is not as it should be, in words, by kind."""

    found: dict[Kind, list[str]] = field(
        default_factory=lambda: {"lost": [], "counted twice": [], "difference": []}
    )

    def add(self, kind: Kind, what: str) -> None:
        self.found[kind].append(what)

    def differ(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.add("difference", f"{what}: {found!r}, not {expected!r}")

    def __bool__(self) -> bool:
        return any(self.found.values())


def same(one: str, other: str) -> bool:
    """Whether two names are one, as far as the names are that are tried here."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def compare(
    people: Mapping[str, Person], product: Muster, servers: Iterable[str], findings: Findings
) -> None:
    """Cards, totals, rosters, what is shown of them, and the ledger with the model. Nothing may go wrong with the store
    meanwhile."""
    for server in servers:
        mine = {one: who for one, who in people.items() if who.server == server}
        _compare_cards(mine, product, server, findings)
        _compare_totals(mine, product, server, findings)
        _compare_rosters(mine, product, server, findings)
        _compare_shown(mine, product, server, findings)
        for place in product.ledger_pages.differences(server):
            findings.add("difference", f"the ledger makes another card of {server}/{place}")


def _events(product: Muster) -> list[str]:
    return [event.id for event in product.directory.events()]


def _alliances(product: Muster, server: str) -> list[str]:
    return [alliance.id for alliance in product.directory.alliances(server)]


def _compare_cards(people: Mapping[str, Person], product: Muster, server: str, findings: Findings) -> None:
    for who in people.values():
        cards = product.stores.completions.cards(
            server, who.alliance, who.id, _events(product), consistent=True
        )
        done = {f"{event}/{milestone}" for event, card in cards.items() for milestone in card.completions}
        void = {f"{event}/{milestone}" for event, card in cards.items() for milestone in card.voided}
        for milestone in sorted(who.done - done):
            findings.add("lost", f"{milestone} of {who.name}")
        for milestone in sorted(done - who.done):
            findings.add("counted twice", f"{milestone} of {who.name}, who has not completed it")
        findings.differ(f"what was taken back of {who.name}", void, who.void)


def _compare_totals(people: Mapping[str, Person], product: Muster, server: str, findings: Findings) -> None:
    for event in _events(product):
        standing = product.stores.completions.standing(server, event, consistent=True)
        for alliance in {*_alliances(product, server), *standing.alliances}:
            cards = product.stores.completions.alliance_cards(server, event, alliance, consistent=True)
            for card in cards:
                who = people.get(card.commander)
                if who is None or who.alliance != alliance:
                    findings.add(
                        "counted twice", f"{event} of {card.commander} in {alliance}, who isn't there"
                    )
            stored = standing.alliances.get(alliance, Totals())
            findings.differ(f"totals of {server}/{event}/{alliance}", stored, count(cards))


def _compare_rosters(people: Mapping[str, Person], product: Muster, server: str, findings: Findings) -> None:
    for alliance in _alliances(product, server):
        roster = product.stores.commanders.roster(server, alliance)
        found = {one.id: (one.name, one.retired_at is not None) for one in roster}
        expected = {who.id: (who.name, who.is_retired) for who in people.values() if who.alliance == alliance}
        for one in sorted(found.keys() | expected.keys()):
            findings.differ(f"{one} on the roster of {server}/{alliance}", found.get(one), expected.get(one))
    for place in product.stores.definitions.alliances(server):
        there = [who for who in people.values() if who.alliance == place.id and not who.is_retired]
        findings.differ(f"how many are on the roster of {server}/{place.id}", place.on_roster, len(there))
    for who in people.values():
        named = product.stores.commanders.named(server, who.name, consistent=True)
        findings.differ(f"whom {who.name} leads to", named and named.id, who.id)


def _compare_shown(people: Mapping[str, Person], product: Muster, server: str, findings: Findings) -> None:
    """What everybody sees of the server, and officers of their alliance."""
    for event in product.directory.events():
        ids = [event.global_id(one) for one in event.milestones]
        done = {one: who.done.intersection(ids) for one, who in people.items()}
        progress = product.overview.progress(server, event.id)
        shown = progress.completions, progress.commanders
        expected = sum(map(len, done.values())), sum(map(bool, done.values()))
        findings.differ(f"completions and commanders in {server}/{event.id}", shown, expected)
        for alliance in _alliances(product, server):
            here = {one: who for one, who in people.items() if who.alliance == alliance}
            listed = product.exports.completions(ADMIN, server, alliance, event.id).completions
            findings.differ(
                f"what is listed of {server}/{alliance} in {event.id}",
                sorted((row.commander_id, row.milestone) for row in listed),
                sorted((one, milestone) for one in here for milestone in done[one]),
            )
            missing = product.exports.missing(ADMIN, server, alliance, ids).missing
            findings.differ(
                f"who is missing of {server}/{alliance} in {event.id}",
                {one.id: {*one.milestones} for one in missing},
                {
                    one: {*ids} - done[one]
                    for one, who in here.items()
                    if not who.is_retired and not done[one] >= {*ids}
                },
            )
