"""Full sync, incremental run and sweep through HTTP end equal to the source, under every quirk and many at once."""

from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platbook.simulate.rets.quirks import QUIRKS, Quirk, QuirkArea, QuirkKind
from platbook.sync.runs.run import SyncType
from tests.rets_matrix.expected_cells import Cells
from tests.rets_matrix.rets_rig import RetsEnvironment, RetsRig
from tests.simulate.served import AT

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEHAVIORS = [quirk for quirk, info in QUIRKS.items() if info.kind is QuirkKind.BEHAVIOR]
FAULTS = [quirk for quirk, info in QUIRKS.items() if info.kind is QuirkKind.FAULT and info.area is not QuirkArea.PHOTOS]
ERRORS = {
    Quirk.ERROR_IN_TRAILER: "20209",
    Quirk.CUT_BODY: "cut short",
    Quirk.BROKEN_CONNECTION: "is truncated",
    Quirk.HTML_PAGE: "HTML",
    Quirk.EMPTY_BODY: "empty",
    Quirk.COUNT_WITHOUT_DATA: "incomplete",
    Quirk.LOW_COUNT: "records and sends",
    Quirk.HTTP_503: "503",
}
"""Part of the error message that each fault ends with."""
LATER = AT + timedelta(days=2)


async def check_full_cycle(rig: RetsRig) -> None:
    """A full sync, then an incremental run two days later, then a key sweep."""
    run = await rig.sync(SyncType.FULL)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert await rig.stored() == rig.expected()

    rig.environment.set_time(LATER)
    run = await rig.sync(SyncType.INCREMENTAL)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert 0 < int(str(run["fetched"])) < len(rig.expected()) / 2
    run = await rig.sync(SyncType.SWEEP)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert await rig.stored() == rig.expected()


@pytest.mark.parametrize("quirk", [None, *BEHAVIORS])
async def test_listings_are_equal_under_a_behavior(environment: RetsEnvironment, quirk: Quirk | None) -> None:
    rig = await environment.add_rig(*([quirk] if quirk else []))
    await check_full_cycle(rig)
    assert environment.served.server.request_log.requests.get("logout"), "each session is logged out"


CRITERIA = [
    {"field": "StandardStatus", "hasAny": ["Acti", "Pend"]},
    {"field": "ListPrice", "atLeast": 250_000, "atMost": 900_000},
    {"either": [{"field": "BedroomsTotal", "anyOf": [2, 3]}, {"field": "PublicRemarks", "contains": "garden"}]},
    {"field": "City", "equals": "Alder Falls", "negated": True},
]


def satisfies(cells: Cells) -> bool:
    """Evaluate the criteria on the source's expected cells."""
    return (
        cells["StandardStatus"] in {"Active", "Pending"}
        and 250_000 <= int(cells["ListPrice"] or 0) <= 900_000
        and (cells.get("BedroomsTotal") in {"2", "3"} or "garden" in (cells["PublicRemarks"] or "").lower())
        and cells["City"] != "Alder Falls"
    )


@pytest.mark.parametrize("paging", ["offset", "key", "time"])
async def test_criteria_restrict_every_search(environment: RetsEnvironment, paging: str) -> None:
    rig = await environment.add_rig(criteria=CRITERIA, classes=["Residential"], paging=paging)
    for sync_type in (SyncType.FULL, SyncType.SWEEP):
        run = await rig.sync(sync_type)
        assert (run["status"], run["error"]) == ("success", None)
    expected = {
        key: cells
        for key, cells in rig.expected().items()
        if cells["PropertyType"] == "Residential" and satisfies(cells)
    }
    assert 5 < len(expected) < len(rig.expected()) / 2
    assert await rig.stored() == expected


def drop_contradictions(quirks: Collection[Quirk]) -> list[Quirk]:
    """Drop one of two contradicting forms of the user agent digest."""
    has_interealty = Quirk.UA_INTEREALTY in quirks
    return [quirk for quirk in quirks if not (has_interealty and quirk is Quirk.UA_BARE_VERSION)]


SEEDED = settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
"""Ten sets of quirks, the same ones in every run."""
SETS = st.lists(st.sampled_from(BEHAVIORS), min_size=2, max_size=14, unique=True).map(drop_contradictions)


@SEEDED
@given(quirks=SETS)
async def test_listings_are_equal_under_many_behaviors(environment: RetsEnvironment, quirks: list[Quirk]) -> None:
    await check_full_cycle(await environment.add_rig(*quirks))


@pytest.mark.parametrize("fault", FAULTS)
async def test_listings_are_equal_after_retries_under_an_occasional_fault(
    environment: RetsEnvironment, fault: Quirk
) -> None:
    fault_counts = await check_full_cycle_with_retries(await environment.add_rig(fault, page_size=20))
    assert fault_counts[fault] > 0


async def check_full_cycle_with_retries(rig: RetsRig) -> Mapping[str, int]:
    """As `check_full_cycle`, with retries of failed runs; returns how often each fault occurred."""
    await sync_until_success(rig, SyncType.FULL)
    assert await rig.stored() == rig.expected()

    rig.environment.set_time(LATER)
    for sync_type in (SyncType.INCREMENTAL, SyncType.SWEEP):
        await sync_until_success(rig, sync_type)
    assert await rig.stored() == rig.expected()
    return rig.environment.served.server.request_log.faults


async def sync_until_success(rig: RetsRig, sync_type: SyncType) -> None:
    """Run until success: a run with a fault fails, and removes nothing."""
    error: object = None
    for _ in range(30):
        before = await rig.stored()
        run = await rig.sync(sync_type)
        if run["status"] == "success":
            return
        assert run["status"] == "failed"
        error = run["error"]
        assert before.keys() <= (await rig.stored()).keys()
    raise AssertionError(f"thirty runs failed, the last one with {error}")


@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.INCREMENTAL, SyncType.SWEEP])
@pytest.mark.parametrize(("fault", "message"), ERRORS.items())
async def test_a_permanent_fault_fails_the_run_and_nothing_is_lost(
    environment: RetsEnvironment, fault: Quirk, message: str, sync_type: SyncType
) -> None:
    rig = await environment.add_rig()
    assert (await rig.sync(SyncType.FULL))["status"] == "success"
    before, watermark = await rig.stored(), await rig.watermark()

    environment.apply_quirks(f"{fault}=always")
    environment.set_time(LATER)
    run = await rig.sync(sync_type)
    assert run["status"] == "failed"
    assert message in str(run["error"])
    assert environment.served.server.request_log.faults[fault] > 0
    assert (await rig.stored(), await rig.watermark()) == (before, watermark)

    environment.apply_quirks()
    for again in (SyncType.INCREMENTAL, SyncType.SWEEP):
        assert (await rig.sync(again))["status"] == "success"
    assert await rig.stored() == rig.expected()
