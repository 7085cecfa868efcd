"""Proposes a provider's field mapping from its source's metadata, for a person to accept. Pure.

A field's standard name takes precedence, then its own name where that is RESO's, then its name or label where that has
one meaning everywhere (`reso.synonyms`). Of two fields for one target the one with the better evidence wins, and the
other is left to the person. A field with RESO's own name needs no entry. What differs between classes goes to the
mapping of each class.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from platbook.connectors.contract import Discovery, SourceClass, SourceField, SourceLookup, SourceResource
from platbook.mapping.provider_mapping import CLASSES
from platbook.reso.fields import FIELDS, Field, Kind
from platbook.reso.lookups import find_standard
from platbook.reso.names import find_field
from platbook.reso.synonyms import find_synonym

_KEY, _STATUS, _MLS_STATUS = "ListingKey", "StandardStatus", "MlsStatus"
_CODE = re.compile(r"^\s*\w{1,4}\s*[-:]\s*(?=\w)")
_NUMBERS = frozenset({"tiny", "small", "int", "long", "decimal"})
_TIMES = frozenset({"date", "datetime", "time"})


class MatchEvidence(IntEnum):
    """Why a field is taken for a RESO field, the best evidence first."""

    STANDARD_NAME = 0
    OWN_NAME = 1
    SYNONYM = 2
    LABEL = 3


@dataclass(frozen=True, slots=True)
class ProposedField:
    """A source field, the RESO field it seems to be, and the evidence."""

    source: str
    target: str
    evidence: MatchEvidence
    label: str | None = None


@dataclass(frozen=True, slots=True)
class MappingProposal:
    """A field mapping and settings to be accepted, and what is left to a person.

    `fields` are all matched fields, those that need no entry included. `rivals` are fields whose target is taken by
    another one; `unknown` are names without a match, which stay in the raw record. `remarks` are the connector's
    sentences.
    """

    settings: Mapping[str, object]
    field_mapping: Mapping[str, object]
    fields: Sequence[ProposedField]
    rivals: Sequence[ProposedField]
    unknown: Sequence[str]
    remarks: Sequence[str] = ()


def propose(discovery: Discovery, classes: Sequence[str] = ()) -> MappingProposal:
    """Propose a mapping for some classes of the listings' resource: where none is named, those that can be synced.

    A field that has another meaning in one class than in those before it, or a target that another field has there,
    goes to the mapping of that class (`classes`).
    """
    resource = _find_resource(discovery)
    if resource is None:
        return MappingProposal(discovery.settings, {}, (), (), (), discovery.remarks)
    lookups = {one.name: one for one in resource.lookups}
    merged = _MergedMapping()
    chosen: dict[tuple[str, str], ProposedField] = {}
    rivals: dict[tuple[str, str], ProposedField] = {}
    names: dict[str, None] = {}
    for one in _choose_classes(resource, classes or discovery.classes):
        fields = {field.name: field for field in one.fields}
        names |= dict.fromkeys(fields)
        matches = [match for field in fields.values() if (match := _match(field, resource.key_field)) is not None]
        of_class, others = _choose(matches)
        for match in of_class:
            taken = {other.target for other in of_class if other is not match}
            merged.add(one.name, match, _to_entry(match, fields[match.source], lookups, taken))
        chosen |= {(match.source, match.target): match for match in of_class}
        rivals |= {(match.source, match.target): match for match in others}
    rivals = {pair: match for pair, match in rivals.items() if pair not in chosen}
    known = {source for source, _ in (*chosen, *rivals)} | {resource.key_field}
    unknown = [name for name in names if name not in known]
    fields_found, others_found = list(chosen.values()), list(rivals.values())
    mapping = merged.to_field_mapping()
    return MappingProposal(discovery.settings, mapping, fields_found, others_found, unknown, discovery.remarks)


class _MergedMapping:
    """The entries of all classes: a common mapping, and what differs from it in each class."""

    def __init__(self) -> None:
        self._common: dict[str, object] = {}
        self._owners: dict[str, str] = {}
        self._by_class: dict[str, dict[str, object]] = {}

    def add(self, class_name: str, match: ProposedField, entry: object) -> None:
        """Add the entry of one field; None: it has the target's name, and needs none unless another has taken it."""
        mapped = match.target if entry is None else entry
        targets = {match.target} if isinstance(mapped, (str, Mapping)) else {_STATUS, _MLS_STATUS}
        if match.source not in self._common and targets.isdisjoint(self._owners):
            self._common[match.source] = mapped
            self._owners |= dict.fromkeys(targets, match.source)
        elif self._common.get(match.source) != mapped:
            self._by_class.setdefault(class_name, {})[match.source] = mapped

    def to_field_mapping(self) -> dict[str, object]:
        """The `fieldMapping`, without entries that map a field to its own name."""
        mapping = {source: entry for source, entry in self._common.items() if entry != source}
        return {**mapping, CLASSES: self._by_class} if self._by_class else mapping


def _choose_classes(resource: SourceResource, wanted: Sequence[str]) -> Sequence[SourceClass]:
    """The wanted classes; all where none is."""
    return [one for one in resource.classes if not wanted or one.name in wanted]


def _find_resource(discovery: Discovery) -> SourceResource | None:
    return next((one for one in discovery.resources if one.name == discovery.listing_resource), None)


def _match(field: SourceField, key_field: str | None) -> ProposedField | None:
    if field.name == key_field:
        return None
    for evidence, name in (
        (MatchEvidence.STANDARD_NAME, field.standard_name),
        (MatchEvidence.OWN_NAME, field.name if field.name in FIELDS else None),
        (MatchEvidence.SYNONYM, field.name),
        (MatchEvidence.LABEL, field.label),
    ):
        target = None if name is None else FIELDS.get(name) or find_synonym(name) or find_field(name)
        if target is not None and target.name != _KEY and _fits_type(field, target):
            return ProposedField(field.name, target.name, evidence, field.label)
    return None


def _fits_type(field: SourceField, target: Field) -> bool:
    """Whether the source field's type can hold values of the target."""
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


def _choose(matches: Sequence[ProposedField]) -> tuple[list[ProposedField], list[ProposedField]]:
    """For each target the field with the best evidence, the first one of equals; and the others."""
    best: dict[str, ProposedField] = {}
    for candidate in matches:
        best_so_far = best.get(candidate.target)
        if best_so_far is None or candidate.evidence < best_so_far.evidence:
            best[candidate.target] = candidate
    chosen = [match for match in matches if best[match.target] is match]
    return chosen, [match for match in matches if best[match.target] is not match]


def _to_entry(
    match: ProposedField, field: SourceField, lookups: Mapping[str, SourceLookup], taken: Container[str]
) -> object:
    """The mapping's entry; None: none is needed. One status field gives both, the own and the standard one."""
    if match.target in {_STATUS, _MLS_STATUS} and (match.target == _STATUS or _STATUS not in taken):
        statuses = _to_statuses(lookups.get(field.lookup or ""))
        if statuses:
            standard = {"to": _STATUS, "lookup": statuses}
            return standard if _MLS_STATUS in taken else [_MLS_STATUS, standard]
    return None if match.source == match.target else match.target


def _to_statuses(lookup: SourceLookup | None) -> dict[str, str]:
    """Status values that are local codes or labels, and the standard statuses they stand for."""
    statuses: dict[str, str] = {}
    for value in lookup.values if lookup is not None else ():
        standard = find_standard(_STATUS, value.label) or find_standard(_STATUS, _CODE.sub("", value.label))
        if standard is not None:
            local = {text for text in (value.value, value.label) if text and find_standard(_STATUS, text) is None}
            statuses |= dict.fromkeys(sorted(local), standard)
    return statuses
