"""What somebody might deploy instead of the package: another version of it, or one with a mistake."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.template import stack_name
from tests.e2e.conftest import STAGE

Resources = dict[str, Any]

NEW_PATH = "PathDocs"
"""The path that an earlier version does not have."""


def changed(packaged: Path, folder: Path, change: Callable[[Resources], object], stage: str = STAGE) -> Path:
    """A copy, in the new `folder`, whose template's resources were changed."""
    folder.mkdir()
    shutil.copy2(packaged / "deployment.zip", folder)
    text = (packaged / "sam.json").read_text(encoding="utf-8")
    template = json.loads(text.replace(f'"{stack_name(STAGE)}"', f'"{stack_name(stage)}"'))
    change(template["Resources"])
    (folder / "sam.json").write_text(json.dumps(template), encoding="utf-8")
    return folder


def earlier(packaged: Path, folder: Path) -> Path:
    """An earlier version: other code, a path less, so other deployments of functions and API."""

    def without_a_path(resources: Resources) -> None:
        (deployment,) = (name for name in resources if name.startswith("Deployment"))
        api = resources.pop(deployment)
        for name in [name for name in resources if name.startswith(NEW_PATH)]:
            del resources[name]
        api["DependsOn"] = [name for name in api["DependsOn"] if name in resources]
        resources["DeploymentBefore"] = api
        resources["Stage"]["Properties"]["DeploymentId"] = {"Ref": "DeploymentBefore"}

    made = changed(packaged, folder, without_a_path)
    with zipfile.ZipFile(made / "deployment.zip", "a") as archive:
        archive.writestr("earlier.txt", "This is an earlier version.")
    return made


def that_fails(resources: Resources) -> None:
    """Once the functions are there, CloudFormation waits for a signal that never comes."""
    resources["Signal"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    wait = {"Handle": {"Ref": "Signal"}, "Timeout": "1", "Count": 1}
    resources["Broken"] = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": ["APIHandler", "Stage", "Table"],
        "Properties": wait,
    }
    resources["APIHandler"]["Properties"]["MemorySize"] = 512


def that_is_refused(resources: Resources) -> None:
    """It has a resource of a type that there is not."""
    resources["Broken"] = {"Type": "AWS::SNS::Nothing", "Properties": {}}


def without_a_right(resources: Resources) -> None:
    """The API may not query the table."""
    (policy,) = resources["ApiHandlerRole"]["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        if len(statement["Action"]) > 1 and "dynamodb:Query" in statement["Action"]:
            statement["Action"].remove("dynamodb:Query")
