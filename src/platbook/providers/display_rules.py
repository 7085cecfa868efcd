"""Display rules: what of a provider's listings may be shown on a surface, as rows of settings of one vocabulary.

A rule holds for a provider's listings of one originating system or of any, on one surface, under one feed type (a
licence that the record carries) or any, and for the operator's own listings or for any. Of the rules that hold for a
listing the most specific one that makes a setting decides it: a rule for own listings before others, then one for an
originating system, then one for a feed type. What none of them says keeps its default.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator
from pydantic.alias_generators import to_camel

from platbook.base.actor import Surface
from platbook.base.durations import DURATION_FORM, Duration, parse_duration
from platbook.reso.fields import ADDRESS_PARTS
from platbook.reso.public_fields import (
    DAYS_ON_MARKET,
    DAYS_ON_MARKET_SOURCES,
    FULL_ADDRESS,
    HIDEABLE_FIELDS,
    MARKET_TIME_FIELDS,
    PUBLIC_FIELDS,
)

_OPENING = ("Public", "IDX")
OPENING_PERMISSIONS = frozenset(_OPENING)
"""The RESO permissions that can open a photo to everybody."""


class ShownHistory(StrEnum):
    """What a public timeline shows: everything, only what happened while the listing was public, or nothing."""

    ALL = "all"
    WHILE_PUBLIC = "whilePublic"
    NONE = "none"


def _to_duration(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    if not isinstance(value, str):
        raise ValueError(DURATION_FORM)  # noqa: TRY004 - pydantic takes a ValueError for a wrong value
    return parse_duration(value)


_Duration = Annotated[
    Duration,
    PlainValidator(_to_duration, json_schema_input_type=str),
    PlainSerializer(lambda duration: duration.text, return_type=str),
    Field(json_schema_extra={"type": "string", "format": "duration", "examples": ["P36M", "PT24H"]}),
]
_Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=255)], ...], Field(max_length=10_000)]
_FeedType = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(str.upper)]
_FeedTypes = Annotated[tuple[_FeedType, ...], Field(max_length=100)]
_Text = Annotated[str, Field(min_length=1, max_length=5000)]
_ShortText = Annotated[str, Field(min_length=1, max_length=1000)]


class RuleSettings(BaseModel):
    """The settings of a rule. One that is left out is decided by a less specific rule, or keeps its default."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, arbitrary_types_allowed=True
    )

    statuses: _Names | None = Field(default=None, description="standard statuses that may be shown")
    property_types: _Names | None = Field(default=None, description="property types that may be shown; all by default")
    sold_within: _Duration | None = Field(
        default=None, description="how long after closing a sold listing may be shown"
    )
    hide_after_closing: _Duration | None = Field(default=None, description="how long after closing a listing is hidden")
    show_close_price: bool | None = Field(default=None, description="whether the price of a sale may be shown")
    listing_display_when_null: bool | None = Field(
        default=None, description="what a missing InternetEntireListingDisplayYN means"
    )
    address_display_when_null: bool | None = Field(
        default=None, description="what a missing InternetAddressDisplayYN means"
    )
    photo_display_when_null: bool | None = Field(
        default=None, description="whether a photo without a Permission may be shown in public"
    )
    valuation_when_null: bool | None = Field(
        default=None, description="what a missing InternetAutomatedValuationDisplayYN means"
    )
    comments_when_null: bool | None = Field(default=None, description="what a missing InternetConsumerCommentYN means")
    photo_permissions: _Names | None = Field(default=None, description="RESO permissions one of which opens a photo")
    licences: _FeedTypes | None = Field(default=None, description="feed types one of which a record must carry")
    hide_fields: _Names | None = Field(
        default=None,
        description="RESO names of fields that are taken away; with a part of the address the whole one is, too, and"
        " with a date that days on market are computed from these are",
    )
    opt_out_offices: _Names | None = Field(
        default=None, description="offices, by key or MLS id, whose listings are hidden"
    )
    opt_out_agents: _Names | None = Field(
        default=None, description="agents, by key or MLS id, whose listings are hidden"
    )
    show_local_fields: bool | None = Field(
        default=None, description="whether a title and description of ours may be shown"
    )
    hide_when_stale: _Duration | None = Field(
        default=None, description="the age of the copy beyond which nothing is shown"
    )
    hot_link: bool | None = Field(
        default=None, description="whether a photo that is not stored may be shown from the source's own URL"
    )
    mls: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="the MLS's name, as its rules want it displayed"
    )
    copyright: Annotated[str, Field(max_length=1000)] | None = Field(
        default=None, description="the MLS's copyright notice"
    )
    disclaimer: Annotated[str, Field(max_length=5000)] | None = Field(default=None, description="the MLS's disclaimer")
    require_contact: bool | None = Field(
        default=None, description="whether a listing without a firm, or without its telephone or e-mail, is hidden"
    )
    show_days_on_market: bool | None = Field(
        default=None, description="whether days on market, and the dates they can be computed from, may be shown"
    )
    show_history: ShownHistory | None = Field(default=None, description="what a public timeline shows of the past")
    excluded_notice: _Text | None = Field(default=None, description="shown with lists: that some listings are left out")
    logo: _ShortText | None = Field(default=None, description="the address of the MLS's logo")
    credit_label: _ShortText | None = Field(default=None, description="what stands before the listing firm's name")

    @property
    def made(self) -> frozenset[str]:
        """The names of the settings that this rule makes."""
        return frozenset(name for name in self.model_fields_set if getattr(self, name) is not None)

    @property
    def hidden(self) -> Mapping[str, str]:
        """The fields that these settings take away, by RESO name, each with the setting that does.

        They are of the allow-list, or shown beside it: the days on market that we compute, the attribution's contact.
        """
        found: dict[str, str] = {}
        if self.show_close_price is False:
            found["ClosePrice"] = "show_close_price"
        if self.show_days_on_market is False:
            found |= dict.fromkeys(MARKET_TIME_FIELDS & PUBLIC_FIELDS | {DAYS_ON_MARKET}, "show_days_on_market")
        taken = HIDEABLE_FIELDS.intersection(self.hide_fields or ())
        if not taken.isdisjoint(ADDRESS_PARTS):
            taken |= {FULL_ADDRESS}  # it holds them, also where it is made of them
        if "StreetNumber" in taken:
            taken |= {"StreetNumberNumeric"}  # the same as a number
        if not taken.isdisjoint(DAYS_ON_MARKET_SOURCES):
            taken |= {DAYS_ON_MARKET}  # with any other date of these they tell the one that is taken away
        return found | dict.fromkeys(taken, "hide_fields")


DEFAULTS = RuleSettings(
    statuses=("Active", "Active Under Contract", "Closed", "Coming Soon", "Pending"),
    show_close_price=True,
    listing_display_when_null=False,
    address_display_when_null=False,
    photo_display_when_null=False,
    valuation_when_null=False,
    comments_when_null=False,
    photo_permissions=_OPENING,
    hide_fields=(),
    opt_out_offices=(),
    opt_out_agents=(),
    show_local_fields=False,
    hot_link=False,
    require_contact=False,
    show_days_on_market=True,
    show_history=ShownHistory.ALL,
)
"""What holds where no rule says anything. A setting that is None here limits nothing."""

HIDING_SETTINGS = frozenset({"show_close_price", "show_days_on_market", "hide_fields"})
"""The settings that take fields away."""

INTERNAL_SETTINGS = frozenset({"mls", "copyright", "disclaimer", "logo", "credit_label", "hot_link"})
"""The settings that a rule of the internal surface can make: staff see everything that a source sends."""

WHOLE_PROVIDER_SETTINGS = frozenset({"hide_when_stale", "excluded_notice"})
"""The settings of a provider's listings all together: only a rule for any listing of the provider makes them."""


@dataclass(frozen=True, slots=True)
class RuleKey:
    """What a rule holds for; None, and False for `ours`, mean any."""

    provider_id: str
    surface: Surface = Surface.PUBLIC
    originating_system: str | None = None
    feed: str | None = None
    ours: bool = False

    @property
    def specificity(self) -> tuple[bool, bool, bool, str]:
        """The order of rules, the most specific last; of two feed types the later name decides."""
        return (self.ours, self.originating_system is not None, self.feed is not None, self.feed or "")

    @property
    def is_whole_provider(self) -> bool:
        """Whether it holds for every listing of the provider."""
        return self.originating_system is None and self.feed is None and not self.ours

    def holds_for(self, subject: "RuleSubject") -> bool:
        """Whether a rule with this key holds for a listing of its provider."""
        return (
            (not self.ours or subject.ours)
            and self.originating_system in {None, subject.originating_system}
            and (self.feed is None or self.feed in subject.licences)
        )


@dataclass(frozen=True, slots=True)
class DisplayRule:
    """One rule as stored. `version`: of the provider's rules, when this one was set."""

    id: UUID
    key: RuleKey
    settings: RuleSettings
    version: int
    valid_from: datetime
    set_by: str


class RuleSubject(NamedTuple):
    """What of a listing decides which rules hold for it."""

    originating_system: str | None = None
    licences: frozenset[str] = frozenset()
    ours: bool = False


class ResolvedRules:
    """The settings that hold for some listings, each with the rule that made it.

    `primary`: the most specific of the rules, which would decide whatever none of them says.
    """

    def __init__(self, rules: Sequence[DisplayRule], base: RuleSettings = DEFAULTS) -> None:
        values: dict[str, object] = {}
        self._rules: dict[str, DisplayRule] = {}
        ordered = sorted(rules, key=lambda rule: rule.key.specificity)
        for rule in ordered:
            for name in rule.settings.made:
                values[name] = getattr(rule.settings, name)
                self._rules[name] = rule
        self.primary = ordered[-1] if ordered else None
        self.settings = base.model_copy(update=values)

    def rule_of(self, setting: str) -> DisplayRule | None:
        """The rule that made a setting, or else the one that would."""
        return self._rules.get(setting, self.primary)

    @cached_property
    def hidden(self) -> Mapping[str, str]:
        """The fields that these rules take away, by RESO name, each with the setting that does."""
        return self.settings.hidden

    @cached_property
    def opted_out(self) -> Mapping[str, AbstractSet[str]]:
        """The offices and agents, by key or MLS id, whose listings are hidden, by the setting that names them."""
        settings = self.settings
        refused = {"opt_out_offices": settings.opt_out_offices, "opt_out_agents": settings.opt_out_agents}
        return {setting: frozenset(names) for setting, names in refused.items() if names}

    @cached_property
    def windows(self) -> Mapping[str, Duration]:
        """For how long after closing a listing may be shown, by the setting that limits it."""
        settings = self.settings
        limits = {"sold_within": settings.sold_within, "hide_after_closing": settings.hide_after_closing}
        return {setting: window for setting, window in limits.items() if window is not None}

    @cached_property
    def open_permissions(self) -> AbstractSet[str]:
        """The RESO permissions one of which opens a photo."""
        return frozenset(self.settings.photo_permissions or ())


@dataclass(frozen=True)
class ProviderRules:
    """A provider's current rules, the offices that are the operator's own (keys or MLS ids), and their version."""

    rules: tuple[DisplayRule, ...]
    own_offices: frozenset[str] = frozenset()
    version: int = 0

    @classmethod
    def of(cls, rules: Iterable[DisplayRule], own_offices: Iterable[str] = (), version: int = 0) -> "ProviderRules":
        """The rules of one provider."""
        return cls(tuple(rules), frozenset(own_offices), version)

    @property
    def whole_provider(self) -> DisplayRule | None:
        """The public rule that holds for every listing of the provider: what its configuration calls `display`."""
        return next((rule for rule in self._of(Surface.PUBLIC) if rule.key.is_whole_provider), None)

    def to_subject(
        self, originating_system: str | None, licences: Iterable[str], offices: Iterable[object]
    ) -> RuleSubject:
        """What decides which of these rules hold for a listing; `offices`: the keys and MLS ids that it has."""
        return RuleSubject(originating_system, frozenset(licences), not self.own_offices.isdisjoint(offices))

    def resolve(self, subject: RuleSubject) -> ResolvedRules | None:
        """What holds for a listing in public; None: no rule does, so it is not shown."""
        return self.resolve_surfaces(subject)[0]

    def resolve_surfaces(self, subject: RuleSubject) -> tuple[ResolvedRules | None, RuleSettings]:
        """What holds for a listing in public, and the settings of what staff see of it.

        Those are the public ones, and over them the rules of the internal surface.
        """
        return self._resolve(self._narrow(subject))

    def _of(self, surface: Surface) -> Sequence[DisplayRule]:
        return [rule for rule in self.rules if rule.key.surface is surface]

    def _narrow(self, subject: RuleSubject) -> RuleSubject:
        """What of a subject any rule asks for, so that few combinations are left."""
        systems, feeds, has_ours = self._asked
        system = subject.originating_system
        return RuleSubject(system if system in systems else None, subject.licences & feeds, has_ours and subject.ours)

    @cached_property
    def _asked(self) -> tuple[AbstractSet[str], frozenset[str], bool]:
        keys = [rule.key for rule in self.rules]
        systems = {key.originating_system for key in keys if key.originating_system is not None}
        feeds = frozenset(key.feed for key in keys if key.feed is not None)
        return systems, feeds, any(key.ours for key in keys)

    @cached_property
    def _resolve(self) -> Callable[[RuleSubject], tuple[ResolvedRules | None, RuleSettings]]:
        return lru_cache(maxsize=1024)(self._find)

    def _find(self, subject: RuleSubject) -> tuple[ResolvedRules | None, RuleSettings]:
        public, internal = (
            [rule for rule in self._of(surface) if rule.key.holds_for(subject)]
            for surface in (Surface.PUBLIC, Surface.INTERNAL)
        )
        resolved = ResolvedRules(public) if public else None
        base = DEFAULTS if resolved is None else resolved.settings
        return resolved, ResolvedRules(internal, base).settings if internal else base
