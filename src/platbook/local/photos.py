"""Photos of local listings: added, reordered, described, removed.

Each is a write of the listing, with its timeline and documents; the picture of a photo that is added is stored already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from platbook.base.actor import Actor
from platbook.base.errors import FieldProblem, InvalidInput, NotFound, SourceUnavailable
from platbook.base.ids import new_id
from platbook.connectors.contract import MediaRef
from platbook.db import WriteConnection
from platbook.listings import store
from platbook.listings.listing import NormalListing, Photo
from platbook.listings.photo_work import PhotoVersion, delete_work, mark_stored
from platbook.listings.rebuild import rebuild_listings
from platbook.listings.store import IncomingListing, StoredListing
from platbook.local.listings import get_own, record_write, to_origin
from platbook.media.blobs import add_checks, find_blobs, find_photo_of, lock_blobs
from platbook.providers.local import LOCAL, LOCAL_RULES
from platbook.providers.rule_versions import lock_rules
from platbook.reso.fields import SLOT
from platbook.transport import CacheValidators

OPEN, CLOSED = ("Public",), ("Private",)
MAX_PHOTOS = 200


@dataclass(frozen=True, slots=True)
class PhotoPatch:
    """Changes of a photo. None: it stays as it is."""

    media_key: str
    caption: str | None = None
    is_public: bool | None = None


async def add_photo(
    connection: WriteConnection,
    actor: Actor,
    property_id: UUID,
    blob_id: str,
    at: datetime,
    *,
    caption: str | None = None,
    is_public: bool = True,
) -> str:
    """Append a stored picture to a listing's photos; its media key. Errors: those of `get_own`.

    A picture that the listing shows already is not added again, so an upload may be repeated.
    """
    rules = await lock_rules(connection, LOCAL)
    before = await get_own(connection, actor, property_id)
    if (known := await find_photo_of(connection, property_id, blob_id)) is not None:
        return known
    photos = await _find_photos(connection, property_id)
    if len(photos) >= MAX_PHOTOS:
        raise InvalidInput(f"a listing can have at most {MAX_PHOTOS} photos")
    if blob_id not in await lock_blobs(connection, [blob_id]):
        raise SourceUnavailable("this picture is being removed right now; try again in a moment")
    permission = OPEN if is_public else CLOSED
    last = max((photo.order for photo in photos), default=0)
    added = MediaRef(str(new_id()), last + 1, "", caption=caption, permission=permission, modified=at.isoformat())
    await _write(connection, actor, before, [*map(_to_ref, photos), added], at)
    version = PhotoVersion(property_id, added.media_key, added.modified)
    await mark_stored(connection, version, blob_id, CacheValidators(), at)
    await delete_work(connection, [property_id])
    await rebuild_listings(connection, LOCAL, [property_id], rules, at)
    await add_checks(connection, property_id)
    await record_write(connection, actor, "listing photo added", property_id, at, mediaKey=added.media_key)
    return added.media_key


async def arrange_photos(
    connection: WriteConnection, actor: Actor, property_id: UUID, patches: Sequence[PhotoPatch], at: datetime
) -> None:
    """Put a listing's photos in the order of `patches` and apply those. InvalidInput unless all photos are named."""
    before = await get_own(connection, actor, property_id)
    stored = {photo.media_key: photo for photo in await _find_photos(connection, property_id)}
    named = [patch.media_key for patch in patches]
    problems = [
        FieldProblem(f"media.{index}.mediaKey", "is not a photo of this listing, or is named twice")
        for index, key in enumerate(named)
        if key not in stored or named.index(key) != index
    ]
    if missing := stored.keys() - set(named):
        problems.append(FieldProblem("media", f"leaves out {min(missing)}: name every photo, and delete with DELETE"))
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    refs = [_to_ref(_apply(stored[patch.media_key], patch, order)) for order, patch in enumerate(patches, 1)]
    await _write(connection, actor, before, refs, at)
    await record_write(connection, actor, "listing photos arranged", property_id, at)


async def remove_photos(
    connection: WriteConnection, actor: Actor, property_id: UUID, media_key: str | None, at: datetime
) -> set[str]:
    """Remove a photo of a listing, or all (None); returns the pictures it shows no more. NotFound for one it lacks."""
    before = await get_own(connection, actor, property_id)
    shown = await find_blobs(connection, property_id)
    photos = await _find_photos(connection, property_id)
    if media_key is not None and media_key not in {photo.media_key for photo in photos}:
        raise NotFound("this listing has no such photo", code="MEDIA_NOT_FOUND")
    left = [photo for photo in photos if media_key is not None and photo.media_key != media_key]
    await _write(connection, actor, before, [_to_ref(photo) for photo in left], at)
    gone = {"photos": len(photos)} if media_key is None else {"mediaKey": media_key}
    await record_write(connection, actor, "listing photos removed", property_id, at, **gone)
    return shown - await find_blobs(connection, property_id)


async def _find_photos(connection: WriteConnection, property_id: UUID) -> list[Photo]:
    return (await store.find_photos(connection, [property_id])).get(property_id, [])


async def _write(
    connection: WriteConnection, actor: Actor, before: StoredListing, refs: Sequence[MediaRef], at: datetime
) -> None:
    values = list(before.listing.values)
    values[SLOT["PhotosCount"]] = len(refs)
    values[SLOT["PhotosChangeTimestamp"]] = values[SLOT["ModificationTimestamp"]] = at
    listing = NormalListing(before.listing.listing_key, tuple(values), before.listing.more)
    incoming = IncomingListing(listing, None, b"", media=refs)
    origin = to_origin(actor, at, before.author_id)
    await store.update_listings(connection, {before.id: incoming}, origin, LOCAL_RULES)


def _apply(photo: Photo, patch: PhotoPatch, order: int) -> Photo:
    permission = photo.permission if patch.is_public is None else OPEN if patch.is_public else CLOSED
    caption = photo.caption if patch.caption is None else patch.caption or None
    return replace(photo, order=order, caption=caption, permission=permission)


def _to_ref(photo: Photo) -> MediaRef:
    return MediaRef(
        photo.media_key,
        photo.order,
        photo.source_address or "",
        category=photo.category,
        caption=photo.caption,
        permission=photo.permission,
        modified=photo.modified,
    )
