"""The API as OpenAPI 3.1 tells it, made of the table of operations, the models of bodies and the types of results."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from chalicelib.http.openapi.glossary import FIELDS, PARAMETERS, PROBLEMS, status_of
from chalicelib.http.openapi.operations import (
    ALL,
    LINK,
    OPERATIONS,
    SIGNED,
    Operation,
    Problem,
    TextBody,
)
from chalicelib.services.ledger_pages import MOST
from chalicelib.version import VERSION

Json = dict[str, Any]

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Who in a Star Trek Fleet Command alliance has completed which milestone of an IMS event, and what the server has. "
    "Times are RFC 3339 in UTC, dates are game days. Problems are RFC 9457: programs go by `code`. "
    "After a 4xx nothing was changed; after a 5xx send the same again, it cannot count twice. "
    "HEAD is answered wherever GET is."
)


@cache
def document() -> Json:
    """The whole, wherever it is served: `servers` is beside it."""
    operations = [(group, one) for group, several in OPERATIONS.items() for one in several]
    types, schemas = _schemas([one for _, one in operations])
    responses: dict[str, Json] = {}
    paths: dict[str, Json] = {}
    for group, one in operations:
        answers = _successes(one, types) | _problems(one, responses)
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(group, one, types, answers)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Muster",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "tags": [{"name": group} for group in OPERATIONS],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A key."},
                "key": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "key",
                    "description": "A key, of CSV alone: a spreadsheet that imports it can send no headers.",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Signature-Ed25519",
                    "description": "Discord's, in hex: over the timestamp, followed by the body as it is sent.",
                },
                "timestamp": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Signature-Timestamp",
                    "description": "When it was signed, in seconds since 1970: not over five minutes ago.",
                },
            },
        },
    }


class _Schemas(GenerateJsonSchema):
    """What results hold is always there; a time of day is `HH:MM`, as `json_response` writes it."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as it is inherited
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "serialization" and field["type"] != "typed-dict-field":
            return True
        return super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if self.mode == "serialization" or schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:  # noqa: ARG002
        return {"type": "string", "pattern": r"^\d{2}:\d{2}$"}


def _schemas(operations: list[Operation]) -> tuple[dict[str, Json], dict[str, Json]]:
    """By operation's id, its body (`ID body`) and its answer; and what these refer to, by name."""
    typed = [(f"{one.id} body", "validation", one.body) for one in operations]
    typed += [(one.id, "serialization", one.answer) for one in operations]
    typed.append(("problem", "serialization", Problem))
    adapters: list[Any] = [
        (name, mode, TypeAdapter(kind))
        for name, mode, kind in typed
        if kind is not None and not isinstance(kind, TextBody)
    ]
    found, rest = TypeAdapter.json_schemas(adapters, ref_template=_REF, schema_generator=_Schemas)
    schemas: dict[str, Json] = _well_named(rest["$defs"])
    for name, schema in schemas.items():
        schema.pop("description", None)  # it is for who reads the code
        schema.pop("title", None)
        for field, inner in schema.get("properties", {}).items():
            inner["description"] = _words(name, field)
    schemas["Event"]["required"].remove("id")  # it is in the address
    return {name: _well_named(schema) for (name, _), schema in found.items()}, schemas


def _well_named(part: Any) -> Any:
    """Of a class that is sent and answered: `Tier-Input` is `Tier`, the definition, and `Tier-Output` `TierDetails`."""
    if isinstance(part, dict):
        return {_well_named(name): _well_named(one) for name, one in part.items()}
    if isinstance(part, list):
        return [_well_named(one) for one in part]
    return re.sub("-Output$", "Details", part.removesuffix("-Input")) if isinstance(part, str) else part


def _words(schema: str, field: str) -> str:
    return FIELDS.get(f"{schema}.{field}") or FIELDS[field]


def _operation(group: str, one: Operation, types: dict[str, Json], answers: dict[str, Json]) -> Json:
    told: Json = {"operationId": one.id, "tags": [group], "summary": one.summary}
    if one.detail:
        told["description"] = one.detail
    if one.who == SIGNED:
        told["security"] = [{"signature": [], "timestamp": []}]
    elif one.who not in (ALL, LINK):
        told["x-roles"] = list(one.roles)
        told["security"] = [{"bearer": []}, {"key": []}] if _is_csv(one) else [{"bearer": []}]
    if parameters := list(_parameters(one)):
        told["parameters"] = parameters
    if one.body is not None:
        told["requestBody"] = {
            "required": not _may_be_empty(one),
            "content": _body(one, types),
        }
    return {**told, "responses": answers}


def _parameters(one: Operation) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", one.path):
        words, example = PARAMETERS[name]
        parameter = {"name": name, "in": "path", "required": True, "description": words}
        yield {**parameter, "schema": {"type": "string", "minLength": 1}, "example": example}
    if isinstance(one.query, type):
        model = one.query.model_json_schema(schema_generator=_Schemas)
        for name, schema in model.get("properties", {}).items():
            required = name in model.get("required", ())
            parameter = {"name": name, "in": "query", "required": required}
            yield {**parameter, "description": _of_query(one.query, name), "schema": _given(name, schema)}
    else:
        for name in one.query:
            words = _words("ReportUndo" if "at" in one.query else "ReportForm", name)
            text: Json = {"type": "string"}
            schema = {"type": "array", "items": text} if name in ("milestone", "again") else text
            yield {"name": name, "in": "query", "description": words, "schema": schema}
    if _has_etag(one):
        words = "The `ETag` of the answer that the caller has"
        yield {"name": "If-None-Match", "in": "header", "description": words, "schema": {"type": "string"}}


def _of_query(model: type, field: str) -> str:
    own = (FIELDS.get(f"{ancestor.__name__}.{field}") for ancestor in model.__mro__)
    return next(filter(None, own), FIELDS[field])


def _given(name: str, schema: Json) -> Json:
    """As a parameter: it is there or not, but never null."""
    if name == "limit":  # a text up to where it is looked at, so that all that is wrong reads alike
        return {"type": "integer", "minimum": 1, "maximum": MOST}
    return next((one for one in schema.get("anyOf", ()) if one != {"type": "null"}), schema)


def _body(one: Operation, types: dict[str, Json]) -> Json:
    if isinstance(one.body, TextBody):
        return _text(one.body)
    schema = types[f"{one.id} body"]
    if _may_be_empty(one):
        schema = {"anyOf": [schema, {"type": "null"}]}
    return {_FORM if one.who == LINK else _JSON: {"schema": schema, "example": one.example}}


def _successes(one: Operation, types: dict[str, Json]) -> dict[str, Json]:
    if one.answer is None:
        return {"303": _ELSEWHERE} if _is_page(one) else {"204": {"description": "Done"}}
    shown = {"example": one.shows} if one.shows else {}
    is_text = isinstance(one.answer, TextBody)
    content = _text(one.answer) if is_text else {_JSON: {"schema": types[one.id], **shown}}
    if _has_etag(one):
        told = {
            "description": "Done",
            "content": content,
            "headers": {"ETag": {"schema": {"type": "string"}}},
        }
        return {"200": told, "304": {"description": "The caller has it already"}}
    words = {"200": "Done", "201": "Made"}
    statuses = {"": ["200"], "also": ["200", "201"], "only": ["201"]}[one.created]
    return {status: {"description": words[status], "content": content} for status in statuses}


_ELSEWHERE: Json = {
    "description": "To another page",
    "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri-reference"}}},
}


def _problems(one: Operation, responses: dict[str, Json]) -> dict[str, Json]:
    """The answers by status, as references to what is put into `responses`."""
    refused: dict[int, list[str]] = {}
    for code in PROBLEMS:
        if code in _codes(one):
            refused.setdefault(status_of(code), []).append(code)
    is_page = _is_page(one)
    answers = {}
    for status, codes in sorted(refused.items()):
        name = ".".join(["page" if is_page else "problem", *codes])
        responses.setdefault(name, _problem(status, codes, is_page=is_page))
        answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return answers


def _codes(one: Operation) -> set[str]:
    codes = {*one.refuses.split(), "internal"}
    if one.path.startswith(("/v1/", "/f/", "/servers/")):
        codes |= {"busy", "unreadable"}
    if one.who == SIGNED:
        codes.add("bad-signature")
    elif one.who != ALL:
        codes |= {"invalid-key", "out-of-scope"} | ({"no-key"} if one.who != LINK else set())
    if one.body is not None:
        codes |= {"too-large", "unsupported-media-type", "malformed"}
    return codes | ({"malformed"} if one.query else set())


def _problem(status: int, codes: list[str], *, is_page: bool) -> Json:
    told: Json = {"description": "; ".join(f"`{code}`: {PROBLEMS[code][1]}" for code in codes)}
    if status in _HEADERS:
        name, schema = _HEADERS[status]
        told["headers"] = {name: {"required": True, "schema": schema}}
    own = {"status": {"const": status}, "code": {"enum": codes}}
    schema = {"$ref": _REF.format(model="Problem"), "properties": own}
    in_html = _text(TextBody("text/html")) if is_page else {}
    told["content"] = {**in_html, "application/problem+json": {"schema": schema}}
    return told


_HEADERS: dict[int, tuple[str, Json]] = {
    401: ("WWW-Authenticate", {"const": "Bearer"}),
    503: ("Retry-After", {"type": "integer", "minimum": 0}),
}


def _text(text: TextBody) -> Json:
    example = {"example": text.example} if text.example else {}
    return {text.media_type: {"schema": {"type": "string"}, **example}}


def _may_be_empty(one: Operation) -> bool:
    return getattr(one.body, "may_be_empty", False)


def _is_page(one: Operation) -> bool:
    return not one.path.startswith(("/v1/", "/discord/", "/health", "/openapi"))


def _has_etag(one: Operation) -> bool:
    return one.has_etag or _is_csv(one)


def _is_csv(one: Operation) -> bool:
    return one.path.endswith(".csv")
