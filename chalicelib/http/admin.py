"""The JSON API for operators: events, servers, alliances, keys, sheets and webhooks. Officers see and give what is in
scope."""

from dataclasses import asdict

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.access import MAY
from chalicelib.domain.roster import Alliance, Server
from chalicelib.http.addresses import base_url
from chalicelib.http.definitions import alliance_json, event_json
from chalicelib.http.inputs import bearer_key
from chalicelib.http.officer_inputs import (
    AllianceChange,
    AllianceDefinition,
    NewKey,
    NewWebhook,
    ServerDefinition,
    SheetBinding,
    SheetTidying,
    WebhookTesting,
    event_definition,
)
from chalicelib.http.responses import json_response, no_content
from chalicelib.services.keys import KeyState


def put_event(request: Request, event: str) -> Response:
    key = bearer_key(request, muster().directory)
    definition = event_definition(request, event)
    is_new = muster().administration.put_event(key, definition)
    return json_response(event_json(definition), 201 if is_new else 200)


def delete_event(request: Request, event: str) -> Response:
    key = bearer_key(request, muster().directory)
    muster().administration.delete_event(key, event)
    return no_content()


def list_servers(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response({"servers": muster().administration.servers(key)})


def put_server(request: Request, server: str) -> Response:
    key = bearer_key(request, muster().directory)
    given = ServerDefinition.read(request)
    definition = Server(server, given.day, given.public_standings)
    is_new = muster().administration.put_server(key, definition)
    return json_response(definition, 201 if is_new else 200)


def list_alliances(request: Request, server: str) -> Response:
    key = bearer_key(request, muster().directory)
    alliances = muster().administration.alliances(key, server)
    return json_response({"server": server, "alliances": list(map(alliance_json, alliances))})


def put_alliance(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    given = AllianceDefinition.read(request)
    wanted = Alliance(server, alliance, given.tag, given.name, given.is_open, new_per_day=given.new_per_day)
    defined, is_new = muster().administration.put_alliance(key, wanted)
    return json_response({"server": server, **alliance_json(defined)}, 201 if is_new else 200)


def change_alliance(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    given = AllianceChange.read(request)
    administration = muster().administration
    changed = administration.change_alliance(key, server, alliance, given.is_open, given.new_per_day)
    return json_response({"server": server, **alliance_json(changed)})


def list_keys(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response({"keys": muster().keys.all(key)})


def create_key(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    made, secret = muster().keys.create(key, NewKey.read(request).wanted)
    shown = {**asdict(made), "secret": secret, "link": _member_link(request, made, secret)}
    return json_response(shown, 201)


def revoke_key(request: Request, key_id: str) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response(muster().keys.revoke(key, key_id))


def list_sheets(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response({"sheets": muster().bindings.all(key)})


def bind_sheet(request: Request, spreadsheet_id: str) -> Response:
    key = bearer_key(request, muster().directory)
    given = SheetBinding.read(request)
    bind = muster().bindings.bind
    more = {"edits": given.edits, "take_over": given.take_over}
    state, is_new = bind(key, spreadsheet_id, given.server, given.alliance, **more)
    return json_response(state, 201 if is_new else 200)


def get_sheet(request: Request, spreadsheet_id: str) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response(muster().bindings.state(key, spreadsheet_id))


def tidy_sheet(request: Request, spreadsheet_id: str) -> Response:
    key = bearer_key(request, muster().directory)
    SheetTidying.read(request)
    return json_response(muster().bindings.tidy(key, spreadsheet_id))


def unbind_sheet(request: Request, spreadsheet_id: str) -> Response:
    key = bearer_key(request, muster().directory)
    muster().bindings.unbind(key, spreadsheet_id)
    return no_content()


def list_webhooks(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response({"webhooks": muster().webhook_settings.all(key)})


def add_webhook(request: Request) -> Response:
    key = bearer_key(request, muster().directory)
    made, secret = muster().webhook_settings.add(key, NewWebhook.read(request).wanted)
    return json_response({**asdict(made), "secret": secret}, 201)


def test_webhook(request: Request, webhook: str) -> Response:
    key = bearer_key(request, muster().directory)
    WebhookTesting.read(request)
    return json_response(muster().webhook_settings.test(key, webhook))


def remove_webhook(request: Request, webhook: str) -> Response:
    key = bearer_key(request, muster().directory)
    muster().webhook_settings.remove(key, webhook)
    return no_content()


def _member_link(request: Request, made: KeyState, secret: str) -> str | None:
    """The address of the form, for members. Without a setting it is below the address that was called."""
    if made.role not in MAY["use the form"]:
        return None
    return f"{base_url(request, muster().settings.public_url)}/f/{secret}"
