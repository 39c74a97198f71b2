"""What members do on Discord: say who they are, report, and see what is on. The rules are those of the form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from chalicelib.domain.access import Key, guild_key
from chalicelib.domain.calendar import Window
from chalicelib.domain.discord import MOST_LINKED, Account, ChatRefusal, refusal
from chalicelib.domain.errors import NotFound
from chalicelib.domain.ledger import Actor
from chalicelib.domain.messages import say
from chalicelib.domain.names import normalised
from chalicelib.domain.reporting import MilestoneRef, Opening, next_opening, reportable
from chalicelib.domain.roster import Alliance, Commander, Server
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory
from chalicelib.services.reporting import Receipt, Reporting
from chalicelib.services.rosters import Rosters
from chalicelib.store import ledger
from chalicelib.store.commanders import Commanders
from chalicelib.store.completions import Completions
from chalicelib.store.guilds import Guilds
from chalicelib.store.table import Put

Reportable = tuple[MilestoneRef, Window]

LONGEST_VALUE = 100
"""Characters that Discord carries for a choice."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A Discord account in a guild that is bound to this alliance. `name`: what Discord calls the account."""

    guild: str
    account: str
    name: str
    server: Server
    alliance: Alliance

    @property
    def key(self) -> Key:
        """What they may do."""
        return guild_key(self.guild, self.account, self.server.id, self.alliance.id)

    @property
    def officers_key(self) -> Key:
        """What they may do by a command that Discord gives to officers alone."""
        return guild_key(self.guild, self.account, self.server.id, self.alliance.id, sees_all=True)


@dataclass(frozen=True, slots=True)
class Linked:
    """A commander that the account stands for, and which other accounts do, by id."""

    commander: Commander
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mine:
    """A commander that the caller stands for, as the alliance knows them, and which of what is on now they have in it,
    by global id. `link`: under which id of a commander the caller is linked."""

    link: str
    commander: Commander
    done: frozenset[str]


@dataclass(frozen=True, slots=True)
class Today:
    """`earlier`: whether something else that is over can still be reported. `mine`: in the order of the links."""

    on_now: tuple[Reportable, ...]
    earlier: bool
    next: Opening | None
    mine: tuple[Mine, ...]


@dataclass(frozen=True, slots=True)
class Discord:
    _directory: Directory
    _reporting: Reporting
    _rosters: Rosters
    _guilds: Guilds
    _commanders: Commanders
    _completions: Completions
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def caller(self, guild_id: str, account: str, name: str) -> Caller:
        """Raises ChatRefusal if the guild is not bound."""
        guild = self._guilds.known(guild_id)
        if guild is None:
            raise refusal("chat-not-bound")
        server = self._directory.server(guild.server)
        return Caller(guild_id, account, name, server, self._directory.alliance(server.id, guild.alliance))

    def link(self, caller: Caller, name: str, *, is_new: bool = False) -> Linked:
        """Lets the account stand for the commander of that name, too. Somebody new joins the roster as by a report.

        Doing it again changes nothing. Raises what `Rosters.join` raises, and ChatRefusal: then nobody joins.
        """
        self._require_room(caller, name)
        return self._link(caller, self._rosters.join(caller.key, caller.alliance, name, is_new=is_new))

    def suggested(self, caller: Caller, names: Sequence[str]) -> list[Commander]:
        """The commanders of the alliance with these present names."""
        found = (self._commanders.named(caller.server.id, name) for name in names)
        return [one for one in found if one and one.alliance == caller.alliance.id]

    def link_to(self, caller: Caller, commander_id: str) -> Linked:
        """The same for a commander of the alliance, by id. Raises NotFound (`unknown-commander`), ChatRefusal, Busy."""
        found = self._commanders.wherever(caller.server.id, caller.alliance.id, commander_id)
        if found is None or found.alliance != caller.alliance.id:
            raise _unknown(caller)
        return self._link(caller, found)

    def unlink(self, caller: Caller, link: str) -> Commander | None:
        """The account no longer stands for that commander, who is returned as the alliance knows them, if it does; nor
        for whoever has become the same one since. Doing it again changes nothing."""
        gone = self._commanders.as_known(caller.server.id, caller.alliance.id, link)

        def unlink() -> None:
            before = self._account(caller, consistent=True)
            present = self._present(caller, before)
            same = {one for one, found in present.items() if gone and found.id == gone.id}
            if same := (same | {link}) & before.commanders.keys():
                left = {one: at for one, at in before.commanders.items() if one not in same}
                entries = [
                    self._entry(caller, one, {"account": caller.account}, None) for one in sorted(same)
                ]
                self._change(caller, replace(before, commanders=left), *entries)

        until_written(unlink, self._sleep)
        return gone

    def linked(self, caller: Caller) -> list[tuple[str, Commander]]:
        """Those whom the caller stands for, as the alliance knows them, each with the id under which they are
        linked."""
        account = self._account(caller)
        present = self._present(caller, account)
        found: dict[str, tuple[str, Commander]] = {}
        for link in account.commanders:
            if link in present:
                found.setdefault(present[link].id, (link, present[link]))
        return list(found.values())

    def today(self, caller: Caller) -> Today:
        """What is on, and what those whom the caller stands for have of it."""
        day, now = caller.server.game_day, self._clock()
        events = [event for event in self._directory.events() if not event.archived]
        offered = list(reportable(events, now, day))
        on_now = tuple(pair for pair in offered if pair[1].status(now) == "active")
        mine = tuple(self._mine(caller, link, one, on_now) for link, one in self.linked(caller))
        return Today(on_now, len(offered) > len(on_now), next_opening(events, now, day), mine)

    def report(self, caller: Caller, link: str, milestone_ids: Sequence[str]) -> Receipt:
        """Reports for somebody whom the caller stands for. Raises what `Reporting.report_for` raises, and
        ChatRefusal."""
        server, alliance = caller.server.id, caller.alliance.id
        account, commander = self._guilds.account_and_commander(server, alliance, caller.account, link)
        if link not in account.commanders:
            raise refusal("chat-not-linked")
        if commander and commander.moved:
            commander = self._commanders.as_known(server, alliance, link)
        if commander is None:
            raise _unknown(caller)
        return self._reporting.report_for(caller.key, commander, milestone_ids)

    def choices(self, caller: Caller, typed: str) -> list[MilestoneRef]:
        """What can be reported now and has the typed text in it, what is on now first."""
        wanted = normalised(typed)
        refs = [ref for ref, _ in reportable(self._directory.events(), self._clock(), caller.server.game_day)]
        return [ref for ref in refs if wanted in normalised(f"{ref.milestone.name} {ref.event.name}")]

    def milestone(self, caller: Caller, typed: str) -> str:
        """The global id of a milestone that was chosen, or typed by its name: one that can be reported now, if there
        is one. What is none comes back as it was typed, to be refused by whoever looks it up."""
        day, events = caller.server.game_day, self._directory.events()
        first = [ref for ref, _ in reportable(events, self._clock(), day)]
        refs = [*first, *(MilestoneRef(event, one) for event in events for one in event.milestones)]
        name = normalised(typed)
        return next((str(ref) for ref in refs if typed == value_of(ref)), None) or next(
            (str(ref) for ref in refs if name == normalised(ref.milestone.name)), typed
        )

    def _mine(self, caller: Caller, link: str, one: Commander, on_now: Sequence[Reportable]) -> Mine:
        events = dict.fromkeys(ref.event.id for ref, _ in on_now)
        cards = self._completions.cards(caller.server.id, caller.alliance.id, one.id, events)
        done = (str(ref) for ref, _ in on_now if ref.milestone.id in cards[ref.event.id].completions)
        return Mine(link, one, frozenset(done))

    def _require_room(self, caller: Caller, name: str) -> None:
        """Raises ChatRefusal if the caller stands for as many as they may, and for nobody of that name."""
        if len(self._account(caller).commanders) < MOST_LINKED:
            return
        mine, server = [one.id for _, one in self.linked(caller)], caller.server.id
        found = self._commanders.named(server, name, self._directory.tags(server, name))
        if len(mine) >= MOST_LINKED and (found is None or found.id not in mine):
            raise _too_many()

    def _link(self, caller: Caller, commander: Commander) -> Linked:
        def link() -> None:
            before = self._account(caller, consistent=True)
            if commander.id in before.commanders:
                return
            if len(before.commanders) >= MOST_LINKED and len(self.linked(caller)) >= MOST_LINKED:
                raise _too_many()
            after = {**before.commanders, commander.id: self._clock()}
            entry = self._entry(caller, commander.id, None, {"account": caller.account})
            self._change(caller, replace(before, name=caller.name, commanders=after), entry)

        until_written(link, self._sleep)
        accounts = self._guilds.accounts(caller.server.id, caller.alliance.id)
        others = (one.id for one in accounts if commander.id in one.commanders and one.id != caller.account)
        return Linked(commander, tuple(others))

    def _account(self, caller: Caller, *, consistent: bool = False) -> Account:
        server, alliance = caller.server.id, caller.alliance.id
        return self._guilds.account(server, alliance, caller.account, consistent=consistent)

    def _present(self, caller: Caller, account: Account) -> dict[str, Commander]:
        """To whom the account's links lead, by the id under which they are linked. What those are called and do who
        have gone to another alliance is no business of this one."""
        return self._commanders.some_as_known(caller.server.id, caller.alliance.id, account.commanders)

    def _change(self, caller: Caller, after: Account, *entries: Put) -> None:
        self._guilds.change_account(caller.server.id, caller.alliance.id, after, entries)

    def _entry(
        self, caller: Caller, commander: str, before: dict[str, str] | None, after: dict[str, str] | None
    ) -> Put:
        what = {"alliance": caller.alliance.id, "commander": commander, "before": before, "after": after}
        entry = ledger.new_entry(self._clock(), "discord", Actor.of(caller.key), caller.server.id, **what)
        return ledger.put(entry)


def value_of(ref: MilestoneRef) -> str:
    """What a choice of this milestone carries: its global id, or what stands for it if that is too long."""
    text = str(ref)
    return text if len(text) <= LONGEST_VALUE else sha256(text.encode()).hexdigest()


def _too_many() -> ChatRefusal:
    return refusal("chat-too-many", most=MOST_LINKED)


def _unknown(caller: Caller) -> NotFound:
    return NotFound("unknown-commander", say("unknown-commander", alliance=caller.alliance.name))
