"""Tries a provider's connection as a run would, step by step, and says in words what came of it.

It stores nothing. A step that fails ends the trial: what comes after it could only fail too.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import BaseModel

from platbook.base.clock import Clock
from platbook.base.errors import PlatbookError, RecordRejected, SourceUnavailable
from platbook.connectors.contract import Connector, Page, RawRecord, Resource, Session
from platbook.connectors.registry import find_connector
from platbook.db import Database, SecretBox
from platbook.listings.listing import NormalListing
from platbook.mapping.mapping import FieldMapping, plan_mapping
from platbook.providers.configuration import read_part
from platbook.providers.providers import Provider, get_provider, open_credentials
from platbook.transport import Transport, session_slot

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
    """One step: its name (settings, seat, connect, count, sample), whether it went well, how long it took, words."""

    name: str
    ok: bool
    milliseconds: int
    words: str


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One record of the source, as it would be stored, or why it would be rejected."""

    listing_key: str
    source_fields: int
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    rejected: str | None = None


@dataclass(slots=True)
class ConnectionTest:
    """What came of a trial."""

    provider_id: str
    steps: list[TestStep] = field(default_factory=list[TestStep])
    count: int | None = None
    sample: SampleRecord | None = None

    @property
    def ok(self) -> bool:
        """Whether every step went well."""
        return all(step.ok for step in self.steps)


@dataclass(frozen=True, slots=True)
class ConnectionTester:
    """What a trial needs."""

    database: Database
    transport: Transport
    box: SecretBox
    clock: Clock
    find_connector: Callable[[str], Connector] = find_connector
    longest: timedelta = LONGEST

    async def probe(self, provider_id: str) -> ConnectionTest:
        """Try a provider's connection. NotFound; whatever the source does is told, not raised."""
        async with self.database.read() as connection:
            provider = await get_provider(connection, provider_id)
        probe = ConnectionTest(provider_id)
        with contextlib.suppress(_Ended):
            async with _limited(probe, self.longest):
                await self._try(provider, probe)
        return probe

    async def _try(self, provider: Provider, probe: ConnectionTest) -> None:
        with _step(probe, "settings") as words:
            connector = self.find_connector(provider.provider_type)
            async with self.database.read() as connection:
                credentials = await open_credentials(connection, self.box, provider.provider_id)
            parts = _Parts(
                connector,
                read_part(connector.settings_model, provider.settings, "settings"),
                read_part(connector.credentials_model, credentials, "credentials"),
            )
            mapping = plan_mapping(provider.field_mapping, key_field=_text(provider.settings.get("keyField")))
            words.append("settings and credentials have the form the connector asks for")
        async with self._session(provider, parts, probe) as session:
            with _step(probe, "count") as words:
                probe.count = await session.count(Resource.PROPERTY)
                words.append(_count_words(probe.count))
            with _step(probe, "sample") as words:
                words.append(await _take_sample(session, mapping, probe))

    @asynccontextmanager
    async def _session(self, provider: Provider, parts: "_Parts", probe: ConnectionTest) -> AsyncGenerator[Session]:
        seats = parts.connector.capabilities(parts.settings).max_concurrency
        http = self.transport.for_provider(provider.provider_id, requests_per_second=provider.requests_per_second)
        async with contextlib.AsyncExitStack() as stack:
            with _step(probe, "seat") as words:
                await stack.enter_async_context(
                    session_slot(self.database, provider.provider_id, seats, wait=SEAT_WAIT)
                )
                words.append("a session is free" if seats == 1 else f"one of {seats} sessions is free")
            with _step(probe, "connect") as words:
                opening = parts.connector.connect(
                    parts.settings,
                    parts.credentials,
                    scope=provider.wanted,
                    http=http,
                    clock=self.clock,
                )
                session = await stack.enter_async_context(opening)
                words.append("the source took the login")
            yield session


@dataclass(frozen=True, slots=True)
class _Parts:
    """A connector with what it is to connect by."""

    connector: Connector
    settings: BaseModel
    credentials: BaseModel


class _Ended(Exception):
    """The trial is over; the probe tells why."""


@asynccontextmanager
async def _limited(probe: ConnectionTest, longest: timedelta) -> AsyncGenerator[None]:
    """End a trial that takes too long, or whose logout fails, with a step that says so."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(longest.total_seconds()):
            yield
    except TimeoutError:
        error = SourceUnavailable(f"the source did not answer within {longest.total_seconds():.0f} seconds")
        probe.steps.append(TestStep("time", ok=False, milliseconds=_since(began), words=str(error)))
        raise _Ended from None
    except PlatbookError as error:
        probe.steps.append(TestStep("logout", ok=False, milliseconds=_since(began), words=str(error)))
        raise _Ended from None


@contextlib.contextmanager
def _step(probe: ConnectionTest, name: str) -> Generator[list[str]]:
    words: list[str] = []
    began = time.monotonic()
    try:
        yield words
    except PlatbookError as error:
        probe.steps.append(TestStep(name, ok=False, milliseconds=_since(began), words=str(error)))
        raise _Ended from None
    probe.steps.append(TestStep(name, ok=True, milliseconds=_since(began), words="; ".join(words)))


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _count_words(count: int | None) -> str:
    return "the source does not tell how many listings it holds" if count is None else f"{count} listings in scope"


async def _take_sample(session: Session, mapping: FieldMapping, probe: ConnectionTest) -> str:
    page = await _first_page(session)
    if page is None or not (page.records or page.problems):
        return "the source has no listing in scope to show"
    if not page.records:
        key, _, reason, _ = page.problems[0]
        probe.sample = SampleRecord(key or "", 0, rejected=reason)
        return f"the first record cannot be read: {reason}"
    probe.sample = _to_sample(page.records[0], mapping)
    if probe.sample.rejected is not None:
        return f"the first record would be rejected: {probe.sample.rejected}"
    return "the first record can be stored"


async def _first_page(session: Session) -> Page | None:
    pages = session.changes(Resource.PROPERTY, None, None)
    try:
        return await anext(pages, None)
    finally:
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


def _to_sample(record: RawRecord, mapping: FieldMapping) -> SampleRecord:
    try:
        listing = mapping.normalise(record)
    except RecordRejected as error:
        return SampleRecord(record.key, len(record.fields), rejected=str(error))
    return SampleRecord(record.key, len(record.fields), _show(listing))


def _show(listing: NormalListing) -> dict[str, object]:
    return {name: value for name in _SHOWN if (value := listing.value(name)) is not None}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
