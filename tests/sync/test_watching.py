"""Which sheets were touched, by Drive: asked once a run, nothing that it told is lost, and what happens if it won't."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from chalicelib.domain.due import FRESHNESS
from chalicelib.store import keys
from chalicelib.store.table import Delete
from sheets_sync.drive import Drive
from sheets_sync.watching import look
from tests.sync.fake_drive import ADDRESS, NOBODY, Answer, At, FakeDrive, refused
from tests.world import World

NEVER_ASKED = Delete(keys.watch(NOBODY))


@dataclass
class Post:
    """A process with two sheets whose edits count, and one whose edits don't."""

    world: World
    fake: FakeDrive = field(default_factory=FakeDrive)
    soon: bool | None = None

    def run(self, has_time: Callable[[], bool] = lambda: True, *, syncs: bool = True) -> list[str]:
        """Which sheets are due after a look; they are synced."""
        self.world.clock.advance(minutes=1)
        queue = self.world.muster.sheet_queue
        queue.due()
        self.soon = look(queue, At("https://drive.test", fake=self.fake), has_time)
        due = queue.due_of(None)
        for one in due if syncs else ():
            leased = queue.lease(one, "run")
            assert leased
            queue.synced(leased)
        return sorted(one.sheet.spreadsheet_id for one in due)


@pytest.fixture
def post(world: World) -> Post:
    bind = world.muster.stores.sheets.bind
    bind("a", "101", "nova", edits=True)
    bind("b", "101", "nova", edits=True)
    bind("mirror", "101", "nova")
    post = Post(world)
    assert post.run() == ["a", "b", "mirror"]
    post.fake.asked.clear()
    return post


def test_one_request_a_run_tells_of_all(post: Post) -> None:
    assert post.run() == []
    post.fake.touch("a", "somebody else's")
    assert post.run() == ["a"]
    assert post.run() == []
    assert [url for url, _ in post.fake.asked] == [ADDRESS] * 3
    assert {"pageSize": "1000", "prettyPrint": "false"}.items() <= post.fake.asked[0][1].items()
    assert post.soon is True


def test_what_nobody_but_muster_touched_is_not_looked_at_again(post: Post) -> None:
    post.fake.touch("a", me=True)
    assert post.run() == []
    post.fake.touch("a", me=False)
    assert post.run() == ["a"]


def test_a_sheet_whose_edits_do_not_count_is_left_to_its_quarter_of_an_hour(post: Post) -> None:
    post.fake.touch("mirror")
    assert post.run() == []
    post.world.clock.advance(seconds=FRESHNESS.total_seconds())
    assert post.run() == ["a", "b", "mirror"]


def test_what_is_lost_sight_of_is_looked_at(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Answer({"changes": [{"fileId": "a", "removed": True}], "newStartPageToken": "0"})
    monkeypatch.setattr(post.fake, "refusal", gone)
    assert post.run() == ["a"]


def test_all_pages_are_read_and_what_there_was_no_time_for_comes_next(post: Post) -> None:
    post.fake.touch("a", "x", "y", "z", "b")
    times = iter([True, False])
    assert post.run(lambda: next(times)) == ["a"], "the token is where the first page ended"
    assert post.run() == ["b"]
    post.fake.touch("a", "x", "y", "z", "b")
    assert post.run() == ["a", "b"]


def test_a_run_that_is_cut_off_after_it_was_told_loses_nothing(post: Post) -> None:
    post.fake.touch("a")
    assert post.run(syncs=False) == ["a"]
    assert post.run() == ["a"]
    assert post.run() == []


def test_a_sheet_with_edits_that_still_are_to_be_taken_stays_due(post: Post) -> None:
    post.fake.touch("a")
    queue = post.world.muster.sheet_queue
    queue.due()
    look(queue, At("", fake=post.fake), lambda: True)
    (due,) = queue.due_of(None)
    leased = queue.lease(due, "run")
    assert leased
    queue.synced(leased, again=True)
    assert post.run() == ["a"]


@pytest.mark.parametrize("lost", ["refused", "of another account"])
def test_without_a_good_token_all_are_looked_at_once(post: Post, lost: str) -> None:
    post.fake.touch("a")
    if lost == "refused":
        post.fake.oldest = 1
    else:
        post.world.muster.stores.table.write(NEVER_ASKED)
    assert post.run() == ["a", "b"]
    assert post.run() == []
    post.fake.touch("b")
    assert post.run() == ["b"]


NOT_ENABLED = {"details": [{"reason": "SERVICE_DISABLED"}], "errors": [{"reason": "accessNotConfigured"}]}


@pytest.mark.parametrize("refusal", [refused(403, **NOT_ENABLED), refused(401), refused(404)])
def test_where_it_is_not_permitted_every_sheet_is_looked_at_every_quarter_of_an_hour(
    post: Post, refusal: Answer
) -> None:
    post.world.muster.stores.table.write(NEVER_ASKED)
    post.fake.refusal = refusal
    assert (post.run(), post.soon) == ([], False)
    post.world.clock.advance(seconds=FRESHNESS.total_seconds())
    assert post.run() == ["a", "b", "mirror"]


@pytest.mark.parametrize(
    "refusal",
    [
        refused(403, errors=[{"reason": "userRateLimitExceeded"}]),
        refused(429),
        refused(503),
        Answer(None, 502),
        Answer([]),
    ],
)
def test_what_passes_is_asked_again_and_nothing_is_lost(post: Post, refusal: Answer) -> None:
    post.fake.touch("a")
    post.fake.refusal = refusal
    assert (post.run(), post.soon) == ([], True)
    post.fake.refusal = None
    assert post.run() == ["a"]


def test_no_credentials_go_anywhere_but_to_google_and_without_them_it_is_not_asked(world: World) -> None:
    def never(secret: str) -> str:
        raise AssertionError(secret)

    with Drive("https://drive.test", "secret", never).connected() as account:
        assert account.name == NOBODY
    queue = world.muster.sheet_queue
    assert not look(queue, Drive("https://www.googleapis.com"), lambda: True)


def test_a_clock_that_was_set_back_makes_nothing_due_for_ever(post: Post) -> None:
    post.world.clock.advance(days=-1)
    post.run()
    assert post.run() == []
