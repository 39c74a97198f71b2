"""Which account at Google keeps which sheet."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.accounts import shared_out
from chalicelib.domain.binding import Binding

SYNCED = datetime(2023, 11, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("what", "had", "accounts", "gets"),
    [
        ("without an address nothing is noted", {"a": None}, [], {}),
        ("new sheets go to the emptiest", {"a": None, "b": "y", "c": None, "d": None}, ["x", "y"], "xyxy"),
        ("one that is there keeps what it has", {"a": "y", "b": "y", "c": "y"}, ["x", "y"], "yyy"),
        ("one that is new gets new sheets alone", {"a": "x", "b": "x", "c": None}, ["x", "z"], "xxz"),
        ("one that is gone leaves its sheets", {"a": "gone", "b": "x", "c": "gone"}, ["x", "y"], "yxx"),
        (
            "what was synced before is the first's",
            {"a": "synced", "b": "synced", "c": None},
            ["x", "y"],
            "xxy",
        ),
    ],
)
def test_sheets_are_shared_out(
    what: str, had: dict[str, str | None], accounts: list[str], gets: str | dict[str, str]
) -> None:
    sheets = [
        Binding(name, "101", account=None if account == "synced" else account)
        if account != "synced"
        else Binding(name, "101", last_success_at=SYNCED)
        for name, account in had.items()
    ]
    assert shared_out(sheets, accounts) == (gets and dict(zip("abcd", gets, strict=False))), what
