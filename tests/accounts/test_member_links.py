"""Member links: proposals, decisions, and the listings found by them."""

from dataclasses import replace
from typing import cast

import pytest

from platbook.accounts import User
from platbook.accounts.member_links import (
    add_link,
    confirm_link,
    find_links,
    find_own_listings,
    find_proposals,
    propose_links,
    reject_link,
)
from platbook.accounts.users import UserPatch, update_user
from platbook.base.actor import COMMAND_LINE, Actor, Role, Surface
from platbook.base.errors import NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.listings.listing import Origin
from platbook.listings.search import OwnListings, find_listings, parse_search
from platbook.listings.store import erase_listings
from platbook.reso.fields import SLOT
from tests.accounts.conftest import AccountsRig
from tests.listings.listing_rig import NOW, ListingRig, make_listing

PROVIDER = "listing_rig"


def _actor(user: User, *agents: User) -> Actor:
    return Actor(user.email, user.id, Role(user.role), user.office, user.team, frozenset(one.id for one in agents))


async def _stock(rig: AccountsRig, *listings: tuple[str, dict[str, object]]) -> ListingRig:
    listing_rig = ListingRig(rig.database)
    for key, fields in listings:
        more = {name: value for name, value in fields.items() if name not in SLOT}
        made = make_listing(key, **{name: value for name, value in fields.items() if name in SLOT})
        await listing_rig.put(replace(made, more=more))
    return listing_rig


async def _propose(rig: AccountsRig) -> list[tuple[str, str, str]]:
    async with rig.database.transaction() as connection:
        await propose_links(connection, COMMAND_LINE, rig.clock.now())
        found = await find_proposals(connection, COMMAND_LINE, page=1, limit=100)
    assert found.total == len(found.rows)
    return [(one.email, one.member_key, one.basis) for one in found.rows]


async def _update(rig: AccountsRig, user: User, **changes: str) -> None:
    async with rig.database.transaction() as connection:
        await update_user(connection, user.id, cast("UserPatch", changes), COMMAND_LINE, rig.clock.now())


async def test_members_are_proposed_by_licence_then_address_then_name_and_office(rig: AccountsRig) -> None:
    lic, mail, name, _ = [await rig.add(f"{who}@example.com") for who in ("lic", "mail", "name", "nobody")]
    await _update(rig, lic, license_number="TX-1", first_name="Lee")
    await _update(rig, mail, first_name="Mia")
    await _update(rig, name, first_name="Nia", last_name="Long", office="North")
    await _stock(
        rig,
        ("1", {"ListAgentKey": "A1", "ListAgentStateLicense": "tx-1", "ListAgentEmail": "x@example.com"}),
        ("2", {"ListAgentKey": "A2", "ListAgentEmail": "MAIL@example.com"}),
        ("3", {"ListAgentKey": "A3", "ListAgentFullName": "NIA LONG", "ListOfficeName": "north"}),
        ("4", {"ListAgentKey": "A4", "ListAgentFullName": "Nia Long", "ListOfficeName": "South"}),
        ("5", {"ListAgentKey": "A1", "ListAgentEmail": "lic@example.com"}),
    )
    expected = [
        ("lic@example.com", "A1", "license number"),
        ("mail@example.com", "A2", "email"),
        ("name@example.com", "A3", "name and office"),
    ]
    assert await _propose(rig) == expected
    assert await _propose(rig) == expected, "again is not twice"


async def test_a_decided_link_is_not_proposed_again(rig: AccountsRig) -> None:
    ada, ben = await rig.add("ada@example.com"), await rig.add("ben@example.com")
    await _update(rig, ada, license_number="TX-1")
    await _update(rig, ben, license_number="TX-1")
    await _stock(rig, ("1", {"ListAgentKey": "A1", "ListAgentStateLicense": "TX-1"}))
    assert len(await _propose(rig)) == 2
    async with rig.database.transaction() as connection:
        (link,) = await find_links(connection, ben.id, COMMAND_LINE)
        await reject_link(connection, ben.id, link.id, COMMAND_LINE, rig.clock.now())
        (link,) = await find_links(connection, ada.id, COMMAND_LINE)
        with pytest.raises(NotFound):
            await confirm_link(connection, ben.id, link.id, COMMAND_LINE, rig.clock.now())
        confirmed = await confirm_link(connection, ada.id, link.id, COMMAND_LINE, rig.clock.now())
        assert confirmed.confirmed_by == "command line"
    assert await _propose(rig) == []
    cyd = await rig.add("cyd@example.com")
    await _update(rig, cyd, license_number="TX-1")
    assert await _propose(rig) == [], "somebody is this member already"
    async with rig.database.transaction() as connection:
        await reject_link(connection, ada.id, link.id, COMMAND_LINE, rig.clock.now())
        assert await find_links(connection, ada.id, COMMAND_LINE) == []
    assert [email for email, _, _ in await _propose(rig)] == ["cyd@example.com"]


async def test_a_proposal_alone_gives_no_own_listings(rig: AccountsRig) -> None:
    ada = await rig.add()
    listing_rig = await _stock(
        rig, ("1", {"ListAgentKey": "A1", "ListAgentEmail": ada.email}), ("2", {"ListAgentKey": "A2"})
    )
    await _propose(rig)
    assert await _mine(listing_rig, _actor(ada)) == []
    async with rig.database.transaction() as connection:
        (link,) = await find_links(connection, ada.id, _actor(ada))
        await confirm_link(connection, ada.id, link.id, COMMAND_LINE, rig.clock.now())
    assert await _mine(listing_rig, _actor(ada)) == ["1"]
    (row,) = await rig.rows("SELECT subject_id, details FROM audit_log WHERE act = 'member linked'")
    assert row == {
        "subject_id": str(ada.id),
        "details": {"providerId": link.provider_id, "memberKey": "A1", "basis": "email"},
    }


async def test_a_member_s_name_is_erased_with_its_listings(rig: AccountsRig) -> None:
    ada = await rig.add()
    fields: dict[str, object] = {"ListAgentKey": "A1", "ListAgentEmail": ada.email, "ListAgentFullName": "Ada Moss"}
    listing_rig = await _stock(rig, ("1", fields), ("2", fields))
    await _propose(rig)
    names: list[list[str | None]] = []
    for erased in (None, "1", "2"):
        async with rig.database.transaction() as connection:
            if erased is not None:
                await erase_listings(connection, [listing_rig.ids[erased]], Origin("board", "retention", NOW))
            (link,) = await find_links(connection, ada.id, COMMAND_LINE)
            (proposal,) = (await find_proposals(connection, COMMAND_LINE, page=1, limit=10)).rows
        names.append([link.member_name, proposal.member_name])
    assert names == [["Ada Moss"] * 2, ["Ada Moss"] * 2, [None] * 2]
    assert await rig.rows("SELECT id FROM member_links l WHERE l::text LIKE '%%Moss%%'") == []


async def _mine(listing_rig: ListingRig, actor: Actor, surface: Surface = Surface.INTERNAL) -> list[str]:
    async with listing_rig.database.read() as connection:
        mine = await find_own_listings(connection, actor)
        search = parse_search({"mine": ["true"]}, surface=surface, mine=mine)
        found = await find_listings(connection, search, NOW)
    return sorted(row.document.partition('"listingKey":"')[2].partition('"')[0] for row in found.rows)


async def test_mine_are_those_listed_co_listed_and_made_by_me_and_an_assistant_s_agents(rig: AccountsRig) -> None:
    ada, ben, assistant = [await rig.add(f"{who}@example.com") for who in ("ada", "ben", "assistant")]
    listing_rig = await _stock(
        rig,
        ("listed", {"ListAgentKey": "A1"}),
        ("co-listed", {"ListAgentKey": "B1", "CoListAgentKey": "A1"}),
        ("made", {"ListAgentKey": "C1"}),
        ("another's", {"ListAgentKey": "D1"}),
    )
    await rig.run_sql("UPDATE properties SET author_id = %(id)s WHERE listing_key = 'made'", id=ada.id)
    (provider,) = {str(row["provider_id"]) for row in await rig.rows("SELECT provider_id FROM properties")}
    await rig.run_sql(
        "INSERT INTO member_links (id, user_id, provider_id, member_key, basis, created_at, confirmed_at) VALUES "
        "(gen_random_uuid(), %(ada)s, %(provider)s, 'A1', 'entered', now(), now()),"
        "(gen_random_uuid(), %(ada)s, 'elsewhere', 'D1', 'entered', now(), now()),"
        "(gen_random_uuid(), %(ben)s, %(provider)s, 'B1', 'entered', now(), now())",
        ada=ada.id,
        ben=ben.id,
        provider=provider,
    )
    assert await _mine(listing_rig, _actor(ada)) == ["co-listed", "listed", "made"]
    assert await _mine(listing_rig, _actor(ben)) == ["co-listed"]
    assert await _mine(listing_rig, _actor(assistant)) == []
    assert await _mine(listing_rig, _actor(assistant, ada)) == ["co-listed", "listed", "made"]
    assert await _mine(listing_rig, COMMAND_LINE) == []


async def test_links_are_an_admin_s_to_make_and_one_s_own_to_see(rig: AccountsRig) -> None:
    ada, ben = await rig.add("ada@example.com"), await rig.add("ben@example.com")
    now = rig.clock.now()
    async with rig.database.transaction() as connection:
        with pytest.raises(NotAllowed):
            await add_link(connection, ada.id, PROVIDER, "A1", _actor(ada), now)
        with pytest.raises(NotFound):
            await add_link(connection, ada.id, "no-such-provider", "A1", COMMAND_LINE, now)
        with pytest.raises(NotFound):
            await add_link(connection, new_id(), PROVIDER, "A1", COMMAND_LINE, now)
        with pytest.raises(NotFound):
            await find_links(connection, ada.id, _actor(ben))
        assert await find_links(connection, ada.id, _actor(ada)) == []


def test_mine_is_empty_without_a_user() -> None:
    assert parse_search({"mine": ["true"]}, surface=Surface.PUBLIC).mine == OwnListings()
    assert parse_search({"mine": ["false"]}, surface=Surface.PUBLIC, mine=OwnListings((("a", "b"),))).mine is None
