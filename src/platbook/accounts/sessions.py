"""Login sessions: access tokens and refresh token rotation with reuse detection (RFC 9700 section 4.14.2).

A session has short-lived access tokens, which are valid until it ends (`callers`), and single-use refresh tokens: each
refresh returns a new pair. If a used refresh token is sent again, it has been stolen, and the session ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platbook.accounts.credentials import CredentialChecker, invalid_credentials
from platbook.accounts.login_audit import (
    LoginMethod,
    record_login,
    record_logout,
    record_refusal,
    record_token_reuse,
)
from platbook.accounts.tokens import hash_token, new_secret_token, sign_access_token
from platbook.accounts.users import User, get_user
from platbook.base.actor import Actor
from platbook.base.clock import Clock
from platbook.base.errors import NotAuthenticated
from platbook.base.ids import new_id
from platbook.base.settings import Settings
from platbook.db import Database, SecretBox, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a session: `expires_in` is the lifetime of the access token in seconds."""

    user: User
    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class _RefreshToken:
    user_id: UUID
    session_id: UUID
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


class LoginSessions:
    """Logs in, refreshes and logs out. `credentials` verifies passwords."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock, settings: Settings) -> None:
        self._database, self._clock = database, clock
        self.credentials = CredentialChecker(database, box, clock)
        self._key = box.derive("access-tokens")
        self._access_lifetime = timedelta(minutes=settings.platbook_access_token_minutes)
        self._refresh_lifetime = timedelta(days=settings.platbook_refresh_token_days)

    async def log_in(self, email: str, password: str, address: str, code: str | None = None) -> Tokens:
        """Log in from a client address. Errors: as `CredentialChecker.verify`."""
        login = await self.credentials.verify(email, password, address, code)
        by = LoginMethod.PASSWORD
        try:
            async with self._database.transaction() as connection:
                return await self.complete_login(
                    connection, login.user_id, by, address=address, renewed_hash=login.renewed_hash
                )
        except NotAuthenticated:
            async with self._database.transaction() as connection:
                await record_refusal(connection, login.user_id, self._clock.now(), by, "disabled", address)
            raise

    async def complete_login(
        self,
        connection: WriteConnection,
        user_id: UUID,
        by: LoginMethod,
        *,
        address: str | None = None,
        renewed_hash: str | None = None,
    ) -> Tokens:
        """Record the login of an authenticated user and start a session. NotAuthenticated if the user is disabled."""
        now = self._clock.now()
        params = {"id": user_id, "at": now, "password_hash": renewed_hash}
        await connection.run(Q.mark_logged_in, params)
        user = await get_user(connection, user_id)
        if not user.is_active:  # disabled while the password was verified
            raise invalid_credentials()
        await record_login(connection, user_id, user.email, now, by, address)
        return await self.start_session(connection, user)

    async def start_session(self, connection: WriteConnection, user: User) -> Tokens:
        """Start a session of a user."""
        now, session_id = self._clock.now(), new_id()
        await connection.run(Q.delete_expired_sessions, {"at": now})
        params = {"id": session_id, "user_id": user.id, "at": now, "expires_at": now + self._refresh_lifetime}
        await connection.run(Q.add_session, params)
        return await self._issue_tokens(connection, user, session_id)

    async def refresh(self, token: str) -> Tokens:
        """Exchange a refresh token for a new pair. NotAuthenticated; a used token also ends its session."""
        now = self._clock.now()
        params = {"token_hash": hash_token(token), "at": now}
        async with self._database.transaction() as connection:
            stored = await connection.first(_RefreshToken, Q.get_refresh_token, params)
            if stored is not None and stored.used_at is not None:
                if await connection.run(Q.end_session, {"id": stored.session_id, "at": now}):
                    await record_token_reuse(connection, stored.user_id, now)
            elif stored is not None and stored.ended_at is None and stored.expires_at > now:
                await connection.run(Q.use_refresh_token, params)
                user = await get_user(connection, stored.user_id)
                if user.is_active:
                    expires_at = now + self._refresh_lifetime
                    await connection.run(Q.extend_session, {"id": stored.session_id, "expires_at": expires_at})
                    return await self._issue_tokens(connection, user, stored.session_id)
        raise NotAuthenticated("refreshToken: is invalid, was used, or has expired; log in again")

    async def log_out(self, actor: Actor) -> None:
        """End the actor's session and with it its tokens."""
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await connection.run(Q.end_session, {"id": actor.session_id, "at": now})
            await record_logout(connection, actor, now)

    async def _issue_tokens(self, connection: WriteConnection, user: User, session_id: UUID) -> Tokens:
        now, refresh = self._clock.now(), new_secret_token()
        params = {
            "id": new_id(),
            "session_id": session_id,
            "token_hash": hash_token(refresh),
            "at": now,
            "expires_at": now + self._refresh_lifetime,
        }
        await connection.run(Q.add_refresh_token, params)
        access = sign_access_token(self._key, user.id, session_id, now, self._access_lifetime)
        return Tokens(user, access, refresh, int(self._access_lifetime.total_seconds()))
