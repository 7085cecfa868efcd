"""Starting and sharing the embedded server."""

import atexit
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.parse import quote

from platbook.base.errors import InvalidInput, NeedsOperator
from platbook.db.embedded import postmaster
from platbook.db.embedded.account import Account
from platbook.db.embedded.binaries import Binaries, copy_within_reach, find_binaries
from platbook.db.embedded.cluster import DATABASE, SUPERUSER, create_cluster
from platbook.db.embedded.locks import UsersLock, exclusive_lock
from platbook.db.embedded.paths import ClusterPaths, prepare_home
from platbook.db.embedded.postmaster import Postmaster

_RESTART_ATTEMPTS = 4
"""In quick succession: a dead server's children may hold its shared memory for a moment."""
_START_BYTES = 48 << 20
"""What a start after a crash may need: three segments of the log."""


def start_embedded(home: Path, *, bindir: Path | None = None) -> "EmbeddedPostgres":
    """Use the server of `home`, created and started if needed. Blocks for up to some seconds.

    Any number of processes may do this at once; they share one server. `bindir` is the operator's own choice of
    binaries. `InvalidInput` if home or binaries cannot be used, `NeedsOperator` if PostgreSQL itself fails.
    """
    paths, account = prepare_home(home)
    try:
        with exclusive_lock(paths.start_lock, account):
            binaries = copy_within_reach(find_binaries(paths.data, bindir), account, paths.home)
            users = UsersLock(paths.users_lock, account)
            try:
                create_cluster(paths, binaries, account)
                running = postmaster.ensure_running(paths, binaries, account)
            except BaseException:
                users.release()
                raise
    except OSError as error:
        raise InvalidInput.of("PLATBOOK_HOME", f"{paths.home} cannot be used ({error.strerror})") from error
    return EmbeddedPostgres(paths, binaries, account, users, running)


class EmbeddedPostgres:
    """A use of the server, from `start_embedded`. The last user to close stops it; a process that ends closes.

    After a crash of the server, `restart` brings it back under the same URL; `watch.watching` does so by itself.
    """

    def __init__(
        self, paths: ClusterPaths, binaries: Binaries, account: Account, users: UsersLock, running: Postmaster
    ) -> None:
        self._paths = paths
        self._binaries = binaries
        self._account = account
        self._users: UsersLock | None = users
        self._socket = running.socket
        self._process = os.getpid()
        self.pid = running.pid
        atexit.register(self.close)

    def url(self, database: str = DATABASE) -> str:
        """Where psycopg connects: over the unix socket, no password."""
        host = quote(str(self._socket), safe="")
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={host}&port={postmaster.PORT}"

    def is_running(self) -> bool:
        """Whether the server's process lives, whoever started it."""
        try:
            return postmaster.find_postmaster(self._paths, self._account) is not None
        except OSError:
            return False

    def is_disk_full(self) -> bool:
        """Whether the disk has no room for a server to start."""
        try:
            return shutil.disk_usage(self._paths.cluster).free < _START_BYTES
        except OSError:
            return False

    def restart(self) -> None:
        """Start the server again if it died, under the same URL. NeedsOperator or InvalidInput if it does not run."""
        # The URL in use names the socket of whoever started the server first, which need not be this process.
        paths = replace(self._paths, socket=self._socket)
        try:
            with exclusive_lock(paths.start_lock, self._account):
                if self._users is None:  # closed meanwhile: a server started now would have no user to stop it
                    return
                running = postmaster.ensure_running(paths, self._binaries, self._account, attempts=_RESTART_ATTEMPTS)
        except OSError as error:
            raise NeedsOperator(f"{paths.home} cannot be used ({error.strerror})") from error
        self.pid = running.pid

    def close(self) -> None:
        """Stop using the server; stops it if no other process uses it. May be called again."""
        users, self._users = self._users, None
        if users is None:
            return
        atexit.unregister(self.close)
        if os.getpid() != self._process:  # a forked copy: its parent is the user
            users.release()
            return
        try:
            with exclusive_lock(self._paths.start_lock, self._account):
                if users.is_last():
                    postmaster.stop(self._paths, self._binaries, self._account)
        finally:
            users.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
