"""The schedule as an iCalendar feed, to subscribe to."""

from datetime import timedelta

from chalice.app import Response
from icalendar import Calendar
from icalendar import Event as Entry

from chalicelib.http.responses import text_response
from chalicelib.services.overview import Schedule


def calendar_feed(schedule: Schedule) -> Response:
    """One entry a milestone, with a stable UID so that a changed hour moves it."""
    calendar = Calendar()
    calendar.add("prodid", "-//Muster//IMS schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("name", f"IMS schedule of server {schedule.server}")
    calendar.add("refresh-interval", timedelta(hours=1), {"value": "DURATION"})
    for milestone in schedule.milestones:
        entry = Entry()
        entry.add("uid", f"{milestone.milestone}@{schedule.server}.muster")
        entry.add("dtstamp", schedule.as_of)
        entry.add("dtstart", milestone.opens_at)
        entry.add("dtend", milestone.closes_at)
        entry.add("summary", f"{milestone.name} ({milestone.event_name})")
        objectives = (
            "; or ".join(milestone.objectives) if milestone.objectives else "Objectives: not published"
        )
        assumed = "\nThe hour is assumed: only the date is published." if schedule.game_day.assumed else ""
        entry.add("description", f"{objectives}\n{milestone.points} points{assumed}")
        calendar.add_component(entry)
    return text_response(
        calendar.to_ical().decode(), "text/calendar; charset=utf-8", {"Cache-Control": "max-age=900"}
    )
