"""What a source did not prove is an error: nothing is lost, removed or taken for the future."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from platbook.base.clock import SystemClock
from platbook.base.errors import PlatbookError, SourceBrokeProtocol
from platbook.connectors.contract import Resource, Scope
from platbook.connectors.rets import RetsConnector
from platbook.connectors.rets.connector import RetsSession
from tests.fakes.plain_http import plain_http
from tests.fakes.rets_replay import NONE_FOUND, Answer, RetsReplay, serving


def _reply(*rows: str, count: int | None = None, more: bool = False, columns: str = "Key\tModified") -> bytes:
    counted = "" if count is None else f'<COUNT Records="{count}"/>'
    data = "".join(f"<DATA>\t{row}\t</DATA>" for row in rows)
    end = "<MAXROWS/>" if more else ""
    return f'<RETS ReplyCode="0">{counted}<COLUMNS>\t{columns}\t</COLUMNS>{data}{end}</RETS>'.encode()


@asynccontextmanager
async def _session(*searches: bytes | Answer, **settings: object) -> AsyncGenerator[RetsSession]:
    connector = RetsConnector()
    async with serving(RetsReplay([*searches])) as replay, plain_http() as http:
        said = {
            "loginUrl": replay.login_url,
            "classes": ["A"],
            "keyField": "Key",
            "modifiedField": "Modified",
            "allQuery": "(Key=0+)",
            "pageSize": 3,
            **settings,
        }
        login = {"username": "demo", "password": "secret"}
        async with connector.connect(
            connector.settings_model.model_validate(said),
            connector.credentials_model.model_validate(login),
            scope=Scope(),
            http=http,
            clock=SystemClock(),
        ) as session:
            yield session


async def _keys(session: RetsSession) -> list[str]:
    return [key async for page in session.keys(Resource.PROPERTY) for key in page.keys]


async def test_the_total_of_a_key_search_is_the_sources_count_and_never_ours() -> None:
    repeated = _reply("1", "2", "2", columns="Key", count=3)
    async with _session(repeated) as session:
        pages = [page async for page in session.keys(Resource.PROPERTY)]
    assert [key for page in pages for key in page.keys] == ["1", "2", "2"]
    assert (pages[-1].complete, pages[-1].total) == (True, 3)
    async with _session(_reply("1", "2", "2", columns="Key"), _reply(columns="Key", count=3)) as session:
        pages = [page async for page in session.keys(Resource.PROPERTY)]
    assert pages[-1].total == 3


async def test_the_counts_of_classes_are_added() -> None:
    searches = [_reply("1", "2", columns="Key", count=2), _reply("3", "3", columns="Key", count=2)]
    async with _session(*searches, classes=["A", "B"]) as session:
        pages = [page async for page in session.keys(Resource.PROPERTY)]
    assert (len({key for page in pages for key in page.keys}), pages[-1].total) == (3, 4)


CAPPED = _reply("1", "2", columns="Key", count=4, more=True)


@pytest.mark.parametrize(
    ("paging", "searches"),
    [
        ("offset", [CAPPED, CAPPED, _reply("2", "3", "3", columns="Key", count=4)]),
        ("time", [CAPPED, _reply(count=4), _reply(count=2), _reply("1", "2", "3", "3", columns="Key", count=4)]),
        ("key", [CAPPED, _reply("1", "2", "3", "3", columns="Key", count=4), _reply("1", "2", "3", count=3)]),
    ],
)
async def test_repeated_keys_are_not_all_by_whichever_way_they_are_read(paging: str, searches: list[bytes]) -> None:
    async with _session(*searches, paging=paging) as session:
        with pytest.raises(SourceBrokeProtocol, match="counts 4 records of A and sent 3"):
            await _keys(session)


async def test_a_key_list_that_repeats_keys_is_not_the_whole_class() -> None:
    rows = _reply("1\t2026-01-01T00:00:00", "2\t2026-01-01T00:00:00", count=2)
    async with _session(_reply("1", "2", "2", columns="Key", count=3), rows, paging="key") as session:
        with pytest.raises(SourceBrokeProtocol, match="counts 3 records of A and sent 2 different keys"):
            _ = [page async for page in session.changes(Resource.PROPERTY, None, None)]


async def test_the_total_of_a_walk_by_key_is_the_sources_count() -> None:
    rows = _reply("1\t2026-01-01T00:00:00", "2\t2026-01-01T00:00:00", count=2)
    keys = [_reply("1", "2", columns="Key"), _reply(columns="Key", count=2)]
    async with _session(*keys, rows, paging="key") as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, None)]
    assert ([record.key for record in page.records], page.total) == (["1", "2"], 2)


async def test_a_time_in_the_future_is_no_watermark() -> None:
    rows = ("1\t2026-01-01T00:00:00", "2\t2099-01-01T00:00:00", "3\t2026-01-02T00:00:00")
    async with _session(_reply(*rows, count=3), pageSize=4) as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, None)]
    assert (page.complete, page.watermark) == (True, "2026-01-02T00:00:00")
    assert [record.modified for record in page.records][1] == "2099-01-01T00:00:00"


async def test_keys_that_nobody_counted_are_not_all() -> None:
    keys = _reply("1", "2", columns="Key")
    async with _session(keys, _reply(columns="Key", count=2)) as session:
        assert await _keys(session) == ["1", "2"]
    async with _session(keys, _reply(columns="Key", count=5)) as session:
        with pytest.raises(SourceBrokeProtocol, match="counts 5 records of A and sent 2"):
            await _keys(session)
    async with _session(keys, _reply(columns="Key")) as session:
        with pytest.raises(SourceBrokeProtocol, match="does not count"):
            await _keys(session)


@pytest.mark.parametrize(
    "answer",
    [
        _reply(count=1),
        _reply("1\t2026-01-01T00:00:00", count=3),
        _reply("1\t2\t3\t4\t5", count=1),
        _reply("\t2026-01-01T00:00:00", count=1),
    ],
)
async def test_a_single_record_that_is_no_record_is_not_gone(answer: bytes) -> None:
    async with _session(answer) as session:
        with pytest.raises(SourceBrokeProtocol):
            await session.record(Resource.PROPERTY, "1")


async def test_a_raw_less_than_costs_one_record_which_is_named() -> None:
    reply = _reply(
        "1\t2026-01-01T00:00:00\tPlain", "2\t2026-01-02T00:00:00\t< 5 acres", count=3, columns="Key\tModified\tRemarks"
    )
    reply = reply.replace(b"</RETS>", b"<DATA>\t3\t2026-01-03T00:00:00\tLast\t</DATA></RETS>")
    async with _session(reply, pageSize=10) as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, None)]
    assert ([record.key for record in page.records], page.complete) == (["1", "3"], True)
    (problem,) = page.problems
    assert (problem.key, problem.field) == ("2", None)
    assert problem.reason.startswith("line 1 of the reply is not well-formed XML")
    assert "< 5 acres" in problem.sample


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("Key\tModified\tCity\tCity", "names the column City twice"),
        ("Key\tModified\t</COLUMNS><COLUMNS>\tModified\tKey", "they differ: Modified in place of Key"),
    ],
)
async def test_columns_that_cannot_be_told_apart_end_the_run(columns: str, words: str) -> None:
    async with _session(_reply("1\t2026-01-01T00:00:00", count=1, columns=columns)) as session:
        with pytest.raises(SourceBrokeProtocol, match=words):
            _ = [page async for page in session.changes(Resource.PROPERTY, None, None)]


async def test_a_single_record_that_is_gone_is_asked_for_once() -> None:
    replay = RetsReplay([NONE_FOUND])
    connector = RetsConnector()
    async with serving(replay), plain_http() as http:
        said = {"loginUrl": replay.login_url, "classes": ["A", "B"], "keyField": "Key"}
        settings = connector.settings_model.model_validate(said)
        login = connector.credentials_model.model_validate({"username": "demo", "password": "secret"})
        async with connector.connect(settings, login, scope=Scope(), http=http, clock=SystemClock()) as session:
            assert await session.record(Resource.PROPERTY, "1") is None
    assert len(replay.searched()) == 2


async def test_a_reply_that_was_broken_is_asked_for_again_and_three_times_is_an_error() -> None:
    good = _reply("1\t2026-01-01T00:00:00", count=1)
    async with _session(b"<html>busy</html>", good[:-9], good) as session:
        pages = [page async for page in session.changes(Resource.PROPERTY, None, None)]
        assert [record.key for page in pages for record in page.records] == ["1"]
    async with _session(b"", b"", b"", good) as session:
        with pytest.raises(SourceBrokeProtocol, match="empty"):
            _ = [page async for page in session.changes(Resource.PROPERTY, None, None)]


async def test_a_row_that_leaves_between_two_pages_costs_no_other() -> None:
    """Rows 1 to 6 in pages of three; 2 leaves after the first page, so that 4 stands where 3 stood."""

    def row(*keys: int) -> list[str]:
        return [f"{key}\t2026-01-0{key}T00:00:00" for key in keys]

    pages = [
        _reply(*row(1, 2, 3), count=6, more=True),
        _reply(*row(4, 5, 6), count=5),  # asked from 3 on, the place where 3 was
        _reply(*row(3, 4, 5, 6), count=5, more=False),  # asked from further back
    ]
    async with _session(*pages) as session:
        found = [r.key async for page in session.changes(Resource.PROPERTY, None, None) for r in page.records]
    assert found == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("paging", ["key", "time"])
async def test_a_capped_source_that_cannot_be_sliced_further_is_an_error(paging: str) -> None:
    capped = _reply("1\t2026-01-01T00:00:00", count=2, more=True)
    async with _session(capped, paging=paging) as session:
        with pytest.raises(PlatbookError, match=r"at once|settings\.paging"):
            _ = [page async for page in session.changes(Resource.PROPERTY, None, None)]


async def test_a_source_whose_own_clock_is_ahead_is_followed() -> None:
    body = _reply("1\t2031-05-01T00:00:00", count=1)
    ahead = Answer(body, headers=["Date: Thu, 01 May 2031 08:00:00 GMT"])
    async with _session(ahead) as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, None)]
    assert page.watermark == "2031-05-01T00:00:00"
