"""Trying a provider's connection."""

from dataclasses import replace
from datetime import timedelta

import pytest

from platbook.base.errors import CredentialsRefused, NotFound, SourceBrokeProtocol
from platbook.connectors.contract import Page, RawRecord, RecordProblem
from platbook.sync.runs.run import SyncType
from platbook.sync.setup import connection_test as probe_module
from platbook.sync.setup.connection_test import ConnectionTest, ConnectionTester
from platbook.transport import session_slot
from tests.fakes.scripted_source import Source, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig


async def _probe(rig: SyncRig, *, longest: timedelta = probe_module.LONGEST) -> ConnectionTest:
    engine = rig.engine
    prober = ConnectionTester(rig.database, engine.transport, engine.box, rig.clock, engine.find_connector, longest)
    return await prober.probe(rig.provider_id)


async def test_a_connection_that_works_is_told_step_by_step(sync_rig: MakeSyncRig) -> None:
    records = [listing("1"), listing("2")]
    rig = await sync_rig(Source(one_page(*records), records={record.key: record for record in records}))
    probe = await _probe(rig)
    assert probe.ok
    assert [step.name for step in probe.steps] == ["settings", "seat", "connect", "count", "sample"]
    assert all(step.message and step.milliseconds >= 0 for step in probe.steps)
    assert probe.count == 2
    assert probe.sample is not None
    assert (probe.sample.listing_key, probe.sample.values["ListPrice"], probe.sample.rejected) == ("1", 450000, None)
    assert rig.source.logouts == 1
    assert await rig.rows("SELECT * FROM properties") == []
    assert await rig.rows("SELECT * FROM source_seats") == []


async def test_a_refused_login_is_told_in_words_and_ends_the_trial(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(login_error=CredentialsRefused("the source refused the login")))
    probe = await _probe(rig)
    assert not probe.ok
    last = probe.steps[-1]
    assert (last.name, last.ok, last.message) == ("connect", False, "the source refused the login")
    assert probe.sample is None


async def test_the_values_that_a_run_would_leave_out_are_named(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", YearBuilt="1890s", Stories="two"))))
    probe = await _probe(rig)
    assert probe.steps[-1].message == "the first record can be stored, but for values of Stories, YearBuilt"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (listing("1", StandardStatus="Gone fishing"), "StandardStatus"),
        (listing("1", Unmapped={1, 2}), "JSON"),
        (listing("k" * 1000), "longer than"),
    ],
    ids=["field", "set", "key"],
)
async def test_a_record_that_would_be_rejected_is_shown_with_its_reason(
    sync_rig: MakeSyncRig, record: RawRecord, reason: str
) -> None:
    rig = await sync_rig(Source(one_page(record)))
    probe = await _probe(rig)
    assert probe.ok, "the connection works; the mapping wants a look"
    assert probe.sample is not None
    assert probe.sample.rejected is not None
    assert reason in probe.sample.rejected
    assert (await rig.sync(SyncType.INCREMENTAL))["errored"] == 1, "a run rejects it too"


@pytest.mark.parametrize(
    ("pages", "ok", "words"),
    [
        ([Page([], complete=True)], True, "no listing in scope"),
        ([Page([], problems=[RecordProblem("1", None, "not XML", "<")], complete=True)], True, "not XML"),
        ([SourceBrokeProtocol("the reply was cut short")], False, "cut short"),
        (one_page(listing("1"), replace(listing("2"), modified=None)), True, "1 of its 2 records have no modification"),
        ([Page([listing("1")], complete=True)], True, "so every run reads everything"),
    ],
)
async def test_what_comes_of_the_sample(
    sync_rig: MakeSyncRig, pages: list[Page | Exception], words: str, *, ok: bool
) -> None:
    probe = await _probe(await sync_rig(Source(pages)))
    assert (probe.ok, probe.steps[-1].name) == (ok, "sample")
    assert words in probe.steps[-1].message


async def test_where_every_session_is_in_use_it_says_so(sync_rig: MakeSyncRig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = await sync_rig(Source(one_page(listing("1"))))
    monkeypatch.setattr(probe_module, "SEAT_WAIT", timedelta(0))
    async with session_slot(rig.database, "board", 2), session_slot(rig.database, "board", 2):
        probe = await _probe(rig)
    assert (probe.steps[-1].name, probe.steps[-1].ok) == ("seat", False)
    assert "in use" in probe.steps[-1].message


async def test_a_source_that_never_answers_ends_the_trial_in_time(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1"))))
    probe = await _probe(rig, longest=timedelta(0))
    assert not probe.ok
    assert "did not answer" in probe.steps[-1].message


async def test_a_provider_whose_mapping_or_connector_cannot_work_says_so(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(), fieldMapping={"Price": "no such field"})
    probe = await _probe(rig)
    assert (probe.steps[-1].name, probe.steps[-1].ok) == ("settings", False)
    assert "Price" in probe.steps[-1].message
    rig.provider_id = "nobody"
    with pytest.raises(NotFound):
        await _probe(rig)


async def test_no_secret_is_in_what_is_told(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(login_error=CredentialsRefused("the source refused the login")),
        credentials={"username": "ada", "password": "hunter2"},
    )
    assert "hunter2" not in repr(await _probe(rig))


async def test_the_mock_connector_passes(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(), providerType="MOCK")
    rig.engine = replace(rig.engine, find_connector=probe_module.find_connector)
    probe = await _probe(rig)
    assert probe.ok, probe.steps
    assert probe.count == 50
