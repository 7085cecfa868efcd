"""The server process (postmaster): find, start and stop it. Call these under `locks.exclusive_lock`."""

import os
import re
import shlex
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from platbook.base.errors import NeedsOperator
from platbook.db.embedded.account import Account
from platbook.db.embedded.binaries import Binaries
from platbook.db.embedded.paths import ClusterPaths, prepare_socket

PORT = 5432  # no TCP: it only names the socket
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "fsync": "on",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "max_parallel_workers_per_gather": "0",  # many small queries: starting parallel workers costs more than they save
}
_SOCKET_LINE = 4
_RECOVERY_SECONDS = 600  # reading the log again after a crash
_STOP_SECONDS = 60
_ATTEMPTS = 60  # a quarter of a second apart
_PAUSE = 0.25
_SMALL_SHM = 256 << 20
_MAX_LOG_BYTES = 4 << 20
_MAX_REASON_LENGTH = 500
_FATAL = re.compile(r"\b(?:FATAL|PANIC):\s+")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server and the folder of its socket."""

    pid: int
    socket: Path


def find_postmaster(paths: ClusterPaths, account: Account) -> Postmaster | None:
    """The process that serves this cluster, if it lives. Its pid file may be left over from one that was killed."""
    try:
        # Lines: pid, data folder, start time, port, socket folder (not there yet while it starts), ...
        lines = _pid_file(paths).read_text().splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    if not _serves(pid, paths.data, account):
        return None
    # Whoever started it may have had another temp folder than we.
    return Postmaster(pid, Path(lines[_SOCKET_LINE]) if len(lines) > _SOCKET_LINE else paths.socket)


def ensure_running(
    paths: ClusterPaths, binaries: Binaries, account: Account, *, attempts: int = _ATTEMPTS
) -> Postmaster:
    """The running server, started where there is none; `NeedsOperator` with its own reason if it will not run."""
    deadline = time.monotonic() + _RECOVERY_SECONDS
    failures, reason = 0, "it does not accept connections"
    while True:
        running = find_postmaster(paths, account)
        if running is not None and _is_ready(running, binaries, account):
            return running
        # It may be coming up or going down, begun by a process that was killed meanwhile: then wait for it.
        if running is None and (failed := _start(paths, binaries, account)) is not None:
            failures, reason = failures + 1, failed
        if failures == attempts or time.monotonic() > deadline:
            raise NeedsOperator(f"PostgreSQL in {paths.cluster} does not run: {reason}")
        if running is not None or failures:
            time.sleep(_PAUSE)


def stop(paths: ClusterPaths, binaries: Binaries, account: Account) -> None:
    """Stop the server in good order, if it runs; open transactions are rolled back."""
    running = find_postmaster(paths, account)
    if running is None:
        return
    account.run_checked(binaries / "pg_ctl", "stop", "-w", "-t", str(_STOP_SECONDS), "-m", "fast", "-D", paths.data)
    with suppress(OSError):
        running.socket.rmdir()


def _pid_file(paths: ClusterPaths) -> Path:
    return paths.data / "postmaster.pid"


def _serves(pid: int, data: Path, account: Account) -> bool:
    """Whether the process is alive and our server, and neither a zombie nor a stranger who got its pid."""
    try:
        process = psutil.Process(pid)
        if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD} or process.name() != "postgres":
            return False
        if process.uids().effective != account.uid:
            return False
        try:
            return Path(process.cwd()) == data  # a server works in its data folder
        except psutil.AccessDenied:
            return True  # root in a container without ptrace
    except psutil.NoSuchProcess:
        return False


def _is_ready(running: Postmaster, binaries: Binaries, account: Account) -> bool:
    command = (binaries / "pg_isready", "-q", "-h", running.socket, "-p", str(PORT), "-t", "3")
    return account.run(*command).returncode == 0


def _start(paths: ClusterPaths, binaries: Binaries, account: Account) -> str | None:
    """Try once; the reason if it fails. Right after a crash it may: dead servers' children hold the shared memory."""
    prepare_socket(paths.socket, account)
    if _pid_file(paths).exists():
        # PostgreSQL takes a zombie, or whoever has the pid by now, for its predecessor; we have looked closer.
        for stale in (_pid_file(paths), *paths.socket.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        if paths.log.stat().st_size > _MAX_LOG_BYTES:
            paths.log.rename(paths.log.with_suffix(".log.1"))
    logged = paths.log.stat().st_size if paths.log.exists() else 0
    options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in _options(paths).items())
    started = account.run(
        *(binaries / "pg_ctl", "start", "-w", "-t", str(_RECOVERY_SECONDS), "-D", paths.data),
        *("-l", paths.log, "-o", options),
    )
    return _find_reason(paths.log, logged, started.stdout) if started.returncode else None


def _options(paths: ClusterPaths) -> dict[str, str]:
    options = _OPTIONS | {"unix_socket_directories": f'"{paths.socket}"'}
    with suppress(FileNotFoundError):
        shm = os.statvfs("/dev/shm")  # noqa: S108 - only its size is read
        if shm.f_frsize * shm.f_blocks < _SMALL_SHM:  # a container's 64 MB are too few for parallel queries
            options["dynamic_shared_memory_type"] = "mmap"
    return options


def _find_reason(log: Path, logged: int, output: str) -> str:
    """Why a start failed: what the server logged beyond its first `logged` bytes, else what pg_ctl printed."""
    with suppress(OSError), log.open("rb") as file:
        file.seek(logged)
        lines = file.read().decode(errors="replace").strip().splitlines()
        fatal = [line for line in lines if _FATAL.search(line)]
        if lines:
            return _FATAL.split(fatal[-1])[-1] if fatal else " ".join(lines)[-_MAX_REASON_LENGTH:]
    return " ".join(output.split())[-_MAX_REASON_LENGTH:]
