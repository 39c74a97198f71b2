"""A short campaign; and that a campaign finds what is wrong, tried by breaking what it guards."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.writers import MILESTONES, furnish
from chalicelib.domain.cards import CardChange
from chalicelib.services import corrections
from chalicelib.store import completions
from chalicelib.store.completions import Completions
from chalicelib.store.dynamodb import DynamoDBTable
from chalicelib.store.table import Change, Update
from local.strict_dynamodb.operations import Database
from tests.stores import opened
from tests.torture import processes
from tests.torture.__main__ import caught, page
from tests.torture.campaign import Outcome, alone, together
from tests.torture.figures import Figures, Run, nothing
from tests.torture.place import far_name
from tests.torture.player import Player


@pytest.fixture(scope="module")
def campaign() -> Outcome:
    outcome = Outcome()
    alone(900, 1, outcome)
    together(400, 1, outcome)
    return outcome


def test_nothing_is_lost_or_counted_twice_and_no_answer_is_500(campaign: Outcome) -> None:
    assert campaign.failures == []
    assert campaign.findings.found == {"lost": [], "counted twice": [], "difference": []}
    assert campaign.summary["operations"] == 1300


def test_every_route_is_tried(campaign: Outcome) -> None:
    assert campaign.untried == []


def test_every_kind_of_call_suffers_faults_before_and_after_its_effect(campaign: Outcome) -> None:
    wanted = {"conflict", "throttled", "lost_answer", "cut", "timeout", "late"}
    missing = {
        (operation, kind)
        for operation in ("UpdateItem", "BatchWriteItem", "TransactWriteItems")
        for kind in wanted
    } - campaign.faults.keys()
    more, seed = Outcome(), 1
    while missing - more.faults.keys():  # of batches there are few
        seed += 1
        assert seed < 20, "each would have been suffered by now"
        alone(100, seed, more)
    read = {operation for operation, _ in campaign.faults}
    assert {"GetItem", "BatchGetItem", "Query"} <= read
    assert campaign.busy > 0


def test_it_is_the_same_again_from_the_same_seed() -> None:
    outcomes = [Outcome(), Outcome()]
    for outcome in outcomes:
        alone(60, 7, outcome)
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].faults


def test_what_a_part_came_to_is_noted_and_told_on_the_page(tmp_path: Path) -> None:
    figures = Figures(
        1_000, {"cut on GetItem": 2, "cut on Query": 1}, nothing() | {"lost": ["one of Kestrel"]}
    )
    run = Run("news", 1_000, "abc1234", 7, 2, 0.5, 60.0, figures)
    run.write(tmp_path)
    assert Run.read(tmp_path / "news.json") == run
    told = page(tmp_path)
    assert "| News | 1,000 | 3 | 1 | 0 | 0 | 0 |" in told
    assert "| cut | 2 | 1 | 3 |" in told
    assert "- lost: one of Kestrel" in told
    assert not figures.is_clean


def unconditional(update: Callable[[CardChange], Update]) -> Callable[[CardChange], Update]:
    return lambda change: replace(update(change), expected={}, exists=None)


def without_totals(record: Callable[..., None]) -> Callable[..., None]:
    def recorded(self: Completions, changes: list[CardChange], more: list[Change] = []) -> None:  # noqa: B006
        record(self, changes[:1], more)

    return recorded


BROKEN: dict[str, tuple[object, str, object]] = {
    "no totals of a second card": (Completions, "record", without_totals(Completions.record)),
    "no memory of tokens": (Database, "_is_done", lambda *_: False),
    "no entries of what a card owes": (Completions, "settle_cards", lambda *_: None),
    "an undo that takes all": (corrections, "_recorded", lambda card, *_: list(card.completions)),
    "no second attempt": (DynamoDBTable, "_call", lambda self, call, *_, **request: call(**request)),
}
"""What is put in the place of what."""


@pytest.mark.parametrize("fault", BROKEN)
def test_it_finds_a_fault_that_is_put_into_the_code(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*BROKEN[fault])
    outcome, seed = Outcome(), 0
    while outcome.is_clean:
        seed += 1
        assert seed < 20, "it would have been found by now"
        alone(300, seed, outcome)


def test_it_finds_what_goes_wrong_only_between_players(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completions, "_card_update", unconditional(completions._card_update))
    monkeypatch.setattr("tests.torture.player.USE_CASES", {Player.report_with_others: 1})
    outcome, seed = Outcome(), 0
    while outcome.is_clean:
        seed += 1
        assert seed < 20, "it would have been found by now"
        together(100, seed, outcome)


def test_what_a_run_catches_and_logs_is_told() -> None:
    logger = logging.getLogger("chalicelib.services.news")
    with caught() as noted:
        logger.error("as it is to be")
        try:
            raise KeyError("a fault of ours")
        except KeyError:
            logger.exception("webhook put off")
    assert noted == ["webhook put off: KeyError('a fault of ours')"]


SHARED, OWN = far_name("Shared", 1), far_name("Own", 1)
ONE, OTHER = MILESTONES[:2]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ((SHARED, "report", OTHER, "recorded"), "lost"),
        ((OWN, "void", ONE, "voided"), "counted twice"),
        ((SHARED, "report", ONE, "recorded"), "counted twice"),
        ((SHARED, "report", ONE, "name-taken"), "differences"),
        ((OWN, "void", ONE, "not-recorded"), "differences"),
        ((OWN, "restore", OTHER, "unknown-key"), "differences"),
        ((OWN, "report", OTHER, "busy 200 times"), "5xx"),
        ((OWN, "report", OTHER, "raised KeyError()"), "5xx"),
    ],
)
def test_what_processes_were_answered_is_held_against_the_table(
    told: tuple[str, processes.Verb, str, str], kind: str
) -> None:
    commander, verb, milestone, answer = told
    acts = [processes.Act("report", who, ONE) for who in (SHARED, OWN)]
    with opened("memory") as place:
        furnish(place.table, processes.ALLIANCES)
        muster = processes._product(place.table)
        answers = [(act, processes._answered(muster, act)) for act in acts]
        refused = processes.Act("restore", OWN, OTHER)
        answers.append((refused, processes._answered(muster, refused)))
        good, wrong = Figures(), Figures()
        processes._judge(place.table, answers, good)
        processes._judge(place.table, [*answers, (processes.Act(verb, commander, milestone), answer)], wrong)
    assert (good.is_clean, good.operations) == (True, 3)
    assert [name for name, found in wrong.found.items() if found] == [kind]


class Failed:
    """A process that has ended by an exception of its own."""

    exitcode = 1

    def kill(self) -> None:
        """It is no more."""

    join = kill


def test_a_process_that_failed_is_not_taken_for_one_that_was_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = object.__new__(processes._Writer)
    monkeypatch.setattr(writer, "_process", Failed(), raising=False)
    with pytest.raises(RuntimeError, match="a writer failed: 1"):
        writer.kill()
