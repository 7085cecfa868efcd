"""The photo rows of a listing and the work they cause: the source's list is compared with what is stored.

The photos themselves are fetched by `media`. A listing with photos to fetch has one row in `media_work`, written in the
transaction of the page that caused it (a transactional outbox).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from platbook.base.ids import new_id
from platbook.connectors.contract import MediaRef
from platbook.db import WriteConnection, load_queries
from platbook.listings.links import is_signed, to_public_link
from platbook.listings.listing import NormalListing, Origin, Photo, StoredPicture, listed_at
from platbook.providers.finding import Finding, FindingChange
from platbook.providers.media import MediaSettings
from platbook.reso.media_category import is_image

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
    "is_open": "boolean",
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
_PICTURE = ("width", "height", "color", "placeholder", "variants", "is_public", "store_id", "media_type")

FETCHED_BY_DEFAULT = MediaSettings()


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """The changes to one listing's photos, by media key, and the photos as they are afterwards.

    `fetch`: new, or another version than the stored one. `keep`: nothing changed. `reorder`: only caption, order,
    category or permission changed, nothing is fetched. `remove`: the source no longer lists them. `opened`: stored ones
    that everybody may see from now on, or not any more.
    """

    property_id: UUID
    photos: Sequence[Photo]
    fetch: Sequence[str] = ()
    keep: Sequence[str] = ()
    reorder: Sequence[str] = ()
    remove: Sequence[str] = ()
    opened: Sequence[str] = ()

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.fetch or self.reorder or self.remove)

    @property
    def upserts(self) -> Sequence[Photo]:
        """The photos whose rows change."""
        touched = {*self.fetch, *self.reorder}
        return [photo for photo in self.photos if photo.media_key in touched]

    @property
    def waiting(self) -> Sequence[Photo]:
        """The photos to be fetched, including those of earlier plans."""
        return [photo for photo in self.photos if photo.state == "waiting"]

    @property
    def rank(self) -> int:
        """How urgent the work is: 0 where not even the first photo can be shown, else 1."""
        first = next((photo for photo in self.photos if is_image(photo.category)), None)
        if first is None:
            return 1 if self.photos else 0
        return 0 if first.picture is None and first.state == "waiting" else 1


@dataclass(frozen=True, slots=True)
class PhotoWork:
    """A listing whose photos are to be fetched: by `rank`, then the `newest` listing first."""

    property_id: UUID
    rank: int
    newest: datetime


def plan_media(
    property_id: UUID,
    stored: Sequence[Photo],
    listed: Sequence[MediaRef] | None,
    changed_at: str | None = None,
    rules: MediaSettings = FETCHED_BY_DEFAULT,
) -> MediaPlan:
    """Compare what the source lists (None: the record had no list) with what is stored.

    `changed_at` is the listing's PhotosChangeTimestamp: the version of a photo without a timestamp of its own. Where
    there is neither, the version is the URL without its query, which may hold a signature. `rules` say what is fetched;
    the rest is linked.
    """
    if listed is None:
        return MediaPlan(property_id, stored, keep=[photo.media_key for photo in stored])
    stored_by_key = {photo.media_key: photo for photo in stored}
    photos: dict[str, Photo] = {}
    by_action: dict[str, list[str]] = {"fetch": [], "keep": [], "reorder": []}
    for ref in sorted(listed, key=lambda ref: (ref.order, ref.media_key)):
        old = stored_by_key.get(ref.media_key)
        photo = _to_photo(ref, old, changed_at, rules)
        photos[ref.media_key] = photo
        by_action[_action(photo, old)].append(ref.media_key)
    return MediaPlan(
        property_id, list(photos.values()), **by_action, remove=[key for key in stored_by_key if key not in photos]
    )


def open_photos(plan: MediaPlan, shows: Callable[[str, Sequence[str] | None], bool]) -> MediaPlan:
    """A plan in which those photos are open that everybody may see; `shows` decides by category and Permission."""
    photos = [_opened(photo, is_open=shows(photo.category, photo.permission)) for photo in plan.photos]
    changed = [photo.media_key for photo, old in zip(photos, plan.photos, strict=True) if photo is not old]
    return replace(plan, photos=photos, opened=changed) if changed else plan


def to_photo_version(ref: MediaRef, changed_at: str | None) -> str | None:
    """The version of a photo: its modification time, else the listing's, else the URL without its query.

    The query of a video may say which one it is (`watch?v=1`), so it counts where it is no signature.
    """
    url = ref.content if isinstance(ref.content, str) else ""
    address = url.partition("?")[0] if is_image(ref.category) or is_signed(url) else url
    return ref.modified or changed_at or address or None


def limit_photos(listed: Sequence[MediaRef], limit: int | None) -> Sequence[MediaRef]:
    """The first `limit` photos of a listing; None: all."""
    return listed if limit is None else sorted(listed, key=lambda ref: (ref.order, ref.media_key))[:limit]


def to_photo_work(plan: MediaPlan, listing: NormalListing, origin: Origin) -> PhotoWork | None:
    """The work a plan causes; None: nothing is to be fetched that was not already."""
    if not plan.waiting or not plan.changed:
        return None
    return PhotoWork(plan.property_id, plan.rank, to_priority_time(listing, origin))


def to_priority_time(listing: NormalListing, origin: Origin) -> datetime:
    """The time by which new listings' photos are fetched before old ones'."""
    return listed_at(listing) or listing.modification_timestamp or origin.stored_at


def to_photos_version(listing: NormalListing) -> str | None:
    """The version of all photos without one of their own: the listing's PhotosChangeTimestamp."""
    changed = cast("datetime | None", listing.value("PhotosChangeTimestamp"))
    return None if changed is None else changed.isoformat()


def compare_photo_findings(
    before: Sequence[Photo], plan: MediaPlan, *, was_counted: bool = True
) -> list[FindingChange]:
    """What a plan changes in the findings of a listing's photos, where they count afterwards."""
    without = {*plan.remove, *(photo.media_key for photo in plan.photos if photo.state == "linked")}
    found = [(photo, Finding.parse(photo.finding_key)) for photo in before if photo.finding_key is not None]
    return [FindingChange(finding, int(photo.media_key not in without) - int(was_counted)) for photo, finding in found]


async def upsert_media(
    connection: WriteConnection, plans: Sequence[MediaPlan], origin: Origin, *, fresh: bool = False
) -> None:
    """Write plans to `property_media`; `fresh`: none of these listings had photos before, so rows are copied in."""
    if fresh:
        rows = [tuple(_params(plan, photo, origin).values()) for plan in plans for photo in plan.upserts]
        if rows:
            await connection.copy_in("property_media", tuple(_COLUMNS), tuple(_COLUMNS.values()), rows)
        return
    upserts = [_to_upsert(plan, photo, origin) for plan in plans for photo in plan.upserts]
    await connection.run_many(Q.upsert_media, upserts)
    await set_open(connection, plans)
    gone = [{"property_id": plan.property_id, "media_keys": list(plan.remove)} for plan in plans if plan.remove]
    await connection.run_many(Q.delete_media, gone)


async def set_open(connection: WriteConnection, plans: Sequence[MediaPlan]) -> None:
    """Store which photos everybody may see, where that changed."""
    changed = [(plan.property_id, photo) for plan in plans for photo in plan.photos if photo.media_key in plan.opened]
    if changed:
        params = {
            "property_ids": [property_id for property_id, _ in changed],
            "media_keys": [photo.media_key for _, photo in changed],
            "is_open": [photo.is_open for _, photo in changed],
        }
        await connection.run(Q.set_media_open, params)


async def add_work(
    connection: WriteConnection, work: Sequence[PhotoWork], origin: Origin, *, fresh: bool = False
) -> None:
    """Queue photos to be fetched once this transaction commits; `fresh`: none of these listings was stored before."""
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
    """Group rows of `property_media`, joined with the stored picture, by listing."""
    photos: dict[UUID, list[Photo]] = {}
    for row in rows:
        values = dict(row)
        property_id = cast("UUID", values.pop("property_id"))
        picture = {name: values.pop(name) for name in _PICTURE}
        stored = None if picture["variants"] is None else StoredPicture(**picture)  # pyright: ignore[reportArgumentType] - columns by name
        photos.setdefault(property_id, []).append(Photo(**values, picture=stored))  # pyright: ignore[reportArgumentType] - columns by name
    return photos


def _to_photo(ref: MediaRef, old: Photo | None, changed_at: str | None, rules: MediaSettings) -> Photo:
    url = ref.content if isinstance(ref.content, str) and ref.content else None
    version = to_photo_version(ref, changed_at)
    is_same = old is not None and _content(old) == (version, is_image(ref.category))
    state = old.state if old is not None and is_same else "waiting" if rules.fetches(ref.category) else "linked"
    keeps_picture = is_same or _keeps_picture(state, ref.category)
    return Photo(
        media_key=ref.media_key,
        order=ref.order,
        category=ref.category,
        caption=ref.caption,
        permission=None if ref.permission is None else list(ref.permission),
        modified=version,
        state=state,
        source_address=url,
        reason=old.reason if old is not None and is_same else None,
        finding_key=None if old is None else old.finding_key,
        is_open=old is not None and old.is_open,
        picture=old.picture if old is not None and keeps_picture else None,
    )


def _opened(photo: Photo, *, is_open: bool) -> Photo:
    return photo if photo.is_open is is_open else replace(photo, is_open=is_open)


def _action(photo: Photo, old: Photo | None) -> str:
    if old is None or _content(old) != _content(photo):
        return "fetch"
    return "keep" if _metadata(old) == _metadata(photo) else "reorder"


def _content(photo: Photo) -> tuple[str | None, bool]:
    """What is fetched anew if it differs."""
    return photo.modified, is_image(photo.category)


def _keeps_picture(state: str, category: str) -> bool:
    """Whether what is stored of an earlier version stays; in place of an old video its new address is shown."""
    return state != "linked" or is_image(category)


def _metadata(photo: Photo) -> tuple[object, ...]:
    # The URL is left out where it is no link: some sources sign it again on every read.
    link = None if is_image(photo.category) else to_public_link(photo)
    return (photo.order, photo.category, photo.caption, photo.permission, link)


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
        "is_open": photo.is_open,
        "modified": photo.modified,
        "source_address": photo.source_address,
        "state": photo.state,
        "sync_id": origin.sync_id,
        "created_at": origin.stored_at,
        "updated_at": origin.stored_at,
    }


def _to_upsert(plan: MediaPlan, photo: Photo, origin: Origin) -> dict[str, object]:
    is_new = photo.media_key in plan.fetch
    keeps_picture = not is_new or _keeps_picture(photo.state, photo.category)
    return {**_params(plan, photo, origin), "is_new": is_new, "keeps_picture": keeps_picture}
