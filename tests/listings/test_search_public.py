"""A public caller can neither see nor probe what the public documents do not show."""

from dataclasses import replace

import orjson
import pytest

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.db import Query
from platbook.listings.search import Box, ListingSearch, Near, Polygon, get_stats, suggest
from platbook.listings.search.columns import EXACT_COLUMNS, FOLDED_COLUMNS, RANGE_COLUMNS, is_usable
from platbook.listings.search.facets import FACETS
from platbook.listings.search.stats import OfferStats
from platbook.reso.fields import BY_COLUMN
from platbook.reso.public_fields import is_public_field
from tests.listings.listing_rig import NOW, ListingRig, make_listing, price

PUBLIC = ListingSearch(surface=Surface.PUBLIC)
_PLACE: dict[str, object] = {
    "Latitude": 30.0,
    "Longitude": -97.0,
    "UnparsedAddress": "77 Secret Ln",
    "StreetName": "Secret",
    "UnitNumber": "9-Q",
    "PublicRemarks": "Charming",
    "ListingId": "ML-1",
    "PostalCode": "78701",
}

_SHOWN = (
    replace(PUBLIC, keyword="charming"),
    replace(PUBLIC, mls_number=("ML-1",)),
    replace(PUBLIC, city=("austin",)),
    replace(PUBLIC, postal_code=("78701",)),
)
_FORGET_OPEN_WORDS = Query("forget", "As before an upgrade.", "UPDATE properties SET open_words = NULL")


@pytest.mark.parametrize(
    "search",
    [
        replace(PUBLIC, box=Box(-98, 29, -96, 31)),
        replace(PUBLIC, near=Near(30, -97, 10)),
        replace(PUBLIC, near=Near(30, -97, 10), sort="distance"),
        replace(PUBLIC, polygon=(Polygon(((-98, 29), (-96, 29), (-97, 33))),)),
        replace(PUBLIC, keyword="secret"),
        replace(PUBLIC, keyword="77"),
        replace(PUBLIC, keyword="secert"),
        replace(PUBLIC, keyword="#9q"),
        replace(PUBLIC, keyword="9-q charming"),
    ],
)
async def test_a_hidden_address_is_not_found_by_its_place(listing_rig: ListingRig, search: ListingSearch) -> None:
    await listing_rig.put(make_listing("hidden", **_PLACE, InternetAddressDisplayYN=False))

    found = await listing_rig.find(search)

    assert (found.rows, found.total) == ([], 0)
    assert await listing_rig.keys(replace(search, surface=Surface.INTERNAL)) == ["hidden"]


@pytest.mark.parametrize("search", _SHOWN)
async def test_a_hidden_address_is_found_by_what_is_shown_before_it_is_indexed_again(
    listing_rig: ListingRig, search: ListingSearch
) -> None:
    await listing_rig.put(make_listing("hidden", **_PLACE, InternetAddressDisplayYN=False))
    async with listing_rig.database.transaction() as connection:
        await connection.run(_FORGET_OPEN_WORDS)

    assert await listing_rig.keys(search) == ["hidden"]
    assert await listing_rig.keys(replace(PUBLIC, keyword="secret")) == []


@pytest.mark.parametrize("search", _SHOWN)
async def test_a_hidden_address_is_found_by_what_is_shown(listing_rig: ListingRig, search: ListingSearch) -> None:
    await listing_rig.put(make_listing("hidden", **_PLACE, InternetAddressDisplayYN=False))

    (row,) = (await listing_rig.find(search)).rows

    assert "Secret" not in row.text
    assert orjson.loads(row.text)["latitude"] is None


async def test_a_listing_without_a_public_document_is_in_no_public_answer(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("no", **_PLACE, ListPrice=price(7), InternetEntireListingDisplayYN=False))

    found = await listing_rig.find(replace(PUBLIC, facets=tuple(FACETS)))
    async with listing_rig.database.read() as connection:
        stats = await get_stats(connection, PUBLIC, NOW)
        offers = [
            offer
            for typed in ("austin", "787", "77 sec", "secret", "ml-1", "asutin")
            for offer in await suggest(connection, typed, Surface.PUBLIC, NOW)
        ]

    assert (found.total, set(map(len, found.facets.values()))) == (0, {0})
    assert (stats.total, stats.by_city, stats.by_month, stats.offers["sale"]) == (0, {}, {}, OfferStats())
    assert offers == []


async def test_a_hidden_address_is_not_suggested(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("hidden", **_PLACE, InternetAddressDisplayYN=False))

    async with listing_rig.database.read() as connection:
        public = [await suggest(connection, typed, Surface.PUBLIC, NOW) for typed in ("77 sec", "secret")]
        internal = await suggest(connection, "77 sec", Surface.INTERNAL, NOW)

    assert public == [[], []]
    assert [offer.text for offer in internal] == ["77 Secret Ln"]


async def test_agents_and_offices_are_not_found_by_the_keys_that_are_not_shown(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("1", ListAgentKey="k", ListAgentMlsId="m", ListOfficeKey="k", ListOfficeMlsId="m")
    )

    assert await listing_rig.keys(replace(PUBLIC, agent=("k",))) == []
    assert await listing_rig.keys(replace(PUBLIC, office=("k",))) == []
    assert await listing_rig.keys(replace(PUBLIC, agent=("m",), office=("m",))) == ["1"]


def test_every_column_a_public_search_may_use_is_a_public_field() -> None:
    columns = {
        *(column for many in EXACT_COLUMNS.values() for column in many),
        *FOLDED_COLUMNS,
        *RANGE_COLUMNS.values(),
    }
    columns |= set(FACETS.values())

    usable = {column for column in columns if is_usable(column, Surface.PUBLIC)}

    assert usable - {"provider_id"} == {c for c in columns if c in BY_COLUMN and is_public_field(BY_COLUMN[c])}
    assert {"list_agent_key", "list_office_key"}.isdisjoint(usable)


def test_a_column_that_is_not_public_is_refused_by_the_filter_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from platbook.listings.search import columns  # noqa: PLC0415 - what is changed here

    monkeypatch.setattr(columns, "is_public_field", lambda _field: False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - any field

    with pytest.raises(InvalidInput, match="state"):
        columns.to_usable(("state_or_province",), Surface.PUBLIC, "state")
