"""The events that come with Muster, each in a TOML file, and how such files are read."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from chalicelib.domain.events import Event, too_many

FOLDER = Path(__file__).parent


class InvalidEventFile(ValueError):
    """The file does not define an event. The message has a line for each problem: file, field, reason."""


def load_catalog(folder: Path = FOLDER) -> list[Event]:
    """The events of a folder's TOML files, by id. Raises InvalidEventFile."""
    return sorted((load_event(path) for path in folder.glob("*.toml")), key=lambda event: event.id)


def load_event(path: Path) -> Event:
    """The event in one TOML file, whose name is the event's id. Raises InvalidEventFile."""
    try:
        event = Event.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidEventFile(f"{path.name}: not TOML: {error}") from error
    except ValidationError as error:
        raise InvalidEventFile("\n".join(f"{path.name}: {line}" for line in _problems(error))) from error
    if wrong := too_many(event):
        raise InvalidEventFile("\n".join(f"{path.name}: {one.field}: {one.message}" for one in wrong))
    if event.id != path.stem:
        raise InvalidEventFile(f"{path.name}: id: is {event.id!r}, but the file's name says {path.stem!r}")
    return event


def _problems(error: ValidationError) -> list[str]:
    return [f"{_field_path(problem['loc'])}: {problem['msg']}" for problem in error.errors()]


def _field_path(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.lstrip(".") or "event"
