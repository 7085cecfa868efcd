"""Replies that do not end, or are larger than was asked for: the memory and time of a session are limited by us."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from platbook.base.clock import SystemClock
from platbook.connectors.contract import ReplyTooLarge, Resource, Scope, SourceBrokeProtocol
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.connector import RetsSession
from platbook.connectors.rets.settings import RetsCredentials, RetsSettings
from tests.fakes.endless_rets import (
    EndlessRets,
    Reply,
    alternating_photos,
    by_keys,
    empty_cells_of_metadata,
    endless_markup,
    endless_metadata,
    endless_photos,
    endless_refusals,
    endless_rows,
    endless_tables,
    lookups_without_end,
    photo_without_end,
    record_without_end,
    repeated_markup,
    row_without_end,
    rows,
    serving_endless,
)
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_market import no_sleep

SMALL: dict[str, object] = {
    "classes": ["RES"], "pageSize": 100, "maxPageBytes": 1_000_000, "maxRowBytes": 1_000_000, "maxReplyRows": 5000,
    "maxPhotoBytes": 300_000, "maxListingPhotos": 20, "maxListingPhotoBytes": 1_000_000,
    "maxMetadataBytes": 1_000_000, "maxMetadataValues": 20_000,
}  # fmt: skip
LOGIN = RetsCredentials.model_validate({"username": "demo", "password": "demo"})


@asynccontextmanager
async def session(script: EndlessRets, **settings: object) -> AsyncGenerator[RetsSession]:
    model = RetsSettings.model_validate({"loginUrl": script.login_url, **SMALL, **settings})
    async with (
        plain_http() as http,
        RetsConnector(no_sleep).connect(model, LOGIN, scope=Scope(), http=http, clock=SystemClock()) as opened,
    ):
        yield opened


@pytest.mark.parametrize("offset", [True, False])
async def test_more_rows_than_the_limit_are_broken_off_and_read_page_by_page(offset: bool) -> None:  # noqa: FBT001 - a case
    async with serving_endless(EndlessRets(rows(950, offset=offset))) as script, session(script) as opened:
        if offset:
            pages = [page async for page in opened.changes(Resource.PROPERTY, None, None)]
            keys = [record.key for page in pages for record in page.records]
            assert keys == [f"K{number:08d}" for number in range(1, 951)]
            assert max(len(page.records) for page in pages) == 100
            assert pages[-1].complete
        else:  # it takes no keys either, so that every way ends
            with pytest.raises(SourceBrokeProtocol):
                [page async for page in opened.changes(Resource.PROPERTY, None, None)]
        assert "more rows than the Limit asks for" in " ".join(opened.remarks())


async def test_a_page_that_is_too_large_is_broken_off_and_the_next_one_goes_on() -> None:
    async with (
        serving_endless(EndlessRets(rows(2000))) as script,
        session(script, pageSize=5000, maxPageBytes=400_000) as opened,
    ):
        pages = [page async for page in opened.changes(Resource.PROPERTY, None, None)]
        keys = [record.key for page in pages for record in page.records]
        assert keys == [f"K{number:08d}" for number in range(1, 2001)]
        assert len(pages) > 4
        assert "settings.maxPageBytes" in " ".join(opened.remarks())


@pytest.mark.parametrize(
    ("search", "settings", "words"),
    [
        (endless_rows, {}, r"more than 5000 rows \(settings\.maxReplyRows\)"),
        (endless_rows, {"paging": "time"}, r"settings\.maxReplyRows"),
        (endless_rows, {"paging": "key"}, r"settings\.maxReplyRows"),
        (endless_markup, {}, r"1000000 bytes without the end of a row \(settings\.maxRowBytes\)|names of elements"),
        (repeated_markup, {}, r"1000000 bytes without the end of a row \(settings\.maxRowBytes\)"),
        (row_without_end, {}, r"settings\.maxRowBytes"),
        (record_without_end, {"format": "STANDARD-XML"}, r"settings\.maxRowBytes"),
    ],
)
async def test_rows_without_end_are_an_error_that_names_the_limit(
    search: Reply, settings: dict[str, object], words: str
) -> None:
    async with serving_endless(EndlessRets(search)) as script, session(script, **settings) as opened:
        with pytest.raises(SourceBrokeProtocol, match=words):
            [page async for page in opened.changes(Resource.PROPERTY, None, None)]
        with pytest.raises(SourceBrokeProtocol, match=words):
            [page async for page in opened.keys(Resource.PROPERTY)]


async def test_a_reply_that_is_too_large_is_not_requested_again() -> None:
    async with serving_endless(EndlessRets(row_without_end)) as script, session(script) as opened:
        with pytest.raises(ReplyTooLarge):
            [page async for page in opened.changes(Resource.PROPERTY, None, None)]
        assert len(script.searched()) == 1


async def test_a_list_of_keys_is_halved_where_its_records_are_too_large_together() -> None:
    async with (
        serving_endless(EndlessRets(by_keys(400))) as script,
        session(script, paging="key", keysPerRequest=200, maxPageBytes=100_000) as opened,
    ):
        pages = [page async for page in opened.changes(Resource.PROPERTY, None, None)]
        assert len([record for page in pages for record in page.records]) == 400
        queries = [arguments["Query"] for arguments in script.searched()]
        lists = [len(query.split(",")) for query in queries if "=K" in query]
        assert lists[:3] == [200, 100, 50]
        assert lists[-1] == 50


@pytest.mark.parametrize(
    ("photos", "kind", "words"),
    [
        (endless_photos, None, r"photos of K1 are larger than 1000000 bytes \(settings\.maxListingPhotoBytes\)"),
        (alternating_photos, None, r"more than 20 photos of K1 \(settings\.maxListingPhotos\)"),
        (endless_refusals, None, r"more than 20 photos of a listing \(settings\.maxListingPhotos\)"),
        (photo_without_end, None, r"a photo is larger than 300000 bytes \(settings\.maxPhotoBytes\)"),
        (photo_without_end, "image/jpeg", r"settings\.maxPhotoBytes"),
    ],
)
async def test_photos_without_end_are_an_error_that_names_the_limit(
    photos: Reply, kind: str | None, words: str
) -> None:
    script = EndlessRets(photos=photos)
    script.photo_type = kind or script.photo_type
    async with serving_endless(script), session(script) as opened:
        with pytest.raises(ReplyTooLarge, match=words):
            [ref async for ref in opened.media(["K1", "K2"])]
        assert len([path for path, _ in script.requests if path == "/rets/object"]) == 1


@pytest.mark.parametrize(
    ("metadata", "settings", "words"),
    [
        (endless_metadata, {"maxMetadataValues": 1_000_000}, r"1000000 bytes \(settings\.maxMetadataBytes\)"),
        (endless_metadata, {}, r"20000 values \(settings\.maxMetadataValues\)"),
        (endless_metadata, {"metadataAtOnce": True}, r"settings\.maxMetadataValues"),
        (empty_cells_of_metadata, {}, r"settings\.maxMetadataValues"),
        (endless_tables, {}, r"settings\.maxMetadataValues"),
        (lookups_without_end, {}, r"settings\.maxMetadataValues"),
        (lookups_without_end, {"maxMetadataValues": 1_000_000}, r"settings\.maxMetadataBytes"),
    ],
)
async def test_metadata_without_end_are_an_error_that_names_the_limit(
    metadata: Reply, settings: dict[str, object], words: str
) -> None:
    async with serving_endless(EndlessRets(metadata=metadata)) as script, plain_http() as http:
        model = RetsSettings.model_validate({"loginUrl": script.login_url, **SMALL, **settings})
        with pytest.raises(ReplyTooLarge, match=words):
            await RetsConnector(no_sleep).discover(model, LOGIN, http=http, clock=SystemClock(), last_mark=None)
