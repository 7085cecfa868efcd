"""Smooth weighted round-robin: in proportion to weights, evenly spread."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis.strategies import integers, lists

from platbook.crm.intake.round_robin import RuleMember, next_in_rotation


def turns(weights: list[int], count: int) -> list[int]:
    members = [RuleMember(UUID(int=index), weight) for index, weight in enumerate(weights)]
    chosen_ids: list[int] = []
    for _ in range(count):
        chosen, members = next_in_rotation(members)
        chosen_ids.append(chosen.user_id.int)
    return chosen_ids


@given(lists(integers(1, 50), min_size=1, max_size=8), integers(1, 300))
def test_no_member_is_ever_ahead_or_behind_by_more_than_one_turn_of_the_others(weights: list[int], count: int) -> None:
    chosen_ids = Counter(turns(weights, count))
    for index, weight in enumerate(weights):
        expected = count * weight / sum(weights)
        assert abs(chosen_ids[index] - expected) < len(weights)


@given(integers(1, 20), integers(0, 200))
def test_equal_weights_are_plain_round_robin(members: int, count: int) -> None:
    assert turns([1] * members, count) == [turn % members for turn in range(count)]


def test_a_full_round_is_in_proportion_to_weights() -> None:
    assert Counter(turns([3, 1], 8)) == {0: 6, 1: 2}
    assert turns([3, 1], 4) == [0, 0, 1, 0]


def test_an_absent_member_neither_gains_nor_loses_credit() -> None:
    one, two = RuleMember(UUID(int=1)), RuleMember(UUID(int=2))
    _, (alone,) = next_in_rotation([one])
    assert alone == one
    chosen, _ = next_in_rotation([replace(one, credit=alone.credit), two])
    assert chosen.user_id == one.user_id
