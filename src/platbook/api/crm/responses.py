"""Responses of the CRM, written straight from rows: lists pass no model on the way out."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import orjson
from fastapi import Response

from platbook.api.envelope import raw_json
from platbook.crm.duplicates.review import DuplicateView
from platbook.crm.duplicates.rows import PossibleDuplicate
from platbook.crm.interactions.interaction import Interaction
from platbook.crm.leads.lead import to_api_fields
from platbook.crm.leads.visibility import LeadView
from platbook.crm.tasks.task import Task
from platbook.db.lists import ListPage, Paging

T = TypeVar("T")


def answer(data: Mapping[str, object], *, status: int = 200) -> Response:
    """Data in the envelope."""
    return raw_json(orjson.dumps({"success": True, "data": data}, option=orjson.OPT_UTC_Z), status=status)


def answer_list(name: str, page: ListPage[T], paging: Paging, to: Callable[[T], Mapping[str, object]]) -> Response:
    """A page in the envelope, its rows under their name."""
    return answer({name: [to(row) for row in page.rows], "pagination": _pagination(page, paging)})


def to_lead(view: LeadView) -> dict[str, object]:
    """A lead as JSON, with what its reader may see."""
    lead = view.lead
    return {
        "id": lead.id,
        "email": lead.emails[0] if lead.emails else None,
        "phoneNumber": lead.phones[0] if lead.phones else None,
        **to_api_fields(lead),
        "stageKind": lead.stage_kind,
        "office": lead.office,
        "team": lead.team,
        "score": lead.score,
        "scoreReasons": lead.score_reasons,
        "updatedAt": lead.updated_at,
        "lastActivityAt": lead.last_activity_at,
        "claimUntil": lead.claim_until,
        "contactHidden": not view.has_contact_details,
    }


def to_possible_duplicate(view: DuplicateView) -> dict[str, object]:
    """A possible duplicate as JSON, with both leads in full."""
    pair = view.pair
    return {
        "id": pair.id,
        "state": pair.state,
        "evidence": pair.evidence,
        "leads": [to_lead(LeadView(lead, has_contact_details=True)) for lead in view.leads],
        "foundAt": pair.found_at,
        "decidedAt": pair.decided_at,
        "decidedBy": pair.decided_by,
    }


def to_like_leads(pairs: Sequence[PossibleDuplicate], lead_id: UUID) -> list[dict[str, object]]:
    """The possible duplicates of a lead as JSON, each with the other lead's id."""
    return [
        {
            "id": pair.id,
            "leadId": pair.other_id if pair.lead_id == lead_id else pair.lead_id,
            "evidence": pair.evidence,
            "foundAt": pair.found_at,
        }
        for pair in pairs
    ]


def to_task(task: Task, now: datetime) -> dict[str, object]:
    """A task as JSON."""
    return {
        "id": task.id,
        "title": task.title,
        "description": task.description,
        "type": task.type,
        "dueDate": task.due_on or task.due_date,
        "timeZone": task.time_zone,
        "priority": task.priority,
        "leadId": task.lead_id,
        "assignedTo": task.assigned_to,
        "isCompleted": task.completed_at is not None,
        "completedAt": task.completed_at,
        "remindMinutesBefore": task.remind_minutes_before,
        "isOverdue": task.is_overdue(now),
        "createdBy": task.created_by,
        "createdAt": task.created_at,
        "updatedAt": task.updated_at,
    }


def to_interaction(entry: Interaction) -> dict[str, object]:
    """An interaction as JSON."""
    return {
        "id": entry.id,
        "leadId": entry.lead_id,
        "type": entry.type,
        "content": entry.content,
        "interactionDate": entry.interaction_date,
        "userId": entry.user_id,
        "actor": entry.actor,
        "propertyId": entry.property_id,
        "metadata": entry.metadata,
        "createdAt": entry.created_at,
    }


def _pagination(page: ListPage[T], paging: Paging) -> dict[str, object]:
    pagination: dict[str, object] = {"page": paging.page, "limit": paging.limit, "nextCursor": page.next_cursor}
    if page.total is not None:
        pagination["total"] = page.total
        pagination["totalPages"] = math.ceil(page.total / paging.limit)
        pagination["totalIsEstimate"] = page.total_is_estimate
    return pagination
