"""The paths of an embedded server, and whether its account can access them."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from platbook.base.errors import InvalidInput
from platbook.db.embedded.account import Account, choose_account

_SOCKET_NAME = ".s.PGSQL.5432.lock"  # the longest name PostgreSQL makes in the socket folder
_LONGEST_SOCKET = 103  # bytes: macOS takes 103, Linux 107
_SUGGESTED = "/var/lib/platbook"


@dataclass(frozen=True, slots=True)
class ClusterPaths:
    """Where things are. Only `cluster` and `socket` belong to the server's account, the home stays the operator's."""

    home: Path
    cluster: Path
    socket: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder; exists only once it is complete."""
        return self.cluster / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.cluster / "server.log"

    @property
    def start_lock(self) -> Path:
        """See `locks.exclusive_lock`."""
        return self.home / "postgres-start.lock"

    @property
    def users_lock(self) -> Path:
        """See `locks.UsersLock`."""
        return self.home / "postgres-users.lock"


def prepare_home(home: Path) -> tuple[ClusterPaths, Account]:
    """Make the home and the folder for the cluster in it; `InvalidInput` where that fails."""
    try:
        home = home.expanduser().resolve()
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        cluster = home / "postgres"
        account = choose_account(home, cluster)
        if account.dropped:
            _let_through(home, account)
        cluster.mkdir(mode=0o700, exist_ok=True)
        if account.dropped:
            os.chown(cluster, account.uid, account.gid, follow_symlinks=False)
        owner = cluster.lstat().st_uid
    except (OSError, RuntimeError) as error:  # RuntimeError: no home folder for ~
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InvalidInput.of(
            "PLATBOOK_HOME", f"{home} cannot be used ({reason}); name a folder that {_whoami()} may write"
        ) from error
    if owner != account.uid:
        raise InvalidInput.of(
            "PLATBOOK_HOME",
            f"the database in {home} belongs to another account, not to {account.name}; run Platbook as its owner, "
            "or name another folder",
        )
    return ClusterPaths(home, cluster, _socket_folder(cluster, account)), account


def prepare_socket(folder: Path, account: Account) -> None:
    """Make the socket folder, for `account` alone. The temp folder is everybody's: do not trust what lies there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    ours = status.st_uid in {account.uid, os.geteuid()}
    if not stat.S_ISDIR(status.st_mode) or not ours or status.st_mode & 0o077:
        raise InvalidInput.of(
            "TMPDIR", f"{folder} is there already and is not a private folder of {account.name}; remove it"
        )
    if account.dropped:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def _let_through(home: Path, account: Account) -> None:
    """Let the server's account traverse the home without listing it; the folders above are not changed.

    `InvalidInput` where that is not enough.
    """
    if account.can_pass(home):
        return
    if account.can_pass(home.parent) and home != Path.home():
        home.chmod(stat.S_IMODE(home.stat().st_mode) | stat.S_IXOTH)
    if not account.can_pass(home):
        raise InvalidInput.of(
            "PLATBOOK_HOME",
            f"running as root, PostgreSQL runs as the account {account.name}, which has no execute permission on the "
            f"folders to {home}; name a folder that all may traverse, such as {_SUGGESTED}, or run Platbook as an "
            "ordinary user",
        )


def _socket_folder(cluster: Path, account: Account) -> Path:
    """Named by the cluster, in the temp folder: a socket's path may be far shorter than a home's."""
    name = f"platbook-{account.uid}-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()).resolve() / name
    if len(os.fsencode(folder / _SOCKET_NAME)) > _LONGEST_SOCKET:
        return Path("/tmp") / name  # noqa: S108 - a private folder, its owner is checked
    return folder


def _whoami() -> str:
    return "root" if os.geteuid() == 0 else "this account"
