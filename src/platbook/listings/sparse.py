"""Sparse listings: only those fields of a document that a caller asks for.

Their names are a closed list for each surface, and they are cut out of the document that the caller may read, so no
name reveals a field that is not in it. Values are taken over as they are written.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from platbook.base.actor import Surface
from platbook.base.errors import FieldProblem, InvalidInput
from platbook.listings.documents import FIELD_NAMES

PARAMETER = "fields"
ALWAYS = "id"
"""The field that is in every listing, named or not."""

_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_KNOWN = {surface: frozenset(names) for surface, names in FIELD_NAMES.items()}


def parse_fields(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in texts that each hold one or several, separated by commas."""
    return tuple(dict.fromkeys(name.strip() for text in texts for name in text.split(",")))


def check_fields(names: Iterable[str], surface: Surface) -> None:
    """Reject what is no field of this surface's documents. Errors: `InvalidInput` naming each."""
    problems = [FieldProblem(PARAMETER, _to_reason(name)) for name in names if name not in _KNOWN[surface]]
    if problems:
        raise InvalidInput(f"{PARAMETER}: {problems[0].message}", details=problems)


def select_fields(listing: str, names: tuple[str, ...]) -> str:
    """A listing (JSON) with its id and these fields only, in the order of the document."""
    whole, groups = _to_selection(names)
    selected: dict[str, object] = {}
    for name, value in _DECODER.decode(listing).items():
        if name in whole:
            selected[name] = value
        elif name in groups:
            selected[name] = {member: one for member, one in _DECODER.decode(value).items() if member in groups[name]}
    return msgspec.json.encode(selected).decode()


def _to_reason(name: str) -> str:
    return f"{name[:100]} is {'not public' if name in _KNOWN[Surface.INTERNAL] else 'not a field of a listing'}"


@lru_cache(256)
def _to_selection(names: tuple[str, ...]) -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    """The names of what is taken whole, and of what is taken of each group."""
    members: dict[str, set[str]] = {}
    for name in names:
        group, _, member = name.rpartition(".")
        if group:
            members.setdefault(group, set()).add(member)
    whole = frozenset(name for name in (*names, ALWAYS) if "." not in name)
    return whole, {group: frozenset(some) for group, some in members.items()}
