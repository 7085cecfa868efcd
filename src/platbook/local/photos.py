"""Photos of listings made here: added, put in order, described, removed.

Each is a write of the listing, with its timeline and documents; a photo that is added is stored already.
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
from platbook.listings.rebuild import lock_display, rebuild_listings
from platbook.listings.store import Incoming, StoredListing
from platbook.local.listings import get_own, note_write, to_origin
from platbook.media.blobs import add_checks, lock_blobs
from platbook.providers.display import DisplaySettings
from platbook.providers.providers import LOCAL
from platbook.reso.fields import SLOT
from platbook.transport import CacheValidators

OPEN, CLOSED = ("Public",), ("Private",)
MOST_PHOTOS = 200


@dataclass(frozen=True, slots=True)
class PhotoPatch:
    """What is said of a photo. None: it stays as it is."""

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
    """Add a stored picture behind the photos a listing has; its media key. Errors: as `change_local`'s."""
    display = await lock_display(connection, LOCAL)
    before = await get_own(connection, actor, property_id)
    photos = await _photos_of(connection, property_id)
    if len(photos) >= MOST_PHOTOS:
        raise InvalidInput(f"a listing may have {MOST_PHOTOS} photos")
    if blob_id not in await lock_blobs(connection, [blob_id]):
        raise SourceUnavailable("the same picture is just being removed; try again in a moment")
    permission = OPEN if is_public else CLOSED
    last = max((photo.order for photo in photos), default=0)
    added = MediaRef(str(new_id()), last + 1, "", caption=caption, permission=permission, modified=at.isoformat())
    await _write(connection, actor, before, [*map(_to_ref, photos), added], at)
    version = PhotoVersion(property_id, added.media_key, added.modified)
    await mark_stored(connection, version, blob_id, CacheValidators(), at)
    await delete_work(connection, [property_id])
    await rebuild_listings(connection, LOCAL, [property_id], display)
    await add_checks(connection, property_id)
    await note_write(connection, actor, "listing photo added", property_id, at, mediaKey=added.media_key)
    return added.media_key


async def arrange_photos(
    connection: WriteConnection, actor: Actor, property_id: UUID, wanted: Sequence[PhotoPatch], at: datetime
) -> None:
    """Put a listing's photos in the order given, and say of each what is said. InvalidInput unless all are named."""
    before = await get_own(connection, actor, property_id)
    known = {photo.media_key: photo for photo in await _photos_of(connection, property_id)}
    named = [words.media_key for words in wanted]
    problems = [
        FieldProblem(f"media.{at_}.mediaKey", "is not a photo of this listing, or is named twice")
        for at_, key in enumerate(named)
        if key not in known or named.index(key) != at_
    ]
    if missing := known.keys() - set(named):
        problems.append(FieldProblem("media", f"leaves out {min(missing)}: name every photo, and delete with DELETE"))
    if problems:
        raise InvalidInput(f"{problems[0].field}: {problems[0].message}", details=problems)
    refs = [_to_ref(_apply(known[words.media_key], words, order)) for order, words in enumerate(wanted, 1)]
    await _write(connection, actor, before, refs, at)
    await note_write(connection, actor, "listing photos arranged", property_id, at)


async def remove_photos(
    connection: WriteConnection, actor: Actor, property_id: UUID, media_key: str | None, at: datetime
) -> None:
    """Take one photo of a listing away, or all of them (None). NotFound for one it does not have."""
    before = await get_own(connection, actor, property_id)
    photos = await _photos_of(connection, property_id)
    if media_key is not None and media_key not in {photo.media_key for photo in photos}:
        raise NotFound("this listing has no such photo", code="MEDIA_NOT_FOUND")
    left = [photo for photo in photos if media_key is not None and photo.media_key != media_key]
    await _write(connection, actor, before, [_to_ref(photo) for photo in left], at)
    gone = {"photos": len(photos)} if media_key is None else {"mediaKey": media_key}
    await note_write(connection, actor, "listing photos removed", property_id, at, **gone)


async def _photos_of(connection: WriteConnection, property_id: UUID) -> list[Photo]:
    return (await store.find_photos(connection, [property_id])).get(property_id, [])


async def _write(
    connection: WriteConnection, actor: Actor, before: StoredListing, refs: Sequence[MediaRef], at: datetime
) -> None:
    values = list(before.listing.values)
    values[SLOT["PhotosCount"]] = len(refs)
    values[SLOT["PhotosChangeTimestamp"]] = values[SLOT["ModificationTimestamp"]] = at
    listing = NormalListing(before.listing.listing_key, tuple(values), before.listing.more)
    incoming = Incoming(listing, None, b"", media=refs)
    await store.update_listings(
        connection, {before.id: incoming}, to_origin(actor, at, before.author_id), DisplaySettings()
    )


def _apply(photo: Photo, words: PhotoPatch, order: int) -> Photo:
    permission = photo.permission if words.is_public is None else OPEN if words.is_public else CLOSED
    caption = photo.caption if words.caption is None else words.caption or None
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
