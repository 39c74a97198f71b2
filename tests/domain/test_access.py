"""Keys: when they are valid, and what they cover."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from chalicelib.domain.access import (
    FIRST_ROLE,
    MANAGED_WITH,
    MAY,
    SCOPES,
    Capability,
    Key,
    Role,
    key_id,
    new_secret,
    secret_hash,
    sheet_key,
)
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.messages import either

NOW = datetime(2023, 11, 15, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def test_a_key_is_invalid_from_the_instant_of_its_expiry() -> None:
    key = Key("id", "member", "label", "101", "nova", expires_at=NOW)
    assert key.is_valid(NOW - TICK)
    assert not key.is_valid(NOW)


def test_a_key_that_was_revoked_is_invalid_even_by_a_clock_that_is_behind() -> None:
    assert not Key("id", "member", "label", "101", "nova", revoked_at=NOW).is_valid(NOW - TICK)


@pytest.mark.parametrize(
    ("scope", "server", "alliance", "covered"),
    [
        ((None, None), "101", "nova", True),
        (("101", None), "101", "nova", True),
        (("101", None), "101", None, True),
        (("101", None), "102", "nova", False),
        (("101", "nova"), "101", "nova", True),
        (("101", "nova"), "101", "orbit", False),
        (("101", "nova"), "101", None, False),
        (("101", "nova"), "102", "nova", False),
        ((None, None), None, None, True),
        (("101", None), None, None, False),
    ],
)
def test_a_scope_covers_what_is_in_it(
    scope: tuple[str | None, str | None], server: str | None, alliance: str | None, covered: bool
) -> None:
    assert Key("id", "officer", "label", *scope).covers(server, alliance) is covered


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("capability", get_args(Capability))
def test_a_role_has_a_capability_or_is_told_which_roles_do(role: Role, capability: Capability) -> None:
    key = Key("id", role, "label")
    if key.may(capability):
        key.require(capability, server="101")
    else:
        with pytest.raises(Forbidden) as refused:
            key.require(capability, server="101")
        assert refused.value.code == "out-of-scope"
        roles = either(MAY[capability])
        assert refused.value.detail == (
            f"This key has the role {role}, which may not “{capability}”. Use a key with the role {roles}."
        )


def test_a_capability_is_within_the_scope() -> None:
    key = Key("id", "officer", "label", "101", "nova")
    key.require("keep rosters", server="101", alliance="nova")
    for server, alliance in [("101", "orbit"), ("101", None), ("102", "nova"), (None, None)]:
        with pytest.raises(Forbidden, match="another server or alliance"):
            key.require("keep rosters", server=server, alliance=alliance)


def test_the_tables_are_whole() -> None:
    roles = set(get_args(Role))
    assert set(get_args(Capability)) == MAY.keys()
    assert {role for holders in MAY.values() for role in holders} == roles
    assert SCOPES.keys() == MANAGED_WITH.keys() == roles


def test_with_the_first_key_every_other_can_be_made() -> None:
    first = Key("id", FIRST_ROLE, "label")
    assert all(first.may(capability) for capability in MANAGED_WITH.values())


def test_secrets_are_random_and_ids_tell_them_apart() -> None:
    secrets = {new_secret() for _ in range(1000)}
    assert len(secrets) == 1000
    assert {*map(len, secrets)} == {32}, "192 bits in base64"
    assert len({key_id(secret_hash(secret)) for secret in secrets}) == 1000


def test_a_spreadsheet_is_called_by_no_more_of_its_title_than_a_key_may_be() -> None:
    """The title is the officers' to choose, and stands beside each of their readings, which all others get."""
    assert sheet_key("id", "Nova officers", "101", "nova").label == "sheet: Nova officers"
    assert len(sheet_key("id", "x" * 30_000, "101", "nova").label) == 100
