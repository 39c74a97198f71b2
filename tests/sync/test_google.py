"""One request to Google: what is tried again and what is not, how long it may take, who we say we are."""

import json
import logging
import math
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import aws
from werkzeug.wrappers import Request, Response

from chalicelib.domain.due import PATIENCE
from local.serving import LocalServer
from local.sheets import Fault, SheetsServer
from sheets_sync import credentials
from sheets_sync.allowance import RESERVE, Allowance, Budget, OutOfAllowance
from sheets_sync.failures import NotShared, QuotaExceeded, SheetError, SignInFailed, refusal
from sheets_sync.google import CONNECT_TIMEOUT, READ_TIMEOUT, Google, connect
from tests.sync.fleet import Fleet, new_fleet
from tests.world import HandClock

ADDRESS = "muster@example.iam.gserviceaccount.com"
CHANGE = {"updateCells": {"start": {}, "rows": [], "fields": "userEnteredValue"}}


@dataclass
class Line:
    """A connection to the stand-in, and what it may spend."""

    server: SheetsServer
    id: str
    clock: HandClock = field(default_factory=HandClock)
    left: float = math.inf
    limit: int = 60
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.allowance = Allowance(self.limit, self.clock)
        self.budget = Budget(self.allowance, lambda: self.left, self._sleep)

    def read(self) -> None:
        with connect(Google(self.server.url), self.budget) as spreadsheets:
            spreadsheets.overview(self.id, "spreadsheetId")

    def write(self) -> None:
        with connect(Google(self.server.url), self.budget) as spreadsheets:
            spreadsheets.write(self.id, [CHANGE])

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.left -= seconds
        self.clock.advance(seconds=seconds)


@pytest.fixture
def line() -> Iterator[Line]:
    with SheetsServer() as server:
        yield Line(server, server.create_spreadsheet("S", {"Own": [["kept"]]}))


class TestTheThreeRequests:
    def test_the_managed_tabs_come_alone_and_with_what_is_asked_of_them(self, line: Line) -> None:
        metadata = {"metadataKey": "ours", "metadataValue": "x", "visibility": "DOCUMENT"}
        line.server.edit(
            line.id,
            [
                {"addSheet": {"properties": {"sheetId": 7, "title": "Ours"}}},
                {"createDeveloperMetadata": {"developerMetadata": {**metadata, "location": {"sheetId": 7}}}},
            ],
        )
        with connect(Google(line.server.url), line.budget) as spreadsheets:
            found = spreadsheets.managed(line.id, "ours", "sheets(properties(title),data(rowData))")
            none = spreadsheets.managed(line.id, "theirs", "sheets(properties(title))")
            overview = spreadsheets.overview(line.id, "sheets.properties.title")
            spreadsheets.write(line.id, [CHANGE])
        for request in line.server.requests:
            assert "prettyPrint=false" in request.query
        written = line.server.requests[-1]
        assert written.request_bytes == len(json.dumps(written.body, separators=(",", ":")))
        assert found == {"sheets": [{"properties": {"title": "Ours"}, "data": [{}]}]}
        assert not none.get("sheets")
        assert [sheet["properties"]["title"] for sheet in overview["sheets"]] == ["Own", "Ours"]
        assert [request.kind for request in line.server.requests] == ["read", "read", "read", "write"]
        assert len(line.allowance.spent["read"]) == 3
        assert len(line.allowance.spent["write"]) == 1


def test_no_more_of_an_answer_is_read_than_there_is_room_for(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheets_sync.google.MOST_BYTES", 40_000)
    cell = {"userEnteredValue": {"stringValue": "x" * 41_000}}
    change = {"start": {"sheetId": 0}, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}
    with connect(Google(line.server.url), line.budget) as spreadsheets:
        spreadsheets.write(line.id, [{"updateCells": change}])
        with pytest.raises(SheetError, match="hold more than") as raised:
            spreadsheets.overview(line.id, "sheets.data.rowData.values.userEnteredValue")
        assert raised.value.lasting, "it is tried seldom, and not again at once"
        spreadsheets.overview(line.id, "spreadsheetId")


class TestTries:
    def test_a_refusal_for_quota_is_sent_again_after_what_google_asks_for(self, line: Line) -> None:
        line.server.inject(Fault("refuse", 429, retry_after=7), Fault("refuse", 429, retry_after=11))
        line.write()
        assert line.pauses == [7, 11]
        assert len(line.allowance.spent["write"]) == 3, "every try counts"

    def test_where_google_asks_for_nothing_the_pauses_grow(self, line: Line) -> None:
        line.server.inject(Fault("refuse", 429), Fault("refuse", 429))
        line.read()
        first, second = line.pauses
        assert 0.5 <= first <= 1 <= second <= 2

    def test_after_three_tries_it_is_given_up(self, line: Line) -> None:
        line.server.inject(*[Fault("refuse", 429)] * 3)
        with pytest.raises(QuotaExceeded, match="limit of requests"):
            line.write()
        assert len(line.server.requests) == 3

    def test_a_pause_that_the_time_left_does_not_allow_is_not_begun(self, line: Line) -> None:
        line.left = RESERVE + CONNECT_TIMEOUT + READ_TIMEOUT + 10
        line.server.inject(Fault("refuse", 429, retry_after=11))
        with pytest.raises(QuotaExceeded):
            line.write()
        assert (line.pauses, len(line.server.requests)) == ([], 1)

    def test_a_try_that_the_allowance_does_not_allow_is_not_made(self, line: Line) -> None:
        line.limit = 1
        line.__post_init__()
        line.server.inject(Fault("refuse", 429))
        with pytest.raises(QuotaExceeded):
            line.write()
        with pytest.raises(OutOfAllowance):
            line.write()
        assert len(line.server.requests) == 1

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("refuse", 503, retry_after=1),
            Fault("refuse_after", 503, retry_after=1),
            Fault("refuse", 500),
            Fault("refuse", 408),
            Fault("drop"),
            Fault("drop_after"),
            Fault("not_json", 200),
        ],
    )
    def test_what_may_have_been_applied_is_never_sent_again(self, line: Line, fault: Fault) -> None:
        line.server.inject(fault)
        with pytest.raises(SheetError) as raised:
            line.write()
        assert (raised.value.again, raised.value.lasting) == (True, False)
        assert (line.pauses, len(line.server.requests)) == ([], 1)
        assert len(line.allowance.spent["write"]) == 1

    def test_where_nobody_listens_it_is_tried_again_and_then_left_for_later(self, line: Line) -> None:
        line.server.stop()
        with pytest.raises(SheetError, match="could not be reached") as raised:
            line.read()
        assert (raised.value.again, raised.value.lasting) == (False, False)
        assert len(line.pauses) == 2
        assert len(line.allowance.spent["read"]) == 3

    def test_a_connection_that_comes_to_stand_is_used(self, line: Line) -> None:
        line.server.stop()
        stopped = line.pauses

        class Restarting(list[float]):
            def append(self, seconds: float) -> None:
                stopped.append(seconds)
                line.server.start()

        line.pauses = Restarting()
        line.write()
        assert len(stopped) == 1


class TestTimeouts:
    @pytest.mark.parametrize(
        ("left", "expected"),
        [
            (math.inf, READ_TIMEOUT),
            (60.0, READ_TIMEOUT),
            (RESERVE + CONNECT_TIMEOUT + 8, 8),
            (RESERVE, 1),
        ],
    )
    def test_an_answer_is_waited_for_no_longer_than_the_run_lasts(
        self, line: Line, left: float, expected: float
    ) -> None:
        line.left = left
        with connect(Google(line.server.url), line.budget) as spreadsheets:
            spreadsheets.overview(line.id, "spreadsheetId")
            assert spreadsheets._client.timeout == (CONNECT_TIMEOUT, expected)

    def test_an_answer_that_does_not_come_is_not_waited_for(
        self, line: Line, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sheets_sync.google.READ_TIMEOUT", 0.2)
        line.server.inject(Fault("hang_after", seconds=60))
        with pytest.raises(SheetError, match="ReadTimeout") as raised:
            line.write()
        assert raised.value.again
        assert len(line.allowance.spent["write"]) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "kind", "again", "lasting", "refused"),
        [
            (400, SheetError, False, True, True),
            (401, SignInFailed, False, True, False),
            (403, NotShared, False, True, True),
            (404, SheetError, False, True, False),
            (408, SheetError, True, False, False),
            (413, SheetError, False, True, True),
            (429, QuotaExceeded, False, False, False),
            (500, SheetError, True, False, False),
            (503, SheetError, True, False, False),
        ],
    )
    def test_each_has_its_class(
        self, status: int, kind: type[SheetError], again: bool, lasting: bool, refused: bool
    ) -> None:
        found = refusal(status, {"error": {"code": status, "message": "why", "status": "X"}}, ADDRESS)
        assert (type(found), found.again, found.lasting, found.refused) == (kind, again, lasting, refused)

    def test_what_may_be_read_but_not_written_is_shared(self) -> None:
        found = refusal(403, {"error": {"code": 403}}, ADDRESS, "write")
        assert (type(found), found.lasting, found.refused) == (SheetError, True, True)

    @pytest.mark.parametrize("body", [None, [], "text", {}, {"error": "text"}, {"error": None}])
    def test_what_cannot_be_read_may_be_anything(self, body: object) -> None:
        found = refusal(403, body, ADDRESS)
        assert (type(found), found.again, found.lasting) == (SheetError, True, False)

    def test_an_api_that_is_not_switched_on_is_no_matter_of_the_officers(self) -> None:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
        found = refusal(403, {"error": {"message": "disabled", "details": details}}, ADDRESS)
        assert isinstance(found, SignInFailed)

    def test_who_has_to_be_let_in_is_named(self) -> None:
        error = {"error": {"code": 403, "message": "The caller does not have permission"}}
        assert f"Share it, as editor, with {ADDRESS}." in str(refusal(403, error, ADDRESS))
        assert "the account that Muster signs in with" in str(refusal(403, error, None))


@dataclass
class SignIn:
    """Google's token endpoint, and a Secrets Manager: who may sign in, and how often either was asked."""

    url: str = ""
    token: str = "token-1"
    refuses: bool = False
    is_down: bool = False
    secret: str = ""
    secret_error: Exception | None = None
    asked: int = 0
    read: int = 0

    def answer(self, request: Request) -> Response:
        self.asked += 1
        assert parse_qs(request.get_data(as_text=True))["grant_type"]
        body: dict[str, Any] = {"access_token": self.token, "expires_in": 3600, "token_type": "Bearer"}
        body["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
        if self.refuses:
            body = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        text = "down" if self.is_down else json.dumps(body)
        status = 404 if self.is_down else 400 if self.refuses else 200
        return Response(text, status, content_type="application/json")

    def read_secret(self, secret_id: str) -> str:
        self.read += 1
        if self.secret_error:
            raise self.secret_error
        return self.secret


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


@pytest.fixture
def sign_in(private_key: str) -> Iterator[SignIn]:
    found = SignIn()
    endpoint = LocalServer(found.answer, "127.0.0.1", 0)
    endpoint.start()
    found.url = f"{endpoint.url}/token"
    account = {"type": "service_account", "client_email": ADDRESS, "token_uri": found.url}
    found.secret = json.dumps({**account, "private_key": private_key, "private_key_id": "1"})
    credentials._kept.clear()
    yield found
    credentials._kept.clear()
    endpoint.stop()


@pytest.fixture
def fleet(sign_in: SignIn) -> Iterator[Fleet]:
    """Its stand-in counts as Google's own host, and wants the token."""
    with new_fleet() as fleet:
        fleet.google = replace(
            fleet.google,
            credentials_secret="muster/google",
            read_secret=sign_in.read_secret,
            host="127.0.0.1",
        )
        fleet.server.tokens = {"token-1"}
        fleet.bind("a", "b")
        yield fleet


GOOD = {"synced": 2, "failed": 0, "put_off": 0}


class TestCredentials:
    def test_the_secret_comes_from_secrets_manager(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def answer(request: Request) -> Response:
            assert request.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
            name = json.loads(request.get_data())["SecretId"]
            return Response(json.dumps({"Name": name, "SecretString": f"of {name}"}))

        endpoint = LocalServer(answer, "127.0.0.1", 0)
        endpoint.start()
        settings = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        settings |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint.url}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        assert credentials.from_secrets_manager("muster/google") == "of muster/google"
        endpoint.stop()

    def test_a_service_account_signs_in_once_for_many_runs(self, fleet: Fleet, sign_in: SignIn) -> None:
        for number in range(3):
            fleet.report(f"Commander{number}")
            assert fleet.run() == GOOD
        assert (sign_in.read, sign_in.asked) == (1, 1)

    def test_any_other_host_than_googles_needs_none(self, fleet: Fleet, sign_in: SignIn) -> None:
        fleet.server.tokens = None
        fleet.google = replace(fleet.google, host="sheets.googleapis.com")
        assert fleet.run() == GOOD
        assert (sign_in.read, sign_in.asked) == (0, 0)

    def test_googles_own_host_is_known(self) -> None:
        with pytest.raises(
            SignInFailed, match="SHEETS_CREDENTIALS_SECRET nor SHEETS_CREDENTIALS_FILE is set"
        ):
            Google("https://sheets.googleapis.com").session()

    def test_an_unshared_sheet_is_told_whom_to_share_it_with(self, fleet: Fleet) -> None:
        fleet.server.unshare("b")
        assert fleet.run() == {"synced": 1, "failed": 1, "put_off": 0}
        assert fleet.sheet("b").last_error == (
            f"This spreadsheet is not shared with Muster. Share it, as editor, with {ADDRESS}."
        )

    def test_a_token_that_is_not_accepted_any_more_is_renewed_at_once(
        self, fleet: Fleet, sign_in: SignIn
    ) -> None:
        fleet.run()
        fleet.report("Kestrel")
        sign_in.token = "token-2"
        fleet.server.tokens = {"token-2"}
        assert fleet.run() == GOOD
        assert (sign_in.read, sign_in.asked) == (1, 2)

    def test_they_can_be_in_a_file(self, fleet: Fleet, sign_in: SignIn, tmp_path: Path) -> None:
        file = tmp_path / "google.json"
        fleet.google = replace(fleet.google, credentials_secret=f"file:{file}")
        assert fleet.run() == {"synced": 0, "failed": 2, "put_off": 0}
        told = {sheet.last_error for sheet in fleet.world.muster.stores.sheets.all()}
        assert told == {f"The file {file} can't be read: No such file or directory."}
        file.write_text(sign_in.secret)
        fleet.world.clock.now += PATIENCE
        assert (fleet.run(), sign_in.read) == (GOOD, 0)

    def test_credentials_that_are_refused_are_told_and_a_rotated_secret_heals(
        self, fleet: Fleet, sign_in: SignIn
    ) -> None:
        fleet.run()
        fleet.report("Kestrel")
        fleet.asked()
        fleet.server.tokens = set()
        sign_in.refuses = True
        assert fleet.run() == {"synced": 0, "failed": 2, "put_off": 0}
        assert len(fleet.asked()) == 1, "the others are not tried one by one"
        for name in ("a", "b"):
            assert "did not accept Muster's credentials" in (fleet.sheet(name).last_error or "")
        sign_in.refuses, sign_in.token = False, "token-2"
        fleet.server.tokens = {"token-2"}
        fleet.world.clock.advance(seconds=PATIENCE.total_seconds() - 1)
        assert fleet.run() == {"synced": 0, "failed": 0, "put_off": 0}
        fleet.world.clock.advance(seconds=1)
        assert fleet.run() == GOOD
        assert sign_in.read == 2, "read anew, since the one before was refused"

    def test_credentials_that_expire_are_read_anew_at_once(self, fleet: Fleet, sign_in: SignIn) -> None:
        fleet.run()
        (kept,) = credentials._kept["muster/google"].held.values()
        kept.expiry = datetime(2023, 11, 15)  # noqa: DTZ001 - google-auth's have no zone
        asked = sign_in.asked
        sign_in.refuses = True

        def rotated(secret_id: str) -> str:
            sign_in.refuses = False
            return sign_in.secret

        fleet.google = replace(fleet.google, read_secret=rotated)
        fleet.report("Kestrel")
        assert fleet.run() == GOOD
        assert sign_in.asked == asked + 2

    @pytest.mark.parametrize(
        ("secret", "words"),
        [
            ("not json, but hush-hush", "holds no service account"),
            ('{"type": "authorized_user", "client_secret": "hush-hush"}', "holds no service account"),
            ('{"type": "service_account", "private_key": "hush-hush"}', "holds no service account"),
            ('{"type": "external_account", "hush-hush": 1}', "holds no service account"),
            ('["hush-hush"]', "holds no service account"),
        ],
    )
    def test_a_bad_secret_is_told_without_what_it_holds(
        self, fleet: Fleet, sign_in: SignIn, secret: str, words: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        sign_in.secret = secret
        assert fleet.run() == {"synced": 0, "failed": 2, "put_off": 0}
        assert words in (fleet.sheet("a").last_error or "")
        ours = [record for record in caplog.records if record.name.startswith("sheets_sync")]
        assert [record.levelname for record in ours if words in record.message] == ["ERROR"]
        assert "hush-hush" not in caplog.text
        assert "hush-hush" not in (fleet.sheet("a").last_error or "")

    def test_neither_key_nor_token_is_ever_logged(
        self, fleet: Fleet, sign_in: SignIn, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        fleet.run()
        sign_in.refuses = True
        fleet.server.tokens = set()
        fleet.report("Kestrel")
        fleet.run()
        assert json.loads(sign_in.secret)["private_key"].splitlines()[1] not in caplog.text
        assert "token-1" not in caplog.text

    @pytest.mark.parametrize(
        ("error", "counts"),
        [
            (ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue"), "failed"),
            (ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue"), "put_off"),
            (EndpointConnectionError(endpoint_url="https://secretsmanager"), "put_off"),
        ],
    )
    def test_a_secret_that_cannot_be_read_is_told_or_if_that_may_pass_tried_by_the_next_run(
        self, fleet: Fleet, sign_in: SignIn, error: Exception, counts: str
    ) -> None:
        sign_in.secret_error = error
        assert fleet.run() == {"synced": 0, "failed": 0, "put_off": 0} | {counts: 2}
        sign_in.secret_error = None
        if counts == "put_off":
            assert fleet.run() == GOOD

    def test_where_google_cannot_be_reached_to_sign_in_the_next_run_tries(
        self, fleet: Fleet, sign_in: SignIn
    ) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            closed = f"http://127.0.0.1:{nobody.getsockname()[1]}/token"
            good, sign_in.secret = sign_in.secret, sign_in.secret.replace(sign_in.url, closed)
            assert fleet.run() == {"synced": 0, "failed": 0, "put_off": 2}
        sign_in.secret = good
        assert fleet.run() == GOOD

    def test_a_workload_identity_signs_in_without_a_key(
        self, fleet: Fleet, sign_in: SignIn, tmp_path: Path
    ) -> None:
        subject = tmp_path / "token"
        subject.write_text("who we are")
        source = {"credential_source": {"file": str(subject)}}
        sign_in.secret = json.dumps({**KEYLESS, **source, "token_url": sign_in.url})
        assert fleet.run() == GOOD
        assert sign_in.asked == 1

    def test_a_workload_identity_of_aws_is_one_too(self) -> None:
        source = {
            "environment_id": "aws1",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url": (
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
            ),
        }
        accounts = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
        held = {
            **KEYLESS,
            "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
            "credential_source": source,
            "service_account_impersonation_url": f"{accounts}/{ADDRESS}:generateAccessToken",
        }
        found = credentials._credentials(held)
        assert isinstance(found, aws.Credentials)
        assert found.service_account_email == ADDRESS

    def test_a_configuration_that_names_a_program_to_run_is_refused(self) -> None:
        held = {**KEYLESS, "credential_source": {"executable": {"command": "/bin/true"}}}
        with pytest.raises(ValueError, match="credential_source"):
            credentials._credentials(held)


KEYLESS = {
    "type": "external_account",
    "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "token_url": "https://sts.googleapis.com/v1/token",
}
