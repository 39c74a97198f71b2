"""What operators see of a Lambda function: in a process of its own, which believes that it is one."""

import json
import os
import subprocess
import sys
from typing import get_args

from chalicelib.telemetry import Metric
from tests.world import HIDDEN_MOTIVATIONS

METRICS, NOTED = set(get_args(Metric)), ["Reports", "Duplicates", "Rejections", "Drift"]

SCRIPT = """
import json, logging, os
from threading import Thread
from chalice.app import Chalice
from chalicelib import bootstrap
from chalicelib.services.refresh import Refreshed
from chalicelib.telemetry import RunFailed
from tests.world import new_world, HIDDEN_MOTIVATIONS
import app
from chalice.test import Client

class Finding:
    def refresh_totals(self, remaining):
        error = logging.getLogger("chalicelib.services.counting").error
        thread = Thread(target=error, args=("drift corrected: %s", {"server": "101"}))
        thread.start()
        thread.join()
        return Refreshed(1, (object(),))

with new_world() as world:
    bootstrap.use(world.muster)
    secret = world.secret()
    with Client(app.app) as client:
        body = json.dumps({"commander": "Kestrel", "milestones": [HIDDEN_MOTIVATIONS]})
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        for _ in range(2):
            client.http.post("/v1/completions", headers=headers, body=body)
        answer = client.http.post("/v1/completions", headers=headers, body="{}")
        run = ("refresh_totals", client.events.generate_cw_event("", "", {}, ""))
        client.lambda_.invoke(*run)
        os.environ["METRICS"] = "all"
        vars(world.muster)["refresh"] = Finding()
        try:
            client.lambda_.invoke(*run)
        except RunFailed as failed:
            ended = str(failed)
    print("ANSWER", json.dumps([answer.json_body, secret, ended]))
"""


def test_the_log_tells_what_happened_and_no_name_or_key() -> None:
    """CloudWatch makes metrics of it only if it is asked to. A run that has logged an error ends in one."""
    settings = {"AWS_LAMBDA_FUNCTION_NAME": "muster", "POWERTOOLS_SERVICE_NAME": "muster-test"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    told, _, answer = done.stdout.partition("ANSWER")
    problem, secret, ended = json.loads(answer)
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    numbers = [line for line in lines if METRICS & line.keys()]
    assert [(METRICS & line.keys()).pop() for line in numbers] == [*NOTED, "Drift"]
    assert [line.pop("request_id") for line in numbers][2] == problem["request_id"]
    assert {line["service"] for line in numbers} == {"muster-test"}
    assert numbers[:4] == [
        {"service": "muster-test", **values}
        for values in (
            {"Reports": 1},
            {"Duplicates": 1},
            {"Rejections": 1, "code": "malformed"},
            {"Drift": 0},
        )
    ]
    (metric,) = numbers[4]["_aws"]["CloudWatchMetrics"]
    assert metric == {
        "Namespace": "Muster",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "Drift", "Unit": "Count"}],
    }
    (drift,) = (line for line in lines if str(line.get("message", "")).startswith("drift corrected"))
    assert drift["level"] == "ERROR"
    assert ended == "errors were logged: 1; the first: drift corrected: {'server': '101'}"
    for hidden in ("Kestrel", secret, HIDDEN_MOTIVATIONS):
        assert hidden not in told + done.stderr
