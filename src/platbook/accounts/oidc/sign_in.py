"""The sign-in flow: redirect to the issuer with PKCE (RFC 7636), callback, and the session of the matching user.

State, nonce and PKCE verifier are kept in an encrypted cookie, not on the server: only the browser that began a sign-in
can finish it, within ten minutes.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from platbook import audit
from platbook.accounts.invitations import use_newest_invitation
from platbook.accounts.login_audit import LoginMethod, record_refusal
from platbook.accounts.oidc.claims import Identity, to_identity
from platbook.accounts.oidc.email_trust import EmailTrust, read_email
from platbook.accounts.oidc.issuer import OidcIssuer
from platbook.accounts.sessions import LoginSessions, Tokens
from platbook.accounts.tokens import new_secret_token
from platbook.accounts.users import NewUser, get_user, get_user_by_email, insert_user
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.clock import Clock
from platbook.base.errors import NotAllowed, NotAuthenticated, NotFound
from platbook.db import Database, ReadConnection, SecretBox, WriteConnection, load_queries

Q = load_queries("platbook.accounts")

LIFETIME = timedelta(minutes=10)

_CONTEXT = "oidc sign-in"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """The URL to redirect the browser to, and the cookie that it must send back."""

    url: str
    cookie: str


class OidcSignIn:
    """Signs users in by one issuer."""

    def __init__(
        self,
        issuer: OidcIssuer,
        trust: EmailTrust,
        sessions: LoginSessions,
        database: Database,
        box: SecretBox,
        clock: Clock,
    ) -> None:
        self._issuer, self._trust, self._sessions = issuer, trust, sessions
        self._database, self._box, self._clock = database, box, clock

    async def begin(self) -> AuthorizationRequest:
        """Begin a sign-in. TryLater if the issuer cannot be reached."""
        state, nonce, verifier = new_secret_token(), new_secret_token(), new_secret_token()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        url = await self._issuer.get_authorization_url(state=state, nonce=nonce, challenge=challenge)
        until = (self._clock.now() + LIFETIME).timestamp()
        flow = orjson.dumps({"state": state, "nonce": nonce, "verifier": verifier, "until": until})
        return AuthorizationRequest(url, base64.urlsafe_b64encode(self._box.seal(flow, context=_CONTEXT)).decode())

    async def finish(self, code: str, state: str, issuer: str | None, cookie: str) -> Tokens:
        """Finish a sign-in by the issuer's callback. NotAuthenticated; NotAllowed: no user or invitation matches."""
        flow = self._open(cookie)
        if not hmac.compare_digest(flow["state"].encode(), state.encode()):
            raise NotAuthenticated("this sign-in was not started in this browser; start again")
        if issuer not in {None, self._issuer.client.issuer}:  # RFC 9207 section 2.4
            raise NotAuthenticated("this callback comes from another issuer")
        claims = await self._issuer.fetch_claims(
            code, verifier=flow["verifier"], nonce=flow["nonce"], required=self._trust.required_claims
        )
        identity, now = to_identity(claims), self._clock.now()
        try:
            async with self._database.transaction() as connection:
                return await self._log_in(connection, identity, claims, now)
        except NotAllowed as error:
            async with self._database.transaction() as connection:
                user_id = await self._find_linked_user(connection, identity)
                await record_refusal(connection, user_id, now, LoginMethod.ISSUER, str(error), None)
            raise

    async def _log_in(
        self, connection: WriteConnection, identity: Identity, claims: Mapping[str, object], now: datetime
    ) -> Tokens:
        user_id = await self._find_linked_user(connection, identity)
        if user_id is None:
            email = read_email(claims, self._trust)
            user_id = await self._find_by_email(connection, identity, email, now)
            await self._link(connection, identity, Actor(email, user_id), now)
        if not (await get_user(connection, user_id)).is_active:
            raise NotAllowed("this user is disabled")
        return await self._sessions.complete_login(connection, user_id, LoginMethod.ISSUER)

    async def _link(self, connection: WriteConnection, identity: Identity, actor: Actor, now: datetime) -> None:
        """Link the issuer's subject to the user. No other subject of that issuer can be linked to them."""
        await connection.run(Q.lock_user, {"id": actor.user_id})
        subject = {"issuer": identity.issuer, "subject": identity.subject}
        if await connection.run(Q.add_identity, {**subject, "user_id": actor.user_id, "at": now}):
            details = {"issuer": identity.issuer}
            await audit.record(
                connection, actor, "issuer linked", AuditSubject("user", str(actor.user_id)), now, details
            )
        elif await self._find_linked_user(connection, identity) != actor.user_id:  # else a concurrent sign-in linked it
            raise NotAllowed(
                "the user with your e-mail address is linked to another account at the issuer; ask an administrator"
            )

    async def _find_linked_user(self, connection: ReadConnection, identity: Identity) -> UUID | None:
        params = {"issuer": identity.issuer, "subject": identity.subject}
        return await connection.value(UUID, Q.get_identity, params)

    async def _find_by_email(self, connection: WriteConnection, identity: Identity, email: str, now: datetime) -> UUID:
        try:
            return (await get_user_by_email(connection, email)).id
        except NotFound:
            assignment = await use_newest_invitation(connection, email, now)
        if assignment is None:
            raise NotAllowed("there is no user and no invitation for your e-mail address; ask an administrator")
        new = NewUser(
            email,
            None,
            identity.first_name,
            identity.last_name,
            assignment.role,
            assignment.office,
            assignment.team,
            time_zone=assignment.time_zone,
        )
        return (await insert_user(connection, new, Actor(email), now)).id

    def _open(self, cookie: str) -> dict[str, str]:
        try:
            flow = orjson.loads(self._box.open(base64.urlsafe_b64decode(cookie), context=_CONTEXT))
        except ValueError:
            raise NotAuthenticated("no sign-in was started in this browser; start again") from None
        if float(flow.pop("until")) <= self._clock.now().timestamp():
            raise NotAuthenticated("this sign-in took too long; start again")
        return flow
