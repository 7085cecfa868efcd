"""API keys: bearer tokens for programs, with scopes and a surface, and never more rights than their owner.

A key is shown once and stored as a hash. It is valid until it is revoked, expires, or its owner is disabled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts.tokens import hash_token, new_secret_token
from platbook.accounts.users import clean_name, get_visible_user
from platbook.audit import AuditSubject
from platbook.base.actor import Actor, ApiKeyScope, Surface
from platbook.base.errors import InvalidInput, NotFound
from platbook.base.ids import new_id
from platbook.base.origins import parse_origins
from platbook.base.rights import PUBLIC_SCOPES, ROLES, Right, require
from platbook.db import ReadConnection, WriteConnection, load_queries

Q = load_queries(__package__ or "platbook.accounts")

PREFIX = "pbk_"
"""The prefix of every key, by which people and secret scanners recognize one."""


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """The properties of a key to be created."""

    name: str
    scopes: Sequence[ApiKeyScope]
    surface: Surface = Surface.INTERNAL
    expires_at: datetime | None = None
    origins: Sequence[str] = ()
    """The web origins whose pages may use it; for the public surface alone, as pages give their keys away."""
    rate_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored key, without the key itself. `last_used_at` is accurate to the hour."""

    id: UUID
    user_id: UUID
    name: str
    surface: str
    scopes: list[str]
    origins: list[str]
    rate_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


async def add_key(connection: WriteConnection, new: NewApiKey, actor: Actor, at: datetime) -> tuple[UUID, str]:
    """Create a key of the actor: its id and the key, which is shown once. InvalidInput names the field."""
    require(actor, Right.OWN_PROFILE)
    _check(new, actor, at)
    key_id, key = new_id(), PREFIX + new_secret_token()
    params = {
        "id": key_id,
        "user_id": actor.user_id,
        "name": clean_name(new.name, "name"),
        "key_hash": hash_token(key),
        "surface": new.surface,
        "scopes": sorted(set(new.scopes)),
        "origins": sorted(parse_origins(new.origins, "origins")),
        "rate_per_minute": new.rate_per_minute,
        "at": at,
        "expires_at": new.expires_at,
    }
    await connection.run(Q.add_key, params)
    details = {"owner": str(actor.user_id), "surface": new.surface, "scopes": params["scopes"]}
    await audit.record(connection, actor, "key made", AuditSubject("key", str(key_id)), at, details)
    return key_id, key


async def find_keys(connection: ReadConnection, user_id: UUID, actor: Actor) -> list[ApiKey]:
    """Return a user's keys, newest first: the actor's own, or those of a user visible to the actor. NotFound."""
    if user_id == actor.user_id:
        require(actor, Right.OWN_PROFILE)
    else:
        await get_visible_user(connection, user_id, actor)
    return await connection.all(ApiKey, Q.find_keys, {"user_id": user_id})


async def revoke_key(connection: WriteConnection, user_id: UUID, key_id: UUID, actor: Actor, at: datetime) -> None:
    """Revoke a key: the actor's own, or as an administrator any user's. NotFound."""
    require(actor, Right.OWN_PROFILE if user_id == actor.user_id else Right.MANAGE_USERS)
    if await connection.value(str, Q.revoke_key, {"id": key_id, "user_id": user_id, "at": at}) is None:
        raise NotFound("there is no API key with this id", code="KEY_NOT_FOUND")
    await audit.record(connection, actor, "key revoked", AuditSubject("key", str(key_id)), at, {"owner": str(user_id)})


def _check(new: NewApiKey, actor: Actor, at: datetime) -> None:
    if not new.scopes:
        raise InvalidInput.of("scopes", f"must name at least one of {', '.join(ApiKeyScope)}")
    for scope in new.scopes:
        if new.surface is Surface.PUBLIC and scope not in PUBLIC_SCOPES:
            raise InvalidInput.of("scopes", f"{scope} is not available on the public surface")
        if actor.role is None or Right[scope.name] not in ROLES[actor.role]:
            raise InvalidInput.of("scopes", f"{scope} exceeds the rights of your role")
    if new.origins and new.surface is not Surface.PUBLIC:
        raise InvalidInput.of("origins", "are for keys of the public surface: a page gives its key away")
    if new.expires_at is not None and new.expires_at <= at:
        raise InvalidInput.of("expiresAt", "must be in the future")
