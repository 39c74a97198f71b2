"""How long something takes or lasts stands once in the code; the documents that tell it are held against that."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from chalicelib.domain.access import LONGEST_OVERLAP, REVOKED_WITHIN
from chalicelib.domain.calendar import in_words
from chalicelib.domain.due import BATCH, FRESHNESS, PATIENCE
from chalicelib.domain.news import FRESH, HELD, LEAD, TIMES
from chalicelib.news.outbox import ATTEMPTS, LATER, SOON
from chalicelib.services.corrections import UNDO_WITHIN
from sheets_sync.credentials import READ_AGAIN

ROOT = Path(__file__).parent.parent

# Of each page, what its mentions are of. Decisions and the changelog tell of their day, and are not looked at.
TOLD = {
    "docs/api.md": [*[REVOKED_WITHIN] * 3, *[UNDO_WITHIN] * 3],
    "docs/settings.md": [REVOKED_WITHIN, READ_AGAIN],
    "docs/OPERATIONS.md": [REVOKED_WITHIN] * 2,
    "docs/SECURITY.md": [REVOKED_WITHIN],
    "docs/google.md": [*[FRESHNESS] * 2, READ_AGAIN, PATIENCE],
    "docs/sheet.md": [FRESHNESS] * 2,
    "docs/sheet-columns.md": [*[FRESHNESS] * 3, PATIENCE, BATCH],
    "docs/news.md": [SOON, LATER],
    "docs/PERFORMANCE.md": [*[FRESHNESS] * 3, BATCH],
}
SPANS = {in_words(span) for spans in TOLD.values() for span in spans}
PAGES = ["README.md", *(str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/DESIGN.md"])
def test_a_span_is_told_as_it_is(page: str) -> None:
    words = (ROOT / page).read_text(encoding="utf-8").split()
    pairs = (f"{number} {unit.strip('.,;:)')}" for number, unit in pairwise(words))
    told = Counter(pair for pair in pairs if pair in SPANS)
    assert told == Counter(map(in_words, TOLD.get(page, []))), f"see TOLD in {Path(__file__).name}"


def test_the_longest_overlap_is_told_as_it_is() -> None:
    most = LONGEST_OVERLAP // timedelta(minutes=1)
    assert f"0 to {most}: how long the old one goes on" in (ROOT / "docs/api.md").read_text(encoding="utf-8")
    assert f"`--old-works-for` minutes, up to {most}." in (ROOT / "docs/cli.md").read_text(encoding="utf-8")


def test_what_is_promised_of_news_is_told_as_it_is() -> None:
    page = (ROOT / "docs/news.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    assert rows.keys() == TIMES.keys()
    for kind, times in TIMES.items():
        row = rows[kind]
        given_up = in_words(FRESH[kind]) if kind in FRESH else "–"
        assert row.endswith(f" | {times} | {given_up} |"), kind
    assert f"{in_words(LEAD)} before the close" in rows["closing-soon"]
    assert f"held for {in_words(HELD)}" in rows["outlook-changed"]
    assert f"up to {ATTEMPTS} times" in page
    assert f"every {in_words(SOON)} at most, and every {in_words(LATER)} once it is an hour old" in page
