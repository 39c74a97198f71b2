"""`./muster keys take-back` and `give-back`."""

import pytest

from chalicelib.services import bulk_corrections
from tests.manage.conftest import Desk
from tests.world import HIDDEN_MOTIVATIONS


@pytest.fixture
def leaked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a link by which 7 have joined; a call takes 3 of them."""
    monkeypatch.setattr(bulk_corrections, "AT_ONCE", 3)
    key = desk.world.key()
    for number in range(7):
        desk.world.muster.reporting.report(key, f"Fake {number}", [HIDDEN_MOTIVATIONS], is_new=True)
    return key.id


def on_the_form(desk: Desk) -> int:
    roster = desk.world.muster.stores.commanders.roster("101", "nova")
    return sum(not one.retired_at for one in roster)


def test_it_counts_takes_until_nothing_is_left_and_gives_back(desk: Desk, leaked: str) -> None:
    said = ("keys", "take-back", leaked, "--reason", "the link leaked")
    assert desk.said(*said, "--dry-run") == "It would take back 7 completions of 7 commanders.\n"
    assert on_the_form(desk) == 7
    result = desk.demo(*said)
    assert result.stdout == "Took back 7 completions of 7 commanders.\n"
    assert result.stderr.splitlines()[:2] == ["4 commanders left …", "1 commanders left …"]
    assert on_the_form(desk) == 0
    bulk = result.stderr.split()[-1]
    assert f"./muster keys give-back {bulk}" in result.stderr
    assert desk.said("keys", "give-back", bulk) == "Gave back 7 completions of 7 commanders.\n"
    assert on_the_form(desk) == 7


def test_a_span_and_everybody_can_be_asked_for(desk: Desk, leaked: str) -> None:
    said = ("keys", "take-back", leaked, "--reason", "the link leaked")
    later = desk.said(*said, "--since", "2023-11-15T13:00:00Z", "--dry-run")
    assert later == "It would take back 0 completions of 0 commanders.\n"
    both = ("--since", "2023-11-15T11:00:00Z", "--until", "2023-11-15T13:00:00Z", "--server", "101")
    assert desk.said(*said, "--all", *both) == "Took back 7 completions of 7 commanders.\n"
    assert on_the_form(desk) == 7


def test_what_is_refused_is_said(desk: Desk, leaked: str) -> None:
    assert "There is no such key." in desk.refusal("keys", "take-back", "nobody's", "--reason", "a leak")
    assert "There is no such bulk correction." in desk.refusal("keys", "give-back", "101:nothing")
    said = desk.refusal("keys", "take-back", leaked, "--reason", "a leak", "--since", "yesterday")
    assert "since: " in said
    assert "Missing option '--reason'" in desk.refusal("keys", "take-back", leaked, code=2)
