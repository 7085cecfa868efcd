"""The operating system account that PostgreSQL runs under, and running programs as that account.

PostgreSQL refuses to run as root. Started by root (a container, a first try on a server) we hand it to an account that
exists already; none is created.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from platbook.base.errors import InvalidInput, NeedsOperator

# In this order: PostgreSQL's own (macOS spells it with an underscore), then the one every system has.
_SERVER_ACCOUNTS = ("postgres", "_postgres", "nobody")
# All that PostgreSQL needs from us. The rest stays out: secrets in our environment, PG* variables that steer its tools.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ")
_MAX_OUTPUT = 2000


@dataclass(frozen=True, slots=True)
class Account:
    """Who PostgreSQL runs as. `dropped` says that this is someone other than the account of this process."""

    uid: int
    gid: int
    name: str
    dropped: bool

    def run(self, *command: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this account, `text` on its stdin; stdout holds both its output streams."""
        return subprocess.run(  # noqa: S603 - an argument list of our own making, no shell
            [str(part) for part in command],
            cwd="/",
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL if text is None else None,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            # Ctrl-C goes to the whole foreground group: without a session of its own it would reach the server.
            start_new_session=True,
            user=self.uid if self.dropped else None,
            group=self.gid if self.dropped else None,
            extra_groups=() if self.dropped else None,
        )

    def run_checked(self, *command: str | Path, text: str | None = None) -> None:
        """Run a program that has to succeed; `NeedsOperator` with the end of its output if it does not."""
        done = self.run(*command, text=text)
        if done.returncode:
            raise NeedsOperator(f"{Path(command[0]).name} failed: {done.stdout[-_MAX_OUTPUT:].strip()}")

    def can_pass(self, path: Path) -> bool:
        """Whether the account may enter this folder, or execute this file, with all the folders above it."""
        if not self.dropped:
            return os.access(path, os.X_OK)
        return self.run("test", "-x", path).returncode == 0


def current_account() -> Account:
    """Who this process is."""
    uid = os.geteuid()
    return Account(uid, os.getegid(), _name_of(uid), dropped=False)


def choose_account(home: Path, cluster: Path) -> Account:
    """Who is to run PostgreSQL. For root: the owner of what is there already, then the first server account there is.

    So root may look after a home that an ordinary user made, and leaves it usable by that user.
    """
    if os.geteuid() != 0:
        return current_account()
    owners = [_find_uid(folder.stat().st_uid) for folder in (cluster, home) if folder.exists()]
    for entry in (*owners, *map(_find_name, _SERVER_ACCOUNTS)):
        if entry is not None and entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, dropped=True)
    raise InvalidInput.of(
        "DATABASE_URL",
        "running as root, and there is neither an account postgres nor nobody to run the embedded PostgreSQL; "
        "run Platbook as an ordinary user, or name your own server here",
    )


def _find_uid(uid: int) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return None


def _find_name(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _name_of(uid: int) -> str:
    entry = _find_uid(uid)
    return str(uid) if entry is None else entry.pw_name
