"""Walks and sweeps over a server that caps, ignores or refuses: by whichever way, everything and nothing twice."""

from datetime import UTC, datetime

import pytest

from platbook.base.errors import PlatbookError, ProviderMisconfigured
from platbook.connectors.contract import Cursor, Page, Resource
from platbook.connectors.rets.time_walk import halve
from tests.fakes.rets_market import RetsMarket, rets_market

LISTINGS = 40
BY_KEY, BY_TIME = "by key lists", "by time slices"


async def _walk(
    market: RetsMarket, resume: Cursor | None = None, /, **settings: object
) -> tuple[list[Page], list[str]]:
    said: dict[str, object] = {"pageSize": 7, **settings}
    async with market.session(**said) as session:
        pages = [page async for page in session.changes(Resource.PROPERTY, None, resume)]
        return pages, list(session.remarks())


def _keys(pages: list[Page]) -> list[str]:
    return [record.key for page in pages for record in page.records]


@pytest.mark.parametrize(
    ("quirks", "remark"),
    [
        ((), None),
        (("row-cap",), None),
        (("cap-20208",), None),
        (("cap-20208-trailer",), None),
        (("maxrows-on-last",), None),
        (("no-count",), None),
        (("no-count", "row-cap"), None),
        (("empty-in-trailer",), None),
        (("count-of-page",), None),
        (("count-of-page", "row-cap"), None),
        (("dmql-only",), "the query type DMQL2, so DMQL was used"),
        (("version-lowered",), None),
        (("ignore-offset",), BY_KEY),
        (("refuse-offset",), BY_KEY),
        (("ignore-offset", "unordered"), BY_KEY),
        (("ignore-offset", "row-cap"), BY_KEY),
        (("ignore-offset", "character-key"), BY_KEY),
        (("ignore-offset", "row-cap", "capped-keys"), BY_TIME),
        (("refuse-offset", "row-cap", "capped-keys", "unordered", "no-count"), BY_TIME),
        (("refuse-offset", "cap-20208-trailer", "capped-keys", "character-key"), BY_TIME),
    ],
)
async def test_everything_comes_once_by_a_way_the_source_allows(quirks: tuple[str, ...], remark: str | None) -> None:
    async with rets_market(*quirks, listings=LISTINGS, cap=5) as market:
        pages, remarks = await _walk(market)
        keys = _keys(pages)
        assert len(keys) == len(set(keys)) == LISTINGS
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        assert any(remark in said for said in remarks) if remark else remarks == []
        async with market.session(pageSize=7) as session:
            swept = [page async for page in session.keys(Resource.PROPERTY)]
            assert await session.count(Resource.PROPERTY) == LISTINGS
        assert sorted(key for page in swept for key in page.keys) == sorted(keys)
        assert (swept[-1].complete, swept[-1].total) == (True, LISTINGS)


@pytest.mark.parametrize("quirks", [("ignore-offset",), ("refuse-offset", "row-cap", "capped-keys")])
async def test_a_walk_that_changed_its_way_is_resumed_on_it(quirks: tuple[str, ...]) -> None:
    async with rets_market(*quirks, listings=LISTINGS, cap=5) as market:
        pages, _ = await _walk(market, keysPerRequest=4)
        for at in (2, len(pages) // 2):
            rest, _ = await _walk(market, pages[at].checkpoint, keysPerRequest=4)
            assert {*_keys(pages[: at + 1]), *_keys(rest)} == set(_keys(pages))


@pytest.mark.parametrize(
    ("quirks", "settings", "words"),
    [
        (("ignore-offset",), {"paging": "offset"}, "repeated paging"),
        (("refuse-offset",), {"paging": "offset"}, "20203"),
        (("row-cap", "capped-keys"), {"paging": "key"}, "settings.paging"),
        (("error-in-trailer=always",), {}, "20209"),
        (("cut-body=always",), {}, "cut short|not well-formed"),
        (("count-without-data=always",), {}, "incomplete"),
        (("html-page=always",), {}, "HTML"),
        (("low-count=always",), {}, "counts 3 records and sends 7"),
        (("dmql-only",), {"queryType": "DMQL2"}, "20203.*query type"),
    ],
)
async def test_what_cannot_be_proved_is_an_error(
    quirks: tuple[str, ...], settings: dict[str, object], words: str
) -> None:
    async with rets_market(*quirks, listings=LISTINGS, cap=5) as market:
        with pytest.raises(PlatbookError, match=words):
            await _walk(market, **settings)


async def test_columns_are_selected_in_batches_where_one_search_may_not_have_them_all() -> None:
    async with rets_market(listings=12) as market:
        plain, _ = await _walk(market)
    async with rets_market("narrow-select", listings=12) as market:
        wide, _ = await _walk(market, columnsPerRequest=40)
    assert {r.key: r.fields for page in wide for r in page.records} == {
        r.key: r.fields for page in plain for r in page.records
    }


async def test_columns_may_be_named() -> None:
    async with rets_market(listings=3) as market:
        pages, _ = await _walk(market, columns=["ListPrice", "City"])
    for page in pages:
        for record in page.records:
            assert set(record.fields) == {"ListingKey", "ModificationTimestamp", "ListPrice", "City"}


async def test_an_unknown_key_column_is_named() -> None:
    async with rets_market(listings=3) as market:
        with pytest.raises(ProviderMisconfigured, match=r"settings\.keyField|Unknown"):
            await _walk(market, keyField="Nowhere")


@pytest.mark.parametrize(
    ("start", "end", "middle"),
    [
        ("2026-01-01T00:00:00", "2026-01-03T00:00:00", "2026-01-02T00:00:00"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:01", None),
        ("2026-01-01T00:00:00.400", "2026-01-01T00:00:01.500", "2026-01-01T00:00:01.400"),
        ("2026-03-01T00:00:00", None, "2026-03-02T00:00:00"),
    ],
)
def test_a_slice_is_halved_at_a_second_within_it(start: str, end: str | None, middle: str | None) -> None:
    assert halve(start, end, datetime(2026, 3, 2, tzinfo=UTC)) == middle
