"""The routes that no report needs, as a table. The module of a handler is imported when one of its routes is asked for.

Chalice must know every route from the beginning, but a member who waits for a new process need not wait for what
others use.
"""

from collections.abc import Callable
from importlib import import_module

from chalice.app import Blueprint, Response

from chalicelib.http.addresses import UNKNOWN_PATH
from chalicelib.http.problems import handled

late_routes = Blueprint(__name__)

_SERVER = "/v1/servers/{server}"
_ALLIANCE = f"{_SERVER}/alliances/{{alliance}}"
_COMMANDER = f"{_ALLIANCE}/commanders/{{commander}}"
_READINGS = f"{_SERVER}/events/{{event}}/readings"

HANDLERS = {
    f"{_SERVER}/schedule.ics": {"GET": "public_api.get_schedule_calendar"},
    f"{_SERVER}/progress": {"GET": "public_api.get_server_progress"},
    f"{_SERVER}/standings": {"GET": "public_api.get_server_standings"},
    f"{_SERVER}/events/{{event}}/progress": {"GET": "public_api.get_event_progress"},
    "/": {"GET": "public_pages.show_home"},
    "/servers": {"GET": "public_pages.find_server"},
    "/servers/{server}": {"GET": "public_pages.show_progress"},
    UNKNOWN_PATH: {"GET": "public_pages.show_nothing"},
    "/v1/events/{event}": {"PUT": "admin.put_event", "DELETE": "admin.delete_event"},
    "/v1/servers": {"GET": "admin.list_servers"},
    _SERVER: {"PUT": "admin.put_server"},
    f"{_SERVER}/alliances": {"GET": "admin.list_alliances"},
    _ALLIANCE: {"PUT": "admin.put_alliance", "PATCH": "admin.change_alliance"},
    "/v1/keys": {"GET": "admin.list_keys", "POST": "admin.create_key"},
    "/v1/keys/{key_id}": {"DELETE": "admin.revoke_key"},
    "/v1/sheets": {"GET": "admin.list_sheets"},
    "/v1/sheets/{spreadsheet_id}": {
        "PUT": "admin.bind_sheet",
        "GET": "admin.get_sheet",
        "DELETE": "admin.unbind_sheet",
    },
    "/v1/sheets/{spreadsheet_id}/tidy": {"POST": "admin.tidy_sheet"},
    "/v1/webhooks": {"GET": "admin.list_webhooks", "POST": "admin.add_webhook"},
    "/v1/webhooks/{webhook}": {"DELETE": "admin.remove_webhook"},
    "/v1/webhooks/{webhook}/test": {"POST": "admin.test_webhook"},
    f"{_ALLIANCE}/commanders": {"GET": "officers.list_commanders", "POST": "officers.add_commander"},
    f"{_ALLIANCE}/commanders.csv": {"GET": "officers.export_commanders"},
    f"{_ALLIANCE}/commanders/import": {"POST": "officers.import_roster"},
    _COMMANDER: {"GET": "officers.get_commander", "PATCH": "officers.rename_commander"},
    f"{_COMMANDER}/merge": {"POST": "officers.merge_commanders"},
    f"{_COMMANDER}/move": {"POST": "officers.move_commander"},
    f"{_COMMANDER}/retire": {"POST": "officers.retire_commander"},
    f"{_COMMANDER}/reinstate": {"POST": "officers.reinstate_commander"},
    f"{_COMMANDER}/forget": {"POST": "officers.forget_commander"},
    f"{_ALLIANCE}/completions": {"GET": "officers.list_completions"},
    f"{_ALLIANCE}/completions.csv": {"GET": "officers.export_completions"},
    f"{_ALLIANCE}/completions/import": {"POST": "officers.import_completions"},
    f"{_ALLIANCE}/missing": {"GET": "officers.list_missing"},
    f"{_ALLIANCE}/missing.csv": {"GET": "officers.export_missing"},
    "/v1/corrections": {"POST": "officers.correct"},
    "/v1/corrections/bulk": {"POST": "officers.correct_in_bulk"},
    _READINGS: {"GET": "officers.list_readings", "POST": "officers.log_reading"},
    f"{_READINGS}/{{reading}}": {"DELETE": "officers.withdraw_reading"},
    f"{_SERVER}/ledger": {"GET": "officers.get_ledger"},
    "/v1/ledger": {"GET": "officers.get_ledger_of_deployment"},
    f"{_ALLIANCE}/discord": {"GET": "guilds.get_discord", "POST": "guilds.make_code"},
    f"{_ALLIANCE}/discord/{{guild}}": {"DELETE": "guilds.unbind_guild"},
    f"{_ALLIANCE}/discord/accounts/{{account}}": {"DELETE": "guilds.unlink_account"},
    "/discord/interactions": {"POST": "discord.interact"},
    "/openapi.json": {"GET": "reference.get_openapi"},
    "/docs": {"GET": "reference.show_docs"},
}
"""By path and method: `module.function` in this folder. It takes the request, and the parameters of the path."""

_OF_CSV = {"officers.import_roster", "officers.import_completions"}
"""Those whose body is CSV; the bodies of the others are JSON."""


def _view(handler: str) -> Callable[..., Response]:
    module, _, function = handler.partition(".")

    def view(**of_path: str) -> Response:
        handle: Callable[..., Response] = getattr(import_module(f"chalicelib.http.{module}"), function)
        return handle(late_routes.current_request, **of_path)

    view.__name__ = function
    return handled(view)


for _path, _methods in HANDLERS.items():
    for _method, _handler in _methods.items():
        _types = ["text/csv" if _handler in _OF_CSV else "application/json"]
        late_routes.route(_path, methods=[_method], content_types=_types)(_view(_handler))
