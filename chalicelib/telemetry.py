"""What operators see of a deployment: structured logs with the request's id, and the product's own numbers.

Only a Lambda function measures. It also logs so by itself; other processes do after `log_structured`, and before use
Python's own logging. No key and no commander's name is logged at INFO or above: so an exception is shown by its type
and where it was raised, never by its message. Powertools is imported only when there is something to log, because every
cold start would wait for it.
"""

import copy
import errno
import json
import logging
import os
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Metric = Literal[
    "Reports",
    "Duplicates",
    "Rejections",
    "SyncRequests",
    "SyncAge",
    "SheetsFailing",
    "Drift",
    "NewsDelivered",
    "NewsUndelivered",
]

_logger = logging.getLogger(__name__)

IS_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
_NAMESPACE = "Muster"
_SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "muster-serve")
"""The stack's name. Powertools gives it to a logger, so it can't be that of the app's own."""
_OF_RUNS: dict[str, Metric] = {
    "drifts": "Drift",
    "requests": "SyncRequests",
    "failing": "SheetsFailing",
    "oldest": "SyncAge",
    "delivered": "NewsDelivered",
    "undelivered": "NewsUndelivered",
}
_SECONDS: tuple[Metric, ...] = ("SyncAge",)


def request_id(request: Any) -> str | None:
    """The id that finds the log lines of an HTTP request, or of a scheduled event, in CloudWatch."""
    context = getattr(request, "lambda_context", None) or getattr(request, "context", None)
    return getattr(context, "aws_request_id", None)


def log_with_request(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Middleware: everything that is logged during the request, or the scheduled run, says which it was."""
    if hasattr(event, "method"):
        which = {
            "method": event.method,
            "route": event.path,
        }  # as it is declared: `/f/{key}`, without the key
    else:
        which = {"function": getattr(event.context, "function_name", None)}
    _current.set({"request_id": request_id(event), **which})
    return get_response(event)


class RunFailed(Exception):
    """A scheduled run failed, or has logged errors; all of that is logged already."""


def log_failed_run(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Middleware of the scheduled functions: logs the exception that ends a run. Raises RunFailed in its place, so that
    the run counts as failed, but Lambda, which prints an exception by itself, prints no message that may hold a name.
    """
    try:
        return get_response(event)
    except RunFailed:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is logged
        log_problem("run-failed", error)
        raise RunFailed(f"see the log of request {request_id(event)}") from None


def log_problem(code: str, error: BaseException, status: int = 500) -> None:
    """Logs in one line what an HTTP request is answered instead of what was asked for, or that a scheduled run failed.

    `error` is why. A fault of ours (500) is logged as an error, what is out of order for a while (503) as a warning,
    both with the traceback; what was refused is logged for information.
    """
    level = logging.INFO if status < 500 else logging.ERROR if status == 500 else logging.WARNING
    about = {"code": code, "status": status, "cause": cause(error)}
    _logger.log(level, "%s", code, extra=about, exc_info=error if status >= 500 else None)


def cause(error: BaseException) -> str:
    """The exception and those that led to it: each by its type, what it is called by AWS, Google, the system or SQLite,
    and where it was raised."""
    return ", from ".join(map(_described, _chain(error)))


def told_traceback(error: BaseException) -> str:
    """As Python shows it, the first exception first; but with `cause`'s descriptions instead of messages."""
    parts = []
    for one in reversed([*_chain(error)]):
        frames = "".join(traceback.format_tb(one.__traceback__, -_MOST_FRAMES))
        parts.append(f"Traceback (most recent call last):\n{frames}{_described(one)}")
    return "\n\n".join(parts)


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
    sys.stdout.write(
        json.dumps({**line, **values, "request_id": (_current.get() or {}).get("request_id")}) + "\n"
    )


class _Structured(logging.Handler):
    """Logs like Powertools: one JSON object a line."""

    def emit(self, record: logging.LogRecord) -> None:
        record = told(record)
        if record.levelno >= logging.ERROR:
            _errors.append(record.msg)
        _powertools().handlers[0].handle(record)


def told(record: logging.LogRecord) -> logging.LogRecord:
    """A copy as it may be written: with what says which request it was, the traceback as the field `exception`, and
    without what stands in the place of a secret in an address."""
    record = copy.copy(record)
    record.msg, record.args = _SECRET.sub(r"\1…", record.getMessage()), ()
    if record.exc_info and record.exc_info[1]:
        record.exception = told_traceback(record.exc_info[1])
    record.exc_info = record.exc_text = None
    record.__dict__ |= {name: value for name, value in (_current.get() or {}).items() if value}
    return record


@lru_cache
def _powertools() -> "Logger":
    from aws_lambda_powertools import Logger

    return Logger(_SERVICE)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what led to it, and so on, but not for ever."""
    one: BaseException | None = error
    for _ in range(_MOST_IN_CHAIN):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _described(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__, -1)
    at = [f"({os.path.basename(frame.filename)}:{frame.lineno})" for frame in frames]
    return " ".join([type(error).__name__, *_names(error), *at])


def _names(error: BaseException) -> Iterator[str]:
    """What others call it: words of their own, into which nothing of ours comes."""
    answer: Any = getattr(error, "response", None)
    if isinstance(answer, dict):  # botocore's
        yield f"{answer.get('Error', {}).get('Code')} in {getattr(error, 'operation_name', None)}"
    elif status := getattr(answer, "status_code", None):
        yield str(status)
    if isinstance(error, OSError) and error.errno:
        yield errno.errorcode.get(error.errno, str(error.errno))
    if name := getattr(error, "sqlite_errorname", None):
        yield str(name)


_MOST_FRAMES, _MOST_IN_CHAIN = 50, 8
_SECRET = re.compile(r"(/f/|/webhooks/\d+/|[?&](?:key|token|access_token)=|Bearer )[^\s\"'<>&]+")
_current: ContextVar[Mapping[str, str | None] | None] = ContextVar("current", default=None)
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
    log_structured("", level=logging.WARNING)
