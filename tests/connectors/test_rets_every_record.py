"""Every record comes by a full walk and a key sweep, those without a time too, or a remark says that some may not."""

import pytest

from platbook.connectors.contract import Cursor, ProviderMisconfigured, Resource
from tests.fakes.rets_market import rets_market
from tests.fakes.rets_rows import RowsReplay, numbered_rows, rows_session, walk_rows

ALL = [key for key, _ in numbered_rows(25)]
RANGE, ANY, EITHER, EVERY = r"\(Key=0\+\)", r"\.ANY\.", r"\.EMPTY\.", r"^\*$"


def _undated(refused: str = r"(?!)", **habits: object) -> RowsReplay:
    return RowsReplay(rows=numbered_rows(25, undated=5), refused=refused, **habits)  # pyright: ignore[reportArgumentType] - fields of it


@pytest.mark.parametrize("paging", ["auto", "key", "time"])
@pytest.mark.parametrize("refused", ["(?!)", RANGE, f"{RANGE}|{ANY}", f"{RANGE}|{ANY}|{EITHER}"])
async def test_records_without_a_time_come_by_whichever_query_finds_them(refused: str, paging: str) -> None:
    keys, remarks = await walk_rows(_undated(refused), paging=paging)
    assert (sorted(keys), remarks) == (ALL, ["5 of 25 records of A have no Modified, so only full runs read them"])


async def test_time_slices_find_records_without_a_time_also_where_keys_are_capped() -> None:
    keys, remarks = await walk_rows(_undated(cap=7, caps_keys=True), paging="time")
    assert (sorted(keys), len(remarks)) == (ALL, 1)
    keys, remarks = await walk_rows(_undated(EITHER, cap=7, caps_keys=True), paging="time")
    assert sorted(keys) == ALL[5:]
    assert "5 of 25 records of A have no Modified and cannot be read by time slices" in remarks


async def test_a_source_that_takes_no_query_for_every_record_is_remarked() -> None:
    keys, remarks = await walk_rows(_undated(f"{RANGE}|{ANY}|{EITHER}|{EVERY}"))
    assert sorted(keys) == ALL[5:]
    assert remarks[0].startswith("the source takes no query for every record of A: those without Modified")


async def test_a_query_that_breaks_the_source_is_requested_once() -> None:
    class Broken(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            return b"<RETS " if "Key=" in arguments["Query"] else super().search(arguments)

    replay = Broken(rows=numbered_rows(25, undated=5))
    keys, _ = await walk_rows(replay)
    assert sorted(keys) == ALL
    assert len([one for one in replay.searched() if "Key=" in one["Query"]]) == 2


async def test_a_source_that_does_not_count_is_remarked() -> None:
    replay = RowsReplay(rows=numbered_rows(8), count="none", counts_alone=False)
    keys, remarks = await walk_rows(replay)
    assert keys == ALL[:8]
    assert remarks == ["the source does not count its records, so it is not known whether some of A have no Modified"]


async def test_a_query_that_finds_less_is_not_used() -> None:
    """A range of the key that leaves out keys which begin with a letter."""

    class Numeric(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            known = self.rows
            self.rows = [] if "(Key=0+)" in arguments["Query"] else known
            reply = super().search(arguments)
            self.rows = known
            return reply

    keys, _ = await walk_rows(Numeric(rows=numbered_rows(25, undated=5)))
    assert sorted(keys) == ALL


async def test_a_sweep_and_a_count_have_the_records_without_a_time() -> None:
    async with rows_session(_undated()) as session:
        keys = [key async for page in session.keys(Resource.PROPERTY) for key in page.keys]
        assert (sorted(keys), await session.count(Resource.PROPERTY)) == (ALL, 25)


async def test_the_criteria_of_a_provider_alone_are_such_a_query() -> None:
    replay = _undated(f"{RANGE}|{ANY}|{EITHER}")
    keys, _ = await walk_rows(replay, query="(Key=A+)")
    assert sorted(keys) == ALL
    assert "(Key=A+)" in {arguments["Query"] for arguments in replay.searched()}


@pytest.mark.parametrize("settings", [{}, {"paging": "time"}, {"paging": "key"}, {"columns": ["Key", "Modified"]}])
async def test_an_incremental_walk_asks_a_source_without_a_time_of_photos_for_no_other(
    settings: dict[str, object],
) -> None:
    replay = _undated()
    async with rows_session(replay, **settings) as session:
        since = Cursor("2026-01-20T00:00:00")
        found = [r.key async for page in session.changes(Resource.PROPERTY, since, None) for r in page.records]
    assert set(found) == {key for key, time in numbered_rows(25) if time >= "2026-01-19T23:55:00"}
    queries = {arguments["Query"] for arguments in replay.searched()}
    assert {query for query in queries if not query.startswith("(Key=")} == {"(Modified=2026-01-19T23:55:00+)"}


class _Photos(RowsReplay):
    """Finds every row by the time of its photos, up to a page that it refuses."""

    refused_from = 1

    def search(self, arguments: dict[str, str]) -> bytes:
        by_photos = "(Photos=" in arguments["Query"]
        if by_photos and int(arguments.get("Offset", "1")) >= self.refused_from:
            return b'<RETS ReplyCode="20200" ReplyText="Unknown Query Field"/>'
        known, self.ignores_query = self.rows, by_photos
        self.rows = known if by_photos else []
        reply = super().search(arguments)
        self.rows = known
        return reply


async def test_a_source_that_refuses_the_time_of_photos_is_remarked_unless_it_was_in_the_middle() -> None:
    replay = _Photos(rows=numbered_rows(25))
    async with rows_session(replay, photosModifiedField="Photos") as session:
        since = Cursor("2026-02-20T00:00:00")
        assert [page.complete async for page in session.changes(Resource.PROPERTY, since, None)] == [True]
        assert "the source refuses to search A by Photos" in session.remarks()[0]
        replay.refused_from = 5
        with pytest.raises(ProviderMisconfigured, match="20200"):
            [page async for page in session.changes(Resource.PROPERTY, since, None)]


async def test_times_that_give_no_watermark_are_counted() -> None:
    dated = numbered_rows(25)
    replay = RowsReplay(rows=[(key, "01/02/2026 03:00 PM") for key, _ in dated[:4]] + dated[4:])
    _, remarks = await walk_rows(replay, allQuery="(Key=0+)")
    remark = "4 of 25 records have a Modified that no later run can start from, such as '01/02/2026 03:00 PM'"
    assert remarks == [remark]
    replay.rows = replay.rows[:4]
    _, remarks = await walk_rows(replay, allQuery="(Key=0+)")
    assert remarks == [f"{remark.replace('25', '4')}, so every run reads everything"]


@pytest.mark.parametrize("paging", ["offset", "key", "time"])
async def test_a_market_with_undated_listings_is_read_whole(paging: str) -> None:
    async with rets_market("undated-rows", listings=60, cap=7) as market:
        async with market.session(paging=paging, pageSize=20) as session:
            pages = [page async for page in session.changes(Resource.PROPERTY, None, None)]
            remarks = session.remarks()
        records = [record for page in pages for record in page.records]
        assert len({record.key for record in records}) == len(records) == 60
        assert any(record.modified is None for record in records)
        assert any("only full runs read them" in remark for remark in remarks)


class _Unlisted(RowsReplay):
    """Answers only the first keys of a list, in some queries none, without an error."""

    honoured = 1
    hidden: frozenset[str] = frozenset()

    def search(self, arguments: dict[str, str]) -> bytes:
        known, query = self.rows, arguments["Query"]
        keys = query.removeprefix("(Key=").removesuffix(")").split(",") if "(Key=K" in query else []
        if keys:
            self.rows = [row for row in known if row[0] in keys[: self.honoured] and row[0] not in self.hidden]
        reply = super().search(arguments)
        self.rows = known
        return reply


@pytest.mark.parametrize("honoured", [1, 3, 10])
async def test_a_list_of_keys_that_is_cut_off_without_an_error_loses_no_record(honoured: int) -> None:
    replay = _Unlisted(rows=numbered_rows(25))
    replay.honoured = honoured
    keys, remarks = await walk_rows(replay, paging="key")
    assert (sorted(keys), remarks) == (ALL, [])


async def test_keys_of_a_source_that_takes_no_lists_are_requested_one_by_one() -> None:
    class Single(_Unlisted):
        def search(self, arguments: dict[str, str]) -> bytes:
            self.honoured = 0 if "," in arguments["Query"] else 1
            return super().search(arguments)

    replay = Single(rows=numbered_rows(25))
    keys, _ = await walk_rows(replay, paging="key", keysPerRequest=10)
    assert sorted(keys) == ALL
    assert len([one for one in replay.searched() if "," in one["Query"]]) == 1


@pytest.mark.parametrize("paging", ["key", "offset"])
async def test_a_key_that_is_listed_and_never_sent_is_a_problem(paging: str) -> None:
    class Shifting(_Unlisted):
        honoured = 200
        hidden = frozenset({"K023", "K024"})

        def search(self, arguments: dict[str, str]) -> bytes:
            self.repeats = 3 if "Offset" in arguments else 0
            return super().search(arguments)

    async with rows_session(Shifting(rows=numbered_rows(25)), paging=paging, pageSize=50) as session:
        pages = [page async for page in session.changes(Resource.PROPERTY, None, None)]
        problems = [problem for page in pages for problem in page.problems]
        assert {problem.key for problem in problems} == {"K023", "K024"}
        assert {problem.reason for problem in problems} == {"the source lists this key and sends no record for it"}
        assert pages[-1].complete
        assert not session.remarks()


async def test_a_record_that_is_removed_during_a_walk_by_key_is_no_problem() -> None:
    class Removing(RowsReplay):
        def search(self, arguments: dict[str, str]) -> bytes:
            if "(Key=K" in arguments["Query"]:
                self.rows = [row for row in self.rows if row[0] != "K011"]
            return super().search(arguments)

    keys, remarks = await walk_rows(Removing(rows=numbered_rows(25)), paging="key", keysPerRequest=10)
    assert (sorted(keys), remarks) == ([key for key in ALL if key != "K011"], [])
