"""The cookies of the pages: kept from scripts, and from plain connections where the page came over a safe one."""

from chalice.app import Request

LONG = 400 * 24 * 3600
"""Seconds. Browsers keep none for longer."""


def sent_cookie(request: Request, wanted: str) -> str:
    """Its value, or an empty string. Cookies of others may be of any form."""
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == wanted), "")


def cookie(request: Request, name: str, value: str, seconds: int, path: str) -> str:
    """To be kept for so many seconds, for the pages at the path and below."""
    secure = "; Secure" if request.headers.get("x-forwarded-proto") == "https" else ""
    return f"{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax{secure}"
