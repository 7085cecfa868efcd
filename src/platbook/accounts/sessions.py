"""Logins: password against tokens, tokens against fresh ones, a token against who it speaks for.

An access token lives for minutes and is checked against the user's row on every use (kept for two seconds), so that
disabling a user takes hold at once. A refresh token is good once; an old one used again means that somebody else has
it, and ends the whole family.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook.accounts.attempts import claim_attempt, forgive_attempt
from platbook.accounts.passwords import hash_password, needs_rehash, verify_password
from platbook.accounts.tokens import AccessToken, hash_token, new_secret_token, read_access_token, sign_access_token
from platbook.accounts.users import User, get_user
from platbook.base.actor import Actor, Role
from platbook.base.clock import Clock
from platbook.base.errors import NotAuthenticated, NotFound
from platbook.base.ids import new_id
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

_KEPT = timedelta(seconds=2)
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a login gives: `expires_in` is the access token's life in seconds."""

    user: User
    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Login:
    id: UUID
    password_hash: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class _RefreshToken:
    user_id: UUID
    family_id: UUID
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class Sessions:
    """Logs in, refreshes, and tells who a token speaks for."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock, settings: Settings) -> None:
        self._database, self._clock = database, clock
        self._key = box.derive("access-tokens")
        self._access_life = timedelta(minutes=settings.access_token_minutes)
        self._refresh_life = timedelta(days=settings.refresh_token_days)
        self._kept: dict[UUID, tuple[datetime, User]] = {}
        self._verified: dict[str, AccessToken] = {}

    async def log_in(self, email: str, password: str, address: str) -> Tokens:
        """Log in from a client address. NotAuthenticated, the same for an unknown user; TooManyAttempts."""
        now, email = self._clock.now(), email.lower()
        async with self._database.transaction() as connection:
            await claim_attempt(connection, email, address, now)
            login = await connection.first(_Login, Q.get_login, {"email": email})
        good = await verify_password(password, None if login is None else login.password_hash)
        if login is None or not good or not login.is_active:
            raise _refuse_login()
        renewed = await hash_password(password) if needs_rehash(login.password_hash) else None
        async with self._database.transaction() as connection:
            await forgive_attempt(connection, email, address, now)
            await connection.run(Q.note_login, {"id": login.id, "at": now, "password_hash": renewed})
            user = await get_user(connection, login.id)
            if not user.is_active:  # disabled while the password was looked at
                raise _refuse_login()
            return await self.start(connection, user)

    async def start(self, connection: WriteConnection, user: User, family_id: UUID | None = None) -> Tokens:
        """Give a user tokens, of a new family or a known one."""
        now = self._clock.now()
        refresh = new_secret_token()
        session_id = family_id or new_id()
        params = {
            "id": new_id(),
            "user_id": user.id,
            "family_id": session_id,
            "token_hash": hash_token(refresh),
            "at": now,
            "expires_at": now + self._refresh_life,
        }
        await connection.run(Q.delete_dead_tokens, {"at": now})
        await connection.run(Q.add_refresh_token, params)
        access = sign_access_token(self._key, user.id, now, self._access_life, role=user.role, session_id=session_id)
        return Tokens(user, access, refresh, int(self._access_life.total_seconds()))

    async def refresh(self, token: str) -> Tokens:
        """Exchange a refresh token for a new pair. An old one used again ends its family (NotAuthenticated)."""
        now = self._clock.now()
        params = {"token_hash": hash_token(token), "at": now}
        async with self._database.transaction() as connection:
            known = await connection.first(_RefreshToken, Q.get_refresh_token, params)
            if known is not None and known.used_at is not None:
                await connection.run(Q.revoke_family, {"family_id": known.family_id, "at": now})
            elif known is not None and known.revoked_at is None and known.expires_at > now:
                await connection.run(Q.use_refresh_token, params)
                user = await get_user(connection, known.user_id)
                if user.is_active:
                    return await self.start(connection, user, known.family_id)
        raise NotAuthenticated("the refresh token is not valid any more; log in again")

    async def identify(self, access_token: str) -> tuple[Actor, User]:
        """Tell who an access token speaks for; NotAuthenticated."""
        now = self._clock.now()
        user = await self._user(self._read(access_token, now), now)
        if not user.is_active:
            raise NotAuthenticated("this user is disabled")
        return Actor(user.email, user.id, Role(user.role), user.office, user.team), user

    def _read(self, access_token: str, now: datetime) -> UUID:
        """The user a token speaks for. A good signature stays good, so it is looked at once; the time always is."""
        token = self._verified.get(access_token)
        if token is None:
            token = read_access_token(self._key, access_token)
            if len(self._verified) > _MOST_KEPT:
                self._verified.clear()
            self._verified[access_token] = token
        if not token.holds(now):
            raise NotAuthenticated("the token has expired")
        return token.user_id

    async def _user(self, user_id: UUID, now: datetime) -> User:
        kept = self._kept.get(user_id)
        if kept is not None and now - kept[0] < _KEPT:
            return kept[1]
        try:
            async with self._database.read() as connection:
                user = await get_user(connection, user_id)
        except NotFound:
            raise NotAuthenticated("this user is no more") from None
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        self._kept[user_id] = (now, user)
        return user


def _refuse_login() -> NotAuthenticated:
    return NotAuthenticated("the e-mail address or the password is wrong", code="INVALID_CREDENTIALS")
