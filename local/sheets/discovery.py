"""Google's discovery document of Sheets v4: its methods, their parameters, and its schemas."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from .errors import Json, bad_request

DOCUMENT = Path(__file__).parent / "documents" / "sheets.v4.json"
READS = {"get", "batchGet", "batchGetByDataFilter", "getByDataFilter", "search"}
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@cache
def document() -> Json:
    """A copy of the discovery document in google-api-python-client, which is 110 MB. A test compares the two."""
    content: Json = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return content


def properties(schema: str) -> dict[str, Json]:
    """The fields of a schema by name."""
    found: dict[str, Json] = document()["schemas"][schema].get("properties", {})
    return found


def referred(field: Json) -> str | None:
    """The schema that a field holds, alone, in a list or in a map; None if it holds no message."""
    while field.get("type") == "array":
        field = field["items"]
    found: str | None = field.get("$ref") or field.get("additionalProperties", {}).get("$ref")
    return found


@dataclass(frozen=True)
class Method:
    """One method of the API, such as `spreadsheets.values.get`."""

    name: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Json
    request: str | None
    response: str

    @property
    def kind(self) -> Literal["read", "write"]:
        return "read" if self.name.rpartition(".")[2] in READS else "write"


@cache
def methods() -> tuple[Method, ...]:
    return tuple(_methods(document()["resources"], ""))


def _methods(resources: Json, prefix: str) -> Iterator[Method]:
    for name, resource in resources.items():
        for verb, method in resource.get("methods", {}).items():
            literals = re.split(r"(\{\w+\})", "/" + method["flatPath"])
            pattern = "".join(
                f"(?P<{s[1:-1]}>[^/]+)" if s.startswith("{") else re.escape(s) for s in literals
            )
            yield Method(
                f"{prefix}{name}.{verb}",
                method["httpMethod"],
                re.compile(pattern),
                {key: spec for key, spec in method["parameters"].items() if spec["location"] == "query"},
                method.get("request", {}).get("$ref"),
                method["response"]["$ref"],
            )
        yield from _methods(resource.get("resources", {}), f"{prefix}{name}.")


def route(verb: str, raw_path: str) -> tuple[Method, dict[str, str]] | None:
    """The method that a request line (path still percent-encoded) calls, and its path parameters."""
    for method in methods():
        if method.verb == verb and (match := method.pattern.fullmatch(raw_path)):
            return method, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def query_parameters(method: Method, pairs: list[tuple[str, str]]) -> Json:
    """The typed query parameters of a call; unknown names and bad values are refused as Google does."""
    known = document()["parameters"] | method.parameters
    found: Json = {}
    violations = []
    for name, text in pairs:
        spec = known.get(name)
        value: Any = BOOLEANS.get(text.lower()) if spec and spec["type"] == "boolean" else text
        if spec is None:
            unknown = f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
            violations.append(("", f"{unknown}Field '{name}' could not be found in request message."))
        elif value is None or ("enum" in spec and value not in spec["enum"]):
            where = snake(name)
            violations.append(
                (where, f"Invalid value at '{where}' ({type_name('', name, spec)}), \"{text}\"")
            )
        elif spec.get("repeated"):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    if violations:
        raise bad_request(violations)
    return found


def snake(name: str) -> str:
    """`updateCells` as Google's error messages write it: `update_cells`."""
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def type_name(owner: str, name: str, field: Json) -> str:
    """The type of a field as Google's error messages write it."""
    enum = f"{owner}.{name[:1].upper()}{name[1:]}".lstrip(".") if "enum" in field else None
    if kind := field.get("$ref") or enum:
        return f"type.googleapis.com/google.apps.sheets.v4.{kind}"
    plain = {"boolean": "BOOL", "google-fieldmask": "STRING", "number": "DOUBLE"}
    shown = field.get("format") or field["type"]
    return f"TYPE_{plain.get(shown, shown.upper())}"
