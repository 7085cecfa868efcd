"""A feed to work on: records of the invented market, about 3.6 kB of raw JSON and 89 typed columns each."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from platbook.base.actor import COMMAND_LINE
from platbook.connectors.contract import RawRecord, Scope
from platbook.db import Database, SecretBox
from platbook.listings import store
from platbook.listings.store import IncomingListing
from platbook.mapping.mapping import plan_mapping
from platbook.market import Market
from platbook.providers.configuration import Configuration
from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleKey, RuleSettings
from platbook.providers.providers import add_provider
from platbook.sync.content_hash import content_hash
from platbook.sync.page import PageRules
from platbook.sync.resources.property import PropertyStore
from platbook.sync.runs.lifecycle import claim_run, request_run
from platbook.sync.runs.run import RunLease, RunRequest, SyncType

PROVIDER = "bench"
START = datetime(2026, 1, 1, tzinfo=UTC)
_SETTINGS = RuleSettings(listing_display_when_null=True, address_display_when_null=True)
DISPLAY_RULES = ProviderRules.of([DisplayRule(UUID(int=1), RuleKey(PROVIDER), _SETTINGS, 1, START, "benchmark")])
MAPPING = plan_mapping({})


def records(rows: int, page: int) -> Iterator[list[RawRecord]]:
    """The market's records as a source hands them over, page by page."""
    market = Market(1, rows, START).listings(START)
    while said := [
        RawRecord(one.key, one.record, modified=str(one.record["ModificationTimestamp"]))
        for one in islice(market, page)
    ]:
        yield said


def normalised(said: list[RawRecord]) -> list[IncomingListing]:
    """The same, ready to be stored."""
    version = property_store().hash_version(None)
    return [
        IncomingListing(MAPPING.normalise(record), store.to_raw_json(record.fields), content_hash(record, version))
        for record in said
    ]


RULES = PageRules()


def property_store() -> PropertyStore:
    """How records become listings here."""
    return PropertyStore(MAPPING, Scope(), DISPLAY_RULES)


async def take_lease(database: Database) -> RunLease:
    """A provider and a run of it that holds the right to write."""
    said = {"providerId": PROVIDER, "providerName": "Bench", "providerType": "MOCK"}
    async with database.transaction() as connection:
        await add_provider(connection, SecretBox(os.urandom(32)), Configuration.model_validate(said), START)
        await request_run(connection, RunRequest(PROVIDER, SyncType.FULL), COMMAND_LINE, START)
        lease = await claim_run(connection, PROVIDER, START)
    if lease is None:
        raise AssertionError("the run that was asked for is there to be taken")
    return lease
