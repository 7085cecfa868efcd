"""Read models of provider configurations. Of credentials they hold only which are set."""

from typing import Literal, Self

from platbook.base.views import UtcDatetime, View
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
    display: dict[str, object]
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
            display={} if rules.whole_provider is None else to_json(rules.whole_provider.settings),
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
