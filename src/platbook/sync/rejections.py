"""Rejections: records that could not be accepted, stored with the reason, reported, and retried on request."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import orjson

from platbook.base.ids import new_id
from platbook.connectors.contract import RawRecord
from platbook.db import WriteConnection, load_queries
from platbook.sync.keys import find_key_fault, to_storable
from platbook.sync.runs.run import RunLease

Q = load_queries(__package__ or "platbook.sync")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record was not accepted. `raw` is the source's record, as JSON text or as it came."""

    listing_key: str | None
    field: str | None
    reason: str
    raw: str | None


@dataclass(frozen=True, slots=True)
class _RetryRow:
    """A rejection that is to be retried."""

    id: UUID
    listing_key: str | None
    raw: str | None


def to_rejection(record: RawRecord, field: str | None, reason: str) -> Rejection:
    """A refused record as it is stored for a retry; without its key where that cannot be stored."""
    content: dict[str, object] = {"fields": dict(record.fields), "modified": record.modified}
    if record.source_class is not None:
        content["class"] = record.source_class
    try:
        raw = orjson.dumps(content, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # lone surrogates, integers beyond 64 bits: the very reasons for a rejection
        raw = json.dumps(content, default=str, skipkeys=True)
    return Rejection(None if find_key_fault(record.key) else record.key, field, reason, raw)


def to_record(listing_key: str, raw: str) -> RawRecord:
    """Parse a stored record. ValueError: the text is not one of ours, such as what a connector could not read."""
    parsed: object = json.loads(raw)  # the standard library's parser, which reads numbers beyond 64 bits
    if isinstance(parsed, dict):
        content = cast("dict[str, object]", parsed)
        fields, modified = content.get("fields"), content.get("modified")
        is_record = isinstance(fields, dict) and find_key_fault(listing_key) is None
        if is_record and (modified is None or isinstance(modified, str)):
            source_class = content.get("class")
            named = source_class if isinstance(source_class, str) else None
            return RawRecord(listing_key, cast("dict[str, object]", fields), modified=modified, source_class=named)
    raise ValueError("the stored text is not a record")


async def add_rejections(
    connection: WriteConnection, lease: RunLease, rejections: Sequence[Rejection], at: datetime
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
                "listing_key": None if one.listing_key is None or find_key_fault(one.listing_key) else one.listing_key,
                "field": _to_storable(one.field),
                "reason": _to_storable(one.reason),
                "raw": _to_storable(one.raw),
                "at": at,
            }
            for one in rejections
        ],
    )


async def resolve_rejections(connection: WriteConnection, lease: RunLease, keys: Sequence[str], at: datetime) -> None:
    """Mark the rejections of records that are accepted now as resolved."""
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "keys": list(keys), "at": at}
    if await connection.value(bool, Q.has_rejections, params):
        await connection.run(Q.resolve_rejections, params)


async def find_retries(
    connection: WriteConnection, lease: RunLease, limit: int, at: datetime
) -> list[RawRecord] | None:
    """Records whose rejections a person marked for a retry; None: there are no more.

    A rejection without a readable record is abandoned here, so that no later run meets it again.
    """
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "limit": limit}
    rows = await connection.all(_RetryRow, Q.find_retries, params)
    records: list[RawRecord] = []
    unreadable: list[UUID] = []
    for row in rows:
        try:
            records.append(to_record(row.listing_key or "", row.raw or ""))
        except ValueError:
            unreadable.append(row.id)
    if unreadable:
        await connection.run(Q.abandon_rejections, {"ids": unreadable, "at": at})
    return records if rows else None


def _to_storable(text: str | None) -> str | None:
    return None if text is None else to_storable(text)
