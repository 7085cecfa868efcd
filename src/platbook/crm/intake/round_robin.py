"""Smooth weighted round-robin, the algorithm of nginx's upstream balancing. Pure.

In each rotation every member gains credit by their weight; the one with the most credit is chosen, and pays the sum of
all weights. With equal weights that is plain round-robin; with others each member is chosen in proportion to their
weight, spread evenly, and never more than one turn ahead. A member who is absent neither gains nor loses credit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RuleMember:
    """A user who gets leads by a rule; `credit` is what past rotations left."""

    user_id: UUID
    weight: int = 1
    credit: int = 0


def next_in_rotation(members: Sequence[RuleMember]) -> tuple[RuleMember, list[RuleMember]]:
    """The next member, and all members with their new credit. Of several with the most credit the first is chosen."""
    total = sum(member.weight for member in members)
    credited = [replace(member, credit=member.credit + member.weight) for member in members]
    chosen = max(credited, key=lambda member: member.credit)
    return chosen, [
        replace(member, credit=member.credit - total) if member is chosen else member for member in credited
    ]
