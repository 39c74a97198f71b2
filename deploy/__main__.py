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
from deploy.package import ROOT, PackagingFailed, package
from deploy.stack import Change, Stack, StackFailed
from deploy.template import stack_name, stages

PARAMETERS = {
    "ALARM_EMAIL": "AlarmEmail",
    "ALARMS": "Alarms",
    "METRICS": "Metrics",
    "DASHBOARD": "HasDashboard",
    "BUDGET": "Budget",
    "RATE_LIMIT": "RateLimit",
    "BURST_LIMIT": "BurstLimit",
    "CLIENT_LIMIT": "ClientLimit",
    "RESERVED_CONCURRENCY": "ReservedConcurrency",
    "SHEETS_API_URL": "SheetsApiUrl",
    "DISCORD_API_URL": "DiscordApiUrl",
}
"""Which parameter of the stack each environment variable sets. If a variable is not set, its parameter stays."""

RESERVED, LEAST_UNRESERVED = 103, 100
"""How much of the account's concurrency the functions reserve, and how much must be left, says AWS."""

_stage = click.option(
    "--stage",
    envvar="STAGE",
    required=True,
    type=click.Choice(stages(ROOT / ".chalice")),
    help="The stage; its stack and table are muster-STAGE.",
)


@click.group()
def main() -> None:
    """Muster in AWS, with a stack for each stage. boto3 finds credentials and region in its usual places."""


@main.command("deploy")
@_stage
def deploy_stage(stage: str) -> None:
    """Makes the stack or upgrades it, and prints where the API is.

    If no admin's key works, it makes one and prints it, only this once.
    """
    stack = Stack(stack_name(stage))
    parameters = {PARAMETERS[name]: os.environ[name] for name in PARAMETERS if name in os.environ}
    if stack.described() is None and "ReservedConcurrency" not in parameters and not _can_reserve():
        parameters["ReservedConcurrency"] = "no"
        _say("This account has too little concurrency to reserve any, so none is reserved.")
    with TemporaryDirectory() as folder:
        _say("Packaging …")
        package(Path(folder), stage)
        _say("Uploading …")
        template = PackageBucket().upload(Path(folder))
    _say(f"Deploying {stack.name} …")
    _say(_in_words(stack.bring_to(template, parameters)))
    outputs = stack.outputs()
    click.echo(f"API: {outputs['EndpointURL'].rstrip('/')}")
    _make_first_key(outputs["TableName"])


@main.command("package")
@click.argument("output", type=click.Path(path_type=Path))
def package_into(output: Path) -> None:
    """Writes the package and its template into the folder OUTPUT, for stage dev. It needs no AWS account."""
    archive = package(output)
    click.echo(f"{archive}: {archive.stat().st_size / 1e6:.1f} MB")


@main.command()
@_stage
def destroy(stage: str) -> None:
    """Deletes the stack, after asking. The table is kept, and the next deployment takes it back."""
    stack = Stack(stack_name(stage))
    table = stack.outputs()["TableName"]
    _say(f"This deletes {stack.name}: the API and its address, logs, alarms, and Google's credentials.")
    _say(f"The table {table} is kept.")
    if click.prompt(f"Type {stack.name} to delete it", err=True) != stack.name:
        raise click.ClickException("Nothing was deleted.")
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
    click.echo(f"API: {outputs['EndpointURL'].rstrip('/')}")
    click.echo(f"Table: {outputs['TableName']}")
    click.echo(f"Google's credentials: {outputs['SheetsSecret']}")
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{stack.name}-"):
        for alarm in page["MetricAlarms"]:
            click.echo(f"Alarm {alarm['AlarmName']}: {alarm['StateValue']}")
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
    except (PackagingFailed, StackFailed, ClientError, BotoCoreError) as problem:
        sys.exit(f"deploy: {problem}")
