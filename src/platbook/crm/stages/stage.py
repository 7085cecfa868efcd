"""A stage of the pipeline as a value. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from platbook.base.errors import InvalidInput
from platbook.crm.enums import LeadStatus, StageKind

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,49}")
_MAX_NAME_LENGTH = 100

COLUMNS = ("key", "name", "kind", "place", "created_at", "updated_at", "retired_at")

FIRST: str = LeadStatus.NEW
"""The key of the stage in which leads begin."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A row. Leads refer to it by `key`, people by `name`; programs ask `kind`. A retired one takes no more leads."""

    key: str
    name: str
    kind: str
    place: int
    created_at: datetime
    updated_at: datetime
    retired_at: datetime | None = None


_DEFAULT_KINDS: Mapping[str, StageKind] = MappingProxyType(
    {
        LeadStatus.CLOSED_WON: StageKind.WON,
        LeadStatus.CLOSED_LOST: StageKind.LOST,
        LeadStatus.ARCHIVED: StageKind.ARCHIVED,
    }
)


def default_kind(key: str) -> StageKind:
    """The kind of one of the ten stages that every installation has."""
    return _DEFAULT_KINDS.get(key, StageKind.OPEN)


def to_key(text: str) -> str:
    """The key of a new stage. Errors: InvalidInput."""
    key = " ".join(text.split())
    if not _KEY.fullmatch(key):
        raise InvalidInput.of("key", "must be 1 to 50 letters, digits, spaces, hyphens or underscores of ASCII")
    return key


def to_name(text: str) -> str:
    """The name of a stage. Errors: InvalidInput."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= _MAX_NAME_LENGTH:
        raise InvalidInput.of("name", f"must have 1 to {_MAX_NAME_LENGTH} characters")
    return name


def match_stage(stages: Iterable[Stage], text: str) -> Stage | None:
    """The stage that a text names: by key, or else by name in any case; one in use before a retired one."""
    sought = " ".join(text.split()).lower()
    matches = [one for one in stages if sought in {one.key.lower(), one.name.lower()}]
    return min(matches, key=lambda one: (one.key != text, one.retired_at is not None, one.place), default=None)
