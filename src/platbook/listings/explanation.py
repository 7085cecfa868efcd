"""Explains what is shown of one listing on a surface, decision by decision: by which rule and setting, and why.

Nothing is decided here but what the row's state decides before any rule (it was removed, its provider archived): the
decision is that of `listings/display.py` under the rules of now, and its sentences are those of `listings/reasons.py`.
Where the listing is not shown, whatever else would be is not shown for the same reason; what never is keeps its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from platbook.base.actor import Surface
from platbook.base.errors import Gone, NotFound
from platbook.base.views import UtcDatetime, View
from platbook.db import ReadConnection
from platbook.listings.display import FLAGS, Cause, Decision, Verdict, decide
from platbook.listings.listing import NormalListing, Photo, listed_at
from platbook.listings.reasons import PERMISSION, to_reason, to_setting_name, to_stale_reason
from platbook.listings.store import ListingStanding, find_photos, read_standing, read_standing_by_key
from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleSettings
from platbook.reso.fields import COLUMNS
from platbook.reso.media_category import is_image
from platbook.reso.public_fields import DAYS_ON_MARKET

_PARTS = ("address", "valuation", "comments")
_STAFF = "staff see all that a source sends"
_ARCHIVED = "its provider is archived, which hides all its listings"
UNSHOWN = "the listing is not shown"
"""Why whatever would be shown with a listing is not."""


class DecidingRuleRead(View):
    """The rule that decided, and by which of its settings; null for `originatingSystem` and `feed`: any."""

    id: UUID
    version: int = Field(description="of the provider's rules, when this one was set")
    provider: str = Field(examples=["sample_rets_provider"])
    originating_system: str | None
    surface: Surface
    feed: str | None
    ours: bool
    setting: str = Field(examples=["statuses"])


class DecisionRead(View):
    """One decision. Changing the setting of the rule changes it; without a rule, none can."""

    subject: str = Field(
        description="listing, address, valuation, comments, field:NAME or photo:KEY", examples=["field:ListPrice"]
    )
    shown: bool
    rule: DecidingRuleRead | None
    because: str
    seen: object = Field(None, description="what was decided on: a flag, a status, a permission; never a field's value")


class ListingStateRead(View):
    """What hides a listing before any rule is asked, and what may hide it for now: all false where nothing does."""

    removed: bool
    out_of_scope: bool
    archived: bool = Field(description="its provider is archived")
    erased: bool
    withdrawn: bool = Field(description="its public document is to be rebuilt, as after a change of rules")
    stale: bool = Field(description="its provider's copy is older than a rule allows")


class Explanation(View):
    """What is shown of a listing on a surface, and why."""

    surface: Surface
    shown: bool
    until: UtcDatetime | None = Field(description="the moment from which it is hidden, though nothing changes")
    state: ListingStateRead
    decisions: list[DecisionRead]


async def explain_listing(
    connection: ReadConnection, property_id: UUID, surface: Surface, now: datetime
) -> Explanation:
    """Explain a listing by our id. Errors: `NotFound`; `Gone` for an erased one."""
    return await _explain(connection, await read_standing(connection, property_id, now), surface, now)


async def explain_listing_by_key(
    connection: ReadConnection, provider_id: str, listing_key: str, surface: Surface, now: datetime
) -> Explanation:
    """Explain a listing by its provider and the source's key. Errors: as `explain_listing`."""
    state = await read_standing_by_key(connection, provider_id, listing_key, now)
    return await _explain(connection, state, surface, now)


async def _explain(
    connection: ReadConnection, state: ListingStanding | None, surface: Surface, now: datetime
) -> Explanation:
    if state is None:
        raise NotFound("there is no such listing", code="PROPERTY_NOT_FOUND")
    if state.erased:
        raise Gone("this listing was erased")
    property_id = state.stored.id
    photos = (await find_photos(connection, [property_id])).get(property_id, [])
    return to_explanation(state, photos, surface, now)


def to_explanation(state: ListingStanding, photos: Sequence[Photo], surface: Surface, now: datetime) -> Explanation:
    """Explain a stored listing, whose photos these are, at a moment."""
    decision = decide(state.stored.listing, state.rules, now)
    if surface is Surface.INTERNAL:
        explained = _explain_internal(state, photos, decision)
        is_there = True
    else:
        explained = _explain_public(state, photos, decision)
        is_there = state.is_public
    rows = list(explained)
    is_shown = rows[0][1].shown
    return Explanation(
        surface=surface,
        shown=is_shown and is_there,
        until=decision.until if is_shown and surface is Surface.PUBLIC else None,
        state=_to_state(state),
        decisions=_to_decisions(rows),
    )


class _Reason(NamedTuple):
    """Whether something is shown, and why; `rule`, `setting` and `seen` as in a verdict."""

    shown: bool
    because: str
    rule: DisplayRule | None = None
    setting: str | None = None
    seen: object = None


_Explained = tuple[str, _Reason]
"""A subject, and what is decided of it."""


def _explain_public(state: ListingStanding, photos: Sequence[Photo], decision: Decision) -> Iterator[_Explained]:
    listing = _explain_state(state) or _to_reason(decision.listing, FLAGS["listing"])
    if listing.shown and state.is_stale:
        listing = _explain_stale(state.rules)
    yield "listing", listing
    for subject, reason in _explain_parts(state.stored.listing, photos, decision):
        never = not reason.shown and reason.rule is None
        yield subject, reason if listing.shown or never else listing._replace(because=UNSHOWN, shown=False, seen=None)


def _explain_parts(listing: NormalListing, photos: Sequence[Photo], decision: Decision) -> Iterator[_Explained]:
    """What is shown of a listing that is."""
    yield "address", _to_reason(decision.address, FLAGS["address"])
    yield "valuation", _to_reason(decision.valuation, FLAGS["valuation"])
    yield "comments", _to_reason(decision.comments, FLAGS["comments"])
    reasons: dict[tuple[Cause, str | None], _Reason] = {}
    for name in _find_fields(listing):
        verdict = decision.field(name)
        key = verdict.cause, verdict.setting
        yield f"field:{name}", reasons.get(key) or reasons.setdefault(key, _to_reason(verdict))
    settings = decision.internal if decision.rules is None else decision.rules.settings
    for photo in photos:
        reason = _to_reason(decision.media(photo.category, photo.permission), PERMISSION)
        yield f"photo:{photo.media_key}", _with_state(reason, photo, settings)


def _explain_internal(state: ListingStanding, photos: Sequence[Photo], decision: Decision) -> Iterator[_Explained]:
    """Staff see all of every listing but those of an archived provider."""
    reason = _Reason(shown=False, because=_ARCHIVED) if state.archived else _Reason(shown=True, because=_STAFF)
    for subject in ("listing", *_PARTS):
        yield subject, reason
    for name in _find_fields(state.stored.listing):
        yield f"field:{name}", reason
    for photo in photos:
        yield f"photo:{photo.media_key}", _with_state(reason, photo, decision.internal)


def _explain_state(state: ListingStanding) -> _Reason | None:
    """What of a row's state hides it from the public, whatever rules say; None: nothing."""
    if state.archived:
        return _Reason(shown=False, because=_ARCHIVED)
    if state.stored.removed:
        return _Reason(
            shown=False, because="it was removed" if state.stored.is_local else "its source has it no longer"
        )
    if state.stored.out_of_scope:
        return _Reason(shown=False, because="it left the scope of its provider, which says what is replicated")
    return None


def _explain_stale(rules: ProviderRules) -> _Reason:
    rule = rules.whole_provider
    if rule is None:
        return _Reason(shown=False, because="the copy of its provider is too old")
    return _Reason(shown=False, because=to_stale_reason(rule), rule=rule, setting="hide_when_stale")


def _to_reason(verdict: Verdict, field: str = "") -> _Reason:
    return _Reason(verdict.shown, to_reason(verdict, field), verdict.rule, verdict.setting, verdict.seen)


def _with_state(reason: _Reason, photo: Photo, settings: RuleSettings) -> _Reason:
    """A photo's reason, with what is shown in its place while there is no picture."""
    if not reason.shown or photo.picture is not None or not is_image(photo.category):
        return reason
    state = f"could not be fetched ({photo.reason})" if photo.state == "failed" else "is not stored here"
    place = "the source's own is shown" if settings.hot_link else "a grey box is shown, as hotLink is off"
    return reason._replace(because=f"{reason.because}; it {state}, and {place}")


def _find_fields(listing: NormalListing) -> Iterator[str]:
    """RESO names of the fields that have a value, also of the days on market, which are computed."""
    yield "ListingKey"
    for field, value in zip(COLUMNS, listing.values, strict=True):
        if value is not None:
            yield field.name
    for name, value in listing.more.items():
        if value is not None:
            yield name
    if listing.more.get(DAYS_ON_MARKET) is None and listed_at(listing) is not None:
        yield DAYS_ON_MARKET


def _to_state(state: ListingStanding) -> ListingStateRead:
    return ListingStateRead(
        removed=state.stored.removed,
        out_of_scope=state.stored.out_of_scope,
        archived=state.archived,
        erased=state.erased,
        withdrawn=state.is_withdrawn,
        stale=state.is_stale,
    )


def _to_decisions(explained: Iterable[_Explained]) -> list[DecisionRead]:
    rules: dict[tuple[UUID, str], DecidingRuleRead] = {}
    decisions: list[DecisionRead] = []
    for subject, (shown, because, rule, setting, seen) in explained:
        read = None
        if rule is not None and setting is not None:
            key = rule.id, setting
            read = rules.get(key) or rules.setdefault(key, _to_rule(rule, setting))
        decisions.append(DecisionRead(subject=subject, shown=shown, rule=read, because=because, seen=seen))
    return decisions


def _to_rule(rule: DisplayRule, setting: str) -> DecidingRuleRead:
    key = rule.key
    return DecidingRuleRead(
        id=rule.id,
        version=rule.version,
        provider=key.provider_id,
        originating_system=key.originating_system,
        surface=key.surface,
        feed=key.feed,
        ours=key.ours,
        setting=to_setting_name(setting),
    )
