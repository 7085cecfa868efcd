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
async def _session(
    *searches: bytes | Answer, date: str | None = None, **settings: object
) -> AsyncGenerator[RetsSession]:
    async with _session_with(RetsReplay([*searches], date=date), **settings) as session:
        yield session


@asynccontextmanager
async def _session_with(server: RetsReplay, **settings: object) -> AsyncGenerator[RetsSession]:
    connector = RetsConnector()
    async with serving(server) as replay, plain_http() as http:
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


def _rows(*keys: str, **reply: object) -> bytes:
    return _reply(*(f"{key}\t2026-01-01T00:00:00" for key in keys), count=len(keys), **reply)  # pyright: ignore[reportArgumentType] - by name


KNOWN = _reply("1", columns="Key", count=9, more=True)


@pytest.mark.parametrize(
    ("searches", "found", "requests"),
    [
        ([KNOWN, _rows("1", "2", "3")], ["2", "3"], 2),
        ([KNOWN, _rows("1", "2"), _rows("1")], ["2"], 3),
        ([KNOWN, _rows("1")], [], 2),
        ([KNOWN, _rows("1", "2"), _rows("1", "3")], ["2", "3"], 3),
    ],
    ids=["all are there", "one is gone", "all are gone", "the list was cut off"],
)
async def test_records_by_a_list_of_keys(searches: list[bytes], found: list[str], requests: int) -> None:
    replay = RetsReplay([*searches])
    async with _session_with(replay) as session:
        assert [one.key async for one in session.records(Resource.PROPERTY, ["2", "3"])] == found
        assert session.remarks() == []
    queries = [search["Query"] for search in replay.searched()]
    assert (len(queries), queries[1]) == (requests, "(Key=2,3,1)")


@pytest.mark.parametrize(
    "refusal",
    [NONE_FOUND, _rows("2"), b'<RETS ReplyCode="20206" ReplyText="Invalid Query Syntax"/>'],
    ids=["nothing comes", "the known key does not come", "the list is refused"],
)
async def test_keys_are_looked_up_one_by_one_where_lists_are_not_honoured(refusal: bytes) -> None:
    replay = RetsReplay([KNOWN, refusal, _rows("2"), NONE_FOUND, _rows("2")])
    async with _session_with(replay) as session:
        assert [one.key async for one in session.records(Resource.PROPERTY, ["2", "3"])] == ["2"]
        assert "does not honour lists of keys" in session.remarks()[0]
        assert [one.key async for one in session.records(Resource.PROPERTY, ["2"])] == ["2"]
    queries = [search["Query"] for search in replay.searched()]
    assert queries[2:] == ["(Key=2)", "(Key=3)", "(Key=2)"], "lists are not tried again"


@pytest.mark.parametrize("answer", [_reply("1\t2", "2\t2", count=3), _reply("1\t2", "2\t2\t3\t4", count=2)])
async def test_a_list_of_keys_answered_short_or_unreadably_proves_nothing(answer: bytes) -> None:
    async with _session(KNOWN, answer) as session:
        with pytest.raises(SourceBrokeProtocol):
            _ = [one async for one in session.records(Resource.PROPERTY, ["2", "3"])]


async def test_records_are_looked_up_in_each_class_until_they_are_found_and_within_the_criteria() -> None:
    searches = [KNOWN, _rows("1", "2"), _rows("1"), _reply("9", columns="Key", count=1), _rows("9", "3")]
    replay = RetsReplay([*searches, NONE_FOUND])
    async with _session_with(replay, classes=["A", "B"], query="(Area=N)") as session:
        assert [one.key async for one in session.records(Resource.PROPERTY, ["2", "3"])] == ["2", "3"]
        assert await session.record(Resource.PROPERTY, "2") is None
    asked = [(search["Class"], search["Query"]) for search in replay.searched()]
    assert asked[1:3] == [("A", "(Key=2,3,1),(Area=N)"), ("A", "(Key=3,1),(Area=N)")]
    assert asked[4:] == [("B", "(Key=3,9),(Area=N)"), ("A", "(Key=2),(Area=N)"), ("B", "(Key=2),(Area=N)")]


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
    async with _session(body, date="Thu, 01 May 2031 08:00:00 GMT") as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, None)]
    assert page.watermark == "2031-05-01T00:00:00"


async def test_a_resumed_walk_is_held_to_the_time_at_which_it_began() -> None:
    first = _reply("1\t2026-01-01T00:00:00", "2\t2026-01-01T00:00:00", "3\t2026-01-01T00:00:00", count=4, more=True)
    last = _reply("3\t2026-01-01T00:00:00", "4\t2026-02-01T12:30:00", count=4)
    async with _session(first, last, date="Sun, 01 Feb 2026 12:00:00 GMT") as session:
        page = await anext(aiter(session.changes(Resource.PROPERTY, None, None)))
        checkpoint = page.checkpoint
    async with _session(last, date="Sun, 01 Feb 2026 14:00:00 GMT") as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, checkpoint)]
    assert (page.complete, page.watermark) == (True, "2026-01-01T00:00:00"), "12:30 was ahead when the walk began"


async def test_where_every_time_is_ahead_the_next_run_starts_where_this_one_began() -> None:
    rows = _reply("1\t2026-02-01T22:30:00", "2\t2026-02-01T22:50:00", count=2)
    async with _session(rows, date="Sun, 01 Feb 2026 12:00:00 GMT") as session:
        (page,) = [page async for page in session.changes(Resource.PROPERTY, None, None)]
    assert page.watermark == "2026-02-01T12:00:00"
