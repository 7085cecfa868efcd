"""Photos over the API: of local listings sent, arranged and removed; of all listings with addresses that answer."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import cast

import httpx2
import pytest

from platbook.base.errors import StorageRefused
from platbook.storage.bucket import Bucket
from tests.api.conftest import Api, minutes
from tests.fakes.photo_source import draw

BASE = "/api/v1/properties"
SAID = {
    "standardStatus": "Active",
    "propertyType": "Residential",
    "listPrice": 489000,
    "fields": {"InternetEntireListingDisplayYN": True},
}
AUTHOR, OTHER = "agent@example.com", "other@example.com"
JPEG = {"content-type": "image/jpeg"}

Photo = dict[str, object]


async def make_listing(api: Api) -> str:
    made = await api.call("POST", BASE, who=AUTHOR, json=SAID)
    assert made.status_code == 201, made.text
    return str(made.json()["data"]["id"])


async def send(api: Api, listing: str, seed: int, **query: str) -> list[Photo]:
    answer = await api.call(
        "POST", f"{BASE}/{listing}/media", who=AUTHOR, content=draw(seed, 400, 300), headers=JPEG, params=query
    )
    assert answer.status_code == 201, answer.text
    return photos_of(answer)


def photos_of(answer: httpx2.Response) -> list[Photo]:
    return cast("list[Photo]", answer.json()["data"]["media"])


def url_of(photo: Photo, size: str = "thumbnail") -> str:
    return str(cast("dict[str, dict[str, object]]", photo["variants"])[size]["url"])


async def test_a_photo_sent_is_there_in_its_sizes_and_its_addresses_answer(api: Api) -> None:
    listing = await make_listing(api)
    (photo,) = await send(api, listing, 1, caption="Front")
    assert (photo["state"], photo["caption"], photo["width"], photo["height"]) == ("stored", "Front", 400, 300)
    assert photo["placeholder"]
    sizes = cast("dict[str, dict[str, object]]", photo["variants"])
    assert {name: (one["width"], one["height"], one["format"]) for name, one in sizes.items()} == {
        "thumbnail": (200, 150, "webp"),
        "medium": (400, 300, "webp"),
        "large": (400, 300, "webp"),
    }
    for variant in sizes.values():
        answer = await api.call("GET", str(variant["url"]), who=None)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert len(answer.content) == variant["bytes"]
        assert "immutable" in answer.headers["cache-control"]
    whole = (await api.call("GET", f"{BASE}/{listing}", who=AUTHOR)).json()["data"]
    assert (whole["photoCount"], whole["media"][0]["variants"]) == (1, photo["variants"])
    (listed,) = (await api.call("GET", f"{BASE}?hasPhotos=true", who=AUTHOR)).json()["data"]["properties"]
    assert listed["media"] == whole["media"]


async def test_photos_are_arranged_and_removed_and_the_timeline_tells(api: Api) -> None:
    listing = await make_listing(api)
    for seed in (1, 2, 3):
        photos = await send(api, listing, seed)
    keys = [str(photo["mediaKey"]) for photo in photos]
    order = [{"mediaKey": keys[2], "caption": "Pool"}, {"mediaKey": keys[0]}, {"mediaKey": keys[1], "isPublic": False}]
    arranged = photos_of(await api.call("PUT", f"{BASE}/{listing}/media", who=AUTHOR, json={"media": order}))
    assert [photo["mediaKey"] for photo in arranged] == [keys[2], keys[0], keys[1]]
    assert [photo["order"] for photo in arranged] == [1, 2, 3]
    assert arranged[0]["caption"] == "Pool"
    assert [url_of(photo).startswith("/media/private/") for photo in arranged] == [False, False, True]
    assert (await api.call("GET", url_of(arranged[2]), who=None)).status_code == 200
    assert (await api.call("GET", url_of(arranged[2]).partition("?")[0], who=None)).status_code == 403
    gone = await api.call("DELETE", f"{BASE}/{listing}/media/{keys[0]}", who=AUTHOR)
    assert gone.status_code == 204
    assert (await api.call("GET", url_of(arranged[1]), who=None)).status_code == 404, "at once, not after a grace"
    assert (await api.call("DELETE", f"{BASE}/{listing}/media", who=AUTHOR)).status_code == 204
    assert photos_of(await api.call("GET", f"{BASE}/{listing}/media", who=AUTHOR)) == []
    told = (await api.call("GET", f"{BASE}/{listing}/timeline", who=AUTHOR)).json()["data"]["timeline"]
    assert [entry["kind"] for entry in told].count("media_changed") == 6
    acts = await api.rows("SELECT act, actor, details FROM audit_log WHERE subject_id = %(id)s ORDER BY id", id=listing)
    assert [one["act"] for one in acts] == [
        "listing added", *["listing photo added"] * 3, "listing photos arranged", *["listing photos removed"] * 2,
    ]  # fmt: skip
    assert {one["actor"] for one in acts} == {AUTHOR}
    assert [one["details"] for one in acts][-2:] == [{"mediaKey": keys[0]}, {"photos": 2}]


async def test_a_signed_address_makes_its_document_another_version_when_the_signature_ends(api: Api) -> None:
    listing = await make_listing(api)
    await send(api, listing, 1, isPublic="false")
    first = await api.call("GET", f"{BASE}/{listing}", who=AUTHOR)
    tag = {"if-none-match": first.headers["etag"]}
    assert (await api.call("GET", f"{BASE}/{listing}", who=AUTHOR, headers=tag)).status_code == 304
    listed = await api.call("GET", BASE, who=AUTHOR)
    list_tag = {"if-none-match": listed.headers["etag"]}
    assert (await api.call("GET", BASE, who=AUTHOR, headers=list_tag)).status_code == 304
    api.clock.advance(minutes(61))
    assert (await api.call("GET", f"{BASE}/{listing}", who=AUTHOR, headers=tag)).status_code == 200
    assert (await api.call("GET", BASE, who=AUTHOR, headers=list_tag)).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"<html>", JPEG, 400, "VALIDATION_ERROR"),
        (b"", JPEG, 400, "VALIDATION_ERROR"),
        (b'{"url": "file:///etc/passwd"}', {"content-type": "application/json"}, 400, "VALIDATION_ERROR"),
        (b'{"url": "http://127.0.0.1:5432/"}', {"content-type": "application/json"}, 400, "VALIDATION_ERROR"),
        (b'{"url": "http://[::ffff:10.0.0.1]/"}', {"content-type": "application/json"}, 400, "VALIDATION_ERROR"),
        (b'{"address": "x"}', {"content-type": "application/json"}, 400, "VALIDATION_ERROR"),
    ],
)
async def test_what_is_no_photo_is_refused_with_the_reason(
    api: Api, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    listing = await make_listing(api)
    answer = await api.call("POST", f"{BASE}/{listing}/media", who=AUTHOR, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


async def test_more_than_a_photo_is_refused_while_it_comes(api: Api) -> None:
    listing = await make_listing(api)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"\0" * 1_000_000

    answer = await api.call("POST", f"{BASE}/{listing}/media", who=AUTHOR, content=endless(), headers=JPEG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_uploads_beyond_the_shared_budget_are_asked_to_come_back(api: Api) -> None:
    listing = await make_listing(api)
    path, content = f"{BASE}/{listing}/media", draw(1, 400, 300)
    with api.services.uploads.reserve(256 * 1024**2 - len(content) + 1):
        refused = await api.call("POST", path, who=AUTHOR, content=content, headers=JPEG)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert refused.headers["retry-after"] == "5"
    with api.services.uploads.reserve(256 * 1024**2 - len(content)):
        assert (await api.call("POST", path, who=AUTHOR, content=content, headers=JPEG)).status_code == 201
    with api.services.uploads.reserve(256 * 1024**2):
        pass  # what was taken is free again


async def test_only_the_author_and_admins_may_and_only_at_local_listings(api: Api) -> None:
    listing = await make_listing(api)
    (photo,) = await send(api, listing, 1)
    path = f"{BASE}/{listing}/media"
    body = {"media": [{"mediaKey": photo["mediaKey"]}]}
    assert (await api.call("POST", path, who=OTHER, content=draw(2), headers=JPEG)).status_code == 403
    assert (await api.call("PUT", path, who=OTHER, json=body)).status_code == 403
    assert (await api.call("DELETE", f"{path}/{photo['mediaKey']}", who=OTHER)).status_code == 403
    assert (await api.call("DELETE", path, who=OTHER)).status_code == 403
    assert (await api.call("POST", path, who=None, content=draw(2), headers=JPEG)).status_code == 401
    assert (await api.call("PUT", path, json=body)).status_code == 200
    await api.run_sql("UPDATE properties SET is_local = false")
    assert (await api.call("DELETE", path)).status_code == 409


@pytest.mark.parametrize(
    ("named", "field"),
    [([], "media"), (["x"], "media.0.mediaKey"), (["own", "own"], "media.1.mediaKey")],
)
async def test_an_arrangement_names_every_photo_once(api: Api, named: list[str], field: str) -> None:
    listing = await make_listing(api)
    (photo,) = await send(api, listing, 1)
    keys = [photo["mediaKey"] if key == "own" else key for key in named]
    answer = await api.call(
        "PUT", f"{BASE}/{listing}/media", who=AUTHOR, json={"media": [{"mediaKey": key} for key in keys]}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field


async def test_an_upload_answers_for_itself_alone_and_its_repetition_adds_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawn, other = await make_listing(api), await make_listing(api)
    (stuck,) = await send(api, withdrawn, 1)
    (key,) = re.findall(r"/([0-9a-f]{40})-", url_of(stuck))

    async def delete(bucket: Bucket, keys: Sequence[str]) -> None:
        if any(key in one for one in keys):
            raise StorageRefused("cannot delete: a lock on the object")
        await deleted(bucket, keys)

    deleted = Bucket.delete
    monkeypatch.setattr(Bucket, "delete", delete)
    assert (await api.call("DELETE", f"{BASE}/{withdrawn}", who=AUTHOR)).status_code == 204
    (photo,) = await send(api, other, 2)
    assert url_of(photo).startswith("/media/public/")
    assert (await api.call("GET", url_of(photo), who=None)).status_code == 200
    assert [one["mediaKey"] for one in await send(api, other, 2)] == [photo["mediaKey"]], "sent again, stored once"
