"""The JSON API for operators: events, servers, alliances, keys and sheets. Officers see and give what is in scope."""

from dataclasses import asdict

from chalice.app import Blueprint, Request, Response

from chalicelib.bootstrap import muster
from chalicelib.domain.access import MAY
from chalicelib.domain.roster import Alliance, Server
from chalicelib.http.definitions import alliance_json, event_json
from chalicelib.http.inputs import (
    AllianceChange,
    AllianceDefinition,
    NewKey,
    ServerDefinition,
    SheetBinding,
    base_url,
    bearer_key,
    event_definition,
)
from chalicelib.http.problems import handled
from chalicelib.http.responses import json_response, no_content
from chalicelib.services.keys import KeyState

admin = Blueprint(__name__)


@admin.route("/v1/events/{event}", methods=["PUT"])
@handled
def put_event(event: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    definition = event_definition(admin.current_request, event)
    is_new = muster().administration.put_event(key, definition)
    return json_response(event_json(definition), 201 if is_new else 200)


@admin.route("/v1/servers")
@handled
def list_servers() -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    return json_response({"servers": muster().administration.servers(key)})


@admin.route("/v1/servers/{server}", methods=["PUT"])
@handled
def put_server(server: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    given = ServerDefinition.read(admin.current_request)
    definition = Server(server, given.day, given.public_standings)
    is_new = muster().administration.put_server(key, definition)
    return json_response(definition, 201 if is_new else 200)


@admin.route("/v1/servers/{server}/alliances")
@handled
def list_alliances(server: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    alliances = muster().administration.alliances(key, server)
    return json_response({"server": server, "alliances": list(map(alliance_json, alliances))})


@admin.route("/v1/servers/{server}/alliances/{alliance}", methods=["PUT"])
@handled
def put_alliance(server: str, alliance: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    given = AllianceDefinition.read(admin.current_request)
    wanted = Alliance(server, alliance, given.tag, given.name, given.is_open, new_per_day=given.new_per_day)
    defined, is_new = muster().administration.put_alliance(key, wanted)
    return json_response({"server": server, **alliance_json(defined)}, 201 if is_new else 200)


@admin.route("/v1/servers/{server}/alliances/{alliance}", methods=["PATCH"])
@handled
def change_alliance(server: str, alliance: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    given = AllianceChange.read(admin.current_request)
    administration = muster().administration
    changed = administration.change_alliance(key, server, alliance, given.is_open, given.new_per_day)
    return json_response({"server": server, **alliance_json(changed)})


@admin.route("/v1/keys")
@handled
def list_keys() -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    return json_response({"keys": muster().keys.all(key)})


@admin.route("/v1/keys", methods=["POST"])
@handled
def create_key() -> Response:
    request = admin.current_request
    key = bearer_key(request, muster().directory)
    made, secret = muster().keys.create(key, NewKey.read(request).wanted)
    shown = {**asdict(made), "secret": secret, "link": _member_link(request, made, secret)}
    return json_response(shown, 201)


@admin.route("/v1/keys/{key_id}", methods=["DELETE"])
@handled
def revoke_key(key_id: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    return json_response(muster().keys.revoke(key, key_id))


@admin.route("/v1/sheets/{spreadsheet_id}", methods=["PUT"])
@handled
def bind_sheet(spreadsheet_id: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    binding = SheetBinding.read(admin.current_request)
    state, is_new = muster().bindings.bind(key, spreadsheet_id, binding.server, binding.alliance)
    return json_response(state, 201 if is_new else 200)


@admin.route("/v1/sheets/{spreadsheet_id}")
@handled
def get_sheet(spreadsheet_id: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    return json_response(muster().bindings.state(key, spreadsheet_id))


@admin.route("/v1/sheets/{spreadsheet_id}", methods=["DELETE"])
@handled
def unbind_sheet(spreadsheet_id: str) -> Response:
    key = bearer_key(admin.current_request, muster().directory)
    muster().bindings.unbind(key, spreadsheet_id)
    return no_content()


def _member_link(request: Request, made: KeyState, secret: str) -> str | None:
    """The address of the form, for members. Without a setting it is below the address that was called."""
    if made.role not in MAY["use the form"]:
        return None
    return f"{base_url(request, muster().settings.public_url)}/f/{secret}"
