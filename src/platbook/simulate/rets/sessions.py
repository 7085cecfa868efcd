"""Sessions: from login to logout, or to the end that a quirk sets."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platbook.base.clock import Clock
from platbook.simulate.rets.codes import Code, RefusedError
from platbook.simulate.rets.quirks import Quirk, Quirks

COOKIE = "RETS-Session-ID"
TIMEOUT = timedelta(minutes=30)

_REQUESTS = 8
_ENDINGS = (
    *(Quirk.EXPIRE_401, Quirk.EXPIRE_412, Quirk.EXPIRE_20036, Quirk.EXPIRE_20037, Quirk.EXPIRE_20701),
    Quirk.EXPIRE_REDIRECT,
)
_CODES = {
    Quirk.EXPIRE_20036: (Code.MISCELLANEOUS_LOGIN, "Miscellaneous server login error."),
    Quirk.EXPIRE_20037: (Code.UA_FAILED, "Client authentication failed."),
    Quirk.EXPIRE_20701: (Code.NOT_LOGGED_IN, "Not logged in."),
}


class SessionEndedError(Exception):
    """The session has ended in a way that HTTP tells: a status, and where to go."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(slots=True)
class Session:
    """One session. `balancer` is the other cookie's value that must come back; `greeted`: Action has been fetched."""

    id: str
    used_at: datetime
    requests: int = 0
    greeted: bool = False
    node: str = field(default_factory=lambda: secrets.token_hex(4))
    balancer: str = ""


class Sessions:
    """All open sessions of the one login."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}
        self._endings = 0

    def __len__(self) -> int:
        self._drop_idle()
        return len(self._open)

    def clear(self) -> None:
        """End all of them."""
        self._open.clear()

    def newest(self) -> str:
        """The id of the session that was opened last; empty where there is none."""
        return next(reversed(self._open), "")

    def log_in(self, held: str, quirks: Quirks) -> Session:
        """Open a session; one that the client still holds ends by that. RefusedError 20022 where none is free."""
        self._drop_idle()
        self._open.pop(held, None)
        if self._open and Quirk.ONE_SESSION in quirks:
            raise RefusedError(Code.ADDITIONAL_LOGIN, "Additional login not permitted: there is a session.")
        session = Session(secrets.token_hex(16), self._clock.now())
        self._open[session.id] = session
        return session

    def find(self, held: str, quirks: Quirks) -> Session:
        """The session of a request, which counts; RefusedError 20701, or its end in the way ordered."""
        self._drop_idle()
        session = self._open.get(held)
        if session is None:
            raise RefusedError(Code.NOT_LOGGED_IN, "Not logged in.")
        session.used_at = self._clock.now()
        session.requests += 1
        endings = [quirk for quirk in _ENDINGS if quirk in quirks]
        if endings and session.requests > _REQUESTS:
            del self._open[held]
            self._end(endings[self._endings % len(endings)])
        return session

    def log_out(self, held: str) -> None:
        """End a session, if there is one."""
        self._open.pop(held, None)

    def _end(self, how: Quirk) -> None:
        self._endings += 1
        if how is Quirk.EXPIRE_REDIRECT:
            raise SessionEndedError(302)
        if how in _CODES:
            raise RefusedError(*_CODES[how])
        raise SessionEndedError(401 if how is Quirk.EXPIRE_401 else 412)

    def _drop_idle(self) -> None:
        oldest = self._clock.now() - TIMEOUT
        for session in [one for one in self._open.values() if one.used_at < oldest]:
            del self._open[session.id]
