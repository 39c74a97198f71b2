"""The JSON API for officers about Discord: guilds of their alliance, and accounts that report for its commanders."""

from chalice.app import Request, Response

from chalicelib.bootstrap import muster
from chalicelib.http.inputs import JsonBody, bearer_key
from chalicelib.http.responses import json_response, no_content


class BindingCodeRequest(JsonBody):
    """That a code be made: there is nothing more to say."""

    may_be_empty = True


def make_code(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    BindingCodeRequest.read(request)
    return json_response(muster().guild_bindings.offer(key, server, alliance), 201)


def get_discord(request: Request, server: str, alliance: str) -> Response:
    key = bearer_key(request, muster().directory)
    return json_response(muster().guild_bindings.of_alliance(key, server, alliance))


def unbind_guild(request: Request, server: str, alliance: str, guild: str) -> Response:
    key = bearer_key(request, muster().directory)
    muster().guild_bindings.unbind(key, server, alliance, guild)
    return no_content()


def unlink_account(request: Request, server: str, alliance: str, account: str) -> Response:
    key = bearer_key(request, muster().directory)
    muster().guild_bindings.unlink(key, server, alliance, account)
    return no_content()
