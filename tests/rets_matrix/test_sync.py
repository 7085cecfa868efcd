"""Full sync, incremental run and sweep through HTTP end equal to the source, under every quirk and many at once."""

from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platbook.simulate.rets.quirks import QUIRKS, Area, Kind, Quirk
from platbook.sync.runs.lifecycle import SyncType
from tests.rets_matrix.board import Board, Boards
from tests.rets_matrix.statements import Cells
from tests.simulate.served import AT

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANNERS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.MANNER]
FAULTS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.FAULT and about.area is not Area.PHOTOS]
ERRORS = {
    Quirk.ERROR_IN_TRAILER: "20209",
    Quirk.CUT_BODY: "cut short",
    Quirk.BROKEN_CONNECTION: "is truncated",
    Quirk.HTML_PAGE: "HTML",
    Quirk.EMPTY_BODY: "empty",
    Quirk.COUNT_WITHOUT_DATA: "incomplete",
    Quirk.HTTP_503: "503",
}
"""A word of the error that each fault ends with."""
LATER = AT + timedelta(days=2)


async def follow(board: Board) -> None:
    """A full sync, then what changed two days later, then what is gone."""
    run = await board.sync(SyncType.FULL)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert await board.stored() == board.stated()

    board.boards.move(LATER)
    run = await board.sync(SyncType.INCREMENTAL)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert 0 < int(str(run["fetched"])) < len(board.stated()) / 2
    run = await board.sync(SyncType.SWEEP)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert await board.stored() == board.stated()


@pytest.mark.parametrize("quirk", [None, *MANNERS])
async def test_under_a_manner_all_ends_equal(boards: Boards, quirk: Quirk | None) -> None:
    board = await boards.open(*([quirk] if quirk else []))
    await follow(board)
    assert boards.served.server.statistics.requests.get("logout"), "each session is logged out"


CRITERIA = [
    {"field": "StandardStatus", "hasAny": ["Acti", "Pend"]},
    {"field": "ListPrice", "atLeast": 250_000, "atMost": 900_000},
    {"either": [{"field": "BedroomsTotal", "anyOf": [2, 3]}, {"field": "PublicRemarks", "contains": "garden"}]},
    {"field": "City", "equals": "Alder Falls", "negated": True},
]


def satisfies(cells: Cells) -> bool:
    """What the criteria mean, worked out from the source's own cells."""
    return (
        cells["StandardStatus"] in {"Active", "Pending"}
        and 250_000 <= int(cells["ListPrice"] or 0) <= 900_000
        and (cells.get("BedroomsTotal") in {"2", "3"} or "garden" in (cells["PublicRemarks"] or "").lower())
        and cells["City"] != "Alder Falls"
    )


@pytest.mark.parametrize("paging", ["offset", "key", "time"])
async def test_criteria_narrow_every_search_to_what_satisfies_them(boards: Boards, paging: str) -> None:
    board = await boards.open(criteria=CRITERIA, classes=["Residential"], paging=paging)
    for sync_type in (SyncType.FULL, SyncType.SWEEP):
        run = await board.sync(sync_type)
        assert (run["status"], run["error"]) == ("success", None)
    expected = {
        key: cells
        for key, cells in board.stated().items()
        if cells["PropertyType"] == "Residential" and satisfies(cells)
    }
    assert 5 < len(expected) < len(board.stated()) / 2
    assert await board.stored() == expected


def settle(quirks: Collection[Quirk]) -> list[Quirk]:
    """Leave out what no client could meet together with the rest: two rival forms of one proof."""
    rival = Quirk.UA_INTEREALTY in quirks
    return [quirk for quirk in quirks if not (rival and quirk is Quirk.UA_BARE_VERSION)]


SEEDED = settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
"""Ten sets of quirks, the same ones in every run."""
SETS = st.lists(st.sampled_from(MANNERS), min_size=2, max_size=14, unique=True).map(settle)


@SEEDED
@given(quirks=SETS)
async def test_under_many_manners_at_once_all_ends_equal(boards: Boards, quirks: list[Quirk]) -> None:
    await follow(await boards.open(*quirks))


@pytest.mark.parametrize("fault", FAULTS)
async def test_under_a_fault_now_and_then_all_ends_equal(boards: Boards, fault: Quirk) -> None:
    strikes = await follow_through(await boards.open(fault, page_size=20))
    assert strikes[fault] > 0


async def follow_through(board: Board) -> Mapping[str, int]:
    """As `follow`, where a run may fail and is asked for again; how often each fault struck."""
    await sync_until_good(board, SyncType.FULL)
    assert await board.stored() == board.stated()

    board.boards.move(LATER)
    for sync_type in (SyncType.INCREMENTAL, SyncType.SWEEP):
        await sync_until_good(board, sync_type)
    assert await board.stored() == board.stated()
    return board.boards.served.server.statistics.strikes


async def sync_until_good(board: Board, sync_type: SyncType) -> None:
    """Run until it goes well: a run that a fault struck fails, and removes nothing."""
    said: object = None
    for _ in range(30):
        before = await board.stored()
        run = await board.sync(sync_type)
        if run["status"] == "success":
            return
        assert run["status"] == "failed"
        said = run["error"]
        assert before.keys() <= (await board.stored()).keys()
    raise AssertionError(f"thirty runs failed, the last one with {said}")


@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.INCREMENTAL, SyncType.SWEEP])
@pytest.mark.parametrize(("fault", "named"), ERRORS.items())
async def test_under_a_fault_each_time_the_run_fails_by_name_and_nothing_is_lost(
    boards: Boards, fault: Quirk, named: str, sync_type: SyncType
) -> None:
    board = await boards.open()
    assert (await board.sync(SyncType.FULL))["status"] == "success"
    before, watermark = await board.stored(), await board.watermark()

    boards.behave(f"{fault}=always")
    boards.move(LATER)
    run = await board.sync(sync_type)
    assert run["status"] == "failed"
    assert named in str(run["error"])
    assert boards.served.server.statistics.strikes[fault] > 0
    assert (await board.stored(), await board.watermark()) == (before, watermark)

    boards.behave()
    for again in (SyncType.INCREMENTAL, SyncType.SWEEP):
        assert (await board.sync(again))["status"] == "success"
    assert await board.stored() == board.stated()
