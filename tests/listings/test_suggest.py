"""What is offered to somebody who types."""

import pytest

from platbook.base.actor import Surface
from platbook.base.errors import InvalidInput
from platbook.listings.search import Suggestion, suggest
from platbook.listings.search.spelling import edit_distance, edits_of, rank_corrections
from tests.listings.listing_rig import NOW, ListingRig, make_listing


async def offers(listing_rig: ListingRig, typed: str) -> list[Suggestion]:
    async with listing_rig.database.read() as connection:
        return await suggest(connection, typed, Surface.INTERNAL, NOW)


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("aust", "city", "Austin"),
        ("Asutin", "city", "Austin"),
        ("AUSTIN", "city", "Austin"),
        ("7870", "postalCode", "78701"),
        ("barton", "subdivision", "Barton Hills"),
        ("bartn hills", "subdivision", "Barton Hills"),
        ("barton hîlls", "subdivision", "Barton Hills"),
        ("ml-1", "mlsNumber", "ML-10077"),
        ("ML100", "mlsNumber", "ML-10077"),
        ("10077", "mlsNumber", "ML-10077"),
        ("MLS# ml10077", "mlsNumber", "ML-10077"),
        ("12 map", "address", "12 Maple Street"),
        ("12 mapel", "address", "12 Maple Street"),
        ("12 mapel stre", "address", "12 Maple Street"),
        ("maple", "address", "12 Maple Street"),
        ("mapel", "address", "12 Maple Street"),
        ("12 maple st", "address", "12 Maple Street"),
        ("12 MÀPLE St.", "address", "12 Maple Street"),
        ("maple street", "address", "12 Maple Street"),
    ],
)
async def test_what_is_typed_is_completed(listing_rig: ListingRig, typed: str, kind: str, text: str) -> None:
    house = {
        "UnparsedAddress": "12 Maple Street",
        "StreetName": "Maple",
        "PostalCode": "78701",
        "SubdivisionName": "Barton Hills",
    }
    await listing_rig.put(
        make_listing("1", **house, ListingId="ML-10077"), make_listing("2", **house, ListingId="XY-200")
    )

    found = await offers(listing_rig, typed)

    assert [(one.kind, one.text) for one in found] == [(kind, text)]
    assert found[0].count == (1 if kind == "mlsNumber" else 2)
    (value,) = found[0].filter.values()
    assert value == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("saint l", "St. Louis"),
        ("st. lou", "St. Louis"),
        ("montreal", "Montréal"),
        ("coeur d'a", "Coeur d’Alene"),  # noqa: RUF001 - a typographic apostrophe
        ("7 north saint croix ave", "7 N St. Croix Avenue Unit 4-B"),
        ("7 n st croix avenue apt 4b", "7 N St. Croix Avenue Unit 4-B"),
        ("saint croix", "7 N St. Croix Avenue Unit 4-B"),
        ("obri", "456 O’Brien Road"),  # noqa: RUF001 - a typographic apostrophe
        ("456 o'brien rd", "456 O’Brien Road"),  # noqa: RUF001 - a typographic apostrophe
        ("63½ cob", "63½ Cobbler Ln"),
        ("63 1/2 cob", "63½ Cobbler Ln"),
        ("63 1", "63½ Cobbler Ln"),
        ("cobbler", "63½ Cobbler Ln"),
    ],
)
async def test_a_completion_does_not_mind_accents_and_abbreviations(
    listing_rig: ListingRig, typed: str, text: str
) -> None:
    await listing_rig.put(
        make_listing("1", City="St. Louis", UnparsedAddress="7 N St. Croix Avenue Unit 4-B"),
        make_listing("2", City="Montréal", UnparsedAddress="456 O’Brien Road"),  # noqa: RUF001 - as above
        make_listing("3", City="Coeur d’Alene", UnparsedAddress="63½ Cobbler Ln"),  # noqa: RUF001 - as above
    )

    assert text in [one.text for one in await offers(listing_rig, typed)]


@pytest.mark.parametrize("typed", ["a", "%%", "__", "\\", "99 nowhere", "' OR 1=1", "🏠🏠"])
async def test_nothing_is_offered_for_what_leads_nowhere(listing_rig: ListingRig, typed: str) -> None:
    await listing_rig.put(make_listing("1", UnparsedAddress="12 Maple Street"))

    assert await offers(listing_rig, typed) == []


@pytest.mark.parametrize("typed", ["", "  ", "a\x00b", "x" * 201, "\ud800"])
async def test_a_text_that_cannot_be_is_refused(listing_rig: ListingRig, typed: str) -> None:
    with pytest.raises(InvalidInput, match="q"):
        await offers(listing_rig, typed)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("main", "main", 0),
        ("mian", "main", 1),
        ("man", "main", 1),
        ("mein", "main", 1),
        ("", "ab", 2),
        ("abcd", "badc", 2),
    ],
)
def test_distance_counts_slips(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == edits


def test_every_single_slip_is_at_distance_one() -> None:
    assert {edit_distance("elm", word) for word in edits_of("elm")} == {1}


def test_the_nearest_words_are_those_with_fewest_slips_within_reach() -> None:
    assert rank_corrections("mian", ["main", "mean", "maine", "man"]) == ["main", "man", "mean"]
    assert rank_corrections("mian", ["castle"]) == []
    assert rank_corrections("beautifull", ["beautiful", "bountiful"]) == ["beautiful"]
    assert rank_corrections("mian", []) == []
