"""What can be wrong with a request, in words that a member or an officer can act on."""

from dataclasses import dataclass, field

from chalicelib.domain.messages import say


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of what was sent; `field` is a path such as `milestones[2]`."""

    field: str
    message: str


@dataclass
class MusterError(Exception):
    """A request that can't be done as asked. Nothing was changed, except perhaps where it is Busy.

    `code` is stable and meant for programs, `detail` for people. Each subclass is one kind of answer;
    the HTTP layer alone knows which status that is.
    """

    code: str
    detail: str
    errors: list[FieldError] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


def quoted(text: str, most: int = 80) -> str:
    """As it stands in a message: cut where it is long, and with escapes for what doesn't show."""
    text = text.strip()
    return repr(text if len(text) <= most else f"{text[: most - 1]}…")


class Malformed(MusterError):
    """The input can't be understood."""


def malformed(field: str, message: str) -> Malformed:
    """That one field is wrong."""
    return Malformed("malformed", message, [FieldError(field, message)])


class Unauthenticated(MusterError):
    """No key, or one that is unknown, expired or revoked."""


class Forbidden(MusterError):
    """The key is good, but not for this."""


class NotFound(MusterError):
    """No such server, event, alliance or page."""


class Conflict(MusterError):
    """Understood and allowed, but not now or not for this commander."""


@dataclass
class DidYouMean(Conflict):
    """The commander's name is new, and so near to others that it may be a slip."""

    suggestions: list[str] = field(default_factory=list)


class TooLarge(MusterError):
    """More than is taken at once."""


@dataclass
class Unreadable(MusterError):
    """Something that is stored can't be read. The operator is told in the log."""

    code: str = "unreadable"
    detail: str = say("unreadable")
    retry_after: int = 3600
    """Seconds: a person has to see to it."""


@dataclass
class Busy(MusterError):
    """Try again: the store was contended or throttled for longer than a request may wait."""

    code: str = "busy"
    detail: str = say("busy")
    retry_after: int = 2
    """Seconds to wait before trying again."""
