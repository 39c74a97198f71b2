"""The deployed product in an emulated AWS: from the first deployment to an upgrade, and what each function may do."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import pytest

from deploy.package import ROOT
from local.sheets import SheetsServer
from tests.e2e.conftest import STAGE
from tests.e2e.deployment import EVENT, NOVA, ONE, PLACE, STACK, THREE, TWO, Deployment, wait_until
from tests.e2e.emulated_aws import EmulatedAws, why_not
from tests.e2e.failing import (
    a_first_deployment_leaves_only_its_table,
    a_function_that_lacks_a_right_answers_problems,
    an_operator_who_lacks_a_right_is_told_which,
    an_upgrade_that_fails_is_undone,
)
from tests.e2e.load import AT_LEAST, under_load
from tests.e2e.moving import a_server_moves_here_and_back
from tests.e2e.news import discord, news_goes_out
from tests.e2e.packages import earlier
from tests.e2e.restoring import an_earlier_state_is_put_in_place

FUNCTIONS = ("APIHandler", "RefreshTotals", "SyncSheets", "TellNews")
SECRET = '{"type": "authorized_user", "refresh_token": "not-to-be-shown"}'


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[EmulatedAws]:
    if reason := why_not():
        pytest.skip(reason)
    with EmulatedAws(tmp_path) as aws:
        yield aws


def test_from_the_first_deployment_to_an_upgrade(aws: EmulatedAws, packaged: Path, tmp_path: Path) -> None:
    """Each stage is a function, and finds what those before it have left. What it lets a function do for the first time
    must come before the policies are compared."""
    at = Deployment(aws, packaged, web=aws.browser())
    with SheetsServer() as sheets, discord() as discord_url:
        a_first_deployment_leaves_only_its_table(at, tmp_path)
        at.key = key_of_the_first_deployment(at, tmp_path)
        the_gateway_answers_problems(at)
        link = make_the_world(at)
        the_form_works_under_the_stage(at, link)
        many_report_at_once(at)
        officers_keep_the_roster(at)
        drift_is_found(at)
        spreadsheet = sheets.create_spreadsheet("Officers", {"Own": [["kept"]]})
        the_secret_is_read_and_not_shown(at, spreadsheet)
        an_upgrade_goes_unnoticed(at, link, SHEETS_API_URL=sheets.url, DISCORD_API_URL=discord_url)
        an_upgrade_that_fails_is_undone(at, tmp_path, link)
        the_sheet_shows_what_was_reported(at, sheets, spreadsheet)
        officers_edit_the_sheet(at, sheets, spreadsheet)
        a_server_moves_here_and_back(at, sheets, tmp_path)
        news_goes_out(at)
        the_schedule_runs_the_sync(at)

    operators_see_how_it_is(at)
    a_request_id_leads_to_the_cause(at)
    an_operator_who_lacks_a_right_is_told_which(at)
    a_function_that_lacks_a_right_answers_problems(at, tmp_path)
    an_earlier_state_is_put_in_place(at, link)
    the_policies_are_what_the_functions_need(at)
    too_many_requests_are_refused(at)
    what_was_destroyed_is_taken_back(at)


def key_of_the_first_deployment(at: Deployment, folder: Path) -> str:
    """Of an earlier version."""
    said = at.deploy(earlier(at.packaged, folder / "earlier"))
    found = re.fullmatch(r"Admin key: (\S+)\n", said)
    assert found, said
    return found[1]


def the_gateway_answers_problems(at: Deployment) -> None:
    for method, path in (("GET", "/v1/nothing"), ("DELETE", "/health"), ("POST", "/")):
        for headers in (
            {},
            {"Authorization": f"Bearer {at.key}"},
            {"Authorization": "AWS4-HMAC-SHA256 Credential=x"},
        ):
            answer = at.web.request(method, at.url + path, headers=headers, timeout=60)
            said = answer.json()
            assert (answer.status_code, said.get("code")) == (404, "not-found"), (method, path, headers, said)
            assert answer.headers["Content-Type"] == "application/problem+json"


def make_the_world(at: Deployment) -> str:
    """An event, a server, two alliances and keys; the member link."""
    at.done("PUT", "/v1/events/trial", EVENT)
    at.done("PUT", "/v1/servers/101", {})
    at.done("PUT", NOVA, {"tag": "NOVA", "name": "Nova Guard"})
    at.done("PUT", "/v1/servers/101/alliances/orbit", {"tag": "ORB", "name": "Orbit Watch"})
    made = at.done("POST", "/v1/keys", {"role": "member", "label": "link", **PLACE})
    gone = at.done("POST", "/v1/keys", {"role": "officer", "label": "gone", "server": "101"})
    at.done("DELETE", f"/v1/keys/{gone['id']}")
    assert at.ask("GET", "/v1/servers/101/ledger", key=gone["secret"]).status_code == 401
    assert made["link"] == f"{at.url}/f/{made['secret']}", "it works under the stage prefix"
    return str(made["link"])


def the_form_works_under_the_stage(at: Deployment, link: str) -> None:
    form = at.web.get(link, timeout=60)
    assert form.status_code == 200
    action = re.search(r'<form method="post" action="([^"]*)"', form.text)
    assert action
    sent = at.web.post(
        urljoin(link, action[1]),
        data={"commander": "Kestrel", "milestone": [ONE, TWO]},
        timeout=60,
        allow_redirects=False,
    )
    assert sent.status_code == 303, sent.text
    for address in (link, f"{at.url}/health", f"{at.url}/servers/101"):
        head = at.web.head(address, timeout=60)
        assert (head.status_code, head.content) == (200, b""), address
    receipt = at.web.get(urljoin(link, sent.headers["Location"]), timeout=60)
    assert receipt.status_code == 200
    assert "Kestrel" in receipt.text
    for page in (form, receipt):
        for address in re.findall(r'(?:href|action)="([^"]+)"', page.text):
            assert urljoin(page.url, address).startswith((at.url, "data:")), address
    assert at.progress() == (200, 2)


def many_report_at_once(at: Deployment) -> None:
    """Each of eight milestones is sent three times at the same moment, by a member."""
    at.report("Merlin", ONE)
    with ThreadPoolExecutor(3) as pool:
        turns = [(f"Pilot {number}", milestone) for number in range(4) for milestone in (ONE, TWO)] * 3
        answers = list(pool.map(lambda turn: at.report(*turn, is_new=True), turns))
    states = [result["status"] for answer in answers for result in answer["results"]]
    assert (states.count("recorded"), states.count("already_recorded")) == (8, 16)
    assert at.progress() == (1100, 11)
    tier = at.done("GET", "/v1/servers/101/events/trial/progress")["tiers"][0]
    assert (tier["reached"], tier["reached_by"]) == (True, "reported")


def officers_keep_the_roster(at: Deployment) -> None:
    """Once each of what an officer does, so that each of it is known to be permitted."""
    officer = at.done("POST", "/v1/keys", {"role": "officer", "label": "officer", "server": "101"})["secret"]
    people = {
        one["name"]: f"{NOVA}/commanders/{one['id']}"
        for one in at.done("GET", f"{NOVA}/commanders")["commanders"]
    }
    why = {"reason": "a trial"}
    for action in ("void", "restore"):
        order = {"action": action, "commander": "Kestrel", "milestone": ONE, **why}
        at.done("POST", "/v1/corrections", {**order, **PLACE}, officer)
    at.done("PATCH", people["Pilot 0"], {"name": "Skipper"}, officer)
    absorbed = people["Pilot 2"].rsplit("/", 1)[-1]
    at.done("POST", f"{people['Pilot 1']}/merge", {"commander": absorbed, **why}, officer)
    at.done("POST", f"{people['Pilot 3']}/move", {"alliance": "orbit", **why}, officer)
    for action in ("retire", "reinstate", "retire"):
        at.done("POST", f"{people['Merlin']}/{action}", why, officer)
    at.done("POST", f"{people['Merlin']}/reinstate", why, officer)
    added = at.done("POST", f"{NOVA}/commanders", {"name": "Passer-by", "is_new": True}, officer)
    at.done("POST", f"{NOVA}/commanders/{added['id']}/forget", {})
    csv = {"Content-Type": "text/csv"}
    roster = "Commander\nOsprey\nHarrier\n"
    at.done("POST", f"{NOVA}/commanders/import?is_new=true", key=officer, data=roster, headers=csv)
    reports = f"Commander,Milestone\nOsprey,{THREE}\n"
    at.done("POST", f"{NOVA}/completions/import", key=officer, data=reports, headers=csv)
    at.done("POST", "/v1/servers/101/events/trial/readings", {"points": 2000}, officer)
    assert at.done("GET", f"{NOVA}/missing?milestone={THREE}", key=officer)
    assert "Osprey" in at.done("GET", f"{NOVA}/completions.csv?event=trial", key=officer)
    kestrel = people["Kestrel"].rsplit("/", 1)[-1]
    for query in ("", "?alliance=nova", f"?commander={kestrel}"):
        assert at.done("GET", f"/v1/servers/101/ledger{query}", key=officer)["entries"], query
    assert at.done("GET", "/v1/ledger")["entries"]
    at.done("PUT", "/v1/sheets/another", PLACE)
    at.done("DELETE", "/v1/sheets/another")


def drift_is_found(at: Deployment) -> None:
    """A fault makes the totals wrong, as if in a change of them; the recount mends them, and says so."""
    where = {"PK": {"S": "STANDING#101#trial"}, "SK": {"S": "ALLIANCE#nova"}}
    at.report("Sirius", "trial/one", is_new=True)  # the recount writes its ledger entry
    right = at.progress()
    at.aws.client("dynamodb").update_item(
        TableName=STACK,
        Key=where,
        UpdateExpression="ADD #done :many, changes :one",
        ExpressionAttributeNames={"#done": "done.one"},
        ExpressionAttributeValues={":many": {"N": "5"}, ":one": {"N": "1"}},
    )
    wait_until(lambda: at.progress() != right)  # a process knows the totals of up to ten seconds ago
    assert "drift corrected" in at.invoke("RefreshTotals")["errorMessage"]
    wait_until(lambda: at.progress() == right)
    assert at.invoke("RefreshTotals")["drifts"] == 0


def the_secret_is_read_and_not_shown(at: Deployment, spreadsheet: str) -> None:
    """The stand-in for Google's Sheets would want none, so this is before the stack is told of that."""
    told = dict(re.findall(r"^(\S.*): (.+)$", at.make("status").stdout, flags=re.M))
    secrets = at.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=told["Google's credentials"], SecretString=SECRET)
    sheet = f"/v1/sheets/{spreadsheet}"
    at.done("PUT", sheet, PLACE)
    at.invoke("SyncSheets")
    wait_until(lambda: "holds no service account" in str(at.done("GET", sheet)["last_error"]))
    assert "not-to-be-shown" not in at.done("GET", sheet)["last_error"] + at.make("logs").stdout


def an_upgrade_goes_unnoticed(at: Deployment, link: str, **settings: str) -> None:
    """Of the functions' code, of the API, and of settings; as it is done by hand, with the packaging."""
    before, new = at.progress(), f"{at.url}/docs"
    assert at.web.get(new, timeout=60).status_code == 404
    with under_load(at, link) as answered:
        assert at.deploy(None, DASHBOARD="yes", **settings) == "", "no second key"
    assert answered.failed == []
    assert answered.pages >= AT_LEAST
    all_that_counted = (before[0] + 100 * answered.reports, before[1] + answered.reports)
    wait_until(
        lambda: at.progress() == all_that_counted
    )  # a process knows the totals of up to ten seconds ago
    assert at.web.get(new, timeout=60).status_code == 200
    assert "Nothing has changed." in at.make("deploy", PACKAGE=str(at.packaged)).stderr, (
        "it is the same package"
    )


def the_sheet_shows_what_was_reported(at: Deployment, sheets: SheetsServer, spreadsheet: str) -> None:
    at.done("PUT", f"/v1/sheets/{spreadsheet}", PLACE)  # else it would wait a quarter of an hour
    at.invoke("SyncSheets")
    assert "Merlin" in str(sheets.values(spreadsheet, "IMS Commanders"))
    assert sheets.values(spreadsheet, "Own") == [["kept"]]
    assert any(row[:1] == ["Trial"] for row in sheets.values(spreadsheet, "IMS Progress"))


def the_schedule_runs_the_sync(at: Deployment) -> None:
    """By itself, each minute; the emulator looks every ten seconds whether it is time."""
    logs, asked = at.aws.client("logs"), {"logGroupName": f"/{STACK}/sync", "filterPattern": "START"}
    wait_until(lambda: len(logs.filter_log_events(**asked)["events"]) > at.invoked["SyncSheets"])


def officers_edit_the_sheet(at: Deployment, sheets: SheetsServer, spreadsheet: str) -> None:
    """Each kind of edit once, so that the sync is known to be permitted what it does then."""

    def cell(tab: str, label: str, heading: str) -> str:
        values = sheets.values(spreadsheet, tab)
        keys, place = values[2].index("#header"), values[2].index(heading)
        row = next(n for n, row in enumerate(values) if n > 2 and label in (row[0], row[keys]))
        return f"{chr(ord('A') + place)}{row + 1}"

    def holds(tab: str, label: str, heading: str) -> str:
        at_cell = cell(tab, label, heading)
        row = sheets.values(spreadsheet, tab)[int(at_cell[1:]) - 1]
        place = ord(at_cell[0]) - ord("A")
        return str(row[place]) if place < len(row) else ""

    at.done("PUT", f"/v1/sheets/{spreadsheet}", PLACE | {"edits": True})
    at.invoke("SyncSheets")
    wait_until(lambda: holds("IMS Commanders", "Merlin", "Two") == "FALSE")
    officer = sheets.person(spreadsheet)
    officer.tick("IMS Commanders", cell("IMS Commanders", "Merlin", "Two"))
    officer.tick("IMS Commanders", cell("IMS Commanders", "Kestrel", "Two"))
    officer.type("IMS Commanders", cell("IMS Commanders", "Harrier", "Commander"), "Goshawk")
    officer.type("IMS Commanders", cell("IMS Commanders", "#new", "Commander"), "Merganser")
    officer.clear("IMS Progress", cell("IMS Progress", "Trial", "Official points"))
    at.report("Osprey", TWO)  # so that the sheet is due, and does not wait for Drive's notice
    at.invoke("SyncSheets")
    wait_until(lambda: "Goshawk" in str(at.done("GET", f"{NOVA}/commanders")))
    wait_until(lambda: "Merganser: added." in str(sheets.values(spreadsheet, "IMS Commanders")))


def operators_see_how_it_is(at: Deployment) -> None:
    lines = at.make("status").stdout.splitlines()
    assert f"API: {at.url}" in lines
    the_alarms_are_in_the_runbook(lines)
    logged = at.make("logs", MINUTES="30").stdout
    assert "api: " in logged
    assert "drift corrected" in logged
    assert at.key not in logged
    noted = [json.loads(line) for line in re.findall(r'\{"service".*\}', logged)]
    assert {one["service"] for one in noted} == {STACK}
    assert {"Drift", "SheetsFailing", "SyncAge", "SyncRequests"} <= {name for one in noted for name in one}
    dashboard = at.aws.client("cloudwatch").get_dashboard(DashboardName=STACK)
    assert "${" not in dashboard["DashboardBody"]


def a_request_id_leads_to_the_cause(at: Deployment) -> None:
    """Of a 503, since an item is damaged; and of a 500, since the role of the API is not allowed what it needs."""
    dynamodb, iam, since = at.aws.client("dynamodb"), at.aws.client("iam"), len(at.aws.calls)
    api = at.resource("APIHandler")
    role = at.aws.client("lambda").get_function_configuration(FunctionName=api)["Role"].rsplit("/", 1)[-1]
    damaged = {"PK": {"S": "SERVERS"}, "SK": {"S": "SERVER#999"}}
    dynamodb.put_item(TableName=STACK, Item=damaged)
    unreadable = at.ask("GET", "/v1/servers/999/ledger")
    dynamodb.delete_item(TableName=STACK, Key=damaged)
    forbidden = {"Effect": "Deny", "Action": "dynamodb:Query", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role,
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [forbidden]}),
    )
    broken = at.ask("GET", "/v1/servers/101/ledger")
    iam.delete_role_policy(RoleName=role, PolicyName="deny")
    own = [call for call in at.aws.calls[since:] if not (call.function == api and call.is_denied)]
    at.aws.calls[since:] = own  # it was denied on purpose
    assert (unreadable.status_code, broken.status_code) == (503, 500), broken.text
    for answer, code, cause in (
        (unreadable, "unreadable", "Unreadable"),
        (broken, "internal", "ClientError AccessDeniedException in Query"),
    ):
        found = at.make("logs", REQUEST=answer.json()["request_id"])
        assert found.returncode == 0, found.stderr
        (told,) = (json.loads(line) for line in re.findall(r'\{.*"cause".*\}', found.stdout))
        assert (told["status"], told["code"], told["route"]) == (
            *(answer.status_code, code, "/v1/servers/{server}/ledger"),
        )
        assert told["cause"].startswith(cause)
        assert "Traceback" in told["exception"]
        assert at.key not in found.stdout


def the_alarms_are_in_the_runbook(status: list[str]) -> None:
    alarms = {line.split()[1].rstrip(":") for line in status if line.startswith("Alarm ")}
    rows = re.findall(r"^\| (`[^|]+`) \| ", (ROOT / "docs" / "OPERATIONS.md").read_text(), re.M)
    described = {f"{STACK}-{name}" for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert {f"{STACK}-refresh-errors", f"{STACK}-sync-errors"} <= alarms <= described


def too_many_requests_are_refused(at: Deployment) -> None:
    """With the limits turned down, as an operator can where somebody floods the API."""
    api = at.url.split("//")[1].split(".")[0]
    limits = [("rateLimit", "0.01"), ("burstLimit", "1")]
    at.aws.client("apigateway").update_stage(
        restApiId=api,
        stageName="api",
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{name}", "value": value} for name, value in limits
        ],
    )
    answers = [at.web.get(f"{at.url}/health", timeout=60) for _ in range(3)]
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert refused.headers["Retry-After"] == "2"
    assert refused.headers["Content-Type"] == "application/problem+json"


def the_policies_are_what_the_functions_need(at: Deployment) -> None:
    account = at.aws.client("sts").get_caller_identity()["Account"]
    functions = {at.resource(name): name for name in FUNCTIONS}
    used: dict[str, set[tuple[str, str]]] = {name: set() for name in FUNCTIONS}
    for call in at.aws.calls:
        assert not call.is_denied, call
        used[functions[call.function]] |= call.permissions(account)
    table = next(resource for action, resource in used["SyncSheets"] if action == "dynamodb:Query")
    seldom = {
        "SyncSheets": {("dynamodb:BatchWriteItem", table)}
    }  # a box is unticked before the recount has settled it
    for physical, name in functions.items():
        assert used[name] | seldom.get(name, set()) == granted(at, physical), name


def what_was_destroyed_is_taken_back(at: Deployment) -> None:
    before = at.progress()
    refused = at.make("destroy", typed=f"{STAGE}\n")
    assert (refused.returncode, "Nothing was deleted." in refused.stderr) == (2, True)
    assert at.make("destroy", typed=f"{STACK}\n").returncode == 0
    assert at.make("status").stderr.startswith(f"deploy: there is no stack {STACK}\n")
    assert at.deploy(at.packaged) == "", "the key is good still"
    assert at.progress() == before
    assert at.aws.client("cloudwatch").get_dashboard(DashboardName=STACK), "which was asked for long ago"


def granted(at: Deployment, function: str) -> set[tuple[str, str]]:
    """The actions and resources of the function's role, but for its log, which Lambda itself writes by that role."""
    role = (
        at.aws.client("lambda").get_function_configuration(FunctionName=function)["Role"].rsplit("/", 1)[-1]
    )
    iam = at.aws.client("iam")
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    permissions = set()
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                permissions |= {(action, resource) for action in statement["Action"]}
    return {one for one in permissions if not one[0].startswith("logs:")}
