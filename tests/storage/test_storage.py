"""What every store keeps, however it keeps it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platbook.base.clock import SystemClock
from platbook.base.errors import NotFound
from platbook.storage import Access, Storage, open_memory_storage, to_content_name
from platbook.storage.objects import parse_key, to_key

PHOTO = b"RIFF....WEBP"
NAME = to_content_name(PHOTO, "webp")


async def test_an_object_that_was_put_can_be_read(storage: Storage) -> None:
    await storage.put(NAME, PHOTO, Access.PUBLIC)
    stored = await storage.get(NAME, Access.PUBLIC)
    assert stored.content == PHOTO
    assert stored.info == await storage.head(NAME, Access.PUBLIC)
    assert stored.info.size == len(PHOTO)
    assert stored.info.attributes.content_type == "image/webp"
    assert stored.info.attributes.cache_control == "public, max-age=31536000, immutable, s-maxage=86400"
    assert abs(datetime.now(UTC) - stored.info.stored_at) < timedelta(minutes=5)


async def test_attributes_that_the_name_does_not_imply_are_stored(storage: Storage) -> None:
    metadata = {"listing": "7", "source": "naples"}
    await storage.put(
        "a/plan", b"%PDF", Access.PRIVATE, content_type="application/pdf", cache_control="no-store", metadata=metadata
    )
    attributes = (await storage.head("a/plan", Access.PRIVATE)).attributes
    assert (attributes.content_type, attributes.cache_control) == ("application/pdf", "no-store")
    assert attributes.metadata == metadata
    await storage.put("a/plan", b"%PDF", Access.PRIVATE)
    assert (await storage.head("a/plan", Access.PRIVATE)).attributes.metadata == {}


async def test_putting_again_replaces_the_object(storage: Storage) -> None:
    await storage.put("a.webp", b"one", Access.PUBLIC)
    await storage.put("a.webp", b"another", Access.PUBLIC)
    assert (await storage.get("a.webp", Access.PUBLIC)).content == b"another"


async def test_public_and_private_objects_are_separate(storage: Storage) -> None:
    await storage.put(NAME, PHOTO, Access.PRIVATE)
    with pytest.raises(NotFound):
        await storage.get(NAME, Access.PUBLIC)
    with pytest.raises(NotFound):
        await storage.head(NAME, Access.PUBLIC)


async def test_deleting_is_idempotent(storage: Storage) -> None:
    names = [f"a/{number}.webp" for number in range(3)]
    for name in names:
        await storage.put(name, PHOTO, Access.PUBLIC, metadata={"a": "b"})
    await storage.delete(names[:2], Access.PUBLIC)
    await storage.delete([*names[:2], "never/was.webp"], Access.PUBLIC)
    await storage.delete([], Access.PUBLIC)
    assert [one.name async for one in storage.list(Access.PUBLIC)] == names[2:]
    with pytest.raises(NotFound):
        await storage.get(names[0], Access.PUBLIC)


async def test_a_listing_has_names_sizes_and_times(storage: Storage) -> None:
    for name in ("aa/1.webp", "aa/2.webp", "ab/3.webp"):
        await storage.put(name, name.encode() * 2, Access.PUBLIC, metadata={"a": "b"})
    await storage.put("aa/4.webp", PHOTO, Access.PRIVATE)
    everything = {one.name: one async for one in storage.list(Access.PUBLIC)}
    assert sorted(everything) == ["aa/1.webp", "aa/2.webp", "ab/3.webp"]
    assert {one.size for one in everything.values()} == {18}
    assert all(abs(datetime.now(UTC) - one.stored_at) < timedelta(minutes=5) for one in everything.values())
    assert sorted([one.name async for one in storage.list(Access.PUBLIC, folder="aa")]) == ["aa/1.webp", "aa/2.webp"]
    assert [one async for one in storage.list(Access.PRIVATE, folder="nowhere")] == []


async def test_a_copy_keeps_bytes_and_metadata_and_changes_the_cache_headers(storage: Storage) -> None:
    await storage.put(NAME, PHOTO, Access.PUBLIC, metadata={"listing": "7"})
    await storage.copy(NAME, to=Access.PRIVATE)
    assert (await storage.head(NAME, Access.PUBLIC)).attributes.cache_control.startswith("public")
    await storage.delete([NAME], Access.PUBLIC)
    for _ in range(2):  # again where the other copy is gone: what is left of a move that was interrupted
        await storage.copy(NAME, to=Access.PRIVATE)
        copied = await storage.get(NAME, Access.PRIVATE)
        assert copied.content == PHOTO
        assert copied.info.attributes.metadata == {"listing": "7"}
        assert copied.info.attributes.cache_control.startswith("private")
    await storage.copy(NAME, to=Access.PUBLIC)
    assert (await storage.head(NAME, Access.PUBLIC)).attributes.cache_control.startswith("public")
    with pytest.raises(NotFound):
        await storage.copy("never/was.webp", to=Access.PUBLIC)


async def test_a_copy_replaces_one_that_is_there(storage: Storage) -> None:
    await storage.put(NAME, b"old", Access.PRIVATE)
    await storage.put(NAME, PHOTO, Access.PUBLIC)
    await storage.copy(NAME, to=Access.PRIVATE)
    assert (await storage.get(NAME, Access.PRIVATE)).content == PHOTO


async def test_large_objects_are_read_completely(storage: Storage) -> None:
    content = bytes(range(256)) * 50_000
    await storage.put("large.tiff", content, Access.PRIVATE, metadata={"a": "b"})
    stored = await storage.get("large.tiff", Access.PRIVATE)
    assert stored.content == content
    assert stored.info.attributes.content_type == "image/tiff"
    assert stored.info.attributes.metadata == {"a": "b"}


BAD_NAMES = [
    "",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/../b",
    ".a",
    "a/.b",
    "A.webp",
    "a b",
    "a\n",
    "a%2e",
    "a\\b",
    "ü",
    "a" * 201,
]


@pytest.mark.parametrize("name", BAD_NAMES)
async def test_a_name_that_could_lead_to_another_path_is_refused(name: str) -> None:
    storage = open_memory_storage(b"k", SystemClock())
    with pytest.raises(ValueError, match="a name"):
        await storage.put(name, PHOTO, Access.PUBLIC)
    with pytest.raises(ValueError, match="a name"):
        await storage.delete([name], Access.PUBLIC)


@given(st.binary(), st.binary())
def test_a_content_name_identifies_the_content(one: bytes, other: bytes) -> None:
    assert (to_content_name(one, "webp") == to_content_name(other, "webp")) == (one == other)
    assert parse_key(to_key(Access.PUBLIC, to_content_name(one, "webp"))) == (
        Access.PUBLIC,
        to_content_name(one, "webp"),
    )


@given(st.text())
def test_a_key_is_below_its_folder_or_refused(name: str) -> None:
    try:
        key = to_key(Access.PRIVATE, name)
    except ValueError:
        return
    assert key.startswith("private/")
    assert ".." not in key
