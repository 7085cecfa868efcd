"""Records that could not be accepted: kept with their reason, seen by people, tried again on request."""

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
from platbook.sync.runs.lifecycle import RunLease

Q = load_queries(__package__ or "platbook.sync")

LONGEST_KEY = 255
"""Characters, RESO's own limit; an index holds no more than 2,704 bytes."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a record was not accepted. `raw` is what the source said, as JSON text or as it came."""

    listing_key: str | None
    field: str | None
    reason: str
    raw: str | None


@dataclass(frozen=True, slots=True)
class _Retrying:
    """A rejection that is to be tried again."""

    id: UUID
    listing_key: str | None
    raw: str | None


def find_key_fault(key: str) -> str | None:
    """Why a key cannot be kept as it is; None: it can. A changed key would be another record's."""
    if len(key) > LONGEST_KEY:
        return f"the key is longer than {LONGEST_KEY} characters"
    return None if _clean(key) == key else "the key holds a NUL character or half a character (a lone surrogate)"


def to_rejection(record: RawRecord, field: str | None, reason: str) -> Rejection:
    """Keep a record that was refused, so that it can be tried again; one whose key cannot be kept stands without."""
    said = {"fields": dict(record.fields), "modified": record.modified}
    try:
        raw = orjson.dumps(said, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # lone surrogates, whole numbers beyond 64 bits: just what records are refused for
        raw = json.dumps(said, default=str, skipkeys=True)
    return Rejection(None if find_key_fault(record.key) else record.key, field, reason, raw)


def to_record(listing_key: str, raw: str) -> RawRecord:
    """Bring a kept record back. ValueError: the text is not one of ours, such as what a connector could not read."""
    said: object = json.loads(raw)  # every number and text as it was kept, those of a refused record included
    if isinstance(said, dict):
        kept = cast("dict[str, object]", said)
        fields, modified = kept.get("fields"), kept.get("modified")
        is_record = isinstance(fields, dict) and find_key_fault(listing_key) is None
        if is_record and (modified is None or isinstance(modified, str)):
            return RawRecord(listing_key, cast("dict[str, object]", fields), modified=modified)
    raise ValueError("what was kept is not a record")


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
                "field": _clean(one.field),
                "reason": _clean(one.reason),
                "raw": _clean(one.raw),
                "at": at,
            }
            for one in rejections
        ],
    )


async def resolve_rejections(connection: WriteConnection, lease: RunLease, keys: Sequence[str], at: datetime) -> None:
    """Settle the rejections of records that are accepted now."""
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "keys": list(keys), "at": at}
    if await connection.value(bool, Q.has_rejections, params):
        await connection.run(Q.resolve_rejections, params)


async def take_retrying(
    connection: WriteConnection, lease: RunLease, limit: int, at: datetime
) -> list[RawRecord] | None:
    """Records whose rejection a person asked to try again; None: there are no more.

    What holds nothing that could be tried is abandoned here, so that it stands in no run's way.
    """
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "limit": limit}
    rows = await connection.all(_Retrying, Q.find_retrying, params)
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


def _clean(text: str | None) -> str | None:
    """A text as PostgreSQL can hold it."""
    return None if text is None else text.replace("\0", "").encode(errors="backslashreplace").decode()
