"""Who a token speaks for, asked on every request.

What was found is kept for two seconds, and only while this process hears of every change of access (the database
notifies on commit): a user disabled, a login ended, a key revoked takes hold at once. A process that hears nothing
asks the database each time.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from platbook.accounts.api_keys import PREFIX
from platbook.accounts.tokens import hash_token, read_access_token
from platbook.base.actor import Actor, ApiKeyScope, Role, Surface
from platbook.base.clock import Clock
from platbook.base.errors import NotAuthenticated
from platbook.base.log import get_log
from platbook.db import Database, SecretBox, load_queries
from platbook.db.errors import OperationalError

Q = load_queries(__package__ or "platbook.accounts")

log = get_log("accounts")

_CHANNEL = "access_changed"
_KEPT = timedelta(seconds=2)
_MOST_KEPT = 10_000
_USE_NOTED = timedelta(hours=1)
_PAUSE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class _Known:
    """A caller as found; good until `until`."""

    actor: Actor
    until: datetime


@dataclass(frozen=True, slots=True)
class _Caller:
    id: UUID
    email: str
    role: str
    office: str | None
    team: str | None
    agents: list[UUID]


@dataclass(frozen=True, slots=True)
class _KeyCaller(_Caller):
    key_id: UUID
    surface: str
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None


class CallerResolver:
    """Tells who a token speaks for. `hears`: of changes, at present."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._key = box.derive("access-tokens")
        self._known: dict[str, _Known] = {}
        self.is_listening = False
        self._changes = 0

    async def identify(self, token: str) -> Actor:
        """Who an access token or an API key speaks for; NotAuthenticated."""
        now = self._clock.now()
        known = self._known.get(token)
        if known is not None and now < known.until:
            return known.actor
        changes = self._changes
        if token.startswith(PREFIX):
            actor, expires_at = await self._find_key(token, now)
        else:
            read = read_access_token(self._key, token, now)
            actor, expires_at = await self._find_user(read.session_id), read.expires_at
        if self.is_listening and changes == self._changes:  # else what was read may be out of date already
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[token] = _Known(actor, min(now + _KEPT, expires_at))
        return actor

    async def listen(self) -> None:
        """Hear of changes of access until cancelled. A connection that breaks is made anew."""
        while True:
            try:
                async with self._database.listen(_CHANNEL) as notices:
                    self.is_listening = True
                    async for _ in notices:
                        self._forget()
            except OperationalError:
                log.warning("cannot hear of changes of access; asking each time")
            finally:
                self.is_listening = False
                self._forget()
            await asyncio.sleep(_PAUSE_SECONDS)

    def _forget(self) -> None:
        self._changes += 1
        self._known.clear()

    async def _find_user(self, session_id: UUID) -> Actor:
        async with self._database.read() as connection:
            found = await connection.first(_Caller, Q.get_session_caller, {"id": session_id})
        if found is None:
            raise NotAuthenticated("this login has ended; log in again")
        return _to_actor(found, session_id=session_id)

    async def _find_key(self, key: str, now: datetime) -> tuple[Actor, datetime]:
        async with self._database.transaction() as connection:
            found = await connection.first(_KeyCaller, Q.get_key_caller, {"key_hash": hash_token(key), "at": now})
            if found is not None and (found.last_used_at is None or now - found.last_used_at >= _USE_NOTED):
                await connection.run(Q.note_key_use, {"id": found.key_id, "at": now})
        if found is None:
            raise NotAuthenticated("this API key is not valid, has expired, or was revoked")
        actor = replace(
            _to_actor(found),
            surface=Surface(found.surface),
            key_id=found.key_id,
            scopes=frozenset(map(ApiKeyScope, found.scopes)),
        )
        return actor, found.expires_at or datetime.max.replace(tzinfo=UTC)


def _to_actor(found: _Caller, *, session_id: UUID | None = None) -> Actor:
    agents = frozenset(found.agents)
    return Actor(found.email, found.id, Role(found.role), found.office, found.team, agents, session_id=session_id)
