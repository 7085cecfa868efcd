"""Tests a provider's connection as a run would use it, step by step, and reports each step in a sentence.

It stores nothing. A step that fails ends the test: the steps after it could only fail too.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from platbook.base.clock import Clock
from platbook.base.errors import PlatbookError, RecordRejected, SourceUnavailable
from platbook.connectors.contract import (
    Connector,
    DeleteSignal,
    Page,
    RawRecord,
    Resource,
    ResourceProfile,
    Session,
    SupportsRemarks,
)
from platbook.connectors.registry import find_connector
from platbook.db import Database, SecretBox
from platbook.listings.listing import NormalListing
from platbook.providers.providers import Provider, get_provider
from platbook.providers.sessions import (
    SessionOptions,
    SessionServices,
    SessionStep,
    get_source,
    open_session,
    read_credentials,
)
from platbook.sync.content_hash import content_hash
from platbook.sync.keys import find_key_fault
from platbook.sync.resources.property import PropertyStore, open_property_store
from platbook.transport import Transport

SEAT_WAIT = timedelta(seconds=5)
LONGEST = timedelta(seconds=90)

_SHOWN = (
    "ListingId",
    "StandardStatus",
    "PropertyType",
    "ListPrice",
    "UnparsedAddress",
    "City",
    "ModificationTimestamp",
)


@dataclass(frozen=True, slots=True)
class TestStep:
    """One step: its name, whether it succeeded, duration, sentence.

    Names: settings, seat, connect, count, sample; `time` where the test took too long, `logout` where that failed.
    """

    name: str
    ok: bool
    milliseconds: int
    message: str


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One record of the source, as it would be stored, or why it would be rejected."""

    listing_key: str
    source_fields: int
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    rejected: str | None = None
    faulty: Sequence[str] = ()
    """Source fields whose values would be left out or repaired."""


@dataclass(slots=True)
class ConnectionTest:
    """The result of a connection test."""

    provider_id: str
    steps: list[TestStep] = field(default_factory=list[TestStep])
    count: int | None = None
    sample: SampleRecord | None = None

    @property
    def ok(self) -> bool:
        """Whether every step succeeded."""
        return all(step.ok for step in self.steps)


@dataclass(frozen=True, slots=True)
class ConnectionTester:
    """What a connection test needs."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    find_connector: Callable[[str], Connector] = find_connector
    longest: timedelta = LONGEST

    async def probe(self, provider_id: str) -> ConnectionTest:
        """Test a provider's connection. NotFound; errors of the source are reported as steps, not raised."""
        async with self.database.read() as connection:
            provider = await get_provider(connection, provider_id)
        probe = ConnectionTest(provider_id)
        with contextlib.suppress(_Ended):
            async with _limited(probe, self.longest):
                await self._run_steps(provider, probe)
        return probe

    async def _run_steps(self, provider: Provider, probe: ConnectionTest) -> None:
        with _step(probe, "settings") as messages:
            source = get_source(provider, self.find_connector)
            services = SessionServices(self.database, self.transport, self.box, self.clock)
            await read_credentials(services, source)
            profile, store = source.profile.resource(Resource.PROPERTY), open_property_store(source)
            messages.append("settings and credentials are valid")
            messages.append(_describe_deletes(profile))
        seats = source.profile.max_concurrency
        outcomes = {
            SessionStep.SEAT: "a session is free" if seats == 1 else f"one of {seats} sessions is free",
            SessionStep.CONNECT: "the source accepted the login",
        }
        options = SessionOptions(wait=SEAT_WAIT, observe=lambda step: _step(probe, step, outcomes[step]))
        async with open_session(services, source, options) as session:
            with _step(probe, "count") as messages:
                probe.count = await session.count(Resource.PROPERTY)
                messages.append(_describe_count(probe.count))
            with _step(probe, "sample") as messages:
                messages.extend(await _take_sample(session, store, profile, probe))
                messages.extend(session.remarks() if isinstance(session, SupportsRemarks) else ())


class _Ended(Exception):
    """The test has ended; its last step has the reason."""


@asynccontextmanager
async def _limited(probe: ConnectionTest, longest: timedelta) -> AsyncGenerator[None]:
    """End a test that takes too long, or fails to log out, with a step that reports it."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(longest.total_seconds()):
            yield
    except TimeoutError:
        error = SourceUnavailable(f"the source did not answer within {longest.total_seconds():.0f} seconds")
        probe.steps.append(TestStep("time", ok=False, milliseconds=_since(began), message=str(error)))
        raise _Ended from None
    except PlatbookError as error:
        probe.steps.append(TestStep("logout", ok=False, milliseconds=_since(began), message=str(error)))
        raise _Ended from None


@contextlib.contextmanager
def _step(probe: ConnectionTest, name: str, *messages: str) -> Generator[list[str]]:
    lines = list(messages)
    began = time.monotonic()
    try:
        yield lines
    except PlatbookError as error:
        probe.steps.append(TestStep(name, ok=False, milliseconds=_since(began), message=str(error)))
        raise _Ended from None
    probe.steps.append(TestStep(name, ok=True, milliseconds=_since(began), message="; ".join(lines)))


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _describe_deletes(profile: ResourceProfile) -> str:
    signals = [
        description
        for signal, description in (
            (DeleteSignal.FLAG, "by the source's delete flag"),
            (DeleteSignal.DELETED_RESOURCE, "by the source's list of deleted keys"),
            (DeleteSignal.SWEEP, "by comparing all keys"),
        )
        if signal in profile.deletes and (signal is not DeleteSignal.SWEEP or profile.key_sweep)
    ]
    return f"deleted listings are detected {' and '.join(signals)}" if signals else "deleted listings are not detected"


def _describe_count(count: int | None) -> str:
    return "the source does not count its listings" if count is None else f"{count} listings in scope"


async def _take_sample(
    session: Session, store: PropertyStore, profile: ResourceProfile, probe: ConnectionTest
) -> list[str]:
    page = await _first_page(session)
    if page is None or not (page.records or page.problems):
        return ["the source has no listing in scope to show"]
    if not page.records:
        problem = page.problems[0]
        probe.sample = SampleRecord(problem.key or "", 0, rejected=problem.reason)
        return [f"the first record cannot be read: {problem.reason}"]
    probe.sample = _to_sample(page.records[0], store, profile.volatile_fields)
    if probe.sample.rejected is not None:
        return [f"the first record would be rejected: {probe.sample.rejected}", *_describe_times(page, profile)]
    faulty = ", ".join(probe.sample.faulty)
    stored = "the first record can be stored"
    sentence = f"{stored}, but for values of {faulty}" if faulty else stored
    return [sentence, *_describe_times(page, profile)]


def _describe_times(page: Page, profile: ResourceProfile) -> list[str]:
    """What the first page says of its records' modification times, where a later run could not start from them."""
    if not profile.incremental:
        return []
    undated = sum(record.modified is None for record in page.records)
    sentences = [f"{undated} of its {len(page.records)} records have no modification time"] if undated else []
    if page.watermark is None:
        sentences.append(
            "none of them has a modification time that a run can start from, so every run reads everything"
        )
    return sentences


async def _first_page(session: Session) -> Page | None:
    pages = session.changes(Resource.PROPERTY, None, None)
    try:
        return await anext(pages, None)
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


def _to_sample(record: RawRecord, store: PropertyStore, volatile: frozenset[str]) -> SampleRecord:
    """Judge a record as a run does: its key, its content, its fields and photos."""
    fault = find_key_fault(record.key)
    if fault is not None:
        return SampleRecord(record.key, len(record.fields), rejected=fault)
    try:
        incoming = store.normalise(record, content_hash(record, store.hash_version(record.source_class), volatile))
    except RecordRejected as error:
        return SampleRecord(record.key, len(record.fields), rejected=str(error))
    faulty = sorted({one.finding.field for one in incoming.listing.findings if one.finding.field is not None})
    return SampleRecord(record.key, len(record.fields), _show(incoming.listing), faulty=faulty)


def _show(listing: NormalListing) -> dict[str, object]:
    return {name: value for name in _SHOWN if (value := listing.value(name)) is not None}
