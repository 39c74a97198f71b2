"""What `make deploy`, `destroy`, `restore`, `status` and the like do. Results go to stdout, messages to stderr."""

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import bootstrap
from chalicelib.domain.errors import MusterError
from chalicelib.services.keys import AdminKeyExists
from chalicelib.settings import Settings
from chalicelib.store.forms import LEFT_OUT
from chalicelib.store.transfer import Transfer
from deploy.bucket import PackageBucket
from deploy.logs import as_logged, logged, readable
from deploy.package import ARCHITECTURES, ROOT, PackagingFailed, package, require_stage
from deploy.parameters import WrongParameters, check, effective, given
from deploy.pausing import Functions
from deploy.restore import CannotRestore, Restore
from deploy.stack import Change, Stack, StackFailed
from deploy.template import stack_name, stages
from deploy.to_do import to_do

CHALICE = ROOT / ".chalice"
RESERVED, LEAST_UNRESERVED = 103, 100
"""How much of the account's concurrency the functions reserve, and how much must be left, says AWS."""

_NOW_AND_THEN = 100_000
"""After how many items something is said about them."""

_stage = click.option(
    "--stage",
    envvar="STAGE",
    required=True,
    type=click.Choice(stages(CHALICE)),
    help="The stage; its stack and table are muster-STAGE.",
)

_wait = click.option(
    "--wait",
    envvar="WAIT",
    type=click.IntRange(0),
    help="Seconds to wait for runs that have begun; otherwise as long as any may take.",
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
@click.option(
    "--package",
    "packaged",
    envvar="PACKAGE",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of `make package` for this stage, to deploy what is in it.",
)
def deploy_stage(stage: str, architecture: str, packaged: Path | None) -> None:
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
        if packaged is None:
            _say("Packaging …")
            packaged = package(Path(folder), stage, architecture=architecture).parent
        else:
            require_stage(packaged, stage)
        _say("Uploading …")
        template = bucket.upload(packaged)
    _say(f"Deploying {stack.name} …")
    _say(_in_words(stack.bring_to(template, parameters)))
    bucket.remember(stack.name, stack.parameters())
    outputs = stack.outputs()
    click.echo(f"API: {outputs['PublicUrl']}")
    _make_first_key(outputs["TableName"])
    for line in to_do(effective(CHALICE, stack.parameters()), outputs):
        _say(line)


@main.command("package")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--stage", envvar="STAGE", default="dev", show_default=True, help="The stage.")
@_architecture
def package_into(output: Path, stage: str, architecture: str) -> None:
    """Writes the package and its template into the folder OUTPUT. It needs no AWS account."""
    archive = package(output, stage, architecture=architecture)
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
@click.option("--from", "source", envvar="FROM", required=True, help="The table to take the state from.")
@click.option("--dry-run", envvar="DRY_RUN", is_flag=True, help="Only shows what would change.")
@_wait
def restore(stage: str, source: str, dry_run: bool, wait: int | None) -> None:
    """Brings a stage's table to the state that the table FROM holds, after asking.

    FROM is what AWS has restored from the table's backups, under another name. API, address, alarms and Google's
    credentials stay as they are, and so do keys, links and webhooks. Meanwhile no function runs.
    """
    stack = Stack(stack_name(stage))
    table = stack.outputs()["TableName"]
    restoring = Restore(table, source, _read())
    restoring.require_sound()
    _say(f"Comparing {table} with {source} …")
    for line in restoring.differences().lines():
        click.echo(line)
    if dry_run:
        return
    _say("Keys, links and webhooks stay as they are now. Nobody can report until it is done.")
    _say(
        f"If it is cut off, run it again; or `make resume STAGE={stage}`, and {table} stays as it is by then."
    )
    if click.prompt(f"Type {table} to bring it to what {source} holds", err=True) != table:
        raise click.ClickException("Nothing was changed.")
    functions = Functions(stack)
    _pause(functions, wait)
    _say("Backing up what is there now …")
    _say(f"Backup: {restoring.back_up()}")
    _say(f"Bringing {table} to what {source} holds …")
    restoring.bring()
    if left := restoring.differences():
        raise StackFailed(
            "\n".join([f"something else writes to {table}; the functions stay paused", *left.lines()])
        )
    for place in _miscounted(table):
        _say(f"Totals of {place} are not the sum of its cards, in {source} too. The recount corrects them.")
    _resume(functions)
    click.echo(f"{table} holds what {source} holds.")


@main.command()
@_stage
@_wait
def pause(stage: str, wait: int | None) -> None:
    """Stops all functions: the API answers with errors, and nothing uses the table. `resume` ends it."""
    _pause(Functions(Stack(stack_name(stage))), wait)
    _say(f"Nothing runs until `make resume STAGE={stage}`.")


@main.command()
@_stage
def resume(stage: str) -> None:
    """Ends a pause."""
    _resume(Functions(Stack(stack_name(stage))))


@main.command()
@_stage
def status(stage: str) -> None:
    """Shows how the last deployment ended, where things are, and the state of the alarms."""
    stack = Stack(stack_name(stage))
    existing, outputs = stack.existing(), stack.outputs()
    changed_at = existing.get("LastUpdatedTime", existing["CreationTime"])
    click.echo(f"Stack: {stack.name}, {existing['StackStatus']}, changed {changed_at:%Y-%m-%d %H:%M} UTC")
    click.echo(
        f"API: {outputs.get('PublicUrl', outputs['EndpointURL'].rstrip('/'))}"
    )  # 0.1.0 has only the latter
    click.echo(f"Table: {outputs['TableName']}")
    click.echo(f"Google's credentials: {outputs['SheetsSecret']}")
    if Functions(stack).are_paused:
        click.echo(f"Paused: nothing runs until `make resume STAGE={stage}`.")
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{stack.name}-"):
        for alarm in page["MetricAlarms"]:
            click.echo(f"Alarm {alarm['AlarmName']}: {alarm['StateValue']}")
    for line in to_do(effective(CHALICE, stack.parameters()), outputs):
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


def _pause(functions: Functions, wait: int | None) -> None:
    longest = functions.pause()
    seconds = longest if wait is None else wait
    _say(f"No run begins any more. Waiting {seconds} seconds for those that have begun …")
    time.sleep(seconds)


def _resume(functions: Functions) -> None:
    for name in functions.resume():
        _say(f"{name} was stopped before the pause, and stays so: its reserved concurrency is 0.")
    _say("The functions run again.")


def _miscounted(table: str) -> list[str]:
    """Where totals are not the sum of the cards, as `server/event/alliance`. AWS does not back up all items in the same
    instant."""
    with closing(bootstrap.dynamodb()) as client:
        product = bootstrap.assemble(Settings(table), bootstrap.dynamodb_table(table, client))
        servers = [server.id for server in product.stores.definitions.servers()]
        transfer = Transfer(product.stores.table)
        return [f"{server}/{place}" for server in servers for place in transfer.miscounted(server)]


def _read() -> Callable[[int], None]:
    """Says now and then how many items were read so far."""
    read, lock = 0, Lock()

    def tell(items: int) -> None:
        nonlocal read
        with lock:
            if read // _NOW_AND_THEN < (read + items) // _NOW_AND_THEN:
                _say(f"{read + items:,} items were read …")
            read += items

    return tell


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
    except (
        CannotRestore,
        WrongParameters,
        PackagingFailed,
        StackFailed,
        ClientError,
        BotoCoreError,
    ) as problem:
        sys.exit(f"deploy: {problem}")
