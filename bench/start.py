"""How long a member waits for a new process: the packages as they are shipped, from nothing to the first answer.

`python -m bench.start COMMIT` measures the package of that commit in the same turns.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from bench.tables import Budget, Measurement, verdict
from chalicelib.bootstrap import assemble, dynamodb_table
from chalicelib.domain.access import Key, key_id, secret_hash
from chalicelib.domain.events import Event
from chalicelib.domain.roster import Alliance, Server
from chalicelib.settings import Settings
from deploy.package import HERE, ROOT, pack, package
from local.dynamodb import REGION, table_definition
from local.strict_dynamodb import StrictDynamoDB

RUNS = 21
MOST_TIMES, MOST_MEGABYTES = 1.3, 20.0
PEER = Path(__file__).parent / "peers" / "bare_model"
TABLE, SERVER, ALLIANCES, MEMBERS = "muster-bench", "101", 90, "alliance-00"
SECRET = "a-members-link-of-the-bench"
ADMIN = Key("bench", "admin", "bench")
_PEER_NEEDS = ("annotated-types", "pydantic", "pydantic-core", "typing-extensions", "typing-inspection")
_OF_THE_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
_PROGRAM = """
import json, sys, time
sys.path = [{unpacked!r}, *sys.path, {runtime!r}]
event = json.loads(sys.stdin.read())
began = time.process_time()
import app
answer = app.app(event, None)
seconds = time.process_time() - began
assert answer["statusCode"] == 200, answer
print(json.dumps(seconds))
"""
_HOW = f"""\
The processor time from the import of `app` to the answer to the first report, as a multiple of the time of
`bench/peers/bare_model`: one Chalice route that checks its body with a pydantic model and stores it with one call of
boto3's client. `deploy/package.py` packs both, with bytecode. They are unpacked into folders that can't be written, and
boto3 and what it needs lie beside them, compiled, as in Lambda's runtime. DynamoDB is the strict stand-in in another
process, over HTTP: without TLS, which would cost both the same. Muster reports five milestones of each of two events
for a commander on the roster, on a server of {ALLIANCES} alliances that have all reported: the key, the definitions,
the standing and the commander are read, and the metrics are written. Each run is a fresh interpreter; there are {RUNS}
runs, in turns. What the Lambda service does before that (fetching the zip, starting the sandbox) is not in it."""


@dataclass(frozen=True, slots=True)
class Package:
    """An archive as it is shipped, unpacked for reading only. `seconds`: what each start took."""

    archive: Path
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        with ZipFile(self.archive) as packed:
            packed.extractall(self._folder)
        for path in [self._folder, *self._folder.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)

    @property
    def _folder(self) -> Path:
        return self.archive.parent / "unpacked"

    def start(self, runtime: Path, event: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Measures the processor time until a fresh process has answered."""
        program = _PROGRAM.format(unpacked=str(self._folder), runtime=str(runtime))
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", program],  # -B, since root can write anywhere
            input=json.dumps(event),
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.seconds.append(float(done.stdout.splitlines()[-1]))

    def require_unwritten(self) -> None:
        """Raises AssertionError if a start has written into its folder."""
        there = {
            path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()
        }
        with ZipFile(self.archive) as packed:
            assert there == set(packed.namelist())

    def times(self, bare: "Package") -> tuple[float, float]:
        """Its time as a multiple of that of `bare`: by the medians, and by the least."""
        return median(self.seconds) / median(bare.seconds), min(self.seconds) / min(bare.seconds)


def measure(before: str | None = None) -> Measurement:
    """With the package of another commit, `before`, in the same turns, if there is one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        bare, ours = (
            Package(_packed_peer(folder / "bare")),
            Package(package(folder / "ours", architecture=HERE)),
        )
        others = [Package(_packed_at(before, folder / "before"))] if before else []
        _start_in_turns([bare, ours, *others], folder)
        is_same = package(folder / "again", architecture=HERE).read_bytes() == ours.archive.read_bytes()
        megabytes = ours.archive.stat().st_size / 1e6
    in_time, fits = ours.times(bare)[0] <= MOST_TIMES, megabytes <= MOST_MEGABYTES
    first = "first report answered, from the zip as shipped"
    rows = [
        (first, *(f"{times:.2f}" for times in ours.times(bare)), f"{MOST_TIMES}", verdict(in_time)),
        *(
            (f"{first}, at {before}", *(f"{times:.2f}" for times in other.times(bare)), "", "")
            for other in others
        ),
        ("zip, MB", f"{megabytes:.1f}", "", f"{MOST_MEGABYTES:g}", verdict(fits)),
        ("zip, made twice", "the same" if is_same else "differs", "", "the same bytes", verdict(is_same)),
    ]
    budgets = [
        Budget(first, f"≤ {MOST_TIMES} × bare Chalice", f"{ours.times(bare)[0]:.2f} ×", in_time),
        Budget("the zip, with bytecode", f"≤ {MOST_MEGABYTES:g} MB", f"{megabytes:.1f} MB", fits),
        Budget("the zip, made twice", "the same bytes", "the same" if is_same else "differs", is_same),
    ]
    columns = "what", "median", "least", "budget", "within budget"
    return Measurement("Cold start", _HOW, columns, rows, budgets)


def _start_in_turns(packages: Sequence[Package], folder: Path) -> None:
    runtime = folder / "runtime"
    runtime.mkdir()
    for name in _OF_THE_RUNTIME:
        (runtime / name).symlink_to(Path(str(distribution("boto3").locate_file(name))))
    dynamodb = StrictDynamoDB()
    try:
        _fill(dynamodb, commanders := [f"Member{number:03}" for number in range(RUNS * len(packages))])
        environment = {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.url,
            "AWS_LAMBDA_FUNCTION_NAME": "muster-bench",
            "TABLE_NAME": TABLE,
        }
        for number, commander in enumerate(commanders):
            packages[number % len(packages)].start(runtime, _report(commander), environment)
    finally:
        dynamodb.stop()
    for one in packages:
        one.require_unwritten()


def _fill(dynamodb: StrictDynamoDB, commanders: Sequence[str]) -> None:
    """Two events that are on now, a server where one of each alliance has reported everything, and `commanders`."""
    client = dynamodb.client()
    client.create_table(TableName=TABLE, **table_definition())
    muster = assemble(Settings(TABLE), dynamodb_table(TABLE, client))
    definitions = muster.stores.definitions
    for event in _events():
        definitions.put_event(event)
    definitions.put_server(Server(SERVER))
    for number in range(ALLIANCES):
        identity, tag = f"alliance-{number:02}", f"A{number:02}"
        definitions.put_alliance(Alliance(SERVER, identity, tag, f"Alliance {number:02}"))
        muster.reporting.report(ADMIN, f"Commander{number:02}", _everything(), SERVER, identity, is_new=True)
    for commander in commanders:
        muster.rosters.add(ADMIN, SERVER, MEMBERS, commander, is_new=True)
    key = Key(key_id(secret_hash(SECRET)), "member", "bench", SERVER, MEMBERS, muster.clock())
    muster.stores.access_keys.put(SECRET, key)


def _events() -> list[Event]:
    today = datetime.now(UTC).date()
    days = {"first_day": today - timedelta(days=1), "last_day": today + timedelta(days=1)}
    milestones = [{"id": f"milestone-{n}", "name": f"Milestone {n}", **days} for n in range(5)]
    return [
        Event.model_validate({"id": name, "name": name.title(), **days, "milestones": milestones})
        for name in ("one", "two")
    ]


def _everything() -> list[str]:
    return [event.global_id(milestone) for event in _events() for milestone in event.milestones]


def _report(commander: str) -> dict[str, Any]:
    """As API Gateway sends it."""
    path = "/v1/completions"
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"resourcePath": path, "httpMethod": "POST", "path": f"/api{path}", "stage": "api"},
        "body": json.dumps({"commander": commander, "milestones": _everything()}),
        "isBase64Encoded": False,
    }


def _packed_peer(folder: Path) -> Path:
    """With the versions that we have pinned."""
    project = folder / "project"
    (project / ".chalice").mkdir(parents=True)
    config = {"version": "2.0", "app_name": "bare", "stages": {"dev": {}}}
    (project / ".chalice" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.copy(PEER / "app.py", project)
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    needed = "".join(line for line in pinned if line.partition("==")[0] in _PEER_NEEDS)
    (project / "requirements.txt").write_text(needed, encoding="utf-8")
    return pack(project, folder)


def _packed_at(commit: str, folder: Path) -> Path:
    """As that commit packs it itself."""
    tree = folder / "tree"
    _run("git", "worktree", "add", "--detach", str(tree), commit, cwd=ROOT)
    try:
        _run(sys.executable, "-m", "deploy", "package", str(folder), cwd=tree)
    finally:
        _run("git", "worktree", "remove", "--force", str(tree), cwd=ROOT)
    return folder / "deployment.zip"


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    print(measure(*sys.argv[1:2]).markdown())
