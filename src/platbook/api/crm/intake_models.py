"""Events and rules of the intake, as they come in and as the OpenAPI document tells the answers."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from platbook.api.crm.leads_models import InteractionRead, LeadRead, Money, TaskRead, Word
from platbook.api.envelope import Pagination
from platbook.api.models import ApiModel, RequestBody, UtcDatetime
from platbook.crm.enums import EventType
from platbook.crm.intake.round_robin import Member
from platbook.crm.intake.rules import LARGEST_WEIGHT, MOST_MEMBERS, MOST_MINUTES, Method, NewRule, RuleWithMembers


class IdRead(ApiModel):
    """What the caller does not see is told by its id alone."""

    id: UUID


class EventOutcomeRead(ApiModel):
    """What became of an event; `task` where it made one."""

    lead: LeadRead | IdRead
    interaction: InteractionRead | IdRead | None
    task: TaskRead | IdRead | None = None


class RefusedEventRead(ApiModel):
    """An event that could not be understood."""

    id: UUID
    event_id: str
    sender: UUID | None
    reason: str
    received_at: UtcDatetime
    raw: str


class RefusedEventList(ApiModel):
    """A page of them, the oldest first."""

    events: list[RefusedEventRead]
    pagination: Pagination


class RuleMemberUpdate(RequestBody):
    """Who gets leads by a rule; the weight counts for `weighted` alone."""

    user_id: UUID
    weight: Annotated[int, Field(ge=1, le=LARGEST_WEIGHT)] = 1


class RuleUpdate(RequestBody):
    """A rule, whole. Conditions that are left out always hold."""

    name: Annotated[Word, Field(examples=["Austin, above a million"])]
    method: Method
    members: Annotated[list[RuleMemberUpdate], Field(min_length=1, max_length=MOST_MEMBERS)]
    place: Annotated[int, Field(ge=0, le=1_000_000)] = Field(0, description="lower ones are asked first")
    enabled: bool = True
    sources: Annotated[list[Word], Field(max_length=100)] = Field(default_factory=list[str])
    event_types: Annotated[list[EventType], Field(max_length=20)] = Field(default_factory=list[EventType])
    areas: Annotated[list[Word], Field(max_length=500)] = Field(
        default_factory=list[str], description="cities, counties, states or postal codes of the listing"
    )
    min_price: Money | None = None
    max_price: Money | None = None
    claim_minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] | None = Field(
        None, description="with first_to_claim: how long its members alone may claim"
    )
    fallback_to: UUID | None = Field(None, description="with first_to_claim: who gets what nobody claimed")

    def to_rule(self) -> NewRule:
        """The rule it says."""
        return NewRule(
            name=self.name,
            method=self.method,
            members=tuple(Member(one.user_id, one.weight) for one in self.members),
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
    """Who gets leads by a rule."""

    user_id: UUID
    weight: int


class RuleRead(ApiModel):
    """A rule."""

    id: UUID
    name: str
    place: int
    enabled: bool
    method: Method
    members: list[RuleMemberRead]
    sources: list[str]
    event_types: list[EventType]
    areas: list[str]
    min_price: float | None
    max_price: float | None
    claim_minutes: int | None
    fallback_to: UUID | None
    created_at: UtcDatetime
    updated_at: UtcDatetime


class RuleList(ApiModel):
    """Every rule in order."""

    rules: list[RuleRead]


def to_rule_read(known: RuleWithMembers) -> RuleRead:
    """A rule as it is answered."""
    rule = known.rule
    return RuleRead(
        id=rule.id,
        name=rule.name,
        place=rule.place,
        enabled=rule.enabled,
        method=Method(rule.method),
        members=[RuleMemberRead(user_id=one.user_id, weight=one.weight) for one in known.members],
        sources=rule.sources,
        event_types=[EventType(one) for one in rule.event_types],
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
