"""What an operator can set of a stack: which values it takes, and which go together."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PARAMETERS = {
    "ALARM_EMAIL": "AlarmEmail",
    "ALARMS": "Alarms",
    "METRICS": "Metrics",
    "DASHBOARD": "HasDashboard",
    "BUDGET": "Budget",
    "RATE_LIMIT": "RateLimit",
    "BURST_LIMIT": "BurstLimit",
    "CLIENT_LIMIT": "ClientLimit",
    "DOMAIN": "Domain",
    "CERTIFICATE": "Certificate",
    "PUBLIC_URL": "PublicUrl",
    "CDN": "HasCdn",
    "ACCESS_LOGS": "HasAccessLogs",
    "TRACING": "HasTracing",
    "RESERVED_CONCURRENCY": "ReservedConcurrency",
    "SHEETS_API_URL": "SheetsApiUrl",
    "DISCORD_API_URL": "DiscordApiUrl",
    "DISCORD_PUBLIC_KEY": "DiscordPublicKey",
    "DISCORD_APPLICATION_ID": "DiscordApplicationId",
}
"""Which parameter of the stack each environment variable sets."""

_OF_CLOUDFRONT = "us-east-1"
"""Where certificates and limits of CloudFront must be."""


class WrongParameters(Exception):
    """They can't be deployed; the message names each variable and the reason."""


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """The parameters that it sets. An empty text is a value, too."""
    return {parameter: environment[name] for name, parameter in PARAMETERS.items() if name in environment}


def effective(folder: Path, *sources: Mapping[str, str]) -> dict[str, str]:
    """The value of each parameter of the template in `folder`: its default, or the one of the last source that has
    it."""
    values = {name: str(one.get("Default", "")) for name, one in _described(folder).items()}
    for source in sources:
        values |= {name: value for name, value in source.items() if name in values}
    return values


def check(folder: Path, values: Mapping[str, str], region: str) -> None:
    """Whether a stack in the region can have these values, all of them. Raises WrongParameters."""
    described = _described(folder)
    problems = [
        f"{variable} must be {words}, not {values[name]!r}"
        for variable, name in PARAMETERS.items()
        if (words := _wanted(described[name], values[name]))
    ]
    problems = problems or list(_together(values, region))
    if problems:
        raise WrongParameters("\n".join(problems))


def _described(folder: Path) -> dict[str, dict[str, Any]]:
    template = json.loads((folder / "resources.json").read_text(encoding="utf-8"))
    parameters: dict[str, dict[str, Any]] = template["Parameters"]
    return parameters


def _wanted(parameter: Mapping[str, Any], value: str) -> str | None:
    """What the parameter takes, in words, if it does not take this value."""
    if allowed := parameter.get("AllowedValues"):
        return None if value in allowed else " or ".join(allowed)
    if parameter["Type"] == "Number":
        least, most = parameter["MinValue"], parameter.get("MaxValue")
        is_number = value.isascii() and value.isdigit()
        if is_number and least <= int(value) and (most is None or int(value) <= most):
            return None
        return (
            f"a whole number of at least {least}"
            if most is None
            else f"a whole number from {least} to {most}"
        )
    if re.fullmatch(parameter.get("AllowedPattern", ".*"), value):
        return None
    return str(parameter["ConstraintDescription"])


def _together(values: Mapping[str, str], region: str) -> Iterator[str]:
    domain, certificate, has_cdn = values["Domain"], values["Certificate"], values["HasCdn"] == "yes"
    where = _OF_CLOUDFRONT if has_cdn else region
    if bool(domain) != bool(certificate):
        yield "DOMAIN and CERTIFICATE go together: a name, and the certificate for it"
    elif certificate.startswith("arn:") and certificate.split(":")[3] != where:
        yield f"CERTIFICATE must be in {where}, not in {certificate.split(':')[3]}"
    if 0 < int(values["ClientLimit"]) < 10:
        yield "CLIENT_LIMIT must be 0 or at least 10"
    if values["ClientLimit"] != "0" and has_cdn and region != _OF_CLOUDFRONT:
        yield f"CLIENT_LIMIT with CDN=yes works only where the stack is in {_OF_CLOUDFRONT}: set one of them"
    if values["Budget"] != "0" and not values["AlarmEmail"]:
        yield "BUDGET needs ALARM_EMAIL: AWS writes to that address"
