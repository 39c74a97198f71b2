"""What the OpenAPI document allows, and what it does not, sent to the real app: every answer is as it is told there."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chalicelib.http.problems import STATUS
from tests.http.described import closed
from tests.http.every_route import Stage, staged
from tests.world import CONFRONTING_RESILIENCE, DEFENDERS, HIDDEN_MOTIVATIONS

API = schemathesis.openapi.from_dict(closed())
API.config.seed = 20231115
API.config.checks.negative_data_rejection.expected_statuses = [*map(str, STATUS.values()), "405", "415"]
API.config.generation.allow_extra_parameters = False  # which do not matter
API.config.generation.with_security_parameters = False

PRINCIPALS = "admin", "officer of the server", "officer", "member"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@API.parametrize()
@settings(
    max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_as_told(case: Case[Any], stage: Stage) -> None:
    choose = Random(repr((case.path_parameters, case.query, case.body)))
    stage.principal = choose.choice(PRINCIPALS)
    make_real(case, stage, choose)
    response = case.call(
        stage.site.url, headers={"Authorization": f"Bearer {stage.secret}"}, allow_redirects=False
    )
    case.validate_response(
        response,
        [
            *(not_a_server_error, status_code_conformance, content_type_conformance),
            *(response_headers_conformance, response_schema_conformance, refusals_name_a_field),
            *([] if case.media_type == "text/csv" else [negative_data_rejection]),  # all text may be CSV
        ],
    )


def refusals_name_a_field(_: CheckContext, response: Response, case: Case[Any]) -> None:
    if response.status_code == 422 and case.path.startswith("/v1/"):
        errors = response.json()["errors"]
        assert errors
        assert all(one["field"] and one["message"] for one in errors)


def make_real(case: Case[Any], stage: Stage, choose: Random) -> None:
    """Mostly names what there is: what is made up is seldom known."""
    known: dict[str, Any] = {
        "server": "101",
        "alliance": choose.choice(["nova", "orbit"]),
        "event": DEFENDERS,
        "key": stage.secrets["member"],
        "key_id": stage.site.world.key("reader").id,
        "spreadsheet_id": "sheet",
        "commander": stage.commanders["101", "nova"],
    }
    said = {**known, "commander": "Kestrel", "milestone": HIDDEN_MOTIVATIONS}
    if case.path == "/v1/completions":
        said["milestones"] = CONFRONTING_RESILIENCE
    parts = [(case.path_parameters, known, 0.9), (case.query, said, 0.7), (case.body, said, 0.7)]
    places = ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.BODY
    for place, (part, real, often) in zip(places, parts, strict=True):
        if isinstance(part, dict) and not (case.meta and case.meta.is_negative_at(place)):
            for name, made_up in part.items():
                if name in real and choose.random() < often:
                    part[name] = [real[name]] if isinstance(made_up, list) else real[name]
