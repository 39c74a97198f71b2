"""Our own processor time, side by side with the same job in FastAPI and Mangum (`bench/peers/`).

Each figure is the whole way from API Gateway's event to the answer, in one process, with a DynamoDB that stands still.
The programs take turns, so that whatever else the machine does affects all alike; the ratio is that of the fastest
times, which are those that nothing disturbed.
"""

import gc
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import app
from bench.busy import (
    ALLIANCE,
    EVERYTHING,
    FRIDAY_NOON,
    MEMBER_SECRET,
    SERVER,
    TABLE,
    fill,
    product,
)
from bench.peers import bare_chalice
from bench.peers.fastapi_mangum.app import make
from bench.still import StillDynamoDB
from bench.tables import Budget, Measurement, verdict
from chalicelib import bootstrap
from chalicelib.catalog import load_catalog
from chalicelib.domain.calendar import rfc3339
from chalicelib.store import keys
from deploy.package import ROOT
from local.dynamodb import table_definition
from local.strict_dynamodb import StrictDynamoDB

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROUNDS, MOST_TIMES = 300, 1.5
REPORTER, DONE = "Member007", "Commander00"
"""Who has two of the ten milestones, and who has all."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_HOW = """\
The fastest of {rounds} times each, in turns, as multiples. A report is of ten milestones in two events, by a commander
on a roster of 100 who has two of them; the server has 90 alliances, a sample of the points for each hour, a stamped
tier, and a reading.
`bench/peers/fastapi_mangum` says what the peer does and what it leaves out; the floor is a Chalice route that answers
with a constant. Both keep definitions and, for reports and receipts, the sums of the last ten seconds. Neither sends
metrics, which Muster does only where a Lambda function runs."""
_COLUMNS = (
    "what",
    "FastAPI and Mangum ÷ floor",
    "Muster ÷ floor",
    "Muster ÷ FastAPI and Mangum",
    "budget",
    "within budget",
)

Event = dict[str, Any]
Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A request that both programs are sent, the status that both answer, and what both answers hold. `is_busy`:
    before each request, a second passes, and somebody reports through another process."""

    what: str
    event: Event
    status: int
    holds: str
    is_busy: bool = False


class Context:
    """What Lambda tells a function."""

    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


class Both:
    """Muster and its peer, on one table that stands still, in a time that stands still."""

    def __init__(self) -> None:
        database = StrictDynamoDB()
        database.client().create_table(TableName=TABLE, **table_definition())
        fill(database.client())
        self._still, self._seconds = StillDynamoDB(database.quiet_client(), TABLE), 0
        client = cast("DynamoDBClient", self._still)
        bootstrap.use(product(client, self._now, lambda: self._seconds))
        style = (ROOT / "chalicelib" / "templates" / "style.css").read_text(encoding="utf-8")
        self.ours: Handler = app.app
        self.theirs: Handler = make(client, TABLE, self._now, lambda: self._seconds, style)

    def report_elsewhere(self) -> None:
        """A second passes, in which somebody reports through another process."""
        self._seconds += 1
        for event in load_catalog():
            self._still.add(keys.totals(SERVER, event.id, ALLIANCE), "changes", "commanders")

    def _now(self) -> datetime:
        return FRIDAY_NOON + timedelta(seconds=self._seconds)


def measure(rounds: int = ROUNDS) -> Measurement:
    both, rows, budgets = Both(), [], []
    for job in jobs():
        programs: list[Handler] = [bare_chalice.app, both.theirs, both.ours]
        tasks = zip(programs, [_get("/bare"), job.event, job.event], strict=True)
        floor, peer, mine = fastest([*tasks], rounds, both.report_elsewhere if job.is_busy else None)
        cells = f"{peer / floor:.1f}", f"{mine / floor:.1f}", f"{mine / peer:.2f}", f"{MOST_TIMES:g}"
        is_met = mine / peer <= MOST_TIMES
        rows.append((job.what, *cells, verdict(is_met)))
        budget = f"≤ {MOST_TIMES:g} × FastAPI and Mangum"
        budgets.append(Budget(f"our own CPU: {job.what}", budget, f"{mine / peer:.2f} ×", is_met))
    return Measurement("Processor time", _HOW.format(rounds=rounds), _COLUMNS, rows, budgets)


def jobs() -> list[Job]:
    """Those of the API first."""
    form, api = f"/f/{MEMBER_SECRET}", "/v1/completions"
    filled = urlencode([("commander", REPORTER), *(("milestone", one) for one in EVERYTHING)])
    receipt = {"commander": _commander_id(DONE), "at": rfc3339(FRIDAY_NOON)}
    progress = f"/v1/servers/{SERVER}/events/{EVERYTHING[0].split('/')[0]}/progress"
    last = "A Reckoning Across Time"
    return [
        Job("report of ten, JSON", _post(api, _report(REPORTER), JSON), 200, '"recorded"'),
        Job("the same report again", _post(api, _report(DONE), JSON), 200, '"already_recorded"'),
        Job("progress, while others report", _get(progress), 200, '"projection":{', is_busy=True),
        Job("report of ten, form", _post(form, filled, FORM), 303, "/receipt?"),
        Job("form, for a known commander", _get(form, {"commander": REPORTER}), 200, last),
        Job("form, for nobody yet", _get(form, {"commander": ""}), 200, f'value="{REPORTER}"'),
        Job("receipt", _get(f"{form}/receipt", receipt), 200, last),
    ]


def fastest(
    tasks: Sequence[tuple[Handler, Event]], rounds: int, before: Callable[[], None] | None = None
) -> list[float]:
    """The least processor time, in seconds, of each. `before` is called before each round."""
    times: list[list[float]] = [[] for _ in tasks]
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            if before:
                before()
            for each, (program, event) in zip(times, tasks, strict=True):
                context = Context()
                began = time.process_time()
                program(event, context)
                each.append(time.process_time() - began)
            gc.collect(1)
    finally:
        gc.enable()
    return [min(each) for each in times]


def _commander_id(name: str) -> str:
    found = bootstrap.muster().stores.commanders.named(SERVER, name)
    assert found
    return found.id


def _report(commander: str) -> str:
    return json.dumps({"commander": commander, "milestones": EVERYTHING})


def _post(path: str, body: str, content_type: str) -> Event:
    headers = {"content-type": content_type, "authorization": f"Bearer {MEMBER_SECRET}"}
    return _event("POST", path, headers=headers, body=body)


def _get(
    path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Event:
    return _event("GET", path, query, headers)


def _event(
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> Event:
    """As API Gateway sends it."""
    parts = path.split("/")
    resource, parameters = path, {}
    if parts[1] == "f":
        parameters = {"key": parts[2]}
        resource = "/".join(["", "f", "{key}", *parts[3:]])
    elif parts[-1] == "progress":
        parameters = {"server": parts[3], "event": parts[5]}
        resource = "/v1/servers/{server}/events/{event}/progress"
    sent = {
        "Accept": "*/*",
        "Host": "abc.execute-api.eu-central-1.amazonaws.com",
        "User-Agent": "Mozilla/5.0",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
        **(headers or {}),
    }
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": path,
            "stage": "api",
            "requestId": "bench",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    print(measure().markdown())
