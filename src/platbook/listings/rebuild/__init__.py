"""Makes documents anew from what is stored: after another display, or where a release gives documents another shape.

It is resumable by its nature: every row says which version its documents have. Once all rows of a provider have one,
that is noted, so that asking again costs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.display import decide_display
from platbook.listings.documents import document_version, row_words, to_documents
from platbook.listings.store import find_photos, get_stored
from platbook.providers.display import DisplaySettings

Q = load_queries(__package__ or "platbook.listings.rebuild")

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Stale:
    id: UUID
    listing_key: str


async def withdraw_documents(connection: WriteConnection, provider_id: str, display: DisplaySettings) -> None:
    """Before a provider's documents are rebuilt under another display: nothing of it is public from here on.

    The caller sees to it that nobody stores pages under the display before.
    """
    params = {"provider_id": provider_id, "version": document_version(display)}
    await connection.run(Q.forget_version, params)
    await connection.run(Q.withdraw, params)


async def rebuild_documents(
    database: Database, provider_id: str, display: DisplaySettings, *, limit: int | None = None
) -> int:
    """Rebuild a provider's documents that were made under another version, `limit` of them at most; how many were.

    One transaction per 1,000 rows, none of which works under a display that is not the provider's any more: then it
    stops. A row that a run is storing is left to it: it writes the new version.
    """
    version = document_version(display)
    rebuilt, after = 0, ""
    while limit is None or rebuilt < limit:
        size = _BATCH if limit is None else min(_BATCH, limit - rebuilt)
        params = {"provider_id": provider_id, "version": version, "after": after, "limit": size}
        async with database.transaction() as connection:
            if await connection.value(bool, Q.is_known, params) or not await _is_current(connection, params):
                break
            stale = await connection.all(_Stale, Q.find_stale, params)
            if not stale:
                await connection.run(Q.remember_version, params)
                break
            await _rebuild(connection, provider_id, [row.id for row in stale], display, version)
        rebuilt += len(stale)
        after = max(row.listing_key for row in stale)
    return rebuilt


async def hold_display(connection: WriteConnection, provider_id: str) -> DisplaySettings:
    """A provider's display, which nobody changes before this transaction ends. Ask before any row is locked."""
    told = await connection.value(object, Q.get_display, {"provider_id": provider_id})
    return DisplaySettings() if told is None else DisplaySettings.model_validate(told)


async def rebuild_listings(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], display: DisplaySettings
) -> None:
    """Make the documents of some listings anew, in the transaction of what made it necessary. Erased ones stay so."""
    present = await connection.column(UUID, Q.find_present, {"ids": list(ids)})
    if present:
        await _rebuild(connection, provider_id, present, display, document_version(display))


async def _is_current(connection: WriteConnection, params: Mapping[str, object]) -> bool:
    display = await hold_display(connection, str(params["provider_id"]))
    return document_version(display) == params["version"]


async def _rebuild(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], display: DisplaySettings, version: str
) -> None:
    stored = list((await get_stored(connection, ids)).values())
    photos = await find_photos(connection, ids)
    internal: list[str] = []
    public: list[str | None] = []
    for one in stored:
        words = row_words(one.id, provider_id, is_local=one.is_local, is_featured=one.is_featured)
        documents = to_documents(one.listing, photos.get(one.id, []), display, row=words)
        internal.append(documents.internal)
        public.append(documents.public)
    await connection.run(
        Q.set_documents,
        {
            "ids": [one.id for one in stored],
            "shows_address": [decide_display(one.listing, display).shows_address for one in stored],
            "internal": internal,
            "public": public,
            "version": version,
        },
    )
