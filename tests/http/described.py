"""What the OpenAPI document tells of an answer, and whether the answer is so."""

from copy import deepcopy
from functools import cache
from typing import Any

import requests
from jsonschema import Draft202012Validator

from chalicelib.http.openapi.document import document

Json = dict[str, Any]


def operations() -> dict[tuple[str, str], Json]:
    """By method and path."""
    paths = document()["paths"].items()
    return {(method.upper(), path): told for path, methods in paths for method, told in methods.items()}


def answers(method: str, path: str) -> dict[str, Json]:
    """By status, with references followed."""
    shared = document()["components"]["responses"]
    told = operations()[method, path]["responses"].items()
    return {status: shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for status, one in told}


@cache
def closed() -> Json:
    """The document, but of no object there may be more than it tells."""
    api = deepcopy(document())
    for schema in api["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return api


def valid(schema: Json) -> Draft202012Validator:
    """A validator by a schema of the document."""
    whole = {**schema, "components": closed()["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)


def mismatch(answer: requests.Response, method: str, path: str) -> str | None:
    """What of the answer is not as told."""
    told = answers(method, path).get(str(answer.status_code))
    if told is None:
        return f"there is no {answer.status_code}"
    for name, header in told.get("headers", {}).items():
        if name not in answer.headers and header.get("required"):
            return f"{name} is missing"
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if "content" not in told:
        return f"there is a body: {media_type}" if answer.content else None
    if media_type not in told["content"]:
        return f"it is {media_type}"
    body = answer.json() if media_type.endswith("json") else answer.text
    found = [error.message for error in valid(told["content"][media_type]["schema"]).iter_errors(body)]
    return "; ".join(found) or None
