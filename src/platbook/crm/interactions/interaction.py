"""An entry of a lead's log as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something said or done. `actor` is who wrote it, `user_id` their user where they have one."""

    id: UUID
    lead_id: UUID
    type: str
    interaction_date: datetime
    actor: str
    created_at: datetime
    content: str | None = None
    user_id: UUID | None = None
    property_id: UUID | None = None
    metadata: dict[str, object] = field(default_factory=dict[str, object])
