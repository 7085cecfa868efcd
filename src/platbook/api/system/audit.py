"""The audit log."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from platbook.api.authentication import Caller
from platbook.api.envelope import Success, paginate
from platbook.api.params import Limit, PageNumber, Since
from platbook.api.services import ServicesDep
from platbook.api.system.audit_models import AuditEntryList, AuditEntryRead
from platbook.audit import AuditFilter, find_entries

router = APIRouter(prefix="/audit", tags=["Audit"])

_Text = Annotated[str | None, Query(min_length=1, max_length=200)]


@router.get("")
async def read_audit_log(  # noqa: PLR0913 - one parameter for each filter
    services: ServicesDep,
    caller: Caller,
    *,
    user_id: Annotated[UUID | None, Query(alias="userId", description="only actions of this user")] = None,
    act: _Text = None,
    subject_kind: Annotated[str | None, Query(alias="subjectKind", max_length=200)] = None,
    subject_id: Annotated[str | None, Query(alias="subjectId", max_length=200)] = None,
    since: Since = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[AuditEntryList]:
    """List audit entries, the newest first."""
    audit_filter = AuditFilter(user_id, act, subject_kind, subject_id, since)
    async with services.database.read() as connection:
        result = await find_entries(connection, caller, audit_filter, page=page, limit=limit)
    entries = [AuditEntryRead.model_validate(entry) for entry in result.rows]
    return Success(data=AuditEntryList(entries=entries, pagination=paginate(page, limit, result.total)))
