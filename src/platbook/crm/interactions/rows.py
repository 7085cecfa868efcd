"""The table `interactions`: reading and writing rows. It is append-only, but for soft deletion."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from platbook.crm.interactions.interaction import Interaction
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries

Q = load_queries(__package__ or "platbook.crm.interactions")

_COLUMN_TYPES = {
    "id": "uuid",
    "lead_id": "uuid",
    "type": "text",
    "content": "text",
    "interaction_date": "timestamptz",
    "user_id": "uuid",
    "actor": "text",
    "property_id": "uuid",
    "metadata": "jsonb",
    "created_at": "timestamptz",
}
COLUMNS = (*_COLUMN_TYPES, "deleted_at", "deleted_by")


async def get_interaction_row(connection: ReadConnection, interaction_id: UUID) -> Interaction | None:
    """One interaction that is not deleted."""
    return await connection.first(Interaction, Q.get_interaction, {"id": interaction_id})


async def insert_interaction(connection: WriteConnection, entry: Interaction) -> None:
    """Insert one interaction."""
    params = {name: getattr(entry, name) for name in Interaction.__slots__}
    await connection.run(Q.insert_interaction, {**params, "metadata": as_json(entry.metadata)})


async def insert_interactions(connection: WriteConnection, entries: Sequence[Interaction]) -> None:
    """Insert interactions in bulk (COPY)."""
    if entries:
        rows = (
            [as_json(entry.metadata) if name == "metadata" else getattr(entry, name) for name in _COLUMN_TYPES]
            for entry in entries
        )
        await connection.copy_in("interactions", tuple(_COLUMN_TYPES), tuple(_COLUMN_TYPES.values()), rows)


async def mark_interaction_deleted(connection: WriteConnection, interaction_id: UUID, at: datetime, by: str) -> None:
    """Soft-delete one interaction."""
    await connection.run(Q.mark_interaction_deleted, {"id": interaction_id, "at": at, "by": by})


async def mark_interactions_deleted(connection: WriteConnection, lead_id: UUID, at: datetime, by: str) -> None:
    """Soft-delete every interaction of a lead."""
    await connection.run(Q.mark_interactions_deleted, {"lead_id": lead_id, "at": at, "by": by})


async def reassign_interactions(connection: WriteConnection, lead_id: UUID, into_id: UUID) -> None:
    """Move the interactions of a merged lead to the lead that remains."""
    await connection.run(Q.reassign_interactions, {"lead_id": lead_id, "into_id": into_id})


async def find_interaction_ids(connection: ReadConnection, lead_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of every interaction of some leads, also of deleted ones."""
    return await connection.column(UUID, Q.find_interaction_ids, {"ids": list(lead_ids)})


async def find_interactions_of_leads(connection: ReadConnection, lead_ids: Sequence[UUID]) -> list[dict[str, object]]:
    """Every interaction of some leads by column, also deleted ones."""
    return await connection.dicts(Q.find_interactions_of_leads, {"ids": list(lead_ids)})


async def has_listing(connection: ReadConnection, property_id: UUID) -> bool:
    """Whether a listing exists."""
    return bool(await connection.value(bool, Q.has_listing, {"id": property_id}))
