"""What a name may do to a message: nothing."""

import re
from datetime import UTC, datetime

import pytest

from chalicelib.news.discord_text import escaped, moment

HOSTILE = [
    "@everyone",
    "@here",
    "<@1>",
    "<@!1>",
    "<@&1>",
    "<#1>",
    "</done:1>",
    "<id:guide>",
    "<t:1:R>",
    "<:wave:1>",
    ":wave:",
    "[x](http://evil.example)",
    "[x](<http://evil.example>)",
    "<https://evil.example>",
    "https://evil.example/a?b=c#d",
    "steam://run/1",
    "discord.gg/abc",
    "discordapp.com/invite/abc",
    "**bold** __under__ *it* _it_ ~~gone~~ ||hidden||",
    "`code` ```block```",
    "# big",
    "-# small",
    "> quote",
    ">>> all that follows",
    "- item",
    "* item",
    "1. item",
    "\\*not escaped",
    "\\",
    "\\\\@everyone",
]

MEANS_SOMETHING = [
    r"@(everyone|here)",
    r"<[@#:/a-z]",
    r":\w+:",
    r"\w+://",
    r"\w\.\w+/\w",
    r"\]\(",
    r"[*_~|`]",
    r"^(#|-|>|\*|\d+\.)",
]
"""What Discord looks for in a text."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is(name: str) -> None:
    safe = escaped(name)
    assert re.sub(r"\\([^0-9A-Za-z\s])", r"\1", safe) == name, "this is how Discord reads backslashes"
    without = re.sub(r"\\[^0-9A-Za-z\s]", "\0", safe)  # what Discord still looks at
    assert not [mark for mark in MEANS_SOMETHING if re.search(mark, without)]
    assert "\\" not in without


@pytest.mark.parametrize(
    "name", ["Kestrel", "O'Brien", "Été ★ 7", "日本語", "👩‍🚀", "! $ % & + = ? ^ { } ; ,"]
)
def test_an_ordinary_name_is_not_touched(name: str) -> None:
    assert escaped(name) == name


def test_no_name_begins_a_line_or_turns_what_follows() -> None:
    assert escaped("Kestrel\n# big\r\n\u2028> quote") == r"Kestrel \# big \> quote"
    assert escaped("a\u202eb\u2066c") == "abc"


def test_a_time_is_shown_in_the_readers_own_zone() -> None:
    at = datetime(2023, 11, 16, tzinfo=UTC)
    assert moment(at) == "<t:1700092800:R>"
    assert moment(at, "f") == "<t:1700092800:f>"
