"""`make deploy`, `destroy`, `status`, `logs` and `package`. Results go to stdout, messages to stderr."""

import os
import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.domain.errors import MusterError
from chalicelib.services.keys import AdminKeyExists
from chalicelib.settings import Settings
from chalicelib.store.forms import LEFT_OUT
from deploy.bucket import PackageBucket
from deploy.logs import as_logged, logged, readable
from deploy.package import ARCHITECTURES, ROOT, PackagingFailed, package
from deploy.parameters import WrongParameters, check, effective, given
from deploy.stack import Change, Stack, StackFailed
from deploy.template import stack_name, stages
from deploy.to_do import to_do

CHALICE = ROOT / ".chalice"
RESERVED, LEAST_UNRESERVED = 103, 100
"""How much of the account's concurrency the functions reserve, and how much must be left, says AWS."""

_stage = click.option(
    "--stage",
    envvar="STAGE",
    required=True,
    type=click.Choice(stages(CHALICE)),
    help="The stage; its stack and table are muster-STAGE.",
)

_architecture = click.option(
    "--architecture",
    envvar="ARCHITECTURE",
    default=ARCHITECTURES[0],
    show_default=True,
    type=click.Choice(ARCHITECTURES),
    help="The processors of the functions.",
)


@click.group()
def main() -> None:
    """Muster in AWS, with a stack for each stage. boto3 finds credentials and region in its usual places."""


@main.command("deploy")
@_stage
@_architecture
def deploy_stage(stage: str, architecture: str) -> None:
    """Makes the stack or upgrades it, and prints where the API is.

    If no admin's key works, it makes one and prints it, only this once.
    """
    stack, bucket = Stack(stack_name(stage)), PackageBucket()
    before, parameters = stack.parameters(), given(os.environ)
    if not before:
        parameters = bucket.remembered(stack.name) | parameters
        if "ReservedConcurrency" not in parameters and not _can_reserve():
            parameters["ReservedConcurrency"] = "no"
    values = effective(CHALICE, before, parameters)
    check(CHALICE, values, bucket.region)
    if values["HasAccessLogs"] == "yes" and not _can_log_access():
        raise WrongParameters(
            "ACCESS_LOGS needs a role with which API Gateway may write logs. See \u201cAccess logs and traces\u201d "
            "in docs/OPERATIONS.md."
        )
    with TemporaryDirectory() as folder:
        _say("Packaging …")
        package(Path(folder), stage, architecture=architecture)
        _say("Uploading …")
        template = bucket.upload(Path(folder))
    _say(f"Deploying {stack.name} …")
    _say(_in_words(stack.bring_to(template, parameters)))
    bucket.remember(stack.name, stack.parameters())
    click.echo(f"API: {stack.outputs()['PublicUrl']}")
    _make_first_key(stack.outputs()["TableName"])
    for line in to_do(stack):
        _say(line)


@main.command("package")
@click.argument("output", type=click.Path(path_type=Path))
@_architecture
def package_into(output: Path, architecture: str) -> None:
    """Writes the package and its template into the folder OUTPUT, for stage dev. It needs no AWS account."""
    archive = package(output, architecture=architecture)
    click.echo(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


@main.command()
@_stage
def destroy(stage: str) -> None:
    """Deletes the stack, after asking. The table is kept, and the next deployment takes it back."""
    stack = Stack(stack_name(stage))
    table = stack.outputs()["TableName"]
    _say(f"This deletes {stack.name}: the API and its address, logs, alarms, and Google's credentials.")
    _say(f"The table {table} is kept, and how the stack was set.")
    if click.prompt(f"Type {stack.name} to delete it", err=True) != stack.name:
        raise click.ClickException("Nothing was deleted.")
    PackageBucket().remember(stack.name, stack.parameters())
    stack.delete()
    _say(f"{stack.name} is deleted. `make deploy STAGE={stage}` makes it again, with the table {table}.")


@main.command()
@_stage
def status(stage: str) -> None:
    """Shows how the last deployment ended, where things are, and the state of the alarms."""
    stack = Stack(stack_name(stage))
    existing, outputs = stack.existing(), stack.outputs()
    changed_at = existing.get("LastUpdatedTime", existing["CreationTime"])
    click.echo(f"Stack: {stack.name}, {existing['StackStatus']}, changed {changed_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"API: {outputs['PublicUrl']}")
    click.echo(f"Table: {outputs['TableName']}")
    click.echo(f"Google's credentials: {outputs['SheetsSecret']}")
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{stack.name}-"):
        for alarm in page["MetricAlarms"]:
            click.echo(f"Alarm {alarm['AlarmName']}: {alarm['StateValue']}")
    for line in to_do(stack):
        click.echo(line)
    unreadable = {
        message.partition(f"{LEFT_OUT}: ")[2].partition(" (")[0]
        for _, _, message in logged(stack, datetime.now(UTC) - timedelta(days=1), f'"{LEFT_OUT}"')
    }
    for key in sorted(unreadable):
        click.echo(f"Can't be read: {key}")
    if unreadable:
        click.echo(
            "What can't be read is left out. See \u201cItems that can't be read\u201d in docs/OPERATIONS.md."
        )


@main.command()
@_stage
@click.option(
    "--minutes",
    envvar="MINUTES",
    type=click.IntRange(1),
    help="How far back; without it 10, or a day with --request.",
)
@click.option("--request", envvar="REQUEST", default="", help="Only what was logged with this request's id.")
def logs(stage: str, minutes: int | None, request: str) -> None:
    """Shows what the functions have logged, by time.

    For people where it is shown on a terminal, else as JSON lines. The id of a request is in each problem that the API
    answers, and on each error page.
    """
    if not re.fullmatch(r"[\w-]*", request):
        raise click.BadParameter(f"{request!r} is not the id of a request.", param_hint="REQUEST")
    minutes = minutes or (24 * 60 if request else 10)
    pattern = f'"{request}"' if request else ""
    found = logged(Stack(stack_name(stage)), datetime.now(UTC) - timedelta(minutes=minutes), pattern)
    for line in found:
        click.echo(readable(line) if sys.stdout.isatty() else as_logged(line))
    if request and not found:
        raise click.ClickException(
            f"Nothing was logged with {request} in the last {minutes} minutes (MINUTES)."
        )


def _can_reserve() -> bool:
    limits = boto3.client("lambda").get_account_settings()["AccountLimit"]
    return int(limits["UnreservedConcurrentExecutions"]) - RESERVED >= LEAST_UNRESERVED


def _can_log_access() -> bool:
    return bool(boto3.client("apigateway").get_account().get("cloudwatchRoleArn"))


def _make_first_key(table: str) -> None:
    client = bootstrap.dynamodb()
    try:
        product = bootstrap.assemble(Settings(table), bootstrap.dynamodb_table(table, client))
        made, secret = product.keys.first("first admin")
    except AdminKeyExists:
        return
    finally:
        client.close()
    _say(f"The key {made.id} is an admin's. Its secret is shown only once: save it now.")
    click.echo(f"Admin key: {secret}")


def _in_words(changes: list[Change]) -> str:
    counts = Counter(change.action.lower() for change in changes)
    return ", ".join(f"{action}: {count}" for action, count in counts.items()) or "Nothing has changed."


def _say(words: str) -> None:
    click.echo(words, err=True)


if __name__ == "__main__":
    try:
        main(prog_name="deploy")
    except MusterError as problem:
        sys.exit(f"deploy: {problem.detail}")
    except (WrongParameters, PackagingFailed, StackFailed, ClientError, BotoCoreError) as problem:
        sys.exit(f"deploy: {problem}")
