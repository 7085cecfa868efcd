"""Creates a new database cluster atomically."""

import os
import secrets
import shutil
from pathlib import Path

from platbook.db.embedded.account import Account
from platbook.db.embedded.binaries import Binaries
from platbook.db.embedded.paths import ClusterPaths

SUPERUSER = "platbook"
DATABASE = "platbook"
_BUILTIN_LOCALES_SINCE = 17


def create_cluster(paths: ClusterPaths, binaries: Binaries, account: Account) -> None:
    """A cluster with the database `platbook`, if there is none yet.

    It is created under a temporary name, synced to disk and then renamed: killed at any time, this leaves only a
    folder that the next call removes.
    """
    if paths.data.exists():
        return
    for leftover in paths.cluster.glob("new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # Never the same name twice: the initdb of a killed process may still be writing to its own.
    new = paths.cluster / f"new-{secrets.token_hex(4)}"
    account.run_checked(
        *(binaries / "initdb", "--no-sync", "--data-checksums", "--encoding=UTF8", f"--username={SUPERUSER}"),
        *("--auth-local=trust", "--auth-host=reject", *_locale(binaries), "-D", new),
    )
    account.run_checked(
        *(binaries / "postgres", "--single", "-F", "-c", "exit_on_error=on", "-D", new, "postgres"),
        text=f"CREATE DATABASE {DATABASE}\n",
    )
    account.run_checked(binaries / "initdb", "--sync-only", "-D", new)
    new.rename(paths.data)
    _sync_folder(paths.cluster)


def _locale(binaries: Binaries) -> list[str]:
    """UTF-8 with byte order for sorting, the same on every machine; not C, whose lower() knows ASCII only."""
    if binaries.major >= _BUILTIN_LOCALES_SINCE:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
