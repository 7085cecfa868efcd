"""The mapping of one provider: its `fieldMapping`, with the key field and the time zone of its connector's profile."""

from collections.abc import Mapping
from datetime import UTC
from zoneinfo import ZoneInfo

from platbook.connectors.contract import Resource, SourceProfile
from platbook.mapping.mapping import FieldMapping, plan_mapping


def plan_provider_mapping(
    field_mapping: Mapping[str, object], profile: SourceProfile, resource: Resource
) -> FieldMapping:
    """Compile a provider's `fieldMapping` for one resource of its source.

    InvalidInput names each entry that cannot work; ProviderMisconfigured where the source does not serve the resource.
    """
    zone = UTC if profile.time_zone == "UTC" else ZoneInfo(profile.time_zone)
    return plan_mapping(field_mapping, key_field=profile.resource(resource).key_field, tz=zone)
