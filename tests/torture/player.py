"""What members, officers and operators do, at random; what becomes of it is told to the model.

A player has commanders of their own, by the names that only this player uses, so that several players at once can each
know what there should be. They meet in the alliances, whose totals, rosters and ledgers are for all, and in the
commanders whom everybody reports.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalicelib.bootstrap import Muster
from chalicelib.catalog import load_catalog
from chalicelib.domain.access import Role
from chalicelib.domain.errors import Busy
from tests.torture.elsewhere import chat, edit_a_sheet, hear_news, manage_webhooks
from tests.torture.model import Findings, Person, same
from tests.torture.place import SERVERS, Place
from tests.torture.sheet_runs import SheetRuns
from tests.torture.site import CSV, FORM, Answer, Site, form

EVENTS = {event.id: event for event in load_catalog()}
OPEN = [
    f"{event.id}/{milestone.id}"
    for event in EVENTS.values()
    for milestone in event.milestones[:3]  # of Monday, Tuesday and Wednesday
]
SHEETS = ("sheet-one", "sheet-two", "sheet-three")
STORMS = 0.04
"""How often a use case begins in a bad moment."""
SEEN_AFTER = 1.0
"""Seconds between two use cases of a player, at least: by then everybody sees what the first one wrote."""
MOST_REPETITIONS = 60
"""Of one request that is 503."""

_ALLIANCE = "/v1/servers/{server}/alliances/{alliance}"
_COMMANDERS = f"{_ALLIANCE}/commanders"
_COMMANDER = f"{_COMMANDERS}/{{commander}}"
_EVENT = "/v1/servers/{server}/events/{event}"

_READS: tuple[tuple[str, Role | None, dict[str, str]], ...] = (
    ("/health", None, {}),
    ("/help", None, {}),
    ("/docs", None, {}),
    ("/openapi.json", None, {}),
    ("/v1/events", None, {}),
    ("/v1/servers/{server}/schedule", None, {}),
    ("/v1/servers/{server}/schedule.ics", None, {}),
    ("/v1/servers/{server}/progress", None, {}),
    ("/v1/servers/{server}/standings", None, {}),
    ("/", None, {}),
    ("/servers", None, {"server": "101"}),
    ("/servers/{server}", None, {}),
    (f"{_EVENT}/progress", None, {}),
    (f"{_EVENT}/readings", "officer", {}),
    (_COMMANDERS, "reader", {}),
    (f"{_COMMANDERS}.csv", "reader", {}),
    (f"{_ALLIANCE}/missing", "reader", {}),
    (f"{_ALLIANCE}/missing.csv", "reader", {"milestone": OPEN[0]}),
    (f"{_ALLIANCE}/completions", "reader", {"event": next(iter(EVENTS))}),
    (f"{_ALLIANCE}/completions.csv", "reader", {"event": next(iter(EVENTS))}),
    ("/v1/servers", "admin", {}),
    ("/v1/sheets", "admin", {}),
    ("/v1/servers/{server}/alliances", "officer", {}),
    ("/v1/keys", "officer", {}),
    ("/v1/ledger", "admin", {}),
)
"""Routes that only read, the role with whose key, and the query."""
_OTHERWISE = {"/servers": (303,), "/v1/servers/{server}/standings": (200, 403)}
"""How those answer that don't simply answer: operators who put the server's day may make it private."""


@dataclass
class Counts:
    """What was done. `busy`: answers of 503 `busy`; `failures`: all other 5xx, and exceptions."""

    use_cases: Counter[str] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Those under 400, by method and route."""
    requests: int = 0
    busy: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass
class Player:
    """`is_alone`: nobody else plays meanwhile, so time stands still during a use case, and definitions are ours."""

    place: Place
    site: Site
    random: Random
    names: Sequence[str]
    step: float
    """Seconds that pass with a use case beside these, at most."""
    is_alone: bool
    people: dict[str, Person] = field(default_factory=dict)
    closed: set[tuple[str, str]] = field(default_factory=set)
    readings: dict[tuple[str, str, str], int | None] = field(default_factory=dict)
    """Points by server, event and id; None: it was withdrawn."""
    findings: Findings = field(default_factory=Findings)
    counts: Counts = field(default_factory=Counts)
    runs: SheetRuns = field(init=False)
    product: Muster = field(init=False)

    def __post_init__(self) -> None:
        self.runs = SheetRuns(self.place, self.random, self.findings)
        self.product = self.place.products[0]

    @property
    def number(self) -> int:
        """Of this player alone."""
        return int.from_bytes(self.names[0].encode()[:7])

    def play(self) -> None:
        """One use case, by one of the products."""
        use_case = self.random.choices(list(USE_CASES), list(USE_CASES.values()))[0]
        self.product = self.random.choice(self.place.products)
        passed = SEEN_AFTER + self.random.random() * self.step
        with self.place.under_way(self.names[0], passed):
            self._play(use_case)

    def _play(self, use_case: "Callable[[Player], None]") -> None:
        if self.is_alone:
            self.calm(self.random.random() >= STORMS)
        self.counts.use_cases[use_case.__name__] += 1
        try:
            use_case(self)
        except Busy:  # of what no request asked for: it is put off
            self.counts.busy += 1
        except Exception as error:  # noqa: BLE001 - the campaign goes on, and tells
            self.counts.failures.append(f"{use_case.__name__}: {error!r}")

    # what members do

    def report(self) -> None:
        server, alliance, name = self.server(), "", self.name()
        alliance = self.random.choice(SERVERS[server])
        role: Role = self.random.choice(["member", "member", "member", "officer", "admin"])
        milestones = self.milestones(4)
        body = {"commander": self.spelled(name), "milestones": milestones, "is_new": True}
        secret = self.secret(role, server, alliance)
        self._report(secret, role, server, alliance, name, body)

    def report_with_others(self) -> None:
        """Of one commander, whom the first of these reports makes, by several players at the same moment."""
        name, alliance = self.place.next_together()
        milestones = self.milestones(3)
        body = {"commander": self.spelled(name), "milestones": milestones, "is_new": True}
        answer, _ = self.ask("POST", "/v1/completions", self.secret("member", "101", alliance), body=body)
        if not self.expect(answer, 200, *([409] if ("101", alliance) in self.closed else [])):
            return
        told, new = answer.json["commander"], [r for r in answer.json["results"] if r["status"] == "recorded"]
        with self.place.lock:
            who = self.place.together.setdefault(
                told["id"], Person(told["id"], "101", alliance, told["name"])
            )
            who.done |= set(milestones)
            self.place.recorded.update((who.id, result["milestone"]) for result in new)
            if any(same(one.name, name) and one is not who for one in self.place.together.values()):
                self.findings.add("counted twice", f"{name} is two")

    def use_the_form(self) -> None:
        """Sends it, looks at the receipt, and sometimes takes it back."""
        server, name = self.server(), self.name()
        alliance, milestones = self.random.choice(SERVERS[server]), self.milestones(3)
        key = self.secret("member", server, alliance)
        known = self.named(server, name)
        if self.random.random() < 0.3:
            shown, _ = self.ask("GET", "/f/{key}", key=key, query={"commander": name})
            self.expect(shown, 200)
        sent = form(commander=self.spelled(name), milestone=milestones, is_new="yes")
        answer, again = self.ask("POST", "/f/{key}", body=sent, content_type=FORM, key=key)
        if not self.expect(answer, *self._of_a_report("member", server, alliance, known, good=303)):
            return
        query = {n: v[0] for n, v in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
        if "sent" in query:  # nothing was taken: it is asked who is meant
            asked, _ = self.ask("GET", "/f/{key}", key=key, query=query)
            self.expect(asked, 409)
            return
        who = self._reported(query["commander"], None, server, alliance, name, "member")
        new = set(milestones) - who.done
        who.done |= set(milestones)
        who.void -= set(milestones)
        receipt, _ = self.ask("GET", "/f/{key}/receipt", key=key, query=query)
        self.expect(receipt, 200)
        if not again and self.random.random() < 0.5:
            query.setdefault("proof", "")
            back = form(**{name: query[name] for name in ("commander", "at", "proof")})
            device = answer.headers["Set-Cookie"].partition(";")[0]
            undone, _ = self.ask(
                "POST", "/f/{key}/undo", body=back, content_type=FORM, cookie=device, key=key
            )
            if self.expect(undone, 303 if query["proof"] else 403):  # none, if the table was busy then
                who.done -= new
                who.void |= new

    # what officers do

    def correct(self) -> None:
        who, milestone = self.somebody(), self.random.choice(OPEN)
        if who is None:
            return
        action = self.random.choice(["void", "void", "restore"])
        by_name = self.random.random() < 0.5
        body = {
            "action": action,
            "commander": who.name if by_name else who.id,
            "milestone": milestone,
            "reason": "a slip",
            "server": who.server,
        } | ({} if by_name else {"alliance": who.alliance})
        done, void = milestone in who.done, milestone in who.void
        answer, again = self.ask("POST", "/v1/corrections", self.secret("admin"), body=body)
        if not self.expect(answer, 200 if done or void else 409):
            return
        if action == "void":
            status = "voided" if done and not again else "already_voided"
            (who.done, who.void) = (who.done - {milestone}, who.void | {milestone})
        else:
            status = "restored" if void and not again else "already_recorded"
            (who.done, who.void) = (who.done | {milestone}, who.void - {milestone})
        if not again:
            self.findings.differ(f"{action} of {milestone} of {who.name}", answer.json["status"], status)

    def add(self) -> None:
        server, name = self.server(), self.name()
        alliance, known = self.random.choice(SERVERS[server]), self.named(server, name)
        body = {"name": self.spelled(name), "is_new": True}
        secret = self.secret("officer", server, alliance)
        answer, again = self.ask("POST", _COMMANDERS, secret, body=body, server=server, alliance=alliance)
        is_there = known is not None and not known.is_retired
        is_added = self.expect(answer, *([409] if is_there else [200, 201, 409]))
        if is_added or again:
            found = self.look_at(server, name)
        if is_added:
            self.findings.differ(f"who is added as {name}", found and found.id, answer.json["id"])

    def rename(self) -> None:
        who, name = self.somebody(), self.name()
        if who is None:
            return
        holder = self.named(who.server, name)
        body = {"name": self.spelled(name)}
        answer, _ = self.ask("PATCH", _COMMANDER, self.secret("admin"), body=body, **self._place_of(who))
        if self.expect(answer, *([409] if holder not in (None, who) else [200, 409])):
            who.name = answer.json["name"]
            self.findings.differ(f"whether {who.name} is now {name}", same(who.name, name), True)

    def merge(self) -> None:
        who, other = self.somebody(), self.somebody()
        if who is None or other is None or who.server != other.server:
            return
        body = {"commander": other.name, "reason": "two spellings"}
        answer, again = self.ask(
            "POST", f"{_COMMANDER}/merge", self.secret("admin"), body=body, **self._place_of(who)
        )
        if who is other or not self.expect(answer, 200, *([404, 409] if again else [])):
            self.expect(answer, *([409] if who is other else [200, 404, 409]))
            if not again or who is other:
                return
        who.done |= other.done
        who.void = (who.void | other.void) - who.done
        del self.people[other.id]
        self.look_at(who.server, who.name)
        shown, _ = self.ask("GET", _COMMANDER, self.secret("admin"), **self._place_of(who))
        if self.expect(shown, 200):
            self._take(who, shown)

    def move(self) -> None:
        who = self.somebody()
        if who is None:
            return
        to = self.random.choice(SERVERS[who.server])
        secret = self.secret("officer", who.server, None)
        answer, _ = self.ask(
            "POST", f"{_COMMANDER}/move", secret, body={"alliance": to}, **self._place_of(who)
        )
        if self.expect(answer, 200):
            self._take(who, answer)
            self.findings.differ(f"where {who.name} is", who.alliance, to)

    def retire(self) -> None:
        self._set_retired("retire", is_retired=True)

    def reinstate(self) -> None:
        self._set_retired("reinstate", is_retired=False)

    def forget(self) -> None:
        who = self.somebody()
        if who is None:
            return
        secret, name = self.secret("officer", who.server, None), who.name
        answer, _ = self.ask("POST", f"{_COMMANDER}/forget", secret, **self._place_of(who))
        if self.expect(answer, 200):
            self._take(who, answer)
            led = self.place.quiet.stores.commanders.named(who.server, name, consistent=True)
            is_led_to = led is not None and led.id == who.id
            has_label = who.name.startswith("Forgotten commander ")
            self.findings.differ(f"whether {name} leads to {who.name}", is_led_to, same(name, who.name))
            self.findings.differ(
                f"whether {who.name} is forgotten", (has_label, who.is_retired), (True, True)
            )

    def import_a_roster(self) -> None:
        server = self.server()
        alliance, names = self.random.choice(SERVERS[server]), self._some_names(5)
        text = "Commander\n" + "".join(f"{self.spelled(name)}\n" for name in names)
        imported = self._import("commanders", server, alliance, text)
        found = [self.look_at(server, name) for name in names]
        for name, who, line in zip(names, found, imported, strict=False):
            if line["status"] != "refused":
                where = who and not who.is_retired and who.alliance
                self.findings.differ(f"where the imported {name} is", where, alliance)

    def import_completions(self) -> None:
        server = self.server()
        alliance = self.random.choice(SERVERS[server])
        lines = [(name, self.random.choice(OPEN)) for name in self._some_names(5)]
        text = "Commander,Milestone\n" + "".join(f"{self.spelled(n)},{m}\n" for n, m in lines)
        known = [self.named(server, name) for name, _ in lines]
        imported = self._import("completions", server, alliance, text)
        for (name, milestone), was, line in zip(lines, known, imported, strict=False):
            is_taken = line["status"] != "refused"
            if was and was.alliance == alliance and not was.is_retired and not is_taken:
                self.findings.add("difference", f"an import refused {name}: {line['reasons']}")
            who = self.look_at(server, name)
            if is_taken and who is None:
                self.findings.add("lost", f"{name}, whom an import has taken")
            if is_taken and who:
                who.done.add(milestone)
                who.void.discard(milestone)

    def log_a_reading(self) -> None:
        server, event = self.server(), self.random.choice(list(EVENTS))
        points = self.random.randrange(10**6)
        place, officer = {"server": server, "event": event}, self.secret("officer", server, None)
        body = {"points": points, "confirm": True}
        logged, _ = self.ask("POST", f"{_EVENT}/readings", officer, body=body, **place)
        if not self.expect(logged, 201):
            return
        identity = logged.json["id"]
        self.readings[server, event, identity] = points
        if self.random.random() < 0.3:
            answer, again = self.ask(
                "DELETE", f"{_EVENT}/readings/{{reading}}", officer, reading=identity, **place
            )
            if self.expect(answer, 204, *([404] if again else [])) or again:
                self.readings[server, event, identity] = None

    def read_the_ledger(self) -> None:
        server = self.server()
        query = {"limit": str(self.random.choice([1, 7, 200]))}
        if who := self.somebody():
            query |= {"commander": who.id} if self.random.random() < 0.5 else {}
            server = who.server
        for _ in range(3):
            answer, _ = self.ask(
                "GET",
                "/v1/servers/{server}/ledger",
                self.secret("officer", server, None),
                query=query,
                server=server,
            )
            if not self.expect(answer, 200) or not answer.json["next"]:
                return
            query["before"] = answer.json["next"]

    def read(self) -> None:
        """Some of the routes, so that a short run asks for all of them."""
        for route, role, query in self.random.sample(_READS, 3):
            self._read(route, role, query)

    def _read(self, route: str, role: Role | None, query: dict[str, str]) -> None:
        server = self.server()
        parameters = {
            "server": server,
            "alliance": self.random.choice(SERVERS[server]),
            "event": self.random.choice(list(EVENTS)),
        }
        alliance = parameters["alliance"] if role == "reader" else None
        secret = self.secret(role, server, alliance) if role else None
        used = {name: value for name, value in parameters.items() if f"{{{name}}}" in route}
        answer, _ = self.ask("GET", route, secret, query=query or None, **used)
        self.expect(answer, *_OTHERWISE.get(route, (200,)))

    # what operators do, and officers for their alliance

    def change_keys(self) -> None:
        """Makes a link, reports with it, gives another in its place, and takes that back."""
        server = self.server()
        alliance = self.random.choice(SERVERS[server])
        officer = self.secret("officer", server, alliance)
        wanted = {"role": "member", "label": "a link", "server": server, "alliance": alliance}
        made, _ = self.ask("POST", "/v1/keys", officer, body=wanted)
        if not self.expect(made, 201):
            return
        self.place.let_time_pass()
        name = self.name()
        body: dict[str, Any] = {"commander": name, "milestones": self.milestones(1), "is_new": True}
        self._report(made.json["secret"], "member", server, alliance, name, body)
        self._take_back_and_give_back(officer, made.json["id"])
        instead = {"label": "another link", "replaces": made.json["id"]}
        rotated, again = self.ask("POST", "/v1/keys", officer, body=instead)
        if not self.expect(rotated, 201, *([422] if again else [])):
            return
        key, product = rotated.json, self.product
        revoked, _ = self.ask("DELETE", "/v1/keys/{key_id}", officer, key_id=key["id"])
        self.expect(revoked, 200)
        self.place.let_time_pass()
        refused, _ = self.ask("POST", "/v1/completions", key["secret"], body=body)
        self.expect(refused, 401)
        # What was replaced ends by the clock, and each product has its own.
        old = self.site.call(product, "POST", "/v1/completions", made.json["secret"], body=body)
        self.findings.differ(f"whether a replaced link ends: {old.text}", old.status in (401, 503), True)

    def _take_back_and_give_back(self, officer: str, key_id: str) -> None:
        """All that a key reported, and back again; only said, where others change the same meanwhile."""
        taking = {"key_id": key_id, "only": "all", "reason": "it leaked", "dry_run": not self.is_alone}
        taken = self._until_done(officer, taking)
        if taken and self.is_alone:
            self._until_done(officer, {"undo": taken})

    def _until_done(self, officer: str, body: dict[str, Any]) -> str | None:
        while True:
            answer, _ = self.ask("POST", "/v1/corrections/bulk", officer, body=body)
            if not self.expect(answer, 200):
                return None
            if not answer.json["remaining"]:
                return str(answer.json["id"])

    def limit_an_alliance(self) -> None:
        server = self.server()
        alliance = self.random.choice(SERVERS[server])
        officer = self.secret("officer", server, alliance)
        body = {"new_per_day": self.random.randrange(500, 1001)}
        answer, _ = self.ask("PATCH", _ALLIANCE, officer, body=body, server=server, alliance=alliance)
        self.expect(answer, 200)

    def define(self) -> None:
        """Puts an event, a server or an alliance anew."""
        admin, server = self.secret("admin"), self.server()
        alliance = self.random.choice(SERVERS[server])
        label = f"{alliance.title()} {self.random.randrange(100)}"
        what = self.random.choice(["event", "server", "alliance"])
        if what == "event":
            event = self.random.choice(list(EVENTS.values()))
            body = event.model_dump(mode="json", exclude_unset=True) | {"name": f"{event.name} {label}"}
            answer, _ = self.ask("PUT", "/v1/events/{event}", admin, body=body, event=event.id)
            self.expect(answer, 200)
            shown, expected = ("/v1/events/{event}", {"event": event.id}), body["name"]
        elif what == "server":
            day = self.random.choice([{}, {"game_day": {"starts_at": "00:00", "zone": "UTC"}}])
            answer, _ = self.ask("PUT", "/v1/servers/{server}", admin, body=day, server=server)
            self.expect(answer, 200)
            return
        else:
            is_open = not self.is_alone or self.random.random() < 0.7
            body = {"tag": label[:5].strip(), "name": label, "is_open": is_open}
            answer, _ = self.ask("PUT", _ALLIANCE, admin, body=body, server=server, alliance=alliance)
            self.expect(answer, 200)
            (self.closed.discard if is_open else self.closed.add)((server, alliance))
            self.place.let_time_pass()
            return
        if self.is_alone:
            self.place.let_time_pass()
            found, _ = self.ask("GET", shown[0], **shown[1])
            self.findings.differ("an event's name", found.json["name"], expected)

    def drill(self) -> None:
        """Puts an event in which nobody completes anything, and deletes it."""
        admin, event = self.secret("admin"), f"2023-12-{self.number}"
        day = {"first_day": "2023-12-01"}
        body = {"name": "Drill", **day, "milestones": [{"id": "one", "name": "One", **day}]}
        put, _ = self.ask("PUT", "/v1/events/{event}", admin, body=body, event=event)
        self.expect(put, 200, 201)
        self.place.let_time_pass()
        gone, again = self.ask("DELETE", "/v1/events/{event}", admin, event=event)
        self.expect(gone, 204, *([404] if again else []))
        self.place.let_time_pass()
        shown, _ = self.ask("GET", "/v1/events/{event}", event=event)
        self.expect(shown, 404)

    def bind(self) -> None:
        sheet, server = self.random.choice(SHEETS), self.server()
        alliance = self.random.choice([*SERVERS[server], None])
        body: dict[str, Any] = {"server": server, "edits": self.random.random() < 0.5}
        body |= {"alliance": alliance} if alliance else {}
        admin, route = self.secret("admin"), "/v1/sheets/{spreadsheet_id}"
        answer, _ = self.ask("PUT", route, admin, body=body, spreadsheet_id=sheet)
        self.expect(answer, 200, 201)
        found, _ = self.ask("GET", route, admin, spreadsheet_id=sheet)
        if self.is_alone and self.expect(found, 200):
            self.findings.differ(f"what {sheet} is bound to", found.json["alliance"], alliance)
        tidied, _ = self.ask("POST", f"{route}/tidy", admin, spreadsheet_id=sheet)
        self.expect(tidied, 200, 202, 404, 409)
        if self.random.random() < 0.3:
            gone, again = self.ask("DELETE", route, admin, spreadsheet_id=sheet)
            self.expect(gone, 204, *([404] if again or not self.is_alone else []))
            if self.is_alone:
                found, _ = self.ask("GET", route, admin, spreadsheet_id=sheet)
                self.expect(found, 404)

    def refresh(self) -> None:
        """The scheduled recount. It finds nothing to correct."""
        for drift in self.product.refresh.refresh_totals().drifts:
            self.findings.add("difference", f"a recount found {drift}")

    def run_sheets(self) -> None:
        self.runs.step(self.product)

    # how it is done

    def ask(self, method: str, route: str, secret: str | None = None, **options: Any) -> tuple[Answer, bool]:
        """The answer, sent again as long as it is 503, as a client does; whether it had to be, so that it may have
        been done before."""
        for repetition in range(MOST_REPETITIONS):
            answer = self.site.call(self.product, method, route, secret, **options)
            self.counts.requests += 1
            if answer.status != 503 or not answer.headers.get("Retry-After"):
                break
            self.be_busy(int(answer.headers["Retry-After"]), is_long=repetition == 4)
        if answer.status >= 500:
            self.counts.failures.append(f"{method} {route}: {answer.status} {answer.text[:300]}")
        elif answer.status >= 400:
            self.counts.refused += 1
        else:
            self.counts.answers[method, route] += 1
        return answer, repetition > 0

    def be_busy(self, seconds: int = 2, *, is_long: bool = True) -> None:
        """Counts that the table was busy, and waits; another process may answer next. `is_long`: it has been busy for
        long enough."""
        self.counts.busy += 1
        self.product = self.random.choice(self.place.products)
        if self.is_alone:
            self.place.clock.advance(seconds=seconds)
            if is_long:
                self.calm()

    def calm(self, is_calm: bool = True) -> None:
        ground = self.place.ground
        ground.chaos.probability = ground.usual if is_calm else ground.storm

    def expect(self, answer: Answer, *statuses: int) -> bool:
        """Whether it was done. Notes any other status."""
        if answer.status not in statuses and answer.status < 500:
            self.findings.add("difference", f"{answer.status} {answer.text[:300]}, not {statuses}")
        return answer.status in statuses and answer.status < 400

    def _report(
        self, secret: str, role: Role, server: str, alliance: str, name: str, body: dict[str, Any]
    ) -> None:
        known = self.named(server, name)
        place = {"server": server, "alliance": alliance} if role != "member" else {}
        answer, again = self.ask("POST", "/v1/completions", secret, body=body | place)
        if not self.expect(answer, *self._of_a_report(role, server, alliance, known)):
            return
        told = answer.json["commander"]
        who = self._reported(told["id"], told["name"], server, alliance, name, role)
        for result in answer.json["results"]:
            milestone = result["milestone"]
            status = "already_recorded" if milestone in who.done else "recorded"
            if not again:
                self.findings.differ(f"{milestone} of {who.name}", result["status"], status)
        who.done |= set(body["milestones"])
        who.void -= set(body["milestones"])

    def _of_a_report(
        self, role: Role, server: str, alliance: str, known: Person | None, good: int = 200
    ) -> list[int]:
        """How a report may be answered, as far as the model can tell."""
        if known is None:
            return [good, 409]
        if known.is_retired:
            return [good] if known.alliance == alliance and role != "member" else [good, 409]
        return [good] if known.alliance == alliance else [409]

    def _reported(
        self, identity: str, told: str | None, server: str, alliance: str, name: str, role: Role
    ) -> Person:
        """Whose report was taken. A member's brings them to that alliance, and back."""
        known = self.named(server, name)
        if known and known.id != identity:
            self.findings.add("counted twice", f"{name} is two: {known.id} and {identity}")
        who = self.people.get(identity)
        if who is None:
            who = self.people[identity] = Person(identity, server, alliance, told or name)
            if told is None:
                self.look_at(server, name)
        if who.alliance != alliance or role == "member":
            who.is_retired = False
        who.alliance = alliance
        return who

    def _set_retired(self, verb: str, *, is_retired: bool) -> None:
        who = self.somebody()
        if who is None:
            return
        secret = self.secret("officer", who.server, who.alliance)
        answer, _ = self.ask("POST", f"{_COMMANDER}/{verb}", secret, **self._place_of(who))
        if self.expect(answer, 200):
            self._take(who, answer)
            self.findings.differ(f"whether {who.name} is retired", who.is_retired, is_retired)

    def _import(self, what: str, server: str, alliance: str, text: str) -> list[dict[str, Any]]:
        """The results of the lines, when none of them is put off any more."""
        secret = self.secret("officer", server, alliance)
        route = f"{_ALLIANCE}/{what}/import"
        if self.random.random() < 0.2:
            dry, _ = self.ask(
                "POST", route, secret, body=text, content_type=CSV, server=server, alliance=alliance,
                query={"dry_run": "true"},
            )  # fmt: skip
            self.expect(dry, 200)
        for _ in range(MOST_REPETITIONS):
            answer, _ = self.ask(
                "POST", route, secret, body=text, content_type=CSV, server=server, alliance=alliance,
                query={"is_new": "true"},
            )  # fmt: skip
            if not self.expect(answer, 200):
                return []
            lines: list[dict[str, Any]] = answer.json["lines"]
            self.findings.differ("how many lines were answered", len(lines), text.count("\n") - 1)
            if not any(_is_put_off(line) for line in lines):
                return lines
            self.calm()
        self.findings.add("difference", f"lines were put off {MOST_REPETITIONS} times: {lines}")
        return []

    def look_at(self, server: str, name: str) -> Person | None:
        """Whom the name leads to, as the roster has them now."""
        found = self.place.quiet.stores.commanders.named(server, name, consistent=True)
        if found is None:
            return None
        entry = self.place.quiet.stores.commanders.member(server, found.alliance, found.id)
        assert entry is not None
        who = self.people.setdefault(found.id, Person(found.id, server, found.alliance, entry.name))
        who.name, who.alliance, who.is_retired = entry.name, found.alliance, entry.retired_at is not None
        return who

    @staticmethod
    def _take(who: Person, answer: Answer) -> None:
        """What the answer says of them."""
        entry = answer.json
        who.name, who.alliance, who.is_retired = entry["name"], entry["alliance"], bool(entry["retired_at"])

    def server(self) -> str:
        return self.random.choice(["101", "101", "101", "202"])

    def name(self) -> str:
        return self.random.choice(self.names)

    def _some_names(self, most: int) -> list[str]:
        return self.random.sample(self.names, self.random.randint(1, most))

    def milestones(self, most: int) -> list[str]:
        return self.random.sample(OPEN, self.random.randint(1, most))

    def spelled(self, name: str) -> str:
        """In one of the ways that are the same."""
        spellings: Iterable[Callable[[str], str]] = (str, str.upper, str.lower, lambda n: f"  {n} ")
        return self.random.choice(list(spellings))(name)

    def named(self, server: str, name: str) -> Person | None:
        """The commander whose present name it is."""
        return next((p for p in self.people.values() if p.server == server and same(p.name, name)), None)

    def somebody(self) -> Person | None:
        return self.random.choice(list(self.people.values())) if self.people else None

    def _place_of(self, who: Person) -> dict[str, str]:
        return {"server": who.server, "alliance": who.alliance, "commander": who.id}

    def secret(self, role: Role, server: str | None = None, alliance: str | None = None) -> str:
        """Of the key with the widest scope that there is for the role there."""
        if role == "admin":
            return self.place.secrets["admin", None, None]
        return self.place.secrets[role, server, alliance]


def _is_put_off(line: dict[str, Any]) -> bool:
    """Whether the store was busy, or there was no time."""
    return line["status"] == "later" or any("send it again" in reason for reason in line["reasons"])


USE_CASES: dict[Callable[[Player], None], int] = {
    Player.report: 24,
    Player.report_with_others: 16,
    Player.use_the_form: 8,
    Player.correct: 10,
    Player.add: 5,
    Player.rename: 4,
    Player.merge: 3,
    Player.move: 4,
    Player.retire: 3,
    Player.reinstate: 2,
    Player.forget: 1,
    Player.import_a_roster: 2,
    Player.import_completions: 4,
    Player.log_a_reading: 2,
    Player.read_the_ledger: 3,
    Player.read: 10,
    Player.change_keys: 2,
    Player.define: 2,
    Player.limit_an_alliance: 1,
    Player.bind: 2,
    Player.refresh: 2,
    Player.run_sheets: 3,
    Player.drill: 1,
    edit_a_sheet: 4,
    chat: 4,
    manage_webhooks: 2,
    hear_news: 2,
}
"""What is done, and how often compared with the others."""
