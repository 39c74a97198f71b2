"""Discord's Markdown as HTML: what a text looks like to a reader.

The text's own signs are escaped, and links are made only where Discord makes them. Times are `<time>` elements, which
the page fills in for the reader's language and zone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup, escape

HTML = Callable[["Markdown", re.Match[str]], Markup]


@dataclass(frozen=True, slots=True)
class Markdown:
    """How a text is read: what mentions are called, and whether blocks and links are made of it."""

    names: Mapping[str, str]
    """By `@ID`, `@&ID` and `#ID`: how the page calls it."""
    blocks: bool = True
    """Headings, lists and quotes: in contents, descriptions and the values of fields."""
    links: bool = True

    def html(self, text: str) -> Markup:
        return self._blocks(text) if self.blocks else self.inline(text)

    def inline(self, text: str) -> Markup:
        """What is within a line."""
        parts: list[Markup] = []
        at = plain = 0
        while at < len(text):
            found = next(self._matches(text, at), None)
            if found is None:
                at += 1
                continue
            match, make = found
            parts += [_lines(text[plain:at]), make(self, match)]
            at = plain = match.end()
        return Markup("").join([*parts, _lines(text[plain:])])

    def _matches(self, text: str, at: int) -> Iterator[tuple[re.Match[str], HTML]]:
        for pattern, make in _RULES:
            if match := pattern.match(text, at):
                yield match, make

    def _blocks(self, text: str) -> Markup:
        parts: list[Markup] = []
        for index, piece in enumerate(_FENCE.split(text)):
            if index % 2:
                parts.append(Markup("<pre><code>{}</code></pre>").format(piece))
            else:
                parts += self._lines(piece.strip("\n"))
        return Markup("").join(parts)

    def _lines(self, text: str) -> Iterator[Markup]:
        """Lines that belong together become a block; the others stay text."""
        waiting: list[str] = []
        lines = text.split("\n") if text else []
        while lines:
            block = self._block(lines)
            if block is None:
                waiting.append(lines.pop(0))
                continue
            if waiting:
                yield self.inline("\n".join(waiting))
                waiting = []
            yield block
        if waiting:
            yield self.inline("\n".join(waiting))

    def _block(self, lines: list[str]) -> Markup | None:
        """The block that begins with the first line, whose lines are taken away; None if it begins none."""
        if heading := re.match(r"(#{1,3}) +(\S.*)", lines[0]):
            lines.pop(0)
            return Markup("<h{0}>{1}</h{0}>").format(len(heading[1]) + 2, self.inline(heading[2]))
        if small := re.match(r"-# +(\S.*)", lines[0]):
            lines.pop(0)
            return Markup("<small>{}</small>").format(self.inline(small[1]))
        if lines[0].startswith(">>> "):
            quoted = "\n".join(lines)[4:]
            lines.clear()
            return Markup("<blockquote>{}</blockquote>").format(self._blocks(quoted))
        if lines[0].startswith("> "):
            taken = _take(lines, re.compile(r"> (.*)"))
            return Markup("<blockquote>{}</blockquote>").format(self._blocks("\n".join(taken)))
        for kind, pattern in (("ul", r" *[-*] +(\S.*)"), ("ol", r" *\d+\. +(\S.*)")):
            if taken := _take(lines, re.compile(pattern)):
                items = Markup("").join(Markup("<li>{}</li>").format(self.inline(item)) for item in taken)
                return Markup("<{0}>{1}</{0}>").format(Markup(kind), items)
        return None


def _take(lines: list[str], pattern: re.Pattern[str]) -> list[str]:
    """What the first lines hold that fit, which are taken away."""
    taken = []
    while lines and (match := pattern.fullmatch(lines[0])):
        taken.append(match[1])
        lines.pop(0)
    return taken


def _lines(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _wrapped(*tags: str) -> HTML:
    start = "".join(f"<{tag}>" for tag in tags)
    end = "".join(f"</{tag.partition(' ')[0]}>" for tag in reversed(tags))

    def make(markdown: Markdown, match: re.Match[str]) -> Markup:
        return Markup(f"{start}{{}}{end}").format(markdown.inline(match[1]))

    return make


def _link(markdown: Markdown, match: re.Match[str]) -> Markup:
    """An address, alone or between angle brackets."""
    return _anchor(match[1], escape(match[1])) if markdown.links else escape(match[1])


def _masked_link(markdown: Markdown, match: re.Match[str]) -> Markup:
    """Words that lead to an address. Words that look like another address are no link, so that nobody is misled."""
    words, target = match[1], match[2]
    if not markdown.links or re.search(r"https?://", words):
        return escape(match[0])
    return _anchor(target, Markdown(markdown.names, markdown.blocks, links=False).inline(words))


def _anchor(address: str, words: Markup) -> Markup:
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(address, words)


def _mention(markdown: Markdown, match: re.Match[str]) -> Markup:
    sign, key = match[1].replace("!", ""), match[2]
    name = markdown.names.get(sign + key, "unknown")
    return Markup('<span class="mention">{}{}</span>').format(sign[0], name)


def _time(_: Markdown, match: re.Match[str]) -> Markup:
    try:
        at = datetime.fromtimestamp(int(match[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return escape(match[0])
    return Markup('<time class="stamp" datetime="{}" data-style="{}">{}</time>').format(
        at.isoformat(), match[2] or "f", at.strftime("%d %b %Y %H:%M UTC")
    )


_FENCE = re.compile(r"```(?:[a-z0-9_+-]*\n)?(.+?)\n?```", re.DOTALL)
_ADDRESS = r"(https?://[^\s<>]*[^\s<>.,:;\"'\]\[)(*_~|])"
_RULES: list[tuple[re.Pattern[str], HTML]] = [
    (re.compile(pattern, re.DOTALL), make)
    for pattern, make in (
        (r"\\([^0-9A-Za-z\s])", lambda _, match: escape(match[1])),
        (
            r"``(.+?)``(?!`)|`([^`]+)`",
            lambda _, match: Markup("<code>{}</code>").format(match[1] or match[2]),
        ),
        (r"<t:(-?\d{1,17})(?::([tTdDfFRsS]))?>", _time),
        (r"<(@!?|@&|#)(\d+)>", _mention),
        (r"</([\w -]+):\d+>", lambda _, match: Markup('<span class="mention">/{}</span>').format(match[1])),
        (r"<a?(:\w+:)\d+>", lambda _, match: escape(match[1])),
        (rf"<{_ADDRESS}>", _link),
        (r"\[((?:\\.|[^\[\]\\\n])+)\]\(<?(https?://[^\s<>()]+)>?(?: +\"[^\"]*\")?\)", _masked_link),
        (_ADDRESS, _link),
        (
            r"@(?:everyone|here)\b",
            lambda _, match: Markup('<span class="mention">{}</span>').format(match[0]),
        ),
        (r"\*\*\*(?=\S)((?:\\.|[^\\])+?)\*\*\*(?!\*)", _wrapped("strong", "em")),
        (r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", _wrapped("strong")),
        (r"__((?:\\.|[^\\])+?)__(?!_)", _wrapped("u")),
        (r"~~(.+?)~~(?!~)", _wrapped("s")),
        (r"\|\|(.+?)\|\|", _wrapped('span class="spoiler"')),
        (r"\*(?=\S)((?:\*\*|\\.|[^*\\])+?)(?<!\s)\*(?!\*)", _wrapped("em")),
        (r"(?<!\w)_((?:__|\\.|[^_\\])+?)_(?!\w)", _wrapped("em")),
    )
]
"""What may begin at a place of a line, and what is made of it: the first that fits."""
