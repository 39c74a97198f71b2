"""The page of a server, as bytes: what it says before, during and after an event, and how often it is made."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from chalicelib import bootstrap
from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import GameDay
from chalicelib.domain.cards import Card, Completion, reported
from chalicelib.domain.events import Event, Milestone, Reward, Tier
from chalicelib.domain.projection import Projection
from chalicelib.domain.roster import Server
from chalicelib.http import responses
from chalicelib.services.recent_standings import PUBLIC_SECONDS
from chalicelib.settings import Settings
from tests.http.conftest import Site
from tests.http.test_pages import Page
from tests.stores import on_dynamodb
from tests.world import ARCHITECTS, CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS

MOST_BYTES = 30_000
"""Of a page (DESIGN §13), before it is compressed."""


def shown(site: Site, at: datetime | None = None) -> Page:
    """The page, as it is for who looks a moment after anything else."""
    site.world.clock.now = at or site.world.clock.now
    site.world.seconds.seconds += PUBLIC_SECONDS
    return Page(site.get("/servers/101"))


def have_reported(site: Site, until: int, since: int = 0) -> None:
    """In another process: so many commanders have completed one milestone."""
    store = site.world.muster.stores.completions
    for number in range(since, until):
        card = Card("101", DEFENDERS, "nova", str(number))
        store.record([reported(card, ["hidden-motivations"], Completion(site.world.clock(), "key"))])


def project(monkeypatch: pytest.MonkeyPatch, *made_up: Any) -> None:
    projection = Projection(*made_up)
    monkeypatch.setattr("chalicelib.domain.progress.project", lambda *_: projection)


class TestDuringAnEvent:
    def test_both_sides_stand_with_what_is_missing(self, site: Site) -> None:
        page = shown(site)
        for side in ("Architects of Chaos", "Defenders of Peace"):
            assert f"{side} 0 of 8,925 points Too early to say." in page.words
        assert (
            page.words.count("To go: 8,925 points. That is 90 completions, by at least 30 commanders.") == 2
        )
        assert (
            "8,925 4 Jadzia Dax shards · 3 Miles O'Brien shards · not published (shown as “Missing Translation”)"
            in (page.words)
        )
        assert "Ends in 3 days, Sun 19 Nov at 00:00 UTC." in page.words
        site.report(site.world.secret(), {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        after = Page(site.get("/servers/101"))
        assert "100 of 8,925 points" in after.words, "what this process has recorded is there at once"
        assert "1 completion · 1 commander" in after.words

    def test_what_is_on_now_has_its_own_closing_time(self, site: Site) -> None:
        noon = site.world.clock()
        short = Milestone(
            id="s", name="Short", opens_at=noon, closes_at=noon + timedelta(hours=1, minutes=30)
        )
        whole = Event(
            id="whole",
            name="Short Event",
            opens_at=noon,
            closes_at=noon + timedelta(days=1),
            milestones=(short,),
        )
        site.world.muster.stores.definitions.put_event(whole)
        page = shown(site)
        on_now = page.words.partition("On now")[2].partition("Points over time")[0]
        assert (
            "Short Short Event · 100 points Objectives: not published Closes in 90 minutes, Wed 15 Nov at 13:30 UTC."
            in (on_now)
        )
        assert on_now.count("Closes in 12 hours, Thu 16 Nov at 00:00 UTC.") == 2

    def test_a_day_that_begins_in_the_evening_is_on_now_and_no_yesterday(self, site: Site) -> None:
        day = GameDay(time(18), "America/New_York", assumed=False)
        site.world.muster.stores.definitions.put_server(Server("101", day))
        page = shown(site, datetime(2023, 11, 16, 15, tzinfo=UTC))
        on_now = page.words.partition("On now")[2].partition("Points over time")[0]
        assert "Hidden Motivations" in on_now, "the milestone of the 15th"
        assert "Closes in 8 hours, Thu 16 Nov at 18:00 EST." in on_now
        assert "Wed 15 Nov" not in page.words.partition("Earlier milestones")[0]

    def test_what_comes_is_told_by_the_time_at_which_it_opens(self, site: Site) -> None:
        coming = shown(site).words.partition(" Next ")[2].partition("Earlier milestones")
        assert coming[0].startswith(
            "Thu 16 Nov at 00:00 UTC Testing Destinies Architects of Chaos · 100 points"
        )
        assert "Fri 17 Nov at 00:00 UTC A Reckoning Across Time" in coming[0]
        assert "Enlisting Old Allies" in coming[2]

    def test_a_reward_that_was_reached_is_shown_as_reached(self, site: Site) -> None:
        have_reported(site, 89)
        site.world.clock.advance(minutes=30)
        site.report(site.world.secret(), {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        page = shown(site)
        assert "Defenders of Peace 9,000 points Reached Wed 15 Nov at 12:30 UTC." in page.words
        site.world.muster.corrections.correct(
            site.world.key("officer"), "void", "Kestrel", HIDDEN_MOTIVATIONS, "not complete in the game"
        )
        dropped = shown(site).words
        assert "Reached Wed 15 Nov at 12:30 UTC, and 25 below it again after a correction." in dropped
        assert "To go: 25 points. That is 1 completion, by at least 1 commander." in dropped

    def test_the_official_points_stand_beside_the_reported_ones(self, site: Site) -> None:
        have_reported(site, 20)
        officer = site.world.key("officer")
        site.world.muster.readings.log(officer, "101", DEFENDERS, 8000, confirm=True)
        assert (
            "2,000 points are reported. The game showed 8,000 points Wed 15 Nov at 12:00 UTC. "
            "Then, 25% of them were reported."
        ) in shown(site).words
        assert "8,000 of 8,925 points" in shown(site).words
        have_reported(site, 85, since=20)
        assert "8,500 of 8,925 points" in shown(site).words, "the greater one counts"
        site.world.clock.advance(seconds=1)
        site.world.muster.readings.log(officer, "101", DEFENDERS, 9000, confirm=True)
        page = shown(site)
        assert "9,000 points Reached Wed 15 Nov at 12:00 UTC, by the official points." in page.words

    @pytest.mark.parametrize(
        ("low", "high", "hours", "words"),
        [
            (
                9000,
                9900,
                (2, 50),
                "At this pace: yes, between Wed 15 Nov at 14:00 UTC and Fri 17 Nov at 14:00 UTC.",
            ),
            (8000, 9900, (2, None), "At this pace: perhaps, but not before Wed 15 Nov at 14:00 UTC."),
            (7900, 8500, (None, None), "At this pace: no, between 400 and 1,000 short."),
        ],
    )
    def test_the_outlook_is_in_words(
        self, site: Site, monkeypatch: pytest.MonkeyPatch, low: int, high: int, hours: Any, words: str
    ) -> None:
        now = site.world.clock()
        times = [None if hour is None else now + timedelta(hours=hour) for hour in hours]
        project(monkeypatch, low, high, now + timedelta(days=5), "made-up numbers", *times)
        page = shown(site)
        assert page.words.count(words) == 2
        assert f"expected, Mon 20 Nov at 12:00 UTC {low:,} to {high:,} made-up numbers" in page.words

    def test_where_there_is_no_projection_the_page_says_why(self, site: Site) -> None:
        reasons = [event["no_projection"] for event in site.get("/v1/servers/101/progress").json()["events"]]
        assert all(reasons)
        assert all(reason in shown(site).words for reason in reasons)

    def test_of_many_rewards_those_around_the_next_stand_out(self, site: Site) -> None:
        defenders = next(one for one in load_catalog() if one.id == DEFENDERS)
        tiers = tuple(Tier(threshold=n * 1000, rewards=(Reward(name=f"Shards {n}"),)) for n in range(1, 9))
        site.world.muster.stores.definitions.put_event(defenders.model_copy(update={"tiers": tiers}))
        have_reported(site, 45)
        words = shown(site).words.partition("Defenders of Peace")[2]
        first, _, rest = words.partition("All 8 rewards")
        assert re.findall(r"Shards \d", first) == ["Shards 4", "Shards 5", "Shards 6"]
        assert re.findall(r"Shards \d", rest)[:8] == [f"Shards {n}" for n in range(1, 9)]
        assert "4,500 of 5,000 points" in first


class TestBeforeAndAfter:
    def test_before_the_event_it_says_what_comes_and_what_can_be_won(self, site: Site) -> None:
        page = shown(site, datetime(2023, 11, 11, 12, tzinfo=UTC))
        assert "Coming Architects of Chaos Begins in 36 hours, Mon 13 Nov at 00:00 UTC." in page.words
        assert "at 8,925 points: 4 Gul Dukat shards · 3 Ikat'ika shards · not published" in page.words
        assert "What comes first: Disarray Unleashed" in page.words
        assert "On now" not in page.words
        assert "Points over time" not in page.words

    def test_in_the_grace_it_names_the_deadline(self, site: Site) -> None:
        page = shown(site, datetime(2023, 11, 19, 12, tzinfo=UTC))
        deadline = "It ended Sun 19 Nov at 00:00 UTC. You can report until Mon 20 Nov at 00:00 UTC."
        assert page.words.count(deadline) == 2
        assert "On now" not in page.words

    def test_afterwards_the_result_stays(self, site: Site) -> None:
        have_reported(site, 89)
        page = shown(site, datetime(2023, 11, 21, 12, tzinfo=UTC))
        over = page.words.partition(" Over ")[2]
        assert "Defenders of Peace 8,900 points 8,925 Not reached: 25 short." in over
        assert (
            "Reporting closed Mon 20 Nov at 00:00 UTC. "
            "Officers can still add and correct reports until the event is archived."
        ) in over
        assert "Hidden Motivations 89 completions" in over
        assert "No event" not in page.words

    def test_the_latest_past_event_comes_first_and_an_archived_one_is_gone(self, site: Site) -> None:
        definitions = site.world.muster.stores.definitions
        architects = next(one for one in load_catalog() if one.id == ARCHITECTS)
        definitions.put_event(architects.cloned(date(2023, 11, 1)).model_copy(update={"name": "Earlier"}))
        words = shown(site, datetime(2023, 11, 21, 12, tzinfo=UTC)).words.partition(" Over ")[2]
        assert words.index("Defenders of Peace") < words.index("Earlier")
        definitions.put_event(architects.model_copy(update={"archived": True}))
        assert "Architects of Chaos" not in shown(site).words

    def test_many_past_events_are_a_list(self, site: Site) -> None:
        defenders = next(one for one in load_catalog() if one.id == DEFENDERS)
        for month in range(1, 9):
            past = defenders.cloned(date(2023, month, 1)).model_copy(update={"name": f"Event {month}"})
            site.world.muster.stores.definitions.put_event(past)
        page = shown(site, datetime(2023, 11, 21, 12, tzinfo=UTC))
        over = page.words.partition(" Over ")[2]
        assert [over.index(f"Event {month}") for month in range(8, 0, -1)] == sorted(
            over.index(f"Event {month}") for month in range(1, 9)
        )
        assert "Event 1 Sat 7 Jan at 00:00 UTC 0 points 8,925: Not reached: 8,925 short." in over
        assert len(site.get("/servers/101").content) < MOST_BYTES

    def test_without_any_event_it_still_leads_on(self, site: Site) -> None:
        for event in load_catalog():
            site.world.muster.stores.definitions.put_event(event.model_copy(update={"archived": True}))
        page = shown(site)
        assert "No event is known yet." in page.words
        assert any(link.endswith("/help") for link in page.links)


class TestSharing:
    def test_a_chat_can_show_what_it_is(self, any_site: Site) -> None:
        answer = any_site.get("/servers/101")
        told = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', answer.text))
        assert told["og:title"] == "Server 101: where it stands"
        words = "Architects of Chaos: 0 of 8,925 points. Defenders of Peace: 0 of 8,925 points."
        assert told["description"] == told["og:description"] == words
        assert told["og:url"] == f"{any_site.url}/servers/101"
        assert told["theme-color"]
        assert "<title>Server 101: where it stands</title>" in answer.text
        assert '<link rel="icon" href="data:image/svg+xml,' in answer.text
        assert (
            any_site.get("/servers/101").headers["Content-Security-Policy"].count("connect-src 'self'") == 1
        )

    @pytest.mark.parametrize("path", ["/servers/101", "/v1/servers/101/schedule.ics"])
    def test_what_one_caller_calls_us_is_shown_to_no_other(self, site: Site, path: str) -> None:
        made_up = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        asked = site.get(path, headers=made_up)
        assert "evil.example" in asked.text
        assert "evil.example" not in site.get(path).text
        assert asked.headers["ETag"] != site.get(path).headers["ETag"]
        bootstrap.use(site.world.process(settings=Settings("muster-test", public_url="https://ims.example")))
        assert "evil.example" not in site.get(path, headers=made_up).text

    def test_every_link_leads_somewhere(self, any_site: Site) -> None:
        page = Page(any_site.get("/servers/101"))
        calendar = f"{any_site.url}/v1/servers/101/schedule.ics"
        assert calendar in page.links
        assert f"webcal:{calendar.removeprefix('http:')}" in page.links
        for link in page.links:
            if not link.startswith("webcal:"):
                address = urljoin(f"{any_site.url}/servers/101", link)
                assert requests.get(address, timeout=30).status_code == 200, link

    @pytest.mark.parametrize("at", [11, 15, 19, 21], ids=["before", "during", "grace", "after"])
    def test_it_is_light(self, site: Site, at: int) -> None:
        definitions = site.world.muster.stores.definitions
        definitions.put_server(Server("101", public_standings=True))
        for number in range(40):
            site.world.add_alliance(f"alliance-{number}")
        start = datetime(2023, 11, 13, tzinfo=UTC)
        for hour in range(24 * 7):
            for event in (DEFENDERS, ARCHITECTS):
                site.world.muster.stores.completions.note_points(
                    "101", event, start + timedelta(hours=hour), hour * 100
                )
        page = shown(site, datetime(2023, 11, at, 12, tzinfo=UTC))
        assert page.words
        sizes = {
            code: len(site.get(f"/servers/101?lang={code}").content) for code in ("en", "de", "ru", "ja")
        }
        assert max(sizes.values()) < MOST_BYTES, sizes


class TestThePicture:
    def test_the_line_rises_with_the_points_and_ends_now(self, site: Site) -> None:
        have_reported(site, 40)
        noon = site.world.clock()
        for hours in range(1, 60):
            points = 4000 - 60 * hours
            site.world.muster.stores.completions.note_points(
                "101", DEFENDERS, noon - timedelta(hours=hours), points
            )
        site.world.seconds.seconds += PUBLIC_SECONDS
        pictures = re.findall(r"<figure>.*?</figure>", site.get("/servers/101").text, flags=re.S)
        assert len(pictures) == 2
        (line,) = re.findall(r'<polyline class="line" points="([^"]+)"', pictures[1])
        places = [tuple(map(float, place.split(","))) for place in line.split()]
        assert places[0] == (2, 168)
        rising = places[:-1]
        assert [x for x, _ in rising] == sorted(x for x, _ in rising)
        assert [y for _, y in rising] == sorted((y for _, y in rising), reverse=True)
        assert places[-1][1] == 168
        assert 100 < places[-1][0] < 130, "two and a half of seven days"
        assert len(places) <= 62

    def test_it_says_what_it_shows(self, site: Site) -> None:
        text = site.get("/servers/101").text
        assert text.count('role="img"') == 2
        assert '<title id="t-2023-11-defenders-of-peace">Points over time: Defenders of Peace</title>' in text
        assert text.count("<table>") == 2
        assert "style=" not in text


class TestMadeOnce:
    """A thousand viewers are not a thousand computations."""

    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The names of the templates that were rendered."""
        made: list[str] = []
        page = responses.page

        def counted(request: Any, template: str, *more: Any, **values: Any) -> Any:
            made.append(template)
            return page(request, template, *more, **values)

        monkeypatch.setattr("chalicelib.http.public_pages.page", counted)
        return made

    @on_dynamodb
    def test_a_thousand_requests_take_one_rendering_and_one_query_for_each_event(
        self, site: Site, made: list[str]
    ) -> None:
        site.get("/servers/101")
        made.clear()
        site.world.dynamodb.calls.clear()
        site.world.seconds.seconds += PUBLIC_SECONDS
        site.world.clock.advance(minutes=1)
        with requests.Session() as viewer:
            statuses = {viewer.get(f"{site.url}/servers/101", timeout=30).status_code for _ in range(1000)}
        assert statuses == {200}
        assert made == ["server.html"]
        assert [call.operation for call in site.world.dynamodb.calls] == ["Query", "Query"]

    def test_each_language_and_each_change_is_made_once(self, site: Site, made: list[str]) -> None:
        secret = site.world.secret()
        for _ in range(3):
            for code in ("en", "de", "ja"):
                assert (
                    f'<html lang="{code}"' in site.get("/servers/101", headers={"Accept-Language": code}).text
                )
        assert len(made) == 3
        site.report(secret, {"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        assert "100 of 8,925" in Page(site.get("/servers/101")).words
        assert len(made) == 4
        site.world.clock.advance(minutes=1)
        assert "As of Wed 15 Nov at 12:01 UTC." in Page(site.get("/servers/101")).words
        assert len(made) == 5

    def test_a_made_up_host_is_shown_to_nobody_else(self, site: Site) -> None:
        assert "other.example" in site.get("/servers/101", headers={"Host": "other.example"}).text
        assert "other.example" not in site.get("/servers/101").text

    def test_what_stands_behind_the_address_makes_no_other_page(self, site: Site, made: list[str]) -> None:
        pages = {site.get(f"/servers/101?fbclid={number}").text for number in range(3)}
        assert (len(pages), len(made)) == (1, 1)

    def test_no_more_is_kept_than_there_is_room_for(
        self, site: Site, made: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.http.kept.MOST_CHARACTERS", 100_000)
        hosts = ["ims.example", *(f"{number}{'.x' * 7_000}" for number in range(4))]
        for host in (*hosts, hosts[-1], hosts[0]):
            assert site.get("/servers/101", headers={"Host": host}).status_code == 200
        assert len(made) == 6, "of the last it was, of the first no longer"

    def test_what_another_process_records_is_there_within_a_second(self, site: Site) -> None:
        assert "0 of 8,925" in Page(site.get("/servers/101")).words
        have_reported(site, 3)
        assert "300 of 8,925" in shown(site).words

    def test_it_is_of_one_moment_whatever_becomes_of_its_events_meanwhile(self, site: Site) -> None:
        muster = site.world.muster
        state = muster.public_views.state("101")
        shown = muster.public_views.page(state)
        for event in state.events:
            muster.stores.definitions.delete_event(event.id)
        assert shown.schedule.milestones
        assert muster.public_views.page(state) == shown

    @pytest.mark.parametrize(
        "path",
        [
            "/servers/101",
            "/v1/servers/101/progress",
            "/v1/servers/101/standings",
            f"/v1/servers/101/events/{DEFENDERS}/progress",
        ],
    )
    def test_who_has_it_is_told_so(self, site: Site, path: str) -> None:
        site.world.muster.stores.definitions.put_server(Server("101", public_standings=True))
        first = site.get(path)
        etag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "public, max-age=5, s-maxage=15, stale-while-revalidate=30"
        site.world.clock.advance(seconds=20)
        again = site.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers.get(name) == first.headers.get(name)
        assert first.headers.get("Vary") == ("Accept-Language" if path == "/servers/101" else None)
        site.report(site.world.secret(), {"commander": "Kestrel", "milestones": [CONFRONTING_RESILIENCE]})
        changed = site.get(path, headers={"If-None-Match": etag})
        is_about_it = DEFENDERS not in path
        assert (changed.status_code, changed.headers["ETag"] != etag) == (
            (200, True) if is_about_it else (304, False)
        )

    def test_another_process_gives_the_same_tag(self, site: Site) -> None:
        site.report(site.world.secret(), {"commander": "Kestrel", "milestones": [CONFRONTING_RESILIENCE]})
        paths = ("/servers/101", "/v1/servers/101/progress")
        here = [site.get(path).headers["ETag"] for path in paths]
        site.world.clock.advance(seconds=20)
        bootstrap.use(site.world.process())
        assert [site.get(path).headers["ETag"] for path in paths] == here

    def test_languages_have_tags_of_their_own(self, site: Site) -> None:
        addresses = ("/servers/101", "/servers/101?lang=de", "/servers/101?lang=fr")
        assert len({site.get(address).headers["ETag"] for address in addresses}) == 3
