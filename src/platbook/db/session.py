"""Session time-outs and TCP keepalive, so that no frozen process, paused machine or lost network holds a lock for ever.

A session that sits idle in a transaction is ended by the server, whoever waits for a lock longer than the limit gets an
error (`errors.is_database_away`), and both ends of a connection notice when the other no longer answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from psycopg.conninfo import conninfo_to_dict

from platbook.base.settings import Settings

_MIGRATION_LOCK_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Time-outs of a session, and of waiting for one (`pool`), in seconds."""

    idle_in_transaction: float = 60
    lock: float = 30
    keepalive_idle: int = 10
    keepalive_interval: int = 5
    keepalive_count: int = 3
    tcp_user: float = 30
    pool: float = 3

    @classmethod
    def from_settings(cls, settings: Settings) -> "SessionLimits":
        """The limits an operator set."""
        return cls(
            idle_in_transaction=settings.platbook_db_idle_in_transaction_seconds,
            lock=settings.platbook_db_lock_seconds,
            keepalive_idle=settings.platbook_db_keepalive_idle_seconds,
            keepalive_interval=settings.platbook_db_keepalive_interval_seconds,
            keepalive_count=settings.platbook_db_keepalive_count,
            tcp_user=settings.platbook_db_tcp_user_timeout_seconds,
            pool=settings.platbook_db_pool_seconds,
        )

    def to_parameters(self, conninfo: str, **configuration: str) -> dict[str, str | int]:
        """Connection parameters beside `conninfo`, in which a TCP parameter of the operator's own stays.

        `configuration` is the server's, for this session.
        """
        operator_parameters = conninfo_to_dict(conninfo)
        tcp: dict[str, str | int] = {
            "keepalives": 1,
            "keepalives_idle": self.keepalive_idle,
            "keepalives_interval": self.keepalive_interval,
            "keepalives_count": self.keepalive_count,
            "tcp_user_timeout": _to_milliseconds(self.tcp_user),
        }
        options = " ".join(f"-c {name}={value}" for name, value in {**self._configuration(), **configuration}.items())
        own = str(operator_parameters.get("options") or "")
        return {name: value for name, value in tcp.items() if name not in operator_parameters} | {
            "options": f"{own} {options}".strip()
        }

    def to_migration_parameters(self, conninfo: str) -> dict[str, str | int]:
        """As `to_parameters`, for the session that migrates.

        It waits far longer for a lock, for another process may be migrating, and an index is built after older
        transactions have ended. The lock it holds itself belongs to the session, so no pause of it may be long.
        """
        patient = replace(self, lock=_MIGRATION_LOCK_SECONDS)
        idle = f"{_to_milliseconds(self.idle_in_transaction)}ms"
        return patient.to_parameters(conninfo, timezone="UTC", idle_session_timeout=idle)

    def _configuration(self) -> Mapping[str, str]:
        """The server's side: it is the server that must notice a dead client, for it holds the locks."""
        return {
            "idle_in_transaction_session_timeout": f"{_to_milliseconds(self.idle_in_transaction)}ms",
            "lock_timeout": f"{_to_milliseconds(self.lock)}ms",
            "tcp_keepalives_idle": str(self.keepalive_idle),
            "tcp_keepalives_interval": str(self.keepalive_interval),
            "tcp_keepalives_count": str(self.keepalive_count),
            "tcp_user_timeout": f"{_to_milliseconds(self.tcp_user)}ms",
        }


DEFAULT_LIMITS = SessionLimits()


def _to_milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
