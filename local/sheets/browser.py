"""What comes from a browser, or from a test in another process: acts of people, and faults."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from .a1 import cell_name, letters, parse_area
from .callers import OWNER
from .errors import Json, invalid
from .person import Person
from .traffic import Fault, Meanwhile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .web import Site

ACTS = frozenset(name for name in dir(Person) if not name.startswith("_"))


def do_form(site: "Site", spreadsheet_id: str, tab: str, form: "Mapping[str, str]") -> None:
    """An act on the page: `tick` is a check box, `act` a button, which is about `cell`."""
    person = Person(site, spreadsheet_id)
    if "tick" in form:
        person.tick(tab, form["tick"])
        return
    act, cell = form.get("act", "type"), form.get("cell", "").strip().upper()
    if act in ("undo", "redo"):
        getattr(person, act)()
        return
    area = parse_area(cell, 0)
    if area is None or area.top is None or area.left is None:
        raise invalid("Choose a cell first.")
    row, column = f"{area.top + 1}:{area.top + 1}", letters(area.left)
    match act:
        case "type":
            person.type(tab, cell_name(area.top, area.left), form.get("text", ""))
        case "above":
            person.insert_before(tab, row)
        case "below":
            person.insert_after(tab, row)
        case "delete":
            person.delete(tab, row)
        case "up" | "down":
            person.sort(tab, None, column, descending=act == "down")
        case _:
            raise invalid(f"There is no act {act!r}.")


def do_json(site: "Site", spreadsheet_id: str, body: Any) -> Json:
    """`{"act": "type", "with": {"tab": "Roster", "cell": "A2", "text": "Ann"}, "person": "…"}`: a method of Person.

    With `"before"` or `"after"`, it is done while the next request is on its way that contains this text, as
    `SheetsServer.meanwhile` says. Otherwise at once; the answer has the act's `result`.
    """
    unknown = (
        body.keys() - {"act", "with", "person", "before", "after"} if isinstance(body, dict) else {"body"}
    )
    if unknown or body.get("act") not in ACTS:
        raise invalid("An act is an object with act (a method of Person), with, person, and before or after.")
    arguments = body.get("with", {})
    method = getattr(Person(site, spreadsheet_id, body.get("person", OWNER)), body["act"])

    def act() -> Any:
        try:
            return method(**arguments)
        except TypeError as error:
            raise invalid(f"{body['act']}: {error}") from None

    for when in ("before", "after"):
        if when in body:
            site.meanwhiles.append(Meanwhile(act, body[when], after=when == "after"))
            return {}
    return {"result": act()}


def inject(site: "Site", body: Any) -> Json:
    """A fault as an object with the fields of `Fault`."""
    if not isinstance(body, dict) or not {"kind"} <= body.keys() <= {field.name for field in fields(Fault)}:
        raise invalid(f"A fault is an object with {', '.join(field.name for field in fields(Fault))}.")
    with site.lock:
        site.faults.append(Fault(**body))
    return {}
