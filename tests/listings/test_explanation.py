"""What is shown of a listing, and why: a setting that is named turns the decision about when it is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from platbook.base.actor import Surface
from platbook.listings.display import Cause, decide
from platbook.listings.explanation import UNSHOWN, DecisionRead, Explanation, to_explanation
from platbook.listings.listing import NormalListing, Photo
from platbook.listings.store import ListingStanding, StoredListing
from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleSettings
from platbook.reso.lookups import StandardStatus
from tests.listings.display_rules import make_rule, make_rules
from tests.listings.listing_rig import NOW, day, make_listing

_CONFIDENTIAL = "the key is under the mat"
_FLAG_NAMES: Sequence[str] = (
    "InternetEntireListingDisplayYN",
    "InternetAddressDisplayYN",
    "InternetAutomatedValuationDisplayYN",
    "InternetConsumerCommentYN",
)
_SILENT: dict[str, object] = {**dict.fromkeys(_FLAG_NAMES)}
_SPOKEN: dict[str, object] = dict.fromkeys(_FLAG_NAMES, True)
_WHEN_NULL = ("listing_display_when_null", "address_display_when_null", "valuation_when_null", "comments_when_null")


def _photo(key: str, permission: Sequence[str] | None = None, category: str = "Photo") -> Photo:
    return Photo(key, 1, category, None, permission, None, "waiting")


_PHOTOS = [
    _photo("silent"),
    _photo("public", ["Public"]),
    _photo("idx", ["IDX"]),
    _photo("private", ["Private"]),
    _photo("video", ["Public"], "Video"),
    _photo("tour", ["Public"], "Branded Virtual Tour"),
]


def _state(listing: NormalListing, rules: ProviderRules, **changed: object) -> ListingStanding:
    """A stored listing whose document is as decided."""
    stored = StoredListing(
        UUID(int=1), listing, is_local=False, is_featured=False, author_id=None, removed=False, out_of_scope=False
    )
    is_public = decide(listing, rules, NOW).listing.shown
    state = ListingStanding(
        provider_id="board",
        rules=rules,
        archived=False,
        erased=False,
        is_public=is_public,
        is_withdrawn=False,
        is_stale=False,
        stored=stored,
    )
    return state._replace(**changed)


def _explain(
    listing: NormalListing, rules: ProviderRules, surface: Surface = Surface.PUBLIC, **changed: object
) -> Explanation:
    return to_explanation(_state(listing, rules, **changed), _PHOTOS, surface, NOW)


def _decisions(explanation: Explanation) -> dict[str, DecisionRead]:
    return {one.subject: one for one in explanation.decisions}


def _turn(settings: RuleSettings, one: DecisionRead, listing: NormalListing) -> RuleSettings:
    """A rule's settings with the one that decided changed, so that it decides the other way."""
    name = one.subject.partition(":")[2]
    hide: Mapping[str, object] = {
        "statuses": [status for status in StandardStatus if status != listing.standard_status],
        "photoPermissions": [],
        "hideFields": [*(settings.hide_fields or ()), name],
    }
    show: Mapping[str, object] = {
        "statuses": list(StandardStatus),
        "propertyTypes": ["Residential", "Land"],
        "licences": ["IDX", "BO"],
        "photoPermissions": ["Public", "IDX"],
        "hideFields": [],
        "optOutOffices": [],
        "optOutAgents": [],
        "requireContact": False,
        "soldWithin": None,
        "hideAfterClosing": None,
    }
    assert one.rule is not None
    setting = one.rule.setting
    flipped = (hide if one.shown else show).get(setting, not one.shown)
    made = settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    return RuleSettings.model_validate({**made, setting: flipped})


def _change_rule(rules: ProviderRules, one: DecisionRead, listing: NormalListing) -> ProviderRules:
    """The rules with the one that a decision names changed by the setting that it names."""
    assert one.rule is not None
    rule_id = one.rule.id
    assert [rule.id for rule in rules.rules].count(rule_id) == 1
    changed = [
        replace(rule, settings=_turn(rule.settings, one, listing)) if rule.id == rule_id else rule
        for rule in rules.rules
    ]
    return ProviderRules.of(changed, rules.own_offices, rules.version)


_RICH: dict[str, object] = {
    "ListPrice": Decimal(1),
    "ClosePrice": Decimal(1),
    "UnparsedAddress": "12 Elm St",
    "OnMarketDate": day("2026-10-01"),
    "ListOfficeKey": "F1",
    "ListOfficeName": "Elm Realty",
    "ListAgentKey": "A1",
    "PrivateRemarks": _CONFIDENTIAL,
    "LockBoxSerialNumber": _CONFIDENTIAL,
    "AttributionContact": "555-0100-200",
    "Roof": ["Slate"],
    "PropertyType": "Residential",
}
_CLOSED: dict[str, object] = {"StandardStatus": "Closed", "CloseDate": day("2020-01-01")}
_SCENES: list[tuple[dict[str, object], dict[str, object], Sequence[DisplayRule]]] = [
    ({}, {}, ()),
    ({}, {"photoDisplayWhenNull": True, "hideFields": ["City", "AttributionContact"]}, ()),
    (_SILENT, {}, ()),
    (_SILENT, dict.fromkeys(_WHEN_NULL, True), ()),
    (_SILENT, {"listingDisplayWhenNull": True}, ()),
    (_SPOKEN, {"showClosePrice": False, "showDaysOnMarket": False}, ()),
    ({"InternetAddressDisplayYN": False}, {"photoPermissions": ["IDX"]}, ()),
    ({"InternetEntireListingDisplayYN": False}, {"statuses": ["Active"]}, ()),
    ({"StandardStatus": "Expired"}, {"showClosePrice": False}, ()),
    ({"StandardStatus": "Pending"}, {"statuses": ["Active"]}, [make_rule(2, RuleSettings(statuses=()), ours=True)]),
    ({}, {"propertyTypes": ["Land"], "licences": ["IDX"]}, [make_rule(2, RuleSettings(statuses=()), feed="BO")]),
    ({}, {"optOutOffices": ["F1"], "optOutAgents": ["A1"]}, ()),
    ({"AttributionContact": None, "ListOfficePhone": None}, {"requireContact": True}, ()),
    (_CLOSED, {"soldWithin": "P36M", "hideAfterClosing": "PT24H"}, ()),
    ({**_CLOSED, "CloseDate": None}, {"soldWithin": "P36M"}, ()),
    (_CLOSED, {"soldWithin": "P10Y"}, ()),
    ({}, {}, [make_rule(2, RuleSettings(hide_fields=("ListPrice",)), ours=True)]),
]


@pytest.mark.parametrize(("values", "settings", "more"), _SCENES)
def test_the_rule_that_is_named_turns_the_decision_about_when_it_is_changed(
    values: dict[str, object], settings: dict[str, object], more: Sequence[DisplayRule]
) -> None:
    listing = replace(make_listing("1", **{**_RICH, **values}), licences=frozenset({"BO"}))
    rules = make_rules(RuleSettings.model_validate(settings), *more, own_offices=["F1"])
    before = _decisions(_explain(listing, rules))

    for subject, one in before.items():
        changed, now = rules, one
        while now.rule is not None and now.shown is one.shown:
            named = now.rule
            changed = _change_rule(changed, now, listing)
            now = _decisions(_explain(listing, changed))[subject]
            # Where two settings hide the same thing, the other one is named next.
            assert now.shown is not one.shown or now.rule != named, subject
        assert now.rule is None or now.shown is not one.shown
        assert one.rule is not None or not one.shown, subject
        if now.rule is None:
            assert not now.shown, subject


def test_what_no_rule_decides_names_none_and_says_what_does() -> None:
    listing = make_listing("1", **_RICH, InternetAutomatedValuationDisplayYN=False)
    found = _decisions(_explain(replace(listing, withheld=frozenset({"InternetConsumerCommentYN"})), make_rules()))

    said = {subject: one.because for subject, one in found.items() if one.rule is None}
    assert said == {
        "valuation": "the source forbids it (InternetAutomatedValuationDisplayYN is false)",
        "comments": "the source's InternetConsumerCommentYN cannot be read, and counts as a no",
        "field:ListOfficeKey": "it is not on the allow-list of public fields",
        "field:ListAgentKey": "it is not on the allow-list of public fields",
        "field:PrivateRemarks": "it is confidential: never public, whatever a rule says",
        "field:LockBoxSerialNumber": "it is confidential: never public, whatever a rule says",
        "photo:private": "the source forbids it: its Permission is Private, which no rule can open",
        "photo:tour": "the source does not call this tour unbranded, so that it is for the listing's own broker",
    }
    assert not any(found[subject].shown for subject in said)


def test_without_a_rule_nothing_is_shown() -> None:
    rules = ProviderRules.of([make_rule(1, None, originating_system="ARMLS")])
    explanation = _explain(make_listing("1", **_RICH), rules)

    assert explanation.shown is False
    assert not any(one.shown or one.rule for one in explanation.decisions)
    assert explanation.decisions[0].because == "no display rule of its provider holds for this listing"


@pytest.mark.parametrize("surface", Surface)
def test_every_field_with_a_value_and_every_photo_is_listed_and_no_value_of_a_field_is(surface: Surface) -> None:
    explanation = _explain(make_listing("1", **_RICH), make_rules(), surface)

    subjects = [one.subject for one in explanation.decisions]
    assert subjects[:4] == ["listing", "address", "valuation", "comments"]
    assert {"field:ListingKey", "field:Roof", "field:DaysOnMarket", "field:PrivateRemarks"} <= set(subjects)
    assert {*subjects[-6:]} == {f"photo:{photo.media_key}" for photo in _PHOTOS}
    assert len(subjects) == len(set(subjects))
    assert _CONFIDENTIAL not in str(explanation.to_json())
    assert all(one.seen is None for one in explanation.decisions if one.subject == "field:ListPrice")


@pytest.mark.parametrize(
    ("changed", "state", "because"),
    [
        ({"archived": True}, "archived", "its provider is archived, which hides all its listings"),
        ({"removed": True}, "removed", "its source has it no longer"),
        ({"removed": True, "is_local": True}, "removed", "it was removed"),
        ({"out_of_scope": True}, "out_of_scope", "it left the scope of its provider, which says what is replicated"),
    ],
)
def test_what_a_state_hides_no_rule_shows(changed: dict[str, object], state: str, because: str) -> None:
    listing, rules = make_listing("1", **_RICH), make_rules()
    before = _state(listing, rules, is_public=False)
    of_row = {name: value for name, value in changed.items() if name != "archived"}
    stored = replace(before.stored, **of_row)
    hidden = before._replace(stored=stored, archived="archived" in changed)
    explanation = to_explanation(hidden, _PHOTOS, Surface.PUBLIC, NOW)

    assert [name for name, holds in explanation.state if holds] == [state]
    assert explanation.shown is False
    assert explanation.decisions[0].because == because
    assert not any(one.shown or one.rule for one in explanation.decisions)
    assert _decisions(explanation)["field:City"].because == UNSHOWN
    for_staff = to_explanation(hidden, _PHOTOS, Surface.INTERNAL, NOW)
    assert {one.shown for one in for_staff.decisions} == {for_staff.shown} == {state != "archived"}


def test_a_withdrawn_document_is_not_shown_and_its_decisions_tell_of_the_rebuilt_one() -> None:
    listing = make_listing("1", **_RICH)
    explanation = _explain(listing, make_rules(), is_withdrawn=True, is_public=False)

    assert (explanation.shown, explanation.state.withdrawn) == (False, True)
    assert explanation.decisions == _explain(listing, make_rules()).decisions
    assert explanation.decisions[0].shown is True


def test_a_stale_copy_hides_all_by_the_rule_that_says_so() -> None:
    rules = make_rules(RuleSettings.model_validate({"hideWhenStale": "PT12H"}))
    explanation = _explain(make_listing("1", **_RICH), rules, is_stale=True, is_public=False)
    found = _decisions(explanation)

    assert (explanation.shown, explanation.state.stale) == (False, True)
    assert found["listing"].because == (
        "the rule of board for any listing shows nothing while the copy is older than PT12H (hideWhenStale), and it is"
    )
    assert {one.rule.setting for one in found.values() if one.rule is not None} == {"hideWhenStale"}
    assert found["field:City"].rule == found["listing"].rule
    assert _explain(make_listing("1"), rules, Surface.INTERNAL, is_stale=True).shown is True


def test_the_moment_from_which_a_listing_is_hidden_is_told_of_what_is_shown_alone() -> None:
    listing = make_listing("1", **_CLOSED | {"CloseDate": day("2026-10-30")})
    window = make_rules(RuleSettings.model_validate({"soldWithin": "P3D"}))

    assert _explain(listing, window).until == datetime(2026, 11, 2, tzinfo=UTC)
    assert _explain(listing, window, Surface.INTERNAL).until is None
    later = to_explanation(_state(listing, window), _PHOTOS, Surface.PUBLIC, NOW + timedelta(days=1))
    assert (later.until, later.shown) == (None, False)


@pytest.mark.parametrize(
    ("hot_link", "state", "reason", "told"),
    [
        (False, "waiting", None, "; it is not stored here, and a grey box is shown, as hotLink is off"),
        (True, "linked", None, "; it is not stored here, and the source's own is shown"),
        (False, "failed", "404", "; it could not be fetched (404), and a grey box is shown, as hotLink is off"),
    ],
)
def test_a_photo_without_a_picture_says_what_is_shown_in_its_place(
    hot_link: bool,  # noqa: FBT001 - the columns of the table
    state: str,
    reason: str | None,
    told: str,
) -> None:
    photo = replace(_PHOTOS[1], state=state, reason=reason)
    rules = make_rules(RuleSettings(hot_link=hot_link))
    for surface in Surface:
        row = to_explanation(_state(make_listing("1"), rules), [photo], surface, NOW).decisions[-1]
        assert row.shown is True
        assert row.because.endswith(told)


def test_causes_of_the_scenes_are_all_that_there_are() -> None:
    """Else a verdict could be missing from the test that turns decisions about."""
    seen: set[Cause] = set()
    for values, settings, more in _SCENES:
        listing = replace(make_listing("1", **{**_RICH, **values}), licences=frozenset({"BO"}))
        decision = decide(listing, make_rules(RuleSettings.model_validate(settings), *more, own_offices=["F1"]), NOW)
        seen |= {decision.listing.cause, decision.address.cause, decision.valuation.cause}
        seen |= {decision.field(name).cause for name in _RICH}
        seen |= {decision.media(photo.category, photo.permission).cause for photo in _PHOTOS}
    assert seen | {Cause.NO_RULE, Cause.UNREADABLE} == set(Cause)
