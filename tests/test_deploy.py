"""What `make deploy` takes, keeps, and tells its operator afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import boto3
import pytest
from moto import mock_aws

from deploy.bucket import PackageBucket
from deploy.parameters import WrongParameters, check, effective, given
from deploy.to_do import to_do

CHALICE = Path(__file__).parent.parent / ".chalice"
REGION = "eu-central-1"
CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/0123-abcd"
OF_REGION, OF_CLOUDFRONT = (CERTIFICATE.format(region) for region in (REGION, "us-east-1"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def values(**variables: str) -> dict[str, str]:
    return effective(CHALICE, given(variables))


class TestParameters:
    @pytest.mark.parametrize(
        "variables",
        [
            {},
            {"ALARM_EMAIL": "ops@example.org", "ALARMS": "all", "BUDGET": "20"},
            {"RATE_LIMIT": "10000", "BURST_LIMIT": "5000", "CLIENT_LIMIT": "10"},
            {"DOMAIN": "muster.example.org", "CERTIFICATE": OF_REGION},
            {"DOMAIN": "muster.example.org", "CERTIFICATE": OF_CLOUDFRONT, "CDN": "yes"},
            {"PUBLIC_URL": "https://example.org/muster"},
        ],
    )
    def test_these_can_be_deployed(self, variables: dict[str, str]) -> None:
        check(CHALICE, values(**variables), REGION)

    @pytest.mark.parametrize(
        ("variables", "words"),
        [
            ({"ALARMS": "none"}, "ALARMS must be few or all, not 'none'"),
            ({"ALARM_EMAIL": "ops"}, "ALARM_EMAIL must be an e-mail address, not 'ops'"),
            ({"RATE_LIMIT": "10001"}, "RATE_LIMIT must be a whole number from 1 to 10000, not '10001'"),
            ({"BUDGET": ""}, "BUDGET must be a whole number of at least 0, not ''"),
            ({"BUDGET": "²"}, "BUDGET must be a whole number of at least 0, not '²'"),
            (
                {"BUDGET": "5", "ALARM_EMAIL": ""},
                "BUDGET needs ALARM_EMAIL: AWS writes to that address",
            ),
            (
                {"DOMAIN": "https://example.org", "CDN": "maybe"},
                "DOMAIN must be a name of your own, such as muster.example.org, not 'https://example.org'\n"
                "CDN must be yes or no, not 'maybe'",
            ),
            (
                {"DOMAIN": "example.org"},
                "DOMAIN and CERTIFICATE go together: a name, and the certificate for it",
            ),
            (
                {"DOMAIN": "example.org", "CERTIFICATE": OF_CLOUDFRONT},
                "CERTIFICATE must be in eu-central-1, not in us-east-1",
            ),
            (
                {"DOMAIN": "example.org", "CERTIFICATE": OF_REGION, "CDN": "yes"},
                "CERTIFICATE must be in us-east-1, not in eu-central-1",
            ),
            ({"CLIENT_LIMIT": "9"}, "CLIENT_LIMIT must be 0 or at least 10"),
            (
                {"CLIENT_LIMIT": "2000", "CDN": "yes"},
                "CLIENT_LIMIT with CDN=yes works only where the stack is in us-east-1: set one of them",
            ),
            (
                {"PUBLIC_URL": "https://example.org/"},
                "PUBLIC_URL must be an address that begins with https:// and does not end with /, "
                "not 'https://example.org/'",
            ),
        ],
    )
    def test_these_cannot_and_it_says_why(self, variables: dict[str, str], words: str) -> None:
        with pytest.raises(WrongParameters) as raised:
            check(CHALICE, values(**variables), REGION)
        assert str(raised.value) == words

    def test_what_is_not_given_stays_as_it_was(self) -> None:
        before = {"AlarmEmail": "ops@example.org", "RateLimit": "50", "OfAnEarlierVersion": "x"}
        now = effective(CHALICE, before, given({"RATE_LIMIT": "60", "HOME": "/root"}))
        assert (now["AlarmEmail"], now["RateLimit"], now["Alarms"]) == ("ops@example.org", "60", "few")
        assert "OfAnEarlierVersion" not in now


@pytest.mark.usefixtures("aws")
def test_parameters_outlive_their_stack() -> None:
    assert PackageBucket().remembered("muster-prod") == {}
    PackageBucket().remember("muster-prod", {"AlarmEmail": "ops@example.org"})
    PackageBucket().remember("muster-dev", {"AlarmEmail": "dev@example.org"})
    assert PackageBucket().remembered("muster-prod") == {"AlarmEmail": "ops@example.org"}


@pytest.mark.usefixtures("aws")
def test_nothing_is_put_into_or_taken_from_somebody_else_s_bucket(tmp_path: Path) -> None:
    """Whoever had made one of that name before."""
    asked: set[tuple[str, str | None]] = set()

    def note(params: dict[str, str], model: Any, **_: object) -> None:
        asked.add((model.name, params.get("ExpectedBucketOwner")))

    bucket = PackageBucket()
    bucket._client.meta.events.register("before-parameter-build.s3", note)
    (tmp_path / "sam.json").write_text('{"Resources": {}}')
    with ZipFile(tmp_path / "deployment.zip", "w") as packed:
        packed.writestr("app.py", "")
    bucket.upload(tmp_path)
    bucket.remember("muster-prod", {})
    bucket.remembered("muster-prod")
    assert {name for name, _ in asked} == {
        "HeadBucket",
        "CreateBucket",
        "HeadObject",
        "PutObject",
        "GetObject",
    }
    assert {owner for name, owner in asked if name != "CreateBucket"} == {"123456789012"}


@pytest.mark.usefixtures("aws")
def test_what_is_not_set_is_told_and_what_follows_from_it() -> None:
    secret = boto3.client("secretsmanager").create_secret(Name="empty")["ARN"]
    topic = boto3.client("sns").create_topic(Name="alarms")["TopicArn"]
    outputs = {"SheetsSecret": secret, "AlarmTopicArn": topic, "DomainTarget": "d-abc.example.com"}

    def told(**variables: str) -> list[str]:
        return list(to_do(values(**variables), outputs))

    assert [line.split(": ")[:2] for line in told(RESERVED_CONCURRENCY="no")] == [
        ["Not set", "ALARM_EMAIL"],
        ["Not set", "DOMAIN"],
        ["Not set", "BUDGET"],
        ["Not set", "RESERVED_CONCURRENCY"],
        ["Not set", "Google's credentials"],
    ]
    boto3.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="{}")
    most = {"ALARM_EMAIL": "ops@example.org", "BUDGET": "20", "DOMAIN": "muster.example.org"}
    led = "DNS: muster.example.org must be a CNAME of d-abc.example.com"
    unconfirmed = "Not set: ALARM_EMAIL: alarms reach nobody until the link is opened that AWS has sent there"
    assert told(**most) == [led, unconfirmed]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.org")
    assert told(**most) == [led]
