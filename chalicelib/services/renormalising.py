"""Brings stored names to today's rules: after an upgrade that changes the rules, or when an alliance gets a new tag.

It runs while the product is in use, and can be repeated. A name that somebody changes at the same moment is left for
the next run; until then it is found as it was stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.ledger import MUSTER
from chalicelib.domain.renormalising import Renormalisation, renormalisation
from chalicelib.domain.roster import Commander
from chalicelib.services.rosters import CommanderNamesake
from chalicelib.store import commanders as writes
from chalicelib.store import ledger
from chalicelib.store.commanders import Commanders
from chalicelib.store.definitions import Definitions
from chalicelib.store.table import ConditionFailed

ROUNDS = 6
"""Each round reads the rosters again. The last finds nothing to do, unless others change them all the time."""


@dataclass(frozen=True, slots=True)
class Renormalised:
    """What changed in a server's names, or would change. `changed`: commanders whose names are now stored differently.

    `coinciding`: officers merge them, if they are the same person. `nameless`: officers rename them. `left`: how many
    could not be changed because others were changing them; another run will do it.
    """

    server: str
    changed: int
    coinciding: tuple[tuple[CommanderNamesake, ...], ...]
    nameless: tuple[CommanderNamesake, ...]
    left: int


@dataclass(frozen=True)
class Renormalising:
    definitions: Definitions
    commanders: Commanders
    clock: Callable[[], datetime]

    def run(self, server: str, *, dry_run: bool = False) -> Renormalised:
        """Stores the server's names by today's rules; with `dry_run` it says what would happen, and writes nothing.

        Raises Busy.
        """
        plan = self._plan(server)
        changed = {before.id for before, _ in plan.changes} if dry_run else set()
        for _ in range(0 if dry_run else ROUNDS):
            if not plan.changes:
                break
            changed |= {before.id for before, after in plan.changes if self._store(server, before, after)}
            plan = self._plan(server)
        return Renormalised(
            server=server,
            changed=len(changed),
            coinciding=tuple(tuple(map(CommanderNamesake.of, group)) for group in plan.coinciding),
            nameless=tuple(map(CommanderNamesake.of, plan.nameless)),
            left=0 if dry_run else len(plan.changes),
        )

    def _plan(self, server: str) -> Renormalisation:
        alliances = self.definitions.alliances(server)
        people = [one for alliance in alliances for one in self.commanders.roster(server, alliance.id)]
        return renormalisation(people, self.definitions.tags(server))

    def _store(self, server: str, before: Commander, after: Commander) -> bool:
        """Stores a change. Returns False if somebody else changed the commander first."""
        changes = writes.changed(server, before, after)
        if after.name != before.name:
            entry = ledger.new_entry(
                self.clock(),
                "rename",
                MUSTER,
                server,
                alliance=before.alliance,
                commander=before.id,
                before={"name": before.name},
                after={"name": after.name},
                reason="tags and invisible characters are not part of a name",
            )
            changes.append(ledger.put(entry))
        try:
            self.commanders.transact(changes)
        except ConditionFailed:
            return False
        return True
