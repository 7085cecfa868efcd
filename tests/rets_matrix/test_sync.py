"""Full sync, incremental run and sweep through HTTP end equal to the source, under every quirk and many at once."""

from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platbook.simulate.rets.quirks import QUIRKS, Area, Kind, Quirk
from platbook.sync.runs.lifecycle import SyncType
from tests.rets_matrix.rets_rig import ProviderRig, RetsRig
from tests.rets_matrix.statements import Cells
from tests.simulate.served import AT

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANNERS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.MANNER]
FAULTS = [quirk for quirk, about in QUIRKS.items() if about.kind is Kind.FAULT and about.area is not Area.PHOTOS]
ERRORS = {
    Quirk.ERROR_IN_TRAILER: "20209",
    Quirk.CUT_BODY: "cut short",
    Quirk.BROKEN_CONNECTION: "stops short",
    Quirk.HTML_PAGE: "HTML",
    Quirk.EMPTY_BODY: "empty",
    Quirk.COUNT_WITHOUT_DATA: "incomplete",
    Quirk.HTTP_503: "503",
}
"""A word of the error that each fault ends with."""
LATER = AT + timedelta(days=2)


async def follow(provider: ProviderRig) -> None:
    """A full sync, then what changed two days later, then what is gone."""
    run = await provider.sync(SyncType.FULL)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert await provider.stored() == provider.stated()

    provider.rets_rig.move(LATER)
    run = await provider.sync(SyncType.INCREMENTAL)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert 0 < int(str(run["fetched"])) < len(provider.stated()) / 2
    run = await provider.sync(SyncType.SWEEP)
    assert (run["status"], run["errored"], run["error"]) == ("success", 0, None)
    assert await provider.stored() == provider.stated()


@pytest.mark.parametrize("quirk", [None, *MANNERS])
async def test_under_a_manner_all_ends_equal(rets_rig: RetsRig, quirk: Quirk | None) -> None:
    provider = await rets_rig.open(*([quirk] if quirk else []))
    await follow(provider)
    assert rets_rig.served.server.statistics.requests.get("logout"), "each session is logged out"


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
async def test_criteria_narrow_every_search_to_what_satisfies_them(rets_rig: RetsRig, paging: str) -> None:
    provider = await rets_rig.open(criteria=CRITERIA, classes=["Residential"], paging=paging)
    for sync_type in (SyncType.FULL, SyncType.SWEEP):
        run = await provider.sync(sync_type)
        assert (run["status"], run["error"]) == ("success", None)
    expected = {
        key: cells
        for key, cells in provider.stated().items()
        if cells["PropertyType"] == "Residential" and satisfies(cells)
    }
    assert 5 < len(expected) < len(provider.stated()) / 2
    assert await provider.stored() == expected


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
async def test_under_many_manners_at_once_all_ends_equal(rets_rig: RetsRig, quirks: list[Quirk]) -> None:
    await follow(await rets_rig.open(*quirks))


@pytest.mark.parametrize("fault", FAULTS)
async def test_under_a_fault_now_and_then_all_ends_equal(rets_rig: RetsRig, fault: Quirk) -> None:
    strikes = await follow_through(await rets_rig.open(fault, page_size=20))
    assert strikes[fault] > 0


async def follow_through(provider: ProviderRig) -> Mapping[str, int]:
    """As `follow`, where a run may fail and is asked for again; how often each fault struck."""
    await sync_until_good(provider, SyncType.FULL)
    assert await provider.stored() == provider.stated()

    provider.rets_rig.move(LATER)
    for sync_type in (SyncType.INCREMENTAL, SyncType.SWEEP):
        await sync_until_good(provider, sync_type)
    assert await provider.stored() == provider.stated()
    return provider.rets_rig.served.server.statistics.strikes


async def sync_until_good(provider: ProviderRig, sync_type: SyncType) -> None:
    """Run until it goes well: a run that a fault struck fails, and removes nothing."""
    said: object = None
    for _ in range(30):
        before = await provider.stored()
        run = await provider.sync(sync_type)
        if run["status"] == "success":
            return
        assert run["status"] == "failed"
        said = run["error"]
        assert before.keys() <= (await provider.stored()).keys()
    raise AssertionError(f"thirty runs failed, the last one with {said}")


@pytest.mark.parametrize("sync_type", [SyncType.FULL, SyncType.INCREMENTAL, SyncType.SWEEP])
@pytest.mark.parametrize(("fault", "named"), ERRORS.items())
async def test_under_a_fault_each_time_the_run_fails_by_name_and_nothing_is_lost(
    rets_rig: RetsRig, fault: Quirk, named: str, sync_type: SyncType
) -> None:
    provider = await rets_rig.open()
    assert (await provider.sync(SyncType.FULL))["status"] == "success"
    before, watermark = await provider.stored(), await provider.watermark()

    rets_rig.behave(f"{fault}=always")
    rets_rig.move(LATER)
    run = await provider.sync(sync_type)
    assert run["status"] == "failed"
    assert named in str(run["error"])
    assert rets_rig.served.server.statistics.strikes[fault] > 0
    assert (await provider.stored(), await provider.watermark()) == (before, watermark)

    rets_rig.behave()
    for again in (SyncType.INCREMENTAL, SyncType.SWEEP):
        assert (await provider.sync(again))["status"] == "success"
    assert await provider.stored() == provider.stated()
