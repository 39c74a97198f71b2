"""The template that is deployed: what it grants, keeps, watches and tells nobody."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.http import late_routes
from deploy.__main__ import RESERVED
from deploy.bucket import digest
from deploy.package import ARCHITECTURES, ROOT, PackagingFailed, package
from deploy.parameters import PARAMETERS
from tests.scan import EXCEPTIONS, made

SCHEDULED = {"RefreshTotals": "refresh", "SyncSheets": "sync", "TellNews": "news"}
FUNCTIONS = {"APIHandler": "api", **SCHEDULED}
Resource = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template")


@pytest.fixture(scope="module")
def template(folder: Path) -> dict[str, Any]:
    return made(folder)


@pytest.fixture
def resources(template: dict[str, Any]) -> dict[str, Resource]:
    found: dict[str, Resource] = template["Resources"]
    return found


def of_type(resources: dict[str, Resource], kind: str) -> dict[str, Resource]:
    """Their properties."""
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def test_cfn_lint_finds_nothing_but_what_is_listed(folder: Path, template: dict[str, Any]) -> None:
    """In every combination of conditions."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--format", "json"]
    done = subprocess.run(
        [*command, str(folder / "prod" / "sam.json")], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    named = {f"{one['Rule']['Id']} {one['Location']['Path'][1]}" for one in found}
    assert named == EXCEPTIONS["cfn-lint"].keys(), done.stdout


class TestPolicies:
    def test_each_function_has_a_role_with_the_policy_that_is_written_for_it(
        self, resources: dict[str, Resource]
    ) -> None:
        roles = of_type(resources, "AWS::IAM::Role")
        functions = of_type(resources, "AWS::Serverless::Function")
        assert set(functions) == set(FUNCTIONS)
        for name, function in functions.items():
            assert "Policies" not in function, "SAM would add to the role"
            role = roles.pop(function["Role"]["Fn::GetAtt"][0])
            assert role.keys() == {"AssumeRolePolicyDocument", "Policies"}
            (policy,) = role["Policies"]
            written = ROOT / ".chalice" / f"policy-{FUNCTIONS[name]}.json"
            assert policy["PolicyDocument"] == json.loads(written.read_text())
        assert not roles, "a role that no function has"
        grants = {name for name, one in resources.items() if one["Type"].startswith("AWS::IAM::")}
        assert grants - {*of_type(resources, "AWS::IAM::Role")} == {"Tracing"}, (
            "see test_only_functions_are_traced"
        )

    def test_none_has_a_wildcard_but_in_its_own_log(self, resources: dict[str, Resource]) -> None:
        for name, function in of_type(resources, "AWS::Serverless::Function").items():
            role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
            for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
                assert statement.keys() == {"Effect", "Action", "Resource"}, "no NotAction, no NotResource"
                assert "*" not in json.dumps(statement)
                actions, places = statement["Action"], statement["Resource"]
                assert isinstance(actions, list)
                for place in places if isinstance(places, list) else [places]:
                    service = self.service(place, resources)
                    assert all(action.startswith(f"{service}:") for action in actions), statement
                    if service == "logs":  # the ARN that this gives ends with `:*`: the streams of the log
                        assert place == {"Fn::GetAtt": [f"{name}Logs", "Arn"]}

    def test_none_may_more_than_its_work_takes(self, resources: dict[str, Resource]) -> None:
        """Only the API and the sync delete items, only the sync reads the secret, and none does more to either."""
        items = ("BatchGetItem", "BatchWriteItem", "GetItem", "PutItem", "Query", "UpdateItem")
        all_may = {"logs:CreateLogStream", "logs:PutLogEvents", *(f"dynamodb:{one}" for one in items)}
        more = {
            "APIHandler": {"dynamodb:DeleteItem"},
            "SyncSheets": {"dynamodb:DeleteItem", "secretsmanager:GetSecretValue"},
        }
        for name, function in of_type(resources, "AWS::Serverless::Function").items():
            role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
            statements = role["Policies"][0]["PolicyDocument"]["Statement"]
            may = {action for statement in statements for action in statement["Action"]}
            assert may <= all_may | more.get(name, set()), name

    @staticmethod
    def service(place: Resource, resources: dict[str, Resource]) -> str:
        """Whose a policy's resource is, which must be one of the stack, or an index of its table."""
        of = {"AWS::DynamoDB::Table": "dynamodb", "AWS::Logs::LogGroup": "logs"}
        of["AWS::SecretsManager::Secret"] = "secretsmanager"
        if "Fn::Sub" in place:
            index = place["Fn::Sub"].removeprefix("${Table.Arn}/index/")
            indexes = resources["Table"]["Properties"]["GlobalSecondaryIndexes"]
            assert index in {one["IndexName"] for one in indexes}, place
            return "dynamodb"
        (name, attribute) = place["Fn::GetAtt"]
        assert attribute in ("Arn", "Id")
        return of[resources[name]["Type"]]


class TestSecrets:
    def test_no_environment_holds_one(self, template: dict[str, Any], resources: dict[str, Resource]) -> None:
        told: set[str] = set()
        for function in of_type(resources, "AWS::Serverless::Function").values():
            own: Resource = function.get("Environment", {"Variables": {}})["Variables"]
            variables = {**template["Globals"]["Function"]["Environment"]["Variables"], **own}
            told |= {value for value in variables.values() if isinstance(value, str)}
            assert variables["TABLE_NAME"] == {"Ref": "Table"}
            assert variables["METRICS"] == {"Ref": "Metrics"}
            assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
            for name, value in variables.items():
                if re.search("SECRET|(?<!PUBLIC_)KEY|TOKEN|PASSWORD|CREDENTIAL", name):
                    assert value == {"Fn::GetAtt": ["SheetsCredentials", "Id"]}, "where it is, not what it is"
        assert not told

    def test_the_stack_leaves_the_secret_to_the_operator(self, resources: dict[str, Resource]) -> None:
        (secret,) = of_type(resources, "AWS::SecretsManager::Secret").values()
        assert secret.keys() == {"Description"}


class TestData:
    def test_the_table_outlives_what_may_happen_to_it(self, resources: dict[str, Resource]) -> None:
        table = resources["Table"]
        assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
        assert table["Properties"]["DeletionProtectionEnabled"] is True
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"

    def test_each_stage_has_its_own(self, folder: Path, resources: dict[str, Resource]) -> None:
        dev = made(folder, "dev")["Resources"]
        tables = [one["Table"]["Properties"]["TableName"] for one in (resources, dev)]
        assert tables == ["muster-prod", "muster-dev"], "literal: only so can it be taken back"
        assert resources["RestAPI"]["Properties"]["Name"] == {"Ref": "AWS::StackName"}

    def test_there_are_no_others(self, folder: Path) -> None:
        with pytest.raises(PackagingFailed, match="there is no stage 'production'"):
            package(folder / "none", "production")


class TestFunctions:
    def test_a_log_is_kept_for_a_month(self, resources: dict[str, Resource]) -> None:
        logs = of_type(resources, "AWS::Logs::LogGroup")
        assert {log["RetentionInDays"] for log in logs.values()} == {30}
        for name, function in of_type(resources, "AWS::Serverless::Function").items():
            assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Logs"}}
            assert f"{name}Logs" in logs

    def test_none_lasts_longer_than_it_may(self, resources: dict[str, Resource]) -> None:
        """API Gateway gives up after 29 seconds; a scheduled run has ended before its next one begins."""
        functions = of_type(resources, "AWS::Serverless::Function")
        assert functions["APIHandler"]["Timeout"] <= 29
        for name in SCHEDULED:
            (event,) = functions[name]["Events"].values()
            minutes = int(re.findall(r"rate\((\d+) minute", event["Properties"]["Schedule"])[0])
            assert functions[name]["Timeout"] < 60 * minutes
            again = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
            assert functions[name]["EventInvokeConfig"] == again, "the next run comes by itself"

    def test_concurrency_is_reserved_where_the_account_has_enough(
        self, template: dict[str, Any], resources: dict[str, Resource]
    ) -> None:
        reserved = []
        for function in of_type(resources, "AWS::Serverless::Function").values():
            condition, some, none = function["ReservedConcurrentExecutions"]["Fn::If"]
            assert (condition, none) == ("ReservesConcurrency", {"Ref": "AWS::NoValue"})
            reserved.append(some)
        assert sum(reserved) == RESERVED
        assert set(PARAMETERS.values()) == set(template["Parameters"])


class TestGateway:
    def test_every_route_is_there(self, resources: dict[str, Resource]) -> None:
        parts = of_type(resources, "AWS::ApiGateway::Resource")

        def path(reference: Resource) -> str:
            if "Fn::GetAtt" in reference:
                return ""
            return f"{path(parts[reference['Ref']]['ParentId'])}/{parts[reference['Ref']]['PathPart']}"

        methods = of_type(resources, "AWS::ApiGateway::Method").values()
        deployed = {(path(method["ResourceId"]) or "/", method["HttpMethod"]) for method in methods}
        assert deployed == {(route, method) for route, views in app.app.routes.items() for method in views}

    def test_what_the_gateway_refuses_is_a_problem(self, resources: dict[str, Resource]) -> None:
        statuses = {}
        for response in of_type(resources, "AWS::ApiGateway::GatewayResponse").values():
            headers = response["ResponseParameters"]
            assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
            problem = json.loads(response["ResponseTemplates"]["application/json"])
            assert problem.keys() == {"type", "title", "status", "code", "detail", "errors"}
            assert str(problem["status"]) == response["StatusCode"]
            assert ("gatewayresponse.header.Retry-After" in headers) == (problem["status"] in (429, 503))
            statuses[response["ResponseType"]] = problem["status"]
        assert statuses == {
            "MISSING_AUTHENTICATION_TOKEN": 404,
            "DEFAULT_4XX": 404,
            "REQUEST_TOO_LARGE": 413,
            "THROTTLED": 429,
            "WAF_FILTERED": 429,
            "DEFAULT_5XX": 500,
            "INTEGRATION_FAILURE": 503,
            "INTEGRATION_TIMEOUT": 503,
        }

    def test_the_deployment_holds_all_of_it_and_is_made_anew_for_a_change(
        self, folder: Path, resources: dict[str, Resource]
    ) -> None:
        name = deployment(resources)
        kinds = ("Resource", "Method", "GatewayResponse")
        parts = {one for kind in kinds for one in of_type(resources, f"AWS::ApiGateway::{kind}")}
        assert set(resources[name]["DependsOn"]) == parts
        assert deployment(made(folder)["Resources"]) == name, "nothing has changed"
        merged = folder / "root" / ".chalice" / "resources.json"
        before = merged.read_text()
        try:
            merged.write_text(before.replace("There is nothing here.", "Nothing is here."))
            assert deployment(made(folder)["Resources"]) != name
        finally:
            merged.write_text(before)

    def test_the_stage_is_throttled_by_parameters_below_what_an_account_may(
        self, template: dict[str, Any], resources: dict[str, Resource]
    ) -> None:
        (stage,) = of_type(resources, "AWS::ApiGateway::Stage").values()
        (settings,) = stage["MethodSettings"]
        assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
        limits = {"ThrottlingRateLimit": "RateLimit", "ThrottlingBurstLimit": "BurstLimit"}
        assert {name: settings[name] for name in limits} == {name: {"Ref": of} for name, of in limits.items()}
        parameters = template["Parameters"]
        assert (parameters["RateLimit"]["MaxValue"], parameters["BurstLimit"]["MaxValue"]) == (10_000, 5_000)
        assert parameters["RateLimit"]["Default"] < 10_000


class TestOptions:
    def test_access_logs_hold_the_route_and_never_the_path(self, resources: dict[str, Resource]) -> None:
        """The path of a member's form is a key."""
        condition, some, none = resources["Stage"]["Properties"]["AccessLogSetting"]["Fn::If"]
        assert (condition, none) == ("LogsAccess", {"Ref": "AWS::NoValue"})
        logged = set(re.findall(r"\$context\.([\w.]+)", some["Format"]))
        assert logged == {
            "requestId", "integration.requestId", "httpMethod", "resourcePath", "status", "responseLatency",
            "error.responseType",
        }  # fmt: skip
        line = json.loads(some["Format"])
        assert line.keys() == {
            "request_id", "function_request_id", "method", "route", "status", "milliseconds", "refused",
        }  # fmt: skip

    def test_only_functions_are_traced(self, resources: dict[str, Resource]) -> None:
        """A trace of the gateway would have the whole address, and so would a sample of the firewall."""
        assert "TracingEnabled" not in resources["Stage"]["Properties"]
        roles = []
        for function in of_type(resources, "AWS::Serverless::Function").values():
            assert function["Tracing"] == {"Fn::If": ["Traces", "Active", "PassThrough"]}
            roles.append({"Ref": function["Role"]["Fn::GetAtt"][0]})
        policy = resources["Tracing"]
        assert policy["Condition"] == "Traces"
        assert sorted(map(str, policy["Properties"]["Roles"])) == sorted(map(str, roles))
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        assert all(action.startswith("xray:Put") for action in statement["Action"])
        firewall = resources["ClientLimits"]["Properties"]
        for one in (firewall, *firewall["Rules"]):
            assert one["VisibilityConfig"]["SampledRequestsEnabled"] is False

    def test_the_firewall_refuses_as_the_gateway_does(self, resources: dict[str, Resource]) -> None:
        """One address that sends more than the parameter says; before CloudFront, or else before the gateway."""
        firewall = resources["ClientLimits"]["Properties"]
        (rule,) = firewall["Rules"]
        counted = rule["Statement"]["RateBasedStatement"]
        assert (counted["AggregateKeyType"], counted["Limit"]) == ("IP", {"Ref": "ClientLimit"})
        assert rule["Action"].keys() == {"Block"}
        arn = {"Fn::GetAtt": ["ClientLimits", "Arn"]}
        assert resources["Cdn"]["Properties"]["DistributionConfig"]["WebACLId"]["Fn::If"][:2] == [
            "LimitsClients",
            arn,
        ]
        assert resources["ClientLimitsOfApi"]["Properties"]["WebACLArn"] == arn
        answer = resources["TooManyOfOneClient"]["Properties"]["ResponseTemplates"]["application/json"]
        assert firewall["CustomResponseBodies"]["throttled"]["Content"] == answer

    def test_the_firewall_does_not_count_what_discord_sends(self, resources: dict[str, Resource]) -> None:
        """It calls for everybody from few addresses."""
        (rule,) = resources["ClientLimits"]["Properties"]["Rules"]
        counted = rule["Statement"]["RateBasedStatement"]["ScopeDownStatement"]
        path = counted["NotStatement"]["Statement"]["ByteMatchStatement"]
        assert (path["FieldToMatch"], path["PositionalConstraint"]) == ({"UriPath": {}}, "ENDS_WITH")
        assert path["SearchString"] in late_routes.HANDLERS

    def test_all_functions_know_the_public_address(self, template: dict[str, Any]) -> None:
        variables = template["Globals"]["Function"]["Environment"]["Variables"]
        assert template["Outputs"]["PublicUrl"]["Value"] == variables["PUBLIC_URL"]
        for function in of_type(template["Resources"], "AWS::Serverless::Function").values():
            assert "PUBLIC_URL" not in function.get("Environment", {}).get("Variables", {})

    @pytest.mark.parametrize("architecture", ARCHITECTURES)
    def test_functions_have_the_processors_that_they_are_packed_for(
        self, folder: Path, architecture: str
    ) -> None:
        package(folder / architecture, "prod", folder / "root", architecture)
        made = json.loads((folder / architecture / "sam.json").read_text())["Resources"]
        for function in of_type(made, "AWS::Serverless::Function").values():
            assert function["Architectures"] == [architecture]


class TestAlarms:
    def test_a_schedule_rings_if_a_run_fails_and_if_none_runs(self, resources: dict[str, Resource]) -> None:
        """With what Lambda counts for nothing. It does not ring anew for each quarter of an hour."""
        schedules = set(of_type(resources, "AWS::Serverless::Function")) - {"APIHandler"}
        for name in schedules:
            (alarm,) = (
                one
                for one in of_type(resources, "AWS::CloudWatch::Alarm").values()
                if {"Name": "FunctionName", "Value": {"Ref": name}} in one.get("Dimensions", [])
            )
            assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == (
                "AWS/Lambda",
                "Errors",
                "Sum",
            )
            assert (alarm["Threshold"], alarm["DatapointsToAlarm"]) == (1, 1)
            assert alarm["Period"] * alarm["EvaluationPeriods"] == 20 * 60
            assert alarm["TreatMissingData"] == "breaching"

    def test_nothing_else_rings_while_nobody_asks(self, resources: dict[str, Resource]) -> None:
        alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
        silent = {one["AlarmName"]["Fn::Sub"] for one in alarms if one["TreatMissingData"] == "notBreaching"}
        named = {name.removeprefix("${AWS::StackName}-") for name in silent}
        assert {"api-5xx", "api-limit"} <= named
        assert not [name for name in named if name.startswith(tuple(SCHEDULED.values()))]

    def test_each_is_told(self, resources: dict[str, Resource]) -> None:
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
            assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}] == alarm["OKActions"]
        assert resources["AlarmSubscription"]["Condition"] == "HasAlarmEmail"

    def test_a_deployment_has_few_unless_more_are_asked_for(self, resources: dict[str, Resource]) -> None:
        alarms = [one for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
        assert {one.get("Condition") for one in alarms} == {None, "HasAllAlarms"}
        few = [one["Properties"] for one in alarms if "Condition" not in one]
        assert len(few) == len(SCHEDULED) + 2
        assert not [one for one in few if one.get("Namespace", "").startswith("Muster")], "it would cost more"

    def test_the_limit_that_it_watches_is_the_one_that_holds(self, resources: dict[str, Resource]) -> None:
        alarm = resources["ApiNearLimit"]["Properties"]
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == (
            "AWS/ApiGateway",
            "Count",
            "Sum",
        )
        assert alarm["Threshold"] == {"Fn::Sub": "${RateLimit}00"}, "a hundred times the limit"
        assert alarm["Period"] == 120, "in which a hundred and twenty times the limit may come"

    def test_those_that_exist_are_on_the_dashboard(self, resources: dict[str, Resource]) -> None:
        condition, *bodies = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::If"]
        assert condition == "HasAllAlarms"
        alarms = [one for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]
        for body, conditions in zip(bodies, ({None, condition}, {None}), strict=True):
            shown = json.loads(body["Fn::Sub"])["widgets"][0]["properties"]["alarms"]
            assert [one.rpartition(":alarm:")[2] for one in shown] == [
                alarm["Properties"]["AlarmName"]["Fn::Sub"]
                for alarm in alarms
                if alarm.get("Condition") in conditions
            ]


def test_the_same_files_are_the_same_package(folder: Path, template: dict[str, Any]) -> None:
    """So that what has not changed is not deployed again."""
    first = digest(folder / "prod" / "deployment.zip")
    made(folder)
    assert digest(folder / "prod" / "deployment.zip") == first


def deployment(resources: dict[str, Resource]) -> str:
    """The name of the one that the stage has."""
    (name,) = of_type(resources, "AWS::ApiGateway::Deployment")
    assert resources["Stage"]["Properties"]["DeploymentId"] == {"Ref": name}
    return name
