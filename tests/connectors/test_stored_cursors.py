"""The stored forms of checkpoints and watermarks: each is read for the place it names, or not at all.

The texts here are as databases hold them. Whoever changes one changes what is stored, which older texts must outlive.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from platbook.base.clock import SetClock
from platbook.base.errors import InvalidInput, ProviderMisconfigured
from platbook.connectors.contract import Cursor, Page, Resource, Scope
from platbook.connectors.mock import MockConnector, MockCredentials, MockSettings
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_market import RetsMarket, rets_market

OFFSET = (
    '{"began_at":"2026-03-01T00:00:00Z","class_index":1,"within":{"way":"offset","offset":9,"overlap":1,"first":"1000000000","behind":"1000000013",'
    '"until":null},"greatest":"2026-02-19T16:11:46Z","photos":false,"greatest_photos":"2026-01-25T05:46:09Z"}'
)
KEY = (
    '{"began_at":"2026-03-01T00:00:00Z","class_index":1,"within":{"way":"key","offset":1,"overlap":1,"first":null,"behind":"1000000013","until":null},'
    '"greatest":"2026-02-19T16:11:46Z","photos":false,"greatest_photos":"2026-01-25T05:46:09Z"}'
)
TIME = (
    '{"began_at":"2026-03-01T00:00:00Z","class_index":1,"within":{"way":"time","offset":1,"overlap":1,"first":null,"behind":null,'
    '"until":"2026-02-22T08:07:55"},"greatest":"2026-02-27T14:19:46Z","photos":false,"greatest_photos":"2026-02-27T14:19:46Z"}'
)
BEFORE_STARTS = (
    '{"class_index":1,"within":{"way":"offset","offset":9,"overlap":1,"first":"1000000000","behind":"1000000013",'
    '"until":null},"greatest":"2026-02-19T16:11:46Z"}'
)
"""A checkpoint of a version that kept neither when the walk began nor the times of photos."""
MOCK = (
    '{"at":"2026-03-21T00:00:00Z","since":null,"order":"time","page":2,"total":12,"key":"1000000004",'
    '"modified":"2026-01-31T13:26:46Z","greatest":"2026-01-31T13:26:46Z"}'
)
CLASSES = ("Land", "Residential")
RESTARTED = "the checkpoint of the interrupted walk cannot be read, so the walk starts again"


async def _walk(
    market: RetsMarket, way: str, *, since: str | None = None, resume: str | None = None, pages: int = 1
) -> tuple[list[Page], list[str]]:
    """The first pages of a walk, and the session's remarks."""
    read: list[Page] = []
    async with market.session(pageSize=4, keysPerRequest=4, classes=CLASSES, paging=way) as session:
        start, place = (None if text is None else Cursor(text) for text in (since, resume))
        walk = cast("AsyncGenerator[Page]", session.changes(Resource.PROPERTY, start, place))
        async with aclosing(walk):
            async for page in walk:
                read.append(page)
                if len(read) == pages:
                    break
        return read, list(session.remarks())


def _record_searches(market: RetsMarket) -> list[dict[str, str]]:
    asked = [
        arguments for transaction, arguments in market.server.request_log.recent_requests if transaction == "search"
    ]
    return [said for said in asked if said.get("Select") != "ListingKey" and said.get("Count") != "2"]


def _spoil(text: str) -> list[str]:
    """The text less each of its names, and with each of them changed; and what is no checkpoint at all."""
    spoiled = ["", "yesterday", "null", "{}", text[:-9]]
    for path in _find_names(json.loads(text)):
        for renamed in (False, True):
            said: dict[str, Any] = json.loads(text)
            inner = said
            for name in path[:-1]:
                inner = inner[name]
            value = inner.pop(path[-1])
            if renamed:
                inner[path[-1] + "_at"] = value
            spoiled.append(json.dumps(said))
    return spoiled


def _find_names(said: dict[str, Any], above: Sequence[str] = ()) -> list[Sequence[str]]:
    here = [(*above, name) for name in said]
    return here + [path for name in said if isinstance(said[name], dict) for path in _find_names(said[name], (name,))]


@pytest.mark.parametrize(("way", "page", "text"), [("offset", 2, OFFSET), ("key", 2, KEY)])
async def test_a_rets_checkpoint_is_written_in_its_stored_form(way: str, page: int, text: str) -> None:
    async with rets_market(listings=40) as market:
        read, _ = await _walk(market, way, pages=page + 1)
        assert read[page].checkpoint == text


@pytest.mark.parametrize(
    ("way", "text", "first", "keys"),
    [
        ("offset", OFFSET, {"Class": "Residential", "Offset": "8"}, ["1000000013", "1000000015"]),
        ("offset", BEFORE_STARTS, {"Class": "Residential", "Offset": "8"}, ["1000000013", "1000000015"]),
        ("key", KEY, {"Query": "(ListingKey=1000000015,1000000016,1000000018,1000000019)"}, ["1000000015"]),
        ("time", TIME, {"Class": "Residential"}, ["1000000019", "1000000047", "1000000062"]),
    ],
)
async def test_a_stored_rets_checkpoint_is_where_the_walk_goes_on(
    way: str, text: str, first: dict[str, str], keys: list[str]
) -> None:
    async with rets_market(listings=40) as market:
        (page,), remarks = await _walk(market, way, resume=text)
        search = _record_searches(market)[0]
        assert {**search, **first} == search
        assert way != "time" or search["Query"].endswith("-2026-02-22T08:07:55)")
        assert [record.key for record in page.records][: len(keys)] == keys
        assert remarks == []


@pytest.mark.parametrize(("way", "text"), [("offset", OFFSET), ("key", KEY), ("time", TIME)])
async def test_a_rets_checkpoint_that_cannot_be_read_starts_the_walk_again(way: str, text: str) -> None:
    async with rets_market(listings=40) as market:
        (fresh,), _ = await _walk(market, way)
        for spoiled in _spoil(text):
            (page,), remarks = await _walk(market, way, resume=spoiled)
            assert (page.records, remarks) == (fresh.records, [RESTARTED]), spoiled


async def test_a_walk_that_starts_again_keeps_the_start_it_was_given() -> None:
    async with rets_market(listings=40) as market:
        await _walk(market, "offset", since="2026-02-19T16:11:46Z", resume='{"class_index":1}')
        assert _record_searches(market)[0]["Query"] == "(ModificationTimestamp=2026-02-19T16:06:46Z+)"


async def test_a_rets_watermark_is_a_moment_in_the_sources_text_or_refused() -> None:
    async with rets_market(listings=40) as market:
        (page,), _ = await _walk(market, "offset", since="2026-02-19T16:11:46Z")
        assert _record_searches(market)[0]["Query"] == "(ModificationTimestamp=2026-02-19T16:06:46Z+)"
        assert page.watermark == "2026-02-19T16:11:46Z"
        for text in ("", "{}", '{"at":"2026-02-19T16:11:46Z"}'):
            with pytest.raises(InvalidInput, match="watermark"):
                await _walk(market, "offset", since=text)


async def _walk_mock(*, since: str | None = None, resume: str | None = None) -> list[Page]:
    settings = MockSettings.model_validate(
        {"seed": 5, "listings": 12, "started": "2026-01-01T00:00:00Z", "page_size": 2}
    )
    clock = SetClock(datetime(2026, 3, 21, tzinfo=UTC))
    start, place = (None if text is None else Cursor(text) for text in (since, resume))
    async with (
        plain_http() as http,
        MockConnector().connect(settings, MockCredentials(), scope=Scope(), http=http, clock=clock) as session,
    ):
        return [page async for page in session.changes(Resource.PROPERTY, start, place)]


async def test_a_mock_checkpoint_is_written_and_read_in_its_stored_form() -> None:
    pages = await _walk_mock()
    assert pages[1].checkpoint == MOCK
    rest = await _walk_mock(resume=MOCK)
    assert [page.records for page in rest] == [page.records for page in pages[2:]]


async def test_a_mock_checkpoint_that_cannot_be_read_is_refused() -> None:
    for spoiled in _spoil(MOCK):
        with pytest.raises(ProviderMisconfigured, match="checkpoint"):
            await _walk_mock(resume=spoiled)


async def test_a_mock_watermark_is_a_moment() -> None:
    pages = await _walk_mock()
    assert pages[1].watermark == "2026-01-31T13:26:46Z"
    later = [record.modified for page in await _walk_mock(since="2026-01-31T13:26:46Z") for record in page.records]
    assert min(str(moment) for moment in later) == "2026-01-31T13:26:46Z"
