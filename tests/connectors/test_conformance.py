"""The conformance suite passes RETS, MOCK and a decent connector, and flags every nasty habit by its check."""

import re
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run

import pytest
from nasty import NastyConnector

from platbook.base.clock import SetClock
from platbook.connectors.contract import ByKey, Resource
from platbook.connectors.mock import MockConnector
from platbook.connectors.testing import (
    CHECKS,
    Case,
    Check,
    ConformanceError,
    ConformanceRun,
    DeclaredCase,
    check_all,
    check_broken_keys,
    check_broken_walk,
    check_repeated_keys,
)
from tests.fakes.rets_market import CLASSES, rets_market

pytest_plugins = ["platbook.connectors.testing.plugin"]

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class TestMock:
    @pytest.fixture(
        params=[
            (Resource.PROPERTY, "time"),
            (Resource.PROPERTY, "key"),
            (Resource.PROPERTY, "photos alone"),
            (Resource.MEMBER, "time"),
            (Resource.OFFICE, "key"),
        ],
        ids=str,
    )
    def served(self, request: pytest.FixtureRequest) -> tuple[Resource, str]:
        resource, order = request.param
        return Resource(resource), str(order)

    @pytest.fixture
    def conformance_case(self, served: tuple[Resource, str]) -> DeclaredCase:
        resource, order = served
        clock = SetClock(NOON)

        async def change() -> None:
            clock.advance(timedelta(days=9))

        photos_alone = order == "photos alone"
        settings = {"listings": 80, "page_size": 25, "order": "time" if photos_alone else order}
        settings["photos_alone"] = photos_alone
        return Case(MockConnector(), settings, clock=clock, resource=resource, change=change)

    @pytest.fixture
    def broken_case(self, served: tuple[Resource, str]) -> DeclaredCase:
        settings = {"listings": 30, "page_size": 4, "faults": [{"kind": "cut_page", "page": 3}]}
        return Case(MockConnector(), settings, clock=SetClock(NOON), resource=served[0])

    def test_mock_keeps_the_contract(self, conformance_check: ConformanceRun) -> None:
        conformance_check()


@asynccontextmanager
async def _rets_case(paging: str) -> AsyncGenerator[Case]:
    async with rets_market(listings=14) as market:
        photos = "Photo" if paging == "offset" else None  # drawing them takes longer than all the rest
        settings = {
            "loginUrl": market.url,
            "classes": CLASSES,
            "pageSize": 3,
            "keysPerRequest": 4,
            "paging": paging,
            "photoType": photos,
        }
        login = {"username": "demo", "password": "demo"}
        yield Case(market.connector, settings, login, http=market.http)


class TestRets:
    @pytest.fixture(params=["offset", "key", "time"])
    def conformance_case(self, request: pytest.FixtureRequest) -> AbstractAsyncContextManager[Case]:
        return _rets_case(str(request.param))

    def test_rets_keeps_the_contract(self, conformance_check: ConformanceRun) -> None:
        conformance_check()


HABITS = [
    ("uses its own road", "walk", "has no HTTP client"),
    ("never says complete", "walk", "may be truncated"),
    ("says complete at once", "walk", "continued after a page marked as the last"),
    ("goes on after the end", "walk", "continued after a page marked as the last"),
    ("has no watermark", "walk", "no watermark"),
    ("counts wrong", "walk", "total of 99"),
    ("watermark of its own clock", "incremental", "since its watermark"),
    ("loses equal times", "incremental", "since its watermark"),
    ("loses one of a resumed walk", "resume", "resumed after page 1"),
    ("stands still once resumed", "resume", "ends with watermark"),
    ("shuffles time", "walk", "walked in time order"),
    ("repeats a record", "walk", "twice"),
    ("empty key", "walk", "empty key"),
    ("empty first page, then silence", "walk", "the walk gave 10"),
    ("dates in fields", "walk", "holds a datetime"),
    ("not a number", "walk", "JSON cannot represent"),
    ("changes its mind", "single_records", "differs from the walk"),
    ("no inline photos", "media", "not even an empty list"),
    ("photos out of order", "media", "come in the order"),
    ("photos share a key", "media", "twice"),
    ("other photos inline", "media", "but media"),
    ("photos of others", "media", "not asked for"),
    ("photos without content", "media", "without content"),
    ("sweep leaves out", "key_sweep", "would mark them removed"),
    ("sweep makes up", "key_sweep", "which a full walk does not"),
    ("sweep repeats", "key_sweep", "twice"),
    ("sweep never ends", "key_sweep", "ended without a page"),
    ("sweep's total is wrong", "key_sweep", "its last page says 15"),
    ("count is wrong", "key_sweep", "count.. says 13"),
    ("single record missing", "single_records", "but the walk holds it"),
    ("single record invented", "single_records", "a key that does not exist"),
    ("single record differs", "single_records", "differs from the walk"),
    ("single record of another", "single_records", "answers with the record of"),
    ("list of keys cut off", "records", "the engine would remove them"),
    ("list of keys and one more", "records", "twice"),
    ("list of keys, invented", "records", "twice|do not exist"),
    ("list of keys, other data", "records", "other than the walk"),
    ("list of none is a list of all", "records", "or of none, is not empty"),
]


def case_of(connector: NastyConnector) -> Case:
    return Case(connector, clock=SetClock(datetime(2026, 6, 1, tzinfo=UTC)), change=connector.change)


async def test_a_decent_connector_passes() -> None:
    connector = NastyConnector()
    await check_all(case_of(connector))


async def test_a_connector_that_sends_deletions_in_its_walk_passes() -> None:
    connector = NastyConnector()
    connector.records[5] = replace(connector.records[5], visible=False)
    await check_all(case_of(connector))


@pytest.mark.parametrize("by_key", [ByKey.ONE, ByKey.NONE])
async def test_what_a_profile_does_not_promise_is_not_checked(by_key: ByKey) -> None:
    await check_all(case_of(NastyConnector("list of keys cut off", by_key=by_key)))
    if by_key is ByKey.NONE:
        await check_all(case_of(NastyConnector("single record missing", by_key=by_key)))


async def _find_failures(habit: str) -> dict[str, str]:
    """What each check says of a habit; every check has a connector of its own."""

    async def find(check: Check) -> str:
        try:
            await check.run(case_of(NastyConnector(habit)))
        except ConformanceError as error:
            return str(error)
        return ""

    return {check.name: message for check in CHECKS if (message := await find(check))}


@pytest.mark.parametrize(("habit", "check", "message"), HABITS)
async def test_every_nasty_habit_fails_the_check_of_its_rule(habit: str, check: str, message: str) -> None:
    failures = await _find_failures(habit)
    assert re.search(message, failures[check])


def test_every_check_has_a_habit_that_fails_it() -> None:
    assert {check for _, check, _ in HABITS} == {check.name for check in CHECKS}


@pytest.mark.parametrize(
    ("habit", "message"),
    [
        ("ends when cut", "ended without an error"),
        ("cut, but says complete", "says that it is complete"),
        ("raises what it likes", "ConnectionResetError, which is not an error of the contract"),
    ],
)
async def test_a_cut_walk_or_sweep_must_say_so(habit: str, message: str) -> None:
    with pytest.raises(ConformanceError, match=message):
        await check_broken_walk(case_of(NastyConnector(habit, broken=True)))
    with pytest.raises(ConformanceError, match=message):
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


_THIRD_PARTY = """
import pytest
from nasty import NastyConnector
from platbook.connectors.testing import Case

pytest_plugins = ["platbook.connectors.testing.plugin"]

@pytest.fixture
def conformance_case():
    return Case(NastyConnector({habit!r}))

def test_contract(conformance_check):
    conformance_check()
"""


@pytest.mark.parametrize(("habit", "failing"), [("", []), ("sweep makes up", ["key_sweep"])])
def test_the_plugin_makes_a_test_of_each_check_and_needs_no_other(
    tmp_path: Path, habit: str, failing: list[str]
) -> None:
    (tmp_path / "test_third_party.py").write_text(_THIRD_PARTY.format(habit=habit))
    arguments = ["-p", "no:asyncio", "-p", "no:cacheprovider", "-q", "-rA", f"--rootdir={tmp_path}", str(tmp_path)]
    path = str(Path(__file__).parent)
    code = f"import sys, pytest; sys.path.insert(0, {path!r}); sys.exit(pytest.main({arguments!r}))"
    done = run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    found = re.findall(r"^(PASSED|FAILED) .*?test_contract\[(\w+)\]", done.stdout, re.MULTILINE)
    assert [name for outcome, name in found if outcome == "FAILED"] == failing
    assert {name for _, name in found} == {check.name for check in CHECKS}
    assert "3 skipped" in done.stdout
