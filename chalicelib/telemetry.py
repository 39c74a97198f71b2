"""What operators see of a deployment: structured logs with the request's id, and the product's own numbers.

Only a Lambda function measures. It also logs so by itself; other processes do after `log_structured`, and before use
Python's own logging. No key and no commander's name is logged at INFO or above. Powertools is imported only when there
is something to log, because every cold start would wait for it.
"""

import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Metric = Literal["Reports", "Duplicates", "Rejections", "SyncRequests", "SyncAge", "SheetsFailing", "Drift"]

IS_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
_NAMESPACE = "Muster"
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "muster-serve")
"""The stack's name. It is a logger's too, so it can't be that of the app, to which Chalice has given a handler."""
_OF_RUNS: dict[str, Metric] = {
    "drifts": "Drift",
    "requests": "SyncRequests",
    "failing": "SheetsFailing",
    "oldest": "SyncAge",
}
_SECONDS: tuple[Metric, ...] = ("SyncAge",)


def request_id(request: Any) -> str | None:
    """The id that finds the log lines of an HTTP request, or of a scheduled event, in CloudWatch."""
    context = getattr(request, "lambda_context", None) or getattr(request, "context", None)
    return getattr(context, "aws_request_id", None)


def log_with_request_id(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Middleware: everything that is logged during the request has its id."""
    _current.set(request_id(event))
    return get_response(event)


class RunFailed(Exception):
    """A scheduled run has logged errors; the message has the first."""


def watch_run(event: Any, get_response: Callable[[Any], dict[str, float]]) -> dict[str, float]:
    """Middleware of the scheduled functions: measures the numbers that a run returns.

    A function that has logged an error raises RunFailed when its work is done: Lambda counts such runs, which costs
    nothing, and an alarm watches that.
    """
    _errors.clear()
    outcome = get_response(event)
    _write({metric: outcome[name] for name, metric in _OF_RUNS.items() if name in outcome})
    if _errors and IS_LAMBDA:
        raise RunFailed(f"errors were logged: {len(_errors)}; the first: {_errors[0]}")
    return outcome


def measure_report(statuses: Iterable[str]) -> None:
    """Counts the completions of a report: those that were recorded now, and those that were already recorded."""
    counts = Counter(statuses)
    metrics: dict[str, Metric] = {"recorded": "Reports", "already_recorded": "Duplicates"}
    _write({metric: counts[status] for status, metric in metrics.items() if counts[status]})


def measure(metric: Metric, value: float, **dimensions: str) -> None:
    """Notes a value of this deployment or, with more dimensions, of a part of it."""
    _write({metric: value}, dimensions)


def _write(values: Mapping[Metric, float], dimensions: Mapping[str, str] | None = None) -> None:
    """One line of the log, for queries. If METRICS is `all`, CloudWatch makes metrics of it, which cost money."""
    if not IS_LAMBDA or not values:
        return
    line: dict[str, Any] = {"service": _SERVICE, **(dimensions or {})}
    if os.environ.get("METRICS") == "all":
        units = [{"Name": name, "Unit": "Seconds" if name in _SECONDS else "Count"} for name in values]
        directive = {"Namespace": _NAMESPACE, "Dimensions": [list(line)], "Metrics": units}
        line["_aws"] = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    sys.stdout.write(json.dumps({**line, **values, "request_id": _current.get()}) + "\n")


class _Structured(logging.Handler):
    """Logs like Powertools: one JSON object a line."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            _errors.append(record.getMessage())
        logger = _powertools()
        logger.append_keys(request_id=_current.get())
        logger.handlers[0].handle(record)


@lru_cache
def _powertools() -> "Logger":
    from aws_lambda_powertools import Logger

    return Logger(_SERVICE)


_current: ContextVar[str | None] = ContextVar("request_id", default=None)
_errors: list[str] = []
"""What was logged as an error since the last scheduled run began, in whichever of its threads."""


def log_structured(*names: str, level: int = logging.INFO) -> None:
    """From that level on, what these loggers are told goes to stdout as JSON lines, and nowhere else."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_Structured()], False
        logger.setLevel(level)


if IS_LAMBDA:
    log_structured("chalicelib", "sheets_sync")
