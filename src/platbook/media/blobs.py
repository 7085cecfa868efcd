"""Stored pictures, deduplicated: the same bytes under the same variant spec are stored once for all photos.

Videos and documents are stored likewise, as they came: a row whose one variant is the file. A row is inserted before
its first object is put, and deleted after its last object is gone. So whatever crashes in between, the store holds
nothing that the database does not know of.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.base.clock import Clock
from platbook.db import Database, ReadConnection, WriteConnection, as_json, load_queries
from platbook.listings.listing import FILE
from platbook.media.pictures import ImagePool, ProcessedPicture, Variant, VariantSpec
from platbook.media.received_file import ReceivedFile
from platbook.storage import FILE_TYPES, Access, Storage

Q = load_queries(__package__ or "platbook.media")

_ID_CHARACTERS = 40
_AS_IT_CAME = "as it came"
"""The spec of a file."""


@dataclass(frozen=True, slots=True)
class _BlobState:
    state: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class BlobPlace:
    """Which store holds a picture, and whether everybody may see it."""

    store_id: int
    is_public: bool


@dataclass(frozen=True, slots=True)
class Blobs:
    """Stores pictures as the variants of a spec; with `keep_originals` also the bytes the source sent."""

    database: Database
    storage: Storage
    image_pool: ImagePool
    clock: Clock
    spec: VariantSpec
    keep_originals: bool = False

    async def store(self, content: bytes, *, is_public: bool, keep_original: bool = False) -> str:
        """Store a picture's variants and return its id. One that is stored already costs nothing.

        MediaRejected if the bytes are not an image. The id must be recorded at a photo soon, or the picture is cleaned
        up. `keep_original`: keep the original whatever the settings say, since it cannot be fetched again.
        """
        blob_id = to_blob_id(content, self.spec)
        if await self._touch(blob_id):
            return blob_id
        picture = await self.image_pool.to_variants(content, self.spec)
        blob = await self._begin(blob_id, to_spec_version(self.spec), is_public=is_public)
        if blob.state == "stored":
            return blob_id
        access = Access.PUBLIC if blob.is_public else Access.PRIVATE
        for variant in picture.variants:
            await self.storage.put(to_variant_name(blob_id, variant), variant.content, access)
        keeps = self.keep_originals or keep_original
        original = to_original_name(blob_id, picture.format) if keeps else None
        if original is not None:
            await self.storage.put(original, content, Access.PRIVATE)
        await self._finish(blob_id, picture, len(content), original)
        return blob_id

    async def store_file(self, file: ReceivedFile, *, is_public: bool) -> str:
        """Store a video or document as it came and return its id; likewise."""
        blob_id = hashlib.sha256(_AS_IT_CAME.encode() + b"\0" + file.digest).hexdigest()[:_ID_CHARACTERS]
        if await self._touch(blob_id):
            return blob_id
        blob = await self._begin(blob_id, _AS_IT_CAME, is_public=is_public)
        if blob.state == "stored":
            return blob_id
        name = f"{to_folder(blob_id)}/{blob_id}-{FILE}.{file.kind}"
        await self.storage.put_file(name, file.path, Access.PUBLIC if blob.is_public else Access.PRIVATE)
        stored = {"name": name, "width": None, "height": None, "bytes": file.size, "format": file.kind}
        params = {
            "id": blob_id,
            "format": file.kind,
            "bytes": file.size,
            **dict.fromkeys(("width", "height", "color", "placeholder", "flaw", "original")),
            "variants": as_json({FILE: stored}),
            "media_type": FILE_TYPES[file.kind],
        }
        async with self.database.transaction() as connection:
            await connection.run(Q.finish_blob, params)
        return blob_id

    async def _touch(self, blob_id: str) -> bool:
        async with self.database.transaction() as connection:
            params = {"id": blob_id, "at": self.clock.now()}
            return bool(await connection.value(bool, Q.touch_blob, params))

    async def _begin(self, blob_id: str, recipe: str, *, is_public: bool) -> _BlobState:
        params = {
            "id": blob_id,
            "recipe": recipe,
            "is_public": is_public,
            "store_id": self.storage.store_id,
            "places": [to_place(self.storage.store_id, access) for access in Access],
            "at": self.clock.now(),
        }
        async with self.database.transaction() as connection:
            return await connection.one(_BlobState, Q.begin_blob, params)

    async def _finish(self, blob_id: str, picture: ProcessedPicture, size: int, original: str | None) -> None:
        params = {
            "id": blob_id,
            "format": picture.format,
            "bytes": size,
            "width": picture.width,
            "height": picture.height,
            "color": picture.color,
            "placeholder": picture.placeholder,
            "flaw": picture.flaw,
            "variants": as_json(to_variant_records(blob_id, picture.variants)),
            "original": original,
            "media_type": None,
        }
        async with self.database.transaction() as connection:
            await connection.run(Q.finish_blob, params)


def to_place(store_id: int, access: Access) -> str:
    """Where copies of an object may be: the column `leftovers`."""
    return f"{store_id}/{access}"


def parse_place(place: str) -> tuple[int, Access]:
    """The store and the access of a place."""
    store_id, _, access = place.partition("/")
    return int(store_id), Access(access)


async def lock_blobs(connection: WriteConnection, ids: Sequence[str]) -> set[str]:
    """Lock those of some pictures that are stored; they are not deleted before the transaction ends."""
    return set(await connection.column(str, Q.lock_blobs, {"ids": list(ids)}))


async def find_blobs(connection: ReadConnection, property_id: UUID) -> set[str]:
    """The pictures that a listing's photos use."""
    return set(await connection.column(str, Q.find_blobs_of, {"ids": [property_id]}))


async def find_place(connection: ReadConnection, name: str) -> BlobPlace | None:
    """Where the picture of an object's name is stored; None for one that is not."""
    blob_id = parse_blob_id(name)
    return None if blob_id is None else await connection.first(BlobPlace, Q.find_blob_place, {"id": blob_id})


async def find_photo_of(connection: ReadConnection, property_id: UUID, blob_id: str) -> str | None:
    """The key of the photo of a listing that shows a picture; None where none does."""
    return await connection.value(str, Q.find_photo_of_blob, {"property_id": property_id, "id": blob_id})


async def add_checks(connection: WriteConnection, property_id: UUID) -> None:
    """Queue the pictures of a listing whose access is not what it should be, to be moved by `MediaVisibility`."""
    await connection.run(Q.add_checks, {"property_id": property_id})


def to_spec_version(spec: VariantSpec) -> str:
    """The text that identifies a spec (the column `recipe`); another spec makes other variants of the same bytes."""
    sizes = ",".join(f"{size.name}={size.width}x{size.height}" for size in spec.sizes)
    return f"{sizes};{','.join(spec.formats)};{spec.quality};{spec.effort}"


def to_blob_id(content: bytes, spec: VariantSpec) -> str:
    """The id of a picture: 160 bits of SHA-256 over its spec and its bytes."""
    digest = hashlib.sha256(to_spec_version(spec).encode() + b"\0")
    digest.update(content)
    return digest.hexdigest()[:_ID_CHARACTERS]


def to_variant_name(blob_id: str, variant: Variant) -> str:
    """The name of a variant's object. Two levels of folders keep each small with millions of pictures."""
    return f"{to_folder(blob_id)}/{blob_id}-{variant.size}.{variant.format}"


def to_original_name(blob_id: str, format_name: str) -> str:
    """The name of a kept original's object."""
    return f"{to_folder(blob_id)}/{blob_id}-original.{format_name}"


def to_folder(blob_id: str) -> str:
    """The folder of a picture's objects."""
    return f"{blob_id[:2]}/{blob_id[2:4]}"


def parse_blob_id(name: str) -> str | None:
    """The picture an object belongs to; None where the name is not one of ours."""
    blob_id = name.rpartition("/")[2].partition("-")[0]
    is_ours = len(blob_id) == _ID_CHARACTERS and name.startswith(f"{to_folder(blob_id)}/{blob_id}-")
    return blob_id if is_ours else None


def to_variant_records(blob_id: str, variants: Sequence[Variant]) -> dict[str, dict[str, object]]:
    """Variants as stored, by name: the size for the spec's first format, size and format for the others."""
    first = variants[0].format
    return {
        variant.size if variant.format == first else f"{variant.size}{variant.format.capitalize()}": {
            "name": to_variant_name(blob_id, variant),
            "width": variant.width,
            "height": variant.height,
            "bytes": len(variant.content),
            "format": variant.format.value,
        }
        for variant in variants
    }


def to_object_names(variants: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The names of all variants' objects."""
    return [str(variant["name"]) for variant in variants.values()]
