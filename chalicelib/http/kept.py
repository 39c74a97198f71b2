"""Answers for everybody, made once for all who ask while nothing changes."""

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.bootstrap import Muster, muster
from chalicelib.http.addresses import stage
from chalicelib.http.conditional import unless_known
from chalicelib.services.public_views import PublicState
from chalicelib.version import VERSION

FOR_EVERYBODY = "public, max-age=5, s-maxage=15, stale-while-revalidate=30"
"""A cache in front asks four times a minute, whoever many look; a browser shows its own copy for a moment."""
MOST = 512
"""How many answers a process keeps: those that were made last."""
MOST_CHARACTERS = 8_000_000
"""Of all that it keeps. A page has 30,000 at most, but a long `Host` makes a long one."""


@dataclass(slots=True)
class KeptAnswers:
    """The answers of this process to what everybody may ask, by what was asked. An answer is made again when its state
    is another one."""

    _product: Muster | None = None
    _kept: OrderedDict[tuple[str, ...], tuple[PublicState, str, Response]] = field(
        default_factory=OrderedDict
    )
    _lock: Lock = field(default_factory=Lock)

    def answer(
        self, request: Request, asked: tuple[str, ...], state: PublicState, make: Callable[[str], Response]
    ) -> Response:
        """What `make` makes of the state, given its `ETag`; 304 if the caller has that.

        `asked`: everything that the answer depends on besides the state, and the prefix of its links. The `ETag` is a
        weak one: another process makes the same of the same state, apart from some seconds.
        """
        asked = stage(request), *asked
        with self._lock:
            if self._product is not muster():  # as tests replace it
                self._product = muster()
                self._kept.clear()
            known, etag, response = self._kept.get(asked, (None, "", None))
        if response is None or known != state:
            etag = _etag(asked, state)
            response = make(etag)
            with self._lock:
                self._kept[asked] = state, etag, response
                self._kept.move_to_end(asked)
                while len(self._kept) > MOST or self._characters() > MOST_CHARACTERS:
                    self._kept.popitem(last=False)
        return unless_known(request, response, etag)

    def _characters(self) -> int:
        return sum(len(response.body) for _, _, response in self._kept.values())


def _etag(asked: tuple[str, ...], state: PublicState) -> str:
    compared = [getattr(state, each.name) for each in dataclasses.fields(state) if each.compare]
    described = repr((VERSION, asked, *map(_ordered, compared)))
    return f'W/"{hashlib.sha256(described.encode()).hexdigest()[:32]}"'


def _ordered(value: object) -> object:
    """The value, so that its description is short, and does not depend on the order in which a table gave its
    attributes."""
    if isinstance(value, int | str):
        return value
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, Mapping):
        return sorted((_ordered(key), _ordered(one)) for key, one in value.items())
    if isinstance(value, tuple):
        return tuple(map(_ordered, value))
    if dataclasses.is_dataclass(value):
        return [_ordered(getattr(value, each.name)) for each in dataclasses.fields(value) if each.init]
    return value


kept = KeptAnswers()
