"""Stored pictures: bytes of one content under one recipe, once for all who show them.

A picture has its row before its first object is put, and loses the row after its last object is gone. So whatever dies
in between, nothing lies in the store that the database does not know of.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from platbook.base.clock import Clock
from platbook.base.errors import SourceUnavailable
from platbook.db import Database, WriteConnection, as_json, load_queries
from platbook.media.pictures import ImagePool, ProcessedPicture, Variant, VariantSpec
from platbook.storage import Access, Storage

Q = load_queries(__package__ or "platbook.media")

_ID_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class _Begun:
    state: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class Blobs:
    """Stores pictures under a recipe; with `keeps_originals` what the source sent stays beside the variants."""

    database: Database
    storage: Storage
    studio: ImagePool
    clock: Clock
    recipe: VariantSpec
    keeps_originals: bool = False

    async def keep(self, content: bytes, *, is_public: bool, keeps_original: bool = False) -> str:
        """Store a picture and its variants; its id. One that is stored already costs nothing.

        MediaRejected where it is none. It must be recorded at a photo soon, or it is cleared away. `keeps_original`:
        the original stays whatever the settings say, for there is nowhere to fetch it from again.
        """
        blob_id = to_blob_id(content, self.recipe)
        if await self._touch(blob_id):
            return blob_id
        picture = await self.studio.to_variants(content, self.recipe)
        begun = await self._begin(blob_id, is_public=is_public)
        if begun.state == "stored":
            return blob_id
        access = Access.PUBLIC if begun.is_public else Access.PRIVATE
        for variant in picture.variants:
            await self.storage.put(to_name(blob_id, variant), variant.content, access)
        keeps = self.keeps_originals or keeps_original
        original = to_original_name(blob_id, picture.format) if keeps else None
        if original is not None:
            await self.storage.put(original, content, Access.PRIVATE)
        await self._finish(blob_id, picture, len(content), original)
        return blob_id

    async def _touch(self, blob_id: str) -> bool:
        async with self.database.transaction() as connection:
            params = {"id": blob_id, "at": self.clock.now()}
            return bool(await connection.value(bool, Q.touch_blob, params))

    async def _begin(self, blob_id: str, *, is_public: bool) -> _Begun:
        params = {
            "id": blob_id,
            "recipe": to_recipe_version(self.recipe),
            "is_public": is_public,
            "at": self.clock.now(),
        }
        async with self.database.transaction() as connection:
            begun = await connection.first(_Begun, Q.begin_blob, params)
        if begun is None:
            raise SourceUnavailable("the same picture is just being removed; try again in a moment")
        return begun

    async def _finish(self, blob_id: str, picture: ProcessedPicture, size: int, original: str | None) -> None:
        params = {
            "id": blob_id,
            "format": picture.format,
            "bytes": size,
            "width": picture.width,
            "height": picture.height,
            "color": picture.colour,
            "placeholder": picture.placeholder,
            "flaw": picture.flaw,
            "variants": as_json(to_facts(blob_id, picture.variants)),
            "original": original,
        }
        async with self.database.transaction() as connection:
            await connection.run(Q.finish_blob, params)


async def hold_blobs(connection: WriteConnection, ids: Sequence[str]) -> set[str]:
    """Of some pictures those that are stored; they stay so until the transaction ends."""
    return set(await connection.column(str, Q.hold_blobs, {"ids": list(ids)}))


async def add_checks(connection: WriteConnection, property_id: UUID) -> None:
    """Note which pictures of a listing lie where they should not, to be moved by `Exposure`."""
    await connection.run(Q.add_checks, {"property_id": property_id})


def to_recipe_version(recipe: VariantSpec) -> str:
    """What a recipe is known by: another one makes other pictures of the same bytes."""
    sizes = ",".join(f"{size.name}={size.width}x{size.height}" for size in recipe.sizes)
    return f"{sizes};{','.join(recipe.formats)};{recipe.quality};{recipe.effort}"


def to_blob_id(content: bytes, recipe: VariantSpec) -> str:
    """The id of a picture: 160 bits of what its bytes and its recipe are."""
    digest = hashlib.sha256(to_recipe_version(recipe).encode() + b"\0")
    digest.update(content)
    return digest.hexdigest()[:_ID_CHARACTERS]


def to_name(blob_id: str, variant: Variant) -> str:
    """The name of a variant's object. Two levels of folders keep each small where there are millions."""
    return f"{to_folder(blob_id)}/{blob_id}-{variant.size}.{variant.format}"


def to_original_name(blob_id: str, form: str) -> str:
    """The name of a kept original's object."""
    return f"{to_folder(blob_id)}/{blob_id}-original.{form}"


def to_folder(blob_id: str) -> str:
    """The folder of a picture's objects."""
    return f"{blob_id[:2]}/{blob_id[2:4]}"


def parse_blob_id(name: str) -> str | None:
    """The picture an object belongs to; None: it is not named as one of ours."""
    blob_id = name.rpartition("/")[2].partition("-")[0]
    is_ours = len(blob_id) == _ID_CHARACTERS and name.startswith(f"{to_folder(blob_id)}/{blob_id}-")
    return blob_id if is_ours else None


def to_facts(blob_id: str, variants: Sequence[Variant]) -> dict[str, dict[str, object]]:
    """What is told of variants, by name: the size's for the recipe's first format, with the format for others."""
    first = variants[0].format
    return {
        variant.size if variant.format == first else f"{variant.size}{variant.format.capitalize()}": {
            "name": to_name(blob_id, variant),
            "width": variant.width,
            "height": variant.height,
            "bytes": len(variant.content),
            "format": variant.format.value,
        }
        for variant in variants
    }


def to_object_names(variants: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The names of all variants' objects."""
    return [str(facts["name"]) for facts in variants.values()]
