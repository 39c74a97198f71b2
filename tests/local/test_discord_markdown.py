"""How the stand-in shows a text: Discord's Markdown, its escapes and its links."""

from html import unescape

import pytest

from chalicelib.news.discord_text import escaped
from local.discord.markdown import Markdown
from tests.news.test_discord_text import HOSTILE

NAMES = {"@1": "Vega", "@&2": "Officers", "#3": "news"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ('<script>alert(1)</script> & "q"', "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;q&#34;"),
        ("a\nb", "a<br>b"),
        ("**b** *i* _i_ __u__ ~~s~~", "<strong>b</strong> <em>i</em> <em>i</em> <u>u</u> <s>s</s>"),
        ("***both***", "<strong><em>both</em></strong>"),
        ("**b *i* b**", "<strong>b <em>i</em> b</strong>"),
        ("||x||", '<span class="spoiler">x</span>'),
        (r"\*\*x\*\* \_x\_ \~~x~~ \||x||", "**x** _x_ ~~x~~ ||x||"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        ("`a **b** <@1>`", "<code>a **b** &lt;@1&gt;</code>"),
        ("``a`b``", "<code>a`b</code>"),
        ("```py\n**x**\n```", "<pre><code>**x**</code></pre>"),
        (r"\`x\`", "`x`"),
        ("# T\n## T\nx", "<h3>T</h3><h4>T</h4>x"),
        (r"\# T", "# T"),
        ("#T", "#T"),
        ("-# small", "<small>small</small>"),
        ("- a\n- b\nc", "<ul><li>a</li><li>b</li></ul>c"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        (r"\- a", "- a"),
        ("> a\n> b\nc", "<blockquote>a<br>b</blockquote>c"),
        (">>> a\nb", "<blockquote>a<br>b</blockquote>"),
        (
            "<@1> <@!1> <@9>",
            '<span class="mention">@Vega</span> ' * 2 + '<span class="mention">@unknown</span>',
        ),
        ("<@&2> <#3>", '<span class="mention">@Officers</span> <span class="mention">#news</span>'),
        ("@everyone", '<span class="mention">@everyone</span>'),
        ("@\u200beveryone", "@\u200beveryone"),
        ("</done:5>", '<span class="mention">/done</span>'),
        ("<:star:5>", ":star:"),
        (
            "<t:1700049600:R>",
            '<time class="stamp" datetime="2023-11-15T12:00:00+00:00" data-style="R">15 Nov 2023 12:00 UTC</time>',
        ),
        ("<t:17000496000000000:R> <t:x>", "&lt;t:17000496000000000:R&gt; &lt;t:x&gt;"),
        (
            "see https://a.example/b_c_d.",
            'see <a href="https://a.example/b_c_d" target="_blank" rel="noopener noreferrer">https://a.example/b_c_d</a>.',
        ),
        (
            "<https://a.example>",
            '<a href="https://a.example" target="_blank" rel="noopener noreferrer">https://a.example</a>',
        ),
        (
            "[**w**](https://a.example)",
            '<a href="https://a.example" target="_blank" rel="noopener noreferrer"><strong>w</strong></a>',
        ),
        (
            r"\[w](https://a.example)",
            '[w](<a href="https://a.example" target="_blank" rel="noopener noreferrer">https://a.example</a>)',
        ),
        (r"https\://a.example a.example", "https://a.example a.example"),
        ("[w](javascript:alert(1))", "[w](javascript:alert(1))"),
        ("[https://b.example](https://a.example)", "[https://b.example](https://a.example)"),
        (
            '[w](https://a.example/"onclick="x)',
            '<a href="https://a.example/&#34;onclick=&#34;x" target="_blank" rel="noopener noreferrer">w</a>',
        ),
    ],
)
def test_a_text_is_shown_as_discord_shows_it(text: str, html: str) -> None:
    assert str(Markdown(NAMES).html(text)) == html


@pytest.mark.parametrize("text", HOSTILE)
def test_what_muster_escapes_is_shown_as_it_was(text: str) -> None:
    """Two that read Discord's documentation agree."""
    assert unescape(str(Markdown(NAMES).html(escaped(text)))) == text


def test_a_line_has_no_blocks_and_a_link_no_links_within() -> None:
    assert str(Markdown(NAMES, blocks=False).html("# T\n- a")) == "# T<br>- a"
    assert str(Markdown(NAMES, blocks=False, links=False).html("https://a.example")) == "https://a.example"
