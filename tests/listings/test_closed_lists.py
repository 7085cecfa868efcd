"""Filters by closed lists: every form of a value is read, and an unknown one refused by name."""

from collections.abc import Mapping, Sequence

import pytest

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.listings.search import ListingSearch, parse_search
from tests.listings.listing_rig import ListingRig, make_listing


def search(parameter: str, *texts: str, surface: Surface = Surface.INTERNAL) -> ListingSearch:
    return parse_search({parameter: texts}, surface=surface)


@pytest.mark.parametrize(
    ("parameter", "values", "texts"),
    [
        ("status", {"StandardStatus": "Active Under Contract"}, ["ActiveUnderContract"]),
        ("status", {"StandardStatus": "Active Under Contract"}, ["active under contract"]),
        ("status", {"StandardStatus": "Closed"}, ["Pending,closed"]),
        ("status", {"StandardStatus": "Closed"}, ["Pending", "Hold, CLOSED,"]),
        ("status", {"StandardStatus": "Closed"}, ["Sold"]),
        ("propertyType", {"PropertyType": "Residential Lease"}, ["residentiallease"]),
        ("propertyType", {"PropertyType": "Houseboat"}, ["Land,HOUSEBOAT"]),
        ("propertySubType", {"PropertySubType": "Single Family Residence"}, ["SingleFamilyResidence"]),
        ("propertySubType", {"PropertySubType": "Villa / Patio"}, ["villapatio"]),
        ("propertySubType", {"PropertySubType": "Villa, Patio"}, ["villa, patio"]),
        ("propertySubType", {"PropertySubType": "Villa"}, ["Condo,villa"]),
        ("state", {"StateOrProvince": "OK"}, ["ok"]),
        ("state", {"StateOrProvince": "OK"}, ["Oklahoma"]),
        ("state", {"StateOrProvince": "oklahoma"}, ["OK"]),
        ("state", {"StateOrProvince": "Jalisco"}, ["ON,JALISCO"]),
        ("state", {"StateOrProvince": "Québec"}, ["QC"]),
        ("state", {"StateOrProvince": "QC"}, ["QUÉBEC"]),
        ("state", {"StateOrProvince": "Yucatán"}, ["YUCATÁN"]),
        ("state", {"StateOrProvince": "YUCATÁN"}, ["yucatan"]),
        ("propertySubType", {"PropertySubType": "Chalé"}, ["CHALE"]),
    ],
)
async def test_a_value_is_read_in_every_form(
    listing_rig: ListingRig, parameter: str, values: Mapping[str, object], texts: Sequence[str]
) -> None:
    await listing_rig.put(make_listing("other"), make_listing("wanted", **values))

    assert await listing_rig.keys(search(parameter, *texts)) == ["wanted"]


async def test_every_spelling_of_a_stored_value_is_found(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        *(make_listing(sub_type, PropertySubType=sub_type) for sub_type in ("Villa", "VILLA", "Cave"))
    )

    assert sorted(await listing_rig.keys(search("propertySubType", "villa"))) == ["VILLA", "Villa"]


async def test_a_provider_is_found_in_any_case_and_the_exact_one_where_two_differ_in_it(
    listing_rig: ListingRig,
) -> None:
    await listing_rig.put(make_listing("1"), provider="board")
    await listing_rig.put(make_listing("2"), provider="coast")
    await listing_rig.put(make_listing("3"), provider="Coast")

    assert await listing_rig.keys(search("providerId", "BOARD")) == ["1"]
    assert await listing_rig.keys(search("providerId", "coast")) == ["2"]
    assert sorted(await listing_rig.keys(search("providerId", "board,COAST"))) == ["1", "2", "3"]
    assert await listing_rig.keys(search("providerId", "local")) == []


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        ("status", "Active,Foo", "'Foo' is not a known value; it must be one of Active, Active Under Contract, "),
        ("status", ",", "',' is not a known value"),
        ("status", "x" * 200, f"'{'x' * 40}…' is not a known value"),
        ("propertyType", "Castle", "'Castle' is not a known value; RESO's values are Business Opportunity, "),
        ("propertySubType", "Condo,Castle", "'Castle' is not a known value"),
        ("state", "TX,Atlantis", "'Atlantis' is not a known value"),
        ("providerId", "boards", "'boards' is not a known value"),
        ("status", " ", "must have 1 to 200 characters"),
        ("state", "\0", "contains a character that cannot be stored"),
    ],
)
async def test_an_unknown_value_is_refused_by_name(
    listing_rig: ListingRig, parameter: str, text: str, message: str
) -> None:
    await listing_rig.put(make_listing("1", PropertySubType="Villa"))

    with pytest.raises(InvalidInput) as caught:
        await listing_rig.find(search(parameter, text))

    (problem,) = caught.value.details
    assert problem.field == parameter
    assert problem.message.startswith(message)


async def test_a_listed_value_that_no_listing_has_finds_nothing(listing_rig: ListingRig) -> None:
    assert await listing_rig.keys(search("propertySubType", "townhouse")) == []
    assert await listing_rig.keys(search("state", "new york")) == []


@pytest.mark.parametrize(("parameter", "field"), [("propertySubType", "PropertySubType"), ("state", "StateOrProvince")])
async def test_a_value_that_only_hidden_listings_have_is_unknown_to_the_public(
    listing_rig: ListingRig, parameter: str, field: str
) -> None:
    await listing_rig.put(make_listing("1", InternetEntireListingDisplayYN=False, **{field: "Cave"}))

    assert await listing_rig.keys(search(parameter, "cave")) == ["1"]
    with pytest.raises(InvalidInput, match="not a known value"):
        await listing_rig.find(search(parameter, "cave", surface=Surface.PUBLIC))


async def test_facets_stand_beside_a_value_in_another_form(listing_rig: ListingRig) -> None:
    await listing_rig.put(make_listing("1", PropertySubType="Villa"), make_listing("2", PropertySubType="Cave"))

    found = await listing_rig.find(
        parse_search({"propertySubType": ["VILLA"], "facets": ["propertyType"]}, surface=Surface.INTERNAL)
    )

    assert [(one.value, one.count) for one in found.facets["propertyType"]] == [("Residential", 1)]


async def test_names_of_agents_and_offices_fold_case_and_their_keys_do_not(listing_rig: ListingRig) -> None:
    await listing_rig.put(
        make_listing("1", ListAgentFullName="Ann Lee", ListAgentKey="a1", ListOfficeName="Lee & Co"),
        make_listing("2", ListAgentKey="A1", ListOfficeKey="lee & co"),
    )

    assert await listing_rig.keys(search("agent", "ANN LEE")) == ["1"]
    assert sorted(await listing_rig.keys(search("office", "lee & co"))) == ["1", "2"]
    assert await listing_rig.keys(search("agent", "a1", "ann smith")) == ["1"]
