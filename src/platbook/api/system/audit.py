"""Who did what."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from platbook.api.authentication import Caller
from platbook.api.envelope import Pagination, Success, paginate
from platbook.api.models import ApiModel, UtcDatetime
from platbook.api.params import Limit, PageNumber, Since
from platbook.api.services import ServicesDep
from platbook.audit import AuditFilter, find_entries

router = APIRouter(prefix="/audit", tags=["Audit"])

_Text = Annotated[str | None, Query(min_length=1, max_length=200)]


class AuditEntryRead(ApiModel):
    """One act. With a `keyId` it was done by that API key of the user."""

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


@router.get("")
async def read_audit_log(  # noqa: PLR0913 - one parameter for each filter
    services: ServicesDep,
    caller: Caller,
    *,
    user_id: Annotated[UUID | None, Query(alias="userId", description="only acts of this user")] = None,
    act: _Text = None,
    subject_kind: Annotated[str | None, Query(alias="subjectKind", max_length=200)] = None,
    subject_id: Annotated[str | None, Query(alias="subjectId", max_length=200)] = None,
    since: Since = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[AuditEntryList]:
    """Who did what to whom, the newest first."""
    wanted = AuditFilter(user_id, act, subject_kind, subject_id, since)
    async with services.database.read() as connection:
        found = await find_entries(connection, caller, wanted, page=page, limit=limit)
    answers = [AuditEntryRead.model_validate(entry) for entry in found.entries]
    return Success(data=AuditEntryList(entries=answers, pagination=paginate(page, limit, found.total)))
