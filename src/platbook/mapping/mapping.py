"""A provider's field mapping: data that assigns source fields to RESO fields, compiled once per provider.

Without a mapping, a source field with a RESO name becomes that field; any other stays in the raw record only. A mapping
names the exceptions, source field first:

    {
      "MLSNumber":        "listingId",
      "CurrentPrice":     "price",
      "ApproxLivingArea": {"to": "livingArea", "unit": "sqm"},
      "BathsTotal":       {"to": "bathrooms", "round": "down"},
      "EntryDate":        {"to": "OriginalEntryTimestamp", "format": "%m/%d/%Y %H:%M", "timeZone": "America/Denver"},
      "St":               [{"to": "status", "lookup": {"A": "Active", "S": "Closed"}, "otherwise": "reject"},
                           "MlsStatus"],
      "Amenities":        {"to": "AssociationAmenities", "separator": ";"},
      "ListPriceLow":     null,
      "$constants":       {"Country": "US"}
    }

A target is a RESO name, a column, the API's name or a short name (`reso.names`), case-insensitive. A list assigns one
source field to several targets, null to none. `unit` (of areas: sqft, sqm, sqyd, acres, hectares) is the source's.
`otherwise` decides on a value that is missing in the lookup: `keep` it (the default), `reject` the record, or `null`.
`unreadable` decides on a value that cannot be read: `null` (the default) leaves it out, `reject` rejects the record.
`round` (down, up, nearest) makes integers. A source field named here takes precedence over one that merely has the
target's name; two named for one target are refused. `$constants` give a field one value in every record.
`$addressParts` name the parts of an address in the order in which they are joined where the source sends no whole one.
`absolute` and `negate` change the sign of numbers; `swap` exchanges latitude and longitude.

The key is never mapped: it comes from the connector. `"AnyField": "ListingKey"`, and `"ListingKey": "listingId"` as
many configurations have it, name its source field (`key_field`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from hashlib import blake2b
from typing import Final, cast

from platbook.base.errors import FieldProblem, InvalidInput, RecordRejected
from platbook.base.times import to_iso_z
from platbook.connectors.contract import RawRecord
from platbook.listings.listing import NormalListing, to_full_address
from platbook.mapping.derivations import (
    derive_areas,
    derive_bathrooms,
    derive_status,
    exchange_position,
    read_half_baths,
)
from platbook.mapping.faults import HalfBaths, ValueFaults
from platbook.mapping.licences import find_licences
from platbook.mapping.limits import check_limits, check_position
from platbook.mapping.transforms import plain_reader, plan_transform
from platbook.providers.finding import FindingKind
from platbook.reso import fields
from platbook.reso.coercion import Coercer, Value, coerce, coercer
from platbook.reso.fields import COLUMNS, FIELDS, SLOT, Field
from platbook.reso.names import find_field, suggest_names

REVISION: Final = 2
"""Incremented whenever the same mapping would give other values than before; part of every mapping's version."""

CONSTANTS: Final = "$constants"
ADDRESS_PARTS: Final = "$addressParts"
_SETTINGS: Final = frozenset({CONSTANTS, ADDRESS_PARTS})
_KEY: Final = "ListingKey"
_READ_KEY: Final = coercer(FIELDS[_KEY])
_MODIFIED: Final = FIELDS["ModificationTimestamp"]
_MODIFIED_SLOT: Final = SLOT[_MODIFIED.name]
_ADDRESS: Final = SLOT["UnparsedAddress"]
_BATHS: Final = "BathroomsTotalInteger"
_DECIDING_FIELDS: Final = frozenset({"StandardStatus", "ModificationTimestamp"})
_VERDICTS: Final = ("otherwise", "unreadable")
_REJECT: Final = "reject"


@dataclass(frozen=True, slots=True)
class _Rule:
    """A source field's assignment to one target."""

    source: str
    field: Field
    read: Coercer
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """A compiled mapping. `version` identifies its meaning; `key_field` is the source field of the key, if named."""

    version: str
    key_field: str | None
    tz: tzinfo
    sources: Mapping[str, str]
    """The source field of each RESO field that the mapping names."""
    convert_living_area: bool
    _rules: Mapping[str, tuple[int, str, Coercer]]
    _further_rules: Sequence[tuple[str, int, str, Coercer]]
    _blank: Sequence[Value]
    _constants: Mapping[str, Value]
    _exchanges_position: bool
    _address_parts: Sequence[str]
    _deciding: frozenset[tuple[str, str]]
    """The source fields, with their targets, without whose values a record is rejected."""
    classes: Mapping[str, "FieldMapping"] = field(default_factory=dict[str, "FieldMapping"])
    """The mappings of the source's classes that have one of their own."""

    def of_class(self, source_class: str | None) -> "FieldMapping":
        """The mapping of one class of the source."""
        return self if source_class is None else self.classes.get(source_class, self)

    def normalise(self, raw: RawRecord, faults: ValueFaults | None = None) -> NormalListing:
        """A record as a listing; a value that cannot be read is left out, with a finding beside those of `faults`.

        RecordRejected, naming the source's field at fault, only for what decides the record: its key, its status, its
        modification time, and fields of which the mapping says so.
        """
        values = list(self._blank)
        more = dict(self._constants)
        faults = ValueFaults() if faults is None else faults
        rules = self._rules
        for source, raw_value in raw.fields.items():
            rule = rules.get(source)
            if rule is None or raw_value is None:
                continue
            slot, name, read = rule
            try:
                value = read(raw_value)
            except RecordRejected as error:
                self._add_fault(faults, source, name, raw_value, error)
                continue
            if slot >= 0:
                values[slot] = value
            elif value is not None:
                more[name] = value
        for source, slot, name, read in self._further_rules:
            try:
                value = read(raw.fields.get(source))
            except RecordRejected as error:
                self._add_fault(faults, source, name, raw.fields.get(source), error)
                continue
            if slot >= 0:
                values[slot] = value
            elif value is not None:
                more[name] = value
        return self._complete(raw, values, more, faults)

    def _add_fault(self, faults: ValueFaults, source: str, name: str, value: object, error: RecordRejected) -> None:
        if (source, name) in self._deciding:
            raise error
        if name == _BATHS and (full := read_half_baths(value)) is not None:
            faults.half_baths = HalfBaths(source, value, full)  # judged when the other bathrooms have been read
            return
        faults.add_lost(FindingKind.UNREADABLE_VALUE, source, FIELDS[name], value, error.summary)

    def _complete(
        self, raw: RawRecord, values: list[Value], more: dict[str, Value], faults: ValueFaults
    ) -> NormalListing:
        derive_status(values, self.sources)
        if self._exchanges_position:
            exchange_position(values)
        check_limits(values, more, faults, self.sources)
        check_position(values, faults, self.sources)
        baths = faults.half_baths
        if baths is not None and not derive_bathrooms(values, more, baths.full):
            field, reason = FIELDS[_BATHS], "not a whole number"
            faults.add_lost(FindingKind.UNREADABLE_VALUE, baths.source, field, baths.value, reason)
        derive_areas(values, more, convert_living_area=self.convert_living_area)
        if values[_ADDRESS] is None:
            values[_ADDRESS] = to_full_address(values, self._address_parts)
        if values[_MODIFIED_SLOT] is None and raw.modified is not None:
            values[_MODIFIED_SLOT] = _parse_modified(raw.modified, self.tz)
        if _READ_KEY(raw.key) is None:
            raise RecordRejected("the record has no key", field=self.key_field or _KEY)
        # The key stays as it came, since sweeps compare keys as they come.
        licences = find_licences(raw.fields)
        return NormalListing(raw.key, tuple(values), more, faults.findings, faults.withheld, licences)


def plan_mapping(
    field_mapping: Mapping[str, object], *, key_field: str | None = None, tz: tzinfo = UTC
) -> FieldMapping:
    """Compile a provider's `fieldMapping`.

    `key_field` is the key's source field where the provider's settings name it; it takes precedence over the mapping.
    `tz` is the time zone of times without one. Raises InvalidInput whose details name each invalid entry.
    """
    problems: list[FieldProblem] = []
    rules, key_fields = _plan_rules(field_mapping, tz, problems)
    constants = _plan_constants(field_mapping.get(CONSTANTS), tz, problems)
    address_parts = _plan_address_parts(field_mapping.get(ADDRESS_PARTS), problems)
    _find_conflicts(rules, key_fields, constants, problems)
    if problems:
        first = problems[0]
        raise InvalidInput(f"{first.field}: {first.message}", details=problems)
    mapped = set(field_mapping) - _SETTINGS
    targets = {rule.field.name for rule in rules} | set(constants) | {_KEY}
    identity = [
        _Rule(name, field, plain_reader(field, tz, name), {})
        for name, field in FIELDS.items()
        if name not in mapped | targets
    ]
    dropped = sorted(name for name, entry in field_mapping.items() if entry is None)
    version = _version(rules, dropped, constants, tz, address_parts)
    key = key_field or next(iter(key_fields), None)
    return _compile(version, rules, identity, constants, key, tz, address_parts)


def _compile(
    version: str,
    rules: Sequence[_Rule],
    identity: Sequence[_Rule],
    constants: Mapping[str, Value],
    key_field: str | None,
    tz: tzinfo,
    address_parts: Sequence[str],
) -> FieldMapping:
    first: dict[str, tuple[int, str, Coercer]] = {}
    further: list[tuple[str, int, str, Coercer]] = []
    for rule in (*rules, *identity):
        slot = SLOT.get(rule.field.name, -1)
        read = rule.read if slot >= 0 else _for_json(rule.read)
        if rule.source in first:
            further.append((rule.source, slot, rule.field.name, read))
        else:
            first[rule.source] = (slot, rule.field.name, read)
    return FieldMapping(
        version=version,
        key_field=key_field,
        tz=tz,
        sources={rule.field.name: rule.source for rule in rules},
        convert_living_area=not any(rule.field.name == "LivingArea" and "unit" in rule.options for rule in rules),
        _rules=first,
        _further_rules=further,
        _blank=[constants.get(field.name) for field in COLUMNS],
        _constants={name: _to_json(value) for name, value in constants.items() if name not in SLOT},
        _exchanges_position=any("swap" in rule.options for rule in rules),
        _address_parts=address_parts,
        _deciding=frozenset(
            (rule.source, rule.field.name)
            for rule in (*rules, *identity)
            if rule.field.name in _DECIDING_FIELDS or _REJECT in {rule.options.get(name) for name in _VERDICTS}
        ),
    )


def _plan_rules(
    field_mapping: Mapping[str, object], tz: tzinfo, problems: list[FieldProblem]
) -> tuple[list[_Rule], list[str]]:
    """Compile the entries: the rules, and the source fields that are named as the key's."""
    rules: list[_Rule] = []
    key_fields: list[str] = []
    for source, targets in field_mapping.items():
        if source in _SETTINGS or targets is None:
            continue
        entries = cast("Sequence[object]", targets) if isinstance(targets, (list, tuple)) else (targets,)
        for entry in entries:
            try:
                rule = _plan_rule(source, entry, tz)
            except InvalidInput as error:
                problems.extend(error.details)
                continue
            if rule is not None:
                rules.append(rule)
            elif source not in key_fields:
                key_fields.append(source)
    return rules, key_fields


def _plan_rule(source: str, entry: object, tz: tzinfo) -> _Rule | None:
    """Compile one entry; None: it names the key."""
    name = f"fieldMapping.{source}"
    if source.startswith("$") or not source:
        raise InvalidInput.of(name, f"is not a known setting; there are {CONSTANTS} and {ADDRESS_PARTS}")
    options: Mapping[str, object]
    if isinstance(entry, str):
        options = {"to": entry}
    elif isinstance(entry, Mapping):
        options = cast("Mapping[str, object]", entry)
    else:
        raise InvalidInput.of(name, 'must be a field name, or an object such as {"to": "price"}')
    field = _find_target(options.get("to"), name)
    if field.name == _KEY or (source == _KEY and field.name == "ListingId"):
        if len(options) > 1:
            raise InvalidInput.of(name, "the key cannot have a transform")
        return None
    return _Rule(source, field, plan_transform(field, options, source=source, tz=tz), options)


def _find_target(target: object, name: str) -> Field:
    if not isinstance(target, str):
        raise InvalidInput.of(name, "the target (to) is missing")
    field = find_field(target)
    if field is None:
        close = suggest_names(target)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise InvalidInput.of(name, f"there is no field {target[:60]!r}{hint}")
    return field


def _plan_constants(entries: object, tz: tzinfo, problems: list[FieldProblem]) -> dict[str, Value]:
    if entries is None:
        return {}
    if not isinstance(entries, Mapping):
        problems.append(FieldProblem(f"fieldMapping.{CONSTANTS}", "must be an object of fields and their values"))
        return {}
    constants: dict[str, Value] = {}
    for target, value in cast("Mapping[str, object]", entries).items():
        name = f"fieldMapping.{CONSTANTS}.{target}"
        try:
            field = _find_target(target, name)
            if field.name == _KEY:
                raise InvalidInput.of(name, "the key cannot be a constant")
            if field.name in constants:
                raise InvalidInput.of(name, f"{field.name} is set twice")
            constants[field.name] = coerce(field, value, tz)
        except InvalidInput as error:
            problems.extend(error.details)
        except RecordRejected as error:
            problems.append(FieldProblem(name, error.reason))
    return constants


def _plan_address_parts(entries: object, problems: list[FieldProblem]) -> Sequence[str]:
    """The parts of an address in the provider's order; RESO's order where it names none."""
    if entries is None:
        return fields.ADDRESS_PARTS
    name = f"fieldMapping.{ADDRESS_PARTS}"
    if not isinstance(entries, (list, tuple)) or not entries:
        problems.append(FieldProblem(name, "must be a list of the parts of an address"))
        return ()
    parts: list[str] = []
    for entry in cast("Sequence[object]", entries):
        field = find_field(entry) if isinstance(entry, str) else None
        if field is None or field.name not in fields.ADDRESS_PARTS or field.name in parts:
            allowed = ", ".join(fields.ADDRESS_PARTS)
            problems.append(FieldProblem(name, f"{str(entry)[:40]!r} is not one of {allowed}, each once"))
            return ()
        parts.append(field.name)
    return tuple(parts)


def _find_conflicts(
    rules: Sequence[_Rule], key_fields: Sequence[str], constants: Mapping[str, Value], problems: list[FieldProblem]
) -> None:
    """Report every target that two entries are assigned to, naming both."""
    owners: dict[str, str] = dict.fromkeys(constants, CONSTANTS)
    claims = [(rule.field.name, rule.source) for rule in rules] + [(_KEY, source) for source in key_fields]
    for name, source in claims:
        owner = owners.setdefault(name, source)
        if owner is not source or claims.count((name, source)) > 1:
            message = f"{owner} and {source} both map to {name}; remove one of them"
            problem = FieldProblem(f"fieldMapping.{source}", message)
            if problem not in problems:
                problems.append(problem)


def _version(
    rules: Sequence[_Rule],
    dropped: Sequence[str],
    constants: Mapping[str, Value],
    tz: tzinfo,
    address_parts: Sequence[str],
) -> str:
    """A hash of the mapping's meaning: the same for any spelling and order of the same entries."""
    entries = sorted(
        (rule.source, rule.field.name, _canonical({**rule.options, "to": rule.field.name})) for rule in rules
    )
    of_address = () if address_parts == fields.ADDRESS_PARTS else (address_parts,)
    meaning = _canonical([REVISION, str(tz), entries, dropped, constants, *of_address])
    return blake2b(meaning.encode(errors="backslashreplace"), digest_size=8).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _parse_modified(text: str, tz: tzinfo) -> Value:
    try:
        return coerce(_MODIFIED, text, tz)
    except RecordRejected:
        return None  # a connector's version of a record need not be a time


def _for_json(read: Coercer) -> Callable[[object], Value]:
    def read_json(value: object) -> Value:
        return _to_json(read(value))

    return read_json


def _to_json(value: Value) -> Value:
    if isinstance(value, datetime):
        return to_iso_z(value)
    return value.isoformat() if isinstance(value, date) else value
