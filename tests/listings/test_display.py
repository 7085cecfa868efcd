"""What of a listing may be shown in public: the decision, and the one part of it that SQL decides, held equal."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platbook.base.durations import parse_duration
from platbook.db import Query
from platbook.listings.display import DECIDING_FIELDS, Cause, decide
from platbook.listings.documents import to_documents
from platbook.listings.listing import NormalListing
from platbook.providers.display_rules import ProviderRules, RuleSettings
from platbook.reso.fields import FIELDS, SLOT
from platbook.reso.lookups import StandardStatus
from platbook.reso.public_fields import LOCATION_FIELDS, MARKET_TIME_FIELDS, PUBLIC_FIELDS
from tests.listings.display_rules import decide_by, make_rule, make_rules
from tests.listings.listing_rig import NOW, ListingRig, make_listing

_HIDING = ("removed_at", "out_of_scope_at", "erased_at")
_LISTING, _ADDRESS = "InternetEntireListingDisplayYN", "InternetAddressDisplayYN"
_SET = Query(
    "set",
    "One listing in a state.",
    "UPDATE properties SET public_document = %(document)s, public_until = %(until)s, hidden = %(hidden)s, "
    "removed_at = %(removed_at)s, out_of_scope_at = %(out_of_scope_at)s, erased_at = %(erased_at)s "
    "RETURNING listing_is_public(visible, public_document, public_until, %(now)s)",
)
_FLAGS: tuple[bool | None, ...] = (True, False, None)
_WHEN_NULL = (True, False)


def _is_shown(flag: object, *, when_null: bool) -> bool:
    return when_null if flag is None else flag is True


@pytest.mark.parametrize(
    ("listing_flag", "address_flag", "listing_when_null", "address_when_null"),
    list(product(_FLAGS, _FLAGS, _WHEN_NULL, _WHEN_NULL)),
)
def test_yes_no_and_silence_of_each_flag_under_each_meaning_of_silence(
    listing_flag: bool | None,  # noqa: FBT001 - the columns of the table
    address_flag: bool | None,  # noqa: FBT001 - as above
    listing_when_null: bool,  # noqa: FBT001 - as above
    address_when_null: bool,  # noqa: FBT001 - as above
) -> None:
    rule = RuleSettings(listing_display_when_null=listing_when_null, address_display_when_null=address_when_null)
    listing = make_listing("1", **{_LISTING: listing_flag, _ADDRESS: address_flag})

    decision = decide_by(listing, NOW, rule)

    assert decision.listing.shown is _is_shown(listing_flag, when_null=listing_when_null)
    assert decision.address.shown is _is_shown(address_flag, when_null=address_when_null)
    assert decision.hidden_fields.isdisjoint(LOCATION_FIELDS) is decision.address.shown
    assert decision.hidden_fields | LOCATION_FIELDS == LOCATION_FIELDS
    assert (to_documents(listing, (), decision, row={}).public is not None) is decision.listing.shown


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("InternetAutomatedValuationDisplayYN", "valuation_when_null"),
        ("InternetConsumerCommentYN", "comments_when_null"),
    ],
)
@pytest.mark.parametrize("flag", _FLAGS)
@pytest.mark.parametrize("when_null", _WHEN_NULL)
def test_valuations_and_comments_have_a_meaning_of_silence_of_their_own(
    name: str, setting: str, *, flag: bool | None, when_null: bool
) -> None:
    listing = make_listing("1", **{name: flag})
    decision = decide_by(listing, NOW, RuleSettings.model_validate({setting: when_null}))

    shown = {"valuation": decision.valuation.shown, "comments": decision.comments.shown}
    expected = {"valuation_when_null": "valuation", "comments_when_null": "comments"}[setting]
    assert shown == {"valuation": False, "comments": False} | {expected: _is_shown(flag, when_null=when_null)}
    for document in to_documents(listing, (), decision, row={})[:2]:
        assert orjson.loads(document or "")["displays"] == shown


@pytest.mark.parametrize("name", sorted(DECIDING_FIELDS))
def test_a_value_that_cannot_be_read_is_a_no(name: str) -> None:
    values = make_listing("1", **{} if name.endswith("Price") or name not in SLOT else {name: None})
    listing = NormalListing("1", values.values, withheld=frozenset({name}))
    silence_is_yes = ("listing_display", "address_display", "valuation", "comments")
    rule = RuleSettings.model_validate({f"{one}_when_null": True for one in silence_is_yes})

    decision = decide_by(listing, NOW, rule)

    verdicts = (decision.listing, decision.address, decision.valuation, decision.comments)
    hidden = [verdict for verdict in verdicts if not verdict.shown]
    assert [verdict.cause for verdict in hidden] == [Cause.UNREADABLE]
    assert hidden[0].rule is None


@pytest.mark.parametrize("status", [*StandardStatus, None])
def test_a_status_is_shown_where_the_rules_name_it_and_by_default_five_are(status: str | None) -> None:
    listing = make_listing("1", StandardStatus=status)
    default = {"Active", "Active Under Contract", "Closed", "Coming Soon", "Pending"}

    assert decide_by(listing, NOW).listing.shown is (status in default)
    assert decide_by(listing, NOW, RuleSettings(statuses=("Withdrawn",))).listing.shown is (status == "Withdrawn")
    assert not decide_by(listing, NOW, RuleSettings(statuses=())).listing.shown


@pytest.mark.parametrize("status", [*StandardStatus])
def test_own_listings_are_shown_in_every_status_that_their_rule_names_and_others_are_not(status: str) -> None:
    ours = make_rule(2, RuleSettings(statuses=tuple(StandardStatus)), ours=True)
    rules = make_rules(RuleSettings(statuses=("Active",)), ours, own_offices=["F1"])
    for values, is_own in (
        ({"ListOfficeKey": "F1"}, True),
        ({"ListOfficeMlsId": "F1"}, True),
        ({"CoListOfficeKey": "F1"}, True),
        ({"ListOfficeKey": "F2"}, False),
        ({}, False),
    ):
        verdict = decide(make_listing("1", StandardStatus=status, **values), rules, NOW).listing
        assert verdict.shown is (is_own or status == "Active")
        assert verdict.rule is not None
        assert verdict.rule.key.ours is is_own


@pytest.mark.parametrize(
    ("settings", "seconds", "shown"),
    [
        ({"soldWithin": "P36M"}, -1, True),
        ({"soldWithin": "P36M"}, 0, False),
        ({"hideAfterClosing": "P36M"}, -1, True),
        ({"hideAfterClosing": "P36M"}, 0, False),
        ({"soldWithin": "P40M", "hideAfterClosing": "P36M"}, 0, False),
        ({}, 10**9, True),
    ],
)
def test_a_sold_listing_is_shown_until_its_time_is_over_to_the_second(
    settings: dict[str, object], seconds: int, *, shown: bool
) -> None:
    end = datetime(2026, 2, 28, tzinfo=UTC)  # three years after the last day of a February
    listing = make_listing("1", StandardStatus="Closed", CloseDate=date(2023, 2, 28))

    decision = decide_by(listing, end + timedelta(seconds=seconds), RuleSettings.model_validate(settings))

    assert decision.listing.shown is shown
    assert decision.until == (end if settings and shown else None)


def test_a_closed_listing_without_any_time_of_closing_is_hidden_where_there_is_a_window() -> None:
    listing = make_listing("1", StandardStatus="Closed")
    changed = make_listing("1", StandardStatus="Closed", StatusChangeTimestamp=NOW)
    rule = RuleSettings.model_validate({"soldWithin": "P1D"})

    assert decide_by(listing, NOW, rule).listing.cause is Cause.CLOSING_UNKNOWN
    assert decide_by(listing, NOW).listing.shown
    assert decide_by(changed, NOW, rule).until == NOW + timedelta(days=1)
    assert decide_by(make_listing("1"), NOW, rule).until is None


@pytest.mark.parametrize(
    ("settings", "values", "shown"),
    [
        ({"propertyTypes": ["Land"]}, {"PropertyType": "Residential"}, False),
        ({"propertyTypes": ["Land"]}, {"PropertyType": "Land"}, True),
        ({"propertyTypes": ["Land"]}, {"PropertyType": None}, False),
        ({"optOutOffices": ["F1"]}, {"ListOfficeMlsId": "F1"}, False),
        ({"optOutOffices": ["F1"]}, {"CoListOfficeKey": "F1"}, False),
        ({"optOutOffices": ["F1"]}, {"ListAgentKey": "F1"}, True),
        ({"optOutAgents": ["A1"]}, {"CoListAgentKey": "A1"}, False),
        ({"optOutAgents": ["A1"]}, {"ListAgentMlsId": "A1"}, False),
        ({"optOutAgents": ["A1"]}, {"ListAgentKey": "A2"}, True),
        ({"requireContact": True}, {"ListOfficeName": "Firm"}, False),
        ({"requireContact": True}, {"ListOfficePhone": "512 555 0100"}, False),
        ({"requireContact": True}, {"ListOfficeName": "Firm", "ListOfficePhone": "512 555 0100"}, True),
        ({"requireContact": True}, {"ListOfficeName": "Firm", "ListOfficePhone": "n/a"}, False),
    ],
)
def test_each_setting_hides_what_it_says(
    settings: dict[str, object], values: dict[str, object], *, shown: bool
) -> None:
    decision = decide_by(make_listing("1", **values), NOW, RuleSettings.model_validate(settings))

    assert decision.listing.shown is shown
    if not shown:
        assert decision.listing.rule is not None


def test_the_most_specific_rule_decides_setting_by_setting() -> None:
    rules = make_rules(
        RuleSettings(mls="Board", copyright="all", disclaimer="whole", statuses=("Active",)),
        make_rule(1, RuleSettings(copyright="feed", disclaimer="feed", logo="feed"), feed="IDX"),
        make_rule(2, RuleSettings(disclaimer="system", logo="system"), originating_system="North"),
        make_rule(3, RuleSettings(logo="ours"), ours=True),
        own_offices=["F1"],
    )
    values = make_listing("1", OriginatingSystemName="North", ListOfficeKey="F1").values
    decision = decide(NormalListing("1", values, licences=frozenset({"IDX"})), rules, NOW)

    assert decision.rules is not None
    made = decision.rules.settings
    assert (made.mls, made.copyright, made.disclaimer, made.logo) == ("Board", "feed", "system", "ours")
    expected = {"mls": 0, "copyright": 1, "disclaimer": 2, "logo": 3, "sold_within": 3}
    for setting, number in expected.items():
        rule = decision.rules.rule_of(setting)
        assert rule is not None
        assert rule.id.int == number


def test_a_listing_for_which_no_rule_holds_is_not_shown() -> None:
    rules = ProviderRules.of([make_rule(1, feed="IDX")])
    listing = make_listing("1")

    decision = decide(listing, rules, NOW)

    assert decision.listing.cause is Cause.NO_RULE
    assert to_documents(listing, (), decision, row={}).public is None
    assert decide(NormalListing("1", listing.values, licences=frozenset({"IDX"})), rules, NOW).listing.shown


def test_a_record_must_carry_one_of_the_licences() -> None:
    rule = RuleSettings.model_validate({"licences": ["idx"]})
    values = make_listing("1").values
    for carried, shown in (({"IDX", "VOW"}, True), ({"VOW"}, False), (set[str](), False)):
        listing = NormalListing("1", values, licences=frozenset(carried))
        assert decide_by(listing, NOW, rule).listing.shown is shown


@pytest.mark.parametrize(
    ("settings", "hidden"),
    [
        ({"hideFields": ["PublicRemarks", "AttributionContact"]}, frozenset({"PublicRemarks", "AttributionContact"})),
        (
            {"hideFields": ["StreetNumber"]},
            frozenset({"StreetNumber", "StreetNumberNumeric", "UnparsedAddress"}),
        ),
        ({"hideFields": ["CloseDate"]}, frozenset({"CloseDate", "DaysOnMarket"})),
        ({"showClosePrice": False}, frozenset({"ClosePrice"})),
        ({"showDaysOnMarket": False}, (MARKET_TIME_FIELDS & PUBLIC_FIELDS) | {"DaysOnMarket"}),
        ({"hideFields": ["PrivateRemarks", "ModificationTimestamp"]}, frozenset[str]()),
    ],
)
def test_a_rule_takes_fields_away_and_only_those_it_can(settings: dict[str, object], hidden: frozenset[str]) -> None:
    decision = decide_by(make_listing("1"), NOW, RuleSettings.model_validate(settings))

    assert decision.hidden_fields == hidden


def test_a_field_that_is_taken_away_is_not_in_the_attribution_either() -> None:
    names = ["ListOfficeName", "ListOfficePhone", "ListAgentFullName", "AttributionContact", "OriginatingSystemName"]
    values = make_listing("1", **dict.fromkeys(set(names) - {"AttributionContact"}, "secret")).values
    listing = NormalListing("1", values, {"AttributionContact": "secret"})
    rule = RuleSettings.model_validate({"hideFields": names})

    internal, public, _ = to_documents(listing, (), decide_by(listing, NOW, rule), row={})

    assert internal.count("secret") > len(names)
    assert public is not None
    assert "secret" not in public


_PERMISSIONS = st.none() | st.lists(
    st.sampled_from(["Public", "IDX", "VOW", "Private", "public", "idx", ""]), max_size=4
)


@given(permission=_PERMISSIONS, when_null=st.booleans(), opening=st.sets(st.sampled_from(["Public", "IDX"])))
def test_a_photos_permission_decides_and_its_verdict_says_so(
    permission: Sequence[str] | None, *, when_null: bool, opening: set[str]
) -> None:
    rule = RuleSettings(photo_display_when_null=when_null, photo_permissions=tuple(opening))
    decision = decide_by(make_listing("1"), NOW, rule)

    expected = when_null if permission is None else bool(opening & set(permission))
    assert decision.shows_photo(permission) is expected
    assert decision.photo(permission).shown is expected
    # One that the source opens to nobody in public is opened by no rule.
    is_forbidden = permission is not None and {"Public", "IDX"}.isdisjoint(permission)
    assert (decision.photo(permission).rule is None) is is_forbidden


def test_fields_beside_the_allow_list_and_those_no_rule_reaches_name_a_setting_that_can_hide_them() -> None:
    settings = {"ListingKey": "statuses", "DaysOnMarket": "show_days_on_market", "AttributionContact": "hide_fields"}
    decision = decide_by(make_listing("1"), NOW)

    assert {name: decision.field(name).setting for name in settings} == settings
    assert all(decision.field(name).shown for name in settings)
    assert decision.field("NoFieldOfTheDictionary").cause is Cause.NOT_PUBLIC
    assert decision.listing.seen == "Active"


@pytest.mark.parametrize("category", ["Photo", "Video", "Branded Virtual Tour", "Unbranded Virtual Tour", "Document"])
@pytest.mark.parametrize("address", [True, False])
def test_what_is_no_image_is_hidden_with_the_address_and_a_branded_tour_always(category: str, *, address: bool) -> None:
    decision = decide_by(make_listing("1", InternetAddressDisplayYN=address), NOW)

    expected = category == "Photo" or (address and category != "Branded Virtual Tour")
    assert decision.shows_media(category, ["Public"]) is expected
    assert decision.media(category, ["Public"]).shown is expected
    assert not decision.media(category, ["Private"]).shown


def test_no_confidential_field_is_public() -> None:
    confidential = {name for name, field in FIELDS.items() if field.confidential}

    assert confidential
    assert confidential.isdisjoint(PUBLIC_FIELDS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    flag=st.sampled_from(_FLAGS),
    status=st.sampled_from(["Active", "Closed", "Withdrawn"]),
    hours=st.integers(-2, 2),
    hiding=st.sets(st.sampled_from([*_HIDING, "hidden"])),
)
async def test_sql_shows_a_stored_listing_where_the_decision_does(
    listing_rig: ListingRig, status: str, hours: int, hiding: set[str], *, flag: bool | None
) -> None:
    if not listing_rig.ids:
        await listing_rig.put(make_listing("1"))
    closed = date(2026, 10, 1)
    listing = make_listing("1", InternetEntireListingDisplayYN=flag, StandardStatus=status, CloseDate=closed)
    rule = RuleSettings(sold_within=parse_duration("P1D"))
    dates = {name: NOW - timedelta(days=1) if name in hiding else None for name in _HIDING}
    stored_at = datetime(2026, 10, 1, 12, tzinfo=UTC)
    read_at = datetime(2026, 10, 2, tzinfo=UTC) + timedelta(hours=hours)
    decision = decide_by(listing, stored_at, rule)
    document = to_documents(listing, (), decision, row={"id": listing_rig.ids["1"]}).public
    params = {**dates, "hidden": "hidden" in hiding, "document": document, "until": decision.until, "now": read_at}

    async with listing_rig.database.transaction() as connection:
        shown = await connection.value(bool, _SET, params)

    assert shown is (decide_by(listing, read_at, rule).listing.shown and not hiding)


async def test_the_planner_inlines_the_function(listing_rig: ListingRig) -> None:
    statement = Query(
        "explain",
        "How public listings are found.",
        "EXPLAIN (VERBOSE) SELECT FROM properties p WHERE listing_is_public(p.visible, p.public_document, "
        "p.public_until, now())",
    )
    async with listing_rig.database.read() as connection:
        plan = "\n".join(await connection.column(str, statement))

    assert "p.visible" in plan
    assert "_is_public(" not in plan
