"""The listing that an event is about: what routing rules compare, and what the interaction refers to."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from platbook.crm.intake.event import PropertyReference
from platbook.crm.intake.inbox import Q
from platbook.db import ReadConnection


@dataclass(frozen=True, slots=True)
class EventListing:
    """A listing's price, and its areas: city, county, state and postal code in lower case."""

    id: UUID
    list_price: Decimal | None
    areas: list[str]


async def find_listing(connection: ReadConnection, reference: PropertyReference | None) -> EventListing | None:
    """The listing that an event refers to, if there is one."""
    if reference is None:
        return None
    return await connection.first(EventListing, Q.find_listing, reference.model_dump())
