"""Verification of passwords and second factors, and change of passwords."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts.auth_throttle import cancel_attempt, record_success, register_attempt, should_audit_refusal
from platbook.accounts.login_audit import LoginMethod, record_refusal
from platbook.accounts.passwords import check_password, hash_password, needs_rehash, verify_password
from platbook.accounts.totp import CodeCheck, requires_totp, verify_code
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.clock import Clock
from platbook.base.errors import NotAuthenticated, TooManyAttempts
from platbook.base.rights import Right, require
from platbook.db import Database, SecretBox, load_queries

Q = load_queries(__package__ or "platbook.accounts")


@dataclass(frozen=True, slots=True)
class VerifiedLogin:
    """A verified user. `renewed_hash`: their password hashed with current parameters, if the stored hash is weaker."""

    user_id: UUID
    renewed_hash: str | None


@dataclass(frozen=True, slots=True)
class _Login:
    id: UUID
    password_hash: str | None
    is_active: bool


class CredentialChecker:
    """Verifies passwords and TOTP codes; every attempt passes the login throttle."""

    def __init__(self, database: Database, box: SecretBox, clock: Clock) -> None:
        self._database, self._box, self._clock = database, box, clock

    async def verify(self, email: str, password: str, address: str, code: str | None = None) -> VerifiedLogin:
        """Verify a password, and a TOTP or recovery code if the user requires one, sent from a client address.

        NotAuthenticated: INVALID_CREDENTIALS, the same for an unknown user and a wrong code, or TOTP_REQUIRED if the
        password is right and the code is missing; TooManyAttempts.
        """
        now, email = self._clock.now(), email.lower()
        login = await self._admit(email, address, now)
        matches = await verify_password(password, None if login is None else login.password_hash)
        if login is None or login.password_hash is None or not matches or not login.is_active:
            raise await self._refuse(login, "disabled" if matches else "password", address, now)
        renewed = await hash_password(password) if needs_rehash(login.password_hash) else None
        async with self._database.transaction() as connection:
            check = CodeCheck.VALID
            if await requires_totp(connection, login.id):
                check = await verify_code(connection, self._box, login.id, code, now) if code else None
            if check is CodeCheck.VALID:
                await record_success(connection, login.id, email, address, now)
                return VerifiedLogin(login.id, renewed)
            if check is None:
                await cancel_attempt(connection, email, address, now)
        if check is None:
            raise NotAuthenticated("totp: is required; send the code of your authenticator app", code="TOTP_REQUIRED")
        raise await self._refuse(login, check.value, address, now)

    async def _admit(self, email: str, address: str, now: datetime) -> _Login | None:
        """The login to be verified, once its attempt is counted; TooManyAttempts, which is audited."""
        try:
            async with self._database.transaction() as connection:
                await register_attempt(connection, email, address, now)
                return await connection.first(_Login, Q.get_login, {"email": email})
        except TooManyAttempts:
            async with self._database.transaction() as connection:
                if await should_audit_refusal(connection, email, address, now):
                    login = await connection.first(_Login, Q.get_login, {"email": email})
                    user_id = None if login is None else login.id
                    await record_refusal(connection, user_id, now, LoginMethod.PASSWORD, "throttled", address)
            raise

    async def _refuse(self, login: _Login | None, reason: str, address: str, now: datetime) -> NotAuthenticated:
        """Record a refusal; this takes the same time for an existing user and an unknown one."""
        user_id, reason = (None, "unknown") if login is None else (login.id, reason)
        async with self._database.transaction() as connection:
            await record_refusal(connection, user_id, now, LoginMethod.PASSWORD, reason, address)
        return invalid_credentials()

    async def reauthenticate(self, actor: Actor, password: str, address: str, code: str | None = None) -> None:
        """Verify the password of the user who is logged in. Errors: as `verify`."""
        require(actor, Right.OWN_PROFILE)
        login = await self.verify(actor.name, password, address, code)
        if login.user_id != actor.user_id:
            raise invalid_credentials()

    async def change_password(
        self, actor: Actor, password: str, new: str, address: str, code: str | None = None
    ) -> None:
        """Change the actor's password and end their other sessions. InvalidInput names the field; as `verify`."""
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
    """Return the error for wrong credentials, which does not tell whether the user exists."""
    return NotAuthenticated("the e-mail address or the password is wrong", code="INVALID_CREDENTIALS")
