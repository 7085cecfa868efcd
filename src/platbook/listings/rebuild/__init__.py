"""Makes documents anew from what is stored: after another display, or where a release gives documents another shape.

It is resumable by its nature: every row says which version its documents have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.documents import document_version, row_words, shows_address, to_internal, to_public
from platbook.listings.store import find_photos, get_stored
from platbook.providers.display import Display

Q = load_queries(__package__ or "platbook.listings.rebuild")

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Stale:
    id: UUID
    listing_key: str


async def rebuild_documents(database: Database, provider_id: str, display: Display, *, limit: int | None = None) -> int:
    """Rebuild a provider's documents that were made under another version, `limit` of them at most; how many were.

    One transaction per 1,000 rows. A row that a run is storing is left to it: it writes the new version.
    """
    version = document_version(display)
    rebuilt, after = 0, ""
    while limit is None or rebuilt < limit:
        size = _BATCH if limit is None else min(_BATCH, limit - rebuilt)
        params = {"provider_id": provider_id, "version": version, "after": after, "limit": size}
        async with database.transaction() as connection:
            stale = await connection.all(_Stale, Q.find_stale, params)
            await _rebuild(connection, provider_id, [row.id for row in stale], display, version)
        if not stale:
            break
        rebuilt += len(stale)
        after = max(row.listing_key for row in stale)
    return rebuilt


async def _rebuild(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], display: Display, version: str
) -> None:
    stored = list((await get_stored(connection, ids)).values())
    photos = await find_photos(connection, ids)
    internal: list[str] = []
    public: list[str | None] = []
    for one in stored:
        words = row_words(one.id, provider_id, is_local=one.is_local, is_featured=one.is_featured)
        internal.append(to_internal(one.listing, photos.get(one.id, []), display, row=words))
        public.append(to_public(one.listing, photos.get(one.id, []), display, row=words))
    await connection.run(
        Q.set_documents,
        {
            "ids": [one.id for one in stored],
            "shows_address": [shows_address(one.listing, display) for one in stored],
            "internal": internal,
            "public": public,
            "version": version,
        },
    )
