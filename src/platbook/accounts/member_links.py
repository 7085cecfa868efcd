"""Links between users and members of an MLS, by which a search finds a user's own listings (`mine=true`).

A link is a provider and the member's key there. An administrator adds it, or confirms one that was proposed from the
agent fields of listings.
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
from platbook.db.lists import NumberedPage, NumberedSource, PageNumber, find_numbered_page
from platbook.listings.search import OwnListings
from platbook.providers.providers import get_provider

Q = load_queries(__package__ or "platbook.accounts")


@dataclass(frozen=True, slots=True)
class MemberLink:
    """A confirmed or proposed link. `basis` is what it was matched by."""

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
    """A proposed link that awaits a decision."""

    id: UUID
    user_id: UUID
    email: str
    provider_id: str
    member_key: str
    member_name: str | None
    basis: str
    created_at: datetime


_PROPOSALS = NumberedSource(MemberProposal, Q.find_proposals, ("email", "provider_id", "member_key"))


async def find_links(connection: ReadConnection, user_id: UUID, actor: Actor) -> list[MemberLink]:
    """Return a user's links: the actor's own, or those of a user visible to the actor. NotFound."""
    if user_id != actor.user_id:
        await get_visible_user(connection, user_id, actor)
    return await connection.all(MemberLink, Q.find_links, {"user_id": user_id})


async def find_proposals(
    connection: ReadConnection, actor: Actor, *, page: int, limit: int
) -> NumberedPage[MemberProposal]:
    """A page of what waits for a decision, by the user's e-mail address."""
    require(actor, Right.MANAGE_USERS)
    return await find_numbered_page(connection, _PROPOSALS, PageNumber(page, limit))


async def propose_links(connection: WriteConnection, actor: Actor, at: datetime) -> int:
    """Match users without a link against the agents of all listings; returns the number of new proposals."""
    require(actor, Right.MANAGE_USERS)
    count = await connection.run(Q.propose_links, {"at": at})
    await audit.record(connection, actor, "members proposed", AuditSubject("members", "all"), at, {"count": count})
    return count


async def add_link(
    connection: WriteConnection, user_id: UUID, provider_id: str, member_key: str, actor: Actor, at: datetime
) -> MemberLink:
    """Link a user to a member. NotFound: no such user or provider."""
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
    link_id = await connection.value(UUID, Q.add_link, params)
    link = await connection.one(MemberLink, Q.get_link, {"id": link_id, "user_id": user_id})
    await _record(connection, actor, "member linked", link, at)
    return link


async def confirm_link(
    connection: WriteConnection, user_id: UUID, link_id: UUID, actor: Actor, at: datetime
) -> MemberLink:
    """Confirm a proposed link. NotFound."""
    require(actor, Right.MANAGE_USERS)
    await _get_link(connection, user_id, link_id)
    if await connection.run(Q.confirm_link, {"id": link_id, "at": at, "by": actor.name}):
        await _record(connection, actor, "member linked", await _get_link(connection, user_id, link_id), at)
    return await _get_link(connection, user_id, link_id)


async def reject_link(connection: WriteConnection, user_id: UUID, link_id: UUID, actor: Actor, at: datetime) -> None:
    """Reject a proposed link or remove a confirmed one; it is not proposed again. NotFound."""
    require(actor, Right.MANAGE_USERS)
    link = await _get_link(connection, user_id, link_id)
    await connection.run(Q.reject_link, {"id": link_id, "at": at})
    await _record(connection, actor, "member unlinked", link, at)


async def find_own_listings(connection: ReadConnection, actor: Actor) -> OwnListings:
    """Return what makes a listing the actor's own; an assistant's include those of the agents they work for."""
    user_ids = sorted({*actor.agents, *_own_id(actor)})
    rows = await connection.tuples(Q.find_member_keys, {"user_ids": user_ids})
    return OwnListings(tuple((str(provider), str(key)) for provider, key in rows), tuple(user_ids))


def _own_id(actor: Actor) -> Iterable[UUID]:
    return () if actor.user_id is None else (actor.user_id,)


async def _get_link(connection: ReadConnection, user_id: UUID, link_id: UUID) -> MemberLink:
    link = await connection.first(MemberLink, Q.get_link, {"id": link_id, "user_id": user_id})
    if link is None:
        raise NotFound("this user has no member link with this id", code="LINK_NOT_FOUND")
    return link


async def _record(connection: WriteConnection, actor: Actor, act: str, link: MemberLink, at: datetime) -> None:
    details = {"providerId": link.provider_id, "memberKey": link.member_key, "basis": link.basis}
    await audit.record(connection, actor, act, AuditSubject("user", str(link.user_id)), at, details)
