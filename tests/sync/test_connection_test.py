"""Trying a provider's connection."""

from dataclasses import replace
from datetime import timedelta

import pytest

from platbook.base.errors import CredentialsRefused, NotFound, SourceBrokeProtocol
from platbook.connectors.contract import Page
from platbook.sync.setup import connection_test as probe_module
from platbook.sync.setup.connection_test import ConnectionTest, ConnectionTester
from platbook.transport import session_slot
from tests.fakes.scripted_source import Source, listing, one_page
from tests.sync.conftest import Desk, MakeDesk


async def _probe(at: Desk, *, longest: timedelta = probe_module.LONGEST) -> ConnectionTest:
    engine = at.engine
    prober = ConnectionTester(at.database, engine.transport, engine.box, at.clock, engine.find_connector, longest)
    return await prober.probe(at.provider_id)


async def test_a_connection_that_works_is_told_step_by_step(desk: MakeDesk) -> None:
    records = [listing("1"), listing("2")]
    at = await desk(Source(one_page(*records), records={record.key: record for record in records}))
    probe = await _probe(at)
    assert probe.ok
    assert [step.name for step in probe.steps] == ["settings", "seat", "connect", "count", "sample"]
    assert all(step.words and step.milliseconds >= 0 for step in probe.steps)
    assert probe.count == 2
    assert probe.sample is not None
    assert (probe.sample.listing_key, probe.sample.values["ListPrice"], probe.sample.rejected) == ("1", 450000, None)
    assert at.source.logouts == 1
    assert await at.rows("SELECT * FROM properties") == []
    assert await at.rows("SELECT * FROM source_seats") == []


async def test_a_refused_login_is_told_in_words_and_ends_the_trial(desk: MakeDesk) -> None:
    at = await desk(Source(login_error=CredentialsRefused("the source refused the login")))
    probe = await _probe(at)
    assert not probe.ok
    last = probe.steps[-1]
    assert (last.name, last.ok, last.words) == ("connect", False, "the source refused the login")
    assert probe.sample is None


async def test_a_record_that_would_be_rejected_is_shown_with_its_reason(desk: MakeDesk) -> None:
    probe = await _probe(await desk(Source(one_page(listing("1", ListPrice="call us")))))
    assert probe.ok, "the connection works; the mapping wants a look"
    assert probe.sample is not None
    assert probe.sample.rejected is not None
    assert "ListPrice" in probe.sample.rejected


@pytest.mark.parametrize(
    ("pages", "ok", "words"),
    [
        ([Page([], complete=True)], True, "no listing in scope"),
        ([Page([], problems=[("1", None, "not XML", "<")], complete=True)], True, "not XML"),
        ([SourceBrokeProtocol("the reply was cut short")], False, "cut short"),
    ],
)
async def test_what_comes_of_the_sample(desk: MakeDesk, pages: list[Page | Exception], words: str, *, ok: bool) -> None:
    probe = await _probe(await desk(Source(pages)))
    assert (probe.ok, probe.steps[-1].name) == (ok, "sample")
    assert words in probe.steps[-1].words


async def test_where_every_session_is_in_use_it_says_so(desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    at = await desk(Source(one_page(listing("1"))))
    monkeypatch.setattr(probe_module, "SEAT_WAIT", timedelta(0))
    async with session_slot(at.database, "board", 2), session_slot(at.database, "board", 2):
        probe = await _probe(at)
    assert (probe.steps[-1].name, probe.steps[-1].ok) == ("seat", False)
    assert "in use" in probe.steps[-1].words


async def test_a_source_that_never_answers_ends_the_trial_in_time(desk: MakeDesk) -> None:
    at = await desk(Source(one_page(listing("1"))))
    probe = await _probe(at, longest=timedelta(0))
    assert not probe.ok
    assert "did not answer" in probe.steps[-1].words


async def test_a_provider_whose_mapping_or_connector_cannot_work_says_so(desk: MakeDesk) -> None:
    at = await desk(Source(), fieldMapping={"Price": "no such field"})
    probe = await _probe(at)
    assert (probe.steps[-1].name, probe.steps[-1].ok) == ("settings", False)
    assert "Price" in probe.steps[-1].words
    at.provider_id = "nobody"
    with pytest.raises(NotFound):
        await _probe(at)


async def test_no_secret_is_in_what_is_told(desk: MakeDesk) -> None:
    at = await desk(
        Source(login_error=CredentialsRefused("the source refused the login")),
        credentials={"username": "ada", "password": "hunter2"},
    )
    assert "hunter2" not in repr(await _probe(at))


async def test_the_mock_connector_passes(desk: MakeDesk) -> None:
    at = await desk(Source(), providerType="MOCK")
    at.engine = replace(at.engine, find_connector=probe_module.find_connector)
    probe = await _probe(at)
    assert probe.ok, probe.steps
    assert probe.count == 50
