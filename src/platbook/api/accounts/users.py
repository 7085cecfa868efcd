"""Management of users: role, office and team, invitations, API keys, links to members of an MLS."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from platbook.accounts import UserAssignment, UserFilter, find_users, set_active, users
from platbook.accounts.api_keys import find_keys, revoke_key
from platbook.accounts.invitations import LIFETIME, find_invitations, invite, withdraw_invitation
from platbook.accounts.member_links import (
    add_link,
    confirm_link,
    find_links,
    find_proposals,
    propose_links,
    reject_link,
)
from platbook.accounts.password_resets import send_reset
from platbook.accounts.totp import remove_totp
from platbook.accounts.unlock import unlock_user
from platbook.accounts.users import (
    NewUser,
    add_user,
    attach_agents,
    find_attached_agents,
    get_visible_user,
)
from platbook.api.accounts.fields import InvitationId, KeyId, LinkId, UserId
from platbook.api.accounts.invitation_rows import read_invitations, to_invitations_body
from platbook.api.accounts.profile_models import ApiKeyList, ApiKeyRead
from platbook.api.accounts.users_models import (
    AgentList,
    AgentsUpdate,
    ColleagueList,
    ColleagueRead,
    DisabledUserRead,
    InvitationCreate,
    InvitationCreated,
    InvitationList,
    InvitationRead,
    InvitationRefused,
    InvitationsCreated,
    MemberLinkCreate,
    MemberLinkList,
    MemberLinkRead,
    MemberProposalList,
    MemberProposalRead,
    MemberProposalsCreated,
    UserCreate,
    UserList,
    UserRead,
    UserUpdate,
)
from platbook.api.authentication import Caller
from platbook.api.envelope import Success, paginate, raw_json
from platbook.api.params import Limit, PageNumber
from platbook.api.services import ServicesDep
from platbook.base.actor import Actor, Role
from platbook.base.errors import Conflict, InvalidInput
from platbook.crm.colleagues import find_colleagues
from platbook.crm.leads.rows import count_open_leads
from platbook.crm.tasks.rows import count_open_tasks
from platbook.db import WriteConnection

router = APIRouter(prefix="/users", tags=["Users"])

_INVITED: dict[int | str, dict[str, object]] = {
    200: {"model": Success[InvitationsCreated], "description": "Several were invited or refused."},
    201: {"model": Success[InvitationCreated], "description": "One was invited."},
}
_Text = Annotated[str | None, Query(min_length=1, max_length=100)]


@router.get("")
async def list_users(  # noqa: PLR0913 - one parameter for each filter
    services: ServicesDep,
    caller: Caller,
    *,
    role: Annotated[Role | None, Query(description="only users of this role")] = None,
    office: _Text = None,
    team: _Text = None,
    is_active: Annotated[
        bool | None, Query(alias="isActive", description="only active, or only disabled users")
    ] = None,
    search: Annotated[str | None, Query(min_length=1, max_length=100, description="part of a name or address")] = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[UserList]:
    """List users by e-mail address; a manager sees those of their office."""
    user_filter = UserFilter(role, office, team, is_active, search)
    async with services.database.read() as connection:
        result = await find_users(connection, caller, user_filter, page=page, limit=limit)
    users = [UserRead.model_validate(user) for user in result.rows]
    return Success(data=UserList(users=users, pagination=paginate(page, limit, result.total)))


@router.post("", status_code=201)
async def create_user(body: UserCreate, services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """Create a user. Without a password they log in by OIDC, or set one by a password reset."""
    new = NewUser(**body.model_dump())
    async with services.database.transaction() as connection:
        user = await add_user(connection, new, caller, services.clock.now())
    return Success(data=UserRead.model_validate(user))


@router.get("/invitations")
async def list_invitations(services: ServicesDep, caller: Caller) -> Success[InvitationList]:
    """List pending invitations, the newest first."""
    async with services.database.read() as connection:
        invitations = await find_invitations(connection, caller, services.clock.now())
    return Success(data=InvitationList(invitations=[InvitationRead.model_validate(one) for one in invitations]))


@router.post("/invitations", responses=_INVITED, openapi_extra={"requestBody": to_invitations_body()})
async def invite_user(request: Request, services: ServicesDep, caller: Caller) -> Response:
    """Invite a new user (201), or several by a list or CSV (200). Each token is returned once, and valid for 24 hours.

    Of several, those who cannot be invited are in `refused`; the address of a user is one (409 if it is alone).
    """
    asked = read_invitations(await request.body(), request.headers.get("Content-Type", ""))
    if isinstance(asked, InvitationCreate):
        async with services.database.transaction() as connection:
            created = await _invite(connection, asked, caller, services.clock.now())
        return raw_json(Success(data=created).model_dump_json(by_alias=True).encode(), status=201)
    outcome = InvitationsCreated(invitations=[], refused=[])
    async with services.database.transaction() as connection:
        for row in asked:
            try:
                if isinstance(row.invitation, InvalidInput):
                    raise row.invitation
                outcome.invitations.append(await _invite(connection, row.invitation, caller, services.clock.now()))
            except (InvalidInput, Conflict) as error:
                refused = InvitationRefused(row=row.number, email=row.email, code=error.code, message=str(error))
                outcome.refused.append(refused)
    return raw_json(Success(data=outcome).model_dump_json(by_alias=True).encode())


async def _invite(
    connection: WriteConnection, body: InvitationCreate, caller: Actor, now: datetime
) -> InvitationCreated:
    assignment = UserAssignment(body.role, body.office, body.team, body.time_zone)
    token = await invite(connection, body.email, assignment, caller, now)
    return InvitationCreated(email=body.email, role=body.role, invitation_token=token, expires_at=now + LIFETIME)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw_user_invitation(invitation_id: InvitationId, services: ServicesDep, caller: Caller) -> Response:
    """Withdraw an invitation."""
    async with services.database.transaction() as connection:
        await withdraw_invitation(connection, invitation_id, caller, services.clock.now())
    return Response(status_code=204)


@router.get("/proposals")
async def list_proposals(
    services: ServicesDep, caller: Caller, page: PageNumber = 1, limit: Limit = 20
) -> Success[MemberProposalList]:
    """List proposed matches of users and members of an MLS that wait for a decision."""
    async with services.database.read() as connection:
        result = await find_proposals(connection, caller, page=page, limit=limit)
    proposals = [MemberProposalRead.model_validate(one) for one in result.rows]
    return Success(data=MemberProposalList(proposals=proposals, pagination=paginate(page, limit, result.total)))


@router.post("/proposals")
async def propose_members(services: ServicesDep, caller: Caller) -> Success[MemberProposalsCreated]:
    """Match users with the agents of all listings: by licence number, e-mail, then name and office."""
    async with services.database.transaction() as connection:
        count = await propose_links(connection, caller, services.clock.now())
    return Success(data=MemberProposalsCreated(proposed=count))


@router.get("/colleagues")
async def list_colleagues(services: ServicesDep, caller: Caller) -> Success[ColleagueList]:
    """List the names of those who share a lead with the caller, by owning, logging or a task, and the caller's own."""
    async with services.database.read() as connection:
        users = await find_colleagues(connection, caller)
    return Success(data=ColleagueList(users=[ColleagueRead.model_validate(one) for one in users]))


@router.get("/{user_id}")
async def get_one_user(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """Get a user."""
    async with services.database.read() as connection:
        return Success(data=UserRead.model_validate(await get_visible_user(connection, user_id, caller)))


@router.put("/{user_id}")
async def update_user(user_id: UserId, body: UserUpdate, services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """Change the fields that are sent of a user. The last admin keeps the role (409)."""
    async with services.database.transaction() as connection:
        user = await users.update_user(connection, user_id, body.to_changes(), caller, services.clock.now())
    return Success(data=UserRead.model_validate(user))


@router.post("/{user_id}/disable")
async def disable_user(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[DisabledUserRead]:
    """Disable a user: their logins and API keys end at once, for good. The last admin cannot be disabled (409).

    Their open leads and tasks go to others: by the rules, to the office's manager, or to nobody.
    """
    async with services.database.transaction() as connection:
        user = await set_active(connection, user_id, caller, services.clock.now(), active=False)
        leads, tasks = await count_open_leads(connection, user_id), await count_open_tasks(connection, user_id)
    shown = UserRead.model_validate(user).model_dump()
    return Success(data=DisabledUserRead(**shown, open_leads=leads, open_tasks=tasks))


@router.post("/{user_id}/enable")
async def enable_user(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """Enable a disabled user."""
    async with services.database.transaction() as connection:
        user = await set_active(connection, user_id, caller, services.clock.now(), active=True)
    return Success(data=UserRead.model_validate(user))


@router.post("/{user_id}/unlock")
async def unlock_one_user(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[UserRead]:
    """Let a user log in at once after too many failed attempts at their account."""
    async with services.database.transaction() as connection:
        user = await unlock_user(connection, user_id, caller, services.clock.now())
    return Success(data=UserRead.model_validate(user))


@router.post("/{user_id}/reset", status_code=202)
async def send_password_reset(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[None]:
    """Send a user a link to reset the password. The caller does not see it."""
    async with services.database.transaction() as connection:
        await send_reset(connection, services.box, user_id, caller, services.clock.now())
    return Success(data=None, message="a link to reset the password will be sent to the user; it is valid for 24 hours")


@router.delete("/{user_id}/totp", status_code=204)
async def remove_user_totp(user_id: UserId, services: ServicesDep, caller: Caller) -> Response:
    """Remove a user's second factor, for one who has lost the device and the recovery codes."""
    async with services.database.transaction() as connection:
        await remove_totp(connection, user_id, caller, services.clock.now())
    return Response(status_code=204)


@router.get("/{user_id}/agents")
async def list_agents(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[AgentList]:
    """List the agents an assistant works for."""
    async with services.database.read() as connection:
        agents = await find_attached_agents(connection, user_id, caller)
    return Success(data=AgentList(agents=[UserRead.model_validate(agent) for agent in agents]))


@router.put("/{user_id}/agents")
async def change_agents(
    user_id: UserId, body: AgentsUpdate, services: ServicesDep, caller: Caller
) -> Success[AgentList]:
    """Set all agents an assistant works for."""
    async with services.database.transaction() as connection:
        agents = await attach_agents(connection, user_id, body.agent_ids, caller, services.clock.now())
    return Success(data=AgentList(agents=[UserRead.model_validate(agent) for agent in agents]))


@router.get("/{user_id}/keys")
async def list_user_keys(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[ApiKeyList]:
    """List a user's API keys, without the keys themselves."""
    async with services.database.read() as connection:
        keys = await find_keys(connection, user_id, caller)
    return Success(data=ApiKeyList(keys=[ApiKeyRead.model_validate(key) for key in keys]))


@router.delete("/{user_id}/keys/{key_id}", status_code=204)
async def revoke_user_key(user_id: UserId, key_id: KeyId, services: ServicesDep, caller: Caller) -> Response:
    """Revoke a user's API key at once."""
    async with services.database.transaction() as connection:
        await revoke_key(connection, user_id, key_id, caller, services.clock.now())
    return Response(status_code=204)


@router.get("/{user_id}/members")
async def list_members(user_id: UserId, services: ServicesDep, caller: Caller) -> Success[MemberLinkList]:
    """List a user's members of an MLS, confirmed or proposed."""
    async with services.database.read() as connection:
        links = await find_links(connection, user_id, caller)
    return Success(data=MemberLinkList(members=[MemberLinkRead.model_validate(link) for link in links]))


@router.post("/{user_id}/members", status_code=201)
async def link_member(
    user_id: UserId, body: MemberLinkCreate, services: ServicesDep, caller: Caller
) -> Success[MemberLinkRead]:
    """Link a user to a member of an MLS."""
    async with services.database.transaction() as connection:
        link = await add_link(connection, user_id, body.provider_id, body.member_key, caller, services.clock.now())
    return Success(data=MemberLinkRead.model_validate(link))


@router.post("/{user_id}/members/{link_id}/confirm")
async def confirm_member(
    user_id: UserId, link_id: LinkId, services: ServicesDep, caller: Caller
) -> Success[MemberLinkRead]:
    """Confirm a proposed member of an MLS."""
    async with services.database.transaction() as connection:
        link = await confirm_link(connection, user_id, link_id, caller, services.clock.now())
    return Success(data=MemberLinkRead.model_validate(link))


@router.delete("/{user_id}/members/{link_id}", status_code=204)
async def unlink_member(user_id: UserId, link_id: LinkId, services: ServicesDep, caller: Caller) -> Response:
    """Remove or refuse a link to a member of an MLS; it is not proposed again."""
    async with services.database.transaction() as connection:
        await reject_link(connection, user_id, link_id, caller, services.clock.now())
    return Response(status_code=204)
