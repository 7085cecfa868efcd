"""Proving who one is: by a password, and by a code where one is asked for; and changing the password."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts.auth_throttle import cancel_attempt, clear_attempts, register_attempt
from platbook.accounts.login_audit import LoginMethod, record_refusal
from platbook.accounts.passwords import check_password, hash_password, needs_rehash, verify_password
from platbook.accounts.totp import requires_totp, verify_code
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.clock import Clock
from platbook.base.errors import NotAuthenticated
from platbook.base.rights import Right, require
from platbook.db import Database, SecretBox, load_queries

Q = load_queries(__package__ or "platbook.accounts")


@dataclass(frozen=True, slots=True)
class VerifiedLogin:
    """Who has proved to be themselves, and their password's hash where it is to be kept anew."""

    user_id: UUID
    renewed_hash: str | None


@dataclass(frozen=True, slots=True)
class _Login:
    id: UUID
    password_hash: str | None
    is_active: bool


class CredentialChecker:
    """Checks passwords and codes; every guess counts, whatever it was to open."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database, self._box, self._clock = database, box, clock

    async def verify(self, email: str, password: str, address: str, code: str | None = None) -> VerifiedLogin:
        """Check a password, and a code where one is asked for, sent from a client address.

        NotAuthenticated: INVALID_CREDENTIALS, the same for an unknown user and a wrong code, or TOTP_REQUIRED where the
        password is right and a code is missing; TooManyAttempts.
        """
        now, email = self._clock.now(), email.lower()
        async with self._database.transaction() as connection:
            await register_attempt(connection, email, address, now)
            login = await connection.first(_Login, Q.get_login, {"email": email})
        good = await verify_password(password, None if login is None else login.password_hash)
        if login is None or login.password_hash is None or not good or not login.is_active:
            raise await self._refuse(login, "disabled" if good else "password", address, now)
        renewed = await hash_password(password) if needs_rehash(login.password_hash) else None
        async with self._database.transaction() as connection:
            asked = await requires_totp(connection, login.id)
            if asked and not code:
                await cancel_attempt(connection, email, address, now)
            elif not asked or await verify_code(connection, self._box, login.id, code or "", now):
                await clear_attempts(connection, email, address, now)
                return VerifiedLogin(login.id, renewed)
        if code:
            raise await self._refuse(login, "code", address, now)
        raise NotAuthenticated("send the code of your device too, as totp", code="TOTP_REQUIRED")

    async def _refuse(self, login: _Login | None, reason: str, address: str, now: datetime) -> NotAuthenticated:
        """Note a refusal, known here or not: what is noted takes the same time for both."""
        user_id, reason = (None, "unknown") if login is None else (login.id, reason)
        async with self._database.transaction() as connection:
            await record_refusal(connection, user_id, now, LoginMethod.PASSWORD, reason, address)
        return invalid_credentials()

    async def reauthenticate(self, actor: Actor, password: str, address: str, code: str | None = None) -> None:
        """Check that whoever acts in a login still knows its password. Errors: as `prove`."""
        require(actor, Right.OWN_PROFILE)
        proof = await self.verify(actor.name, password, address, code)
        if proof.user_id != actor.user_id:
            raise invalid_credentials()

    async def change_password(
        self, actor: Actor, password: str, new: str, address: str, code: str | None = None
    ) -> None:
        """Change one's own password: every other login of one's ends. InvalidInput names the field; as `prove`."""
        check_password(new, "newPassword")
        await self.reauthenticate(actor, password, address, code)
        now, hashed = self._clock.now(), await hash_password(new)
        async with self._database.transaction() as connection:
            await connection.run(Q.set_password, {"id": actor.user_id, "password_hash": hashed})
            params = {"user_id": actor.user_id, "except_id": actor.session_id, "at": now}
            await connection.run(Q.end_sessions, params)
            await connection.run(Q.void_resets, params)
            await audit.record(connection, actor, "password changed", AuditSubject("user", str(actor.user_id)), now)


def invalid_credentials() -> NotAuthenticated:
    """What is said to whoever does not prove who they are."""
    return NotAuthenticated("the e-mail address or the password is wrong", code="INVALID_CREDENTIALS")
