"""Users as admins see to them: who they are, where they belong, invitations, and which members of an MLS they are."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from platbook.accounts import UserAssignment, UserFilter, find_users, set_active
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
from platbook.accounts.users import (
    NewUser,
    add_user,
    attach_agents,
    find_attached_agents,
    get_visible_user,
    update_user,
)
from platbook.api.accounts.users_models import (
    AgentList,
    AgentsBody,
    InvitationAnswer,
    InvitationBody,
    InvitationId,
    InvitationList,
    InvitationMade,
    KeyAnswer,
    KeyId,
    KeyList,
    LinkAnswer,
    LinkBody,
    LinkId,
    LinkList,
    NewUserBody,
    ProposalAnswer,
    ProposalList,
    ProposedAnswer,
    UserAnswer,
    UserChangeBody,
    UserId,
    UserList,
)
from platbook.api.authentication import Caller
from platbook.api.envelope import Success, paginate
from platbook.api.mls.params import Limit, PageNumber
from platbook.api.services import Given
from platbook.base.actor import Role

router = APIRouter(prefix="/users", tags=["Users"])

_Text = Annotated[str | None, Query(min_length=1, max_length=100)]


@router.get("")
async def list_users(  # noqa: PLR0913 - one parameter for each filter
    given: Given,
    caller: Caller,
    *,
    role: Annotated[Role | None, Query(description="only users of this role")] = None,
    office: _Text = None,
    team: _Text = None,
    is_active: Annotated[bool | None, Query(alias="isActive", description="only those let in, or kept out")] = None,
    search: Annotated[str | None, Query(min_length=1, max_length=100, description="part of a name or address")] = None,
    page: PageNumber = 1,
    limit: Limit = 20,
) -> Success[UserList]:
    """Users by e-mail address; a manager sees those of their office."""
    wanted = UserFilter(role, office, team, is_active, search)
    async with given.database.read() as connection:
        found = await find_users(connection, caller, wanted, page=page, limit=limit)
    answers = [UserAnswer.model_validate(user) for user in found.users]
    return Success(data=UserList(users=answers, pagination=paginate(page, limit, found.total)))


@router.post("", status_code=201)
async def create_user(body: NewUserBody, given: Given, caller: Caller) -> Success[UserAnswer]:
    """Make a user. Without a password they sign in by OIDC, or set one by a reset."""
    new = NewUser(**body.model_dump())
    async with given.database.transaction() as connection:
        user = await add_user(connection, new, caller, given.clock.now())
    return Success(data=UserAnswer.model_validate(user))


@router.get("/invitations")
async def list_invitations(given: Given, caller: Caller) -> Success[InvitationList]:
    """Invitations that can still be used, the newest first."""
    async with given.database.read() as connection:
        found = await find_invitations(connection, caller, given.clock.now())
    return Success(data=InvitationList(invitations=[InvitationAnswer.model_validate(one) for one in found]))


@router.post("/invitations", status_code=201)
async def invite_user(body: InvitationBody, given: Given, caller: Caller) -> Success[InvitationMade]:
    """Invite somebody. The token is shown once, to whoever asks: hand it over yourself. It is good for 24 hours."""
    now = given.clock.now()
    async with given.database.transaction() as connection:
        token = await invite(connection, body.email, UserAssignment(body.role, body.office, body.team), caller, now)
    made = InvitationMade(email=body.email, role=body.role, invitation_token=token, expires_at=now + LIFETIME)
    return Success(data=made)


@router.delete("/invitations/{invitation_id}", status_code=204)
async def withdraw_user_invitation(invitation_id: InvitationId, given: Given, caller: Caller) -> Response:
    """Take an invitation back."""
    async with given.database.transaction() as connection:
        await withdraw_invitation(connection, invitation_id, caller, given.clock.now())
    return Response(status_code=204)


@router.get("/proposals")
async def list_proposals(
    given: Given, caller: Caller, page: PageNumber = 1, limit: Limit = 20
) -> Success[ProposalList]:
    """Members of an MLS whom users seem to be, waiting for a decision."""
    async with given.database.read() as connection:
        found = await find_proposals(connection, caller, page=page, limit=limit)
    answers = [ProposalAnswer.model_validate(one) for one in found.proposals]
    return Success(data=ProposalList(proposals=answers, pagination=paginate(page, limit, found.total)))


@router.post("/proposals")
async def propose_members(given: Given, caller: Caller) -> Success[ProposedAnswer]:
    """Look through the agents of all listings for users: by licence number, e-mail, then name and office."""
    async with given.database.transaction() as connection:
        count = await propose_links(connection, caller, given.clock.now())
    return Success(data=ProposedAnswer(proposed=count))


@router.get("/{user_id}")
async def get_one_user(user_id: UserId, given: Given, caller: Caller) -> Success[UserAnswer]:
    """One user."""
    async with given.database.read() as connection:
        return Success(data=UserAnswer.model_validate(await get_visible_user(connection, user_id, caller)))


@router.put("/{user_id}")
async def change_one_user(user_id: UserId, body: UserChangeBody, given: Given, caller: Caller) -> Success[UserAnswer]:
    """Change what is said of a user and leave the rest. The last admin stays one (409)."""
    async with given.database.transaction() as connection:
        user = await update_user(connection, user_id, body.to_patch(), caller, given.clock.now())
    return Success(data=UserAnswer.model_validate(user))


@router.post("/{user_id}/disable")
async def disable_user(user_id: UserId, given: Given, caller: Caller) -> Success[UserAnswer]:
    """Keep a user out: every login and API key of theirs ends at once, for good. The last admin stays (409)."""
    return await _set_active(user_id, given, caller, active=False)


@router.post("/{user_id}/enable")
async def enable_user(user_id: UserId, given: Given, caller: Caller) -> Success[UserAnswer]:
    """Let a user in again."""
    return await _set_active(user_id, given, caller, active=True)


@router.post("/{user_id}/reset", status_code=202)
async def reset_user(user_id: UserId, given: Given, caller: Caller) -> Success[None]:
    """Let a user choose a new password: the link goes to them, by the outbox, and to nobody else."""
    async with given.database.transaction() as connection:
        await send_reset(connection, given.box, user_id, caller, given.clock.now())
    return Success(data=None, message="a link for the user waits to be sent; it is good for 24 hours")


@router.delete("/{user_id}/totp", status_code=204)
async def remove_user_totp(user_id: UserId, given: Given, caller: Caller) -> Response:
    """Let a user's logins ask for no code any more: for one who has lost device and recovery codes."""
    async with given.database.transaction() as connection:
        await remove_totp(connection, user_id, caller, given.clock.now())
    return Response(status_code=204)


@router.get("/{user_id}/agents")
async def list_agents(user_id: UserId, given: Given, caller: Caller) -> Success[AgentList]:
    """The agents an assistant works for."""
    async with given.database.read() as connection:
        found = await find_attached_agents(connection, user_id, caller)
    return Success(data=AgentList(agents=[UserAnswer.model_validate(agent) for agent in found]))


@router.put("/{user_id}/agents")
async def change_agents(user_id: UserId, body: AgentsBody, given: Given, caller: Caller) -> Success[AgentList]:
    """Say which agents an assistant works for, all of them."""
    async with given.database.transaction() as connection:
        found = await attach_agents(connection, user_id, body.agent_ids, caller, given.clock.now())
    return Success(data=AgentList(agents=[UserAnswer.model_validate(agent) for agent in found]))


@router.get("/{user_id}/keys")
async def list_user_keys(user_id: UserId, given: Given, caller: Caller) -> Success[KeyList]:
    """A user's API keys, never the keys themselves."""
    async with given.database.read() as connection:
        found = await find_keys(connection, user_id, caller)
    return Success(data=KeyList(keys=[KeyAnswer.model_validate(key) for key in found]))


@router.delete("/{user_id}/keys/{key_id}", status_code=204)
async def revoke_user_key(user_id: UserId, key_id: KeyId, given: Given, caller: Caller) -> Response:
    """End a user's API key at once."""
    async with given.database.transaction() as connection:
        await revoke_key(connection, user_id, key_id, caller, given.clock.now())
    return Response(status_code=204)


@router.get("/{user_id}/members")
async def list_members(user_id: UserId, given: Given, caller: Caller) -> Success[LinkList]:
    """The members of an MLS a user is, or may be."""
    async with given.database.read() as connection:
        found = await find_links(connection, user_id, caller)
    return Success(data=LinkList(members=[LinkAnswer.model_validate(link) for link in found]))


@router.post("/{user_id}/members", status_code=201)
async def link_member(user_id: UserId, body: LinkBody, given: Given, caller: Caller) -> Success[LinkAnswer]:
    """Say which member of an MLS a user is."""
    async with given.database.transaction() as connection:
        link = await add_link(connection, user_id, body.provider_id, body.member_key, caller, given.clock.now())
    return Success(data=LinkAnswer.model_validate(link))


@router.post("/{user_id}/members/{link_id}/confirm")
async def confirm_member(user_id: UserId, link_id: LinkId, given: Given, caller: Caller) -> Success[LinkAnswer]:
    """Say that a proposal is right."""
    async with given.database.transaction() as connection:
        link = await confirm_link(connection, user_id, link_id, caller, given.clock.now())
    return Success(data=LinkAnswer.model_validate(link))


@router.delete("/{user_id}/members/{link_id}", status_code=204)
async def unlink_member(user_id: UserId, link_id: LinkId, given: Given, caller: Caller) -> Response:
    """Say that a user is not this member; it is not proposed again."""
    async with given.database.transaction() as connection:
        await reject_link(connection, user_id, link_id, caller, given.clock.now())
    return Response(status_code=204)


async def _set_active(user_id: UserId, given: Given, caller: Caller, *, active: bool) -> Success[UserAnswer]:
    async with given.database.transaction() as connection:
        user = await set_active(connection, user_id, caller, given.clock.now(), active=active)
    return Success(data=UserAnswer.model_validate(user))
