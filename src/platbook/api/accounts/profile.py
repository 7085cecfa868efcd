"""What users manage themselves: name, time zone, password, second factor, API keys, links to members of an MLS."""

from fastapi import APIRouter, Request, Response

from platbook.accounts import get_user
from platbook.accounts.api_keys import NewApiKey, add_key, find_keys, revoke_key
from platbook.accounts.member_links import find_links
from platbook.accounts.totp import confirm_totp, remove_totp, renew_recovery_codes, set_up_totp
from platbook.accounts.users import update_own_profile
from platbook.api.accounts.fields import KeyId
from platbook.api.accounts.profile_models import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyList,
    ApiKeyRead,
    PasswordUpdate,
    ProfileUpdate,
    ReauthenticationRequest,
    RecoveryCodesRead,
    TotpConfirmation,
    TotpSetupRead,
)
from platbook.api.accounts.users_models import MemberLinkList, MemberLinkRead, UserRead
from platbook.api.authentication import Caller, client_address_of, user_id_of
from platbook.api.envelope import Success
from platbook.api.services import ServicesDep

router = APIRouter(prefix="/auth", tags=["Profile"])


@router.get("/me")
async def get_profile(services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """The user who is logged in."""
    async with services.database.read() as connection:
        return Success(data=UserRead.model_validate(await get_user(connection, user_id_of(caller))))


@router.put("/me")
async def update_profile(body: ProfileUpdate, services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """Change the fields that are sent of one's own name and time zone."""
    async with services.database.transaction() as connection:
        user = await update_own_profile(connection, caller, body.to_changes(), services.clock.now())
    return Success(data=UserRead.model_validate(user))


@router.post("/password", status_code=204)
async def change_password(body: PasswordUpdate, services: ServicesDep, caller: Caller, request: Request) -> Response:
    """Change one's own password. Every other login of the user ends."""
    await services.sessions.credentials.change_password(
        caller, body.password, body.new_password, client_address_of(request), body.totp
    )
    return Response(status_code=204)


@router.post("/totp", status_code=201)
async def set_up_second_factor(
    body: ReauthenticationRequest, services: ServicesDep, caller: Caller, request: Request
) -> Success[TotpSetupRead]:
    """Set up a second factor (TOTP): the secret for an authenticator app. It is required once a code is confirmed."""
    await services.sessions.credentials.reauthenticate(caller, body.password, client_address_of(request), body.totp)
    async with services.database.transaction() as connection:
        setup = await set_up_totp(connection, services.box, caller, services.clock.now())
    return Success(data=TotpSetupRead.model_validate(setup))


@router.post("/totp/confirm")
async def confirm_second_factor(
    body: TotpConfirmation, services: ServicesDep, caller: Caller
) -> Success[RecoveryCodesRead]:
    """Confirm the second factor by a code: from now on logins require one. Returns recovery codes, once."""
    async with services.database.transaction() as connection:
        codes = await confirm_totp(connection, services.box, caller, body.totp, services.clock.now())
    return Success(data=RecoveryCodesRead(recovery_codes=codes))


@router.post("/totp/recovery-codes")
async def renew_codes(
    body: ReauthenticationRequest, services: ServicesDep, caller: Caller, request: Request
) -> Success[RecoveryCodesRead]:
    """Create new recovery codes, shown once; the old ones are no longer valid."""
    await services.sessions.credentials.reauthenticate(caller, body.password, client_address_of(request), body.totp)
    async with services.database.transaction() as connection:
        codes = await renew_recovery_codes(connection, caller, services.clock.now())
    return Success(data=RecoveryCodesRead(recovery_codes=codes))


@router.post("/totp/remove", status_code=204)
async def remove_second_factor(
    body: ReauthenticationRequest, services: ServicesDep, caller: Caller, request: Request
) -> Response:
    """Remove one's own second factor."""
    await services.sessions.credentials.reauthenticate(caller, body.password, client_address_of(request), body.totp)
    async with services.database.transaction() as connection:
        await remove_totp(connection, user_id_of(caller), caller, services.clock.now())
    return Response(status_code=204)


@router.get("/keys")
async def list_keys(services: ServicesDep, caller: Caller) -> Success[ApiKeyList]:
    """List one's own API keys, without the keys themselves."""
    async with services.database.read() as connection:
        keys = await find_keys(connection, user_id_of(caller), caller)
    return Success(data=ApiKeyList(keys=[ApiKeyRead.model_validate(key) for key in keys]))


@router.post("/keys", status_code=201)
async def create_key(body: ApiKeyCreate, services: ServicesDep, caller: Caller) -> Success[ApiKeyCreated]:
    """Create an API key: the rights of its user, within its scopes. It is shown once."""
    new = NewApiKey(body.name, body.scopes, body.surface, body.expires_at, body.origins, body.rate_per_minute)
    async with services.database.transaction() as connection:
        key_id, key = await add_key(connection, new, caller, services.clock.now())
    return Success(data=ApiKeyCreated(id=key_id, key=key))


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_own_key(key_id: KeyId, services: ServicesDep, caller: Caller) -> Response:
    """Revoke one of one's own API keys at once."""
    async with services.database.transaction() as connection:
        await revoke_key(connection, user_id_of(caller), key_id, caller, services.clock.now())
    return Response(status_code=204)


@router.get("/members")
async def list_own_members(services: ServicesDep, caller: Caller) -> Success[MemberLinkList]:
    """List one's own members of an MLS, confirmed or proposed. `mine=true` finds the listings of confirmed ones."""
    async with services.database.read() as connection:
        links = await find_links(connection, user_id_of(caller), caller)
    return Success(data=MemberLinkList(members=[MemberLinkRead.model_validate(link) for link in links]))
