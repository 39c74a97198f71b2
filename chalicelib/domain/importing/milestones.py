"""Which milestones a cell names, or a heading is."""

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

from chalicelib.domain.errors import malformed, quoted
from chalicelib.domain.events import Event
from chalicelib.domain.importing.cells import Unclear, folded, listed
from chalicelib.domain.reporting import MilestoneRef

_MOST_UNKNOWN = 5  # of a cell: what is no list of milestones at all is not worth a problem for each comma
_MOST_GUESSES = 100  # of a file: comparing is slow, and who gets everything wrong chose the wrong column
_SEPARATOR = re.compile(r"([,;\r\n])")


class Milestones:
    """The milestones of some events by what they are called: global id, id, name, or name with their event's.

    Capitals, spaces, and kinds of dashes and apostrophes don't matter.
    """

    def __init__(self, events: Sequence[Event], begun: Collection[str] = ()) -> None:
        self.events = events
        self._begun = begun
        self._called: dict[str, dict[str, MilestoneRef]] = {}
        self._spelled: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        for event in events:
            for milestone in event.milestones:
                ref = MilestoneRef(event, milestone)
                for name in (str(ref), milestone.id, milestone.name, f"{milestone.name} ({event.name})"):
                    self._called.setdefault(folded(name), {})[str(ref)] = ref
                    self._spelled.setdefault(folded(name), name)
        separators = max((len(_SEPARATOR.findall(name)) for name in self._spelled.values()), default=0)
        self._most_parts = 2 * separators + 1

    def called(self, text: str) -> MilestoneRef | None:
        """The milestone called that, if there is one; raises Unclear if there are several."""
        refs = self._called.get(folded(text), {})
        if len(refs) > 1:
            refs = {name: ref for name, ref in refs.items() if ref.event.id in self._begun} or refs
        if len(refs) > 1:
            raise Unclear(
                f"{quoted(text)} is more than one milestone: {listed(refs)}. "
                "Say which of these is meant, or give the event."
            )
        return next(iter(refs.values()), None)

    def near(self, text: str, cutoff: float) -> str | None:
        """What may have been meant, as it is spelled."""
        key = folded(text)
        near = get_close_matches(key, self._called, 1, cutoff) if len(key) <= 200 else []
        return self._spelled[near[0]] if near else None

    def read(self, cell: str) -> tuple[list[MilestoneRef], list[str]]:
        """The milestones that a cell lists, each once, and what can't be understood of it.

        They are separated by commas, semicolons or line breaks, which can be in a name as well: the longest goes
        first. Google Forms joins with ", " in the sheet of responses, with ";" in the file that it offers itself.
        """
        parts = _SEPARATOR.split(cell)
        refs: dict[str, MilestoneRef] = {}
        problems: dict[str, None] = {}
        unknown: dict[str, None] = {}
        place = 0
        while place < len(parts):
            taken, text = self._longest(parts[place : place + self._most_parts])
            place += taken + 1  # and the separator
            try:
                ref = self.called(text)
            except Unclear as problem:
                problems[str(problem)] = None
                continue
            if ref:
                refs[str(ref)] = ref
            elif text:
                unknown[text] = None
        problems |= dict.fromkeys(map(self._unknown, list(unknown)[:_MOST_UNKNOWN]))
        if len(unknown) > _MOST_UNKNOWN:
            problems[f"The same goes for {len(unknown) - _MOST_UNKNOWN} more in this cell."] = None
        return list(refs.values()), list(problems)

    def _longest(self, parts: Sequence[str]) -> tuple[int, str]:
        """How many of these parts, with the separators between them, are a milestone; else the first."""
        for count in range(len(parts), 0, -1):
            text = "".join(parts[:count]).strip()
            if count % 2 and folded(text) in self._called:
                return count, text
        return 1, parts[0].strip()

    def _unknown(self, text: str) -> str:
        if text not in self._problems:
            near = self.near(text, 0.7) if len(self._problems) < _MOST_GUESSES else None
            where = f" in {self.events[0].name}" if len(self.events) == 1 else ""
            guess = f" Did you mean {quoted(near)}?" if near else ""
            self._problems[text] = f"There is no milestone {quoted(text)}{where}.{guess}"
        return self._problems[text]


def within(called: str | None, events: Sequence[Event]) -> Sequence[Event]:
    """The one event of that id or name, else all. Raises Malformed, of `event`."""
    if not (called := (called or "").strip()):
        return events
    try:
        return [event_called(called, events)]
    except Unclear as problem:
        raise malformed("event", str(problem)) from None


def event_called(called: str, events: Sequence[Event]) -> Event:
    """By id, or by one of its names. Raises Unclear if there is none, or more than one."""
    key = folded(called)
    for event in events:
        if key == folded(event.id):
            return event
    found = [e for e in events if key in {folded(name or "") for name in (e.name, e.ims_name, e.sms_name)}]
    if len(found) == 1:
        return found[0]
    if found:
        ids = listed(event.id for event in found)
        raise Unclear(f"{quoted(called)} is the name of more than one event: say which of {ids} is meant.")
    names = listed(event.name for event in events)
    raise Unclear(f"The event {quoted(called)} is none of {names}." if names else "There are no events.")
