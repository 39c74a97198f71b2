"""HEAD, wherever GET is."""

from chalice.app import Chalice, RouteEntry


def answer_head(app: Chalice) -> None:
    """Adds HEAD to every route that has GET, with the same view. What serves the answer sends its headers alone."""
    for path, methods in app.routes.items():
        if get := methods.get("GET"):
            methods["HEAD"] = RouteEntry(get.view_function, get.view_name, path, "HEAD")
