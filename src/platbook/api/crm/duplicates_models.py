"""Bodies and responses of possible duplicates."""

from uuid import UUID

from platbook.api.crm.leads_models import DuplicateEvidence, LeadRead
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.base.views import UtcDatetime
from platbook.crm.duplicates.rows import DuplicateState


class PossibleDuplicateRead(ApiModel):
    """Two leads that may be one person, and what they have in common. `decidedBy`: who merged or dismissed them."""

    id: UUID
    state: DuplicateState
    evidence: DuplicateEvidence
    leads: list[LeadRead]
    found_at: UtcDatetime
    decided_at: UtcDatetime | None
    decided_by: str | None


class PossibleDuplicateList(ApiModel):
    """A page of possible duplicates."""

    duplicates: list[PossibleDuplicateRead]
    pagination: Pagination


class DuplicateMerge(RequestBody):
    """Which of the two leads stays."""

    into_id: UUID
