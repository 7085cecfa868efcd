"""The table `possible_duplicates`: reading, locking and writing rows. Access control is the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from platbook.base.ids import new_id
from platbook.crm.leads.matching import Likeness, to_evidence
from platbook.db import ReadConnection, WriteConnection, as_json, load_queries

Q = load_queries(__package__ or "platbook.crm.duplicates")


class DuplicateState(StrEnum):
    """Whether a person has decided on two leads, and how."""

    OPEN = "open"
    MERGED = "merged"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """Two leads that may be one person, in the order of their ids, and what they have in common."""

    id: UUID
    lead_id: UUID
    other_id: UUID
    state: str
    evidence: dict[str, object]
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None


COLUMNS = tuple(one.name for one in fields(PossibleDuplicate))


async def save_likenesses(
    connection: WriteConnection, likenesses: Mapping[UUID, Sequence[Likeness]], at: datetime
) -> None:
    """Store what leads, by id, have in common with others; a pair that is known stays as it was decided."""
    pairs = [(lead_id, one) for lead_id, several in likenesses.items() for one in several]
    if pairs:
        params: dict[str, object] = {
            "ids": [new_id() for _ in pairs],
            "leads": [lead_id for lead_id, _ in pairs],
            "others": [one.lead_id for _, one in pairs],
            "evidence": [as_json(to_evidence(one)) for _, one in pairs],
        }
        await connection.run(Q.insert_possible_duplicates, {**params, "at": at})


async def get_possible_duplicate(connection: ReadConnection, pair_id: UUID) -> PossibleDuplicate | None:
    """One pair."""
    return await connection.first(PossibleDuplicate, Q.get_possible_duplicate, {"id": pair_id})


async def lock_possible_duplicate(connection: WriteConnection, pair_id: UUID) -> PossibleDuplicate | None:
    """One pair, locked for a change."""
    return await connection.first(PossibleDuplicate, Q.lock_possible_duplicate, {"id": pair_id})


async def close_pair(
    connection: WriteConnection, leads: tuple[UUID, UUID], state: DuplicateState, by: str, at: datetime
) -> None:
    """Store the decision on two leads, where they are a pair."""
    params = {"lead_id": leads[0], "other_id": leads[1], "state": state, "by": by, "at": at}
    await connection.run(Q.close_pair, cast("Mapping[str, object]", params))


async def carry_pairs(connection: WriteConnection, lead_id: UUID, into_id: UUID) -> None:
    """Let the pairs of a merged lead become those of the lead that remains, but for those it has itself."""
    params = {"lead_id": lead_id, "into_id": into_id}
    await connection.run(Q.delete_known_pairs, params)
    await connection.run(Q.move_pairs, params)


async def dismiss_pairs(connection: WriteConnection, lead_id: UUID, by: str, at: datetime) -> None:
    """Close the open pairs of a lead that is deleted."""
    await connection.run(Q.dismiss_open_pairs, {"lead_id": lead_id, "by": by, "at": at})
