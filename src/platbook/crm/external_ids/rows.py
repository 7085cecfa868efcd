"""The table `crm_external_ids`: ids of other systems, with what was imported of their rows, for change detection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.crm.external_ids")

COLUMNS = ("system", "kind", "external_id", "row_id", "hash", "field_digests", "is_merged")

PERSON, NOTE, TASK, TAG = "person", "note", "task", "tag"
"""Values of `kind`: rows of `leads`, `interactions` and `tasks`, and tags of leads."""


@dataclass(frozen=True, slots=True)
class ExternalRecord:
    """What an external id refers to, and its row when it was last imported.

    `digests` are those of its fields, None before they were stored; `is_merged`: the id was that of another lead, which
    was merged into this one.
    """

    row_id: UUID
    hash: bytes
    digests: bytes | None = None
    is_merged: bool = False


async def find_external_records(
    connection: ReadConnection, system: str, kind: str, external_ids: Sequence[str]
) -> dict[str, ExternalRecord]:
    """The records of those ids that were imported before."""
    params = {"system": system, "kind": kind, "ids": list(external_ids)}
    rows = await connection.tuples(Q.find_external_records, params)
    return {
        str(external_id): ExternalRecord(
            UUID(str(row_id)),
            hash_ if isinstance(hash_, bytes) else b"",
            digests if isinstance(digests, bytes) else None,
            bool(is_merged),
        )
        for external_id, row_id, hash_, digests, is_merged in rows
    }


async def save_external_ids(
    connection: WriteConnection, system: str, kind: str, records: Mapping[str, ExternalRecord]
) -> None:
    """Insert records by external id; of those that exist only the hash and the digests are updated."""
    params = {
        "system": system,
        "kind": kind,
        "ids": list(records),
        "rows": [one.row_id for one in records.values()],
        "hashes": [one.hash for one in records.values()],
        "digests": [one.digests for one in records.values()],
    }
    await connection.run(Q.upsert_external_ids, params)


async def find_person_ids(connection: ReadConnection, system: str, lead_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The id of a system for each of these leads that has one."""
    rows = await connection.tuples(Q.find_person_ids, {"system": system, "rows": list(lead_ids)})
    return {UUID(str(lead_id)): str(external_id) for lead_id, external_id in rows}


async def find_person_ids_of_leads(connection: ReadConnection, lead_ids: Sequence[UUID]) -> list[dict[str, object]]:
    """Every system's ids of some leads: `system`, `external_id`."""
    return await connection.dicts(Q.find_person_ids_of_leads, {"ids": list(lead_ids)})


async def reassign_person_ids(connection: WriteConnection, lead_id: UUID, into_id: UUID) -> None:
    """Let the external ids of a merged lead refer to the lead that remains."""
    await connection.run(Q.reassign_person_ids, {"lead_id": lead_id, "into_id": into_id})


async def erase_external_ids(connection: WriteConnection, row_ids: Sequence[UUID]) -> None:
    """Delete the external ids of some rows, whatever their kind."""
    await connection.run(Q.erase_external_ids, {"ids": list(row_ids)})
