"""Discord, as it calls Muster: what it sends when somebody uses a command, signed with its key."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Json = dict[str, Any]

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = _KEY.public_key().public_bytes_raw()

PATH = "/discord/interactions"
GUILD, ANOTHER_GUILD = "1001", "1002"
PING: Json = {"type": 1, "id": "1", "application_id": "9", "token": "t", "version": 1}


def signature(body: bytes, at: datetime) -> dict[str, str]:
    """The headers that come with a body."""
    timestamp = str(int(at.timestamp()))
    signed = _KEY.sign(timestamp.encode() + body).hex()
    return {
        "X-Signature-Ed25519": signed,
        "X-Signature-Timestamp": timestamp,
        "Content-Type": "application/json",
    }


@dataclass
class User:
    """Somebody in a guild, who writes to the site at `url` at the time of `clock`."""

    url: str
    clock: Any
    id: str = "501"
    guild: str | None = GUILD
    locale: str = "en-GB"
    guild_locale: str = "en-US"

    def command(self, name: str, /, **options: str | bool) -> Json:
        """The answer's data."""
        given = [{"name": each, "type": 3, "value": value} for each, value in options.items()]
        return self.sent(type=2, data={"id": "2", "name": name, "type": 1, "options": given})

    def choices(self, name: str, option: str, typed: str) -> list[Json]:
        """What the option can be, as far as it is typed."""
        given = [{"name": option, "type": 3, "value": typed, "focused": True}]
        answer = self.answered(type=4, data={"id": "2", "name": name, "type": 1, "options": given})
        assert answer["type"] == 8
        found: list[Json] = answer["data"]["choices"]
        return found

    def press(self, component: Json | str, *values: str) -> Json:
        """The answer's data after pressing a button, or choosing these values in a menu."""
        custom_id = component if isinstance(component, str) else component["custom_id"]
        data: Json = {"custom_id": custom_id, "component_type": 3 if values else 2}
        return self.sent(type=3, data=data | ({"values": list(values)} if values else {}))

    def sent(self, **what: Any) -> Json:
        answer = self.answered(**what)
        assert answer["type"] in (4, 7)
        data: Json = answer["data"]
        assert data["allowed_mentions"] == {"parse": []}
        assert len(data["content"]) <= 2_000
        assert data["content"]
        return data

    def answered(self, **what: Any) -> Json:
        response = self.post(self.interaction(**what))
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def interaction(self, **what: Any) -> Json:
        user = {"id": self.id, "username": f"user{self.id}", "global_name": f"User {self.id}"}
        sender: Json = {"user": user}
        if self.guild:
            sender = {"guild_id": self.guild, "guild_locale": self.guild_locale, "member": sender}
        return PING | sender | {"locale": self.locale} | what

    def post(self, body: Any) -> requests.Response:
        raw = json.dumps(body, ensure_ascii=False).encode()
        return requests.post(self.url + PATH, raw, headers=signature(raw, self.clock()), timeout=30)


def components(data: Json) -> list[Json]:
    """All buttons and menus of a message."""
    return [one for row in data["components"] for one in row["components"]]
