"""What decides how long a cold start takes: the first import of the API function, and the size of the package."""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.tables import Measurement, verdict
from deploy.package import ROOT, package

RUNS = 21
MOST_TIMES, MOST_MEGABYTES = 1.3, 20.0
BARE = """
import boto3
from chalice import Chalice
from pydantic import BaseModel
class Model(BaseModel):
    name: str
boto3.client("dynamodb", region_name="us-east-1")
"""
OURS = """
import os
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
import app
from chalicelib.bootstrap import dynamodb
dynamodb()
"""
_TIMED = """
import time
began = time.process_time()
{program}
print(time.process_time() - began)
"""
_HOW = f"""\
The processor time for importing `app` and making its DynamoDB client, as a multiple of the time for importing Chalice,
declaring a pydantic model with one field and making a DynamoDB client. Each runs {RUNS} times, in turns, in a fresh
interpreter with compiled modules; the ratio is that of the medians. The package is the zip file of `make package`."""


def measure() -> Measurement:
    ratio, size = import_ratio(), package_megabytes()
    rows = [
        ("first import, as a multiple", f"{ratio:.2f}", f"{MOST_TIMES}", verdict(ratio <= MOST_TIMES)),
        (
            "deployment package, MB zipped",
            f"{size:.1f}",
            f"{MOST_MEGABYTES:g}",
            verdict(size <= MOST_MEGABYTES),
        ),
    ]
    return Measurement("Cold start", _HOW, ("what", "measured", "budget", "within budget"), rows)


def import_ratio() -> float:
    ours, bare = [], []
    with TemporaryDirectory() as compiled:
        for run in range(RUNS + 1):
            seconds = _seconds(OURS, compiled), _seconds(BARE, compiled)
            if run:  # the first run compiles
                ours.append(seconds[0])
                bare.append(seconds[1])
    return median(ours) / median(bare)


def package_megabytes() -> float:
    with TemporaryDirectory() as folder:
        return package(Path(folder)).stat().st_size / 1e6


def _seconds(program: str, compiled: str) -> float:
    """The seconds of processor time that a program takes; `compiled` is the folder with the compiled modules."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(program=program)],
        cwd=ROOT,
        env=environment | {"PYTHONPYCACHEPREFIX": compiled},
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)
