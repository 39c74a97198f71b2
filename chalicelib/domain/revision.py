"""A short name for content: equal content has the same one, in whatever order its mappings are."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass


def revision_of(content: object) -> str:
    """16 hex digits, of anything made of dataclasses, mappings, sequences and what has one text."""
    return hashlib.sha256(json.dumps(_canonical(content)).encode()).hexdigest()[:16]


def _canonical(value: object) -> object:
    """The same for equal content, in whatever order a mapping has it."""
    if isinstance(value, Mapping):
        return sorted([str(key), _canonical(each)] for key, each in value.items())
    if isinstance(value, list | tuple):
        return [_canonical(each) for each in value]
    if is_dataclass(value):
        return [_canonical(getattr(value, part.name)) for part in fields(value)]
    return str(value)
