"""The schedule as an iCalendar feed, to subscribe to (RFC 5545 and 7986)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from icalendar import Calendar
from icalendar import Event as Entry

from chalicelib.domain.edition import Edition
from chalicelib.languages import Language
from chalicelib.services.overview import Schedule, ScheduledMilestone

ASK_AGAIN = timedelta(hours=1)
"""How soon a client may ask for changes."""
_NEVER_NOTED = datetime(2000, 1, 1, tzinfo=UTC)
"""When a definition has changed of which nobody has noted it."""


def calendar_feed(schedule: Schedule, editions: Mapping[str, Edition], page: str, words: Language) -> str:
    """One entry for each milestone. The same text as long as no definition has changed: nothing in it is of now.

    A stable UID and a rising SEQUENCE let a client move an entry whose time has changed. `page`: the address of the
    server's page. `words`: the language of everything but the game's own names.
    """
    name = words.gettext("IMS schedule of server %(server)s") % {"server": schedule.server}
    calendar = Calendar()
    calendar.add("prodid", "-//Muster//IMS schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("url", page)
    calendar.add("refresh-interval", ASK_AGAIN, {"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for milestone in schedule.milestones:
        edition = editions.get(milestone.event, Edition())
        calendar.add_component(_entry(schedule, milestone, edition, page, words))
    text: str = calendar.to_ical().decode()
    return text


def _entry(
    schedule: Schedule, milestone: ScheduledMilestone, edition: Edition, page: str, words: Language
) -> Entry:
    changed_at = edition.changed_at or _NEVER_NOTED
    entry = Entry()
    entry.add("uid", f"{milestone.milestone}@{schedule.server}.muster")
    entry.add("dtstamp", changed_at)
    entry.add("last-modified", changed_at)
    entry.add("sequence", edition.changes)
    entry.add("dtstart", milestone.opens_at)
    entry.add("dtend", milestone.closes_at)
    entry.add("summary", f"{milestone.name} ({milestone.event_name})")
    entry.add("transp", "TRANSPARENT")
    entry.add("url", page)
    entry.add("description", "\n".join(_description(schedule, milestone, page, words)))
    return entry


def _description(
    schedule: Schedule, milestone: ScheduledMilestone, page: str, words: Language
) -> Iterator[str]:
    alternatives, points = milestone.objectives, milestone.points
    yield words.either(alternatives) if alternatives else words.gettext("Objectives: not published")
    counted = words.ngettext("%(number)s point", "%(number)s points", points)
    yield counted % {"number": words.number(points)}
    if schedule.game_day.assumed:
        yield words.gettext("The hour is assumed: only the date is published.")
    yield page
