"""Records that could not be accepted: kept with their reason, seen by people, tried again on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from platbook.base.errors import NotFound
from platbook.base.ids import new_id
from platbook.connectors.contract import RawRecord
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.sync.runs import Lease

Q = load_queries(__package__ or "platbook.sync")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record was not accepted. `raw` is what the source said, as JSON text or as it came."""

    listing_key: str | None
    field: str | None
    reason: str
    raw: str | None


def to_rejection(record: RawRecord, field: str | None, reason: str) -> Rejection:
    """Keep a record that was refused, so that it can be tried again."""
    said = {"fields": dict(record.fields), "modified": record.modified}
    raw = orjson.dumps(said, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return Rejection(_clean(record.key), field, reason, raw)


def to_record(listing_key: str, raw: str) -> RawRecord:
    """Bring a kept record back. A text that is not one of ours is a ValueError."""
    said = orjson.loads(raw)
    return RawRecord(listing_key, said["fields"], modified=said["modified"])


async def add_rejections(
    connection: WriteConnection, lease: Lease, rejections: Sequence[Rejection], at: datetime
) -> None:
    """Store a page's rejections."""
    await connection.run_many(
        Q.add_rejection,
        [
            {
                "id": new_id(),
                "provider_id": lease.run.provider_id,
                "sync_id": lease.run.sync_id,
                "resource": lease.resource,
                "listing_key": one.listing_key,
                "field": _clean(one.field),
                "reason": _clean(one.reason),
                "raw": _clean(one.raw),
                "at": at,
            }
            for one in rejections
        ],
    )


async def resolve_rejections(connection: WriteConnection, lease: Lease, keys: Sequence[str], at: datetime) -> None:
    """Settle the rejections of records that are accepted now."""
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "keys": list(keys), "at": at}
    if await connection.value(bool, Q.has_rejections, params):
        await connection.run(Q.resolve_rejections, params)


async def find_retrying(connection: ReadConnection, lease: Lease, limit: int) -> list[RawRecord]:
    """Records whose rejection a person asked to try again."""
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "limit": limit}
    rows = await connection.tuples(Q.find_retrying, params)
    return [to_record(str(key), str(raw)) for key, raw in rows]


async def mark_retrying(
    connection: WriteConnection, at: datetime, *, error_id: UUID | None = None, provider_id: str | None = None
) -> list[str]:
    """Mark one rejection, or all open ones of a provider, to be tried by the next run; the providers concerned."""
    params = {"id": error_id, "provider_id": provider_id, "at": at}
    marked = await connection.column(str, Q.mark_retrying, params)
    if not marked and error_id is not None:
        raise NotFound("there is no open error of this id that could be tried again", code="ERROR_NOT_FOUND")
    return sorted(set(marked))


def _clean(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "")
