"""`./muster sheets check`: each step, and what it says where one fails."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from local.sheets import Fault, SheetsServer
from manage.advice import ADVICE, DRIVE_ADVICE, SHARING_ADVICE, Advice, see_for
from manage.check import Finding, findings
from sheets_sync import credentials
from sheets_sync.allowance import Limits
from sheets_sync.drive import Drive
from sheets_sync.failures import refusal
from sheets_sync.google import Google
from tests.manage.conftest import ROOT, Desk
from tests.sync.fake_drive import At, FakeDrive, refused
from tests.sync.test_accounts import ANNA, BELA, Bureau, bureau
from tests.sync.test_google import ADDRESS, KEYLESS, SignIn, private_key, sign_in

__all__ = ["bureau", "private_key", "sign_in"]

ID = "officers-sheet"


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as server:
        server.create_spreadsheet("Nova Guard officers", {"Own": [["kept"]]}, ID)
        yield server


@pytest.fixture
def google(server: SheetsServer, sign_in: SignIn) -> Google:
    """The stand-in counts as Google's own host, and wants the token."""
    server.tokens = {"token-1"}
    return Google(server.url, "muster/google", sign_in.read_secret, host="127.0.0.1")


def found(google: Google, spreadsheet_id: str = ID, drive: Drive | None = None) -> list[Finding]:
    return list(
        findings(google, spreadsheet_id, Limits(), drive or At("", fake=FakeDrive()), sleep=lambda _: None)
    )


def failure(google: Google, step: str, spreadsheet_id: str = ID) -> Finding:
    """The one that fails is the last one, and all before are good."""
    *good, bad = found(google, spreadsheet_id)
    assert bad.advice
    assert bad.step == step, bad
    assert not [each for each in good if each.advice]
    return bad


def words(step: str, part: str) -> Advice:
    return next(advice for advice in ADVICE if (advice.step, advice.words) == (step, part))


def said(status: int, message: str = "", reason: str = "") -> str:
    """What officers read when Google answers so."""
    return str(refusal(status, {"error": {"message": message, "details": [{"reason": reason}]}}, None))


class TestAllIsWell:
    def test_every_step_says_what_it_found(self, google: Google) -> None:
        assert [(each.step, each.says) for each in found(google)] == [
            ("secret", f"it holds a service account's key. Share spreadsheets with {ADDRESS}, as an editor."),
            ("token", "Google accepts these credentials."),
            ("read", "the spreadsheet is called “Nova Guard officers”."),
            ("write", "it can be written; its title was replaced by itself."),
            (
                "quota",
                "Muster makes at most 60 reads and 60 writes a minute. That is enough for 60 sheets a minute, or for "
                "30 new ones. Google does not say how much quota is left.",
            ),
            ("drive", "Google tells which spreadsheets were edited: edits are seen soon."),
            ("sharing", "Google does not show Muster with whom it is shared."),
        ]

    def test_nothing_changes_in_the_spreadsheet(self, google: Google, server: SheetsServer) -> None:
        before = server.snapshot(ID)
        found(google)
        assert server.snapshot(ID) == before
        assert [request.kind for request in server.requests] == ["read", "write"]

    def test_a_configuration_without_a_key(self, google: Google, sign_in: SignIn, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("who we are")
        held = {
            **KEYLESS,
            "credential_source": {"file": str(tmp_path / "token")},
            "token_url": sign_in.url,
        }
        sign_in.secret = json.dumps(held)
        secret, *others = found(google)
        assert secret.says.startswith(
            "it holds an external_account configuration, without a key. It names no"
        )
        assert not [each for each in others if each.advice]
        accounts = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
        held["service_account_impersonation_url"] = f"{accounts}/{ADDRESS}:generateAccessToken"
        sign_in.secret = json.dumps(held)
        assert f"Share spreadsheets with {ADDRESS}, as an editor." in found(google)[0].says


class TestSeveralAccounts:
    @pytest.fixture
    def google(self, server: SheetsServer, bureau: Bureau) -> Google:
        server.accounts.update({f"token of {who}": who for who in (ANNA, BELA)})
        server.tokens = set(server.accounts)
        server.unshare(ID)
        return Google(server.url, "several", bureau.read_secret, host="127.0.0.1")

    def test_the_one_is_found_that_can_read_it(self, google: Google, server: SheetsServer) -> None:
        server.share(ID, BELA)
        secret, token, read, write, quota, *_ = found(google)
        assert (secret.step, token.step, write.step) == ("secret", "token", "write")
        assert secret.says.startswith(f"it holds 2 accounts: {ANNA}, {BELA}. Share each spreadsheet")
        assert read.says == f"the spreadsheet is called “Nova Guard officers”. {BELA} can read it."
        assert "at most 120 reads and 120 writes a minute for 2 accounts" in quota.says
        assert {one.account for one in server.requests if one.kind == "write"} == {BELA}

    def test_one_that_none_can_read(self, google: Google) -> None:
        bad = failure(google, "read")
        assert f"of {ANNA}, {BELA}." in bad.says
        assert bad.advice == words("read", "not shared")

    def test_the_one_is_named_that_google_refuses(self, google: Google, bureau: Bureau) -> None:
        bureau.refuses = {BELA}
        bad = failure(google, "token")
        assert bad.says.startswith(f"{BELA}: Google did not accept Muster's credentials")
        assert bad.advice == words("token", "of a key")


class TestWhatEditsNeed:
    def last(self, google: Google, fake: FakeDrive) -> Finding:
        *others, last = found(google, drive=At("", fake=fake))
        assert not [each for each in others if each.advice]
        return last

    def test_what_to_enable_where_google_does_not_tell_what_was_edited(self, google: Google) -> None:
        last = self.last(google, FakeDrive(refusal=refused(403)))
        assert (last.step, last.works) == ("drive", True)
        assert last.advice == DRIVE_ADVICE

    @pytest.mark.parametrize(
        ("permissions", "warns"),
        [
            ([{"type": "anyone", "role": "writer"}, {"type": "user", "role": "owner"}], True),
            ([{"type": "anyone", "role": "reader"}, {"type": "user", "role": "writer"}], False),
        ],
    )
    def test_it_warns_where_anyone_with_the_link_may_edit(
        self, google: Google, permissions: list[dict[str, str]], warns: bool
    ) -> None:
        last = self.last(google, FakeDrive(permissions=permissions))
        assert (last.step, bool(last.advice)) == ("sharing", warns)
        assert ("anyone with the link may edit it" in last.says) is warns


class TestTheSecret:
    def test_which_it_is_has_to_be_said(self, google: Google) -> None:
        bad = failure(replace(google, credentials_secret=None), "secret")
        assert bad.advice == words("secret", "is not named")

    @pytest.mark.parametrize(
        ("error", "says", "part"),
        [
            (ClientError({"Error": {"Code": "AccessDeniedException"}}, "X"), "AccessDenied", "AccessDenied"),
            (
                ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "X"),
                "ResourceNotFound",
                "ResourceNotFound",
            ),
            (ClientError({"Error": {"Code": "ExpiredTokenException"}}, "X"), "ExpiredToken", ""),
            (NoCredentialsError(), "NoCredentialsError", ""),
            (KeyError("SecretString"), "holds no service account", "holds no"),
        ],
    )
    def test_one_that_can_not_be_read(
        self, google: Google, sign_in: SignIn, error: Exception, says: str, part: str
    ) -> None:
        sign_in.secret_error = error
        bad = failure(google, "secret")
        assert says in bad.says
        assert bad.advice == words("secret", part)

    @pytest.mark.parametrize(
        "secret", ["hush-hush", '{"type": "service_account", "private_key": "hush-hush"}']
    )
    def test_one_that_holds_something_else_is_not_shown(
        self, google: Google, sign_in: SignIn, secret: str
    ) -> None:
        sign_in.secret = secret
        bad = failure(google, "secret")
        assert "hush-hush" not in f"{bad.says}{bad.advice}"
        assert bad.advice == words("secret", "holds no")


class TestTheToken:
    def test_a_key_that_google_refuses(self, google: Google, sign_in: SignIn) -> None:
        sign_in.refuses = True
        bad = failure(google, "token")
        assert "Google's library says: invalid_grant: Invalid JWT Signature." in bad.says
        assert bad.advice == words("token", "of a key")
        assert json.loads(sign_in.secret)["private_key"].splitlines()[1] not in bad.says

    def test_an_aws_identity_that_is_not_at_hand(
        self, google: Google, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The configuration of docs/google.md names no metadata server, so nobody waits for one."""
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)
        sign_in.secret = documented()
        bad = failure(google, "token")
        assert "Unable to determine AWS region" in bad.says
        assert bad.advice == words("token", "")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        assert "Unable to determine the AWS metadata server" in failure(google, "token").says

    def test_an_aws_identity_of_the_environment_signs_in(
        self, google: Google, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a Lambda function. Only the impersonation is left out: Google's own address is fixed there."""
        environment = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}
        environment |= {"AWS_SECRET_ACCESS_KEY": "made up", "AWS_SESSION_TOKEN": "made up too"}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        held = json.loads(documented())
        del held["service_account_impersonation_url"]
        sign_in.secret = json.dumps({**held, "token_url": sign_in.url})
        assert not [each for each in found(google) if each.advice]

    def test_where_google_can_not_be_reached(self, google: Google, sign_in: SignIn) -> None:
        sign_in.secret = sign_in.secret.replace(sign_in.url, "http://127.0.0.1:1/token")
        assert failure(google, "token").advice == words("token", "TransportError")


class TestTheSpreadsheet:
    def test_one_that_is_not_shared(self, google: Google, server: SheetsServer) -> None:
        server.unshare(ID)
        bad = failure(google, "read")
        assert ADDRESS in bad.says
        assert bad.advice == words("read", "not shared")

    def test_one_that_is_not_there(self, google: Google) -> None:
        assert failure(google, "read", "other").advice == words("read", "does not exist")

    def test_one_that_is_shared_for_viewing(self, google: Google, server: SheetsServer) -> None:
        server.inject(Fault("refuse", 403, match=":batchUpdate"))
        bad = failure(google, "write")
        assert ADDRESS in bad.says
        assert bad.advice == words("write", "not shared")

    def test_an_api_that_does_not_take_the_token(self, google: Google, server: SheetsServer) -> None:
        server.tokens = set()
        assert failure(google, "read").advice == words("", "Muster's credentials")

    @pytest.mark.parametrize(("match", "step"), [("GET", "read"), (":batchUpdate", "write")])
    def test_googles_quota_is_recognised(
        self, google: Google, server: SheetsServer, match: str, step: str
    ) -> None:
        server.inject(*[Fault("refuse", 429, match=match)] * 3)
        bad = failure(google, step)
        assert bad.advice == words("", "limit of requests")

    def test_a_disturbance(self, google: Google, server: SheetsServer) -> None:
        server.inject(Fault("refuse", 503))
        assert failure(google, "read").advice == words("", "")
        server.inject(Fault("drop"))
        assert failure(google, "read").advice == words("", "could not be reached")


class TestTheCommand:
    def test_at_another_host_than_googles_no_credentials_are_needed(
        self, desk: Desk, server: SheetsServer
    ) -> None:
        address = f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0"
        result = desk.run("sheets", "check", address, SHEETS_API_URL=server.url, SHEETS_REQUESTS_PER_USER="9")
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0] == f"✓ secret: none is needed, because {server.url} is not Google's."
        steps = [line.split(":")[0] for line in lines if not line.startswith(" ")]
        assert steps == ["✓ secret", "✓ read", "✓ write", "✓ quota", "! drive"]
        assert "There are no Google credentials" in lines[-3]
        assert "at most 9 reads" in lines[3]
        assert "for 4 new ones" in lines[3]

    def test_the_first_failure_ends_it(self, desk: Desk, server: SheetsServer) -> None:
        result = desk.run("sheets", "check", "other", SHEETS_API_URL=server.url)
        assert result.exit_code == 1
        assert result.stdout.splitlines()[1:] == [
            "✗ read: This spreadsheet does not exist any more. "
            "If it was not deleted, check the id that is bound.",
            "  Take the id from the spreadsheet's address, between /d/ and the next /.",
            "  See docs/google.md#the-spreadsheet-does-not-exist.",
        ]
        told = json.loads(desk.run("sheets", "check", "other", "--json", SHEETS_API_URL=server.url).stdout)
        assert [(step["step"], step["status"]) for step in told["steps"]] == [
            ("secret", "good"),
            ("read", "fails"),
        ]
        assert told["steps"][1]["see"] == "docs/google.md#the-spreadsheet-does-not-exist"

    def test_without_a_secret_nothing_is_asked(self, desk: Desk) -> None:
        result = desk.run("sheets", "check", ID, SHEETS_CREDENTIALS_SECRET=None, SHEETS_API_URL=None)
        assert result.exit_code == 1
        assert result.stdout == (
            "✗ secret: The secret is not named.\n  Give --secret with the stack's output SheetsSecret, "
            "or --credentials with a file.\n  See docs/google.md#no-credentials-are-named.\n"
        )

    def test_with_demo_it_asks_the_demos_stand_in(self, desk: Desk, server: SheetsServer) -> None:
        facts = Path(".local/demo.json")
        facts.write_text(json.dumps({**json.loads(facts.read_text()), "sheets_api_url": server.url}))
        assert "Nova Guard officers" in desk.said("sheets", "check", ID)

    def test_a_setting_that_is_none(self, desk: Desk) -> None:
        result = desk.run("sheets", "check", ID, SHEETS_REQUESTS_PER_USER="many")
        assert result.stderr.startswith("Error: SHEETS_REQUESTS_PER_USER must be a whole number")


class TestTheDocumentation:
    TEXT = (ROOT / "docs" / "google.md").read_text(encoding="utf-8")

    @pytest.mark.parametrize("advice", [*ADVICE, DRIVE_ADVICE, SHARING_ADVICE], ids=lambda one: one.see)
    def test_each_failure_has_a_section_that_says_what_to_do_in_the_same_words(self, advice: Advice) -> None:
        page, anchor = advice.see.split("#")
        assert advice.do in section(page, anchor)

    @pytest.mark.parametrize(
        ("last_error", "see"),
        [
            (
                "There are no Google credentials: neither SHEETS_CREDENTIALS_SECRET nor …",
                "no-credentials-are-named",
            ),
            ("The secret muster/google can't be read: AccessDeniedException.", "the-secret-cant-be-read"),
            ("The file /etc/google.json can't be read: No such file.", "the-secret-cant-be-read"),
            ("The secret muster/google holds no service account and no …", "the-secret-holds-something-else"),
            ("Google did not accept Muster's credentials (TransportError).", "google-cant-be-reached"),
            ("Google did not accept Muster's credentials (RefreshError).", "google-does-not-accept-the-key"),
            (said(403, reason="SERVICE_DISABLED"), "an-api-is-not-enabled"),
            (said(403), "the-spreadsheet-is-not-shared"),
            (said(404), "the-spreadsheet-does-not-exist"),
            (said(429), "the-limit-of-requests-is-reached"),
            (said(400, "This operation is not supported for this document"), "it-is-an-excel-file"),
            (said(503), "anything-else"),
            (
                "Google Sheets could not be reached (ConnectTimeout); the next sync tries again.",
                "google-cant-be-reached",
            ),
            ("Muster no longer has the credentials of muster-1@….", "several-accounts"),
            ("The secret muster/google holds muster-1@… twice.", "the-secret-holds-something-else"),
            ("These tabs are another deployment's. … or bind it here with --take-over.", "sheets"),
            ("Muster itself failed (internal error). Its operators …", "from-a-request-id-to-the-cause"),
            (
                "Muster could not read what was reported; the next sync tries again.",
                "from-a-request-id-to-the-cause",
            ),
        ],
    )
    def test_the_failure_of_a_sync_leads_to_a_section_that_is_there(self, last_error: str, see: str) -> None:
        folder, _, link = see_for(last_error).partition("/")
        assert folder == "docs"
        page, anchor = link.split("#")
        assert anchor == see
        assert section(page, anchor)

    def test_the_configuration_that_it_shows_is_one_that_muster_takes(self) -> None:
        made = credentials._credentials(json.loads(documented()))
        assert (
            getattr(made, "service_account_email", None) == "muster-sheets@my-project.iam.gserviceaccount.com"
        )


def section(page: str, anchor: str) -> str:
    """What stands in a page of docs/ under the heading that has this anchor on GitHub."""
    text = re.sub(r"```.*?```", "", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.S)
    for heading, held in re.findall(r"^#+ (.+)$\n([\s\S]*?)(?=^#+ |\Z)", text, re.M):
        if re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") == anchor:
            return str(held)
    raise AssertionError(f"{page} has no section {anchor}")


def documented() -> str:
    """The configuration without a key that docs/google.md shows."""
    shown = re.search(r"```json\n(.*?)```", TestTheDocumentation.TEXT, re.S)
    assert shown
    return shown[1]
