"""Whom a message rings: what its text mentions, as far as `allowed_mentions` lets it."""

import re

from .errors import Json
from .state import Guild, User

MENTION = re.compile(r"@(?:everyone|here)\b|<@!?(\d+)>|<@&(\d+)>")


def rung(content: str, allowed: Json | None, guild: Guild, users: dict[str, User]) -> list[str]:
    """The names of those who are rung, in the order of the text. Embeds ring nobody.

    Without `allowed_mentions`, whatever is mentioned is rung.
    """
    if allowed is None:
        allowed = {"parse": ["users", "roles", "everyone"]}
    found: dict[str, None] = {}
    parse = allowed.get("parse") or []
    for mention in MENTION.finditer(content):
        user_id, role_id = mention.groups()
        if user_id in guild.members and ("users" in parse or user_id in (allowed.get("users") or [])):
            found[f"@{users[user_id].global_name}"] = None
        elif role := next((each for each in guild.roles if each.id == role_id != guild.id), None):
            if "roles" in parse or role.id in (allowed.get("roles") or []):
                found[f"@{role.name}"] = None
        elif user_id is None and role_id is None and "everyone" in parse:
            found[mention[0]] = None
    return list(found)
