"""Display rules as a provider would have them, without a database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from platbook.listings.display import Decision, decide
from platbook.listings.listing import NormalListing
from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleKey, RuleSettings

BOARD = "board"


def make_rule(number: int = 1, settings: RuleSettings | None = None, **key: object) -> DisplayRule:
    """A rule of the board; `key` are the fields of its `RuleKey` besides the provider."""
    rule_key = RuleKey(BOARD, **key)  # pyright: ignore[reportArgumentType] - its fields by name
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return DisplayRule(UUID(int=number), rule_key, settings or RuleSettings(), 1, at, "ada")


def make_rules(
    settings: RuleSettings | None = None, *more: DisplayRule, own_offices: Sequence[str] = ()
) -> ProviderRules:
    """A provider's rules: one for all its listings, and more."""
    return ProviderRules.of([make_rule(0, settings), *more], own_offices, 1)


def decide_by(listing: NormalListing, now: datetime, settings: RuleSettings | None = None) -> Decision:
    """The decision under one rule for all listings."""
    return decide(listing, make_rules(settings), now)
