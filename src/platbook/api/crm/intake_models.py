"""Bodies and responses of lead intake: events, and the rules that assign new leads."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from platbook.api.crm.fields import Money, ShortText
from platbook.api.crm.interactions_models import InteractionRead
from platbook.api.crm.leads_models import LeadRead
from platbook.api.crm.tasks_models import TaskRead
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody
from platbook.base.views import UtcDatetime
from platbook.crm.enums import LeadEventType
from platbook.crm.intake.round_robin import RuleMember
from platbook.crm.intake.rules import (
    MAX_CLAIM_MINUTES,
    MAX_MEMBERS,
    MAX_WEIGHT,
    RoutingMethod,
    RoutingRuleInput,
    RoutingRuleWithMembers,
)


class IdRead(ApiModel):
    """The id of a record that the caller may not see."""

    id: UUID


class EventOutcomeRead(ApiModel):
    """The outcome of an event; `task` where it created one."""

    lead: LeadRead | IdRead
    interaction: InteractionRead | IdRead | None
    task: TaskRead | IdRead | None = None
    unknown_listing: bool = Field(description="whether the event names a listing that is not here")


class RefusedEventRead(ApiModel):
    """An event that could not be processed."""

    id: UUID
    event_id: str
    sender: UUID | None
    reason: str
    received_at: UtcDatetime
    raw: str


class RefusedEventList(ApiModel):
    """A page of refused events, the oldest first."""

    events: list[RefusedEventRead]
    pagination: Pagination


class RuleMemberUpdate(RequestBody):
    """A user who gets leads by a rule; the weight applies to the method `weighted` only."""

    user_id: UUID
    weight: Annotated[int, Field(ge=1, le=MAX_WEIGHT)] = 1


class RuleBody(RequestBody):
    """A complete rule. Omitted conditions always hold."""

    name: Annotated[ShortText, Field(examples=["Austin, above a million"])]
    method: RoutingMethod
    members: Annotated[list[RuleMemberUpdate], Field(min_length=1, max_length=MAX_MEMBERS)]
    place: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        0, description="rules are tried in ascending order of place"
    )
    enabled: bool = True
    sources: Annotated[list[ShortText], Field(max_length=100)] = Field(default_factory=list[str])
    event_types: Annotated[list[LeadEventType], Field(max_length=20)] = Field(default_factory=list[LeadEventType])
    areas: Annotated[list[ShortText], Field(max_length=500)] = Field(
        default_factory=list[str], description="cities, counties, states or postal codes of the listing"
    )
    min_price: Money | None = None
    max_price: Money | None = None
    claim_minutes: Annotated[int, Field(ge=1, le=MAX_CLAIM_MINUTES)] | None = Field(
        None, description="with first_to_claim: for how long only its members may claim"
    )
    fallback_to: UUID | None = Field(None, description="with first_to_claim: the user who gets an unclaimed lead")

    def to_rule(self) -> RoutingRuleInput:
        """The rule to store."""
        return RoutingRuleInput(
            name=self.name,
            method=self.method,
            members=tuple(RuleMember(one.user_id, one.weight) for one in self.members),
            place=self.place,
            enabled=self.enabled,
            sources=tuple(self.sources),
            event_types=tuple(self.event_types),
            areas=tuple(self.areas),
            min_price=self.min_price,
            max_price=self.max_price,
            claim_minutes=self.claim_minutes,
            fallback_to=self.fallback_to,
        )


class RuleMemberRead(ApiModel):
    """A user who gets leads by a rule."""

    user_id: UUID
    weight: int


class RuleRead(ApiModel):
    """A rule."""

    id: UUID
    name: str
    place: int
    enabled: bool
    method: RoutingMethod
    members: list[RuleMemberRead]
    sources: list[str]
    event_types: list[LeadEventType]
    areas: list[str]
    min_price: float | None
    max_price: float | None
    claim_minutes: int | None
    fallback_to: UUID | None
    created_at: UtcDatetime
    updated_at: UtcDatetime


class RuleList(ApiModel):
    """All rules in order."""

    rules: list[RuleRead]


def to_rule_read(stored: RoutingRuleWithMembers) -> RuleRead:
    """The response model of a rule."""
    rule = stored.rule
    return RuleRead(
        id=rule.id,
        name=rule.name,
        place=rule.place,
        enabled=rule.enabled,
        method=RoutingMethod(rule.method),
        members=[RuleMemberRead(user_id=one.user_id, weight=one.weight) for one in stored.members],
        sources=rule.sources,
        event_types=[LeadEventType(one) for one in rule.event_types],
        areas=rule.areas,
        min_price=_money(rule.min_price),
        max_price=_money(rule.max_price),
        claim_minutes=rule.claim_minutes,
        fallback_to=rule.fallback_to,
        created_at=rule.created_at,
        updated_at=rule.updated_at,
    )


def _money(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
