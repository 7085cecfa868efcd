"""Retries failed photos, and reprocesses pictures after the variant spec changed, from their originals or refetched."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook import audit
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import MediaRejected, NotFound
from platbook.base.log import get_log
from platbook.db import WriteConnection, load_queries
from platbook.listings.photo_work import refetch_stored_photos, relink_photos, retry_failed_photos, set_fetching
from platbook.listings.rebuild import rebuild_listings
from platbook.media.blobs import Blobs, add_checks, lock_blobs, to_spec_version
from platbook.providers.local import LOCAL
from platbook.providers.media import MediaSettings
from platbook.providers.providers import get_provider
from platbook.providers.rule_versions import lock_rules
from platbook.storage import Access

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_BATCH = 100


@dataclass(frozen=True, slots=True)
class ReprocessResult:
    """What was done: pictures reprocessed from their originals, photos scheduled to be fetched again."""

    remade: int
    refetching: int


@dataclass(frozen=True, slots=True)
class _StaleBlob:
    id: str
    original: str
    is_public: bool
    store_id: int


async def retry_photos(connection: WriteConnection, provider_id: str, actor: Actor, at: datetime) -> int:
    """Schedule a provider's failed photos for another attempt, now; returns how many. NotFound."""
    await get_provider(connection, provider_id)
    count = await retry_failed_photos(connection, provider_id, at)
    await audit.record(
        connection, actor, "photos retried", AuditSubject("photos", provider_id or "all"), at, {"photos": count}
    )
    log.info("photos to be retried", provider=provider_id, by=actor.name, photos=count)
    return count


async def apply_fetch_settings(connection: WriteConnection, provider_id: str, rules: MediaSettings) -> None:
    """Let what the rules say be fetched from now on, and the rest be linked to; the documents are rebuilt."""
    changed = await set_fetching(connection, provider_id, rules)
    await connection.run_many(Q.add_rebuild, [{"id": property_id} for property_id in sorted(changed)])


async def reprocess_photos(blobs: Blobs, provider_id: str | None, actor: Actor, at: datetime) -> ReprocessResult:
    """Reprocess every picture of another spec. If interrupted, run it again: what is done stays done."""
    async with blobs.database.transaction() as connection:
        await audit.record(connection, actor, "photos made anew", AuditSubject("photos", provider_id or "all"), at)
    refetching = await _refetch(blobs, provider_id, at)
    count, after = 0, ""
    while True:
        params = {
            "recipe": to_spec_version(blobs.spec), "provider_id": provider_id, "after": after, "limit": _BATCH,
        }  # fmt: skip
        async with blobs.database.transaction() as connection:
            stale = await connection.all(_StaleBlob, Q.find_stale_blobs, params)
        if not stale:
            break
        for one in stale:
            count += await _reprocess(blobs, one)
        after = stale[-1].id
    log.info("photos reprocessed", by=actor.name, reprocessed=count, refetching=refetching)
    return ReprocessResult(count, refetching)


async def _refetch(blobs: Blobs, provider_id: str | None, at: datetime) -> int:
    params = {"recipe": to_spec_version(blobs.spec), "provider_id": provider_id, "local": LOCAL}
    count = 0
    async with blobs.database.transaction() as connection:
        for provider, ids in await connection.tuples(Q.find_blobs_without_original, params):
            count += await refetch_stored_photos(connection, cast("str", provider), at, cast("list[UUID]", ids))
    return count


async def _reprocess(blobs: Blobs, stale: _StaleBlob) -> bool:
    try:
        content = (await (await blobs.storage.at(stale.store_id)).get(stale.original, Access.PRIVATE)).content
        blob_id = await blobs.store(content, is_public=stale.is_public, keep_original=True)
    except (NotFound, MediaRejected) as error:
        log.warning("a picture could not be reprocessed", picture=stale.id, reason=str(error))
        return False
    async with blobs.database.transaction() as connection:
        listings = await connection.tuples(Q.find_listings_of_blob, {"id": stale.id})
    for property_id, provider_id in listings:
        async with blobs.database.transaction() as connection:
            rules = await lock_rules(connection, cast("str", provider_id))
            await connection.run(Q.lock_listing, {"id": property_id})
            if blob_id not in await lock_blobs(connection, [blob_id]):
                return False
            await relink_photos(connection, cast("UUID", property_id), stale.id, blob_id)
            await rebuild_listings(
                connection, cast("str", provider_id), [cast("UUID", property_id)], rules, blobs.clock.now()
            )
            await add_checks(connection, cast("UUID", property_id))
    return True
