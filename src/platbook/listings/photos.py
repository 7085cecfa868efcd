"""The rows of a listing's photos: what the source lists against what is stored. Fetching them is another's work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from platbook.base.ids import new_id
from platbook.connectors.contract import MediaRef
from platbook.db import WriteConnection, load_queries
from platbook.listings.listing import Origin, Photo

Q = load_queries(__package__ or "platbook.listings")

_COLUMNS: Mapping[str, str] = {
    "id": "uuid",
    "provider_id": "text",
    "property_id": "uuid",
    "media_key": "text",
    "order": "integer",
    "category": "text",
    "caption": "text",
    "permission": "text[]",
    "modified": "text",
    "source_address": "text",
    "state": "text",
    "sync_id": "uuid",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What is to be done for one listing's photos, and how they stand after it."""

    property_id: UUID
    photos: Sequence[Photo]
    upserts: Sequence[Photo]
    gone: Sequence[str]

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.upserts or self.gone)


def plan_media(property_id: UUID, stored: Sequence[Photo], wanted: Sequence[MediaRef] | None) -> MediaPlan:
    """Compare what the source lists (None: it did not say) with what is stored."""
    if wanted is None:
        return MediaPlan(property_id, stored, (), ())
    known = {photo.media_key: photo for photo in stored}
    photos: dict[str, Photo] = {}
    upserts: list[Photo] = []
    for ref in sorted(wanted, key=lambda ref: (ref.order, ref.media_key)):
        old = known.get(ref.media_key)
        photo = _photo(ref, old)
        photos[ref.media_key] = photo
        if old is None or _told(old) != _told(photo):
            upserts.append(photo)
    return MediaPlan(property_id, list(photos.values()), upserts, [key for key in known if key not in photos])


async def upsert_media(
    connection: WriteConnection, plans: Sequence[MediaPlan], origin: Origin, *, fresh: bool = False
) -> None:
    """Carry out plans; `fresh`: none of these listings had photos before."""
    if fresh:
        rows = [tuple(_params(plan, photo, origin).values()) for plan in plans for photo in plan.upserts]
        if rows:
            await connection.copy_in("property_media", tuple(_COLUMNS), tuple(_COLUMNS.values()), rows)
        return
    upserts = [_params(plan, photo, origin) for plan in plans for photo in plan.upserts]
    await connection.run_many(Q.upsert_media, upserts)
    gone = [{"property_id": plan.property_id, "media_keys": list(plan.gone)} for plan in plans if plan.gone]
    await connection.run_many(Q.delete_media, gone)


def to_photos(rows: Sequence[Mapping[str, object]]) -> dict[UUID, list[Photo]]:
    """Group rows of `property_media` by their listing."""
    photos: dict[UUID, list[Photo]] = {}
    for row in rows:
        values = dict(row)
        property_id = cast("UUID", values.pop("property_id"))
        photos.setdefault(property_id, []).append(Photo(**values))  # pyright: ignore[reportArgumentType] - columns by name
    return photos


def _photo(ref: MediaRef, old: Photo | None) -> Photo:
    same_content = old is not None and old.modified == ref.modified
    return Photo(
        media_key=ref.media_key,
        order=ref.order,
        category=ref.category,
        caption=ref.caption,
        permission=None if ref.permission is None else list(ref.permission),
        modified=ref.modified,
        state=old.state if old is not None and same_content else "waiting",
        source_address=ref.content if isinstance(ref.content, str) else None,
    )


def _told(photo: Photo) -> tuple[object, ...]:
    # The address is left out: some sources sign it anew on every reading.
    return (photo.order, photo.category, photo.caption, photo.permission, photo.modified)


def _params(plan: MediaPlan, photo: Photo, origin: Origin) -> dict[str, object]:
    return {
        "id": new_id(),
        "provider_id": origin.provider_id,
        "property_id": plan.property_id,
        "media_key": photo.media_key,
        "order": photo.order,
        "category": photo.category,
        "caption": photo.caption,
        "permission": photo.permission,
        "modified": photo.modified,
        "source_address": photo.source_address,
        "state": photo.state,
        "sync_id": origin.sync_id,
        "created_at": origin.stored_at,
        "updated_at": origin.stored_at,
    }
