"""Members at work while something happens to the API."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count

import requests

from tests.e2e.deployment import ONE, PLACE, STACK, THREE, TWO, Deployment, wait_until

SECONDS_BETWEEN = 0.2
AT_LEAST = 3
"""Reports before, and again after."""
MOST_REPEATS = 5
"""Each after twice the wait, three seconds in all: the emulator removes a killed process's folder up to two seconds
later, though the next one is unpacked there."""
NUMBERS = count()


@dataclass
class Answered:
    """What became of the requests. `failed`: what was answered other than 200, and what the API's log has of faults.
    `killed`: how often the emulator had killed the process; then the same request was sent again, and had to succeed.
    """

    reports: int = 0
    pages: int = 0
    failed: list[str] = field(default_factory=list)
    killed: int = 0


@contextmanager
def under_load(at: Deployment, link: str) -> Iterator[Answered]:
    """One member reports without end, each time something new, and one reads pages."""
    answered, over, since = Answered(), threading.Event(), datetime.now(UTC)

    def report(web: requests.Session) -> None:
        number = next(NUMBERS)
        body = {"commander": f"Member {number // 3}", "milestones": [(ONE, TWO, THREE)[number % 3]]}
        headers = {"Authorization": f"Bearer {at.key}"}
        order = body | {"is_new": True} | PLACE
        answered.reports += is_answered(web, "POST", f"{at.url}/v1/completions", json=order, headers=headers)

    def read(web: requests.Session) -> None:
        progress = f"{at.url}/v1/servers/101/events/trial/progress"
        for address in (link, progress, f"{at.url}/servers/101"):
            answered.pages += is_answered(web, "GET", address)

    def is_answered(web: requests.Session, method: str, address: str, **more: object) -> bool:
        for attempt in range(MOST_REPEATS):
            answer = web.request(method, address, timeout=120, **more)  # type: ignore[arg-type]
            if not was_killed(answer):
                break
            answered.killed += 1
            time.sleep(2**attempt * SECONDS_BETWEEN)
        if answer.status_code != 200:
            answered.failed.append(f"{method} {address}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code == 200

    def keep_asking(ask: Callable[[requests.Session], None]) -> None:
        web = at.aws.browser()
        while not over.wait(SECONDS_BETWEEN):
            try:
                ask(web)
            except requests.RequestException as error:
                answered.failed.append(repr(error))

    def more_is_reported() -> None:
        enough = answered.reports + AT_LEAST
        wait_until(lambda: answered.reports >= enough or bool(answered.failed))

    asking = [threading.Thread(target=keep_asking, args=(ask,)) for ask in (report, read)]
    for thread in asking:
        thread.start()
    try:
        more_is_reported()
        yield answered
        more_is_reported()
    finally:
        over.set()
        for thread in asking:
            thread.join()
    answered.failed += tracebacks(at, since)


def was_killed(answer: requests.Response) -> bool:
    """Whether the process that was to answer has ended. The emulator kills all of a function when its code or settings
    change; AWS lets runs that have begun finish. One that ends by a fault of its own leaves a traceback in its log."""
    return answer.status_code == HTTPStatus.BAD_GATEWAY and "Task timed out" not in answer.text


def tracebacks(at: Deployment, since: datetime) -> list[str]:
    """In the log of the API."""
    asked = {"logGroupName": f"/{STACK}/api", "startTime": int(since.timestamp() * 1000)}
    events = at.aws.client("logs").filter_log_events(**asked, filterPattern="Traceback")["events"]
    return [event["message"] for event in events]
