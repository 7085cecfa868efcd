"""The rows of a listing's photos, and the work they make: what the source lists against what is stored.

Fetching is another's work. A listing with photos to be fetched has one row of `media_work`, written with the page that
caused it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook.base.ids import new_id
from platbook.connectors.contract import MediaRef
from platbook.db import WriteConnection, load_queries
from platbook.listings.listing import NormalListing, Origin, Photo, StoredPicture, listed_at

Q = load_queries(__package__ or "platbook.listings")

NO_PICTURES = frozenset({"Video", "Document", "Branded Virtual Tour", "Unbranded Virtual Tour"})
"""RESO's MediaCategory of what is linked to and never copied."""

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
_WORK_COLUMNS: Mapping[str, str] = {
    "property_id": "uuid",
    "provider_id": "text",
    "rank": "smallint",
    "newest": "timestamptz",
    "due_at": "timestamptz",
    "sync_id": "uuid",
}
_PICTURE = ("width", "height", "color", "placeholder", "variants", "is_public")


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """What is to be done for one listing's photos, by their keys, and how they stand after it.

    `fetch`: new, or of another version than the stored one. `keep`: nothing changed. `reorder`: only words, place or
    permission changed, nothing is fetched. `remove`: the source lists them no more.
    """

    property_id: UUID
    photos: Sequence[Photo]
    fetch: Sequence[str] = ()
    keep: Sequence[str] = ()
    reorder: Sequence[str] = ()
    remove: Sequence[str] = ()

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.fetch or self.reorder or self.remove)

    @property
    def upserts(self) -> Sequence[Photo]:
        """The photos whose rows are to be written."""
        touched = {*self.fetch, *self.reorder}
        return [photo for photo in self.photos if photo.media_key in touched]

    @property
    def waiting(self) -> Sequence[Photo]:
        """The photos to be fetched, those of earlier plans included."""
        return [photo for photo in self.photos if photo.state == "waiting"]

    @property
    def rank(self) -> int:
        """How urgent the work is: 0 where not even the first photo can be shown."""
        first = next((photo for photo in self.photos if photo.category not in NO_PICTURES), None)
        return 0 if first is None or (first.picture is None and first.state == "waiting") else 1


@dataclass(frozen=True, slots=True)
class PhotoWork:
    """A listing whose photos are to be fetched, in `rank` order, the `newest` listing first."""

    property_id: UUID
    rank: int
    newest: datetime


def plan_media(
    property_id: UUID, stored: Sequence[Photo], wanted: Sequence[MediaRef] | None, changed_at: str | None = None
) -> MediaPlan:
    """Compare what the source lists (None: it did not say) with what is stored.

    `changed_at` is the listing's PhotosChangeTimestamp: the version of a photo that has no time of its own. Where there
    is neither, a photo is known by its address without the query, in which signatures stand.
    """
    if wanted is None:
        return MediaPlan(property_id, stored, keep=[photo.media_key for photo in stored])
    known = {photo.media_key: photo for photo in stored}
    photos: dict[str, Photo] = {}
    by_action: dict[str, list[str]] = {"fetch": [], "keep": [], "reorder": []}
    for ref in sorted(wanted, key=lambda ref: (ref.order, ref.media_key)):
        old = known.get(ref.media_key)
        photo = _to_photo(ref, old, changed_at)
        photos[ref.media_key] = photo
        by_action[_action(photo, old)].append(ref.media_key)
    return MediaPlan(
        property_id, list(photos.values()), **by_action, remove=[key for key in known if key not in photos]
    )


def to_version(ref: MediaRef, changed_at: str | None) -> str | None:
    """What tells one version of a photo from another."""
    address = ref.content if isinstance(ref.content, str) else ""
    return ref.modified or changed_at or address.partition("?")[0] or None


def limit_photos(wanted: Sequence[MediaRef], most: int | None) -> Sequence[MediaRef]:
    """The first photos of a listing, `most` of them; None: all."""
    return wanted if most is None else sorted(wanted, key=lambda ref: (ref.order, ref.media_key))[:most]


def to_work(plan: MediaPlan, listing: NormalListing, origin: Origin) -> PhotoWork | None:
    """The work a plan makes; None: nothing is to be fetched that was not before."""
    if not plan.waiting or not plan.changed:
        return None
    return PhotoWork(plan.property_id, plan.rank, to_newest(listing, origin))


def to_newest(listing: NormalListing, origin: Origin) -> datetime:
    """By which moment new listings' photos go before old ones'."""
    return listed_at(listing) or listing.modification_timestamp or origin.stored_at


def to_changed_at(listing: NormalListing) -> str | None:
    """The version of all photos that have none of their own."""
    changed = cast("datetime | None", listing.value("PhotosChangeTimestamp"))
    return None if changed is None else changed.isoformat()


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
    gone = [{"property_id": plan.property_id, "media_keys": list(plan.remove)} for plan in plans if plan.remove]
    await connection.run_many(Q.delete_media, gone)


async def add_work(
    connection: WriteConnection, work: Sequence[PhotoWork], origin: Origin, *, fresh: bool = False
) -> None:
    """Let photos be fetched as soon as this transaction is committed; `fresh`: none of these listings was known."""
    rows = [
        {
            "property_id": one.property_id,
            "provider_id": origin.provider_id,
            "rank": one.rank,
            "newest": one.newest,
            "due_at": origin.stored_at,
            "sync_id": origin.sync_id,
        }
        for one in work
    ]
    if fresh and rows:
        await connection.copy_in(
            "media_work", tuple(_WORK_COLUMNS), tuple(_WORK_COLUMNS.values()), [tuple(row.values()) for row in rows]
        )
    elif rows:
        await connection.run_many(Q.add_photo_work, rows)


def to_photos(rows: Sequence[Mapping[str, object]]) -> dict[UUID, list[Photo]]:
    """Group rows of `property_media`, with what is stored of them, by their listing."""
    photos: dict[UUID, list[Photo]] = {}
    for row in rows:
        values = dict(row)
        property_id = cast("UUID", values.pop("property_id"))
        picture = {name: values.pop(name) for name in _PICTURE}
        stored = None if picture["width"] is None else StoredPicture(**picture)  # pyright: ignore[reportArgumentType] - columns by name
        photos.setdefault(property_id, []).append(Photo(**values, picture=stored))  # pyright: ignore[reportArgumentType] - columns by name
    return photos


def _to_photo(ref: MediaRef, old: Photo | None, changed_at: str | None) -> Photo:
    address = ref.content if isinstance(ref.content, str) and ref.content else None
    version = to_version(ref, changed_at)
    same = old is not None and old.modified == version
    state = old.state if old is not None and same else "waiting"
    return Photo(
        media_key=ref.media_key,
        order=ref.order,
        category=ref.category,
        caption=ref.caption,
        permission=None if ref.permission is None else list(ref.permission),
        modified=version,
        state="linked" if ref.category in NO_PICTURES else state,
        source_address=address,
        reason=old.reason if old is not None and same else None,
        picture=None if old is None else old.picture,
    )


def _action(photo: Photo, old: Photo | None) -> str:
    if old is None or old.modified != photo.modified:
        return "fetch"
    return "keep" if _told(old) == _told(photo) else "reorder"


def _told(photo: Photo) -> tuple[object, ...]:
    # The address is left out: some sources sign it anew on every reading.
    return (photo.order, photo.category, photo.caption, photo.permission)


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
