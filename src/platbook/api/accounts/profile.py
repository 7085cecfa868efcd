"""What users see to themselves: name, password, second factor, API keys, and which members of an MLS they are."""

from fastapi import APIRouter, Request, Response

from platbook.accounts import get_user
from platbook.accounts.api_keys import NewApiKey, add_key, find_keys, revoke_key
from platbook.accounts.member_links import find_links
from platbook.accounts.totp import confirm_totp, remove_totp, renew_recovery_codes, set_up_totp
from platbook.accounts.users import update_own_name
from platbook.api.accounts.users_models import (
    CodeBody,
    KeyAnswer,
    KeyBody,
    KeyId,
    KeyList,
    KeyMade,
    LinkAnswer,
    LinkList,
    NamesBody,
    PasswordBody,
    ProvedBody,
    RecoveryCodes,
    SetupAnswer,
    UserAnswer,
)
from platbook.api.authentication import Caller, address_of, user_id_of
from platbook.api.envelope import Success
from platbook.api.services import Given

router = APIRouter(prefix="/auth", tags=["Profile"])


@router.get("/me")
async def me(given: Given, caller: Caller) -> Success[UserAnswer]:
    """Who is logged in."""
    async with given.database.read() as connection:
        return Success(data=UserAnswer.model_validate(await get_user(connection, user_id_of(caller))))


@router.put("/me")
async def change_me(body: NamesBody, given: Given, caller: Caller) -> Success[UserAnswer]:
    """Change what one is called."""
    async with given.database.transaction() as connection:
        user = await update_own_name(connection, caller, body.first_name, body.last_name, given.clock.now())
    return Success(data=UserAnswer.model_validate(user))


@router.post("/password", status_code=204)
async def change_password(body: PasswordBody, given: Given, caller: Caller, request: Request) -> Response:
    """Change one's password. Every other login of one's ends."""
    await given.sessions.credentials.change_password(
        caller, body.password, body.new_password, address_of(request), body.totp
    )
    return Response(status_code=204)


@router.post("/totp", status_code=201)
async def begin_totp(body: ProvedBody, given: Given, caller: Caller, request: Request) -> Success[SetupAnswer]:
    """Set up a second factor: what a device is told. Logins ask for its codes once one was confirmed."""
    await given.sessions.credentials.reauthenticate(caller, body.password, address_of(request), body.totp)
    async with given.database.transaction() as connection:
        setup = await set_up_totp(connection, given.box, caller, given.clock.now())
    return Success(data=SetupAnswer.model_validate(setup))


@router.post("/totp/confirm")
async def confirm_second_factor(body: CodeBody, given: Given, caller: Caller) -> Success[RecoveryCodes]:
    """Show that the device makes the codes: from now on logins ask for them. Answers recovery codes, once."""
    async with given.database.transaction() as connection:
        codes = await confirm_totp(connection, given.box, caller, body.totp, given.clock.now())
    return Success(data=RecoveryCodes(recovery_codes=codes))


@router.post("/totp/recovery-codes")
async def make_recovery_codes(
    body: ProvedBody, given: Given, caller: Caller, request: Request
) -> Success[RecoveryCodes]:
    """New recovery codes, shown once; the old ones are good no more."""
    await given.sessions.credentials.reauthenticate(caller, body.password, address_of(request), body.totp)
    async with given.database.transaction() as connection:
        codes = await renew_recovery_codes(connection, caller, given.clock.now())
    return Success(data=RecoveryCodes(recovery_codes=codes))


@router.post("/totp/remove", status_code=204)
async def remove_second_factor(body: ProvedBody, given: Given, caller: Caller, request: Request) -> Response:
    """Let one's logins ask for no code any more."""
    await given.sessions.credentials.reauthenticate(caller, body.password, address_of(request), body.totp)
    async with given.database.transaction() as connection:
        await remove_totp(connection, user_id_of(caller), caller, given.clock.now())
    return Response(status_code=204)


@router.get("/keys")
async def list_keys(given: Given, caller: Caller) -> Success[KeyList]:
    """One's API keys, never the keys themselves."""
    async with given.database.read() as connection:
        found = await find_keys(connection, user_id_of(caller), caller)
    return Success(data=KeyList(keys=[KeyAnswer.model_validate(key) for key in found]))


@router.post("/keys", status_code=201)
async def make_key(body: KeyBody, given: Given, caller: Caller) -> Success[KeyMade]:
    """Make an API key: at most what one may oneself, within its scopes. It is shown once."""
    new = NewApiKey(body.name, body.scopes, body.surface, body.expires_at)
    async with given.database.transaction() as connection:
        key_id, key = await add_key(connection, new, caller, given.clock.now())
    return Success(data=KeyMade(id=key_id, key=key))


@router.delete("/keys/{key_id}", status_code=204)
async def end_key(key_id: KeyId, given: Given, caller: Caller) -> Response:
    """End one of one's keys at once."""
    async with given.database.transaction() as connection:
        await revoke_key(connection, user_id_of(caller), key_id, caller, given.clock.now())
    return Response(status_code=204)


@router.get("/members")
async def list_own_members(given: Given, caller: Caller) -> Success[LinkList]:
    """The members of an MLS one is, or may be: whose listings `mine=true` finds, once confirmed."""
    async with given.database.read() as connection:
        found = await find_links(connection, user_id_of(caller), caller)
    return Success(data=LinkList(members=[LinkAnswer.model_validate(link) for link in found]))
