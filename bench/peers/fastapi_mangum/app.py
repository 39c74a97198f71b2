"""The routes, and how a report is recorded."""

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from botocore.exceptions import ClientError
from fastapi import Cookie, FastAPI, Form, Header, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from mangum import Mangum

from bench.peers.fastapi_mangum.models import (
    CommanderRef,
    Event,
    Milestone,
    Place,
    Progress,
    Receipt,
    Report,
    Result,
    Standing,
    needed,
    progress_of,
)
from bench.peers.fastapi_mangum.table import KEPT, Table, to_item

ATTEMPTS = 5
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make(
    client: Any, table_name: str, clock: Callable[[], datetime], monotonic: Callable[[], float], style: str
) -> Mangum:
    """A Lambda handler. `style`: the style sheet of the pages."""
    app, table = FastAPI(), Table(client, table_name, monotonic)
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    pages.globals["style"] = style
    pages.filters |= {"time": lambda at: f"{at:%a} {at.day} {at:%b at %H:%M} UTC", "url": quote}

    def page(template: str, **values: Any) -> Response:
        return HTMLResponse(pages.get_template(template).render(**values), headers=HEADERS)

    def key_of(secret: str) -> dict[str, Any]:
        hashed = hashlib.sha256(secret.encode()).hexdigest()
        key = table.kept(("key", hashed), KEPT, lambda: table.get(f"KEY#{hashed}", "KEY"))
        if key is None or "revoked_at" in key:
            raise HTTPException(401, "There is no such key.")
        if "expires_at" in key and clock() >= datetime.fromisoformat(key["expires_at"]):
            raise HTTPException(401, "The key has expired.")
        if key["role"] != "member":
            raise HTTPException(403, "The key is not for reports.")
        return key

    def alliance_of(key: dict[str, Any]) -> dict[str, Any] | None:
        server, alliance = key["server"], key["alliance"]
        pk, sk = f"ALLIANCES#{server}", f"ALLIANCE#{alliance}"
        return table.kept(("alliance", pk, sk), KEPT, lambda: table.get(pk, sk))

    def commander_named(server: str, name: str) -> dict[str, Any] | None:
        folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        return table.get(f"NAME#{server}#{folded}", "NAME")

    def chosen(wanted: list[str]) -> list[tuple[Event, Milestone]]:
        known = {f"{event.id}/{one.id}": (event, one) for event in table.events() for one in event.milestones}
        if unknown := [milestone for milestone in wanted if milestone not in known]:
            raise HTTPException(404, f"There is no milestone {unknown[0]}.")
        return [known[milestone] for milestone in dict.fromkeys(wanted)]

    def record(key: dict[str, Any], report: Report) -> Receipt:
        """Each completion once: a card must be as it was read. Otherwise it is read and decided again."""
        now, server, alliance = clock(), key["server"], key["alliance"]
        refs = chosen(report.milestones)
        for event, milestone in refs:
            if now < milestone.opens_at:
                raise HTTPException(409, f"{milestone.name} has not opened yet.")
            if now >= event.reporting_closes_at:
                raise HTTPException(409, f"{event.name} is over.")
        commander = commander_named(server, report.commander)
        if commander is None or commander["alliance"] != alliance:
            raise HTTPException(409, f"{report.commander} is not on the roster.")
        standings = {event.id: table.recent_standing(server, event.id) for event, _ in refs}
        for attempt in range(ATTEMPTS):
            cards = table.cards(server, alliance, commander["id"], consistent=attempt > 0)
            new = [(event, one) for event, one in refs if f"done.{one.id}" not in cards[event.id]]
            if not new or write(key, commander["id"], cards, new, now):
                break
        else:
            raise HTTPException(503, "Please send it again.", {"Retry-After": "1"})
        results = []
        for event, one in refs:
            held = cards[event.id].get(f"done.{one.id}")
            results.append(
                Result(
                    milestone=f"{event.id}/{one.id}",
                    status="already_recorded" if held else "recorded",
                    points=one.points,
                    recorded_at=datetime.fromisoformat(held["at"]) if held else now,
                )
            )
        places = []
        for event in {event.id: event for event, _ in refs}.values():
            standing, added = standings[event.id], [one for of, one in new if of is event]
            standing.completions.update(one.id for one in added)
            standing.commanders += bool(added) and not cards[event.id]
            places.append(
                Place(
                    event=event.id,
                    commander_points=_points(event, cards[event.id]) + sum(one.points for one in added),
                    commander_points_possible=sum(one.points for one in event.milestones),
                    server_points=standing.points(event),
                    next_tier=standing.next_tier(event),
                )
            )
            stamp_tiers(server, event, standing)
        found = CommanderRef(id=commander["id"], name=commander["name"])
        return Receipt(commander=found, results=results, progress=places)

    def write(
        key: dict[str, Any],
        commander: str,
        cards: dict[str, dict[str, Any]],
        new: list[tuple[Event, Milestone]],
        now: datetime,
    ) -> bool:
        """Cards and totals in one transaction. Returns whether the cards were as expected."""
        server, alliance, changes = key["server"], key["alliance"], []
        for event in {event.id: event for event, _ in new}.values():
            added, version = [one.id for of, one in new if of is event], cards[event.id].get("version")
            names = {f"#m{n}": f"done.{milestone}" for n, milestone in enumerate(added)}
            completion = {"at": _rfc3339(now), "by": key["id"], "owed": (version or 0) + 1}
            seen = "version = :seen" if version else "attribute_not_exists(PK)"
            values = {":next": (version or 0) + 1, ":form": 1, ":done": completion}
            changes.append(
                {
                    "TableName": table.name,
                    "Key": _key(f"CARDS#{server}#{event.id}#{alliance}", f"COMMANDER#{commander}"),
                    "UpdateExpression": "SET version = :next, form = :form, "
                    + ", ".join(f"{name} = :done" for name in names),
                    "ConditionExpression": seen,
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": _values(values | ({":seen": version} if version else {})),
                }
            )
            counted = names | {"#changes": "changes"} | ({} if version else {"#commanders": "commanders"})
            changes.append(
                {
                    "TableName": table.name,
                    "Key": _key(f"STANDING#{server}#{event.id}", f"ALLIANCE#{alliance}"),
                    "UpdateExpression": "ADD " + ", ".join(f"{name} :one" for name in counted),
                    "ExpressionAttributeNames": counted,
                    "ExpressionAttributeValues": _values({":one": 1}),
                }
            )
        try:
            client.transact_write_items(TransactItems=[{"Update": change} for change in changes])
        except ClientError as error:
            if error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            return False
        return True

    def stamp_tiers(server: str, event: Event, standing: Standing) -> None:
        by = "reported" if standing.best(event) == standing.points(event) else "reading"
        for tier in event.tiers:
            if tier.threshold not in standing.stamps and standing.best(event) >= tier.threshold:
                stamp = {"threshold": tier.threshold, "reached_at": _rfc3339(clock()), "reached_by": by}
                key = _key(f"STANDING#{server}#{event.id}", f"TIER#{tier.threshold:012d}")
                client.put_item(TableName=table.name, Item=key | _values(stamp))
                standing.stamps[tier.threshold] = clock(), by

    @app.post("/v1/completions")
    async def report_completions(report: Report, authorization: Annotated[str, Header()] = "") -> Receipt:
        return record(key_of(authorization.removeprefix("Bearer ")), report)

    @app.get("/v1/servers/{server}/events/{event_id}/progress")
    async def progress(server: str, event_id: str) -> Progress:
        event = next((event for event in table.events() if event.id == event_id), None)
        if event is None:
            raise HTTPException(404, "There is no such event.")
        return progress_of(server, event, table.standing(server, event.id), clock())

    @app.get("/f/{secret}")
    async def form(
        secret: str, commander: str | None = None, muster_commanders: Annotated[str, Cookie()] = ""
    ) -> Response:
        key, now = key_of(secret), clock()
        server, alliance = key["server"], key["alliance"]
        if commander is not None:
            found = commander_named(server, commander) if commander else None
            known = found if found and found["alliance"] == alliance else None
        else:
            here = muster_commanders.split(".")[0]
            known = table.get(f"ROSTER#{server}#{alliance}", f"COMMANDER#{here}") if here else None
        name = commander or ""
        cards = table.cards(server, alliance, known["id"]) if known else {}
        offered = []
        for event in table.events():
            for one in event.milestones:
                if one.opens_at <= now < event.reporting_closes_at:
                    done = cards.get(event.id, {}).get(f"done.{one.id}")
                    offered.append((event, one, datetime.fromisoformat(done["at"]) if done else None))
        offered.sort(key=lambda each: each[1].opens_at, reverse=True)
        roster = [
            one["name"]
            for one in ([] if known else table.query(f"ROSTER#{server}#{alliance}"))
            if "retired_at" not in one
        ]
        return page(
            "form.html",
            alliance=alliance_of(key),
            name=known["name"] if known else name,
            known=known,
            roster=sorted(roster, key=str.casefold),
            today=[each for each in offered if each[1].window_status(now) == "active"],
            earlier=[each for each in offered if each[1].window_status(now) == "closed"],
            now=now,
        )

    @app.post("/f/{secret}")
    async def send_form(
        secret: str, commander: Annotated[str, Form()], milestone: Annotated[list[str], Form()]
    ) -> Response:
        taken = record(key_of(secret), Report(commander=commander, milestones=milestone))
        new = [result.recorded_at for result in taken.results if result.status == "recorded"]
        asked = {"commander": taken.commander.id, "at": _rfc3339(max(new, default=clock()))}
        answer = RedirectResponse(f"/f/{secret}/receipt?{urlencode(asked)}", 303, HEADERS)
        answer.set_cookie("muster_commanders", taken.commander.id, 400 * 24 * 3600, httponly=True)
        return answer

    @app.get("/f/{secret}/receipt")
    async def receipt(secret: str, commander: str, at: datetime) -> Response:
        key, now = key_of(secret), clock()
        server, alliance = key["server"], key["alliance"]
        who = table.get(f"ROSTER#{server}#{alliance}", f"COMMANDER#{commander}")
        if who is None:
            raise HTTPException(404, "There is no such commander.")
        cards = table.cards(server, alliance, commander, consistent=True)
        events = []
        for event in table.events():
            card, standing = cards[event.id], table.recent_standing(server, event.id)
            done = [
                (one, datetime.fromisoformat(card[f"done.{one.id}"]["at"]))
                for one in event.milestones
                if f"done.{one.id}" in card
            ]
            best, goal = standing.best(event), standing.next_tier(event)
            events.append(
                {
                    "event": event,
                    "points": _points(event, card),
                    "possible": sum(one.points for one in event.milestones),
                    "best": best,
                    "goal": goal,
                    "needed": needed(event, goal - best if goal else 0, now).completions,
                    "is_official": best > standing.points(event),
                    "counted": [one for one, recorded_at in done if recorded_at == at],
                    "earlier": [(one, recorded_at) for one, recorded_at in done if recorded_at != at],
                    "missing": [
                        one
                        for one in event.milestones
                        if f"done.{one.id}" not in card and one.opens_at <= now < event.reporting_closes_at
                    ],
                }
            )
        return page(
            "receipt.html", now=now, alliance=alliance_of(key), commander=who, secret=secret, events=events
        )

    return Mangum(app, lifespan="off")


def _points(event: Event, card: dict[str, Any]) -> int:
    return sum(one.points for one in event.milestones if f"done.{one.id}" in card)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"PK": to_item(pk), "SK": to_item(sk)}


def _values(values: dict[str, Any]) -> dict[str, Any]:
    return {name: to_item(value) for name, value in values.items()}


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
