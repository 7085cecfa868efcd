"""Read models of provider configurations and display rules. Of credentials they hold only which are set."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from platbook.base.actor import Surface
from platbook.base.views import UtcDatetime, View
from platbook.providers.display_rules import DisplayRule, ProviderRules
from platbook.providers.providers import Provider
from platbook.providers.rule_versions import to_json


class ProviderRead(View):
    """A provider's configuration, by the field names it is written by; of credentials only which are set."""

    provider_id: str
    provider_name: str
    provider_type: str
    settings: dict[str, object]
    credentials: dict[str, Literal["set"]]
    field_mapping: dict[str, object]
    scope: dict[str, object]
    display: dict[str, object] | None
    own_offices: list[str]
    media: dict[str, object]
    retention: str
    interval_hours: float
    allowed_age_hours: float | None
    requests_per_second: float | None
    max_removal_share: float
    enabled: bool
    archived_at: UtcDatetime | None
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def of(cls, provider: Provider) -> Self:
        """The view of a provider's row."""
        rules = provider.display_rules
        return cls(
            provider_id=provider.provider_id,
            provider_name=provider.provider_name,
            provider_type=provider.provider_type,
            settings=dict(provider.settings),
            credentials=dict.fromkeys(provider.credential_names, "set"),
            field_mapping=dict(provider.field_mapping),
            scope=dict(provider.scope),
            display=None if rules.whole_provider is None else to_json(rules.whole_provider.settings),
            own_offices=sorted(rules.own_offices),
            media=dict(provider.media),
            retention=provider.retention,
            interval_hours=provider.interval_hours,
            allowed_age_hours=provider.allowed_age_hours,
            requests_per_second=provider.requests_per_second,
            max_removal_share=provider.max_removal_share,
            enabled=provider.enabled,
            archived_at=provider.archived_at,
            created_at=provider.created_at,
            updated_at=provider.updated_at,
        )


class ProviderList(View):
    """Providers by id."""

    providers: list[ProviderRead]


class DisplayRuleRead(View):
    """One display rule; a null of `originatingSystem` or `feed` is any. `version`: of the rules it came with."""

    id: UUID
    originating_system: str | None
    surface: Surface
    feed: str | None
    ours: bool
    settings: dict[str, object]
    version: int
    valid_from: UtcDatetime = Field(serialization_alias="from")
    set_by: str

    @classmethod
    def of(cls, rule: DisplayRule) -> Self:
        """The view of a rule."""
        return cls(
            id=rule.id,
            originating_system=rule.key.originating_system,
            surface=rule.key.surface,
            feed=rule.key.feed,
            ours=rule.key.ours,
            settings=to_json(rule.settings),
            version=rule.version,
            valid_from=rule.valid_from,
            set_by=rule.set_by,
        )


class DisplayRulesRead(View):
    """All display rules of a provider, the least specific first, their version, and the offices that are our own."""

    provider_id: str
    version: int
    own_offices: list[str]
    rules: list[DisplayRuleRead]

    @classmethod
    def of(cls, provider_id: str, rules: ProviderRules) -> Self:
        """The view of a provider's rules."""
        ordered = sorted(rules.rules, key=lambda one: (one.key.surface != Surface.PUBLIC, one.key.specificity))
        return cls(
            provider_id=provider_id,
            version=rules.version,
            own_offices=sorted(rules.own_offices),
            rules=[DisplayRuleRead.of(one) for one in ordered],
        )
