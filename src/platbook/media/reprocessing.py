"""Trying again what failed, and making pictures anew after the recipe changed: from the original, or by fetching it."""

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
from platbook.listings.photo_work import relink_photos, want_failed_again, want_stored_again
from platbook.listings.rebuild import hold_display, rebuild_listings
from platbook.media.blobs import Blobs, add_checks, hold_blobs, to_recipe_version
from platbook.providers.providers import LOCAL, get_provider
from platbook.storage import Access

Q = load_queries(__package__ or "platbook.media")
log = get_log("media")

_BATCH = 100


@dataclass(frozen=True, slots=True)
class ReprocessResult:
    """What was done: pictures made anew from their originals, photos to be fetched anew by workers."""

    remade: int
    refetching: int


@dataclass(frozen=True, slots=True)
class _Stale:
    id: str
    original: str
    is_public: bool


async def retry_photos(connection: WriteConnection, provider_id: str, actor: Actor, at: datetime) -> int:
    """Have a provider's photos that failed tried again, now; how many. NotFound."""
    await get_provider(connection, provider_id)
    count = await want_failed_again(connection, provider_id, at)
    await audit.record(
        connection, actor, "photos retried", AuditSubject("photos", provider_id or "all"), at, {"photos": count}
    )
    log.info("photos to be tried again", provider=provider_id, by=actor.name, photos=count)
    return count


async def reprocess_photos(blobs: Blobs, provider_id: str | None, actor: Actor, at: datetime) -> ReprocessResult:
    """Make every picture of another recipe anew. Cut short, it is simply done again; what is done stays done."""
    async with blobs.database.transaction() as connection:
        await audit.record(connection, actor, "photos made anew", AuditSubject("photos", provider_id or "all"), at)
    refetching = await _refetch(blobs, provider_id, at)
    remade, after = 0, ""
    while True:
        params = {
            "recipe": to_recipe_version(blobs.recipe), "provider_id": provider_id, "after": after, "limit": _BATCH,
        }  # fmt: skip
        async with blobs.database.transaction() as connection:
            stale = await connection.all(_Stale, Q.find_stale_blobs, params)
        if not stale:
            break
        for one in stale:
            remade += await _remake(blobs, one)
        after = stale[-1].id
    log.info("photos made anew", by=actor.name, remade=remade, refetching=refetching)
    return ReprocessResult(remade, refetching)


async def _refetch(blobs: Blobs, provider_id: str | None, at: datetime) -> int:
    params = {"recipe": to_recipe_version(blobs.recipe), "provider_id": provider_id, "local": LOCAL}
    count = 0
    async with blobs.database.transaction() as connection:
        for provider, ids in await connection.tuples(Q.find_originless, params):
            count += await want_stored_again(connection, cast("str", provider), at, cast("list[UUID]", ids))
    return count


async def _remake(blobs: Blobs, stale: _Stale) -> bool:
    try:
        content = (await blobs.storage.get(stale.original, Access.PRIVATE)).content
        blob_id = await blobs.keep(content, is_public=stale.is_public, keeps_original=True)
    except (NotFound, MediaRejected) as error:
        log.warning("a picture could not be made anew", picture=stale.id, reason=str(error))
        return False
    async with blobs.database.transaction() as connection:
        shown_by = await connection.tuples(Q.find_shown_by, {"id": stale.id})
    for property_id, provider_id in shown_by:
        async with blobs.database.transaction() as connection:
            display = await hold_display(connection, cast("str", provider_id))
            await connection.run(Q.lock_listing, {"id": property_id})
            if blob_id not in await hold_blobs(connection, [blob_id]):
                return False
            await relink_photos(connection, cast("UUID", property_id), stale.id, blob_id)
            await rebuild_listings(connection, cast("str", provider_id), [cast("UUID", property_id)], display)
            await add_checks(connection, cast("UUID", property_id))
    return True
