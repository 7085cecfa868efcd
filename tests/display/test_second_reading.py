"""The decision is what a second, slow reading of the rules says, whatever the rules and the listing are."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platbook.listings.display import Decision, decide
from platbook.providers.display_rules import DisplayRule, ProviderRules
from platbook.providers.local import LOCAL
from platbook.reso.fields import FIELDS
from tests.display.drawn_rules import draw_rules, to_stored_rules
from tests.display.marked_world import BOARD, LATEST, NOW, MarkedListing, make_world
from tests.display.naive_reading import PlainRules, Reading, read_listing

WORLD = make_world()
_LISTINGS = [one for one in WORLD.listings if one.provider_id != LOCAL]
_MOMENTS = [NOW + timedelta(hours=hours) for hours in (0, 11, 12, 13, 24 * 30, 24 * 365 * 3)]


def to_provider_rules(rules: PlainRules) -> ProviderRules:
    """The rules as the product has them stored."""
    stored = to_stored_rules(BOARD, rules).items()
    numbered = enumerate(stored)
    made = [DisplayRule(UUID(int=number), key, one, 1, NOW, "ada") for number, (key, one) in numbered]
    return ProviderRules.of(made, rules.own_offices, 1)


def _check(decision: Decision, reading: Reading, listing: MarkedListing) -> None:
    assert decision.listing.shown is reading.shown, (decision.listing, reading.hidden_by)
    if not reading.shown:
        return
    assert decision.until == reading.until
    assert decision.address.shown is reading.address
    assert decision.valuation.shown is reading.valuation
    assert decision.comments.shown is reading.comments
    assert {name for name in FIELDS if decision.field(name).shown} == reading.fields
    photos = [one.ref for one in listing.photos]
    assert {one.media_key for one in photos if decision.shows_photo(one.permission)} == reading.named
    assert {one.media_key for one in photos if decision.photo(one.permission).shown} == reading.named
    assert {one.media_key for one in photos if decision.shows_media(one.category, one.permission)} == reading.opened
    assert {one.media_key for one in photos if decision.media(one.category, one.permission).shown} == reading.opened


def _compare(rules: PlainRules, listing: MarkedListing, later: int) -> None:
    now = _MOMENTS[later]
    decision = decide(listing.to_listing(LATEST), to_provider_rules(rules), now)
    _check(decision, read_listing(listing, rules, now), listing)


_DRAWN = given(draw_rules(WORLD, BOARD), st.sampled_from(_LISTINGS), st.integers(0, len(_MOMENTS) - 1))


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@_DRAWN
def test_the_decision_is_what_a_second_reading_says(rules: PlainRules, listing: MarkedListing, later: int) -> None:
    _compare(rules, listing, later)


@pytest.mark.soak
@settings(max_examples=5000, deadline=None, database=None)
@_DRAWN
def test_the_decision_is_what_a_second_reading_says_of_thousands(
    rules: PlainRules, listing: MarkedListing, later: int
) -> None:
    _compare(rules, listing, later)
