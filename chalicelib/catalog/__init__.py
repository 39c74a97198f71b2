"""The events that come with Muster, each in a TOML file, and how such files are read."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from chalicelib.domain.errors import FieldError
from chalicelib.domain.events import Event, too_many
from chalicelib.domain.wording import field_errors
from chalicelib.files import CannotRead, toml_of

FOLDER = Path(__file__).parent


class InvalidEventFile(ValueError):
    """The file does not define an event. The message has a line for each problem: file, field, reason."""


def load_catalog(folder: Path = FOLDER) -> list[Event]:
    """The events of a folder's TOML files, by id. Raises InvalidEventFile."""
    return sorted((load_event(path) for path in folder.glob("*.toml")), key=lambda event: event.id)


def load_event(path: Path) -> Event:
    """The event in one TOML file, whose name is the event's id. Raises InvalidEventFile."""
    try:
        event = Event.model_validate(toml_of(path.read_bytes()))
    except CannotRead as error:
        raise InvalidEventFile(f"{path.name}: {error}") from error
    except ValidationError as error:
        raise _invalid(path, field_errors(error.errors(), Event)) from error
    if wrong := too_many(event):
        raise _invalid(path, wrong)
    if event.id != path.stem:
        raise InvalidEventFile(f"{path.name}: id: is {event.id!r}, but the file's name says {path.stem!r}")
    return event


def _invalid(path: Path, wrong: Iterable[FieldError]) -> InvalidEventFile:
    return InvalidEventFile("\n".join(f"{path.name}: {one.field or 'event'}: {one.message}" for one in wrong))
