"""A store of RESO's Member resource over a small table of its own: all it takes to replicate another resource."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook.base.errors import RecordRejected
from platbook.base.ids import new_id
from platbook.base.times import parse_utc
from platbook.connectors.contract import RawRecord, Resource
from platbook.db import Query, ReadConnection, WriteConnection
from platbook.listings.listing import Origin
from platbook.providers.sessions import Source
from platbook.sync.resources.registry import RegisteredResource
from platbook.sync.resources.store import MissingKey, MissingKeys, ResourceErasure, ResourceStore, SweepKeys

CREATE_TABLE = (
    "CREATE TABLE members (id uuid PRIMARY KEY, provider_id text NOT NULL, member_key text NOT NULL, full_name text, "
    "email text, status text, content_hash bytea, modified timestamptz, sync_id uuid, stored_at timestamptz NOT NULL, "
    "removed_at timestamptz, out_of_scope_at timestamptz, erased_at timestamptz, UNIQUE (provider_id, member_key))"
)


def _query(name: str, sql: str) -> Query:
    return Query(name, "A statement of the members' store.", sql)


_FIND_DIFFERING = _query(
    "find_differing",
    "SELECT k.key, m.id, m.content_hash IS NOT DISTINCT FROM k.hash AS same_content, m.modified, m.stored_at, "
    "m.removed_at IS NOT NULL AS removed, m.out_of_scope_at IS NOT NULL AS out_of_scope, "
    "m.erased_at IS NOT NULL AS erased FROM unnest(%(keys)s::text[], %(hashes)s::bytea[]) AS k (key, hash) "
    "LEFT JOIN members m ON m.provider_id = %(provider_id)s AND m.member_key = k.key WHERE m.id IS NULL "
    "OR m.content_hash IS DISTINCT FROM k.hash OR m.removed_at IS NOT NULL OR m.out_of_scope_at IS NOT NULL",
)
_UPSERT = _query(
    "upsert",
    "INSERT INTO members (id, provider_id, member_key, full_name, email, status, content_hash, modified, sync_id, "
    "stored_at) VALUES (%(id)s, %(provider_id)s, %(key)s, %(full_name)s, %(email)s, %(status)s, %(content_hash)s, "
    "%(modified)s, %(sync_id)s, %(at)s) ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name, "
    "email = excluded.email, status = excluded.status, content_hash = excluded.content_hash, "
    "modified = excluded.modified, sync_id = excluded.sync_id, stored_at = excluded.stored_at, removed_at = NULL, "
    "out_of_scope_at = NULL, erased_at = NULL",
)
_MARK_RETURNED = _query(
    "mark_returned",
    "UPDATE members SET removed_at = NULL, out_of_scope_at = NULL, sync_id = %(sync_id)s WHERE id = ANY(%(ids)s)",
)
_MARK_OUT_OF_SCOPE = _query(
    "mark_out_of_scope",
    "UPDATE members SET out_of_scope_at = %(at)s WHERE provider_id = %(provider_id)s AND member_key = ANY(%(keys)s)",
)
_MARK_REMOVED = _query(
    "mark_removed",
    "UPDATE members SET removed_at = %(at)s WHERE provider_id = %(provider_id)s AND member_key = ANY(%(keys)s) "
    "AND removed_at IS NULL RETURNING id",
)
_ERASE = _query(
    "erase",
    "UPDATE members SET full_name = NULL, email = NULL, status = NULL, content_hash = NULL, erased_at = %(at)s, "
    "removed_at = coalesce(removed_at, %(at)s) WHERE id = ANY(%(ids)s)",
)
_FIND_PROVIDERS_TO_ERASE = _query(
    "find_providers_to_erase",
    "SELECT DISTINCT provider_id FROM members JOIN mls_provider_configurations USING (provider_id) "
    "WHERE retention = 'erase' AND removed_at IS NOT NULL AND erased_at IS NULL",
)
_FIND_REMOVED = _query(
    "find_removed",
    "SELECT id, member_key FROM members WHERE provider_id = %(provider_id)s AND member_key > %(after)s "
    "AND removed_at IS NOT NULL AND erased_at IS NULL ORDER BY member_key LIMIT %(limit)s FOR UPDATE",
)
_COUNT_ACTIVE = _query(
    "count_active",
    "SELECT count(*) FROM members WHERE provider_id = %(provider_id)s AND removed_at IS NULL "
    "AND out_of_scope_at IS NULL",
)
_FIND_UNSEEN = _query(
    "find_unseen",
    "SELECT member_key FROM members WHERE provider_id = %(provider_id)s AND removed_at IS NULL "
    "AND out_of_scope_at IS NULL AND stored_at <= %(began_at)s AND NOT EXISTS ("
    "SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = member_key) ORDER BY 1",
)
_FIND_MISSING = _query(
    "find_missing",
    "SELECT listing_key, count(*) OVER () AS total FROM mls_sweep_keys WHERE sync_id = %(sync_id)s AND NOT EXISTS ("
    "SELECT FROM members WHERE provider_id = %(provider_id)s AND member_key = listing_key AND removed_at IS NULL "
    "AND erased_at IS NULL) AND NOT EXISTS (SELECT FROM mls_excluded_keys x WHERE x.provider_id = %(provider_id)s "
    "AND x.resource = 'Member' AND x.listing_key = mls_sweep_keys.listing_key AND x.scope = %(scope)s) "
    "AND NOT EXISTS (SELECT FROM mls_sync_errors e WHERE e.provider_id = %(provider_id)s AND e.resource = 'Member' "
    "AND e.listing_key = mls_sweep_keys.listing_key AND e.retry IN ('pending', 'retrying', 'failed')) "
    "ORDER BY 1 LIMIT %(limit)s",
)
_ERASE_UNSEEN_REJECTIONS = _query(
    "erase_unseen_rejections",
    "UPDATE mls_sync_errors e SET raw = NULL, reason = 'erased', retry = 'abandoned' "
    "WHERE provider_id = %(provider_id)s AND resource = 'Member' AND last_at <= %(began_at)s AND NOT EXISTS ("
    "SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = e.listing_key)",
)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """What is stored under a member's key."""

    key: str
    id: UUID | None
    same_content: bool
    modified: datetime | None
    stored_at: datetime | None
    removed: bool
    out_of_scope: bool
    erased: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A member in our terms."""

    key: str
    modified: datetime | None
    full_name: str
    email: object
    status: object
    content_hash: bytes
    deleted: bool = False


class MemberErasure(ResourceErasure):
    async def find_providers_to_erase(self, connection: ReadConnection) -> Sequence[str]:
        return await connection.column(str, _FIND_PROVIDERS_TO_ERASE)

    async def find_removed(
        self, connection: WriteConnection, provider_id: str, *, after: str, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        params = {"provider_id": provider_id, "after": after, "limit": limit}
        return cast("list[tuple[UUID, str]]", await connection.tuples(_FIND_REMOVED, params))

    async def erase(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> None:
        await connection.run(_ERASE, {"ids": list(ids), "at": origin.stored_at})


class MemberStore(MemberErasure, ResourceStore[Member]):
    """Members with a name, an e-mail address and a status; every member is in scope but those that are `Hidden`."""

    @property
    def mapping_version(self) -> str:
        return "members-1"

    def hash_version(self, source_class: str | None) -> str:
        del source_class
        return "members-1"

    @property
    def targets(self) -> Mapping[str, Sequence[str]]:
        return {}

    @property
    def key_field(self) -> str:
        return "MemberKey"

    def normalise(self, record: RawRecord, content_hash: bytes) -> Member:
        name = record.fields.get("MemberFullName")
        if not isinstance(name, str):
            raise RecordRejected("the member has no name", field="MemberFullName")
        modified = None if record.modified is None else parse_utc(record.modified)
        email, status = record.fields.get("MemberEmail"), record.fields.get("MemberStatus")
        return Member(record.key, modified, name, email, status, content_hash)

    def is_in_scope(self, record: Member) -> bool:
        return record.status != "Hidden"

    async def find_differing(
        self, connection: ReadConnection, provider_id: str, hashes: Mapping[str, bytes]
    ) -> Mapping[str, MemberRow]:
        params = {"provider_id": provider_id, "keys": list(hashes), "hashes": list(hashes.values())}
        return {row.key: row for row in await connection.all(MemberRow, _FIND_DIFFERING, params)}

    async def write(
        self, connection: WriteConnection, new: Sequence[Member], changed: Mapping[UUID, Member], origin: Origin
    ) -> None:
        rows = [(new_id(), one) for one in new] + list(changed.items())
        await connection.run_many(_UPSERT, [_params(row_id, one, origin) for row_id, one in rows])

    async def mark_returned(self, connection: WriteConnection, ids: Sequence[UUID], origin: Origin) -> int:
        return await connection.run(_MARK_RETURNED, {"ids": list(ids), "sync_id": origin.sync_id})

    async def mark_out_of_scope(self, connection: WriteConnection, keys: Sequence[str], origin: Origin) -> None:
        await connection.run(_MARK_OUT_OF_SCOPE, _by_keys(keys, origin))

    async def mark_scope_narrowed(self, connection: WriteConnection, origin: Origin) -> None:
        """A provider's scope does not concern members."""

    async def mark_removed(self, connection: WriteConnection, keys: Sequence[str], origin: Origin) -> Sequence[UUID]:
        return await connection.column(UUID, _MARK_REMOVED, _by_keys(keys, origin))

    async def find_unseen(self, connection: ReadConnection, sweep: SweepKeys) -> Sequence[str]:
        return await connection.column(str, _FIND_UNSEEN, _sweep_params(sweep))

    async def find_missing(self, connection: ReadConnection, sweep: SweepKeys, limit: int) -> MissingKeys:
        params = {**_sweep_params(sweep), "scope": sweep.scope, "limit": max(1, limit)}
        rows = await connection.all(MissingKey, _FIND_MISSING, params)
        return MissingKeys([row.listing_key for row in rows[:limit]], rows[0].total if rows else 0)

    async def count_active(self, connection: ReadConnection, provider_id: str) -> int:
        return await connection.value(int, _COUNT_ACTIVE, {"provider_id": provider_id}) or 0

    async def erase_unseen_rejections(self, connection: WriteConnection, sweep: SweepKeys) -> None:
        await connection.run(_ERASE_UNSEEN_REJECTIONS, _sweep_params(sweep))

    def settle(self, *, committed: bool) -> None:
        """It has no cache."""


def _open(source: Source) -> MemberStore:
    del source
    return MemberStore()


MEMBERS = {Resource.MEMBER: RegisteredResource(_open, MemberErasure())}


def _params(row_id: UUID, member: Member, origin: Origin) -> dict[str, object]:
    return {
        "id": row_id,
        "provider_id": origin.provider_id,
        "key": member.key,
        "full_name": member.full_name,
        "email": member.email,
        "status": member.status,
        "content_hash": member.content_hash,
        "modified": member.modified,
        "sync_id": origin.sync_id,
        "at": origin.stored_at,
    }


def _by_keys(keys: Sequence[str], origin: Origin) -> dict[str, object]:
    return {"provider_id": origin.provider_id, "keys": list(keys), "at": origin.stored_at}


def _sweep_params(sweep: SweepKeys) -> dict[str, object]:
    return {
        "provider_id": sweep.provider_id,
        "sync_id": sweep.sync_id,
        "received_by": sweep.received_by,
        "began_at": sweep.began_at,
    }
