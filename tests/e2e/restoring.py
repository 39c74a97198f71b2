"""A restored table is put in place: the API, alarms and Google's secret stay, and so do keys and links."""

import os
import signal
from typing import Any

import pytest

from chalicelib.store import keys
from deploy.restore import CannotRestore, Restore
from deploy.template import stack_name
from tests.e2e.conftest import STAGE
from tests.e2e.deployment import NOVA, ONE, PLACE, STACK, THREE, TWO, Deployment, wait_until
from tests.e2e.failing import OTHER_STAGE

RESTORED, STRANGE = f"{STACK}-restored", "somebody-elses"


def an_earlier_state_is_put_in_place(at: Deployment, link: str) -> None:
    """As the runbook says. The emulator restores only the state of just now, so what is undone comes after it."""
    dynamodb, reserved = at.aws.client("dynamodb"), {"FunctionName": at.resource("APIHandler")}
    at.aws.client("lambda").put_function_concurrency(**reserved, ReservedConcurrentExecutions=60)
    by_hand = {"FunctionName": at.resource("TellNews")}
    at.aws.client("lambda").put_function_concurrency(**by_hand, ReservedConcurrentExecutions=0)
    at.invoke("RefreshTotals")  # what is owed to the ledger is entered now, and changes no card later
    around, before, people = what_is_around(at), at.progress(), names(at)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=STACK, TargetTableName=RESTORED, UseLatestRestorableTime=True
    )
    revoked = at.done("POST", "/v1/keys", {"role": "officer", "label": "soon gone", "server": "101"})
    new_link = at.done("POST", "/v1/keys", {"role": "member", "label": "new link", **PLACE})["link"]
    at.done("DELETE", f"/v1/keys/{revoked['id']}")
    at.report("Somebody", ONE, TWO, THREE, is_new=True)
    order = {"action": "void", "commander": "Kestrel", "milestone": ONE, "reason": "a mistake"}
    at.done("POST", "/v1/corrections", {**order, **PLACE})
    spoilt = at.progress()
    assert spoilt != before

    what_can_not_be_taken_is_refused(at)
    shown = at.make("restore", FROM=RESTORED, DRY_RUN="1")
    cards = next(line.split() for line in shown.stdout.splitlines() if line.startswith("cards"))
    assert (shown.returncode, cards) == (0, ["cards", "0", "1", "1"])
    assert at.make("restore", typed="prod\n", FROM=RESTORED).returncode == 2
    assert at.progress() == spoilt, "nothing was changed"

    it_is_killed(at)
    assert f"Paused: nothing runs until `make resume STAGE={STAGE}`." in at.make("status").stdout
    assert not at.ask("GET", "/health").ok
    done = at.make("restore", typed=f"{STACK}\n", FROM=RESTORED, WAIT="5")
    assert done.returncode == 0, done.stderr
    assert "not the sum" not in done.stderr
    assert f"{by_hand['FunctionName']} was stopped before the pause" in done.stderr
    wait_until(lambda: at.progress() == before)
    assert names(at) == people
    assert what_is_around(at) == around
    assert at.ask("GET", "/v1/servers/101/ledger", key=revoked["secret"]).status_code == 401
    for address in (link, new_link):
        assert "Kestrel" in at.web.get(address, timeout=60).text
    assert at.report("Kestrel", ONE)["results"][0]["status"] == "already_recorded"
    assert "cards" not in restore_from(at, RESTORED).differences().changed
    (backup,) = dynamodb.list_backups(TableName=STACK)["BackupSummaries"]
    assert backup["BackupName"].startswith("before-restore-")


def what_can_not_be_taken_is_refused(at: Deployment) -> None:
    """Also what the first deployment of another stage has left, if that has a key of its own."""
    dynamodb, other = at.aws.client("dynamodb"), stack_name(OTHER_STAGE)
    key = keys.access_key_entry(None, "another")
    dynamodb.put_item(TableName=other, Item={"PK": {"S": key.pk}, "SK": {"S": key.sk}})
    dynamodb.create_table(
        TableName=STRANGE,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for source, why in (
        (STACK, "is the table itself"),
        ("nothing", "There is no table nothing"),
        (STRANGE, "is not a table of Muster"),
        (other, "belongs to another deployment"),
    ):
        with pytest.raises(CannotRestore, match=why):
            restore_from(at, source).require_sound()


def restore_from(at: Deployment, source: str) -> Restore:
    read: list[int] = []
    return Restore(STACK, source, read.append, at.aws.client("dynamodb"))


def it_is_killed(at: Deployment) -> None:
    """When nothing runs any more, and before anything is changed."""
    with at.making("restore", FROM=RESTORED, WAIT="600") as killed:
        assert killed.stdin
        assert killed.stderr
        killed.stdin.write(f"{STACK}\n")
        killed.stdin.flush()
        said = next(line for line in killed.stderr if "No run begins any more" in line)
        os.killpg(killed.pid, signal.SIGKILL)
    assert "Waiting 600 seconds" in said


def names(at: Deployment) -> list[str]:
    """Of the roster."""
    return [one["name"] for one in at.done("GET", f"{NOVA}/commanders")["commanders"]]


def what_is_around(at: Deployment) -> dict[str, Any]:
    """What destroying the stack would lose, and what a restored table has not: protection and recovery."""
    dynamodb, secrets = at.aws.client("dynamodb"), at.aws.client("secretsmanager")
    alarms = at.aws.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{STACK}-")["MetricAlarms"]
    recovery = dynamodb.describe_continuous_backups(TableName=STACK)["ContinuousBackupsDescription"]
    reserved = at.aws.client("lambda").get_function_concurrency(FunctionName=at.resource("APIHandler"))
    return {
        "api": at.resource("RestAPI"),
        "alarms": {alarm["AlarmName"]: alarm["AlarmActions"] for alarm in alarms},
        "secret": secrets.get_secret_value(SecretId=at.resource("SheetsCredentials"))["SecretString"],
        "protected": dynamodb.describe_table(TableName=STACK)["Table"]["DeletionProtectionEnabled"],
        "recovery": recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "reserved": reserved.get("ReservedConcurrentExecutions"),
    }
