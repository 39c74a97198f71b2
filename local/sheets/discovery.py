"""Google's discovery documents of Sheets v4 and Drive v3: their methods, parameters and schemas."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from .errors import Json, bad_request

DOCUMENTS = Path(__file__).parent / "documents"
READS = {"get", "batchGet", "batchGetByDataFilter", "getByDataFilter", "search"}
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


Api = Literal["sheets", "drive"]
APIS: dict[Api, str] = {"sheets": "sheets.v4.json", "drive": "drive.v3.json"}


@cache
def document(api: Api) -> Json:
    """A copy of a discovery document in google-api-python-client, which is 110 MB. A test compares them."""
    content: Json = json.loads((DOCUMENTS / APIS[api]).read_text(encoding="utf-8"))
    return content


@cache
def schemas() -> dict[str, Json]:
    """The schemas of both, which have no names in common. One that is written inside another gets a name of its own."""
    found: dict[str, Json] = {}
    for api in APIS:
        for name, schema in document(api)["schemas"].items():
            _name(name, schema, found)
    return found


def _name(name: str, schema: Json, found: dict[str, Json]) -> None:
    fields = dict(schema.get("properties", {}))
    for key, field in fields.items():
        inner = field.get("items", field)
        if "properties" in inner:
            _name(f"{name}.{key}", inner, found)
            reference = {"$ref": f"{name}.{key}"}
            fields[key] = {"type": "array", "items": reference} if "items" in field else reference
    found[name] = schema | {"properties": fields}


def properties(schema: str) -> dict[str, Json]:
    """The fields of a schema by name."""
    found: dict[str, Json] = schemas()[schema].get("properties", {})
    return found


def referred(field: Json) -> str | None:
    """The schema that a field holds, alone, in a list or in a map; None if it holds no message."""
    while field.get("type") == "array":
        field = field["items"]
    found: str | None = field.get("$ref") or field.get("additionalProperties", {}).get("$ref")
    return found


@dataclass(frozen=True)
class Method:
    """One method of an API, such as `spreadsheets.values.get` or `changes.list`."""

    api: Api
    name: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Json
    request: str | None
    response: str | None

    @property
    def kind(self) -> Literal["read", "write"]:
        return "read" if self.verb == "GET" or self.name.rpartition(".")[2] in READS else "write"


@cache
def methods() -> tuple[Method, ...]:
    return tuple(method for api in APIS for method in _methods(api, document(api)["resources"], ""))


def _methods(api: Api, resources: Json, prefix: str) -> Iterator[Method]:
    root = "/" + document(api)["servicePath"]
    for name, resource in resources.items():
        for verb, method in resource.get("methods", {}).items():
            literals = re.split(r"(\{\w+\})", root + method["flatPath"])
            pattern = "".join(
                f"(?P<{s[1:-1]}>[^/]+)" if s.startswith("{") else re.escape(s) for s in literals
            )
            yield Method(
                api,
                f"{prefix}{name}.{verb}",
                method["httpMethod"],
                re.compile(pattern),
                {k: spec for k, spec in method.get("parameters", {}).items() if spec["location"] == "query"},
                method.get("request", {}).get("$ref"),
                method.get("response", {}).get("$ref"),
            )
        yield from _methods(api, resource.get("resources", {}), f"{prefix}{name}.")


def route(verb: str, raw_path: str) -> tuple[Method, dict[str, str]] | None:
    """The method that a request line (path still percent-encoded) calls, and its path parameters."""
    for method in methods():
        if method.verb == verb and (match := method.pattern.fullmatch(raw_path)):
            return method, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def query_parameters(method: Method, pairs: list[tuple[str, str]]) -> Json:
    """The typed query parameters of a call; unknown names and bad values are refused as Google does."""
    known = document(method.api)["parameters"] | method.parameters
    found: Json = {}
    violations = []
    for name, text in pairs:
        spec = known.get(name)
        value = _typed(spec, text) if spec else text
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
    for name, spec in method.parameters.items():
        if spec.get("required") and name not in found:
            violations.append((name, f"Required parameter: {name}"))
    if violations:
        raise bad_request(violations)
    return found


def _typed(spec: Json, text: str) -> Any:
    """The value of a parameter; None if the text is none."""
    if spec["type"] == "boolean":
        return BOOLEANS.get(text.lower())
    if spec["type"] == "integer":
        low, high = int(spec.get("minimum", -(2**31))), int(spec.get("maximum", 2**31 - 1))
        return int(text) if re.fullmatch(r"-?\d{1,9}", text) and low <= int(text) <= high else None
    return text


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
