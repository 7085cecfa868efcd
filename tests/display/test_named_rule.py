"""The rule and setting that a verdict names are those whose change shows what is hidden, or hides what is shown."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from platbook.listings.display import Cause, Decision, Verdict, decide
from platbook.providers.display_rules import DisplayRule
from platbook.reso.fields import FIELDS
from platbook.reso.lookups import StandardStatus
from tests.display.drawn_rules import draw_rules
from tests.display.marked_world import BOARD, LATEST, NOW, MarkedListing, make_world
from tests.display.naive_reading import PlainRule, PlainRules, Settings
from tests.display.test_second_reading import to_provider_rules

WORLD = make_world()
_LISTINGS = [one for one in WORLD.listings if one.provider_id == BOARD]
_MOMENTS = [NOW + timedelta(hours=hours) for hours in (0, 13, 24 * 365)]
_MOST_CHANGES = 30
_RULELESS = frozenset(
    {Cause.NO_RULE, Cause.UNREADABLE, Cause.SOURCE_FORBIDS, Cause.CONFIDENTIAL, Cause.NOT_PUBLIC, Cause.BRANDED}
)
"""What no rule decides."""
_STATUSES = [*map(str, StandardStatus)]
_OPENED: Mapping[str, object] = MappingProxyType(
    {
        "statuses": _STATUSES,
        "propertyTypes": None,
        "licences": None,
        "soldWithin": None,
        "hideAfterClosing": None,
        "optOutOffices": [],
        "optOutAgents": [],
        "requireContact": False,
        "hideFields": [],
        "photoPermissions": ["Public", "IDX"],
    }
)
"""What shows whatever each setting can hide; the others are flags, and True does. None: it is not made."""


def _find_subjects(decision: Decision, listing: MarkedListing) -> Iterator[tuple[str, Callable[[Decision], Verdict]]]:
    yield "listing", lambda one: one.listing
    if decision.listing.shown:
        yield "address", lambda one: one.address
        yield "valuation", lambda one: one.valuation
        yield "comments", lambda one: one.comments
        for name in FIELDS:
            yield name, lambda one, name=name: one.field(name)
        for photo in listing.photos:
            yield photo.key, lambda one, ref=photo.ref: one.media(ref.category, ref.permission)


def _change(rules: PlainRules, named: DisplayRule, setting: str, value: object) -> PlainRules:
    key = (named.key.originating_system, named.key.feed, named.key.ours)
    changed: list[PlainRule] = []
    for rule in rules.rules:
        if (rule.originating_system, rule.feed, rule.ours) == key:
            made = {**rule.settings, to_camel(setting): value}
            kept: Settings = {name: one for name, one in made.items() if one is not None}
            changed.append(PlainRule(kept, *key))
        else:
            changed.append(rule)
    return PlainRules(changed, rules.own_offices)


def _find_closed(setting: str, name: str, verdict: Verdict, listing: MarkedListing) -> object:
    """A value of a setting that hides what it shows."""
    if setting == "statuses":
        return [status for status in _STATUSES if status != listing.latest["StandardStatus"]]
    if setting == "hide_fields":
        taken = () if verdict.rule is None else verdict.rule.settings.hide_fields or ()
        return [*taken, name]
    return [] if setting == "photo_permissions" else False


def _check_named(rules: PlainRules, listing: MarkedListing, later: int) -> None:
    now = _MOMENTS[later]

    def decide_by(changed: PlainRules) -> Decision:
        return decide(listing.to_listing(LATEST), to_provider_rules(changed), now)

    decision = decide_by(rules)
    for name, verdict_of in _find_subjects(decision, listing):
        verdict = verdict_of(decision)
        assert (verdict.rule is None) is (verdict.setting is None), (name, verdict)
        if verdict.shown:
            assert verdict.rule is not None, (name, verdict)
            assert verdict.setting is not None
            closed = _find_closed(verdict.setting, name, verdict, listing)
            hidden = decide_by(_change(rules, verdict.rule, verdict.setting, closed))
            assert not (hidden.listing.shown and verdict_of(hidden).shown), (name, verdict)
            continue
        changed, changes = rules, 0
        while not verdict.shown and verdict.rule is not None:
            assert verdict.setting is not None
            assert changes < _MOST_CHANGES, (name, verdict)
            value = _OPENED.get(to_camel(verdict.setting), True)
            changed, changes = _change(changed, verdict.rule, verdict.setting, value), changes + 1
            verdict = verdict_of(decide_by(changed))
        assert verdict.shown or _is_ruleless(verdict), (name, verdict)


def _is_ruleless(verdict: Verdict) -> bool:
    return verdict.cause in _RULELESS or verdict.cause is Cause.ADDRESS_HIDDEN


_DRAWN = given(draw_rules(WORLD, BOARD), st.sampled_from(_LISTINGS), st.integers(0, len(_MOMENTS) - 1))


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@_DRAWN
def test_changing_the_rule_that_is_named_changes_what_is_shown(
    rules: PlainRules, listing: MarkedListing, later: int
) -> None:
    _check_named(rules, listing, later)


@pytest.mark.soak
@settings(max_examples=2000, deadline=None, database=None)
@_DRAWN
def test_changing_the_rule_that_is_named_changes_what_is_shown_of_thousands(
    rules: PlainRules, listing: MarkedListing, later: int
) -> None:
    _check_named(rules, listing, later)
