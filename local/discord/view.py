"""What a person sees of the stand-in: what the page shows, as data, with texts already as HTML."""

from collections.abc import Mapping
from itertools import chain

from .core import Core
from .errors import Json
from .interactions import may_use
from .markdown import Markdown
from .state import MANAGE_MESSAGES, MANAGE_WEBHOOKS, Guild, Message


def view(core: Core, channel_id: str, user_id: str | None) -> Json:
    """A channel as somebody of its guild sees it; without somebody, as its first member does."""
    state, guild = core.state, core.guild_of(channel_id)
    member = guild.members.get(user_id or "") or next(iter(guild.members.values()), None)
    may = member.permissions if member else 0
    seen_by = member.user_id if member else None
    return {
        "revision": core.revision,
        "now": core.now(),
        "guild": guild.id,
        "channel": channel_id,
        "as": seen_by,
        "guilds": [_guild(core, each) for each in state.guilds.values()],
        "people": [
            {
                "id": each.user_id,
                "name": state.users[each.user_id].global_name,
                "roles": _roles(guild, each.roles),
            }
            for each in guild.members.values()
        ],
        "application": state.application.name,
        "commands": [command for command in state.commands if may_use(command, may)],
        "webhooks": [
            {"id": each.id, "name": each.name, "path": f"/api/webhooks/{each.id}/{each.token}"}
            for each in state.webhooks.values()
            if each.channel_id == channel_id and may & MANAGE_WEBHOOKS
        ],
        "may_manage_webhooks": bool(may & MANAGE_WEBHOOKS),
        "messages": [
            _message(each, _names(core, guild), bool(may & MANAGE_MESSAGES) or each.seen_by is not None)
            for each in core.visible(channel_id, seen_by)
        ],
    }


def _guild(core: Core, guild: Guild) -> Json:
    channels = [each for each in core.state.channels.values() if each.guild_id == guild.id]
    shown = [{"id": each.id, "name": each.name, "topic": each.topic} for each in channels]
    return {"id": guild.id, "name": guild.name, "channels": shown}


def _roles(guild: Guild, ids: list[str]) -> list[str]:
    return [role.name for role in guild.roles if role.id in ids]


def _names(core: Core, guild: Guild) -> dict[str, str]:
    """What mentions are called, by `@ID`, `@&ID` and `#ID`."""
    users = ((f"@{key}", core.state.users[key].global_name) for key in guild.members)
    roles = ((f"@&{role.id}", role.name) for role in guild.roles)
    channels = ((f"#{key}", channel.name) for key, channel in core.state.channels.items())
    return dict(chain(users, roles, channels))


def _message(message: Message, names: Mapping[str, str], may_delete: bool) -> Json:
    command = message.command
    return {
        "id": message.id,
        "author": message.author.get("global_name") or message.author["username"],
        "author_id": message.author["id"],
        "is_app": bool(message.author.get("bot")),
        "at": message.timestamp,
        "edited": message.edited_timestamp,
        "html": Markdown(names).html(message.content),
        "embeds": [_embed(embed, names) for embed in message.embeds],
        "rows": [row["components"] for row in message.components],
        "command": command and {"name": command["name"], "by": names.get(f"@{command['user_id']}", "")},
        "is_ephemeral": message.seen_by is not None,
        "is_thinking": message.is_thinking,
        "failure": message.failure,
        "rung": message.rung,
        "may_delete": may_delete,
    }


def _embed(embed: Json, names: Mapping[str, str]) -> Json:
    """Titles and names of fields have no blocks; a title that is a link holds no other; authors are plain."""
    line, whole = Markdown(names, blocks=False), Markdown(names)
    title = Markdown(names, blocks=False, links=not embed.get("url")).inline(embed.get("title") or "")
    footer, author = embed.get("footer") or {}, embed.get("author") or {}
    return {
        "colour": f"#{embed['color']:06x}" if embed.get("color") is not None else None,
        "author": author.get("name"),
        "author_url": author.get("url"),
        "title": title,
        "url": embed.get("url"),
        "description": whole.html(embed.get("description") or ""),
        "fields": [
            {
                "name": line.inline(field["name"]),
                "value": whole.html(field["value"]),
                "is_inline": bool(field.get("inline")),
            }
            for field in embed.get("fields") or []
        ],
        "footer": footer.get("text"),
        "at": embed.get("timestamp"),
    }
