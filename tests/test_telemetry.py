"""What operators see of a Lambda function: in a process of its own, which believes that it is one."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.world import HIDDEN_MOTIVATIONS

SCRIPT = """
import json, logging
from chalice.app import Chalice
from chalicelib import bootstrap
from tests.world import new_world, HIDDEN_MOTIVATIONS
import app
from chalice.test import Client

with new_world() as world:
    bootstrap.use(world.muster)
    secret = world.secret()
    with Client(app.app) as client:
        body = json.dumps({"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        for _ in range(2):
            client.http.post("/v1/completions", headers=headers, body=body)
        answer = client.http.post("/v1/completions", headers=headers, body="{}")
        logging.getLogger("chalicelib.services.refresh").error("drift corrected: %s", {"server": "101"})
        client.lambda_.invoke("refresh_totals", client.events.generate_cw_event("", "", {}, ""))
    print("ANSWER", json.dumps([answer.json_body, secret]))
"""


def lines_of_a_function() -> tuple[list[dict[str, Any]], dict[str, Any], str, str]:
    """What it writes: the JSON lines, a problem that it answered, the member's secret, and all of it."""
    settings = {"AWS_LAMBDA_FUNCTION_NAME": "muster", "POWERTOOLS_SERVICE_NAME": "muster-test"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    written = done.stdout.splitlines()
    problem, secret = json.loads(
        next(line for line in written if line.startswith("ANSWER")).removeprefix("ANSWER")
    )
    lines = [json.loads(line) for line in written if line.startswith("{")]
    told = "\n".join(line for line in written if not line.startswith("ANSWER")) + done.stderr
    return lines, problem, secret, told


def test_metrics_and_logs_tell_what_happened_and_no_name_or_key() -> None:
    lines, problem, secret, told = lines_of_a_function()
    metrics = [line for line in lines if "_aws" in line]
    names = [line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] for line in metrics]
    assert names == ["Reports", "Duplicates", "Rejections", "Drift"]
    assert {line["service"] for line in metrics} == {"muster-test"}
    assert {line["_aws"]["CloudWatchMetrics"][0]["Namespace"] for line in metrics} == {"Muster"}
    assert metrics[2]["code"] == problem["code"] == "malformed"
    (drift,) = (line for line in lines if str(line.get("message", "")).startswith("drift corrected"))
    assert drift["level"] == "ERROR"
    assert drift["request_id"] == problem["request_id"]
    assert "Kestrel" not in told
    assert secret not in told
    assert HIDDEN_MOTIVATIONS not in told
