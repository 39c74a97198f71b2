"""Whatever officers do to a sheet, between syncs and between our read and our write: theirs is as they left it, ours is
true again at most one sync later, and syncs go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.sheets import SheetsServer
from tests.sync.desk import FIRST, Desk, ids
from tests.sync.officers import ACTS, Theirs, act, theirs
from tests.world import CONFRONTING_RESILIENCE, ENLISTING_OLD_ALLIES, HIDDEN_MOTIVATIONS

MILESTONES = [HIDDEN_MOTIVATIONS, CONFRONTING_RESILIENCE, ENLISTING_OLD_ALLIES]
NAMES = ["Ash", "Birch", "Cedar", "Dogwood", "=ELM()", "Fir", "名前"]


class Act(NamedTuple):
    kind: str
    one: int
    other: int


class Change(NamedTuple):
    """Somebody reports, comes, leaves or is forgotten."""

    kind: str
    who: int
    milestone: int


class Sync(NamedTuple):
    """With what officers do between its read and its write."""

    before: tuple[Act, ...] = ()


Step = Act | Change | Sync

numbers = st.integers(0, 30)
acts = st.builds(Act, st.sampled_from(ACTS), numbers, numbers)
changes = st.builds(
    Change,
    st.sampled_from(["report", "correct", "leave", "forget"]),
    st.integers(0, len(NAMES) - 1),
    st.integers(0, 2),
)
few_acts = st.lists(acts, max_size=2).map(tuple)
syncs = st.builds(Sync, few_acts)
steps = st.lists(st.one_of(acts, acts, changes, syncs), min_size=4, max_size=16)


@dataclass
class Play:
    desk: Desk
    done: dict[str, list[str]] = field(
        default_factory=lambda: {name: [HIDDEN_MOTIVATIONS] for name in NAMES[:4]}
    )
    left: dict[str, str] = field(default_factory=dict)
    """What those are called now who have left, by what they were called before."""
    is_unclear: bool = False
    """Whether officers did something since the last sync after which nobody can know whose some row is."""

    def run(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Act():
                    self.is_unclear |= act(self.desk, *step)
                case Change():
                    self.change(step)
                case Sync():
                    self.sync(step)
        self.sync(Sync())

    def change(self, step: Change) -> None:
        name, milestone = NAMES[step.who], MILESTONES[step.milestone]
        match step.kind:
            case "report":
                self.left.pop(name, None)
                self.done[name] = sorted({*self.done.get(name, []), milestone})
            case "correct" if name in self.done:
                self.done[name] = [held for held in self.done[name] if held != milestone]
            case "leave" if name in self.done:
                del self.done[name]
                self.left[name] = name
            case "forget" if name in self.left:
                self.left[name] = f"Forgotten {step.who}"

    def sync(self, step: Sync) -> None:
        """Theirs is as it was after their last act; ours is true, or will be after one more sync."""
        seen = [theirs(self.desk)]

        def meanwhile() -> None:
            for one in step.before:
                self.is_unclear |= act(self.desk, *one)
            seen.append(theirs(self.desk))

        if step.before:
            self.desk.server.meanwhile(meanwhile, match=":batchUpdate")
        self.desk.sync(ids(self.done, self.left), is_checked=False)
        self.desk.server.forget_faults()
        kept = theirs(self.desk)
        self.compare(seen[-1], kept)
        self.desk.sync(ids(self.done, self.left), is_checked=not self.is_hindered())
        self.compare(kept, theirs(self.desk))
        self.is_unclear = False

    def compare(self, before: Theirs, after: Theirs) -> None:
        assert not before.all - after.all, "nothing is gone"
        if self.is_unclear:
            return
        for key, things in before.rows.items():
            if key not in before.twice:
                assert not things - after.rows.get(key, type(things)()), key
        assert not before.own - after.own, "a row of theirs is as it was"

    def is_hindered(self) -> bool:
        """Whether officers have merged or protected something, so that not all can be written."""
        tab = self.desk.tab("commanders")
        return bool(tab.get("merges")) or any("editors" in each for each in tab.get("protectedRanges", []))


@contextmanager
def playing() -> Iterator[Play]:
    with SheetsServer() as server:
        own: dict[str, list[list[object]]] = {"Officers": [["Officer", "Calls"], ["One", 3]]}
        desk = Desk(server, server.create_spreadsheet("Officers", own))
        play = Play(desk)
        desk.sync(ids(play.done))
        desk.add_column("commanders", {FIRST: "ash's", FIRST + 1: "birch's", FIRST + 2: "cedar's"})
        yield play


@settings(max_examples=settings().max_examples // 20, suppress_health_check=list(HealthCheck), deadline=None)
@given(steps)
def test_any_steps(made: list[Step]) -> None:
    with playing() as play:
        play.run(made)
