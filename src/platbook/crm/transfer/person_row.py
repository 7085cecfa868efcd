"""One row of a file of people: parsed, and compared with the lead that it was imported to before. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import cast
from uuid import UUID

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.base.times import to_iso_z
from platbook.crm.external_ids.rows import ExternalRecord
from platbook.crm.leads.lead import Lead, new_lead, rescore
from platbook.crm.leads.patch import LeadPatch, apply_patch
from platbook.crm.leads.rows import to_contact_keys
from platbook.crm.transfer.consent_columns import (
    CONSENT_FIELDS,
    FieldConsent,
    read_consents,
    with_consents,
    without_repeated,
)
from platbook.crm.transfer.csv_rows import CsvRow
from platbook.crm.transfer.field_digests import Value, name_digest, pack, to_digests, unpack
from platbook.crm.transfer.import_context import (
    ImportContext,
    ImportUser,
    RowRejected,
    to_hash,
    to_time,
)
from platbook.crm.transfer.mapping import CUSTOM, ColumnMapping, MappedRow, apply_mapping
from platbook.crm.transfer.person_cells import PersonCells
from platbook.crm.transfer.three_way import Comparison, compare

_ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "firstName": "first_name",
        "lastName": "last_name",
        "emails": "emails",
        "phones": "phones",
        "source": "source",
        "status": "status",
        "priority": "priority",
        "budgetMin": "budget_min",
        "budgetMax": "budget_max",
        "notes": "notes",
        "tags": "tags",
        "aiSummary": "ai_summary",
    }
)
"""The attribute of a lead for each field that a patch may change."""

_LISTS = frozenset({"emails", "phones", "tags"})
_NAMES, _NONE = frozenset({"firstName", "lastName"}), frozenset[str]()
_NEVER_EMPTIED = frozenset({"status", "priority", "owner", "createdAt"})
"""Fields of which an empty cell says nothing: a lead always has them, or nobody may lose it by an empty cell."""


@dataclass(frozen=True, slots=True)
class ImportedPerson:
    """One row, parsed. `key`: the external id; `lead`: the row as a lead; `values`: the fields that the file has.

    `unread`: by field the texts that could not be read; they were left out. `consents`: what it says of consent, by the
    field that says it.
    """

    line: int
    key: str
    hash: bytes
    lead: Lead
    owner: ImportUser | None
    values: Mapping[str, Value]
    unread: Mapping[str, Sequence[str]]
    consents: Sequence[FieldConsent] = ()

    def record(self, lead_id: UUID) -> ExternalRecord:
        """What to store when the row is imported for the first time."""
        return ExternalRecord(lead_id, self.hash, pack(to_digests(self.values)))


@dataclass(frozen=True, slots=True)
class PersonChange:
    """A lead as a row changes it, what to store of the row, and the comparison that says why."""

    lead: Lead
    record: ExternalRecord
    comparison: Comparison


def to_person(context: ImportContext, mapping: ColumnMapping, row: CsvRow) -> ImportedPerson:
    """Parse a row; what cannot be read is left out and noted. Errors: RowRejected, InvalidInput."""
    mapped = apply_mapping(mapping, row.cells)
    if context.file_consent is not None:
        mapped["fileConsent"] = context.file_consent.to_text()
    cells = PersonCells(mapped, context.find_stage)
    owner = cells.read("owner", lambda _: context.find_user(mapped, "owner"))
    created = cells.read("createdAt", lambda text: to_time(text, "createdAt")) or context.at
    lead = _to_lead(cells, _to_blank(created, owner), context.at)
    if (kind := context.kind_of_stage(lead.status)) != lead.stage_kind:
        lead = replace(lead, stage_kind=kind)
    values = _to_file_values(lead, mapping.fields, mapped)
    for name in cells.unread.keys() - _LISTS if owner else {*cells.unread, "owner"} - _LISTS:
        values.pop(name, None)
    texts = cast("Mapping[str, object]", mapped)
    consents = read_consents(texts, context.file_consent, f"import from {context.system}")
    return ImportedPerson(row.line, _to_key(mapped, lead), to_hash(mapped), lead, owner, values, cells.unread, consents)


def change_person(
    person: ImportedPerson, before: Lead, record: ExternalRecord, at: datetime, *, without: Collection[str] = ()
) -> PersonChange:
    """Apply what the file changed since the last import, where nobody changed it here. Errors: InvalidInput.

    The id of a person who was merged into another completes the other, and overwrites nothing. `without`: e-mail
    addresses that another lead has; they are left out.
    """
    values = dict(person.values)
    if without:
        values["emails"] = tuple(one for one in person.lead.emails if one not in without)
    stored = {} if record.digests is None else unpack(record.digests)
    comparison = compare(
        stored,
        {name: value for name, value in values.items() if name not in CONSENT_FIELDS},
        to_values(before),
        only_complete=record.is_merged,
        incomplete=person.unread.keys(),
    )
    of_consent = to_digests({name: value for name, value in values.items() if name in CONSENT_FIELDS})
    comparison.digests.update(of_consent)
    lead = _apply(person, before, comparison, at)
    repeated = [name for name in CONSENT_FIELDS if stored.get(key := name_digest(name)) == of_consent.get(key)]
    lead = with_consents(lead, without_repeated(person.consents, repeated, before.consents), at)
    if lead != before:
        lead = rescore(replace(lead, updated_at=at), at)
    new = ExternalRecord(before.id, person.hash, pack(comparison.digests), record.is_merged)
    return PersonChange(lead, new, comparison)


def to_values(lead: Lead) -> dict[str, Value]:
    """The fields of a lead that a file may have, as they are compared."""
    return {
        "firstName": lead.first_name or None,
        "lastName": lead.last_name or None,
        "emails": tuple(lead.emails),
        "phones": tuple(lead.phones),
        "source": lead.source or None,
        "status": str(lead.status),
        "priority": str(lead.priority),
        "budgetMin": _to_text(lead.budget_min),
        "budgetMax": _to_text(lead.budget_max),
        "notes": lead.notes or None,
        "tags": tuple(lead.tags),
        "owner": None if lead.assigned_to is None else str(lead.assigned_to),
        "createdAt": to_iso_z(lead.created_at),
        "aiSummary": lead.ai_summary or None,
        **{CUSTOM + name: str(value) for name, value in lead.custom_fields.items()},
    }


def with_owner(lead: Lead, owner: ImportUser | None) -> Lead:
    """The lead with an owner, their office and team; unchanged without one."""
    return lead if owner is None else replace(lead, assigned_to=owner.id, office=owner.office, team=owner.team)


def _to_file_values(lead: Lead, fields: frozenset[str], row: MappedRow) -> dict[str, Value]:
    """The values of the fields that the file has; those that a cell left empty are None, or say nothing."""
    values = to_values(lead)
    names = fields - {"name", "externalId"} | (_NAMES if "name" in fields else _NONE)
    values |= {name: _to_texts(row, name) for name in names & CONSENT_FIELDS}
    return {name: values.get(name) for name in sorted(names) if name not in _NEVER_EMPTIED or name in row}


def _to_texts(row: MappedRow, name: str) -> Value:
    texts = cast("Mapping[str, object]", row).get(name)
    return tuple(cast("list[str]", texts)) if isinstance(texts, list) else cast("str | None", texts)


def _apply(person: ImportedPerson, before: Lead, comparison: Comparison, at: datetime) -> Lead:
    patch: dict[str, object] = {}
    custom: dict[str, object] = {}
    for name, value in comparison.changes.items():
        if name.startswith(CUSTOM):
            custom[name.removeprefix(CUSTOM)] = value
        elif name in _LISTS:
            patch[_ATTRIBUTES[name]] = list(value or ())
        elif name in _ATTRIBUTES:
            patch[_ATTRIBUTES[name]] = None if value is None else getattr(person.lead, _ATTRIBUTES[name])
    if custom:
        patch["custom_fields"] = custom
    lead = apply_patch(before, cast("LeadPatch", patch), at) if patch else before
    if "status" in comparison.changes:
        lead = replace(lead, stage_kind=person.lead.stage_kind)
    if "createdAt" in comparison.changes:
        lead = replace(lead, created_at=person.lead.created_at)
    return with_owner(lead, person.owner) if "owner" in comparison.changes else lead


def _to_blank(created: datetime, owner: ImportUser | None) -> Lead:
    if owner is None:
        return new_lead(new_id(), created)
    return Lead(new_id(), created, created, created, assigned_to=owner.id, office=owner.office, team=owner.team)


def _to_lead(cells: PersonCells, blank: Lead, at: datetime) -> Lead:
    """A row as a lead; contacts that are none are left out. Errors: InvalidInput, RowRejected."""
    patch = cells.to_patch()
    try:
        return apply_patch(blank, patch, at)
    except InvalidInput:
        cells.leave_out_contacts(patch)
    try:
        return apply_patch(blank, patch, at)
    except InvalidInput as error:
        unread = ", ".join(text for texts in cells.unread.values() for text in texts)
        raise RowRejected(f"{error}; could not be read: {unread}" if unread else str(error)) from None


def _to_text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _to_key(row: MappedRow, lead: Lead) -> str:
    """The external id of a person; without one their first contact, or else the hash of the row."""
    if "externalId" in row:
        return row["externalId"]
    contacts = to_contact_keys(lead)
    return f"{contacts[0][0]}:{contacts[0][1]}" if contacts else f"row:{to_hash(row).hex()}"
