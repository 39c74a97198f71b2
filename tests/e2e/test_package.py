"""What ships is what was tested: the package, unpacked, in a clean interpreter with nothing beside it but boto3."""

import json
import marshal
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import distribution
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.events import Event
from deploy.archive import UNPACKED
from deploy.package import HERE, PARTS, ROOT, PackagingFailed, pack, package
from local.dynamodb import REGION
from local.sheets import SheetsServer
from tests.discord import GUILD, PATH, PUBLIC_KEY, signature
from tests.stores import TABLE_NAME
from tests.world import World, new_world

LIMIT_BYTES = 20_000_000
"""The budget of DESIGN §10, zipped, with bytecode."""
NOT_FOR_A_REPORT = {
    *("boto3", "gspread", "google", "icalendar", "jinja2", "requests", "s3transfer"),
    *("sheets_sync", "chalicelib.catalog", "chalicelib.http.openapi", "chalicelib.domain.importing"),
    *(f"chalicelib.http.{name}" for name in ("admin", "csv_responses", "officer_inputs", "officers")),
    *(
        f"chalicelib.domain.{name}"
        for name in ("accounts", "binding", "bulk", "csv_tables", "due", "sheet_view")
    ),
    *(f"chalicelib.store.{name}" for name in ("bulks", "readings", "sheets", "transfer")),
    *(
        f"chalicelib.services.{name}"
        for name in ("administration", "bindings", "bulk_corrections", "counting")
    ),
    *(f"chalicelib.services.{name}" for name in ("exports", "imports", "keys", "ledger_pages", "migrating")),
    *(
        f"chalicelib.services.{name}"
        for name in ("readings", "refresh", "sheet_queue", "sheet_views", "surveys")
    ),
}
"""What a member who waits for a new process does not wait for."""
FOR_DISCORD = {
    *("cryptography", "chalicelib.news", "chalicelib.http.discord", "chalicelib.http.signed"),
    *("chalicelib.services.discord", "chalicelib.services.guild_bindings", "chalicelib.store.guilds"),
}
"""What commands on Discord need, and nothing else."""
UNCHECKED = (1).to_bytes(4, "little")
"""The flags of bytecode that is used without a look at its source (PEP 552)."""

CLEAN_RUN = """
import json, sys
sys.path = [{unpacked!r}, *sys.path, *{runtime!r}]
compiled = []
sys.addaudithook(lambda event, given: compiled.append(str(given[1])) if event == "compile" else None)
import app
call = json.loads(sys.stdin.read())
answer = getattr(app, call["function"])(call["event"], None)
assert not [path for path in compiled if path.startswith({unpacked!r}) and path.endswith(".py")], compiled
print(json.dumps({{"answer": answer, "modules": list(sys.modules)}}))
"""


@pytest.fixture(scope="module")
def unpacked(packaged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(packaged / "deployment.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Lambda runtime's own libraries: boto3 and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in ("boto3", "botocore", "s3transfer", "jmespath"):
        source = Path(str(distribution(name).locate_file(name)))
        (folder / name).symlink_to(source)
    return folder


@pytest.fixture(scope="module", params=["dynamodb", "sqlite"])
def deployed(request: pytest.FixtureRequest) -> Iterator[tuple[World, SheetsServer, str, Event]]:
    """A world whose event is on now, since the packaged function reads the real clock."""
    today = datetime.now(UTC).date()
    days = {"first_day": today - timedelta(days=1), "last_day": today + timedelta(days=1)}
    milestone = {"id": "only", "name": "Only", **days}
    event = Event.model_validate({"id": "trial", "name": "Trial", **days, "milestones": [milestone]})
    with new_world(request.param) as world, SheetsServer() as sheets:
        world.muster.stores.definitions.put_event(event)
        identity = sheets.create_spreadsheet("Officers", {"Own": [["kept"]]})
        world.muster.stores.sheets.bind(identity, "101", "nova")
        yield world, sheets, identity, event


def invoke(
    unpacked: Path, runtime: Path, deployed: tuple[World, SheetsServer, str, Event], function: str, event: Any
) -> Any:
    """What the function answers. See `run`."""
    return run(unpacked, runtime, deployed, function, event)["answer"]


def run(
    unpacked: Path, runtime: Path, deployed: tuple[World, SheetsServer, str, Event], function: str, event: Any
) -> Any:
    """What the function answers, and which modules are imported by then. Nothing of the package may be compiled.

    On SQLite it runs without what AWS adds: boto3 is not there to be imported.
    """
    world, sheets, _, _ = deployed
    environment = {"PATH": os.environ["PATH"], "SHEETS_API_URL": sheets.url}
    environment["DISCORD_PUBLIC_KEY"] = PUBLIC_KEY.hex()
    if world.place.file:
        environment["MUSTER_DB"] = str(world.place.file)
    else:
        environment |= {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL_DYNAMODB": world.dynamodb.url,
            "TABLE_NAME": TABLE_NAME,
        }
    code = CLEAN_RUN.format(unpacked=str(unpacked), runtime=[str(runtime)] if world.place.dynamodb else [])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", code],
        input=json.dumps({"function": function, "event": event}),
        capture_output=True,
        text=True,
        env=environment,
        cwd=unpacked,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def request(
    method: str, route: str, headers: dict[str, str] | None = None, body: object = None, **of_path: str
) -> dict[str, Any]:
    """As API Gateway sends it; `of_path`: the parameters of the route."""
    path = route.format(**of_path)
    return {
        "resource": route,
        "path": path,
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": of_path or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "httpMethod": method,
            "path": f"/api{path}",
            "stage": "api",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def scheduled() -> dict[str, Any]:
    fields = dict.fromkeys(("version", "id", "account", "time", "region"), "")
    return {**fields, "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": []}


def test_the_package_holds_the_product_and_nothing_that_lies_about(packaged: Path) -> None:
    archive = zipfile.ZipFile(packaged / "deployment.zip")
    names = set(archive.namelist())
    assert {
        "app.py",
        "chalicelib/catalog/2023-11-defenders-of-peace.toml",
        "chalicelib/templates/form.html",
    } <= names
    assert "sheets_sync/run.py" in names
    assert not [name for name in names if name.startswith(("tests/", "local/", "boto")) or "/tests/" in name]
    assert all(not stat.S_ISLNK(entry.external_attr >> 16) for entry in archive.infolist())
    assert (packaged / "deployment.zip").stat().st_size <= LIMIT_BYTES


def test_every_source_has_bytecode_that_needs_no_look_at_it(packaged: Path) -> None:
    archive = zipfile.ZipFile(packaged / "deployment.zip")
    names = set(archive.namelist())
    compiled = {cache_from_source(name): name for name in names if name.endswith(".py")}
    assert {name for name in names if name.endswith(".pyc")} == compiled.keys()
    for bytecode, source in compiled.items():
        content = archive.read(bytecode)
        assert content[:8] == MAGIC_NUMBER + UNCHECKED, bytecode
        assert marshal.loads(content[16:]).co_filename == f"{UNPACKED}/{source}"


def test_it_is_the_same_when_it_is_made_elsewhere_later_and_by_somebody_else(
    packaged: Path, tmp_path: Path
) -> None:
    """From another clone, in which the files have other times, and nobody else may read them."""
    umask = os.umask(0o077)
    try:
        clone = clone_into(tmp_path)
        for path in clone.rglob("*.py"):
            path.chmod(0o700)
            os.utime(path, (0, 10**9))
        again = package(tmp_path / "output", root=clone, architecture=HERE)
    finally:
        os.umask(umask)
    assert again.read_bytes() == (packaged / "deployment.zip").read_bytes()
    assert again.with_name("sam.json").read_bytes() == (packaged / "sam.json").read_bytes()


def test_health_is_answered(unpacked: Path, runtime: Path, deployed: Any) -> None:
    answer = invoke(unpacked, runtime, deployed, "app", request("GET", "/health"))
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "ok")


def test_a_report_is_recorded_and_the_scheduled_sync_shows_it(
    unpacked: Path, runtime: Path, deployed: Any
) -> None:
    world, sheets, identity, event = deployed
    headers = {"Authorization": f"Bearer {world.secret()}", "Content-Type": "application/json"}
    body = {"commander": "Kestrel", "milestones": [event.global_id(event.milestones[0])]}
    answer = invoke(unpacked, runtime, deployed, "app", request("POST", "/v1/completions", headers, body))
    assert answer["statusCode"] == 200, answer["body"]
    assert json.loads(answer["body"])["results"][0]["status"] == "recorded"
    assert invoke(unpacked, runtime, deployed, "refresh_totals", scheduled())["drifts"] == 0
    counts = invoke(unpacked, runtime, deployed, "sync_sheets", scheduled())
    assert (counts["synced"], counts["failed"], counts["failing"]) == (1, 0, 0)
    assert "Kestrel" in str(sheets.values(identity, "IMS Commanders"))
    assert sheets.values(identity, "Own") == [["kept"]]


def test_a_first_report_imports_nothing_that_it_does_not_need(
    unpacked: Path, runtime: Path, deployed: Any
) -> None:
    world, _, _, event = deployed
    headers = {"Authorization": f"Bearer {world.secret()}", "Content-Type": "application/json"}
    body = {"commander": "Altair", "milestones": [event.global_id(event.milestones[0])]}
    done = run(unpacked, runtime, deployed, "app", request("POST", "/v1/completions", headers, body))
    assert done["answer"]["statusCode"] == 200
    not_needed = NOT_FOR_A_REPORT | FOR_DISCORD
    assert not_needed.isdisjoint(done["modules"]), not_needed & set(done["modules"])
    assert all(map(find_spec, not_needed)), "one of them has another name now"


def test_so_does_a_first_command_on_discord(unpacked: Path, runtime: Path, deployed: Any) -> None:
    """It is answered within three seconds, or Discord shows that nobody did."""
    world, _, _, event = deployed
    bindings, discord = world.muster.guild_bindings, world.muster.discord
    bindings.bind(GUILD, "501", bindings.offer(world.key("admin", None, None), "101", "nova").code)
    linked = discord.link(discord.caller(GUILD, "501", "Example"), "Deneb").commander
    chosen = {"custom_id": f"done/501/{linked.id}", "values": [event.global_id(event.milestones[0])]}
    body = {"type": 3, "guild_id": GUILD, "member": {"user": {"id": "501"}}, "data": chosen}
    headers = signature(json.dumps(body).encode(), datetime.now(UTC))
    done = run(unpacked, runtime, deployed, "app", request("POST", PATH, headers, body))
    assert "Only: recorded." in json.loads(done["answer"]["body"])["data"]["content"]
    assert NOT_FOR_A_REPORT.isdisjoint(done["modules"]), NOT_FOR_A_REPORT & set(done["modules"])
    assert set(done["modules"]) >= FOR_DISCORD


def test_the_form_is_rendered_from_the_package(unpacked: Path, runtime: Path, deployed: Any) -> None:
    event = request("GET", "/f/{key}", {"Accept-Language": "de"}, key=deployed[0].secret())
    answer = invoke(unpacked, runtime, deployed, "app", event)
    assert answer["statusCode"] == 200
    assert "Was hast du geschafft?" in answer["body"]


def test_the_functions_are_told_their_table(packaged: Path) -> None:
    template = json.loads((packaged / "sam.json").read_text())
    of_all, resources = template["Globals"]["Function"]["Environment"]["Variables"], template["Resources"]
    functions = {name: r for name, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}
    assert set(functions) == {"APIHandler", "RefreshTotals", "SyncSheets", "TellNews"}
    for function in functions.values():
        own = function["Properties"].get("Environment", {"Variables": {}})["Variables"]
        assert {**of_all, **own}["TABLE_NAME"] == {"Ref": "Table"}
        assert function["Properties"]["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"


def clone_into(folder: Path) -> Path:
    """A copy of what is packed."""
    root = folder / "root"
    root.mkdir()
    for name in PARTS:
        copy: Any = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, root / name)
    return root


def test_a_missing_wheel_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chalice itself only warns. A distribution that needs a compiler, and can't be compiled, stands for any."""
    root, source = clone_into(tmp_path), tmp_path / "muster_uncompilable-1"
    source.mkdir()
    extension = "ext_modules=[setuptools.Extension('muster_uncompilable', ['missing.c'])]"
    setup = f"import setuptools; setuptools.setup(name='muster-uncompilable', version='1', {extension})"
    (source / "setup.py").write_text(setup)
    with tarfile.open(tmp_path / f"{source.name}.tar.gz", "w:gz") as archive:
        archive.add(source, source.name)
    (root / "requirements.txt").write_text("muster-uncompilable==1\n")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(PackagingFailed, match="uncompilable"):
        package(tmp_path / "output", root=root)


class TestSmallProjects:
    """What the packing of any Chalice project refuses."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        folder = tmp_path / "project"
        (folder / ".chalice").mkdir(parents=True)
        (folder / ".chalice" / "config.json").write_text(
            '{"version": "2.0", "app_name": "small", "autogen_policy": false, "stages": {"dev": {}}}'
        )
        (folder / ".chalice" / "policy-dev.json").write_text('{"Version": "2012-10-17", "Statement": []}')
        (folder / "app.py").write_text(
            "import chalice\napp = chalice.Chalice('small')\napp.lambda_function()(lambda event, context: None)\n"
        )
        (folder / "requirements.txt").touch()
        return folder

    def test_a_python_that_lambda_does_not_have(
        self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
        with pytest.raises(PackagingFailed, match=r"would run on python3\.\d+, .* bytecode for cpython-399"):
            pack(project, tmp_path / "output")

    def test_a_source_that_can_not_be_compiled(self, project: Path, tmp_path: Path) -> None:
        (project / "vendor").mkdir()
        (project / "vendor" / "broken.py").write_text("def\n")
        with pytest.raises(PackagingFailed, match=r"broken\.py"):
            pack(project, tmp_path / "output")
