"""Authentication of requests: resolves an access token or API key to its actor.

Actors are cached for two seconds, and only while this process receives the database's notifications of changed access
(LISTEN/NOTIFY, sent on commit), so that a disabled user, an ended session or a revoked key takes effect at once. A
process without notifications queries the database each time.
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
_CACHE_LIFETIME = timedelta(seconds=2)
_MAX_CACHED = 10_000
_LAST_USED_PRECISION = timedelta(hours=1)
_RECONNECT_SECONDS = 1


@dataclass(frozen=True, slots=True)
class _CachedActor:
    """An actor that may be used until `until`."""

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
    origins: list[str]
    rate_per_minute: int | None
    expires_at: datetime | None
    last_used_at: datetime | None


class CallerResolver:
    """Resolves tokens to actors. `is_listening`: notifications of changes are being received."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._key = box.derive("access-tokens")
        self._cache: dict[str, _CachedActor] = {}
        self.is_listening = False
        self._changes = 0
        self._origins = frozenset[str](), datetime.min.replace(tzinfo=UTC)

    async def identify(self, token: str) -> Actor:
        """Return the actor of an access token or API key; NotAuthenticated."""
        now = self._clock.now()
        cached = self._cache.get(token)
        if cached is not None and now < cached.until:
            return cached.actor
        changes = self._changes
        if token.startswith(PREFIX):
            actor, expires_at = await self._find_key(token, now)
        else:
            access = read_access_token(self._key, token, now)
            actor, expires_at = await self._find_user(access.session_id), access.expires_at
        if self.is_listening and changes == self._changes:  # else the row read may be out of date already
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[token] = _CachedActor(actor, min(now + _CACHE_LIFETIME, expires_at))
        return actor

    async def find_origins(self) -> frozenset[str]:
        """The origins that valid keys name; they may be two seconds old, or older where the database is away."""
        now = self._clock.now()
        origins, until = self._origins
        if now >= until:
            try:
                async with self._database.read() as connection:
                    origins = frozenset(await connection.column(str, Q.find_key_origins, {"at": now}))
            except OperationalError:  # what has an origin is an answer already, which is to arrive
                return origins
            self._origins = origins, now + _CACHE_LIFETIME
        return origins

    async def listen(self) -> None:
        """Receive notifications of changed access until cancelled; reconnect if the connection breaks."""
        while True:
            try:
                async with self._database.listen(_CHANNEL) as notices:
                    self.is_listening = True
                    async for _ in notices:
                        self._clear_cache()
            except OperationalError:
                log.warning("notifications of changed access are unavailable; not caching")
            finally:
                self.is_listening = False
                self._clear_cache()
            await asyncio.sleep(_RECONNECT_SECONDS)

    def _clear_cache(self) -> None:
        self._changes += 1
        self._cache.clear()
        self._origins = frozenset[str](), datetime.min.replace(tzinfo=UTC)

    async def _find_user(self, session_id: UUID) -> Actor:
        async with self._database.read() as connection:
            row = await connection.first(_Caller, Q.get_session_caller, {"id": session_id})
        if row is None:
            raise NotAuthenticated("this session has ended; log in again")
        return _to_actor(row, session_id=session_id)

    async def _find_key(self, key: str, now: datetime) -> tuple[Actor, datetime]:
        async with self._database.transaction() as connection:
            row = await connection.first(_KeyCaller, Q.get_key_caller, {"key_hash": hash_token(key), "at": now})
            if row is not None and (row.last_used_at is None or now - row.last_used_at >= _LAST_USED_PRECISION):
                await connection.run(Q.mark_key_used, {"id": row.key_id, "at": now})
        if row is None:
            raise NotAuthenticated("this API key is invalid, has expired, or was revoked")
        actor = replace(
            _to_actor(row),
            surface=Surface(row.surface),
            key_id=row.key_id,
            scopes=frozenset(map(ApiKeyScope, row.scopes)),
            origins=frozenset(row.origins),
            rate_per_minute=row.rate_per_minute,
        )
        return actor, row.expires_at or datetime.max.replace(tzinfo=UTC)


def _to_actor(row: _Caller, *, session_id: UUID | None = None) -> Actor:
    agents = frozenset(row.agents)
    return Actor(row.email, row.id, Role(row.role), row.office, row.team, agents, session_id=session_id)
