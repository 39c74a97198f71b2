"""What to do when Google or Muster refuses a spreadsheet, and which section of the documentation says more."""

from typing import NamedTuple


class Advice(NamedTuple):
    """For failures at `step` whose message has `words`; empty: at any, whatever it says. `see`: a page of docs/ with
    the section's anchor."""

    step: str
    words: str
    see: str
    do: str


_OF_A_LIST = "In a list of accounts, each needs an address, and none may stand in it twice."
_REACH = "Check that this machine can reach Google: there may be a proxy or a firewall."

ADVICE: tuple[Advice, ...] = (
    Advice(
        "secret",
        "is not named",
        "google.md#no-credentials-are-named",
        "Give --secret with the stack's output SheetsSecret, or --credentials with a file.",
    ),
    Advice(
        "secret",
        "AccessDenied",
        "google.md#the-secret-cant-be-read",
        "Allow your AWS identity secretsmanager:GetSecretValue for this secret.",
    ),
    Advice(
        "secret",
        "ResourceNotFound",
        "google.md#the-secret-cant-be-read",
        "Nothing has been put into it yet, or it is in another AWS account or region.",
    ),
    Advice(
        "secret",
        "holds no",
        "google.md#the-secret-holds-something-else",
        "Use the file that Google made, unchanged.",
    ),
    Advice("secret", "With several accounts", "google.md#the-secret-holds-something-else", _OF_A_LIST),
    Advice("secret", " twice", "google.md#the-secret-holds-something-else", _OF_A_LIST),
    Advice(
        "secret",
        "The file",
        "google.md#the-secret-cant-be-read",
        "Check its path, and whether you may read it.",
    ),
    Advice(
        "secret",
        "",
        "google.md#the-secret-cant-be-read",
        "Check AWS_PROFILE and AWS_DEFAULT_REGION: `aws sts get-caller-identity` shows who you are.",
    ),
    Advice("token", "TransportError", "google.md#google-cant-be-reached", _REACH),
    Advice(
        "token",
        "of a key",
        "google.md#google-does-not-accept-the-key",
        "The key or its account was deleted or disabled, or this machine's clock is wrong. Make a new key.",
    ),
    Advice(
        "token",
        "",
        "google.md#google-does-not-accept-the-role",
        "The pool, its provider and the service account must accept the AWS identity that asks. Here that is your "
        "own, and it must be in the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and "
        "AWS_REGION.",
    ),
    Advice(
        "",
        "limit of requests",
        "google.md#the-limit-of-requests-is-reached",
        "Wait a minute. If it happens again, something else uses this account or project too.",
    ),
    Advice(
        "",
        "Muster's credentials",
        "google.md#an-api-is-not-enabled",
        "Enable the Google Sheets API in the project, or do what Google says.",
    ),
    Advice("", "could not be reached", "google.md#google-cant-be-reached", _REACH),
    Advice(
        "read",
        "not shared",
        "google.md#the-spreadsheet-is-not-shared",
        "In the spreadsheet: Share, add this address, choose Editor.",
    ),
    Advice(
        "read",
        "does not exist",
        "google.md#the-spreadsheet-does-not-exist",
        "Take the id from the spreadsheet's address, between /d/ and the next /.",
    ),
    Advice(
        "read",
        "not supported for this document",
        "google.md#it-is-an-excel-file",
        "It is an Excel file: File, Save as Google Sheets.",
    ),
    Advice(
        "write",
        "not shared",
        "google.md#it-can-be-read-but-not-written",
        "It can be read, so it is shared for viewing only: make the address an Editor.",
    ),
    Advice(
        "",
        "",
        "google.md#anything-else",
        "Try again in a few minutes. www.google.com/appsstatus shows whether Google has an outage.",
    ),
)
"""The first that fits is used."""

DRIVE_ADVICE = Advice(
    "drive",
    "",
    "google.md#edits-are-seen-late",
    "Syncs work without it, but edits are then seen only every 15 minutes. To see them soon, enable the Google Drive "
    "API in the project of the Google Sheets API.",
)
SHARING_ADVICE = Advice(
    "sharing",
    "",
    "google.md#anyone-with-the-link-may-edit",
    "If it is bound with --edits, anyone with the link acts as an officer. In the spreadsheet: Share, General access, "
    "Restricted; then share it with the officers.",
)

_OF_SYNCS = (
    ("There are no Google credentials", "google.md#no-credentials-are-named"),
    ("can't be read: ", "google.md#the-secret-cant-be-read"),
    ("(TransportError)", "google.md#google-cant-be-reached"),
    ("(RefreshError)", "google.md#google-does-not-accept-the-key"),
    ("no longer has the credentials", "google.md#several-accounts"),
    ("--take-over", "cli.md#sheets"),
    ("internal error", "OPERATIONS.md#from-a-request-id-to-the-cause"),
    ("Muster could not read", "OPERATIONS.md#from-a-request-id-to-the-cause"),
    *((each.words, each.see) for each in ADVICE if each.words),
)
"""By words of a sync's failure, which does not say at which step it was."""


def advice_for(step: str, failure: str) -> Advice:
    """The first that fits a failure of `sheets check`."""
    return next(each for each in ADVICE if each.step in ("", step) and each.words in failure)


def see_for(last_error: str) -> str:
    """The section about what a sync's failure says."""
    found = (see for words, see in _OF_SYNCS if words in last_error)
    return f"docs/{next(found, 'google.md#anything-else')}"
