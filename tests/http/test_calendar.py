"""The calendar as other programs read it: three independent parsers, and what a client sees when something changes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.events import Event, Milestone
from chalicelib.domain.roster import Server
from chalicelib.languages import LANGUAGES, language
from tests.http.conftest import Site
from tests.world import ARCHITECTS, DEFENDERS, HIDDEN_MOTIVATIONS

PATH = "/v1/servers/101/schedule.ics"
LONG = 'Ein Hinterhalt 名前の長い、\\;"mile,stone" 🚀 ' * 4
AT_INSTANTS = Event(
    id="at-instants",
    name="Zeiten, genau; so",
    opens_at=datetime(2023, 11, 20, 17, 30, tzinfo=UTC),
    closes_at=datetime(2023, 11, 21, 17, 30, tzinfo=UTC),
    milestones=(
        Milestone(
            id="one",
            name=LONG.strip(),
            opens_at=datetime(2023, 11, 20, 17, 30, tzinfo=UTC),
            closes_at=datetime(2023, 11, 20, 19, 45, tzinfo=UTC),
            objectives=("x" * 200, "y;\\,z"),
        ),
    ),
)


def entries(text: str) -> dict[str, Any]:
    """By UID, as icalendar reads them."""
    return {str(entry["UID"]): entry for entry in icalendar.Calendar.from_ical(text).walk("VEVENT")}


def put(site: Site, event: Event) -> None:
    site.world.muster.administration.put_event(site.world.key("admin", None, None), event)


def defined(event_id: str) -> Event:
    return next(one for one in load_catalog() if one.id == event_id)


def test_each_milestone_is_an_entry_with_what_is_known_of_it(site: Site) -> None:
    answer = site.get(PATH)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    found = entries(answer.text)
    assert len(found) == 10
    entry = found[f"{HIDDEN_MOTIVATIONS}@101.muster"]
    assert entry["SUMMARY"] == "Hidden Motivations (Defenders of Peace)"
    assert entry["DTSTART"].dt == datetime(2023, 11, 15, tzinfo=UTC)
    assert entry["DTEND"].dt == datetime(2023, 11, 16, tzinfo=UTC)
    assert "assumed" in entry["DESCRIPTION"]
    assert "not published" in found[f"{ARCHITECTS}/testing-destinies@101.muster"]["DESCRIPTION"]


def test_it_is_named_for_every_client_and_leaves_people_free(site: Site) -> None:
    answer = site.get(PATH)
    calendar = icalendar.Calendar.from_ical(answer.text)
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == "IMS schedule of server 101"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in answer.text
    assert "X-PUBLISHED-TTL:PT1H\r\n" in answer.text
    assert {str(entry["TRANSP"]) for entry in calendar.walk("VEVENT")} == {"TRANSPARENT"}


def test_it_leads_to_the_servers_page(any_site: Site) -> None:
    page = f"{any_site.url}/servers/101"
    for entry in entries(any_site.get(PATH).text).values():
        assert entry["URL"] == page
        assert entry["DESCRIPTION"].endswith(page)
    assert any_site.get("/servers/101").status_code == 200


def test_it_is_in_the_language_that_its_address_names(site: Site) -> None:
    english = site.get(PATH, headers={"Accept-Language": "de"})
    assert english.content == site.get(f"{PATH}?lang=xx").content == site.get(PATH).content
    assert "Vary" not in english.headers
    for code in LANGUAGES:
        found = entries(site.get(f"{PATH}?lang={code}").text)
        entry = found[f"{HIDDEN_MOTIVATIONS}@101.muster"]
        assert entry["SUMMARY"] == "Hidden Motivations (Defenders of Peace)"
        told = (language(code).gettext("The hour is assumed: only the date is published."), f"?lang={code}")
        assert all(words in entry["DESCRIPTION"] for words in told)


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_independent_parsers_read_the_same(site: Site, zone: str | None) -> None:
    put(site, AT_INSTANTS)
    if zone:
        server = Server("101", GameDay(time(18), zone, assumed=False))
        site.world.muster.stores.definitions.put_server(server)
    text = site.get(PATH).text
    own = {
        uid: (
            str(one["SUMMARY"]),
            one["DTSTART"].dt,
            one["DTEND"].dt,
            one["SEQUENCE"],
            str(one["DESCRIPTION"]),
        )
        for uid, one in entries(text).items()
    }
    strict = IcsCalendarStream.calendar_from_ics(text)
    read = {
        one.uid: (one.summary, one.start, one.end, one.sequence, one.description) for one in strict.events
    }
    assert read == own
    assert {str(one.transparency) for one in strict.events} == {"TRANSPARENT"}
    third = {
        one.uid.value: (
            one.summary.value,
            one.dtstart.value,
            one.dtend.value,
            int(one.sequence.value),
            one.description.value,
        )
        for one in vobject.readOne(text).vevent_list
    }
    assert third == own
    assert own["at-instants/one@101.muster"][:3] == (
        f"{LONG.strip()} (Zeiten, genau; so)",
        datetime(2023, 11, 20, 17, 30, tzinfo=UTC),
        datetime(2023, 11, 20, 19, 45, tzinfo=UTC),
    )
    opens = datetime(2023, 11, 15, 23 if zone else 0, tzinfo=UTC)
    assert own[f"{HIDDEN_MOTIVATIONS}@101.muster"][1] == opens


def test_no_line_is_longer_than_a_reader_must_take(site: Site) -> None:
    put(site, AT_INSTANTS)
    body = site.get(PATH).content
    assert body.endswith(b"END:VCALENDAR\r\n")
    lines = body.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines), "no letter is cut in two"


def test_it_is_the_same_until_something_changes(site: Site) -> None:
    first = site.get(PATH)
    for hours in (1, 30, 24 * 20):
        site.world.clock.advance(hours=hours)
        site.world.muster.refresh.refresh_totals()
        again = site.get(PATH)
        assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    put(site, defined(DEFENDERS))
    assert site.get(PATH).content == first.content, "it was put as it is"


def test_who_has_it_is_told_so(site: Site) -> None:
    first = site.get(PATH)
    assert "public" in first.headers["Cache-Control"]
    for known in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        again = site.get(PATH, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    assert site.get(PATH, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_changed_event_moves_its_entries_and_no_others(site: Site) -> None:
    before = entries(site.get(PATH).text)
    site.world.clock.advance(hours=1)
    event = defined(DEFENDERS)
    later = event.model_copy(update={"last_day": date(2023, 11, 19)})
    moved = tuple(
        one.model_copy(update={"first_day": one.first_day + timedelta(days=1), "last_day": None})
        for one in event.milestones
        if one.first_day
    )
    put(site, later.model_copy(update={"milestones": moved}))
    after = entries(site.get(PATH).text)
    assert before.keys() == after.keys()
    for uid, entry in after.items():
        changed = uid.startswith(DEFENDERS)
        assert (entry["SEQUENCE"] > before[uid]["SEQUENCE"]) == changed, uid
        assert (entry["DTSTART"].dt - before[uid]["DTSTART"].dt) == timedelta(days=changed), uid
        if changed:
            assert entry["DTSTAMP"].dt == entry["LAST-MODIFIED"].dt == site.world.clock()
        else:
            assert entry == before[uid]


def test_another_game_day_moves_all(site: Site) -> None:
    before = entries(site.get(PATH).text)
    site.world.clock.advance(hours=1)
    admin, day = site.world.key("admin", None, None), GameDay(time(18), "America/New_York", assumed=False)
    for times in (1, 2):
        site.world.muster.administration.put_server(admin, Server("101", day))
        after = entries(site.get(PATH).text)
        assert {entry["SEQUENCE"] for entry in after.values()} == {1}, times
    assert before.keys() == after.keys()
    assert {entry["DTSTART"].dt - before[uid]["DTSTART"].dt for uid, entry in after.items()} == {
        timedelta(hours=23)
    }


def test_who_opens_it_for_another_server_is_told(site: Site) -> None:
    assert site.get("/v1/servers/999/schedule.ics").json()["code"] == "unknown-server"
