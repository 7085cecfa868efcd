"""The conformance suite as a pytest plugin: a test that takes `conformance_check` is run once for each check.

    pytest_plugins = ["platbook.connectors.testing.plugin"]

    @pytest.fixture
    def conformance_case() -> Case:
        return Case(HarbourConnector(), {"url": ...}, {"token": ...}, http=..., clock=...)

    def test_harbour_keeps_the_contract(conformance_check: ConformanceRun) -> None:
        conformance_check()

A fixture may return an asynchronous context manager of a Case instead, to start and stop the source in the check's own
event loop. `broken_case` and `repeated_keys_case` are two more fixtures to override, for sources that break in the
middle of a walk and that list keys twice; their checks are skipped without them. No other plugin is needed.
"""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

import pytest

from platbook.connectors.testing.case import Case, ConformanceRun, DeclaredCase
from platbook.connectors.testing.checks import BROKEN_CHECKS, CHECKS, REPEATED_KEY_CHECKS, Check

_CHECKS = (*CHECKS, *BROKEN_CHECKS, *REPEATED_KEY_CHECKS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each check."""
    if "conformance_check" in metafunc.fixturenames:
        metafunc.parametrize("conformance_check", _CHECKS, indirect=True, ids=[check.name for check in _CHECKS])


@pytest.fixture
def broken_case() -> DeclaredCase | None:
    """A case whose source breaks in the middle of every walk and key sweep; None: there is none."""
    return None


@pytest.fixture
def repeated_keys_case() -> DeclaredCase | None:
    """A case whose source lists some keys twice in place of others; None: there is none."""
    return None


@pytest.fixture
def conformance_check(
    request: pytest.FixtureRequest,
    conformance_case: DeclaredCase,
    broken_case: DeclaredCase | None,
    repeated_keys_case: DeclaredCase | None,
) -> ConformanceRun:
    """Run one check on the case that is declared for it; skip where the connector's profile does not call for it."""
    check: Check = request.param
    case: DeclaredCase | None = conformance_case
    if check in BROKEN_CHECKS:
        case = broken_case
    elif check in REPEATED_KEY_CHECKS:
        case = repeated_keys_case

    def run() -> None:
        if case is None:
            pytest.skip(f"no case is declared for {check.name}")
        asyncio.run(_run(check, nullcontext(case) if isinstance(case, Case) else case))

    return run


async def _run(check: Check, declared: AbstractAsyncContextManager[Case]) -> None:
    async with declared as case:
        if not check.applies(case.profile()):
            pytest.skip(f"the connector's profile does not call for {check.name}")
        await check.run(case)
