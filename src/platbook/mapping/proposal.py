"""What a provider's field mapping could be, worked out from what its source says of itself, for a person to accept.

Pure. A field's standard name speaks first, then its own name where that is RESO's, then its name or label where they
have one meaning everywhere (`reso.synonyms`). Of two fields for one target the better told wins, and the other is left
to the person. A field that bears RESO's own name needs no entry.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from platbook.connectors.contract import Discovery, SourceField, SourceLookup, SourceResource
from platbook.reso.fields import FIELDS, Field, Kind
from platbook.reso.lookups import find_standard
from platbook.reso.names import find_field
from platbook.reso.synonyms import find_synonym

_KEY, _STATUS, _MLS_STATUS = "ListingKey", "StandardStatus", "MlsStatus"
_CODE = re.compile(r"^\s*\w{1,4}\s*[-:]\s*(?=\w)")
_NUMBERS = frozenset({"tiny", "small", "int", "long", "decimal"})
_TIMES = frozenset({"date", "datetime", "time"})


class Told(IntEnum):
    """How a field's meaning is known, best first."""

    STANDARD_NAME = 0
    OWN_NAME = 1
    SYNONYM = 2
    LABEL = 3


@dataclass(frozen=True, slots=True)
class ProposedField:
    """A source field and the RESO field it seems to be; `told` says why."""

    source: str
    target: str
    told: Told
    label: str | None = None


@dataclass(frozen=True, slots=True)
class MappingProposal:
    """A field mapping and settings to be accepted, and what is left to a person.

    `fields` has every field whose meaning is known, those that need no entry included. `rivals` are fields whose target
    another one took; `unknown` the names nobody knows, which stay in the raw record.
    """

    settings: Mapping[str, object]
    field_mapping: Mapping[str, object]
    fields: Sequence[ProposedField]
    rivals: Sequence[ProposedField]
    unknown: Sequence[str]


def propose(discovery: Discovery, classes: Sequence[str] = ()) -> MappingProposal:
    """Work out a proposal for the classes (all of them where none is named) of the resource that holds the listings."""
    resource = _find_resource(discovery)
    if resource is None:
        return MappingProposal(discovery.settings, {}, (), (), ())
    fields = _collect_fields(resource, classes)
    guesses = [guess for one in fields.values() if (guess := _guess(one, resource.key_field)) is not None]
    chosen, rivals = _choose(guesses)
    lookups = {one.name: one for one in resource.lookups}
    mapping: dict[str, object] = {}
    for guess in chosen:
        taken = {one.target for one in chosen if one is not guess}
        entry = _to_entry(guess, fields[guess.source], lookups, taken)
        if entry is not None:
            mapping[guess.source] = entry
    named = {guess.source for guess in (*chosen, *rivals)} | {resource.key_field}
    unknown = [name for name in fields if name not in named]
    return MappingProposal(discovery.settings, mapping, chosen, rivals, unknown)


def _find_resource(discovery: Discovery) -> SourceResource | None:
    return next((one for one in discovery.resources if one.name == discovery.listing_resource), None)


def _collect_fields(resource: SourceResource, classes: Sequence[str]) -> dict[str, SourceField]:
    """Every field of the classes by name; the first class that has it speaks for it."""
    found: dict[str, SourceField] = {}
    for one in resource.classes:
        if not classes or one.name in classes:
            for field in one.fields:
                found.setdefault(field.name, field)
    return found


def _guess(field: SourceField, key_field: str | None) -> ProposedField | None:
    if field.name == key_field:
        return None
    for told, word in (
        (Told.STANDARD_NAME, field.standard_name),
        (Told.OWN_NAME, field.name if field.name in FIELDS else None),
        (Told.SYNONYM, field.name),
        (Told.LABEL, field.label),
    ):
        target = None if word is None else FIELDS.get(word) or find_synonym(word) or find_field(word)
        if target is not None and target.name != _KEY and _agrees(field, target):
            return ProposedField(field.name, target.name, told, field.label)
    return None


def _agrees(field: SourceField, target: Field) -> bool:
    """Whether a source's type can hold what the target wants."""
    kind = (field.data_type or "").lower()
    match target.kind:
        case Kind.TIMESTAMP | Kind.DATE:
            return kind not in _NUMBERS | {"boolean"}
        case Kind.INTEGER | Kind.DECIMAL | Kind.DEGREES:
            return kind not in _TIMES | {"boolean"}
        case Kind.BOOLEAN:
            return kind not in _TIMES | {"decimal"}
        case Kind.LOOKUP | Kind.LOOKUP_LIST | Kind.TEXT:
            return kind != "boolean"


def _choose(guesses: Sequence[ProposedField]) -> tuple[list[ProposedField], list[ProposedField]]:
    """For each target the field that is told best, the source's own order deciding between equals."""
    best: dict[str, ProposedField] = {}
    for guess in guesses:
        held = best.get(guess.target)
        if held is None or guess.told < held.told:
            best[guess.target] = guess
    return [guess for guess in guesses if best[guess.target] is guess], [
        guess for guess in guesses if best[guess.target] is not guess
    ]


def _to_entry(
    guess: ProposedField, field: SourceField, lookups: Mapping[str, SourceLookup], taken: Container[str]
) -> object:
    """The mapping's entry; None: none is needed. One field of status tells both, the MLS's own and the standard."""
    if guess.target in {_STATUS, _MLS_STATUS} and (guess.target == _STATUS or _STATUS not in taken):
        known = _to_statuses(lookups.get(field.lookup or ""))
        if known:
            standard = {"to": _STATUS, "lookup": known}
            return standard if _MLS_STATUS in taken else [_MLS_STATUS, standard]
    return None if guess.source == guess.target else guess.target


def _to_statuses(lookup: SourceLookup | None) -> dict[str, str]:
    """The status values that are local codes or wordings, and the standard ones they plainly are."""
    known: dict[str, str] = {}
    for value in lookup.values if lookup is not None else ():
        standard = find_standard(_STATUS, value.label) or find_standard(_STATUS, _CODE.sub("", value.label))
        if standard is not None:
            said = {word for word in (value.value, value.label) if word and find_standard(_STATUS, word) is None}
            known |= dict.fromkeys(sorted(said), standard)
    return known
