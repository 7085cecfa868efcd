"""Whose turn it is: in proportion to weights, and as evenly as can be at every moment. Pure.

Each turn gives everybody credit by their weight; whoever has most gets it and pays all of it back. With equal weights
that goes round; with others nobody is ever ahead by more than one turn. Who is away neither gains nor loses credit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RuleMember:
    """Somebody who gets leads by a rule, in their place; `credit` is what past turns left."""

    user_id: UUID
    weight: int = 1
    credit: int = 0


def next_in_rotation(members: Sequence[RuleMember]) -> tuple[RuleMember, list[RuleMember]]:
    """Who gets the next one, and everybody's credit after it. Of those with most credit the first in place gets it."""
    total = sum(member.weight for member in members)
    credited = [replace(member, credit=member.credit + member.weight) for member in members]
    chosen = max(credited, key=lambda member: member.credit)
    return chosen, [
        replace(member, credit=member.credit - total) if member is chosen else member for member in credited
    ]
