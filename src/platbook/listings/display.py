"""What of a listing may be shown to the public, and why: the one decision, out of the listing and its display rules.

It fails closed. A listing needs a rule that holds for it, a yes from the source (or from the rules' meaning of a
missing value), a price that is not withheld, and must pass every setting; a value that cannot be read is no missing
value; a field must be on the allow-list and not confidential; a hidden address takes every field with it that reveals
the location. Whoever writes documents, stores photos, explains or reads a timeline asks here.

What statements of SQL need of it is stored by whoever writes a listing: the public document and until when it may be
shown, the fields taken out of it, and `is_open` of each photo. No statement decides anything itself, but for
`listing_is_public`, whether a stored listing is public at a moment.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple, cast

from platbook.listings.listing import NormalListing, midnight
from platbook.providers.display_rules import (
    OPENING_PERMISSIONS,
    DisplayRule,
    ProviderRules,
    ResolvedRules,
    RuleSettings,
    RuleSubject,
    ShownHistory,
)
from platbook.reso.fields import FIELDS, SLOT
from platbook.reso.lookups import StandardStatus
from platbook.reso.media_category import is_image, may_be_branded
from platbook.reso.public_fields import (
    ALWAYS_PUBLIC_FIELDS,
    ATTRIBUTION_CONTACT,
    DAYS_ON_MARKET,
    LOCATION_FIELDS,
    PUBLIC_FIELDS,
)

_PRICES = frozenset({"ListPrice", "ClosePrice"})


class _Flag:
    """A field by which the source says yes or no, and the setting that says what silence means."""

    def __init__(self, name: str, when_null: str) -> None:
        self.name, self.when_null, self.slot = name, when_null, SLOT.get(name)


_LISTING = _Flag("InternetEntireListingDisplayYN", "listing_display_when_null")
_ADDRESS = _Flag("InternetAddressDisplayYN", "address_display_when_null")
_VALUATION = _Flag("InternetAutomatedValuationDisplayYN", "valuation_when_null")
_COMMENTS = _Flag("InternetConsumerCommentYN", "comments_when_null")
DECIDING_FIELDS: frozenset[str] = _PRICES | {flag.name for flag in (_LISTING, _ADDRESS, _VALUATION, _COMMENTS)}
"""RESO names of the fields whose values decide what is public: one that the source sent and that cannot be taken counts
as a no."""

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "listing": _LISTING.name,
        "address": _ADDRESS.name,
        "valuation": _VALUATION.name,
        "comments": _COMMENTS.name,
    }
)
"""The field by which a source says whether each of these may be shown, by RESO name."""

LOGGED_FIELDS = ("StandardStatus", "PropertyType", _LISTING.name)
"""RESO names of the fields by whose changes a listing's log shows when it could be public."""

_CAN_BE_REACHED = re.compile(r"@|(?:\d\D*){7}")  # an e-mail address, or a telephone number of seven digits or more
_ORIGIN, _STATUS = SLOT["OriginatingSystemName"], SLOT["StandardStatus"]


def _to_reader(*names: str) -> Callable[[NormalListing], tuple[object, ...]]:
    """A function that reads fields of a listing, by their RESO names: those with a column first."""
    read_columns = itemgetter(*(SLOT[name] for name in names if name in SLOT))
    others = [name for name in names if name not in SLOT]
    return lambda listing: (*read_columns(listing.values), *map(listing.more.get, others))


_read_offices = _to_reader("ListOfficeKey", "ListOfficeMlsId", "CoListOfficeKey", "CoListOfficeMlsId")
_read_agents = _to_reader("ListAgentKey", "ListAgentMlsId", "CoListAgentKey", "CoListAgentMlsId")
_BESIDE_THE_ALLOW_LIST = frozenset({ATTRIBUTION_CONTACT, DAYS_ON_MARKET})


class Cause(StrEnum):
    """What decided."""

    SHOWN = "shown"
    SOURCE_ALLOWS = "source allows"
    NO_RULE = "no rule"
    UNREADABLE = "unreadable"
    SOURCE_FORBIDS = "source forbids"
    SOURCE_IS_SILENT = "source is silent"
    NOT_ALLOWED = "not allowed"
    OPTED_OUT = "opted out"
    NO_CONTACT = "no contact"
    TOO_LONG_SOLD = "sold too long ago"
    CLOSING_UNKNOWN = "closing unknown"
    CONFIDENTIAL = "confidential"
    NOT_PUBLIC = "not on the allow-list"
    ADDRESS_HIDDEN = "address hidden"
    BRANDED = "branded tour"
    TAKEN_AWAY = "taken away"


class Verdict(NamedTuple):
    """Whether something is shown, what decided, by which setting of which rule, and the value it was decided on.

    `rule` is None where no rule decides: what the source forbids, what is confidential, and what cannot be read.
    """

    shown: bool
    cause: Cause
    setting: str | None = None
    rule: DisplayRule | None = None
    seen: object = None


_NO_RULE = Verdict(shown=False, cause=Cause.NO_RULE)
_UNREADABLE = Verdict(shown=False, cause=Cause.UNREADABLE)


class Decision(NamedTuple):
    """What of one listing may be shown in public.

    `rules`: what holds for it, None where no rule does. `internal`: the settings of what staff see. `until`: the moment
    from which the listing is hidden, though nothing of it changes. Without `listing.shown` there is no public document,
    and the rest does not matter.
    """

    rules: ResolvedRules | None
    internal: RuleSettings
    listing: Verdict
    address: Verdict
    valuation: Verdict
    comments: Verdict
    until: datetime | None = None

    @property
    def taken_away(self) -> Mapping[str, str]:
        """The fields of the allow-list that the rules take away, by RESO name, each with the setting that does."""
        return {} if self.rules is None else self.rules.hidden

    @property
    def hidden_fields(self) -> frozenset[str]:
        """RESO names of the fields of the allow-list that are not shown of this listing."""
        return PUBLIC_FIELDS if self.rules is None else find_hidden(self.rules, shows_address=self.address.shown)

    def field(self, name: str) -> Verdict:
        """The verdict on one field, by its RESO name."""
        return _decide_field(self, name)

    def photo(self, permission: Sequence[str] | None) -> Verdict:
        """The verdict on naming a photo or file among those of the listing, by its RESO Permission."""
        rules = self.rules
        if rules is None:
            return _NO_RULE
        shown = _shows_photo(rules, permission)
        if permission is None:
            return Verdict(shown, Cause.SOURCE_IS_SILENT, *_setting(rules, "photo_display_when_null"))
        if OPENING_PERMISSIONS.isdisjoint(permission):
            return Verdict(shown=False, cause=Cause.SOURCE_FORBIDS, seen=list(permission))
        return _by(rules, "photo_permissions", shown=shown, seen=list(permission))

    def media(self, category: str, permission: Sequence[str] | None) -> Verdict:
        """The verdict on the content of Media: a photo's by its Permission alone.

        A video, document or tour shows where the listing is, so that a hidden address hides it; and a tour that the
        source does not call unbranded is for the listing's own broker alone.
        """
        verdict = self.photo(permission)
        if not verdict.shown or self.shows_media(category, permission):
            return verdict
        if may_be_branded(category):
            return Verdict(shown=False, cause=Cause.BRANDED, seen=category)
        return _as_address(self.address)

    def shows_photo(self, permission: Sequence[str] | None) -> bool:
        """Whether a photo or file is named among those of the listing; as `photo`."""
        return _shows_photo(self.rules, permission)

    def shows_media(self, category: str, permission: Sequence[str] | None) -> bool:
        """Whether the content of Media is shown with the listing, if that is; as `media`."""
        return shows_media(self.rules, category, permission, shows_address=self.address.shown)


def decide(listing: NormalListing, rules: ProviderRules, now: datetime) -> Decision:
    """Decide for a listing at a moment, under its provider's rules."""
    subject = to_subject(listing, rules)
    resolved, internal = rules.resolve_surfaces(subject)
    if resolved is None:
        return Decision(None, internal, _NO_RULE, _NO_RULE, _NO_RULE, _NO_RULE)
    verdict, until = _decide_listing(listing, resolved, now)
    return Decision(
        resolved,
        internal,
        verdict,
        _decide_flag(listing, resolved, _ADDRESS),
        _decide_flag(listing, resolved, _VALUATION),
        _decide_flag(listing, resolved, _COMMENTS),
        until,
    )


def to_subject(listing: NormalListing, rules: ProviderRules) -> RuleSubject:
    """What of a listing decides which of its provider's rules hold for it."""
    offices = _read_offices(listing) if rules.own_offices else ()
    return rules.to_subject(cast("str | None", listing.values[_ORIGIN]), listing.licences, offices)


def find_shown_fields(taken_away: Iterable[str], *, shows_address: bool) -> frozenset[str]:
    """RESO names of the fields that are shown of a stored public listing, of which rules took some away."""
    shown = PUBLIC_FIELDS.difference(taken_away)
    return shown if shows_address else shown - LOCATION_FIELDS


def shown_history(rules: ResolvedRules | None) -> ShownHistory:
    """What a public timeline shows of the past of a listing that these rules hold for."""
    return ShownHistory.NONE if rules is None else rules.settings.show_history or ShownHistory.ALL


def allows_value(rules: ResolvedRules, name: str, value: object) -> bool:
    """Whether a listing could be public while one of `LOGGED_FIELDS`, by its RESO name, had a value."""
    settings = rules.settings
    if name == _LISTING.name:
        return bool(settings.listing_display_when_null) if value is None else value is True
    allowed = settings.statuses or () if name == "StandardStatus" else settings.property_types
    return allowed is None or value in allowed


def shows_media(
    rules: ResolvedRules | None, category: str, permission: Sequence[str] | None, *, shows_address: bool
) -> bool:
    """Whether the content of Media is shown with a public listing under the rules that hold for it."""
    if not _shows_photo(rules, permission):
        return False
    return is_image(category) or (shows_address and not may_be_branded(category))


@lru_cache(maxsize=2048)
def find_hidden(rules: ResolvedRules, *, shows_address: bool) -> frozenset[str]:
    """RESO names of the fields of the allow-list that are not shown of a listing with or without its address."""
    hidden = frozenset(rules.hidden)
    return hidden if shows_address else hidden | (LOCATION_FIELDS & PUBLIC_FIELDS)


def closing_moment(listing: NormalListing) -> datetime | None:
    """When a closed listing closed: the start of CloseDate in UTC, else when its status changed; None: unknown."""
    day = listing.value("CloseDate")
    return midnight(day) if isinstance(day, date) else cast("datetime | None", listing.value("StatusChangeTimestamp"))


def _decide_listing(listing: NormalListing, rules: ResolvedRules, now: datetime) -> tuple[Verdict, datetime | None]:
    if listing.withheld and not listing.withheld.isdisjoint(_PRICES):
        return Verdict(shown=False, cause=Cause.UNREADABLE, seen=sorted(listing.withheld & _PRICES)), None
    flag = _decide_flag(listing, rules, _LISTING)
    if not flag.shown:
        return flag, None
    for check in (_check_values, _check_opt_outs, _check_contact):
        if (verdict := check(listing, rules)) is not None:
            return verdict, None
    return _check_closing(listing, rules, flag, now)


def _check_values(listing: NormalListing, rules: ResolvedRules) -> Verdict | None:
    settings = rules.settings
    status = listing.values[_STATUS]
    if status not in (settings.statuses or ()):
        return _by(rules, "statuses", seen=status)
    if settings.property_types is not None and listing.value("PropertyType") not in settings.property_types:
        return _by(rules, "property_types", seen=listing.value("PropertyType"))
    if settings.licences is not None and listing.licences.isdisjoint(settings.licences):
        return _by(rules, "licences", seen=sorted(listing.licences))
    return None


def _check_opt_outs(listing: NormalListing, rules: ResolvedRules) -> Verdict | None:
    for setting, refused in rules.opted_out.items():
        named = _read_offices(listing) if setting == "opt_out_offices" else _read_agents(listing)
        if not refused.isdisjoint(named):
            seen = next(one for one in named if one in refused)
            return _by(rules, setting, cause=Cause.OPTED_OUT, seen=seen)
    return None


def _check_contact(listing: NormalListing, rules: ResolvedRules) -> Verdict | None:
    """A listing needs its firm, and the firm's telephone or e-mail."""
    if not rules.settings.require_contact:
        return None
    firm = listing.value("ListOfficeName")
    contacts = (listing.more.get(ATTRIBUTION_CONTACT), listing.value("ListOfficePhone"))
    if firm and any(map(_can_be_reached, contacts)):
        return None
    return _by(rules, "require_contact", cause=Cause.NO_CONTACT, seen=firm)


@lru_cache(maxsize=8192)
def _can_be_reached(contact: object) -> bool:
    return bool(contact) and _CAN_BE_REACHED.search(str(contact)) is not None


def _check_closing(
    listing: NormalListing, rules: ResolvedRules, flag: Verdict, now: datetime
) -> tuple[Verdict, datetime | None]:
    """Whether the window of a closed listing is open, and until when."""
    status = listing.values[_STATUS]
    shown = flag if flag.cause is Cause.SOURCE_IS_SILENT else _passed(rules, status)
    if status != StandardStatus.CLOSED:
        return shown, None
    windows = rules.windows
    if not windows:
        return shown, None
    closed = closing_moment(listing)
    if closed is None:
        return _by(rules, next(iter(windows)), cause=Cause.CLOSING_UNKNOWN), None
    setting, ends = _find_end(rules, closed)
    if now >= ends:
        return _by(rules, setting, cause=Cause.TOO_LONG_SOLD, seen=closed), None
    return shown, ends


@lru_cache(maxsize=8192)
def _find_end(rules: ResolvedRules, closed: datetime) -> tuple[str, datetime]:
    """When the first of the windows of a listing that closed then ends, and which: many closed on the same day."""
    ends = {setting: window.after(closed) for setting, window in rules.windows.items()}
    first = min(ends, key=lambda setting: ends[setting])
    return first, ends[first]


def _decide_flag(listing: NormalListing, rules: ResolvedRules, flag: _Flag) -> Verdict:
    value = listing.more.get(flag.name) if flag.slot is None else listing.values[flag.slot]
    if value is True:
        return _allowed(rules)
    if value is None:
        return _UNREADABLE if flag.name in listing.withheld else _silent(rules, flag.when_null)
    return Verdict(shown=False, cause=Cause.SOURCE_FORBIDS, seen=value)


# The same few verdicts stand in most decisions: each is made once for the rules that hold.
@lru_cache(maxsize=2048)
def _allowed(rules: ResolvedRules) -> Verdict:
    # A rule cannot forbid what the source allows but by hiding the listing.
    return Verdict(True, Cause.SOURCE_ALLOWS, *_setting(rules, "statuses"), seen=True)  # noqa: FBT003 - see Verdict


@lru_cache(maxsize=2048)
def _passed(rules: ResolvedRules, status: object) -> Verdict:
    return _by(rules, "statuses", shown=True, seen=status)


@lru_cache(maxsize=8192)
def _silent(rules: ResolvedRules, when_null: str) -> Verdict:
    shown = bool(getattr(rules.settings, when_null))
    return Verdict(shown, Cause.SOURCE_IS_SILENT, *_setting(rules, when_null))


def _decide_field(decision: Decision, name: str) -> Verdict:
    field = FIELDS.get(name)
    if field is not None and field.confidential:
        return Verdict(shown=False, cause=Cause.CONFIDENTIAL)
    if name not in PUBLIC_FIELDS and name not in _BESIDE_THE_ALLOW_LIST:
        return Verdict(shown=False, cause=Cause.NOT_PUBLIC)
    rules = decision.rules
    if rules is None:
        return _NO_RULE
    setting = rules.hidden.get(name)
    if setting is not None:
        return _by(rules, setting, cause=Cause.TAKEN_AWAY)
    if name in LOCATION_FIELDS and not decision.address.shown:
        return _as_address(decision.address)
    return _by(rules, _find_field_setting(name), shown=True)


def _find_field_setting(name: str) -> str:
    """The setting by which a rule can hide a field that is shown."""
    if name in ALWAYS_PUBLIC_FIELDS:
        return "statuses"
    return "show_days_on_market" if name == DAYS_ON_MARKET else "hide_fields"


def _as_address(address: Verdict) -> Verdict:
    return address._replace(cause=Cause.ADDRESS_HIDDEN)


def _shows_photo(rules: ResolvedRules | None, permission: Sequence[str] | None) -> bool:
    if rules is None:
        return False
    if permission is None:
        return bool(rules.settings.photo_display_when_null)
    return not rules.open_permissions.isdisjoint(permission)


def _by(
    rules: ResolvedRules, setting: str, *, shown: bool = False, cause: Cause = Cause.NOT_ALLOWED, seen: object = None
) -> Verdict:
    return Verdict(shown, Cause.SHOWN if shown else cause, *_setting(rules, setting), seen)


def _setting(rules: ResolvedRules, name: str) -> tuple[str, DisplayRule | None]:
    return name, rules.rule_of(name)
