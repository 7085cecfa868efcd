"""What of a listing may be shown in public: the decision in Python, and the part of it that SQL decides, held equal."""

from collections.abc import Sequence
from datetime import timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platbook.db import Database, Query, as_json
from platbook.listings.display import (
    LOCATION_FIELDS,
    decide_display,
    media_is_public,
    photo_is_public,
    public_fields,
)
from platbook.listings.documents import to_documents
from platbook.providers.display import DisplaySettings
from platbook.reso.fields import FIELDS
from platbook.reso.media_category import is_image
from tests.listings.listing_rig import NOW, ListingRig, make_listing

_CLOSED = DisplaySettings()
_OPEN = DisplaySettings(listing_display_when_null=True, address_display_when_null=True, photo_display_when_null=True)
_HIDING = ("removed_at", "out_of_scope_at", "erased_at")

_FLAGS = st.sampled_from([True, False, None])
_STATUSES = st.sampled_from(["Active", "Closed", "Withdrawn"])
_SETTINGS = st.builds(
    DisplaySettings,
    listing_display_when_null=st.booleans(),
    address_display_when_null=st.booleans(),
    photo_display_when_null=st.booleans(),
    statuses=st.lists(_STATUSES, unique=True).map(tuple),
)
_PERMISSIONS = st.none() | st.lists(
    st.sampled_from(["Public", "IDX", "VOW", "Private", "public", "idx", ""]), max_size=4
)

_SET = Query(
    "set",
    "One listing in a state.",
    "UPDATE properties SET public_document = %(document)s, hidden = %(hidden)s, removed_at = %(removed_at)s, "
    "out_of_scope_at = %(out_of_scope_at)s, erased_at = %(erased_at)s "
    "RETURNING listing_is_public(visible, public_document)",
)
_IMAGES = ("Photo", "Floor Plan", "Video Still", "Tourist Photo", "", "V\u0130DEO", "document\u017f", "tour\n")
_FILES = ("Video", "videos", "DRONE VIDEO", "vIdeo", "Document", "Documents")
_TOURS = ("Branded Virtual Tour", "BrandedVirtualTour", "Unbranded Virtual Tour", "UnbrandedVirtualTour", "Tours")
_CATEGORIES = st.sampled_from((*_IMAGES, *_FILES, *_TOURS, "Virtual Tour", "not unbranded tour"))
_MEDIA = Query(
    "media",
    "One video.",
    "SELECT media_is_public(%(category)s, %(permission)s::text[], %(display)s::jsonb, %(shows_address)s), "
    "media_is_image(%(category)s)",
)
_PHOTO = Query("photo", "One photo.", "SELECT photo_is_public(%(permission)s::text[], %(display)s::jsonb)")


@pytest.mark.parametrize(
    ("flag", "display", "status", "expected"),
    [
        (True, _CLOSED, "Active", True),
        (None, _CLOSED, "Active", False),
        (None, _OPEN, "Active", True),
        (False, _OPEN, "Active", False),
        (True, _OPEN, "Withdrawn", False),
        (True, _OPEN, None, False),
        (True, DisplaySettings(statuses=("Withdrawn",)), "Withdrawn", True),
    ],
)
def test_a_listing_needs_a_yes_and_an_allowed_status(
    display: DisplaySettings, status: str | None, *, flag: bool | None, expected: bool
) -> None:
    listing = make_listing("1", InternetEntireListingDisplayYN=flag, StandardStatus=status)

    assert decide_display(listing, display).shows_listing is expected
    assert (to_documents(listing, (), display, row={}).public is not None) is expected


@pytest.mark.parametrize(
    ("flag", "display", "expected"),
    [(True, _CLOSED, True), (None, _CLOSED, False), (None, _OPEN, True), (False, _OPEN, False)],
)
def test_a_hidden_address_takes_every_field_with_it_that_reveals_the_location(
    display: DisplaySettings, *, flag: bool | None, expected: bool
) -> None:
    listing = make_listing("1", InternetAddressDisplayYN=flag)

    decision = decide_display(listing, display)

    assert decision.shows_address is expected
    assert decision.fields.isdisjoint(LOCATION_FIELDS) is not expected
    assert decision.fields | LOCATION_FIELDS == public_fields(shows_address=True) | LOCATION_FIELDS


def test_no_confidential_field_is_public() -> None:
    confidential = {name for name, field in FIELDS.items() if field.confidential}

    assert confidential
    assert confidential.isdisjoint(public_fields(shows_address=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(permission=_PERMISSIONS, display=_SETTINGS, is_default=st.booleans())
async def test_sql_decides_about_a_photo_as_python_does(
    database: Database, permission: Sequence[str] | None, display: DisplaySettings, *, is_default: bool
) -> None:
    chosen = DisplaySettings() if is_default else display
    stored = {} if is_default else display.model_dump(mode="json", by_alias=True)
    params = {"permission": permission, "display": as_json(stored)}

    async with database.read() as connection:
        decided = await connection.value(bool, _PHOTO, params)

    assert decided is photo_is_public(permission, chosen)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(category=_CATEGORIES, permission=_PERMISSIONS, display=_SETTINGS, shows_address=st.booleans())
async def test_sql_decides_about_a_video_as_python_does(
    database: Database,
    category: str,
    permission: Sequence[str] | None,
    display: DisplaySettings,
    *,
    shows_address: bool,
) -> None:
    stored = as_json(display.model_dump(mode="json", by_alias=True))
    params = {"category": category, "permission": permission, "display": stored, "shows_address": shows_address}

    async with database.read() as connection:
        decided = await connection.tuples(_MEDIA, params)

    expected = media_is_public(category, permission, display, shows_address=shows_address)
    assert decided == [(expected, is_image(category))]


async def test_sql_shows_no_photo_without_permission_where_there_are_no_settings(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.value(bool, _PHOTO, {"permission": None, "display": None}) is False


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(flag=_FLAGS, status=_STATUSES, display=_SETTINGS, hiding=st.sets(st.sampled_from([*_HIDING, "hidden"])))
async def test_sql_decides_about_a_listing_as_python_does(
    listing_rig: ListingRig, status: str, display: DisplaySettings, hiding: set[str], *, flag: bool | None
) -> None:
    if not listing_rig.ids:
        await listing_rig.put(make_listing("1"))
    listing = make_listing("1", InternetEntireListingDisplayYN=flag, StandardStatus=status)
    dates = {name: NOW - timedelta(days=1) if name in hiding else None for name in _HIDING}
    document = to_documents(listing, (), display, row={"id": listing_rig.ids["1"]}).public

    async with listing_rig.database.transaction() as connection:
        decided = await connection.value(bool, _SET, {**dates, "hidden": "hidden" in hiding, "document": document})

    assert document is None or orjson.loads(document)["listingKey"] == "1"
    assert decided is (decide_display(listing, display).shows_listing and not hiding)


async def test_the_planner_inlines_both_functions(database: Database) -> None:
    statement = Query(
        "explain",
        "How public photos are found.",
        "EXPLAIN (VERBOSE) SELECT FROM properties p JOIN property_media m ON m.property_id = p.id "
        "WHERE listing_is_public(p.visible, p.public_document) AND photo_is_public(m.permission, "
        "(SELECT c.display FROM mls_provider_configurations c WHERE c.provider_id = p.provider_id))",
    )
    async with database.read() as connection:
        plan = "\n".join(await connection.column(str, statement))

    assert "p.visible" in plan
    assert "m.permission &&" in plan
    assert "_is_public(" not in plan
