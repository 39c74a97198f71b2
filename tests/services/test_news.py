"""Telling the news: what it reads, what it sends of what really happens, and how a webhook's trouble stays its own."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from chalicelib.domain.roster import Server
from chalicelib.domain.webhooks import Kind, Webhook
from chalicelib.news.outbox import (
    ATTEMPTS,
    CLAIMED,
    FIRST_PAUSE,
    KEPT,
    LATER,
    LONGEST_RUN,
    OLD,
    SOON,
    STUCK,
    Board,
    Claim,
    Outbox,
    Wait,
    outbox_of,
    pause,
    state_of,
)
from chalicelib.news.post import Answer
from chalicelib.services.news import EACH, SHORTEST, News
from chalicelib.services.situations import Situations
from chalicelib.store import keys
from chalicelib.store.keys import ItemKey
from chalicelib.store.table import Change, Item, Table, Update
from manage.serve.site import PERIODS
from tests.world import HIDDEN_MOTIVATIONS, WEDNESDAY_NOON, World

SECOND = timedelta(seconds=1)
DAY = WEDNESDAY_NOON.date()


@dataclass
class Post:
    """Takes what is sent, or answers as `answers` says, webhook by webhook; each send takes `seconds`."""

    world: World
    answers: dict[str, Answer] = field(default_factory=dict)
    seconds: float = 0.0
    sent: list[tuple[str, str, Mapping[str, Any], str | None]] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)

    def send(
        self,
        webhook: Webhook,
        content: Mapping[str, Any],
        message: str,
        at: object,
        edits: str | None,
        seconds: float,
    ) -> Answer:
        self.sent.append((webhook.id, message.removeprefix(f"{webhook.id}/"), content, edits))
        self.limits.append(seconds)
        self.world.seconds.seconds += self.seconds
        return self.answers.get(webhook.id) or Answer("delivered", "77")

    def told(self, webhook: str) -> list[str]:
        return [message for to, message, _, _ in self.sent if to == webhook]


@dataclass
class Counted:
    """A table that notes which partitions it is asked for."""

    table: Table
    asked: list[str] = field(default_factory=list)

    def query(self, partition: str, prefix: str = "", *, consistent: bool = False) -> Iterator[Item]:
        self.asked.append(partition.split("#")[0])
        return self.table.query(partition, prefix, consistent=consistent)

    def get(self, key: ItemKey, *, consistent: bool = False) -> Item | None:
        self.asked.append(key.pk.split("#")[0])
        return self.table.get(key, consistent=consistent)

    def get_many(self, keys: Sequence[ItemKey], *, consistent: bool = False) -> dict[ItemKey, Item]:
        self.asked += [key.pk.split("#")[0] for key in keys]
        return self.table.get_many(keys, consistent=consistent)

    def transact(self, changes: Sequence[Change]) -> None:
        self.asked += [f"write {change.key.pk.split('#')[0]}" for change in changes]
        self.table.transact(changes)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the news need no {name}")


@pytest.fixture
def post(world: World) -> Post:
    return Post(world)


@pytest.fixture
def news(world: World, post: Post) -> News:
    return replace(world.muster.news, _post=post)  # type: ignore[arg-type]


def add(world: World, name: str = "w", *kinds: Kind, **given: Any) -> Webhook:
    wanted = kinds or tuple(get_args(Kind))
    address, made = "https://discord.com/api/webhooks/1/x", world.clock()
    scope = {"server": "101", "alliance": "nova", **given}
    webhook = Webhook(
        name,
        url=address,
        kinds=wanted,
        language="en",
        names=True,
        created_at=made,
        created_by="o",
        secret=None,
        **scope,
    )
    world.muster.stores.webhooks.add(webhook)
    return webhook


def kept(world: World, name: str = "w") -> Outbox:
    found = world.muster.stores.webhooks.get(name)
    assert found
    return outbox_of(found.state)


def asked(world: World) -> Counter[str]:
    """What one run in a process of its own asks the table."""
    table = Counted(world.muster.stores.table)
    process = world.process(table)
    replace(process.news, _post=Post(world)).tell()  # type: ignore[arg-type]
    return Counter(table.asked)


class TestReads:
    def test_without_a_webhook_it_is_one_query(self, world: World) -> None:
        assert asked(world) == {"WEBHOOKS": 1}

    def test_what_goes_by_the_schedule_needs_definitions_alone(self, world: World) -> None:
        for name in "abc":
            add(world, name, "event-started", "milestone-opened", "closing-soon")
        world.muster.stores.definitions.put_server(Server("102"))
        assert asked(world) == {"WEBHOOKS": 1, "SERVERS": 1, "EVENTS": 1}

    def test_numbers_are_read_once_for_each_open_event_of_a_server(self, world: World) -> None:
        for name in "abc":
            add(world, name, "tier-reached", "outlook-changed", "sheet-failing")
        expected = {"SERVERS": 1, "EVENTS": 1, "STANDING": 2, "SHEETS": 1, "ALLIANCES": 1}
        assert asked(world) == {"WEBHOOKS": 1, **expected}

    def test_sheets_are_read_for_each_of_their_two_kinds(self, world: World) -> None:
        add(world, "w", "sheet-healed")
        assert asked(world) == {"WEBHOOKS": 1, "SERVERS": 1, "EVENTS": 1, "SHEETS": 1, "ALLIANCES": 1}

    def test_who_is_missing_is_read_when_that_is_to_be_said(self, world: World) -> None:
        add(world, "a", "closing-soon")
        add(world, "b", "closing-soon", alliance=None)
        world.clock.advance(hours=8, minutes=59)
        assert asked(world) == {"WEBHOOKS": 1, "SERVERS": 1, "EVENTS": 1}
        world.clock.advance(minutes=1)
        alone = {"WEBHOOKS": 1, "SERVERS": 1, "EVENTS": 1, "write WEBHOOKS": 4}
        assert asked(world) == {**alone, "ALLIANCES": 2, "ROSTER": 1, "CARDS": 2, "STANDING": 2}
        assert asked(world) == {"WEBHOOKS": 1, "SERVERS": 1, "EVENTS": 1}, "it was said"


class TestWhatHappens:
    def test_a_reward_is_told_once_though_the_points_go_down_and_up(
        self, world: World, news: News, post: Post
    ) -> None:
        add(world, "w", "tier-reached")
        event = world.muster.directory.event(HIDDEN_MOTIVATIONS.split("/")[0])
        small = event.model_copy(update={"tiers": (event.tiers[0].model_copy(update={"threshold": 100}),)})
        world.muster.stores.definitions.put_event(small)
        receipt = world.muster.reporting.report(world.key(), "Kestrel", [HIDDEN_MOTIVATIONS])
        news.tell()
        for action in ("void", "restore"):
            world.clock.advance(minutes=1)
            world.muster.corrections.correct(
                world.key("officer"), action, receipt.commander.id, HIDDEN_MOTIVATIONS, "a slip"
            )
            news.tell()
        assert post.told("w") == [f"tier-reached/{event.id}/100"]

    def test_closing_soon_says_how_many_and_whom(self, world: World, news: News, post: Post) -> None:
        for name, done in (("Kestrel", True), ("Merlin", False)):
            world.muster.rosters.add(world.key("officer"), "101", "nova", name)
            if done:
                world.muster.reporting.report(world.key(), name, [HIDDEN_MOTIVATIONS])
        add(world, "w", "closing-soon")
        world.clock.advance(hours=9)
        news.tell()
        ((_, _, content, _),) = post.sent
        text = content["embeds"][0]["description"]
        assert "Still missing: 1 of 2.\n**Hidden" not in text
        assert text.count("Still missing: 1 of 2.") == 1
        assert text.count("Still missing: 2 of 2.") == 1, "of the other side"
        assert text.endswith("\nKestrel, Merlin")

    def test_the_scoreboard_is_edited_in_place_when_something_has_changed(
        self, world: World, news: News, post: Post
    ) -> None:
        add(world, "w", "scoreboard")
        for minutes, name in (
            (0, None),
            (SOON / SECOND / 60 - 1, "Kestrel"),
            (1, None),
            (60, None),
            (5, "Merlin"),
            (9, None),
        ):
            world.clock.advance(minutes=minutes)
            if name:
                world.muster.reporting.report(world.key(), name, [HIDDEN_MOTIVATIONS])
            news.tell()
        assert [edits for *_, edits in post.sent] == [None, "77", "77"]
        world.clock.advance(days=1)
        news.tell()
        assert [edits for *_, edits in post.sent] == [None, "77", "77", None], "a new one on a new day"

    def test_a_server_s_closing_soon_counts_no_retired_where_none_are_counted_yet(
        self, world: World, news: News, post: Post
    ) -> None:
        officer = world.key("officer")
        for name in ("Kestrel", "Merlin"):
            added = world.muster.rosters.add(officer, "101", "nova", name)
        world.muster.rosters.retire(officer, "101", "nova", added.id)
        world.muster.stores.table.write(Update(keys.alliance("101", "nova"), remove=["on_roster"]))
        add(world, "w", "closing-soon", alliance=None)
        world.seconds.pass_cache()
        world.clock.advance(hours=9)
        news.tell()
        ((_, _, content, _),) = post.sent
        assert "Still missing: at least 1 of 1." in content["embeds"][0]["description"]

    def test_the_scoreboard_is_edited_when_the_roster_has_changed(
        self, world: World, news: News, post: Post
    ) -> None:
        """It says of how many something is missing."""
        add(world, "w", "scoreboard")
        news.tell()
        world.muster.rosters.add(world.key("officer"), "101", "nova", "Kestrel")
        world.seconds.pass_cache()
        world.clock.advance(hours=1)
        news.tell()
        assert [edits for *_, edits in post.sent] == [None, "77"]


class TestTrouble:
    def test_what_another_run_is_sending_is_left_to_it(self, world: World, news: News, post: Post) -> None:
        webhook = add(world, "w", "milestone-opened", "tier-reached")
        world.clock.advance(hours=12)  # a brief
        claimed = Outbox(claim=Claim("tier-reached/x/1", world.clock(), world.clock() + timedelta(days=1)))
        world.muster.stores.webhooks.note(webhook, state=state_of(claimed))
        world.clock.now += CLAIMED - SECOND
        assert news.tell().delivered == 0
        assert kept(world) == claimed
        world.clock.now += SECOND
        news.tell()
        assert kept(world).claim is None, "that run has died"

    def test_what_is_gone_when_a_piece_is_sent_is_disabled_too(
        self, world: World, news: News, post: Post
    ) -> None:
        add(world, "w", "milestone-opened")
        world.clock.advance(hours=12)
        post.answers["w"] = Answer("gone", reason="It was deleted.")
        news.tell()
        gone = world.muster.stores.webhooks.get("w")
        assert gone
        assert gone.disabled == "It was deleted."

    def test_one_that_answers_slowly_has_its_time_and_no_more(
        self, world: World, news: News, post: Post
    ) -> None:
        add(world, "w")
        add(world, "x")
        world.clock.advance(days=1)  # a brief, and a scoreboard
        post.seconds = EACH - SHORTEST + 0.5
        news.tell(lambda: 55.0)
        assert [to for to, *_ in post.sent] == ["w", "x"], "one message for each"
        assert post.limits == [EACH, EACH]

    def test_nothing_is_begun_without_time(self, world: World, news: News, post: Post) -> None:
        add(world)
        assert news.tell(lambda: 7.9).delivered == 0
        assert not post.sent

    def test_what_can_not_be_handled_leaves_the_others_alone(
        self,
        world: World,
        news: News,
        post: Post,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name, server in (("a", "unknown"), ("b", "101"), ("c", "101"), ("d", "101")):
            add(world, name, "scoreboard", server=server)
        stores = world.muster.stores.webhooks
        broken = stores.get("b")
        assert broken
        stores.note(broken, state={"told": "not a mapping"})
        whole = Situations.missing

        def missing(self: Situations, webhook: Webhook, milestones: Any) -> Any:
            if webhook.id == "c":
                raise RuntimeError("on purpose")
            return whole(self, webhook, milestones)

        monkeypatch.setattr(Situations, "missing", missing)
        told = news.tell()
        assert [to for to, *_ in post.sent] == ["d"]
        assert (told.delivered, told.undelivered) == (1, 2)
        assert {record.levelno for record in caplog.records} == {logging.WARNING, logging.ERROR}

    def test_what_is_gone_is_disabled_with_a_reason(self, world: World, news: News, post: Post) -> None:
        add(world)
        post.answers["w"] = Answer("gone", reason="The webhook was deleted.")
        for _ in range(2):
            news.tell()
            world.clock.advance(minutes=5)
        assert len(post.sent) == 1
        found = world.muster.stores.webhooks.get("w")
        assert found
        assert found.disabled == "The webhook was deleted."

    def test_officers_see_why_something_waits_and_what_was_lost(
        self, world: World, news: News, post: Post
    ) -> None:
        add(world, "w", "milestone-opened", "scoreboard")
        world.clock.advance(hours=12)
        post.answers["w"] = Answer("later", reason="Discord answered 429.", retry_after=120.0)
        news.tell()
        waits = kept(world)
        assert waits.wait
        assert waits.wait.until == world.clock() + timedelta(minutes=2)
        problem = "Thu 16 Nov at 00:00 UTC: not delivered yet: Discord answered 429. It is tried again."
        assert state_of(waits)["problem"] == problem
        for _ in range(ATTEMPTS - 1):
            world.clock.advance(minutes=31)
            news.tell()
        lost = kept(world)
        assert lost.wait is None
        assert lost.lost
        assert lost.lost.endswith(
            f"milestone-opened was given up: Discord answered 429. It was tried {ATTEMPTS} times."
        )
        assert lost.trouble, "the scoreboard waits"
        assert state_of(lost)["problem"] == f"{lost.lost} {lost.trouble}"
        del post.answers["w"]
        world.clock.advance(minutes=31)
        news.tell()
        assert kept(world).delivered_at == world.clock(), "the scoreboard"
        assert kept(world).lost, "still to be seen"
        world.clock.advance(days=1, minutes=1)
        news.tell()
        assert "problem" not in state_of(kept(world))

    def test_operators_hear_of_it_when_it_is_not_one_webhooks_trouble(
        self, world: World, news: News, post: Post, caplog: pytest.LogCaptureFixture
    ) -> None:
        for name in ("w", "x"):
            add(world, name, "scoreboard")
        for number in range(1, STUCK + 1):
            assert not [record for record in caplog.records if record.levelno == logging.ERROR], number
            post.answers = dict.fromkeys(("w", "x"), Answer("unknown", reason="cut"))
            news.tell()
            world.clock.advance(minutes=31)
        assert "2 of 2 webhooks have taken nothing for half an hour" in caplog.text


def test_no_run_lasts_as_long_as_a_claim() -> None:
    assert timedelta(seconds=PERIODS["tell_news"][1]) < LONGEST_RUN


def test_pauses_double_and_are_as_long_as_the_other_side_asks() -> None:
    minutes = [pause(attempt) / timedelta(minutes=1) for attempt in range(1, ATTEMPTS)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30]
    assert pause(1, 61.0) == 61 * SECOND
    assert pause(9, 61.0) == timedelta(minutes=30)
    assert pause(1, 1e9) == timedelta(days=1)


class TestWhatIsRemembered:
    STALE = WEDNESDAY_NOON + timedelta(hours=6)

    def claimed(self, piece: str, wait: Wait | None = None) -> Outbox:
        return Outbox(claim=Claim(piece, WEDNESDAY_NOON, self.STALE), wait=wait)

    def test_what_was_told_is_known_for_a_while_after_it_is_stale(self) -> None:
        """Its event may be moved."""
        told = self.claimed("event-started/defenders").after(Answer("delivered"), WEDNESDAY_NOON)
        assert told.tidied(self.STALE + KEPT - SECOND).done == {"event-started/defenders": True}
        assert told.tidied(self.STALE + KEPT).done == {}

    def test_what_waits_until_it_is_stale_is_given_up_and_officers_are_told(self) -> None:
        waits = Outbox(wait=Wait("closing-soon/x", 3, WEDNESDAY_NOON, self.STALE), trouble="It waits.")
        assert waits.tidied(self.STALE - SECOND) == waits
        lost = waits.tidied(self.STALE)
        assert (lost.wait, lost.trouble, lost.done) == (None, None, {"closing-soon/x": False})
        assert (lost.lost or "").endswith("closing-soon was given up: it could not be delivered in time.")

    def test_whether_a_run_that_died_has_sent_it_nobody_knows(self) -> None:
        """So its kind's promise decides: it is never told again, or it is tried again."""
        once = self.claimed("closing-soon/x").tidied(WEDNESDAY_NOON + CLAIMED)
        assert (once.claim, once.wait, once.done) == (None, None, {"closing-soon/x": True})
        assert "may not have arrived" in (once.lost or "")
        again = self.claimed("tier-reached/defenders/1").tidied(WEDNESDAY_NOON + CLAIMED)
        assert (again.claim, again.done, again.lost) == (None, {}, None)
        assert again.wait
        assert (again.wait.id, again.wait.attempts) == ("tier-reached/defenders/1", 1)

    def test_attempts_at_another_piece_do_not_count(self) -> None:
        before = Wait("tier-reached/defenders/1", ATTEMPTS - 1, WEDNESDAY_NOON, self.STALE)
        outbox = self.claimed("tier-reached/defenders/2", before).after(Answer("later"), WEDNESDAY_NOON)
        assert outbox.wait == Wait("tier-reached/defenders/2", 1, WEDNESDAY_NOON + FIRST_PAUSE, self.STALE)


class TestBoard:
    MADE = Board(DAY, "77", "old", WEDNESDAY_NOON, WEDNESDAY_NOON)

    @pytest.mark.parametrize(
        ("board", "after", "is_due"),
        [
            (Board(DAY), timedelta(), True),
            (MADE, SOON - SECOND, False),
            (MADE, SOON, True),
            (replace(MADE, edited_at=WEDNESDAY_NOON + OLD - SOON), OLD - SECOND, False),
            (replace(MADE, edited_at=WEDNESDAY_NOON + OLD - SOON), OLD, False),
            (replace(MADE, edited_at=WEDNESDAY_NOON + OLD - SOON), OLD - SOON + LATER - SECOND, False),
            (replace(MADE, edited_at=WEDNESDAY_NOON + OLD - SOON), OLD - SOON + LATER, True),
            (replace(MADE, shown="new"), timedelta(hours=9), False),
            (replace(MADE, closed=True), timedelta(hours=9), False),
            (replace(MADE, until=WEDNESDAY_NOON + OLD), OLD - SECOND, False),
            (replace(MADE, until=WEDNESDAY_NOON + OLD), OLD, True),
            (
                replace(MADE, edited_at=WEDNESDAY_NOON + timedelta(days=1)),
                OLD,
                True,
            ),  # the clock was set back
        ],
    )
    def test_when_it_is_due(self, board: Board, after: timedelta, *, is_due: bool) -> None:
        assert board.is_due("new", WEDNESDAY_NOON + after) == is_due

    def test_what_an_answer_makes_of_it(self) -> None:
        now = WEDNESDAY_NOON + OLD

        def after(answer: Answer, board: Board = self.MADE, *, is_editable: bool = True) -> Board:
            return board.after(answer, "new", is_editable, now)

        assert after(Answer("delivered", "9"), Board(DAY)) == Board(DAY, "9", "new", now, now)
        assert after(Answer("delivered"), Board(DAY)).closed, "nobody knows its id, so it can't be edited"
        assert not after(Answer("delivered"), Board(DAY), is_editable=False).closed
        assert after(Answer("delivered", "77")) == replace(self.MADE, shown="new", edited_at=now)
        assert after(Answer("missing")).closed, "a person has deleted it"
        assert after(Answer("refused")) == replace(self.MADE, shown="new"), "until it says something else"
        late = after(Answer("later", retry_after=3_600.0))  # Discord's code 30046
        assert late == replace(self.MADE, attempts=1, until=now + timedelta(hours=1))
        assert after(Answer("unknown"), replace(Board(DAY), attempts=ATTEMPTS - 1)).closed
        assert not after(Answer("unknown"), replace(self.MADE, attempts=ATTEMPTS)).closed, "edits go on"


def test_what_a_later_version_has_stored_stays() -> None:
    state = {"later": {"x": 1}, "trouble": "some", "problem": "some"}
    assert state_of(outbox_of(state)) == state
