"""Whatever the rules are, no public reply holds what they hide: searched for marks that nothing else holds."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import timedelta
from itertools import product
from random import Random
from typing import NamedTuple, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from platbook.base.actor import Surface
from platbook.db import Database, Query
from platbook.listings.documents import FIELD_NAMES
from platbook.listings.search.facets import FACETS
from platbook.listings.search.sorting import SORTS
from platbook.reso.fields import FIELDS
from tests.display.drawn_rules import draw_rules
from tests.display.expected import Expected
from tests.display.hidden_values import check_counts, check_order, check_question, find_questions
from tests.display.marked_world import BOARD, EXCHANGE, MarkedListing, make_world
from tests.display.naive_reading import PlainRules, Reading
from tests.display.public_site import CONFIGURED, PublicSite, open_public_site

WORLD = make_world()
_LATER = [timedelta(hours=hours) for hours in (0, 12, 13, 24 * 30, 24 * 365)]
_ALL_FIELDS = ",".join(name for name in FIELD_NAMES[Surface.PUBLIC] if "." not in name)
_LISTS = [
    "",
    "?limit=100",
    "/search?limit=100",
    f"?limit=100&fields={_ALL_FIELDS}",
    f"?limit=100&facets={','.join(FACETS)}",
    "?limit=7&page=2",
    "?near=30.2,-97.2&radiusMiles=500&sortBy=distance&limit=100",
    "?bbox=-98,30,-97,31&limit=100",
    "?hasPhotos=true&limit=100",
    "?hasPhotos=false&limit=100",
    "/featured?limit=100",
    f"/featured?limit=100&fields={_ALL_FIELDS}",
    "/stats",
    "/suggest?q=qz&limit=20",
    "/suggest?q=50000&limit=20",
    *(
        f"?limit=100&sortBy={sort}&sortOrder={order}"
        for sort, order in product(SORTS, ("asc", "desc"))
        if sort != "distance"
    ),
]
_PHASES = (Phase.explicit, Phase.generate)
"""Without making a failure smaller, which takes minutes here."""
_ERRORS = [
    "?propertySubType=qz",
    "?propertyType=qz",
    "?state=qz",
    "?providerId=qz",
    "?fields=privateRemarks",
    "?sortBy=privateRemarks",
    "?facets=privateRemarks",
    "?cursor=qz",
    "/by-key?providerId=board&listingKey=qz",
]


@pytest.fixture
async def site(database: Database) -> AsyncGenerator[PublicSite]:
    async with open_public_site(database, WORLD) as opened:
        yield opened


async def test_the_routes_that_are_searched_are_all_that_are_read(site: PublicSite) -> None:
    expected = Expected(site, {})
    for path in await site.find_routes():
        for key in site.ids:
            filled = path.replace("{property_id}", str(site.ids[key]))
            for parameter in ("provider_id", "user_id", "name"):
                filled = filled.replace(f"{{{parameter}}}", BOARD)
            reply = await site.get(filled)
            expected.check(reply)
            if filled == path:
                break
    assert expected.faults == []


async def check_lists(site: PublicSite, expected: Expected) -> None:
    """Check every list, statistic, suggestion and error."""
    for path in [*_LISTS, *_ERRORS]:
        reply = await site.get(f"/api/v1/properties{path}", coding="gzip" if "sortBy" in path else "identity")
        expected.check(reply)
        expected.expect((reply.status == 200) is (path in _LISTS), "an unexpected status", reply)
    reply = await site.post("/api/v1/properties/search", {"limit": 100, "count": "exact"})
    expected.check(reply)
    expected.expect(set(reply.ids) <= set(expected.ids), "a hidden listing", reply)


async def check_listings(site: PublicSite, expected: Expected) -> None:
    """Check what every route tells of each listing, and that it tells what may be shown."""
    for listing in WORLD.listings:
        property_id = site.ids[listing.key]
        by_key = f"/api/v1/properties/by-key?providerId={listing.provider_id}&listingKey={listing.key}"
        paths = [f"/api/v1/properties/{property_id}{rest}" for rest in ("", "/media", "/timeline?limit=100")]
        replies = [await site.get(path) for path in (*paths, by_key)]
        for reply in replies:
            expected.check(reply)
            is_shown = str(property_id) in expected.ids
            expected.expect((reply.status == 200) is is_shown, f"{listing.key}: should be shown: {is_shown}", reply)
        if replies[0].status == 200:
            check_document(listing, expected.readings[listing.key], replies[0].data)


def check_document(listing: MarkedListing, reading: Reading, document: Mapping[str, object]) -> None:
    """Check that a document holds what it may, and nothing else."""
    for name, field in FIELDS.items():
        if field.column and field.api and name != "PhotosCount":
            group, _, member = field.api.rpartition(".")
            part = cast("Mapping[str, object]", document[group]) if group and group in document else document
            value = part.get(member or group)
            assert (value is not None) is (name in reading.fields and listing.latest[name] is not None), name
    more = cast("Mapping[str, object]", document["fields"])
    further = {name for name in reading.fields if not FIELDS[name].column and listing.latest.get(name) is not None}
    assert more.keys() == further - {"AttributionContact", "DaysOnMarket"}
    assert document["displays"] == {"valuation": reading.valuation, "comments": reading.comments}
    media = cast("Sequence[Mapping[str, object]]", document["media"])
    assert {one["mediaKey"] for one in media} == reading.named
    assert (document["daysOnMarket"] is not None) is ("DaysOnMarket" in reading.fields)


_OPEN = Query(
    "look", "A test's look.", "SELECT media_key FROM property_media WHERE is_open AND provider_id = ANY(%(ids)s)"
)


async def check_photos(site: PublicSite, expected: Expected) -> None:
    """Check what the writer stored for whoever stores photos."""
    async with site.database.read() as connection:
        stored = set(await connection.column(str, _OPEN, {"ids": list(CONFIGURED)}))
    kept = [one for one in WORLD.listings if one.provider_id in CONFIGURED and one.state != "erased"]
    assert stored == {key for one in kept for key in expected.readings[one.key].opened}


class Drawn(NamedTuple):
    """One example: the rules, how much later is read, who writes the documents, and what is asked."""

    rules: Mapping[str, PlainRules]
    later: timedelta
    by_run: bool
    seed: int


async def check_rules(site: PublicSite, drawn: Drawn, *, questions: int) -> None:
    """Change the rules, and check everything at each step: withdrawn, rebuilt or stored by a run, and later."""
    site.set_clock(timedelta())
    await site.set_rules(drawn.rules)
    withdrawn = Expected(site, drawn.rules)
    await check_lists(site, withdrawn)
    if drawn.by_run:
        await site.store_again()
    await site.rebuild()
    await check_photos(site, withdrawn)
    site.set_clock(drawn.later)
    expected = Expected(site, drawn.rules)
    await check_lists(site, expected)
    await check_listings(site, expected)
    await check_order(site, expected)
    await check_counts(site, expected)
    asked = list(find_questions(expected))
    for question in Random(drawn.seed).sample(asked, min(questions, len(asked))):  # noqa: S311 - no secret
        await check_question(site, expected, question)
    faults = withdrawn.faults + expected.faults
    assert not faults, "\n".join(faults)


_DRAWN = st.builds(
    Drawn,
    st.fixed_dictionaries({provider: draw_rules(WORLD, provider) for provider in (BOARD, EXCHANGE)}),
    st.sampled_from(_LATER),
    st.booleans(),
    st.integers(0, 2**32),
)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=_PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=_DRAWN)
async def test_no_public_reply_tells_what_is_hidden(site: PublicSite, drawn: Drawn) -> None:
    await check_rules(site, drawn, questions=30)


@pytest.mark.soak
@settings(
    max_examples=1000,
    deadline=None,
    database=None,
    phases=_PHASES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=_DRAWN)
async def test_no_public_reply_tells_what_is_hidden_under_a_thousand_rules(site: PublicSite, drawn: Drawn) -> None:
    await check_rules(site, drawn, questions=300)
