"""Every verdict has a sentence, which names the rule, the setting and the values."""

from datetime import UTC, datetime

import pytest

from platbook.listings.display import FLAGS, Cause, Verdict
from platbook.listings.reasons import PERMISSION, name_rule, to_reason
from platbook.providers.display_rules import DisplayRule, RuleSettings
from platbook.providers.local import LOCAL_RULES
from tests.listings.display_rules import make_rule

_CLOSED = datetime(2023, 11, 1, tzinfo=UTC)
_LISTING, _ADDRESS = FLAGS["listing"], FLAGS["address"]


def _rule(**settings: object) -> DisplayRule:
    return make_rule(0, RuleSettings.model_validate(settings))


def _verdict(
    cause: Cause,
    setting: str | None = None,
    rule: DisplayRule | None = None,
    seen: object = None,
    *,
    shown: bool = False,
) -> Verdict:
    return Verdict(shown, cause, setting, rule, seen)


_OURS = "the rule of board for any listing"
_SENTENCES = [
    (
        _verdict(Cause.SHOWN, "statuses", _rule(statuses=["Active"]), "Active", shown=True),
        _LISTING,
        f"the source allows it, and {_OURS} shows the status Active",
    ),
    (
        _verdict(Cause.SHOWN, "statuses", _rule(), "Pending", shown=True),
        _LISTING,
        "the source allows it, and the default (no rule of board sets statuses) shows the status Pending",
    ),
    (
        _verdict(Cause.SHOWN, "statuses", LOCAL_RULES.rules[0], "Active", shown=True),
        _LISTING,
        "the source allows it, and the default shows the status Active",
    ),
    (
        _verdict(Cause.SHOWN, "statuses", _rule(), shown=True),
        "",
        "every listing that is shown has it; only hiding the whole listing (statuses) hides it",
    ),
    (
        _verdict(Cause.SHOWN, "hide_fields", _rule(), shown=True),
        "",
        "it is on the allow-list, and no rule takes it away (hideFields)",
    ),
    (
        _verdict(Cause.SHOWN, "hide_fields", _rule(hideFields=["City"]), shown=True),
        "",
        f"it is on the allow-list, and {_OURS} does not take it away (hideFields)",
    ),
    (
        _verdict(Cause.SHOWN, "show_days_on_market", _rule(showDaysOnMarket=True), shown=True),
        "",
        f"it is computed here, and {_OURS} shows days on market (showDaysOnMarket)",
    ),
    (
        _verdict(Cause.SHOWN, "photo_permissions", _rule(photoPermissions=["IDX"]), ["Private", "IDX"], shown=True),
        PERMISSION,
        f"its Permission is Private and IDX, and {_OURS} shows photos with the Permission IDX (photoPermissions)",
    ),
    (
        _verdict(Cause.SOURCE_ALLOWS, "statuses", _rule(), seen=True, shown=True),
        _ADDRESS,
        "the source allows it (InternetAddressDisplayYN is true); only hiding the whole listing (statuses) hides it",
    ),
    (_verdict(Cause.NO_RULE), _LISTING, "no display rule of its provider holds for this listing"),
    (
        _verdict(Cause.UNREADABLE, seen=["ClosePrice", "ListPrice"]),
        _LISTING,
        "the source's ClosePrice and ListPrice cannot be read, and counts as withheld",
    ),
    (
        _verdict(Cause.UNREADABLE),
        _ADDRESS,
        "the source's InternetAddressDisplayYN cannot be read, and counts as a no",
    ),
    (
        _verdict(Cause.SOURCE_FORBIDS, seen=False),
        _LISTING,
        "the source forbids it (InternetEntireListingDisplayYN is false)",
    ),
    (
        _verdict(Cause.SOURCE_FORBIDS, seen=["Private"]),
        PERMISSION,
        "the source forbids it: its Permission is Private, which no rule can open",
    ),
    (
        _verdict(Cause.SOURCE_FORBIDS, seen=[]),
        PERMISSION,
        "the source forbids it: its Permission is empty, which no rule can open",
    ),
    (
        _verdict(Cause.SOURCE_IS_SILENT, "listing_display_when_null", _rule(listingDisplayWhenNull=True), shown=True),
        _LISTING,
        (
            f"the source is silent (InternetEntireListingDisplayYN is missing), which {_OURS} takes as a yes "
            "(listingDisplayWhenNull)"
        ),
    ),
    (
        _verdict(Cause.SOURCE_IS_SILENT, "photo_display_when_null", _rule()),
        PERMISSION,
        (
            "the source is silent (Permission is missing), which the default (no rule of board sets "
            "photoDisplayWhenNull) takes as a no"
        ),
    ),
    (
        _verdict(Cause.NOT_ALLOWED, "statuses", _rule(statuses=["Active", "Pending"]), "Closed"),
        _LISTING,
        f"{_OURS} shows the statuses Active and Pending, and this one is Closed",
    ),
    (
        _verdict(Cause.NOT_ALLOWED, "statuses", _rule(statuses=[])),
        _LISTING,
        f"{_OURS} shows no status, and this one has none",
    ),
    (
        _verdict(Cause.NOT_ALLOWED, "property_types", _rule(propertyTypes=["Land"]), "Farm"),
        _LISTING,
        f"{_OURS} shows the property type Land (propertyTypes), and this one is Farm",
    ),
    (
        _verdict(Cause.NOT_ALLOWED, "licences", _rule(licences=["IDX", "VOW"]), ["BO"]),
        _LISTING,
        f"{_OURS} shows what carries the feed types IDX or VOW (licences), and this one carries BO",
    ),
    (
        _verdict(Cause.NOT_ALLOWED, "licences", _rule(licences=["IDX"]), []),
        _LISTING,
        f"{_OURS} shows what carries the feed type IDX (licences), and this one carries none",
    ),
    (
        _verdict(Cause.NOT_ALLOWED, "photo_permissions", _rule(photoPermissions=["IDX"]), ["Public"]),
        PERMISSION,
        f"{_OURS} shows photos with the Permission IDX (photoPermissions), and this one has Public",
    ),
    (
        _verdict(Cause.OPTED_OUT, "opt_out_offices", _rule(optOutOffices=["F1"]), "F1"),
        _LISTING,
        f"{_OURS} leaves out the listings of the office F1 (optOutOffices)",
    ),
    (
        _verdict(Cause.OPTED_OUT, "opt_out_agents", _rule(optOutAgents=["A1"]), "A1"),
        _LISTING,
        f"{_OURS} leaves out the listings of the agent A1 (optOutAgents)",
    ),
    (
        _verdict(Cause.NO_CONTACT, "require_contact", _rule(requireContact=True), "Elm Realty"),
        _LISTING,
        f"{_OURS} wants a firm with its telephone or e-mail (requireContact), and neither is known of Elm Realty",
    ),
    (
        _verdict(Cause.NO_CONTACT, "require_contact", _rule(requireContact=True)),
        _LISTING,
        f"{_OURS} wants a firm with its telephone or e-mail (requireContact), and this one names no firm",
    ),
    (
        _verdict(Cause.TOO_LONG_SOLD, "sold_within", _rule(soldWithin="P36M"), _CLOSED),
        _LISTING,
        f"{_OURS} shows closed listings for P36M after closing (soldWithin), and this one closed on 2023-11-01",
    ),
    (
        _verdict(Cause.TOO_LONG_SOLD, "hide_after_closing", _rule(hideAfterClosing="PT24H"), _CLOSED.replace(hour=9)),
        _LISTING,
        (
            f"{_OURS} shows closed listings for PT24H after closing (hideAfterClosing), and this one closed at "
            "2023-11-01T09:00:00Z"
        ),
    ),
    (
        _verdict(Cause.CLOSING_UNKNOWN, "sold_within", _rule(soldWithin="P36M")),
        _LISTING,
        f"{_OURS} shows closed listings for P36M after closing (soldWithin), and it is not known when this one closed",
    ),
    (_verdict(Cause.CONFIDENTIAL), "", "it is confidential: never public, whatever a rule says"),
    (_verdict(Cause.NOT_PUBLIC), "", "it is not on the allow-list of public fields"),
    (
        _verdict(Cause.ADDRESS_HIDDEN, seen=False),
        "",
        "it tells where the listing is, and the address may not be shown",
    ),
    (
        _verdict(Cause.ADDRESS_HIDDEN, "address_display_when_null", _rule(addressDisplayWhenNull=False)),
        "",
        (
            f"it tells where the listing is, and the address may not be shown: {_OURS} takes the source's "
            "silence as a no (addressDisplayWhenNull)"
        ),
    ),
    (
        _verdict(Cause.BRANDED, seen="Branded Virtual Tour"),
        PERMISSION,
        "the source does not call this tour unbranded, so that it is for the listing's own broker",
    ),
    (
        _verdict(Cause.TAKEN_AWAY, "hide_fields", _rule(hideFields=["City"])),
        "",
        f"{_OURS} takes it away (hideFields)",
    ),
    (
        _verdict(Cause.TAKEN_AWAY, "show_close_price", _rule(showClosePrice=False)),
        "",
        f"{_OURS} shows no price of a sale (showClosePrice)",
    ),
    (
        _verdict(Cause.TAKEN_AWAY, "show_days_on_market", _rule(showDaysOnMarket=False)),
        "",
        f"{_OURS} shows neither days on market nor dates that tell them (showDaysOnMarket)",
    ),
]


@pytest.mark.parametrize(("verdict", "said_by", "sentence"), _SENTENCES)
def test_a_verdict_has_a_sentence(verdict: Verdict, said_by: str, sentence: str) -> None:
    assert to_reason(verdict, said_by) == sentence


def test_every_cause_has_a_sentence() -> None:
    assert {verdict.cause for verdict, _, _ in _SENTENCES} == set(Cause)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ({}, "the rule of board for any listing"),
        ({"originating_system": "ARMLS"}, "the rule of board for listings of ARMLS"),
        ({"feed": "IDX"}, "the rule of board for listings under the feed type IDX"),
        ({"ours": True}, "the rule of board for our own listings"),
        (
            {"ours": True, "originating_system": "ARMLS", "feed": "IDX"},
            "the rule of board for our own listings of ARMLS under the feed type IDX",
        ),
    ],
)
def test_a_rule_is_named_by_what_it_holds_for(key: dict[str, object], name: str) -> None:
    assert name_rule(make_rule(1, None, **key)) == name
