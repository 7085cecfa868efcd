"""Which listings changed display rules can concern: one condition, in the statements that withdraw and find them."""

from collections.abc import Set as AbstractSet

from platbook.base.actor import Surface
from platbook.db.compose import SQL, to_statement
from platbook.providers.display_rules import RuleKey
from platbook.providers.rule_versions import RuleChange

_CONCERNED = SQL(
    "provider_id = %(provider_id)s AND erased_at IS NULL AND (EXISTS ("
    "SELECT FROM unnest(%(systems)s::text[], %(feeds)s::text[], %(ours)s::boolean[]) AS k (system, feed, ours) "
    "WHERE (k.system IS NULL OR k.system = originating_system_name) AND (k.feed IS NULL OR licences @> ARRAY[k.feed]) "
    "AND (NOT k.ours OR listing_offices(properties) && %(own_offices)s::text[])) "
    "OR listing_offices(properties) && %(changed_offices)s::text[])"
)

WITHDRAW = to_statement(
    "withdraw",
    SQL(
        "UPDATE properties SET public_document = NULL, rule_id = NULL, public_until = NULL, "
        "document_version = 'withdrawn' WHERE document_version <> 'withdrawn' AND {}"
    ).format(_CONCERNED),
)
"""The listings concerned are not public until their documents are rebuilt."""

MARK_OUTDATED = to_statement(
    "mark_outdated",
    SQL(
        "UPDATE properties SET document_version = 'outdated' "
        "WHERE document_version NOT IN ('withdrawn', 'outdated') AND {}"
    ).format(_CONCERNED),
)
"""The documents concerned are to be rebuilt; they stay until then."""

FIND_CONCERNED = to_statement(
    "find_concerned",
    SQL(
        "SELECT id, listing_key FROM properties WHERE visible AND listing_key > %(after)s AND {} "
        "ORDER BY listing_key LIMIT %(limit)s"
    ).format(_CONCERNED),
)
"""The next listings concerned that are neither removed nor out of scope, by their keys (keyset pagination)."""


def to_concerned(provider_id: str, change: RuleChange, surface: Surface) -> dict[str, object]:
    """The parameters of these statements: the listings whose documents of a surface changed rules can concern."""
    return _to_params(provider_id, change, surface, change.keys - change.quiet)


def to_renamed(provider_id: str, change: RuleChange) -> dict[str, object]:
    """The parameters of these statements: the listings whose rule was replaced by one that shows the same."""
    return {**_to_params(provider_id, change, Surface.PUBLIC, change.quiet), "changed_offices": []}


def _to_params(
    provider_id: str, change: RuleChange, surface: Surface, changed: AbstractSet[RuleKey]
) -> dict[str, object]:
    keys = [key for key in changed if key.surface is surface]
    return {
        "provider_id": provider_id,
        "systems": [key.originating_system for key in keys],
        "feeds": [key.feed for key in keys],
        "ours": [key.ours for key in keys],
        "own_offices": sorted(change.own_offices),
        "changed_offices": sorted(change.offices) if surface in change.office_surfaces else [],
    }
