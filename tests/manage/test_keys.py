"""`./muster links` and `./muster keys`: a secret alone on stdout, words on stderr."""

import json

import pytest
import requests

from chalicelib.domain.errors import Unauthenticated
from tests.manage.conftest import Desk
from tests.stores import on_a_file, on_dynamodb

NOVA = ("101", "nova")


def listed(desk: Desk, *command: str) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = json.loads(desk.said(*command, "--json"))["keys"]
    return keys


def test_a_link_is_printed_alone_and_opens_the_form(desk: Desk) -> None:
    result = desk.demo("links", "create", *NOVA, "--label", "for the chat")
    (link,) = result.stdout.splitlines()
    assert link.startswith(f"{desk.url}/f/")
    assert requests.get(link, timeout=30).status_code == 200
    assert "member, for the chat, server 101, alliance nova. Shown only once" in result.stderr
    assert link.rsplit("/")[-1] not in result.stderr


def test_a_link_is_rotated(desk: Desk) -> None:
    before = desk.said("links", "create", *NOVA).strip()
    after = desk.said("links", "rotate", *NOVA).strip()
    desk.world.clock.advance(minutes=1)
    desk.world.seconds.pass_cache()  # as if the cache's 30 seconds were over
    assert requests.get(before, timeout=30).status_code == 401
    assert requests.get(after, timeout=30).status_code == 200
    states = [row.split()[-2] for row in desk.said("links", "list", *NOVA).splitlines()[1:]]
    assert states.count("ended") == 1


def test_an_old_link_may_go_on_for_a_while(desk: Desk) -> None:
    desk.said("links", "create", *NOVA)
    desk.said("links", "rotate", *NOVA, "--old-works-for", "60")
    assert "until 2023-11-15T13:00:00Z" in desk.said("links", "list", *NOVA)
    assert desk.refusal("links", "rotate", *NOVA, "--old-works-for", "61", code=2)


def test_of_several_links_it_has_to_be_said_which_to_rotate(desk: Desk) -> None:
    assert "There is no such link that works." in desk.refusal("links", "rotate", *NOVA)
    for label in ("one", "other"):
        desk.said("links", "create", *NOVA, "--label", label)
    ids = [link["id"] for link in listed(desk, "links", "list", *NOVA)]
    said = desk.refusal("links", "rotate", *NOVA, code=2)
    assert all(one in said for one in ids)
    desk.said("links", "rotate", *NOVA, "--id", ids[0])
    assert len(listed(desk, "links", "list", *NOVA)) == 3


def test_links_are_those_of_one_alliance(desk: Desk) -> None:
    desk.said("links", "create", *NOVA)
    assert listed(desk, "links", "list", "101", "orbit") == []
    assert desk.demo("links", "list", "101", "orbit").stderr == "Nothing.\n"


def test_a_key_is_made_used_rotated_and_revoked(desk: Desk) -> None:
    place = ("--server", "101", "--alliance", "nova")
    result = desk.demo("keys", "create", "officer", *place, "--label", "Example Officer One")
    (secret,) = result.stdout.splitlines()
    assert secret not in result.stderr
    made = desk.world.muster.directory.key(secret)
    assert (made.role, made.label, made.server, made.alliance) == (
        *("officer", "Example Officer One"),
        *("101", "nova"),
    )
    rotated = desk.said("keys", "rotate", made.id).strip()
    other = desk.world.muster.directory.key(rotated)
    assert (other.role, other.label, other.alliance) == ("officer", "Example Officer One", "nova")
    assert desk.said("keys", "revoke", other.id) == f"Revoked {other.id}: officer, Example Officer One.\n"
    with pytest.raises(Unauthenticated):
        desk.world.muster.directory.key(rotated)
    table = desk.said("keys", "list")
    assert f"revoked {desk.world.clock().isoformat()[:16]}" in table
    assert secret not in table
    assert "There is no such key" in desk.refusal("keys", "rotate", "0" * 16)
    assert "There is no such key" in desk.refusal("keys", "revoke", "0" * 16)


def test_what_a_key_can_not_be_is_said_by_field(desk: Desk) -> None:
    assert desk.refusal("keys", "create", "member", "--label", "x", "--server", "101") == (
        "Error: Say which alliance the member's key is for.\n"
    )
    place = ("--server", "101", "--label", "x")
    assert "This time is in the past." in desk.refusal(
        "keys", "create", "reader", *place, "--expires-at", "2023-01-01T00:00:00Z"
    )
    assert "expires_at: " in desk.refusal("keys", "create", "reader", *place, "--expires-at", "soon")
    assert desk.refusal("keys", "create", "captain", *place, code=2)


def test_an_officer_gives_what_officers_may(desk: Desk) -> None:
    officer = desk.world.secret("officer")
    command = ("--url", desk.url, "keys", "create")
    given = desk.run(*command, "reader", "--label", "bot", key=officer)
    assert given.exit_code == 0
    assert "reader, bot, server 101, alliance nova" in given.stderr
    refused = desk.run(*command, "officer", "--label", "me", key=officer)
    assert (
        "This key has the role officer, which may not “manage keys of officers and admins”. "
        "Use a key with the role admin."
    ) in refused.stderr


class TestFirst:
    @on_a_file
    def test_it_makes_an_admins_key_where_there_is_none(self, desk: Desk) -> None:
        for key in desk.world.muster.stores.access_keys.all(None):
            desk.world.muster.stores.access_keys.end(key, desk.world.clock(), revoke=True, more=[])
        result = desk.demo("keys", "first", "--label", "Example Operator")
        (secret,) = result.stdout.splitlines()
        assert secret not in result.stderr
        made = desk.world.muster.directory.key(secret)
        assert (made.role, made.label, made.server) == ("admin", "Example Operator", None)
        assert made.created_at == desk.world.clock(), "by the deployment's clock"
        admin = desk.run("--url", desk.url, "servers", "list", key=secret)
        assert admin.exit_code == 0
        (entry,) = desk.world.muster.ledger_pages.of_deployment(made).entries
        assert (entry.action, entry.actor.label) == ("key", "Somebody with access to the table")
        assert entry.after
        assert entry.after["id"] == made.id

    @on_a_file
    def test_where_there_is_one_it_takes_a_word_more(self, desk: Desk) -> None:
        (there,) = desk.world.muster.stores.access_keys.all(None)
        assert desk.refusal("keys", "first") == (
            f"Error: There is already an admin's key: {there.id} (test admin). --another makes one more.\n"
        )
        assert desk.said("keys", "first", "--another").strip()

    @on_dynamodb
    def test_against_aws_it_takes_the_table_and_credentials(self, desk: Desk) -> None:
        aws = {
            "AWS_ENDPOINT_URL": desk.world.dynamodb.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        assert desk.run("keys", "first", **aws).exit_code == 2
        made = desk.run("keys", "first", "--another", TABLE_NAME="muster-test", **aws)
        assert made.exit_code == 0, made.stderr
        assert desk.world.muster.directory.key(made.stdout.strip()).role == "admin"
        gone = desk.run("keys", "first", "--table", "nothing", **aws)
        assert (gone.exit_code, gone.stdout) == (1, "")
        assert gone.stderr.startswith("Error: AWS refused it: ")

    def test_without_credentials_it_says_so(self, desk: Desk) -> None:
        none: dict[str, str | None] = {
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PROFILE": None,
        }
        none |= {"AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_CONFIG_FILE": "none"}
        none |= {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
        none |= {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": None, "AWS_CONTAINER_CREDENTIALS_FULL_URI": None}
        result = desk.run("keys", "first", "--table", "muster-test", **none)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "Error: AWS can't be used: Unable to locate credentials\n"

    def test_a_table_that_does_not_answer(self, desk: Desk) -> None:
        silent = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_DEFAULT_REGION": "us-east-1"}
        silent |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        result = desk.run("keys", "first", "--table", "muster-test", **silent)
        assert result.stderr == "Error: The table did not answer in time. Try again in a moment.\n"
