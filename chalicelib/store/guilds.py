"""Guilds on Discord, by their ids; and for each alliance the accounts that stand for its commanders, and the code by
which a guild is bound to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.calendar import rfc3339
from chalicelib.domain.discord import Account, Guild, OpenCode
from chalicelib.domain.roster import Commander
from chalicelib.store import keys
from chalicelib.store.cache import Cache
from chalicelib.store.commanders import commander_of
from chalicelib.store.forms import read, readable, text
from chalicelib.store.table import Change, Delete, Item, Put, Table, Update


@dataclass(frozen=True, slots=True)
class Guilds:
    _table: Table
    _cache: Cache

    def known(self, guild: str) -> Guild | None:
        """What the guild is bound to, from the cache of this process."""
        return self._cache.get(guild, lambda: self._get(guild, consistent=False))

    def get(self, guild: str) -> Guild | None:
        """The same, not from the cache."""
        return self._get(guild, consistent=True)

    def of_alliance(self, server: str, alliance: str) -> list[Guild]:
        """Those that are bound to the alliance, by id."""
        guilds = readable(self._table.query(keys.GUILDS, keys.GUILD_PREFIX, consistent=True), guild_of)
        return [guild for guild in guilds if (guild.server, guild.alliance) == (server, alliance)]

    def offer(self, server: str, alliance: str, code: OpenCode, *more: Change) -> None:
        """Stores the alliance's code, with `more` in one transaction. The one before can't be used any more."""
        item: Item = {"hash": code.hashed, "expires_at": rfc3339(code.expires_at), "made_by": code.made_by}
        self._table.transact([Put(keys.binding_code(server, alliance), item), *more])

    def code(self, server: str, alliance: str) -> OpenCode | None:
        """The alliance's code, as long as it was not used, expired or not."""
        item = self._table.get(keys.binding_code(server, alliance), consistent=True)
        return read(item, code_of) if item else None

    def bind(self, before: Guild | None, after: Guild, code: OpenCode, *more: Change) -> None:
        """Binds the guild and uses up the code, with `more` in one transaction. Raises ConditionFailed if the code was
        used meanwhile, or the guild is no longer as `before`."""
        seen: Item = {"server": before.server, "alliance": before.alliance} if before else {}
        bound: Item = {"id": after.id, "server": after.server, "alliance": after.alliance}
        bound["bound_at"] = rfc3339(after.bound_at)
        used = Delete(keys.binding_code(after.server, after.alliance), {"hash": code.hashed})
        guild = Update(keys.guild(after.id), set=bound, expected=seen, exists=bool(before))
        self._table.transact([used, guild, *more])
        self._cache.clear()

    def unbind(self, guild: Guild, *more: Change) -> None:
        """Raises ConditionFailed if the guild is no longer bound so."""
        seen: Item = {"server": guild.server, "alliance": guild.alliance}
        self._table.transact([Delete(keys.guild(guild.id), seen), *more])
        self._cache.clear()

    def account(self, server: str, alliance: str, account: str, *, consistent: bool = False) -> Account:
        """The account; one that stands for nobody, if it is not known."""
        item = self._table.get(keys.account(server, alliance, account), consistent=consistent)
        return read(item, account_of) if item else Account(account, "")

    def accounts(self, server: str, alliance: str) -> list[Account]:
        """All accounts that stand for commanders of the alliance, by id."""
        items = self._table.query(keys.discord(server, alliance), keys.ACCOUNT_PREFIX, consistent=True)
        return list(readable(items, account_of))

    def account_and_commander(
        self, server: str, alliance: str, account: str, commander: str
    ) -> tuple[Account, Commander | None]:
        """The account, and the commander as the alliance's roster has them, in one read."""
        places = keys.account(server, alliance, account), keys.commander(server, alliance, commander)
        found = self._table.get_many(places)
        of_account, of_commander = (found.get(place) for place in places)
        return (
            read(of_account, account_of) if of_account else Account(account, ""),
            read(of_commander, commander_of) if of_commander else None,
        )

    def change_account(self, server: str, alliance: str, after: Account, more: Sequence[Change] = ()) -> None:
        """Stores the account, or deletes it if it stands for nobody, with `more` in one transaction. Raises
        ConditionFailed if it is no longer of that version."""
        key, seen = keys.account(server, alliance, after.id), {"version": after.version or None}
        if not after.commanders:
            self._table.transact([Delete(key, seen), *more])
            return
        item: Item = {"id": after.id, "name": after.name, "version": after.version + 1}
        item["commanders"] = {one: rfc3339(at) for one, at in after.commanders.items()}
        self._table.transact([Update(key, set=item, expected=seen), *more])

    def drop_links(self, server: str, places: Iterable[tuple[str, str]]) -> None:
        """No account stands any more for the commanders of these (alliance, id). Raises ConditionFailed if an account
        changes meanwhile: then it can be called again."""
        for alliance, commander in places:
            for account in self.accounts(server, alliance):
                if commander in account.commanders:
                    left = {one: at for one, at in account.commanders.items() if one != commander}
                    self.change_account(server, alliance, replace(account, commanders=left))

    def _get(self, guild: str, *, consistent: bool) -> Guild | None:
        item = self._table.get(keys.guild(guild), consistent=consistent)
        return read(item, guild_of) if item else None


def guild_of(item: Item) -> Guild:
    bound_at = datetime.fromisoformat(item["bound_at"])
    return Guild(text(item, "id"), text(item, "server"), text(item, "alliance"), bound_at)


def account_of(item: Item) -> Account:
    in_order = sorted((datetime.fromisoformat(at), one) for one, at in item["commanders"].items())
    return Account(
        text(item, "id"), text(item, "name"), {one: at for at, one in in_order}, int(item["version"])
    )


def code_of(item: Item) -> OpenCode:
    return OpenCode(text(item, "hash"), datetime.fromisoformat(item["expires_at"]), text(item, "made_by"))
