"""What a RETS server says of itself, in every form in which it may say it."""

import pytest

from platbook.connectors.contract import Discovery
from platbook.mapping.proposal import MatchEvidence, propose
from tests.fakes.rets_market import CLASSES, rets_market


async def _discover(*quirks: str) -> Discovery:
    async with rets_market(*quirks, listings=5) as market:
        found = await market.discover()
        assert found is not None
        return found


async def test_resources_classes_fields_and_lookups_are_read() -> None:
    found = await _discover()
    listings = next(one for one in found.resources if one.name == "Property")
    assert (listings.key_field, [one.name for one in listings.classes]) == ("ListingKey", list(CLASSES))
    fields = {one.name: one for one in listings.classes[0].fields}
    assert (fields["ListPrice"].data_type, fields["ListPrice"].is_searchable) == ("Int", True)
    assert fields["Appliances"].is_multiple
    lookups = {one.name: one for one in listings.lookups}
    assert "Active" in [value.label for value in lookups[fields["StandardStatus"].lookup or ""].values]
    assert "Photo" in listings.objects
    said = found.settings
    assert (said["resource"], said["keyField"], said["modifiedField"]) == (
        "Property",
        "ListingKey",
        "ModificationTimestamp",
    )
    assert (said["photosCountField"], said["photosModifiedField"]) == ("PhotosCount", "PhotosChangeTimestamp")


@pytest.mark.parametrize(
    "quirk",
    [
        "metadata-standard-only",
        "metadata-compact-only",
        "metadata-lookup-elements",
        "metadata-rfc-dates",
        "metadata-shuffled",
        "metadata-levels-only",
        "metadata-none-in-trailer",
        "metadata-none-silent",
    ],
)
async def test_every_form_tells_the_same(quirk: str) -> None:
    async with rets_market(listings=5) as market:
        plain = await market.discover()
    async with rets_market(quirk, listings=5) as market:
        by_level = await market.discover(metadataFormat="COMPACT")
        at_once = await market.discover(metadataFormat="STANDARD-XML", metadataAtOnce=True)
    assert plain is not None
    assert by_level is not None
    assert at_once is not None
    assert by_level.resources == plain.resources
    assert at_once.resources == plain.resources


async def test_what_has_not_changed_is_not_read_again() -> None:
    async with rets_market(listings=5) as market:
        first = await market.discover()
        assert first is not None
        assert first.mark is not None
        before = market.http.meter.requests
        assert await market.discover(last_mark=first.mark) is None
        assert market.http.meter.requests - before <= 3, "a login, its challenge and a logout"
        assert await market.discover(last_mark="another") is not None


async def test_fields_with_names_of_the_vendors_own_are_known_by_their_standard_names() -> None:
    found = await _discover("vendor-names")
    proposal = propose(found)
    assert proposal.fields
    assert {one.evidence for one in proposal.fields} == {MatchEvidence.STANDARD_NAME}
    assert {one.target for one in proposal.fields} >= {"ListPrice", "StandardStatus", "City", "PublicRemarks"}
    assert all(source.startswith("LIST_") for source in proposal.field_mapping)
    assert proposal.rivals == []


async def test_the_zone_of_times_without_one_is_proposed() -> None:
    assert (await _discover("zoneless-timestamps")).settings["timeZone"] == "Etc/GMT+7"
