"""The MOCK connector: pages, cursors, scope and faults to order."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image
from pydantic import ValidationError

from platbook.base.clock import SetClock
from platbook.base.errors import PlatbookError
from platbook.connectors.contract import (
    CredentialsRefused,
    Cursor,
    KeyPage,
    Page,
    ProviderMisconfigured,
    RateLimited,
    RawRecord,
    Resource,
    Scope,
    SourceBrokeProtocol,
    SourceUnavailable,
)
from platbook.connectors.mock import FaultKind, MockConnector, MockCredentials, MockFault, MockSession, MockSettings
from platbook.connectors.testing import Case, ConformanceError, check_all, check_broken_keys, check_broken_walk
from platbook.market import Market

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PROPERTY = Resource.PROPERTY


@asynccontextmanager
async def opened(
    clock: SetClock | None = None, *, scope: Scope | None = None, **settings: object
) -> AsyncGenerator[MockSession]:
    case = Case(MockConnector(), settings, {}, clock=clock or SetClock(NOON), scope=scope or Scope())
    async with case.session() as session:
        assert isinstance(session, MockSession)
        yield session


async def walked(session: MockSession, since: Cursor | None = None, resume: Cursor | None = None) -> list[Page]:
    return [page async for page in session.changes(PROPERTY, since, resume)]


def records_of(pages: list[Page]) -> list[RawRecord]:
    return [record for page in pages for record in page.records]


async def test_keeps_the_contract_within_a_scope() -> None:
    scope = Scope(frozenset({"Active", "Pending"}), frozenset({"Residential"}))
    await check_all(Case(MockConnector(), {"listings": 150, "page_size": 25}, {}, clock=SetClock(NOON), scope=scope))


async def test_fifty_listings_by_default_on_one_complete_page() -> None:
    async with opened() as session:
        pages = await walked(session)
        assert [(len(page.records), page.complete, page.total) for page in pages] == [(50, True, 50)]
        assert await session.count(PROPERTY) == 50


async def test_incremental_walk_gives_exactly_what_changed() -> None:
    clock = SetClock(NOON)
    async with opened(clock, listings=300) as session:
        first = await walked(session)
        clock.advance(timedelta(days=2))
        changed = records_of(await walked(session, first[-1].watermark))
        before = {record.key: record.fields for record in records_of(first)}
        after = {record.key: record.fields for record in records_of(await walked(session))}
    really = {key for key, fields in after.items() if before.get(key) != fields}
    at_watermark = {record.key for record in changed if record.modified == first[-1].watermark}
    assert really
    assert {record.key for record in changed} - at_watermark == really - at_watermark


async def test_a_resumed_walk_goes_on_in_the_market_it_began_in() -> None:
    clock = SetClock(NOON)
    async with opened(clock, listings=90, page_size=30) as session:
        pages = await walked(session)
        clock.advance(timedelta(days=40))
        rest = await walked(session, resume=pages[0].checkpoint)
    assert records_of(rest) == records_of(pages[1:])
    assert rest[-1].watermark == pages[-1].watermark


async def test_two_processes_with_a_running_clock_see_one_market() -> None:
    start = "2026-05-31T00:00:00Z"
    async with (
        opened(started=start, speed=3600, listings=20) as one,
        opened(started=start, speed=3600, listings=20) as other,
    ):
        records = records_of(await walked(one))
        assert records == records_of(await walked(other))
        assert max(record.modified or "" for record in records) > "2031"
    async with opened(at="2031-01-01T00:00:00Z", listings=20) as fixed:
        latest = max(record.modified or "" for record in records_of(await walked(fixed)))
    assert latest.startswith("2030-1")


async def test_a_clock_that_has_run_past_all_years_is_refused_in_words() -> None:
    async with opened(started="2020-01-01T00:00:00Z", speed=1e8) as session:
        with pytest.raises(ProviderMisconfigured, match="year 9999"):
            await session.count(PROPERTY)


async def test_before_its_start_the_market_stands_as_at_its_start() -> None:
    async with opened(SetClock(NOON), started="2027-01-01T00:00:00Z") as early:
        assert await early.count(PROPERTY) == 50


def test_speed_without_a_start_is_refused() -> None:
    with pytest.raises(ValidationError, match="started"):
        MockSettings(speed=60)


async def test_media_are_real_images_for_every_photo_of_the_record() -> None:
    async with opened(listings=4) as session:
        record = records_of(await walked(session))[0]
        photos = [ref async for _, ref in session.media([record.key, "999999999"])]
    assert record.media is not None
    assert [ref.media_key for ref in photos] == [ref.media_key for ref in record.media]
    assert record.media[0].content == f"mock:{record.key}/1?v=1"
    for ref in photos[:2]:
        assert isinstance(ref.content, bytes)
        with Image.open(BytesIO(ref.content)) as image:
            assert (image.format, image.size) == ("JPEG", (1600, 1200))


RAISING = [
    (FaultKind.TIMEOUT, SourceUnavailable),
    (FaultKind.HTTP_500, SourceUnavailable),
    (FaultKind.RATE_LIMITED, RateLimited),
    (FaultKind.CUT_PAGE, SourceBrokeProtocol),
]


@pytest.mark.parametrize(("kind", "error"), RAISING)
async def test_ordered_faults_strike_at_their_page(kind: FaultKind, error: type[PlatbookError]) -> None:
    fault = MockFault(kind=kind, page=2, retry_after=90).model_dump()
    async with opened(listings=30, page_size=10, faults=[fault]) as session:
        walk = session.changes(PROPERTY, None, None)
        first = await anext(walk)
        with pytest.raises(error) as raised:
            await anext(walk)
    assert len(first.records) == 10
    assert not first.complete
    if isinstance(raised.value, RateLimited):
        assert raised.value.not_before == NOON + timedelta(seconds=90)


@pytest.mark.parametrize("kind", [kind for kind, _ in RAISING])
async def test_broken_walks_and_sweeps_keep_the_contract(kind: FaultKind) -> None:
    fault = {"kind": kind, "page": 3}
    case = Case(MockConnector(), {"listings": 30, "page_size": 10, "faults": [fault]}, {}, clock=SetClock(NOON))
    await check_broken_walk(case)
    await check_broken_keys(case)


async def test_a_fault_at_a_request_is_passed_by_resuming() -> None:
    faults = [{"kind": "timeout", "request": 2, "walk": "changes"}]
    seen: list[str] = []
    resume: Cursor | None = None
    for _ in range(10):
        async with opened(listings=50, page_size=10, faults=faults) as session:
            try:
                async for page in session.changes(PROPERTY, None, resume):
                    seen += [record.key for record in page.records]
                    resume = page.checkpoint
                    if page.complete:
                        break
            except SourceUnavailable:
                continue
            break
    assert len(seen) == len(set(seen)) == 50


async def test_a_fault_by_chance_repeats_itself_and_hits_about_its_share() -> None:
    faults = [{"kind": "timeout", "chance": 0.3, "walk": "count"}]

    async def tries() -> list[bool]:
        struck: list[bool] = []
        clock = SetClock(NOON)
        for _ in range(200):
            clock.advance(timedelta(seconds=7))
            async with opened(clock, listings=1, faults=faults) as session:
                try:
                    await session.count(PROPERTY)
                    struck.append(False)
                except SourceUnavailable:
                    struck.append(True)
        return struck

    first = await tries()
    assert first == await tries()
    assert 35 < sum(first) < 85


async def test_a_fault_ends_at_its_moment() -> None:
    faults = [{"kind": "http_500", "until": NOON.isoformat()}]
    async with opened(SetClock(NOON), faults=faults) as session:
        assert await session.count(PROPERTY) == 50
    async with opened(SetClock(NOON - timedelta(seconds=1)), faults=faults) as session:
        with pytest.raises(SourceUnavailable):
            await session.count(PROPERTY)


async def test_a_bad_record_spoils_only_itself() -> None:
    async with opened(listings=5) as session:
        good = records_of(await walked(session))
    async with opened(listings=5, faults=[{"kind": "bad_record", "page": 1}]) as session:
        bad = records_of(await walked(session))
    assert bad[0].fields["ListPrice"] == "ask the agent"
    assert [record.key for record in bad] == [record.key for record in good]
    assert bad[1:] == good[1:]


async def test_an_unreadable_record_is_told_as_a_problem() -> None:
    async with opened(listings=5, faults=[{"kind": "unreadable_record"}]) as session:
        page = (await walked(session))[0]
    assert len(page.records) == 4
    assert page.problems[0].key not in {record.key for record in page.records}
    assert page.complete


async def test_login_can_be_refused() -> None:
    with pytest.raises(CredentialsRefused):
        async with opened(faults=[{"kind": "login_refused"}]):
            pytest.fail("the session must not open")


@pytest.mark.parametrize("cursor", ["", "{}", "yesterday", '{"at": 7, "other": 1}'])
async def test_a_cursor_of_somebody_else_is_refused_in_words(cursor: str) -> None:
    async with opened() as session:
        with pytest.raises(ProviderMisconfigured, match="checkpoint"):
            await walked(session, resume=Cursor(cursor))
        with pytest.raises(ProviderMisconfigured, match="watermark"):
            await walked(session, since=Cursor(cursor))


async def test_scope_narrows_walk_sweep_and_count_alike() -> None:
    async with opened(listings=200) as whole:
        everything = records_of(await walked(whole))
    scope = Scope(frozenset({"Closed"}), frozenset({"Land"}), closed_since="2026-05-10")
    wanted = {
        record.key
        for record in everything
        if record.fields["StandardStatus"] == "Closed"
        and record.fields["PropertyType"] == "Land"
        and str(record.fields["CloseDate"]) >= "2026-05-10"
    }
    async with opened(listings=200, scope=scope) as session:
        assert {record.key for record in records_of(await walked(session))} == wanted
        pages: list[KeyPage] = [page async for page in session.keys(PROPERTY)]
        assert {key for page in pages for key in page.keys} == wanted
        assert await session.count(PROPERTY) == len(wanted)
    assert wanted
    assert {page.total for page in pages} == {None}, "the market does not count what a scope narrows"


@pytest.mark.parametrize(("resource", "key_field"), [(Resource.MEMBER, "MemberKey"), (Resource.OFFICE, "OfficeKey")])
async def test_agents_and_offices_are_those_the_listings_name(resource: Resource, key_field: str) -> None:
    name = {"MemberKey": "ListAgentKey", "OfficeKey": "ListOfficeKey"}[key_field]
    async with opened(listings=40, page_size=50) as session:
        listings = records_of(await walked(session))
        pages = [page async for page in session.changes(resource, None, None)]
        records = {record.key: record.fields for record in records_of(pages)}
        assert all(records[key][key_field] == key for key in records)
        assert {listing.fields[name] for listing in listings} <= records.keys()
        assert await session.count(resource) == len(records) == pages[0].total
        later = [page async for page in session.changes(resource, Cursor("2026-01-02T00:00:00Z"), None)]
        assert records_of(later) == []


async def test_a_resource_that_mock_does_not_serve_is_refused() -> None:
    async with opened() as session:
        with pytest.raises(ProviderMisconfigured, match="OpenHouse"):
            await session.count(Resource.OPEN_HOUSE)


async def test_the_count_of_a_key_sweep_is_the_markets(monkeypatch: pytest.MonkeyPatch) -> None:
    def skip_one(market: Market, at: datetime) -> list[str]:
        del market, at
        return ["10000000"]

    monkeypatch.setattr(Market, "keys", skip_one)
    async with opened(listings=2) as session:
        (page,) = [page async for page in session.keys(PROPERTY)]
    assert (len(page.keys), page.total) == (1, 2)


async def test_credentials_are_neither_needed_nor_looked_at() -> None:
    assert MockCredentials.model_validate({"username": "u", "password": "p"}).username == "u"
    with pytest.raises(ConformanceError):
        await check_broken_walk(Case(MockConnector(), {}, {"username": "u"}, clock=SetClock(NOON)))
