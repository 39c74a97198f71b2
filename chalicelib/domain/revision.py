"""A short hash of content. Equal content has the same hash, whatever the order of its mappings."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass


def revision_of(content: object) -> str:
    """16 hex digits, for anything made of dataclasses, mappings, sequences, and values that `str` can tell apart."""
    return hashlib.sha256(json.dumps(_canonical(content)).encode()).hexdigest()[:16]


def own_part(revision: str | None) -> str | None:
    """Of a sheet's revision: what has not come by the totals of others alone. The rest, if there is any, is theirs."""
    return revision and revision[:16]


def _canonical(value: object) -> object:
    """A value that is the same for equal content, whatever the order of mappings."""
    if isinstance(value, Mapping):
        return sorted([str(key), _canonical(each)] for key, each in value.items())
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    if is_dataclass(value):
        return [_canonical(getattr(value, part.name)) for part in fields(value)]
    return str(value)
