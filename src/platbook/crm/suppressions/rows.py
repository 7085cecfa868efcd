"""The table `suppressions`: reading and writing rows. Access control is the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook.base.ids import new_id
from platbook.crm.suppressions.suppression import StandingSuppression, Suppression, hash_address
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.crm.suppressions")


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """A suppression to store; the address is normalised."""

    channel: str
    address: str
    reason: str
    source: str
    at: datetime
    stream: str | None = None
    lead_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    channel: str
    address: str | None
    address_hash: bytes | None
    stream: str | None
    at: datetime
    source: str


async def insert_suppressions(
    connection: WriteConnection, added: Sequence[NewSuppression], by: str, at: datetime
) -> int:
    """Insert those that do not stand already; how many."""
    if not added:
        return 0
    params: dict[str, object] = {
        "ids": [new_id() for _ in added],
        "channels": [one.channel for one in added],
        "addresses": [one.address for one in added],
        "streams": [one.stream for one in added],
        "reasons": [one.reason for one in added],
        "sources": [one.source for one in added],
        "ats": [min(one.at, at) for one in added],
        "leads": [one.lead_id for one in added],
        "created_at": at,
        "created_by": by,
    }
    return await connection.run(Q.insert_suppressions, params)


async def insert_refusals(connection: WriteConnection, by: str, at: datetime) -> int:
    """Suppress the contacts of every lead that refuses a channel, which a backup without suppressions has; how many."""
    return await connection.run(Q.insert_refusals, {"by": by, "at": at})


async def find_standing(
    connection: ReadConnection, addresses: Sequence[str], key: bytes | None = None
) -> list[StandingSuppression]:
    """The suppressions of these addresses that stand; with the key, also those of erased people."""
    if not addresses:
        return []
    hashes: Mapping[bytes, str] = {} if key is None else {hash_address(key, one): one for one in addresses}
    params: dict[str, object] = {"addresses": list(addresses), "hashes": list(hashes)}
    rows = await connection.all(_Standing, Q.find_standing, params)
    return [
        StandingSuppression(one.channel, one.address or hashes[one.address_hash or b""], one.stream, one.at, one.source)
        for one in rows
    ]


async def get_standing(
    connection: ReadConnection, channel: str, address: str, stream: str | None
) -> Suppression | None:
    """The suppression of an address that stands, of one stream or (None) of all."""
    params: dict[str, object] = {"channel": channel, "address": address, "stream": stream}
    return await connection.first(Suppression, Q.get_standing, params)


async def get_row(connection: ReadConnection, suppression_id: UUID) -> Suppression | None:
    """One suppression."""
    return await connection.first(Suppression, Q.get_suppression, {"id": suppression_id})


async def lock_row(connection: WriteConnection, suppression_id: UUID) -> Suppression | None:
    """One suppression, locked for a change."""
    return await connection.first(Suppression, Q.lock_suppression, {"id": suppression_id})


async def end_row(connection: WriteConnection, suppression_id: UUID, by: str, reason: str, at: datetime) -> None:
    """End a suppression."""
    params: dict[str, object] = {"id": suppression_id, "by": by, "reason": reason, "at": at}
    await connection.run(Q.end_suppression, params)


async def find_of_person(
    connection: ReadConnection, lead_ids: Sequence[UUID], addresses: Sequence[str]
) -> list[Suppression]:
    """Every suppression, ended ones too, that came from some leads or has one of their addresses."""
    params: dict[str, object] = {"leads": list(lead_ids), "addresses": list(addresses)}
    return await connection.all(Suppression, Q.find_of_person, params)


async def erase_addresses(
    connection: WriteConnection, key: bytes, lead_ids: Sequence[UUID], addresses: Sequence[str]
) -> None:
    """Replace the addresses of an erased person by their keyed hashes; the suppressions stand as before."""
    rows = await find_of_person(connection, lead_ids, addresses)
    erased = sorted({one.address for one in rows if one.address is not None})
    params: dict[str, object] = {"addresses": erased, "hashes": [hash_address(key, one) for one in erased]}
    await connection.run(Q.delete_hashed_twins, params)
    await connection.run(Q.hash_addresses, params)
