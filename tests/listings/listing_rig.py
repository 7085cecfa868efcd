"""Listings as a source would have them, stored by the store, for searches to find."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import orjson

from platbook.connectors.contract import MediaRef
from platbook.db import Database, Query
from platbook.listings.listing import NormalListing, Origin
from platbook.listings.search import Listings, ListingSearch, find_listings
from platbook.listings.store import IncomingListing, insert_listings
from platbook.listings.terms import add_terms, listing_terms
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.providers.rule_versions import replace_rules
from platbook.reso.fields import COLUMNS, SLOT
from tests.listings.display_rules import make_rules

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

_ADD_PROVIDER = Query(
    "add_provider",
    "A provider of which only the name matters.",
    "INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type) "
    "VALUES (%(id)s, %(id)s, 'mock') ON CONFLICT DO NOTHING",
)

USUAL: dict[str, object] = {
    "StandardStatus": "Active",
    "PropertyType": "Residential",
    "City": "Austin",
    "StateOrProvince": "TX",
    "ModificationTimestamp": datetime(2026, 10, 1, tzinfo=UTC),
    "InternetEntireListingDisplayYN": True,
    "InternetAddressDisplayYN": True,
}


def make_listing(key: str, **values: object) -> NormalListing:
    slots: list[object] = [None] * len(COLUMNS)
    more: dict[str, object] = {}
    for name, value in {**USUAL, **values}.items():
        if name in SLOT:
            slots[SLOT[name]] = value
        elif value is not None:
            more[name] = value
    return NormalListing(key, tuple(slots), more)


@dataclass
class ListingRig:
    """A database with listings of providers in it, each under its one rule, and searches of it."""

    database: Database
    ids: dict[str, UUID] = field(default_factory=dict[str, UUID])

    async def put(
        self,
        *listings: NormalListing,
        media: Sequence[MediaRef] = (),
        featured: bool = False,
        provider: str = "board",
        stored_at: datetime = NOW,
        rule: RuleSettings | None = None,
    ) -> None:
        incoming = [IncomingListing(one, b'{"source": 1}', b"hash", media, featured) for one in listings]
        origin = Origin(provider, "a run", stored_at)
        async with self.database.transaction() as connection:
            is_new = await connection.run(_ADD_PROVIDER, {"id": provider})
            if is_new or rule is not None:
                rules = {RuleKey(provider): rule or RuleSettings()}
                await replace_rules(connection, provider, rules, [], "ada", stored_at)
            ids = await insert_listings(connection, incoming, origin, make_rules(rule))
            for one in listings:
                await add_terms(connection, listing_terms(one))
        self.ids.update(zip((one.listing_key for one in listings), ids, strict=True))

    async def find(self, search: ListingSearch, now: datetime = NOW) -> Listings:
        async with self.database.read() as connection:
            return await find_listings(connection, search, now)

    async def keys(self, search: ListingSearch) -> list[str]:
        return to_keys(await self.find(search))


def to_keys(found: Listings) -> list[str]:
    return [str(orjson.loads(row.document)["listingKey"]) for row in found.rows]


def day(text: str) -> date:
    return date.fromisoformat(text)


def price(amount: int) -> Decimal:
    return Decimal(amount)
