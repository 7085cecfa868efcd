"""An interaction, an entry of a lead's log, as a value."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Interaction:
    """Something that happened with a lead. `actor` is the author's name, `user_id` their user, where they have one."""

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
