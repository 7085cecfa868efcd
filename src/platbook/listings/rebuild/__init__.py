"""Rebuilds documents and search words from stored rows: after other display settings, or in another release's format.

It is resumable without a checkpoint: every row holds the version of its documents. Once all rows of a provider have
the current version, that is recorded (`listing_document_versions`), so that checking again costs nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.db import Database, WriteConnection, load_queries
from platbook.listings.documents import Documents, document_version, to_documents, to_row_fields
from platbook.listings.search_columns import SearchColumns, to_search_columns
from platbook.listings.store import find_photos, get_stored
from platbook.listings.terms import Term, add_terms, listing_terms
from platbook.providers.display import DisplaySettings

Q = load_queries(__package__ or "platbook.listings.rebuild")

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _StaleRow:
    id: UUID
    listing_key: str


async def withdraw_documents(connection: WriteConnection, provider_id: str, display: DisplaySettings) -> None:
    """Withdraw a provider's public documents before they are rebuilt under changed display settings.

    The caller ensures that no run stores pages under the settings before.
    """
    params = {"provider_id": provider_id, "version": document_version(display)}
    await connection.run(Q.delete_version, params)
    await connection.run(Q.withdraw, params)


async def rebuild_documents(
    database: Database, provider_id: str, display: DisplaySettings, *, limit: int | None = None
) -> int:
    """Rebuild a provider's documents of another version, at most `limit` of them; returns how many.

    One transaction per 1,000 rows. It stops once `display` is not the provider's settings any more. A row locked by a
    run is skipped: the run writes the new version.
    """
    version = document_version(display)
    rebuilt, after = 0, ""
    while limit is None or rebuilt < limit:
        size = _BATCH if limit is None else min(_BATCH, limit - rebuilt)
        params = {"provider_id": provider_id, "version": version, "after": after, "limit": size}
        async with database.transaction() as connection:
            if await connection.value(bool, Q.is_version_current, params) or not await _is_current(connection, params):
                break
            stale = await connection.all(_StaleRow, Q.find_stale, params)
            if not stale:
                await connection.run(Q.record_version, params)
                break
            await _rebuild(connection, provider_id, [row.id for row in stale], display, version)
        rebuilt += len(stale)
        after = max(row.listing_key for row in stale)
    return rebuilt


async def lock_display(connection: WriteConnection, provider_id: str) -> DisplaySettings:
    """A provider's display settings, locked until this transaction ends. Lock them before any listing's row."""
    stored = await connection.value(object, Q.get_display, {"provider_id": provider_id})
    return DisplaySettings() if stored is None else DisplaySettings.model_validate(stored)


async def rebuild_listings(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], display: DisplaySettings
) -> None:
    """Rebuild the documents of some listings in the caller's transaction. Erased ones stay without."""
    existing = await connection.column(UUID, Q.lock_existing, {"ids": list(ids)})
    if existing:
        await _rebuild(connection, provider_id, existing, display, document_version(display))


async def _is_current(connection: WriteConnection, params: Mapping[str, object]) -> bool:
    display = await lock_display(connection, str(params["provider_id"]))
    return document_version(display) == params["version"]


async def _rebuild(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], display: DisplaySettings, version: str
) -> None:
    stored = list((await get_stored(connection, ids)).values())
    photos = await find_photos(connection, ids)
    documents: list[Documents] = []
    columns: list[SearchColumns] = []
    terms: set[Term] = set()
    for one in stored:
        row = to_row_fields(one.id, provider_id, is_local=one.is_local, is_featured=one.is_featured)
        documents.append(to_documents(one.listing, photos.get(one.id, []), display, row=row))
        columns.append(to_search_columns(one.listing))
        terms |= listing_terms(one.listing)
    await add_terms(connection, terms)
    await connection.run(
        Q.set_documents,
        {
            "ids": [one.id for one in stored],
            "shows_address": [one.shows_address for one in documents],
            "internal": [one.internal for one in documents],
            "public": [one.public for one in documents],
            "words": [str(one.words) for one in columns],
            "open_words": [str(one.open_words) for one in columns],
            "address_keys": [one.address_key for one in columns],
            "street_keys": [one.street_key for one in columns],
            "version": version,
        },
    )
