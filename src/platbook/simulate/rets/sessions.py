"""Sessions: from login to logout, or to the expiry of a quirk."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platbook.base.clock import Clock
from platbook.simulate.rets.codes import RefusedError, ReplyCode
from platbook.simulate.rets.quirks import Quirk, Quirks

COOKIE = "RETS-Session-ID"
TIMEOUT = timedelta(minutes=30)

_REQUESTS_PER_SESSION = 8
_EXPIRIES = (
    *(Quirk.EXPIRE_401, Quirk.EXPIRE_412, Quirk.EXPIRE_20036, Quirk.EXPIRE_20037, Quirk.EXPIRE_20701),
    Quirk.EXPIRE_REDIRECT,
)
_CODES = {
    Quirk.EXPIRE_20036: (ReplyCode.MISCELLANEOUS_LOGIN, "Miscellaneous server login error."),
    Quirk.EXPIRE_20037: (ReplyCode.UA_FAILED, "Client authentication failed."),
    Quirk.EXPIRE_20701: (ReplyCode.NOT_LOGGED_IN, "Not logged in."),
}


class SessionEndedError(Exception):
    """The session has expired, which is reported by an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(slots=True)
class ServerSession:
    """One session. `balancer` is the expected value of the second cookie; `action_fetched`: Action was fetched."""

    id: str
    used_at: datetime
    requests: int = 0
    action_fetched: bool = False
    node: str = field(default_factory=lambda: secrets.token_hex(4))
    balancer: str = ""


class SessionStore:
    """All open sessions of the login."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, ServerSession] = {}
        self._expiries = 0

    def __len__(self) -> int:
        self._remove_idle()
        return len(self._open)

    def clear(self) -> None:
        """End all sessions."""
        self._open.clear()

    def newest(self) -> str:
        """The id of the session that was opened last; empty where there is none."""
        return next(reversed(self._open), "")

    def log_in(self, session_id: str, quirks: Quirks) -> ServerSession:
        """Open a session, which ends the client's previous one. RefusedError 20022: the session limit is reached."""
        self._remove_idle()
        self._open.pop(session_id, None)
        if self._open and Quirk.ONE_SESSION in quirks:
            raise RefusedError(ReplyCode.ADDITIONAL_LOGIN, "Additional login not permitted: there is a session.")
        session = ServerSession(secrets.token_hex(16), self._clock.now())
        self._open[session.id] = session
        return session

    def touch(self, session_id: str, quirks: Quirks) -> ServerSession:
        """Find the session of a request and count the request. RefusedError 20701, or the expiry of a quirk."""
        self._remove_idle()
        session = self._open.get(session_id)
        if session is None:
            raise RefusedError(ReplyCode.NOT_LOGGED_IN, "Not logged in.")
        session.used_at = self._clock.now()
        session.requests += 1
        expiries = [quirk for quirk in _EXPIRIES if quirk in quirks]
        if expiries and session.requests > _REQUESTS_PER_SESSION:
            del self._open[session_id]
            self._expire(expiries[self._expiries % len(expiries)])
        return session

    def log_out(self, session_id: str) -> None:
        """End a session, if it exists."""
        self._open.pop(session_id, None)

    def _expire(self, quirk: Quirk) -> None:
        self._expiries += 1
        if quirk is Quirk.EXPIRE_REDIRECT:
            raise SessionEndedError(302)
        if quirk in _CODES:
            raise RefusedError(*_CODES[quirk])
        raise SessionEndedError(401 if quirk is Quirk.EXPIRE_401 else 412)

    def _remove_idle(self) -> None:
        oldest = self._clock.now() - TIMEOUT
        for session in [session for session in self._open.values() if session.used_at < oldest]:
            del self._open[session.id]
