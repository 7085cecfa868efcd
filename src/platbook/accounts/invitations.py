"""Invitations: a token, good once, for one e-mail address, until it expires."""

from datetime import datetime, timedelta

from platbook.accounts.tokens import hash_token, new_secret_token
from platbook.accounts.users import clean_email
from platbook.base.actor import Role
from platbook.base.errors import InvalidInput, NotAllowed
from platbook.base.ids import new_id
from platbook.db import WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

LIFE = timedelta(days=7)


async def invite(connection: WriteConnection, email: str, at: datetime, *, role: Role = Role.AGENT) -> str:
    """Invite somebody; the token, which is shown once and never kept."""
    if role is Role.ADMIN:
        raise InvalidInput.of("role", "an invitation never makes an admin; add one with: platbook user add")
    token = new_secret_token()
    params = {
        "id": new_id(),
        "email": clean_email(email),
        "role": role,
        "token_hash": hash_token(token),
        "at": at,
        "expires_at": at + LIFE,
    }
    await connection.run(Q.add_invitation, params)
    return token


async def use_invitation(connection: WriteConnection, token: str, email: str, at: datetime) -> Role:
    """Use an invitation up; the role it gives. NotAllowed where it is none, is used, expired or for somebody else."""
    params = {"token_hash": hash_token(token), "email": clean_email(email), "at": at}
    role = await connection.value(str, Q.use_invitation, params)
    if role is None:
        raise NotAllowed("this invitation is not valid for this e-mail address, was used, or has expired")
    return Role(role)
