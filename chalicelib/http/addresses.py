"""Where everything is: below a stage prefix such as `/api`, or without one."""

from chalice.app import Request

UNKNOWN_PATH = "/{proxy+}"
"""The route of every path that no other route has."""


def stage(request: Request) -> str:
    """The prefix of all addresses, such as `/api`; nothing, where there is none."""
    path: str = request.context["path"]
    own = request.path.replace(UNKNOWN_PATH, f"/{(request.uri_params or {}).get('proxy', '')}").strip("/")
    return path.rstrip("/").rsplit("/", len(own.split("/")) if own else 0)[0]


def base_url(request: Request, public_url: str | None) -> str:
    """The address below which everything is, without a slash at its end: the one that is set, or the one that was
    called."""
    scheme, host = request.headers.get("x-forwarded-proto", "http"), request.headers.get("host", "")
    return (public_url or f"{scheme}://{host}{stage(request)}").rstrip("/")
