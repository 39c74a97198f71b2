"""What operators see of a deployment: structured logs with the request's id, and the product's own metrics.

Only a Lambda function measures. It also logs so by itself; other processes do after `log_structured`, and before use
Python's own logging. No key and no commander's name is logged at INFO or above. Powertools is imported only when there
is something to log or measure, because every cold start would wait for it.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable
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


def measure_run(event: Any, get_response: Callable[[Any], dict[str, float]]) -> dict[str, float]:
    """Middleware of the scheduled functions: measures the numbers that a run returns."""
    outcome = get_response(event)
    for name, metric in _OF_RUNS.items():
        if name in outcome:
            measure(metric, outcome[name])
    return outcome


def measure_report(statuses: Iterable[str]) -> None:
    """Counts the completions of a report: those that were recorded now, and those that were already recorded."""
    counts = Counter(statuses)
    metrics: dict[str, Metric] = {"recorded": "Reports", "already_recorded": "Duplicates"}
    for status, metric in metrics.items():
        if counts[status]:
            measure(metric, counts[status])


def measure(metric: Metric, value: float, **dimensions: str) -> None:
    """Sends a value to CloudWatch, for this deployment or, with more dimensions, for a part of it."""
    if not IS_LAMBDA:
        return
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    unit = MetricUnit.Seconds if metric in _SECONDS else MetricUnit.Count
    service = {"service": _SERVICE}
    with single_metric(metric, unit, value, namespace=_NAMESPACE, default_dimensions=service) as noted:
        for name, content in dimensions.items():
            noted.add_dimension(name, content)


class _Structured(logging.Handler):
    """Logs like Powertools: one JSON object a line."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = _powertools()
        logger.append_keys(request_id=_current.get())
        logger.handlers[0].handle(record)


@lru_cache
def _powertools() -> "Logger":
    from aws_lambda_powertools import Logger

    return Logger(_SERVICE)


_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def log_structured(*names: str, level: int = logging.INFO) -> None:
    """From that level on, what these loggers are told goes to stdout as JSON lines, and nowhere else."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_Structured()], False
        logger.setLevel(level)


if IS_LAMBDA:
    log_structured("chalicelib", "sheets_sync")
