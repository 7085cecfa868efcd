"""The program in a fresh home, and a demo that serves for as long as a module's tests."""

from collections.abc import Generator

import pytest

from tests.cli.program import Program, Served, fresh_home, start_serving


@pytest.fixture
def program() -> Generator[Program]:
    """The program in a fresh home."""
    with fresh_home() as home:
        yield Program(home)


@pytest.fixture(scope="module")
def served() -> Generator[Served]:
    """A demo of 50 listings that serves on a free port."""
    with fresh_home() as home:
        served = start_serving(Program(home), "demo", "--port", "0", "--listings", "50")
        try:
            yield served
        finally:
            if served.process.poll() is None:
                served.interrupt()
