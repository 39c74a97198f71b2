"""What a deployment costs in a month: arithmetic from the template, from measured use cases, and from a list of prices.

The numbers of alarms, metrics and functions, their memory and their periods are read from what is deployed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

import app
from bench import growth
from bench.bills import Bill
from bench.growth import USE_CASES, World
from bench.tables import Measurement
from chalicelib.domain.calendar import in_words
from chalicelib.domain.due import FRESHNESS
from chalicelib.telemetry import Metric
from deploy.package import ROOT

PRICES = {
    "request of API Gateway": 3.50 / 1e6,
    "request of Lambda": 0.20 / 1e6,
    "GB-second of Lambda, arm64": 13.3334 / 1e6,
    "write unit": 0.625 / 1e6,
    "read unit": 0.125 / 1e6,
    "GB of logs": 0.50,
    "alarm": 0.10,
    "metric": 0.30,
    "dashboard": 3.00,
    "secret": 0.40,
}
"""In us-east-1, in dollars."""
FREE = {
    "request of Lambda": 1e6,
    "GB-second of Lambda, arm64": 400_000,
    "GB of logs": 5,
    "alarm": 10,
    "metric": 10,
    "dashboard": 3,
}
"""What every account has for nothing each month, always."""

DAYS, EVENT_DAYS = 30, 14
REPORTS, REQUESTS = 10, ("form, for a known commander", "report", "receipt")
"""Of each commander in a month; and the requests of one report."""
SIZES = {"1 alliance": (1, 1), "1 server": (1, 37), "113 servers": (113, 37)}
"""Servers, and alliances of each; an alliance has 100 commanders and one sheet."""
ROSTER = 100
CALL, HTTP, RUN, GOOGLE = 0.01, 0.007, 0.1, 1.5
PROCESSOR = 1769
"""How many MB a function has for which Lambda gives it one processor."""
SYNCS_A_MINUTE, STAMPS_A_DAY = 60, timedelta(days=1) / FRESHNESS
BYTES_OF_A_REQUEST, BYTES_OF_A_RUN = 700, 900
CODES = 11
"""By how many codes `Rejections` is split, about."""

_HOW = f"""\
Dollars a month, at the list prices of us-east-1 that were known when this was written; check them. How many alarms,
metrics, secrets and functions there are, their memory and their periods are read from the template. What a use case
asks of DynamoDB, and our own processor time, are measured here, on a server of one alliance and on one of 37.

Assumed: two pairs of events a month, open for {EVENT_DAYS} days together, then archived; every commander reports
{REPORTS} times a month, with {len(REQUESTS)} requests each time (form, report, receipt). An alliance has {ROSTER}
commanders and a sheet; a server has 37 alliances, so 3,700 commanders; the game has 113 servers, so 418,100. In
Lambda, a call of DynamoDB takes {CALL * 1000:g} ms, an HTTP request {HTTP * 1000:g} ms of a processor besides what is
measured, a scheduled run {RUN:g} s of it, and Google {GOOGLE:g} s for a sync; a function has a processor for each
{PROCESSOR:,} MB. A report changes one alliance's totals and causes one sync; besides, each sheet is synced every
{in_words(FRESHNESS)}; but at most {SYNCS_A_MINUTE} in a minute, by one Google account, and as many as a run has time
for. A request logs {BYTES_OF_A_REQUEST} bytes, a run {BYTES_OF_A_RUN}.

Not in it: what the news read and send, viewers of the public page (without CloudFront, a million of them cost about as
much as a million requests here; with it, up to ten million nothing), storage (0.25 per GB of the table, 0.20 for its
backups), cold starts, what is sent out (0.09 per GB beyond the first 100), taxes. Free is what an account always has
for nothing: of DynamoDB on demand and of API Gateway, that is nothing."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the template says."""

    alarms: int
    more_alarms: int
    own_metrics: int
    secrets: int
    memory: Mapping[str, int]
    """Of each function, in MB."""
    seconds: Mapping[str, int]
    """That a run of each may take at most."""
    minutes: Mapping[str, int]
    """Between two runs of each scheduled function."""

    def share(self, function: str) -> float:
        """Of a processor."""
        return self.memory[function] / PROCESSOR

    def fixed(self, *, everything: bool = False) -> dict[str, float]:
        """How much of what is paid for before anybody uses it."""
        amounts = {"alarm": self.alarms, "metric": 0, "dashboard": 0, "secret": self.secrets}
        if everything:
            amounts["alarm"] += self.more_alarms
            amounts |= {"metric": self.own_metrics, "dashboard": 1}
        return {name: float(amount) for name, amount in amounts.items()}


def deployed() -> Deployed:
    folder = ROOT / ".chalice"
    resources = json.loads((folder / "resources.json").read_text(encoding="utf-8"))["Resources"]
    sources: Sequence[Any] = app.app.event_sources
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))["lambda_functions"]

    def count(kind: str, condition: str | None = None) -> int:
        found = [one for one in resources.values() if one.get("Type") == kind]
        return sum(one.get("Condition") == condition for one in found)

    return Deployed(
        alarms=count("AWS::CloudWatch::Alarm"),
        more_alarms=count("AWS::CloudWatch::Alarm", "HasAllAlarms"),
        own_metrics=len(get_args(Metric)) - 1 + CODES + count("AWS::Logs::MetricFilter", "HasAllAlarms"),
        secrets=count("AWS::SecretsManager::Secret"),
        memory={name: one["lambda_memory_size"] for name, one in config.items()},
        seconds={name: one["lambda_timeout"] for name, one in config.items()},
        minutes={one.name: one.schedule_expression.value for one in sources},
    )


def price(amounts: Mapping[str, float], *, is_free: bool = False) -> float:
    free = FREE if is_free else {}
    return sum(PRICES[name] * max(0.0, amount - free.get(name, 0)) for name, amount in amounts.items())


@dataclass(frozen=True, slots=True)
class UseCases:
    """The bills of what happens on one server of so many alliances: of each use case, and of a recount in which nothing
    has changed."""

    of: Mapping[str, Bill]
    idle_recount: Bill


def measured(alliances: int) -> UseCases:
    world = World(alliances, ROSTER)
    world.muster.refresh.refresh_totals()
    idle = _bill(world, growth.UseCase("", (0, 0), lambda world, _: world.muster.refresh.refresh_totals()), 0)
    wanted = (*REQUESTS, _CHANGED, _VIEW, _DUE)
    bills = {
        case.what: _bill(world, case, turn) for turn, case in enumerate(USE_CASES) if case.what in wanted
    }
    return UseCases(bills, idle)


def _bill(world: World, case: growth.UseCase, turn: int) -> Bill:
    if case.before:
        case.before(world, turn)
    world.process(is_warm=case.is_warm)
    with world.billed.bill() as bill:
        case.do(world, turn)
    return bill


_CHANGED = "recount, one alliance has changed"
_VIEW = "view of an alliance's sheet"
_DUE = "which sheets are due, of one for each alliance"


@dataclass(frozen=True, slots=True)
class Month:
    """What is used in a month by so many servers of so many alliances."""

    servers: int
    alliances: int
    cases: UseCases
    what: Deployed

    @property
    def sheets(self) -> int:
        return self.servers * self.alliances

    @property
    def reports(self) -> int:
        return self.sheets * ROSTER * REPORTS

    @property
    def requests(self) -> int:
        return self.reports * len(REQUESTS)

    @property
    def syncs(self) -> float:
        """Those that write what is new, and those that show that the sync works; as many as Google and time allow."""
        share, runs = self.what.share("sync_sheets"), self.runs("sync_sheets")
        left = self.what.seconds["sync_sheets"] - self._looking(share)
        wanted = min(self.reports, EVENT_DAYS * 24 * 60 * self.sheets) + DAYS * STAMPS_A_DAY * self.sheets
        return min(wanted, runs * SYNCS_A_MINUTE, runs * left / self._syncing(share))

    def runs(self, function: str) -> float:
        return DAYS * 24 * 60 / self.what.minutes[function]

    def seconds_of_a_request(self) -> float:
        bills = [self.cases.of[name] for name in REQUESTS]
        share = self.what.share("api_handler")
        return sum(bill.calls.total() * CALL + (bill.cpu + HTTP) / share for bill in bills) / len(bills)

    def seconds_of_runs(self, function: str) -> float:
        """All that a month's runs of a scheduled function take."""
        share, runs = self.what.share(function), self.runs(function)
        if function == "sync_sheets":
            return runs * self._looking(share) + self.syncs * self._syncing(share)
        work = 0.0
        if function == "refresh_totals":
            idle, changed = self.cases.idle_recount, self.cases.of[_CHANGED]
            work = runs * self.servers * _seconds(idle, share)
            work += self.changes * max(0.0, _seconds(changed, share) - _seconds(idle, share))
        return min(runs * RUN / share + work, runs * self.what.seconds[function])

    def _looking(self, share: float) -> float:
        """How long a run of the sync takes to see what is due."""
        return RUN / share + self.servers * _seconds(self.cases.of[_DUE], share)

    def _syncing(self, share: float) -> float:
        """How long it takes for a sheet."""
        return GOOGLE + _seconds(self.cases.of[_VIEW], share)

    @property
    def changes(self) -> float:
        """In how many recounts some alliance has changed, each counted."""
        return min(self.reports, self.runs("refresh_totals") * EVENT_DAYS / DAYS * self.sheets)

    def lines(self) -> dict[str, dict[str, float]]:
        """What is paid for, by the line of the bill."""
        cases, refresh = self.cases, self.runs("refresh_totals")
        idle, changed = cases.idle_recount, cases.of[_CHANGED]
        api = self.requests * self.seconds_of_a_request()
        memory = {name: megabytes / 1024 for name, megabytes in self.what.memory.items()}
        scheduled = {name: self.seconds_of_runs(name) for name in self.what.minutes}
        runs = sum(map(self.runs, scheduled))
        logged = self.requests * BYTES_OF_A_REQUEST + runs * BYTES_OF_A_RUN
        recounted = refresh * self.servers * idle.read_units
        recounted += self.changes * max(0.0, changed.read_units - idle.read_units)
        synced = self.runs("sync_sheets") * self.servers * cases.of[_DUE].read_units
        synced += self.syncs * cases.of[_VIEW].read_units
        return {
            "API Gateway": {"request of API Gateway": self.requests},
            "Lambda, API": {
                "request of Lambda": self.requests,
                "GB-second of Lambda, arm64": api * memory["api_handler"],
            },
            "Lambda, schedules": {
                "request of Lambda": runs,
                "GB-second of Lambda, arm64": sum(scheduled[name] * memory[name] for name in scheduled),
            },
            "writes of reports": {"write unit": self.reports * cases.of["report"].write_units},
            "reads of reports": {
                "read unit": self.reports * sum(cases.of[name].read_units for name in REQUESTS)
            },
            "writes of recounts": {
                "write unit": self.changes * max(0, changed.write_units - idle.write_units)
            },
            "reads of recounts": {"read unit": recounted},
            "reads of syncs": {"read unit": synced},
            "logs": {"GB of logs": logged / 1e9},
            "alarms and secret": self.what.fixed(),
        }


def _seconds(bill: Bill, share: float) -> float:
    return bill.calls.total() * CALL + bill.cpu / share


HOW = {
    "API Gateway": "reports × 3 × price of a request",
    "Lambda, API": "requests × (their seconds × memory, and one request)",
    "Lambda, schedules": "runs × (seconds × memory, and one request)",
    "writes of reports": "reports × write units",
    "reads of reports": "reports × read units of form, report and receipt",
    "writes of recounts": "changed alliances × write units: ledger entries",
    "reads of recounts": "runs × servers × units where nothing changed; changed alliances × what they add",
    "reads of syncs": "runs × servers × units to see what is due; syncs × units of a view",
    "logs": "bytes of requests and runs",
    "alarms and secret": "as in the next table",
}


_WAYS = (("without anything free", False), ("with what is always free", True))


def measure(sizes: Mapping[str, tuple[int, int]] = SIZES) -> Measurement:
    what = deployed()
    cases = {alliances: measured(alliances) for _, alliances in sizes.values()}
    months = [Month(servers, alliances, cases[alliances], what) for servers, alliances in sizes.values()]
    used = [month.lines() for month in months]
    rows = [
        ("*reports*", *(f"{month.reports:,}" for month in months), "commanders × 10"),
        (
            "*syncs*",
            *(f"{month.syncs:,.0f}" for month in months),
            f"reports, and one for each sheet in {in_words(FRESHNESS)}",
        ),
        (
            "*seconds of a request*",
            *(f"{month.seconds_of_a_request():.3f}" for month in months),
            "calls × 0.01 + processor time ÷ share, on average",
        ),
        *(
            (
                f"*hours of `{name}`*",
                *(f"{month.seconds_of_runs(name) / 3600:,.1f}" for month in months),
                "all its runs",
            )
            for name in what.minutes
        ),
        *((line, *(f"{price(one[line]):,.2f}" for one in used), HOW[line]) for line in used[0]),
        *(
            ("**together**", *(f"**{price(_sum(one), is_free=is_free):,.2f}**" for one in used), words)
            for words, is_free in _WAYS
        ),
    ]
    return Measurement("Costs", _HOW, ("dollars a month", *sizes, "how"), rows)


def measure_fixed() -> Measurement:
    what = deployed()
    columns = {
        "by default": what.fixed(),
        "with `ALARMS=all METRICS=all DASHBOARD=yes`": what.fixed(everything=True),
    }
    rows = [
        (
            f"{name}s",
            f"{PRICES[name]:.2f}",
            *(f"{amounts[name]:g}: {amounts[name] * PRICES[name]:.2f}" for amounts in columns.values()),
        )
        for name in ("alarm", "metric", "dashboard", "secret")
    ]
    for words, is_free in _WAYS:
        prices = (f"**{price(amounts, is_free=is_free):.2f}**" for amounts in columns.values())
        rows.append((f"**together**, {words}", "", *prices))
    how = (
        "What is paid before anybody uses it, by number and dollars a month. The metrics are the product's own, with "
        f"one for each of about {CODES} codes of rejections. An account has 10 alarms, 10 metrics and 3 dashboards for "
        "nothing, always. What else can be asked for: `CLIENT_LIMIT` costs 6.00, and 0.60 per million requests; "
        "`ACCESS_LOGS` 0.13 per million requests; `TRACING` 5.00 per million traces; `BUDGET`, `DOMAIN` and `CDN` "
        "nothing."
    )
    return Measurement("What a deployment costs that nobody uses", how, ("what", "price", *columns), rows)


def _sum(lines: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    together = dict[str, float]()
    for amounts in lines.values():
        for name, amount in amounts.items():
            together[name] = together.get(name, 0) + amount
    return together


if __name__ == "__main__":
    for one in (measure(), measure_fixed()):
        print(one.markdown())
