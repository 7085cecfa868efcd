"""Which members of which MLS a user is, so that "my listings" can be asked for.

A link is a provider and the member's key there. An admin enters it, or confirms one that was proposed from the agent
fields of listings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook import audit
from platbook.accounts.users import get_user, get_visible_user
from platbook.audit import AuditSubject
from platbook.base.actor import Actor
from platbook.base.errors import NotFound
from platbook.base.ids import new_id
from platbook.base.rights import Right, require
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.listings.search import OwnListings
from platbook.providers.providers import get_provider

Q = load_queries(__package__ or "platbook.accounts")


@dataclass(frozen=True, slots=True)
class MemberLink:
    """A member a user is, or is proposed to be. `basis` says how it was found."""

    id: UUID
    user_id: UUID
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str | None


@dataclass(frozen=True, slots=True)
class MemberProposal:
    """A link that waits for a decision."""

    id: UUID
    user_id: UUID
    email: str
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MemberProposals:
    """One page of proposals."""

    proposals: list[MemberProposal]
    total: int


async def find_links(connection: ReadConnection, user_id: UUID, actor: Actor) -> list[MemberLink]:
    """The links of a user: one's own, or of a user one sees. NotFound."""
    if user_id != actor.user_id:
        await get_visible_user(connection, user_id, actor)
    return await connection.all(MemberLink, Q.find_links, {"user_id": user_id})


async def find_proposals(connection: ReadConnection, actor: Actor, *, page: int, limit: int) -> MemberProposals:
    """A page of what waits for a decision, by the user's e-mail address."""
    require(actor, Right.MANAGE_USERS)
    total = await connection.value(int, Q.count_proposals) or 0
    params = {"limit": limit, "offset": (page - 1) * limit}
    return MemberProposals(await connection.all(MemberProposal, Q.find_proposals, params), total)


async def propose_links(connection: WriteConnection, actor: Actor, at: datetime) -> int:
    """Look through the agents of all listings for users who are not linked yet; how many are proposed now."""
    require(actor, Right.MANAGE_USERS)
    count = await connection.run(Q.propose_links, {"at": at})
    await audit.record(connection, actor, "members proposed", AuditSubject("members", "all"), at, {"count": count})
    return count


async def add_link(
    connection: WriteConnection, user_id: UUID, provider_id: str, member_key: str, actor: Actor, at: datetime
) -> MemberLink:
    """Say which member a user is. NotFound: no such user or provider."""
    require(actor, Right.MANAGE_USERS)
    await get_user(connection, user_id)
    await get_provider(connection, provider_id)
    params = {
        "id": new_id(),
        "user_id": user_id,
        "provider_id": provider_id,
        "member_key": member_key,
        "at": at,
        "by": actor.name,
    }
    link_id = await connection.value(UUID, Q.enter_link, params)
    link = await connection.one(MemberLink, Q.get_link, {"id": link_id, "user_id": user_id})
    await _note(connection, actor, "member linked", link, at)
    return link


async def confirm_link(
    connection: WriteConnection, user_id: UUID, link_id: UUID, actor: Actor, at: datetime
) -> MemberLink:
    """Say that a proposal is right. NotFound."""
    require(actor, Right.MANAGE_USERS)
    await _get_link(connection, user_id, link_id)
    if await connection.run(Q.confirm_link, {"id": link_id, "at": at, "by": actor.name}):
        await _note(connection, actor, "member linked", await _get_link(connection, user_id, link_id), at)
    return await _get_link(connection, user_id, link_id)


async def reject_link(connection: WriteConnection, user_id: UUID, link_id: UUID, actor: Actor, at: datetime) -> None:
    """Say that a user is not a member, proposed or linked; it is not proposed again. NotFound."""
    require(actor, Right.MANAGE_USERS)
    link = await _get_link(connection, user_id, link_id)
    await connection.run(Q.refuse_link, {"id": link_id, "at": at})
    await _note(connection, actor, "member unlinked", link, at)


async def find_own_listings(connection: ReadConnection, actor: Actor) -> OwnListings:
    """What is an actor's own among listings: an assistant's are those of the agents they work for too."""
    user_ids = sorted({*actor.agents, *_own(actor)})
    rows = await connection.tuples(Q.find_member_keys, {"user_ids": user_ids})
    return OwnListings(tuple((str(provider), str(key)) for provider, key in rows), tuple(user_ids))


def _own(actor: Actor) -> Iterable[UUID]:
    return () if actor.user_id is None else (actor.user_id,)


async def _get_link(connection: ReadConnection, user_id: UUID, link_id: UUID) -> MemberLink:
    link = await connection.first(MemberLink, Q.get_link, {"id": link_id, "user_id": user_id})
    if link is None:
        raise NotFound("there is no such link", code="LINK_NOT_FOUND")
    return link


async def _note(connection: WriteConnection, actor: Actor, act: str, link: MemberLink, at: datetime) -> None:
    details = {"providerId": link.provider_id, "memberKey": link.member_key, "basis": link.basis}
    await audit.record(connection, actor, act, AuditSubject("user", str(link.user_id)), at, details)
