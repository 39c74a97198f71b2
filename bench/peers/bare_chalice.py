"""The least that any Chalice app does: one route that answers with a constant."""

from chalice.app import Chalice

app = Chalice(app_name="bare")


@app.route("/bare")
def bare() -> dict[str, str]:
    return {"status": "ok"}
