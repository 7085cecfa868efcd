"""The conformance suite passes a decent connector and flags every nasty habit."""

import sys
from datetime import UTC, datetime
from subprocess import run

import pytest
from nasty import NastyConnector

from platbook.base.clock import SetClock
from platbook.connectors.testing import (
    Case,
    ConformanceError,
    check_all,
    check_broken_keys,
    check_broken_walk,
    check_repeated_keys,
)

HABITS = [
    ("uses its own road", "lends no HTTP client"),
    ("never says complete", "nobody knows whether it was cut"),
    ("says complete at once", "went on after a page that said it was the last"),
    ("goes on after the end", "went on after a page that said it was the last"),
    ("has no watermark", "no watermark"),
    ("counts wrong", "says 99 in all"),
    ("watermark of its own clock", "since its watermark"),
    ("loses equal times", "since its watermark"),
    ("loses one of a resumed walk", "resumed after page 1"),
    ("stands still once resumed", "ends with watermark"),
    ("shuffles time", "walked in time order"),
    ("repeats a record", "twice"),
    ("empty key", "empty key"),
    ("empty first page, then silence", "the walk gave 10"),
    ("dates in fields", "holds a datetime"),
    ("not a number", "JSON cannot say"),
    ("changes its mind", "differs from the walk"),
    ("no inline photos", "not even an empty list"),
    ("photos out of order", "come in the order"),
    ("photos share a key", "twice"),
    ("other photos inline", "but media"),
    ("photos of others", "not asked for"),
    ("photos without content", "without content"),
    ("sweep leaves out", "would mark them removed"),
    ("sweep makes up", "which a full walk does not"),
    ("sweep repeats", "twice"),
    ("sweep never ends", "ended without a page"),
    ("sweep's total is wrong", "its last page says 15"),
    ("count is wrong", "count.. says 13"),
    ("single record missing", "but the walk holds it"),
    ("single record invented", "a key nobody has"),
    ("single record differs", "differs from the walk"),
    ("single record of another", "answers with the record of"),
]


def case_of(connector: NastyConnector) -> Case:
    return Case(connector, clock=SetClock(datetime(2026, 6, 1, tzinfo=UTC)))


async def test_a_decent_connector_passes() -> None:
    connector = NastyConnector()
    await check_all(case_of(connector), change=connector.change)


@pytest.mark.parametrize(("habit", "words"), HABITS)
async def test_every_nasty_habit_is_flagged(habit: str, words: str) -> None:
    connector = NastyConnector(habit)
    with pytest.raises(ConformanceError, match=words):
        await check_all(case_of(connector), change=connector.change)


@pytest.mark.parametrize(
    ("habit", "words"),
    [
        ("ends when cut", "ended without an error"),
        ("cut, but says complete", "says that it is complete"),
        ("raises what it likes", "ConnectionResetError, which is no error of the contract"),
    ],
)
async def test_a_cut_walk_or_sweep_must_say_so(habit: str, words: str) -> None:
    with pytest.raises(ConformanceError, match=words):
        await check_broken_walk(case_of(NastyConnector(habit, broken=True)))
    with pytest.raises(ConformanceError, match=words):
        await check_broken_keys(case_of(NastyConnector(habit, broken=True)))


async def test_a_decent_connector_over_a_broken_source_passes() -> None:
    await check_broken_walk(case_of(NastyConnector(broken=True)))
    await check_broken_keys(case_of(NastyConnector(broken=True)))


@pytest.mark.parametrize("habit", ["drops repeated keys and counts the rest", "drops repeated keys, without a count"])
async def test_a_list_of_repeated_keys_must_not_look_proven(habit: str) -> None:
    with pytest.raises(ConformanceError, match="12 distinct ones as if they were all"):
        await check_repeated_keys(case_of(NastyConnector(habit, repeats_keys=True)))


@pytest.mark.parametrize("habit", ["", "hands keys on, without a count", "drops repeated keys"])
async def test_repeated_keys_may_be_handed_on_or_held_against_the_sources_count(habit: str) -> None:
    await check_repeated_keys(case_of(NastyConnector(habit, repeats_keys=True)))
    await check_repeated_keys(case_of(NastyConnector(broken=True)))


def test_the_suite_needs_no_test_runner_to_be_imported() -> None:
    code = "import sys, platbook.connectors.testing; sys.exit('pytest' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
