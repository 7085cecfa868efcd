"""What a command costs before it does anything: it imports what it needs and no more."""

import os
import subprocess
import sys
from collections.abc import Set as AbstractSet

import pytest

from platbook.cli.commands.provider_group import PROVIDER_COMMANDS
from platbook.cli.commands.user_group import USER_COMMANDS
from platbook.cli.lazy import LazyCommand
from platbook.cli.main import COMMANDS
from tests.cli.program import PATIENCE, Program

LISTING = """
import atexit, sys
from platbook.cli.main import run
atexit.register(lambda: print("\\n".join(sys.modules), file=sys.stderr))
sys.argv[0] = "platbook"
run()
"""


def imported(program: Program, *args: str) -> AbstractSet[str]:
    """The modules a command that succeeds has imported by its end."""
    ended = subprocess.run(
        [sys.executable, "-c", LISTING, *args],
        env=os.environ | {"PLATBOOK_HOME": str(program.home)},
        cwd=program.home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.splitlines())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_version_and_the_help_import_no_command(program: Program, option: str) -> None:
    modules = imported(program, option)
    assert "platbook.cli.main" in modules
    assert not modules & {"fastapi", "uvicorn", "pydantic", "psycopg", "pyvips", "procrastinate", "httpx2"}
    assert not [name for name in modules if name.startswith(("platbook.simulate", "platbook.cli.commands."))]


@pytest.mark.parametrize("command", ["status", "history", "errors", "sweeps", "provider list", "migrate"])
def test_a_command_that_needs_the_database_alone_imports_no_more(program: Program, command: str) -> None:
    modules = imported(program, *command.split())
    assert "psycopg" in modules
    assert not modules & {"fastapi", "uvicorn", "uvloop", "pyvips", "procrastinate", "httpx2"}
    unneeded = (
        "platbook.simulate",
        "platbook.market",
        "platbook.api",
        "platbook.bootstrap.worker",
        "platbook.transport",
    )
    assert not [name for name in modules if name.startswith(unneeded)]


@pytest.mark.parametrize("command", COMMANDS + PROVIDER_COMMANDS + USER_COMMANDS, ids=lambda command: str(command.name))
def test_the_list_of_commands_describes_each_as_it_describes_itself(command: LazyCommand) -> None:
    loaded = command.load()
    assert loaded.name == command.name
    assert command.help == (loaded.help or "").split("\n\n")[0]
