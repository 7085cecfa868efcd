"""Display rules of all kinds, drawn at random for the providers of the marked world."""

from collections.abc import Mapping

from hypothesis import strategies as st

from platbook.base.actor import Surface
from platbook.providers.display_rules import RuleKey, RuleSettings
from platbook.reso.lookups import StandardStatus
from platbook.reso.public_fields import HIDEABLE_FIELDS, MARKET_TIME_FIELDS
from tests.display.marked_world import NORTH, OWN_OFFICE, SOUTH, MarkedWorld
from tests.display.naive_reading import WINDOWS, PlainRule, PlainRules, Settings

SEARCHED_FIELDS = (
    "StandardStatus", "PropertyType", "PropertySubType", "City", "CountyOrParish", "StateOrProvince", "PostalCode",
    "ListingId", "ListAgentMlsId", "ListAgentFullName", "ListOfficeMlsId", "ListOfficeName", "ListPrice",
    "BedroomsTotal", "BathroomsTotalInteger", "LivingArea", "LotSizeSquareFeet", "YearBuilt", "SubdivisionName",
    "PublicRemarks", "UnparsedAddress", "StreetName", "StreetNumber", "UnitNumber", "Latitude", "Longitude",
    "CloseDate", "ListingContractDate", "OnMarketDate", "PhotosCount", "OriginatingSystemName", "AttributionContact",
)  # fmt: skip
"""Fields that searches compare, or that are shown elsewhere than under their own name; the first to be taken away."""

_FLAG = st.booleans()
_STATUSES = st.lists(st.sampled_from(list(StandardStatus)), min_size=1, max_size=8, unique=True).map(
    lambda some: [*map(str, some)]
)
_HIDEABLE = sorted(HIDEABLE_FIELDS - MARKET_TIME_FIELDS)
_HIDDEN = st.lists(
    st.one_of(st.sampled_from(sorted(HIDEABLE_FIELDS.intersection(SEARCHED_FIELDS))), st.sampled_from(_HIDEABLE)),
    max_size=8,
    unique=True,
)
_FEEDS = ("IDX", "VOW", "BO")


def draw_rules(world: MarkedWorld, provider_id: str) -> st.SearchStrategy[PlainRules]:
    """Rules of one provider under up to six keys, often with one for all its listings."""
    keys = st.tuples(
        st.sampled_from([None, NORTH, SOUTH]), st.sampled_from([None, "IDX", "VOW"]), st.sampled_from([False, True])
    )
    settings = draw_settings(world, provider_id)
    further = st.dictionaries(keys, settings, max_size=5)
    whole = st.one_of(st.just({}), *[st.fixed_dictionaries({(None, None, False): settings})] * 4)
    offices = st.sampled_from([frozenset(), frozenset({OWN_OFFICE}), frozenset({OWN_OFFICE, "elsewhere"})])
    return st.tuples(further, whole, offices).map(_to_rules)


def draw_settings(world: MarkedWorld, provider_id: str) -> st.SearchStrategy[Settings]:
    """Settings out of the whole vocabulary, each made seldom enough that much stays shown."""
    listings = [one for one in world.listings if one.provider_id == provider_id]
    types = sorted({str(one.latest["PropertyType"]) for one in listings})
    offices = sorted({str(one.latest[name]) for one in listings for name in ("ListOfficeKey", "CoListOfficeMlsId")})
    agents = sorted({str(one.latest[name]) for one in listings for name in ("ListAgentMlsId", "CoListAgentKey")})
    windows = st.sampled_from(sorted(WINDOWS))
    return st.fixed_dictionaries(
        {},
        optional={
            "listingDisplayWhenNull": _FLAG,
            "addressDisplayWhenNull": _FLAG,
            "photoDisplayWhenNull": _FLAG,
            "valuationWhenNull": _FLAG,
            "commentsWhenNull": _FLAG,
            "showClosePrice": _FLAG,
            "showDaysOnMarket": _FLAG,
            "hotLink": _FLAG,
            "hideFields": _HIDDEN,
            "photoPermissions": st.lists(st.sampled_from(["Public", "IDX"]), max_size=2, unique=True),
            **{
                name: st.one_of(st.none(), st.none(), values)
                for name, values in {
                    "statuses": _STATUSES,
                    "propertyTypes": st.lists(st.sampled_from(types), min_size=len(types) // 2, unique=True),
                    "soldWithin": windows,
                    "hideAfterClosing": windows,
                    "licences": st.lists(st.sampled_from(_FEEDS), min_size=1, max_size=3, unique=True),
                    "optOutOffices": st.lists(st.sampled_from([*offices, OWN_OFFICE]), max_size=2, unique=True),
                    "optOutAgents": st.lists(st.sampled_from(agents), max_size=2, unique=True),
                    "requireContact": _FLAG,
                    "showHistory": st.sampled_from(["all", "whilePublic", "none"]),
                    "creditLabel": st.just("Courtesy of"),
                    "mls": st.just("The Board"),
                }.items()
            },
        },
    ).map(lambda settings: {name: value for name, value in settings.items() if value is not None})


def to_stored_rules(provider_id: str, rules: PlainRules) -> dict[RuleKey, RuleSettings]:
    """The same rules as the product takes them."""
    return {
        RuleKey(provider_id, Surface.PUBLIC, one.originating_system, one.feed, one.ours):
            RuleSettings.model_validate(one.settings)
        for one in rules.rules
    }  # fmt: skip


def _to_rules(
    drawn: tuple[
        Mapping[tuple[str | None, str | None, bool], Settings],
        Mapping[tuple[str | None, str | None, bool], Settings],
        frozenset[str],
    ],
) -> PlainRules:
    further, whole, offices = drawn
    merged = {**further, **whole}
    return PlainRules([PlainRule(settings, *key) for key, settings in merged.items()], offices)
