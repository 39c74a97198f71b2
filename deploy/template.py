"""The template that is deployed: what Chalice makes from the app, merged with the templates in `.chalice/`."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

Template = dict[str, Any]


def stack_name(stage: str) -> str:
    """The name of a stage's stack, and of its table."""
    return f"muster-{stage}"


def stages(folder: Path) -> list[str]:
    """The stages in `config.json` in `folder`."""
    return list(json.loads((folder / "config.json").read_text(encoding="utf-8"))["stages"])


def to_merge(folder: Path, stage: str) -> Template:
    """What Chalice must merge into its template, from `resources.json` and `dashboard.json` in `folder`.

    The table's name is written literally: after `make destroy`, CloudFormation takes a table back only by that. The
    address that the functions know is an output, too.
    """
    template: Template = json.loads((folder / "resources.json").read_text(encoding="utf-8"))
    dashboard = json.loads((folder / "dashboard.json").read_text(encoding="utf-8"))
    resources = template["Resources"]
    resources["Table"]["Properties"]["TableName"] = stack_name(stage)
    alarms = [one for one in resources.values() if one.get("Type") == "AWS::CloudWatch::Alarm"]
    few = [one for one in alarms if "Condition" not in one]
    bodies = ({"Fn::Sub": json.dumps(_showing(dashboard, shown))} for shown in (alarms, few))
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    template["Outputs"]["PublicUrl"] = {"Value": variables["PUBLIC_URL"]}
    resources["Dashboard"]["Properties"]["DashboardBody"] = {"Fn::If": ["HasAllAlarms", *bodies]}
    return template


def _showing(dashboard: dict[str, Any], alarms: list[Template]) -> dict[str, Any]:
    """The dashboard, with these alarms in its first widget."""
    arn = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
    first, *others = dashboard["widgets"]
    names = [arn + alarm["Properties"]["AlarmName"]["Fn::Sub"] for alarm in alarms]
    return {"widgets": [{**first, "properties": {**first["properties"], "alarms": names}}, *others]}


def with_plain_api(template: Template) -> Template:
    """Splits Chalice's `AWS::Serverless::Api` into the paths and methods that its `DefinitionBody` describes.

    A body that changes would delete the gateway responses beside it, and SAM would deploy the API before they are
    there. What a deployment holds is fixed when it is made, so its name is a hash of what it holds: if anything has
    changed, CloudFormation makes a new deployment, and only then switches the stage to it.
    """
    resources = dict(template["Resources"])
    deployment, stage = resources.pop("Deployment"), resources["Stage"]
    made = resources.pop("RestAPI")["Properties"]
    api = {
        name: one for name, one in resources.items() if one["Type"] == "AWS::ApiGateway::GatewayResponse"
    } | dict(_paths(made["DefinitionBody"]["paths"]))
    resources["RestAPI"] = {
        "Type": "AWS::ApiGateway::RestApi",
        "Properties": {
            "Name": made["DefinitionBody"]["info"]["title"],
            "BinaryMediaTypes": made["DefinitionBody"]["x-amazon-apigateway-binary-media-types"],
            "EndpointConfiguration": {"Types": [made["EndpointConfiguration"]]},
            "MinimumCompressionSize": made["MinimumCompressionSize"],
        },
    }
    held = json.dumps([resources["RestAPI"], api], sort_keys=True)
    name = f"Deployment{sha256(held.encode()).hexdigest()[:10]}"
    resources |= api
    resources[name] = {**deployment, "DependsOn": sorted(api)}
    resources["Stage"] = {**stage, "Properties": {**stage["Properties"], "DeploymentId": {"Ref": name}}}
    return {**template, "Resources": resources}


def _paths(described: dict[str, Any]) -> Iterator[tuple[str, Template]]:
    """A resource for each part of each path, named after the path up to there, and one for each method."""
    rest_api = {"Ref": "RestAPI"}
    for path, operations in described.items():
        name = "Path"
        parent: Template = {"Fn::GetAtt": ["RestAPI", "RootResourceId"]}
        for part in filter(None, path.split("/")):
            name += "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", part))
            properties = {"RestApiId": rest_api, "ParentId": parent, "PathPart": part}
            yield name, {"Type": "AWS::ApiGateway::Resource", "Properties": properties}
            parent = {"Ref": name}
        for method, operation in operations.items():
            sent = operation["x-amazon-apigateway-integration"]
            properties = {
                "RestApiId": rest_api,
                "ResourceId": parent,
                "HttpMethod": method.upper(),
                "AuthorizationType": "NONE",
                "Integration": {
                    "Type": sent["type"].upper(),
                    "IntegrationHttpMethod": sent["httpMethod"],
                    "Uri": sent["uri"],
                    "PassthroughBehavior": sent["passthroughBehavior"].upper(),
                    "ContentHandling": sent["contentHandling"],
                },
            }
            yield f"{name}{method.upper()}", {"Type": "AWS::ApiGateway::Method", "Properties": properties}
