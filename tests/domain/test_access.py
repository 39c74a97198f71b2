"""Keys: when they are valid, and what they cover."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.access import Key, Role, key_id, new_secret, secret_hash
from chalicelib.domain.errors import Forbidden

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
    ],
)
def test_a_scope_covers_what_is_in_it(
    scope: tuple[str | None, str | None], server: str, alliance: str | None, covered: bool
) -> None:
    assert Key("id", "officer", "label", *scope).covers(server, alliance) is covered


@pytest.mark.parametrize(
    ("role", "allowed"), [("officer", True), ("admin", True), ("member", False), ("reader", False)]
)
def test_a_role_is_required(role: Role, allowed: bool) -> None:
    key = Key("id", role, "label")
    if allowed:
        key.require("officer", "admin", server="101")
    else:
        with pytest.raises(Forbidden, match="out-of-scope"):
            key.require("officer", "admin", server="101")


def test_secrets_are_random_and_ids_tell_them_apart() -> None:
    secrets = {new_secret() for _ in range(1000)}
    assert len(secrets) == 1000
    assert min(map(len, secrets)) >= 22, "128 bits in base64"
    assert len({key_id(secret_hash(secret)) for secret in secrets}) == 1000
