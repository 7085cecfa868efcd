"""An end that a source's own evidence does not prove: the walk goes on in another way, or it fails."""

import re
from typing import Literal

import pytest

from platbook.base.errors import ReplyTooLarge, SourceBrokeProtocol
from platbook.connectors.contract import Resource
from tests.fakes.rets_rows import RowsReplay, numbered_rows, rows_session, walk_rows

ALL = [key for key, _ in numbered_rows(25)]
Count = Literal["total", "page", "none"]
COUNTS: list[Count] = ["total", "none"]


@pytest.mark.parametrize("limit", [7, 10, 24, 25, 26])
@pytest.mark.parametrize("marks_more", [True, False])
async def test_a_count_of_the_replys_own_rows_is_not_the_end(*, limit: int, marks_more: bool) -> None:
    keys, remarks = await walk_rows(
        RowsReplay(rows=numbered_rows(25), count="page", marks_more=marks_more), pageSize=limit
    )
    assert (keys, remarks) == (ALL, [])


@pytest.mark.parametrize("limit", [10, 25])
async def test_a_full_page_without_a_count_is_not_the_end(limit: int) -> None:
    replay = RowsReplay(rows=numbered_rows(25), count="none", counts_alone=False, marks_more=False)
    assert await walk_rows(replay, pageSize=limit, allQuery="(Key=0+)") == (ALL, [])


async def test_a_count_below_the_rows_of_its_reply_is_a_broken_reply() -> None:
    replay = RowsReplay(rows=numbered_rows(25), count=5, marks_more=False)
    with pytest.raises(SourceBrokeProtocol, match="counts 5 records and sends 10"):
        await walk_rows(replay)


async def test_a_count_below_what_came_is_no_proof() -> None:
    class Miscounting(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            self.count = 12 if int(arguments.get("Offset", "1")) < 13 else "page"
            return super().search(arguments)

    assert await walk_rows(Miscounting(rows=numbered_rows(25), marks_more=False)) == (ALL, [])


@pytest.mark.parametrize("count", COUNTS)
async def test_a_cap_that_is_not_marked_is_paged_over(count: Count) -> None:
    assert await walk_rows(RowsReplay(rows=numbered_rows(25), count=count, cap=4, marks_more=False)) == (ALL, [])


async def test_a_count_above_what_the_source_sends_fails() -> None:
    replay = RowsReplay(rows=numbered_rows(25), count=40, marks_more=False)
    with pytest.raises(SourceBrokeProtocol, match="counts 40 records, sent 25 and sends no more"):
        await walk_rows(replay)


@pytest.mark.parametrize("count", ["page", *COUNTS])
async def test_a_cap_of_one_row_is_paged_in_another_way(count: Count) -> None:
    keys, remarks = await walk_rows(RowsReplay(rows=numbered_rows(25), count=count, cap=1), keysPerRequest=1)
    remark = "the source marks that more rows follow and sends none, so it was read by key lists"
    assert (sorted(keys), remarks) == (ALL, [remark])


async def test_one_row_again_and_again_is_never_the_end() -> None:
    replay = RowsReplay(
        rows=numbered_rows(25),
        count="none",
        counts_alone=False,
        cap=1,
        caps_keys=True,
        ignores_offset=True,
        ignores_query=True,
    )
    with pytest.raises(SourceBrokeProtocol, match="the same rows whatever Offset or range of times"):
        await walk_rows(replay)


async def test_more_rows_in_a_second_than_are_sent_at_once_name_the_second() -> None:
    rows = [(f"K{number:03d}", "2026-01-05T00:00:00") for number in range(25)]
    with pytest.raises(SourceBrokeProtocol, match=re.escape("changed at 2026-01-05T00:00:00 than the source sends")):
        await walk_rows(RowsReplay(rows=rows, cap=10, caps_keys=True, ignores_offset=True))


async def test_repeated_rows_are_replaced_by_what_the_list_of_keys_names() -> None:
    class Shifting(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            self.repeats = 3 if "Offset" in arguments else 0
            return super().search(arguments)

    keys, remarks = await walk_rows(Shifting(rows=numbered_rows(25)), pageSize=50)
    assert (sorted(set(keys)), remarks) == (ALL, [])
    with pytest.raises(SourceBrokeProtocol, match="of 25 rows of A that the source sent, 22 have different keys"):
        await walk_rows(Shifting(rows=numbered_rows(25), cap=24, caps_keys=True), pageSize=50)


async def test_a_source_that_sends_rows_twice_in_every_way_is_remarked() -> None:
    keys, remarks = await walk_rows(RowsReplay(rows=numbered_rows(25) + numbered_rows(3)), pageSize=50)
    assert sorted(set(keys)) == ALL
    assert "counts 28 records of A and sends 25 different keys" in remarks[0]


async def test_time_slices_are_compared_with_the_sources_count() -> None:
    """What moves to a time that is done while older slices are read comes from the newest slice once more."""

    class Moving(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            reply = super().search(arguments)
            if arguments.get("Count") != "2" and b"K025" in reply:
                self.rows = [(key, "2026-11-01T00:00:00" if key == "K001" else time) for key, time in self.rows]
            return reply

    keys, remarks = await walk_rows(Moving(rows=numbered_rows(25), cap=5), paging="time")
    assert (sorted(keys), remarks) == (ALL, [])


async def test_time_slices_that_bring_less_than_the_count_fail() -> None:
    class Losing(RowsReplay):
        """Does not find two of its rows by any search, but counts them."""

        def search(self, arguments: dict[str, str]) -> bytes:
            hidden = [] if arguments.get("Count") == "2" and "1950" in arguments["Query"] else ["K004", "K009"]
            known, self.rows = self.rows, [row for row in self.rows if row[0] not in hidden]
            reply = super().search(arguments)
            self.rows = known
            return reply

    replay = Losing(rows=numbered_rows(25), cap=5, caps_keys=True)
    with pytest.raises(SourceBrokeProtocol, match="counts 25 records of A and sent 23 by time slices"):
        await walk_rows(replay, paging="time")


async def test_keys_that_are_repeated_within_a_second_do_not_change_the_way_of_paging_for_ever() -> None:
    """A second that is too large is read by its list of keys: what the list repeats comes in place of others."""

    class Repeating(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            is_second = "2026-01-0" in arguments["Query"]
            self.repeats = 3 if is_second and arguments.get("Select") == "Key" else 0
            self.caps_keys = not is_second
            return super().search(arguments)

    rows = [(f"K{number:03d}", "2026-01-05T00:00:00") for number in range(25)]
    with pytest.raises(SourceBrokeProtocol, match="counts 25 records of A and sent 22 by time slices"):
        await walk_rows(Repeating(rows=rows, cap=10, ignores_offset=True))


async def test_a_second_of_many_records_comes_in_pages() -> None:
    rows = [(f"K{number:03d}", "2026-01-05T00:00:00") for number in range(60)] + numbered_rows(60)[30:]
    rows = [(f"{key}{at}", time) for at, (key, time) in enumerate(rows)]
    async with rows_session(RowsReplay(rows=rows, cap=10), paging="time", keysPerRequest=7) as session:
        pages = [page async for page in session.changes(Resource.PROPERTY, None, None)]
        assert sorted(record.key for page in pages for record in page.records) == sorted(key for key, _ in rows)
        assert max(len(page.records) for page in pages) <= 10
        for page in pages[:-1:5]:
            rest = [one async for one in session.changes(Resource.PROPERTY, None, page.checkpoint)]
            done = {record.key for one in pages[: pages.index(page) + 1] for record in one.records}
            assert done | {record.key for one in rest for record in one.records} == {key for key, _ in rows}


@pytest.mark.parametrize("paging", ["offset", "key", "time"])
@pytest.mark.parametrize("count", COUNTS)
async def test_a_class_without_end_is_an_error_that_names_the_limit(paging: str, count: Count) -> None:
    replay = RowsReplay(rows=numbered_rows(250), count=count, cap=10)
    with pytest.raises(ReplyTooLarge, match=r"more than 100 rows of a class \(settings\.maxClassRows\)"):
        await walk_rows(replay, paging=paging, maxClassRows=100)
    await walk_rows(RowsReplay(rows=numbered_rows(60), count=count, cap=10), paging=paging, maxClassRows=100)
