"""Where everything is: below a stage prefix such as `/api`, or without one."""

from chalice.app import Request

UNKNOWN_PATH = "/{proxy+}"
"""The route of every path that no other route has."""


def stage(request: Request) -> str:
    """The prefix of all addresses as the caller has them, such as `/api`; nothing, where there is none.

    A cache in front that adds the gateway's prefix by itself says so: `X-Forwarded-Prefix: /`.
    """
    return "" if request.headers.get("x-forwarded-prefix") == "/" else _stage_called(request)


def called_path(request: Request) -> str:
    """The path of this request as the caller has it."""
    path: str = request.context["path"]
    return stage(request) + path.removeprefix(_stage_called(request))


def base_url(request: Request, public_url: str | None) -> str:
    """The address below which everything is, without a slash at its end: the one that is set, or the one that was
    called."""
    scheme, host = request.headers.get("x-forwarded-proto", "http"), request.headers.get("host", "")
    return (public_url or f"{scheme}://{host}{stage(request)}").rstrip("/")


def _stage_called(request: Request) -> str:
    """The prefix that came with the request."""
    path: str = request.context["path"]
    own = request.path.replace(UNKNOWN_PATH, f"/{(request.uri_params or {}).get('proxy', '')}").strip("/")
    return path.rstrip("/").rsplit("/", len(own.split("/")) if own else 0)[0]
