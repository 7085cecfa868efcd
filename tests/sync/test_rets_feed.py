"""Recorded replies of a real MLS, replayed over HTTP through transport, connector, engine and database."""

import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SetClock
from platbook.db import Database, Query, SecretBox
from platbook.providers.configuration import parse_configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.connection_test import ConnectionTester
from platbook.transport import TimeSource, Transport
from tests.fakes.recordings import recorded_rets
from tests.fakes.rets_replay import LOGIN, NONE_FOUND, Answer, RetsReplay, serving
from tests.fakes.rets_rows import RowsReplay, numbered_rows

MAPPING = {
    "MLSNumber": "listingId",
    "Status": {"to": "status", "lookup": {"Sold": "Closed", "Active": "Active"}},
    "CurrentPrice": "price",
    "OriginalListPrice": "OriginalListPrice",
    "FullAddress": "address",
    "BedsTotal": "bedrooms",
    "BathsFull": "BathroomsFull",
    "ApproxLivingArea": "LivingArea",
    "PropertyInformation": "description",
    "MatrixModifiedDT": "ModificationTimestamp",
    "Taxes": "TaxAnnualAmount",
    "PhotoCount": "PhotosCount",
    "Heat": "Heating",
}


def _keys(*keys: str) -> bytes:
    data = "".join(f"<DATA>\t{key}\t</DATA>" for key in keys)
    inside = f'<COUNT Records="{len(keys)}"/><COLUMNS>\tmatrix_unique_id\t</COLUMNS>{data}'
    return f'<RETS ReplyCode="0" ReplyText="ok">{inside}</RETS>'.encode()


KEYS = _keys("2371414", "2376189", "13864733")


class Feed:
    """One RETS provider over a replayed feed."""

    def __init__(self, database: Database, engine: SyncEngine, replay: RetsReplay) -> None:
        self.database, self.engine, self.replay = database, engine, replay

    async def sync(self, sync_type: SyncType = SyncType.FULL) -> dict[str, object]:
        async with self.database.transaction() as connection:
            sync_id = await request_run(connection, RunRequest("naples", sync_type), COMMAND_LINE, datetime.now(UTC))
        await self.engine.run_next("naples")
        return (await self.rows("SELECT * FROM mls_sync_history WHERE sync_id = %(id)s", id=sync_id))[0]

    async def rows(self, sql: str, **params: object) -> list[dict[str, object]]:
        async with self.database.read() as connection:
            return await connection.dicts(Query("look", "A test's query.", sql), params)


class Open(Protocol):
    """Open a feed over a replay: `async with feed(RetsReplay(...), paging="key") as it`."""

    def __call__(self, replay: RetsReplay, **settings: object) -> AbstractAsyncContextManager[Feed]: ...


@pytest.fixture
def feed(database: Database) -> Open:
    @asynccontextmanager
    async def opened(replay: RetsReplay, **settings: object) -> AsyncGenerator[Feed]:
        clock, box = SetClock(datetime(2026, 1, 1, tzinfo=UTC)), SecretBox(os.urandom(32))

        async def no_pause(seconds: float) -> None:
            del seconds

        async with (
            serving(replay),
            Transport.open(database, clock, time_source=TimeSource(sleep=no_pause)) as transport,
        ):
            said = {
                "providerId": "naples",
                "providerName": "Naples",
                "providerType": "RETS",
                "loginUrl": replay.login_url,
                "credentials": {"username": "demo", "password": "secret", "userAgent": "Agent/1"},
                "fieldMapping": MAPPING,
                "settings": {
                    "classes": ["Listing"],
                    "keyField": "matrix_unique_id",
                    "modifiedField": "MatrixModifiedDT",
                    "allQuery": "(matrix_unique_id=0+)",
                    **settings,
                },
            }
            async with database.transaction() as connection:
                await add_provider(connection, box, parse_configuration(said), clock.now())
            yield Feed(database, SyncEngine(database, transport, box, clock), replay)

    return opened


@pytest.mark.parametrize("auth", ["basic", "digest"])
async def test_a_whole_feed_becomes_listings_and_again_changes_nothing(feed: Open, auth: str) -> None:
    search = recorded_rets("COMPACT-DECODED/Search.xml")
    # The recorded reply has no COUNT, so the result is counted on its own, and then swept.
    async with feed(RetsReplay([search, KEYS, KEYS, search, KEYS, KEYS], auth=auth)) as it:
        run = await it.sync()
        assert (run["status"], run["added"], run["errored"], run["error"]) == ("success", 3, 0, None)
        rows = await it.rows("SELECT * FROM properties ORDER BY listing_key")
        assert [row["listing_key"] for row in rows] == ["13864733", "2371414", "2376189"]
        naples = rows[1]
        assert isinstance(naples["raw"], dict)
        assert len(naples["raw"]) == 208  # pyright: ignore[reportUnknownArgumentType] - a dict of whatever was said
        assert (naples["listing_id"], naples["standard_status"], naples["mls_status"]) == ("213005147", "Closed", None)
        assert (naples["list_price"], naples["bedrooms_total"], naples["living_area"]) == (140000, 2, 1194)
        assert naples["city"] == "NAPLES"
        assert naples["modification_timestamp"] == datetime(2014, 7, 29, 17, 46, 37, 263000, tzinfo=UTC)
        before = await it.rows("SELECT id, xmin::text FROM properties ORDER BY id")
        run = await it.sync()
        assert (run["status"], run["unchanged"], run["updated"]) == ("success", 3, 0)
        assert await it.rows("SELECT id, xmin::text FROM properties ORDER BY id") == before
        assert [request.path for request in it.replay.requests].count("/rets/logout") == 2
        assert int(str(run["requests"])) >= 4


async def test_repeated_pages_stop_a_walk_that_must_go_by_offset(feed: Open) -> None:
    pages = [recorded_rets(f"COMPACT-DECODED/Search_{n}of2.xml") for n in (1, 2)]
    async with feed(RetsReplay([*pages]), paging="offset") as it:
        run = await it.sync()
        assert (run["status"], run["error_type"], run["added"]) == ("failed", "protocol", 3)
        assert "repeated paging" in str(run["error"])
        assert [said["Offset"] for said in it.replay.searched()] == ["1", "3"]


async def test_a_source_that_ignores_offset_is_read_by_key_and_the_run_says_so(feed: Open) -> None:
    pages = [recorded_rets(f"COMPACT-DECODED/Search_{n}of2.xml") for n in (1, 2)]
    whole = recorded_rets("COMPACT-DECODED/Search_2of2.xml").replace(b'Records="6"', b'Records="3"')
    async with feed(RetsReplay([*pages, KEYS, whole, KEYS])) as it:
        run = await it.sync()
        assert (run["status"], run["added"], run["error"]) == ("success", 3, None)
        assert run["remarks"] == ["the source ignores Offset, so it was read by key lists"]
        assert it.replay.searched()[3]["Query"] == "(matrix_unique_id=13864733,2371414,2376189)"


async def test_a_result_shorter_than_its_count_is_incomplete(feed: Open) -> None:
    async with feed(RetsReplay([recorded_rets("COMPACT-DECODED/Search_2of2.xml")])) as it:
        run = await it.sync()
        assert (run["status"], run["error_type"]) == ("failed", "protocol")
        assert "counts 6 records of Listing and sent 3" in str(run["error"])
        assert await it.rows("SELECT watermark FROM mls_sync_cursors WHERE watermark IS NOT NULL") == []
        assert await it.rows("SELECT 1 FROM properties WHERE removed_at IS NOT NULL") == []


FIRST = (
    b"<RETS ReplyCode='0' ReplyText='ok'><COUNT Records='2'/>"
    b"<COLUMNS>\tmatrix_unique_id\tMatrixModifiedDT\tStatus\t</COLUMNS>"
)
ROWS = b"<DATA>\t1\t2026-01-01T00:00:00\tActive\t</DATA><DATA>\t2\t2026-01-02T00:00:00\tActive\t</DATA></RETS>"
GOOD = FIRST + ROWS


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"<html><body>Maintenance</body></html>", "protocol", "HTML"),
        (b"", "protocol", "empty"),
        (GOOD[:-30], "protocol", "cut short"),
        (Answer(GOOD, cut_at=200), "protocol", ""),
        (GOOD.replace(b"</RETS>", b"<RETS-STATUS ReplyCode='20209' ReplyText='timeout'/></RETS>"), "network", "20209"),
        (b'<RETS ReplyCode="20200" ReplyText="unknown field"/>', "unknown", "unknown field"),
        (Answer(b"broken", status=500), "network", ""),
        (Answer(b"no", status=404), "protocol", "404"),
    ],
)
async def test_a_fault_stops_the_run_and_removes_nothing(
    feed: Open, answer: bytes | Answer, kind: str, words: str
) -> None:
    async with feed(RetsReplay([GOOD, _keys("1", "2"), answer])) as it:
        assert (await it.sync())["status"] == "success"
        (mark,) = await it.rows("SELECT watermark FROM mls_sync_cursors")
        run = await it.sync()
        assert (run["status"], run["error_type"]) == ("failed", kind)
        assert words in str(run["error"])
        assert await it.rows("SELECT watermark FROM mls_sync_cursors") == [mark]
        assert await it.rows("SELECT count(*) AS n FROM properties WHERE visible") == [{"n": 2}]


async def test_an_incremental_run_asks_by_the_sources_own_time_less_the_overlap(feed: Open) -> None:
    async with feed(RetsReplay([GOOD, _keys("1", "2"), NONE_FOUND], date="Sat, 03 Jan 2026 00:00:00 GMT")) as it:
        await it.sync()
        run = await it.sync(SyncType.INCREMENTAL)
        assert run["status"] == "success", run["error"]
        assert it.replay.searched()[2]["Query"] == "(MatrixModifiedDT=2026-01-01T23:55:00+)"


async def test_a_record_ahead_of_the_sources_clock_opens_no_gap(feed: Open) -> None:
    ahead = ROWS.replace(b"2026-01-02T00:00:00", b"2026-01-02T00:15:00")
    replay = RetsReplay([FIRST + ahead, _keys("1", "2"), NONE_FOUND], date="Fri, 02 Jan 2026 00:00:00 GMT")
    async with feed(replay) as it:
        await it.sync()
        await it.sync(SyncType.INCREMENTAL)
        assert it.replay.searched()[2]["Query"] == "(MatrixModifiedDT=2025-12-31T23:55:00+)"


async def test_zoneless_times_in_a_repeated_hour_are_asked_for_again(feed: Open) -> None:
    first = FIRST + ROWS.replace(b"2026-01-02T00:00:00", b"2026-11-01T01:50:00")
    replay = RetsReplay([first, _keys("1", "2"), NONE_FOUND], date="Sun, 01 Nov 2026 06:20:00 GMT")
    async with feed(replay, timeZone="America/New_York") as it:
        await it.sync()
        await it.sync(SyncType.INCREMENTAL)
        assert it.replay.searched()[2]["Query"] == "(MatrixModifiedDT=2026-11-01T00:45:00+)"


PHOTOS = (
    b"<RETS ReplyCode='0' ReplyText='ok'><COUNT Records='2'/>"
    b"<COLUMNS>\tmatrix_unique_id\tMatrixModifiedDT\tStatus\tPhotoCount\tPhotosChangeTimestamp\t</COLUMNS>"
)
SECOND = b"<DATA>\t2\t2026-01-02T00:00:00\tActive\t0\t\t</DATA></RETS>"
ONE_PHOTO = PHOTOS + b"<DATA>\t1\t2026-01-01T00:00:00\tActive\t1\t2026-01-01T00:00:00\t</DATA>" + SECOND
CHANGED = PHOTOS.replace(b"'2'", b"'1'") + (
    b"<DATA>\t1\t2026-01-01T00:00:00\tActive\t12\t2026-01-01T12:00:00\t</DATA></RETS>"
)


async def test_photos_that_changed_alone_are_asked_for_by_their_own_time(feed: Open) -> None:
    answers = [ONE_PHOTO, _keys("1", "2"), NONE_FOUND, CHANGED, NONE_FOUND, NONE_FOUND]
    async with feed(RetsReplay([*answers], date="Sat, 03 Jan 2026 00:00:00 GMT"), photoType=None) as it:
        await it.sync()
        mark = "SELECT watermark FROM mls_sync_cursors"
        assert await it.rows(mark) == [{"watermark": "2026-01-02T00:00:00;photos=2026-01-01T00:00:00"}]
        run = await it.sync(SyncType.INCREMENTAL)
        assert (run["status"], run["fetched"], run["updated"]) == ("success", 1, 1)
        assert it.replay.searched()[3]["Query"] == (
            "(PhotosChangeTimestamp=2025-12-31T23:55:00+),(MatrixModifiedDT=2026-01-01T23:55:00-)"
        )
        assert await it.rows("SELECT photos_count FROM properties ORDER BY listing_key LIMIT 1") == [
            {"photos_count": 12}
        ]
        assert await it.rows(mark) == [{"watermark": "2026-01-02T00:00:00;photos=2026-01-01T12:00:00"}]
        await it.sync(SyncType.INCREMENTAL)
        assert it.replay.searched()[-1]["Query"].startswith("(PhotosChangeTimestamp=2026-01-01T11:55:00+)")


async def test_a_source_without_a_time_of_photos_is_not_asked_for_it(feed: Open) -> None:
    async with feed(RetsReplay([GOOD, _keys("1", "2"), GOOD], date="Sat, 03 Jan 2026 00:00:00 GMT")) as it:
        await it.sync()
        run = await it.sync(SyncType.INCREMENTAL)
        assert (run["status"], run["remarks"], len(it.replay.searched())) == ("success", [], 3)


async def test_the_search_by_the_time_of_photos_can_be_switched_off(feed: Open) -> None:
    async with feed(RetsReplay([GOOD, _keys("1", "2"), NONE_FOUND]), photosModifiedField=None) as it:
        await it.sync()
        await it.sync(SyncType.INCREMENTAL)
        assert len(it.replay.searched()) == 3


@pytest.mark.parametrize("code", [20200, 20203, 20206])
async def test_a_search_by_the_time_of_photos_that_is_refused_is_remarked(feed: Open, code: int) -> None:
    refusal = f'<RETS ReplyCode="{code}" ReplyText="no such field"/>'.encode()
    answers = [ONE_PHOTO, _keys("1", "2"), NONE_FOUND, refusal]
    async with feed(RetsReplay([*answers], date="Sat, 03 Jan 2026 00:00:00 GMT"), photoType=None) as it:
        await it.sync()
        run = await it.sync(SyncType.INCREMENTAL)
        assert run["status"] == "success", run["error"]
        assert "refuses to search Listing by PhotosChangeTimestamp" in str(run["remarks"])
        assert await it.rows("SELECT walk FROM mls_sync_cursors") == [{"walk": None}]


@pytest.mark.parametrize("lost", [Answer(b"", status=412), b'<RETS ReplyCode="20701" ReplyText="not logged in"/>'])
async def test_a_lost_session_is_met_with_one_new_login(feed: Open, lost: Answer | bytes) -> None:
    async with feed(RetsReplay([lost, GOOD, _keys("1", "2")])) as it:
        run = await it.sync()
        assert run["status"] == "success", run["error"]
        assert [request.path for request in it.replay.requests].count("/rets/login") == 2


async def test_a_refused_login_blocks_the_provider(feed: Open) -> None:
    refusal = b'<RETS ReplyCode="20037" ReplyText="User Agent not registered"/>'
    async with feed(RetsReplay([GOOD], login=refusal)) as it:
        run = await it.sync()
        assert (run["status"], run["error_type"]) == ("failed", "authentication")
        assert (await it.rows("SELECT blocked FROM mls_sync_status"))[0]["blocked"] is True
        whole = await it.rows("SELECT row_to_json(h)::text AS t FROM mls_sync_history h")
        assert all("secret" not in str(row["t"]) for row in whole)


@pytest.mark.parametrize("recorded", [None, "Action.xml", "Logout.html"])
async def test_the_action_page_is_fetched_after_login(feed: Open, recorded: str | None) -> None:
    login = LOGIN.replace(b"Logout=", b"Action=/rets/action\nLogout=")
    replay = RetsReplay([GOOD, _keys("1", "2")], login=login)
    if recorded is not None:  # real servers answer the action page and the logout with anything
        replay.other_body = recorded_rets(recorded)
    async with feed(replay) as it:
        run = await it.sync()
        assert run["status"] == "success", run["error"]
        paths = [request.path for request in it.replay.requests]
        assert (paths[:2], paths[-1]) == (["/rets/login", "/rets/action"], "/rets/logout")


async def test_missing_classes_are_said(feed: Open) -> None:
    async with feed(RetsReplay([GOOD])) as it:
        async with it.database.transaction() as connection:
            sql = "UPDATE mls_provider_configurations SET settings = settings - 'classes'"
            await connection.run(Query("unset", "Take the classes away.", sql))
        run = await it.sync()
        assert "settings.classes is missing" in str(run["error"])


async def test_the_connections_test_counts_records_that_no_later_run_can_start_from(feed: Open) -> None:
    rows = [*numbered_rows(3, undated=1), ("K004", "01/02/2026 03:00 PM")]
    replay = RowsReplay(rows=rows)
    async with feed(replay, keyField="Key", modifiedField="Modified", allQuery="") as it:
        engine = it.engine
        tester = ConnectionTester(it.database, engine.transport, engine.box, engine.clock, engine.find_connector)
        probe = await tester.probe("naples")
    assert (probe.ok, probe.count) == (True, 4)
    message = probe.steps[-1].message
    assert "1 of its 4 records have no modification time" in message
    assert "2 of 4 records of Listing have no Modified, so only full runs read them" in message
    assert "1 of 4 records have a Modified that no later run can start from, such as '01/02/2026 03:00 PM'" in message
