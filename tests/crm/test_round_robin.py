"""Turns come in proportion to weights, evenly at every moment."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis.strategies import integers, lists

from platbook.crm.intake.round_robin import RuleMember, next_in_rotation


def turns(weights: list[int], count: int) -> list[int]:
    members = [RuleMember(UUID(int=place), weight) for place, weight in enumerate(weights)]
    taken: list[int] = []
    for _ in range(count):
        chosen, members = next_in_rotation(members)
        taken.append(chosen.user_id.int)
    return taken


@given(lists(integers(1, 50), min_size=1, max_size=8), integers(1, 300))
def test_nobody_is_ever_ahead_or_behind_by_more_than_a_turn_of_others(weights: list[int], count: int) -> None:
    taken = Counter(turns(weights, count))
    for place, weight in enumerate(weights):
        due = count * weight / sum(weights)
        assert abs(taken[place] - due) < len(weights)


@given(integers(1, 20), integers(0, 200))
def test_equal_weights_go_round(members: int, count: int) -> None:
    assert turns([1] * members, count) == [turn % members for turn in range(count)]


def test_a_whole_round_pays_everybody_what_is_due() -> None:
    assert Counter(turns([3, 1], 8)) == {0: 6, 1: 2}
    assert turns([3, 1], 4) == [0, 0, 1, 0]


def test_who_is_away_neither_gains_nor_loses() -> None:
    one, two = RuleMember(UUID(int=1)), RuleMember(UUID(int=2))
    _, (alone,) = next_in_rotation([one])
    assert alone == one
    chosen, _ = next_in_rotation([replace(one, credit=alone.credit), two])
    assert chosen.user_id == one.user_id
