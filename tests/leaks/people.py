"""Users, what they see to themselves, and the audit log."""

from uuid import uuid4

from platbook.accounts import NewUser, add_user
from platbook.accounts.api_keys import NewApiKey, add_key
from platbook.base.actor import COMMAND_LINE, Actor, ApiKeyScope
from platbook.base.rights import Right
from tests.leaks.table import allows, reaches
from tests.leaks.world import Caller, Make, Marker, Probe, Target, World


async def furnish(world: World) -> None:
    """Each user's licence number is for those who see the user; what is kept secret is for nobody."""
    for one in [caller for caller in world.callers if caller.key is None]:
        licence = f"licence of {one.name}."
        await world.api.run_sql("UPDATE users SET license_number = %(n)s WHERE id = %(id)s", n=licence, id=one.user_id)

        def may_see(caller: Caller, one: Caller = one) -> bool:
            mine = caller.user_id == one.user_id and allows(caller, Right.OWN_PROFILE)
            return mine or reaches(caller, Right.READ_USERS, one.belonging)

        world.markers.append(Marker(licence, may_see))
    await world.api.run_sql(
        "INSERT INTO audit_log (id, at, actor, act, subject_kind, subject_id) VALUES "
        "(gen_random_uuid(), now() + interval '100 years', 'x', 'audit marker', 'x', 'x')"
    )
    world.markers.append(Marker("audit marker", lambda caller: allows(caller, Right.READ_AUDIT)))
    await world.api.run_sql(
        "INSERT INTO users (id, email, first_name, last_name, role, password_hash, totp_secret, totp_confirmed_at) "
        "VALUES (gen_random_uuid(), 'kept@example.com', 'K', 'K', 'agent', 'hash marker', 'totp marker', now())"
    )
    world.markers += [Marker("hash marker", _nobody), Marker("totp marker", _nobody)]
    world.markers += [Marker(b"totp marker".hex(), _nobody)]


def _nobody(_caller: Caller) -> bool:
    return False


async def _user(_world: World, owner: Caller) -> Target:
    return Target({"user_id": str(owner.user_id)}, owner.belonging)


async def _fresh_user(world: World, owner: Caller) -> Target:
    """Somebody who may be disabled without harm, of the same office and team."""
    new = NewUser(f"{uuid4()}@example.com", None, "Fresh", "User", owner.role, owner.office, owner.team)
    async with world.api.services.database.transaction() as connection:
        user = await add_user(connection, new, COMMAND_LINE, world.api.clock.now())
    return Target({"user_id": str(user.id)}, user.ownership)


async def _key(world: World, owner: Caller) -> Target:
    actor = Actor(owner.name, owner.user_id, owner.role)
    new = NewApiKey("a key", [ApiKeyScope.READ_LISTINGS])
    async with world.api.services.database.transaction() as connection:
        key_id, _ = await add_key(connection, new, actor, world.api.clock.now())
    return Target({"user_id": str(owner.user_id), "key_id": str(key_id)}, owner.belonging)


def _new_user(_world: World, _caller: Caller) -> object:
    return {"email": f"{uuid4()}@example.com", "firstName": "N", "lastName": "N"}


def _of_users(route: str, make: Make = _user, body: object = None) -> Probe:
    return Probe(route, make=make, seen_by=Right.READ_USERS, body=body)


_PROOF = {"password": "not the password"}


PROBES = [
    Probe("POST /auth/register", body={}),
    Probe("POST /auth/login", body={}),
    Probe("POST /auth/refresh", body={}),
    Probe("POST /auth/password/reset-request", body={}),
    Probe("POST /auth/password/reset", body={}),
    Probe("GET /auth/oidc/start"),
    Probe("GET /auth/oidc/callback"),
    Probe("POST /auth/logout", ends_login=True),
    Probe("GET /auth/me"),
    Probe("PUT /auth/me", body={"firstName": "Test", "lastName": "Again"}),
    Probe("POST /auth/password", body={"password": "x", "newPassword": "a long password"}, may_say_401=True),
    Probe("POST /auth/totp", body=_PROOF, may_say_401=True),
    Probe("POST /auth/totp/confirm", body={"totp": "000000"}),
    Probe("POST /auth/totp/recovery-codes", body=_PROOF, may_say_401=True),
    Probe("POST /auth/totp/remove", body=_PROOF, may_say_401=True),
    Probe("GET /auth/keys"),
    Probe("POST /auth/keys", body={"name": "more", "scopes": ["listings:read"]}),
    Probe("DELETE /auth/keys/{key_id}", make=_key, seen_by=Right.OWN_PROFILE),
    Probe("GET /auth/members"),
    Probe("GET /users", query="?limit=100"),
    Probe("POST /users", write=_new_user),
    Probe("GET /users/invitations"),
    Probe("POST /users/invitations", body={"email": "invited@example.com"}),
    Probe("DELETE /users/invitations/{invitation_id}"),
    Probe("GET /users/proposals"),
    Probe("POST /users/proposals"),
    Probe("GET /users/colleagues"),
    _of_users("GET /users/{user_id}"),
    _of_users("PUT /users/{user_id}", _fresh_user, {"firstName": "Changed"}),
    _of_users("POST /users/{user_id}/disable", _fresh_user),
    _of_users("POST /users/{user_id}/enable", _fresh_user),
    _of_users("POST /users/{user_id}/unlock", _fresh_user),
    _of_users("POST /users/{user_id}/reset", _fresh_user),
    _of_users("DELETE /users/{user_id}/totp", _fresh_user),
    _of_users("GET /users/{user_id}/agents"),
    Probe("PUT /users/{user_id}/agents", body={"agentIds": []}),
    _of_users("GET /users/{user_id}/keys", _key),
    _of_users("DELETE /users/{user_id}/keys/{key_id}", _key),
    _of_users("GET /users/{user_id}/members"),
    Probe("POST /users/{user_id}/members", body={"providerId": "board", "memberKey": "A1"}),
    Probe("POST /users/{user_id}/members/{link_id}/confirm"),
    Probe("DELETE /users/{user_id}/members/{link_id}"),
    Probe("GET /audit", query="?limit=100"),
]
