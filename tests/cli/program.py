"""The program as a process of its own, in a home of its own."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.scratch import find_scratch_place

PROGRAM = Path(sys.executable).parent / "platbook"
PATIENCE = 120
"""Seconds after which something hangs; what is asserted is never how long it took."""

_URL = r"Serving\s+(http://\S+)"


@dataclass
class Program:
    """The program in one home."""

    home: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PLATBOOK_PHOTO_BATCHES": "0"})
    """Photos are left alone unless a test is about them: the invented ones are drawn, which keeps every core busy."""
    executable: Sequence[str | Path] = (PROGRAM,)

    def run(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with pipes for a terminal."""
        return self._run([*self.executable, *args], stdin)

    def run_typed(self, line: str) -> subprocess.CompletedProcess[str]:
        """Run a line that the program printed, as it is, in a shell."""
        return self._run(["/bin/sh", "-c", line], None)

    def _run(self, command: Sequence[str | Path], stdin: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self._environment(),
            cwd=self.home,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start a command and leave it running, both its outputs in one pipe."""
        return subprocess.Popen(
            [*self.executable, *args],
            env=self._environment() | {"PYTHONUNBUFFERED": "1"},
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {"PLATBOOK_HOME": str(self.home)} | self.environment


@dataclass
class Served:
    """A program that serves."""

    program: Program
    process: subprocess.Popen[str]
    url: str
    lines: list[str]
    reader: threading.Thread

    def interrupt(self) -> int:
        """Press Ctrl-C, and give the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def start_serving(program: Program, *args: str, until: str = "Ctrl-C", url: str = _URL) -> Served:
    """Start a command that serves, and wait until it says where: by a line with `until`, and a pattern for the URL."""
    process = program.start(*args)
    lines: list[str] = []
    ready = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            lines.append(line)
            if until in line:
                ready.set()
        ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert ready.wait(PATIENCE), "".join(lines)
    found = re.search(url, "".join(lines))
    assert found, "".join(lines)
    return Served(program, process, found[1], lines, reader)


@contextmanager
def fresh_home() -> Generator[Path]:
    """A folder that is gone afterwards. Started by root, the server's account must be able to pass."""
    home = Path(tempfile.mkdtemp(prefix="platbook-cli-", dir=find_scratch_place()))
    home.chmod(0o711)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
