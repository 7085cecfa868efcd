"""Responses of the audit log."""

from uuid import UUID

from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel
from platbook.base.views import UtcDatetime


class AuditEntryRead(ApiModel):
    """One act. With a `keyId` it was done with that API key of the user."""

    id: UUID
    at: UtcDatetime
    actor: str
    user_id: UUID | None
    key_id: UUID | None
    act: str
    subject_kind: str
    subject_id: str
    details: dict[str, object]


class AuditEntryList(ApiModel):
    """A page of the audit log."""

    entries: list[AuditEntryRead]
    pagination: Pagination
