"""Which guilds on Discord belong to an alliance, and which accounts there stand for whom: for officers, and binding."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Key, guild_key, secret_hash
from chalicelib.domain.discord import CODE_LASTS, Account, CodeText, Guild, OpenCode, refusal
from chalicelib.domain.errors import FieldError, NotFound
from chalicelib.domain.ledger import Actor
from chalicelib.domain.roster import Alliance
from chalicelib.services.attempts import until_written
from chalicelib.services.directory import Directory
from chalicelib.services.rosters import CommanderRef
from chalicelib.store import ledger
from chalicelib.store.commanders import Commanders
from chalicelib.store.guilds import Guilds
from chalicelib.store.table import Put


@dataclass(frozen=True, slots=True)
class BindingCode:
    """What `/bind` takes, once, before `expires_at`."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BoundGuild:
    guild: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """A Discord account, what it is called, and for whom it reports, as they are by now, as far as they are in the
    alliance still."""

    account: str
    name: str
    commanders: tuple[CommanderRef, ...]


@dataclass(frozen=True, slots=True)
class AllianceDiscord:
    """The guilds of an alliance and the accounts that report for its commanders, both by id."""

    server: str
    alliance: str
    guilds: tuple[BoundGuild, ...]
    accounts: tuple[LinkedAccount, ...]


@dataclass(frozen=True, slots=True)
class GuildBindings:
    """`_public_key`: of the application whose commands are answered; None: none are."""

    _directory: Directory
    _guilds: Guilds
    _commanders: Commanders
    _public_key: bytes | None
    _clock: Callable[[], datetime]
    _sleep: Callable[[float], None]

    def offer(self, key: Key, server: str, alliance: str) -> BindingCode:
        """A new code to bind a guild to the alliance. The one before can't be used any more.

        Raises Forbidden, and NotFound, also if Discord is not set up (`discord-not-set-up`).
        """
        place = self._place(key, server, alliance)
        require_set_up(self._public_key)
        code, expires_at = CodeText(server, place.id, secrets.token_urlsafe(16)), self._clock() + CODE_LASTS
        entry = self._entry(Actor.of(key), place, None, {"code_expires_at": expires_at})
        self._guilds.offer(server, place.id, OpenCode(secret_hash(code.secret), expires_at, key.id), entry)
        return BindingCode(str(code), expires_at)

    def bind(self, guild_id: str, account: str, typed: str) -> Alliance:
        """Binds the guild to the alliance whose code was typed by that account, instead of any other. The code is used
        up. Raises ChatRefusal and Busy."""

        def bind() -> Alliance:
            code = CodeText.read(typed)
            known = self._guilds.code(code.server, code.alliance) if code else None
            now = self._clock()
            if not (code and known and known.hashed == secret_hash(code.secret) and now < known.expires_at):
                raise refusal("chat-code")
            before, after = self._guilds.get(guild_id), Guild(guild_id, code.server, code.alliance, now)
            place = self._directory.alliance(after.server, after.alliance)
            actor = Actor.of(guild_key(guild_id, account, after.server, after.alliance))
            entries = [self._entry(actor, place, None, {"guild": guild_id, "code_by": known.made_by})]
            if before and (before.server, before.alliance) != (after.server, after.alliance):
                left = self._directory.alliance(before.server, before.alliance)
                entries.append(self._entry(actor, left, {"guild": guild_id}, None))
            self._guilds.bind(before, after, known, *entries)
            return place

        return until_written(bind, self._sleep)

    def of_alliance(self, key: Key, server: str, alliance: str) -> AllianceDiscord:
        """Raises Forbidden, NotFound."""
        place = self._place(key, server, alliance)
        accounts = self._guilds.accounts(server, place.id)
        linked = sorted({one for account in accounts for one in account.commanders})
        present = self._commanders.some_as_known(server, place.id, linked)
        here = {one: found for one, found in present.items() if found.alliance == place.id}
        return AllianceDiscord(
            server,
            place.id,
            tuple(
                BoundGuild(guild.id, guild.bound_at) for guild in self._guilds.of_alliance(server, place.id)
            ),
            tuple(
                LinkedAccount(
                    account.id,
                    account.name,
                    tuple(
                        dict.fromkeys(
                            CommanderRef(here[one].id, here[one].name)
                            for one in account.commanders
                            if one in here
                        )
                    ),
                )
                for account in accounts
            ),
        )

    def unbind(self, key: Key, server: str, alliance: str, guild_id: str) -> None:
        """The guild is bound to nothing from now on, everywhere within half a minute. Links of accounts stay, for
        another guild. Raises Forbidden, NotFound (`unknown-guild`) and Busy."""
        place = self._place(key, server, alliance)

        def unbind() -> None:
            guild = self._guilds.get(guild_id)
            if guild is None or (guild.server, guild.alliance) != (server, place.id):
                message = "This guild is not bound to the alliance."
                raise NotFound("unknown-guild", message, [FieldError("guild", message)])
            self._guilds.unbind(guild, self._entry(Actor.of(key), place, {"guild": guild_id}, None))

        until_written(unbind, self._sleep)

    def unlink(self, key: Key, server: str, alliance: str, account_id: str) -> None:
        """The account stands for nobody of the alliance any more. Raises Forbidden, NotFound (`unknown-account`) and
        Busy."""
        place = self._place(key, server, alliance)

        def unlink() -> None:
            account = self._guilds.account(server, place.id, account_id, consistent=True)
            if not account.commanders:
                message = "This account stands for nobody of the alliance."
                raise NotFound("unknown-account", message, [FieldError("account", message)])
            before = {"account": account_id, "commanders": list(account.commanders)}
            entry = self._entry(Actor.of(key), place, before, None)
            unlinked = Account(account_id, account.name, version=account.version)
            self._guilds.change_account(server, place.id, unlinked, [entry])

        until_written(unlink, self._sleep)

    def _place(self, key: Key, server: str, alliance: str) -> Alliance:
        key.require("connect Discord", server=server, alliance=alliance)
        self._directory.server(server)
        return self._directory.alliance(server, alliance)

    def _entry(
        self,
        actor: Actor,
        place: Alliance,
        before: Mapping[str, object] | None,
        after: Mapping[str, object] | None,
    ) -> Put:
        what = {"alliance": place.id, "before": before, "after": after}
        return ledger.put(ledger.new_entry(self._clock(), "discord", actor, place.server, **what))


def require_set_up(public_key: bytes | None) -> bytes:
    """The application's key. Raises NotFound (`discord-not-set-up`)."""
    if public_key is None:
        message = (
            "Discord is not set up in this deployment of Muster: the setting DISCORD_PUBLIC_KEY is missing."
        )
        raise NotFound("discord-not-set-up", message)
    return public_key
