"""Deployments that fail: what is undone, what is said, and that members do not notice."""

import json
from datetime import UTC, datetime
from pathlib import Path

from deploy.template import stack_name
from tests.e2e.deployment import NOVA, Deployment, wait_until
from tests.e2e.load import tracebacks, under_load
from tests.e2e.packages import changed, that_fails, that_is_refused, without_a_right

OTHER_STAGE = "prod"
TIMED_OUT = "Broken: WaitCondition timed out."


def a_first_deployment_leaves_only_its_table(at: Deployment, folder: Path) -> None:
    """In a stage that has no stack yet. The next one takes the table."""
    bad = changed(at.packaged, folder / "first-fails", that_fails, OTHER_STAGE)
    failed = at.make("deploy", STAGE=OTHER_STAGE, PACKAGE=str(bad))
    assert failed.returncode == 2
    assert f"deploy: {stack_name(OTHER_STAGE)} is DELETE_COMPLETE\n{TIMED_OUT}" in failed.stderr
    assert "there is no stack" in at.make("status", STAGE=OTHER_STAGE).stderr
    assert at.aws.client("dynamodb").list_tables()["TableNames"] == [stack_name(OTHER_STAGE)]


def an_upgrade_that_fails_is_undone(at: Deployment, folder: Path, link: str) -> None:
    """Members get their answers all the time, and the next deployment works."""
    before, memory = at.progress(), at.configuration("APIHandler")["MemorySize"]
    with under_load(at, link) as answered:
        refused = at.make("deploy", PACKAGE=str(changed(at.packaged, folder / "refused", that_is_refused)))
        assert refused.returncode == 2
        assert "Unrecognized resource types: [AWS::SNS::Nothing]" in refused.stderr
        failed = at.make("deploy", PACKAGE=str(changed(at.packaged, folder / "fails", that_fails)))
        assert failed.returncode == 2
        assert f"is UPDATE_ROLLBACK_COMPLETE\n{TIMED_OUT}" in failed.stderr
    assert answered.failed == []
    all_that_counted = (before[0] + 100 * answered.reports, before[1] + answered.reports)
    wait_until(
        lambda: at.progress() == all_that_counted
    )  # a process knows the totals of up to ten seconds ago
    assert at.configuration("APIHandler")["MemorySize"] == memory
    assert at.deploy(at.packaged) == ""


def an_operator_who_lacks_a_right_is_told_which(at: Deployment) -> None:
    """Nothing is begun."""
    iam, user = at.aws.client("iam"), {"UserName": "trainee"}
    may = ["s3:*", "sts:*", "cloudformation:Describe*", "cloudformation:GetTemplateSummary"]
    statement = {"Effect": "Allow", "Action": may, "Resource": "*"}
    iam.create_user(**user)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(**user, PolicyName="may-look", PolicyDocument=policy)
    key = iam.create_access_key(**user)["AccessKey"]
    refused = at.make(
        "deploy",
        PACKAGE=str(at.packaged),
        AWS_ACCESS_KEY_ID=key["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=key["SecretAccessKey"],
    )
    assert refused.returncode == 2
    assert "is not authorized to perform: cloudformation:CreateChangeSet" in refused.stderr
    assert "Traceback" not in refused.stderr


def a_function_that_lacks_a_right_answers_problems(at: Deployment, folder: Path) -> None:
    """CloudFormation can't know which rights a function needs. The log says which is missing, and the next deployment
    mends it."""
    calls, since = len(at.aws.calls), datetime.now(UTC)
    at.deploy(changed(at.packaged, folder / "lacks-a-right", without_a_right))
    answer = at.ask("GET", f"{NOVA}/commanders")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    denied = {one.target for one in at.aws.calls[calls:] if one.is_denied}
    assert denied == {"DynamoDB_20120810.Query"}
    del at.aws.calls[calls:]
    logged = at.make("logs", REQUEST=answer.json()["request_id"]).stdout
    assert "ClientError AccessDeniedException in Query" in logged
    assert tracebacks(at, since), "so a fault under load would have been seen"
    at.deploy(at.packaged)
    assert at.ask("GET", f"{NOVA}/commanders").ok
