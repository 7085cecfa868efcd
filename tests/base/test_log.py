"""One form of log line for ours and for those of libraries."""

import logging
from collections.abc import Callable, Generator

import orjson
import pytest

from platbook.base.log import configure_log, get_log


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Generator[Callable[[], str]]:
    """What was written to standard error; and the tests' own form of log afterwards."""
    yield lambda: capsys.readouterr().err
    with capsys.disabled():
        configure_log("DEBUG", "json")


def fail() -> None:
    raise ValueError("odd")


def test_a_library_s_line_is_json_like_ours(written: Callable[[], str]) -> None:
    configure_log("INFO", "json")
    get_log("ours").info("begun", count=1)
    library = logging.getLogger("psycopg.pool")
    library.info("too much detail")
    library.warning("error connecting in %r", "pool-1")
    try:
        fail()
    except ValueError:
        library.exception("it failed")
    lines = [orjson.loads(line) for line in written().splitlines()]
    assert [(line["part"], line["level"]) for line in lines] == [
        ("ours", "info"), ("psycopg.pool", "warning"), ("psycopg.pool", "error"),
    ]  # fmt: skip
    assert lines[1]["event"] == "error connecting in 'pool-1'"
    assert "ValueError: odd" in lines[2]["exception"]
    assert all(line.keys() >= {"event", "timestamp"} for line in lines)


def test_the_level_of_the_setting_is_the_libraries_too(written: Callable[[], str]) -> None:
    configure_log("ERROR", "json")
    logging.getLogger("psycopg.pool").warning("error connecting")
    assert written() == ""
