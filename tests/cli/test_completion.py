"""Completion at the prompt of real shells: commands, options and their values, by the scripts the program prints."""

import os
import pty
import select
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.program import PATIENCE, PROGRAM, Program

CASES: Mapping[str, str] = {
    "platbook statis": "platbook statistics",
    "platbook provider disc": "platbook provider discover",
    "platbook sync board --swe": "platbook sync board --sweep",
    "platbook --demo history board --status part": "platbook --demo history board --status partial",
    "platbook user add ada@example.com --role aud": "platbook user add ada@example.com --role auditor",
}
"""What is typed before the tabulator, and what stands there after it."""

CLEAR_LINE = b"\x15"

STARTS: Mapping[str, list[str]] = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
LOADS: Mapping[str, str] = {
    "bash": "source {script}",
    "zsh": "fpath=({script.parent} $fpath) && autoload -U compinit && compinit -uD",
}


def write_script(program: Program, shell: str) -> Path:
    printed = program.run("completion", shell)
    assert printed.returncode == 0, printed.stderr
    script = program.home / "scripts" / "_platbook"
    script.parent.mkdir()
    script.write_text(printed.stdout)
    return script


def environment(program: Program) -> dict[str, str]:
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(program.home), "TERM": "dumb", "PS1": "", "PROMPT": ""}


@pytest.mark.parametrize("shell", list(STARTS))
def test_a_shell_completes_at_its_prompt(program: Program, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = write_script(program, shell)
    end, terminal = pty.openpty()
    with subprocess.Popen(
        STARTS[shell],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(program),
        start_new_session=True,
    ) as process:
        os.close(terminal)
        seen = ""

        def wait_for(text: str) -> None:
            nonlocal seen
            while text not in seen:
                assert select.select([end], [], [], PATIENCE)[0], f"{text!r} is not in {seen!r}"
                seen += os.read(end, 4096).decode()

        try:
            os.write(end, f"{LOADS[shell].format(script=script)}; echo loa''ded\n".encode())
            wait_for("loaded")
            for typed, completed in CASES.items():
                seen = ""
                os.write(end, f"{typed}\t".encode())
                wait_for(completed.removeprefix(typed))
                os.write(end, CLEAR_LINE)
        finally:
            process.kill()
            os.close(end)


def test_fish_completes(program: Program) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed")
    script = write_script(program, "fish")
    for typed, completed in CASES.items():
        done = subprocess.run(
            [fish, "--no-config", "-c", f"source {script}; complete --do-complete '{typed}'"],
            env=environment(program),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [completed.split()[-1]], done.stderr
