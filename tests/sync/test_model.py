"""The replica against a model of its source: clocks that differ, records in any order, replies that are false.

Two claims. After honest replies the replica equals the source, whatever happened before. While a list of keys is false,
nothing that exists is removed, and no run that read the list is a success.
"""

import os
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platbook.base.clock import SetClock
from platbook.connectors.contract import ByKey
from platbook.db import Database, SecretBox
from platbook.providers.configuration import Configuration
from platbook.providers.providers import add_provider
from platbook.sync.engine import SyncEngine
from platbook.sync.runs.run import SyncType
from platbook.transport import Transport
from tests.fakes.model_source import KeyFault, ModelConnector, ModelSource, Replies
from tests.fakes.scripted_source import Source
from tests.sync.conftest import SyncRig

NEW_YORK = ZoneInfo("America/New_York")
CLOCKS_GO_BACK = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
_NUMBERS = count()


@dataclass
class ModelRig:
    """A provider over a model of a source."""

    source: ModelSource
    rig: SyncRig

    def advance(self, by: timedelta) -> None:
        self.rig.clock.advance(by)
        self.source.now = self.rig.clock.now()

    async def sync(self, sync_type: SyncType, replies: Replies | None = None) -> str:
        """Do a run; its status. No record that the source has may be removed by it."""
        self.advance(timedelta(minutes=1))
        self.source.replies = replies or Replies()
        before = await self.replica()
        self.rig.source = Source()
        run = await self.rig.sync(sync_type)
        after = await self.replica()
        lost = (before.keys() & self.source.records.keys()) - after.keys()
        assert not lost, f"{sorted(map(str, lost))} exist, and were removed by a {sync_type} with {replies}"
        return str(run["status"])

    async def replica(self) -> dict[object, object]:
        """The version of every visible record."""
        rows = await self.rig.rows(
            "SELECT listing_key, raw FROM properties WHERE visible AND provider_id = %(id)s", id=self.rig.provider_id
        )
        return {row["listing_key"]: cast("dict[str, int]", row["raw"])["ListPrice"] - 100_000 for row in rows}


MakeModelRig = Callable[[ModelSource], Awaitable[ModelRig]]


@pytest.fixture
async def make_rig(database: Database) -> AsyncGenerator[MakeModelRig]:
    """Make a provider of its own over a model."""
    clock = SetClock(datetime(2026, 1, 2, tzinfo=UTC))
    box = SecretBox(os.urandom(32))
    async with Transport.open(database, clock) as transport:

        async def make(source: ModelSource) -> ModelRig:
            clock.at = source.now
            provider_id = f"model{next(_NUMBERS)}"
            values = {
                "providerId": provider_id,
                "providerName": "Model",
                "providerType": "MODEL",
                "maxRemovalShare": 1,
            }
            async with database.transaction() as connection:
                await add_provider(connection, box, Configuration.model_validate(values), clock.now())
            connector = ModelConnector(source)
            engine = SyncEngine(database, transport, box, clock, lambda _: connector)
            return ModelRig(source, SyncRig(database, engine, Source(), clock, provider_id))

        yield make


KEYS = [f"K{number}" for number in range(14)]
MINUTES = st.integers(-3 * 1440, 3 * 1440)
CHANGES = st.tuples(st.sampled_from(KEYS), st.one_of(st.none(), st.just(0), MINUTES))
REPLIES = st.builds(
    Replies,
    page_size=st.integers(1, 6),
    order=st.one_of(st.none(), st.integers(0, 9)),
    cut_after=st.one_of(st.none(), st.integers(0, 2)),
    repeats_rows=st.booleans(),
    skips_a_row=st.booleans(),
    counts=st.booleans(),
)
STEPS = st.one_of(
    st.tuples(st.just("put"), st.lists(CHANGES, min_size=1, max_size=6)),
    st.tuples(st.just("remove"), st.sampled_from(KEYS)),
    st.tuples(st.just("sync"), st.sampled_from([SyncType.FULL, SyncType.INCREMENTAL, SyncType.SWEEP]), REPLIES),
)
ZONES = st.sampled_from([None, NEW_YORK])
MODEL = settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def _play(rig: ModelRig, steps: list[tuple[object, ...]]) -> None:
    for step in steps:
        rig.advance(timedelta(minutes=7))
        match step:
            case ("put", changes):
                for key, minutes in cast("list[tuple[str, int | None]]", changes):
                    stamp = None if minutes is None else rig.source.now + timedelta(minutes=minutes)
                    rig.source.put(key, stamp)
            case ("remove", str() as key):
                rig.source.records.pop(key, None)
            case ("sync", SyncType() as kind, Replies() as replies):
                await rig.sync(kind, replies)
            case _:
                raise AssertionError(step)


@MODEL
@given(steps=st.lists(STEPS, max_size=12), by_key=st.sampled_from(ByKey), zone=ZONES)
async def test_after_a_full_run_and_a_sweep_with_honest_replies_the_replica_equals_the_source(
    make_rig: MakeModelRig, steps: list[tuple[object, ...]], by_key: ByKey, zone: ZoneInfo | None
) -> None:
    rig = await make_rig(ModelSource(CLOCKS_GO_BACK, zone, by_key))
    await _play(rig, steps)
    await rig.sync(SyncType.FULL)  # goes on with a walk that was cut
    assert await rig.sync(SyncType.FULL) == "success"
    assert await rig.sync(SyncType.SWEEP) == "success"
    assert await rig.replica() == rig.source.versions()


@MODEL
@given(
    steps=st.lists(STEPS, max_size=6),
    replies=st.builds(Replies, key_fault=st.sampled_from(KeyFault), counts=st.booleans(), page_size=st.integers(1, 6)),
    by_key=st.sampled_from(ByKey),
    kind=st.sampled_from([SyncType.FULL, SyncType.SWEEP]),
)
async def test_a_false_list_of_keys_removes_nothing_that_exists_and_is_no_success(
    make_rig: MakeModelRig, steps: list[tuple[object, ...]], replies: Replies, by_key: ByKey, kind: SyncType
) -> None:
    rig = await make_rig(ModelSource(CLOCKS_GO_BACK, by_key=by_key))
    for key in KEYS[:6]:
        rig.source.put(key, rig.source.now)
    await _play(rig, steps)
    await rig.sync(SyncType.FULL)  # goes on with a walk that was cut
    for key in KEYS[:6]:
        rig.source.put(key, rig.source.now)
    assert await rig.sync(SyncType.FULL) == "success"
    assert await rig.sync(kind, replies) != "success"


@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(n, marks=pytest.mark.soak) for n in range(10, 200))])
async def test_the_replica_equals_its_source_after_a_schedule_of_faults(make_rig: MakeModelRig, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a reproducible schedule
    rig = await make_rig(_draw_source(chance))
    await rig.sync(SyncType.FULL)
    for _ in range(12):
        rig.advance(timedelta(minutes=chance.choice([1, 5, 20, 45])))
        for _ in range(chance.randint(0, 4)):
            _change(rig.source, chance)
        await rig.sync(chance.choice([SyncType.INCREMENTAL, SyncType.INCREMENTAL, SyncType.SWEEP]), _draw(chance))
    rig.advance(timedelta(minutes=1))
    await rig.sync(SyncType.INCREMENTAL)
    await rig.sync(SyncType.SWEEP)
    assert await rig.replica() == rig.source.versions()


def _draw_source(chance: random.Random) -> ModelSource:
    zone = chance.choice([None, NEW_YORK])
    source = ModelSource(CLOCKS_GO_BACK, zone, chance.choice([ByKey.MANY, ByKey.ONE]))
    for number in range(30):
        source.put(f"S{number:02}", source.now - timedelta(days=number))
    return source


def _change(source: ModelSource, chance: random.Random) -> None:
    """One event at the source: most are ordinary, some records are stamped by a clock that is ahead or come late."""
    key = chance.choice(sorted(source.records))
    new = f"N{chance.randint(0, 10**6):06}"
    match chance.randint(0, 9):
        case 0:
            del source.records[key]
        case 1:
            source.put(key, source.now + timedelta(minutes=chance.randint(1, 120)))
        case 2:
            source.put(new, source.now - timedelta(days=chance.randint(1, 400)))
        case 3:
            source.put(new, None)
        case 4:
            source.put(new, source.now)
        case _:
            source.put(key, source.now)


def _draw(chance: random.Random) -> Replies:
    return Replies(
        page_size=chance.randint(1, 12),
        order=chance.choice([None, None, chance.randint(0, 99)]),
        cut_after=chance.choice([None, None, chance.randint(0, 3)]),
        repeats_rows=chance.random() < 0.3,
        key_fault=chance.choice([None, *KeyFault]),
        counts=chance.random() < 0.7,
    )
