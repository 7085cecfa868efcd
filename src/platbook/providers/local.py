"""The provider of listings made here; it has no configuration, no stored rules, and is never synced."""

from datetime import UTC, datetime
from uuid import UUID

from platbook.providers.display_rules import DisplayRule, ProviderRules, RuleKey, RuleSettings

LOCAL = "local"

_RULE = DisplayRule(UUID(int=0), RuleKey(LOCAL), RuleSettings(), 0, datetime.fromtimestamp(0, UTC), "platbook")
LOCAL_RULES = ProviderRules.of([_RULE])
"""The rules of local listings: one that makes no setting."""
