"""`./muster ledger`."""

import json
from dataclasses import replace

from chalicelib.domain.cards import Card, CardChange
from tests.manage.conftest import Desk
from tests.stores import on_a_file
from tests.world import DEFENDERS, HIDDEN_MOTIVATIONS


def test_it_is_shown_the_latest_first(desk: Desk) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    desk.world.clock.advance(minutes=1)
    desk.said("alliances", "put", "101", "nova", "--name", "Nova Watch")
    rows = desk.said("ledger", "show", "101").splitlines()
    assert rows[0].split() == ["At", "What", "By", "Alliance", "Commander", "Changed", "Reason"]
    assert "name: Nova Guard → Nova Watch" in rows[1]
    report = next(row for row in rows if "  report  " in row)
    assert HIDDEN_MOTIVATIONS in report
    assert "Kestrel" in report
    of_commander = desk.said("ledger", "show", "101", "--commander", "kestrel").splitlines()[1:]
    assert {row.split()[1] for row in of_commander} == {"add", "report"}
    assert desk.demo("ledger", "show", "101", "--alliance", "orbit").stderr == "Nothing.\n"


def test_it_is_read_page_by_page(desk: Desk) -> None:
    for number in range(3):
        desk.world.clock.advance(seconds=1)
        desk.said("alliances", "put", "101", "nova", "--name", f"Nova {number}")
    first = desk.demo("ledger", "show", "101", "--limit", "2")
    assert len(first.stdout.splitlines()) == 3
    before = first.stderr.split("--before ")[1].strip()
    assert "Nova Guard → Nova 0" in desk.said("ledger", "show", "101", "--before", before)
    assert "whole number from 1 to 200" in desk.refusal("ledger", "show", "101", "--limit", "many")


def test_without_a_server_it_is_that_of_the_deployment(desk: Desk) -> None:
    desk.said("events", "archive", DEFENDERS)
    (entry,) = json.loads(desk.said("ledger", "show", "--json"))["entries"]
    assert entry["action"] == "event"
    assert f"{DEFENDERS} archived: – → True" in desk.said("ledger", "show")
    assert "need a server" in desk.refusal("ledger", "show", "--alliance", "nova", code=2)


@on_a_file
def test_cards_are_what_the_ledger_makes_of_them(desk: Desk) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    result = desk.demo("ledger", "verify", "101")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Every card agrees with the ledger.\n"
    assert "Server '999' doesn't use Muster." in desk.refusal("ledger", "verify", "999")


@on_a_file
def test_a_card_that_differs_is_named(desk: Desk) -> None:
    desk.world.muster.reporting.report(desk.world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
    desk.said("ledger", "verify", "101")
    completions = desk.world.muster.stores.completions
    (card,) = completions.alliance_cards("101", DEFENDERS, "nova", consistent=True)
    completions.record([_tampered(card)])
    result = desk.demo("ledger", "verify", "101")
    assert result.exit_code == 1
    assert result.stdout == f"{DEFENDERS}/nova/{card.commander}\n"
    assert result.stderr == "Error: Cards that differ from the ledger: 1.\n"


def _tampered(card: Card) -> CardChange:
    """A completion taken away without a word."""
    return CardChange(card, replace(card, completions={}, version=card.version + 1))
