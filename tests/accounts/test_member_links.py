"""Which members of which MLS a user is, and their listings."""

from dataclasses import replace

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
from platbook.accounts.users import update_user
from platbook.base.actor import COMMAND_LINE, Actor, Role, Surface
from platbook.base.errors import NotAllowed, NotFound
from platbook.base.ids import new_id
from platbook.listings.listing import Origin
from platbook.listings.search import OwnListings, find_listings, parse_search
from platbook.listings.store import erase_listings
from platbook.reso.fields import SLOT
from tests.accounts.conftest import Desk
from tests.listings.shelf import NOW, Shelf, make_listing

PROVIDER = "shelf"


def _actor(user: User, *agents: User) -> Actor:
    return Actor(user.email, user.id, Role(user.role), user.office, user.team, frozenset(one.id for one in agents))


async def _stock(desk: Desk, *listings: tuple[str, dict[str, object]]) -> Shelf:
    shelf = Shelf(desk.database)
    for key, fields in listings:
        more = {name: value for name, value in fields.items() if name not in SLOT}
        made = make_listing(key, **{name: value for name, value in fields.items() if name in SLOT})
        await shelf.put(replace(made, more=more))
    return shelf


async def _propose(desk: Desk) -> list[tuple[str, str, str]]:
    async with desk.database.transaction() as connection:
        await propose_links(connection, COMMAND_LINE, desk.clock.now())
        found = await find_proposals(connection, COMMAND_LINE, page=1, limit=100)
    assert found.total == len(found.proposals)
    return [(one.email, one.member_key, one.basis) for one in found.proposals]


async def _say(desk: Desk, user: User, **said: str) -> None:
    async with desk.database.transaction() as connection:
        await update_user(connection, user.id, said, COMMAND_LINE, desk.clock.now())


async def test_members_are_proposed_by_licence_then_address_then_name_and_office(desk: Desk) -> None:
    lic, mail, name, _ = [await desk.add(f"{who}@example.com") for who in ("lic", "mail", "name", "nobody")]
    await _say(desk, lic, license_number="TX-1", first_name="Lee")
    await _say(desk, mail, first_name="Mia")
    await _say(desk, name, first_name="Nia", last_name="Long", office="North")
    await _stock(
        desk,
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
    assert await _propose(desk) == expected
    assert await _propose(desk) == expected, "again is not twice"


async def test_what_was_decided_is_not_proposed_again(desk: Desk) -> None:
    ada, ben = await desk.add("ada@example.com"), await desk.add("ben@example.com")
    await _say(desk, ada, license_number="TX-1")
    await _say(desk, ben, license_number="TX-1")
    await _stock(desk, ("1", {"ListAgentKey": "A1", "ListAgentStateLicense": "TX-1"}))
    assert len(await _propose(desk)) == 2
    async with desk.database.transaction() as connection:
        (link,) = await find_links(connection, ben.id, COMMAND_LINE)
        await reject_link(connection, ben.id, link.id, COMMAND_LINE, desk.clock.now())
        (link,) = await find_links(connection, ada.id, COMMAND_LINE)
        with pytest.raises(NotFound):
            await confirm_link(connection, ben.id, link.id, COMMAND_LINE, desk.clock.now())
        confirmed = await confirm_link(connection, ada.id, link.id, COMMAND_LINE, desk.clock.now())
        assert confirmed.confirmed_by == "command line"
    assert await _propose(desk) == []
    cyd = await desk.add("cyd@example.com")
    await _say(desk, cyd, license_number="TX-1")
    assert await _propose(desk) == [], "somebody is this member already"
    async with desk.database.transaction() as connection:
        await reject_link(connection, ada.id, link.id, COMMAND_LINE, desk.clock.now())
        assert await find_links(connection, ada.id, COMMAND_LINE) == []
    assert [email for email, _, _ in await _propose(desk)] == ["cyd@example.com"]


async def test_a_proposal_alone_makes_nothing_mine(desk: Desk) -> None:
    ada = await desk.add()
    shelf = await _stock(
        desk, ("1", {"ListAgentKey": "A1", "ListAgentEmail": ada.email}), ("2", {"ListAgentKey": "A2"})
    )
    await _propose(desk)
    assert await _mine(shelf, _actor(ada)) == []
    async with desk.database.transaction() as connection:
        (link,) = await find_links(connection, ada.id, _actor(ada))
        await confirm_link(connection, ada.id, link.id, COMMAND_LINE, desk.clock.now())
    assert await _mine(shelf, _actor(ada)) == ["1"]
    (row,) = await desk.rows("SELECT subject_id, details FROM audit_log WHERE act = 'member linked'")
    assert row == {
        "subject_id": str(ada.id),
        "details": {"providerId": link.provider_id, "memberKey": "A1", "basis": "email"},
    }


async def test_what_a_member_is_called_is_erased_with_the_listings_that_say_it(desk: Desk) -> None:
    ada = await desk.add()
    said: dict[str, object] = {"ListAgentKey": "A1", "ListAgentEmail": ada.email, "ListAgentFullName": "Ada Moss"}
    shelf = await _stock(desk, ("1", said), ("2", said))
    await _propose(desk)
    told: list[list[str | None]] = []
    for erased in (None, "1", "2"):
        async with desk.database.transaction() as connection:
            if erased is not None:
                await erase_listings(connection, [shelf.ids[erased]], Origin("board", "retention", NOW))
            (link,) = await find_links(connection, ada.id, COMMAND_LINE)
            (proposal,) = (await find_proposals(connection, COMMAND_LINE, page=1, limit=10)).proposals
        told.append([link.member_name, proposal.member_name])
    assert told == [["Ada Moss"] * 2, ["Ada Moss"] * 2, [None] * 2]
    assert await desk.rows("SELECT id FROM member_links l WHERE l::text LIKE '%%Moss%%'") == []


async def _mine(shelf: Shelf, actor: Actor, surface: Surface = Surface.INTERNAL) -> list[str]:
    async with shelf.database.read() as connection:
        mine = await find_own_listings(connection, actor)
        search = parse_search({"mine": ["true"]}, surface=surface, mine=mine)
        found = await find_listings(connection, search, NOW)
    return sorted(document.partition('"listingKey":"')[2].partition('"')[0] for document in found.documents)


async def test_mine_are_those_listed_co_listed_and_made_by_me_and_an_assistant_s_agents(desk: Desk) -> None:
    ada, ben, assistant = [await desk.add(f"{who}@example.com") for who in ("ada", "ben", "assistant")]
    shelf = await _stock(
        desk,
        ("listed", {"ListAgentKey": "A1"}),
        ("co-listed", {"ListAgentKey": "B1", "CoListAgentKey": "A1"}),
        ("made", {"ListAgentKey": "C1"}),
        ("another's", {"ListAgentKey": "D1"}),
    )
    await desk.run_sql("UPDATE properties SET author_id = %(id)s WHERE listing_key = 'made'", id=ada.id)
    (provider,) = {str(row["provider_id"]) for row in await desk.rows("SELECT provider_id FROM properties")}
    await desk.run_sql(
        "INSERT INTO member_links (id, user_id, provider_id, member_key, basis, created_at, confirmed_at) VALUES "
        "(gen_random_uuid(), %(ada)s, %(provider)s, 'A1', 'entered', now(), now()),"
        "(gen_random_uuid(), %(ada)s, 'elsewhere', 'D1', 'entered', now(), now()),"
        "(gen_random_uuid(), %(ben)s, %(provider)s, 'B1', 'entered', now(), now())",
        ada=ada.id,
        ben=ben.id,
        provider=provider,
    )
    assert await _mine(shelf, _actor(ada)) == ["co-listed", "listed", "made"]
    assert await _mine(shelf, _actor(ben)) == ["co-listed"]
    assert await _mine(shelf, _actor(assistant)) == []
    assert await _mine(shelf, _actor(assistant, ada)) == ["co-listed", "listed", "made"]
    assert await _mine(shelf, COMMAND_LINE) == []


async def test_links_are_an_admin_s_to_make_and_one_s_own_to_see(desk: Desk) -> None:
    ada, ben = await desk.add("ada@example.com"), await desk.add("ben@example.com")
    now = desk.clock.now()
    async with desk.database.transaction() as connection:
        with pytest.raises(NotAllowed):
            await add_link(connection, ada.id, PROVIDER, "A1", _actor(ada), now)
        with pytest.raises(NotFound):
            await add_link(connection, ada.id, "no-such-provider", "A1", COMMAND_LINE, now)
        with pytest.raises(NotFound):
            await add_link(connection, new_id(), PROVIDER, "A1", COMMAND_LINE, now)
        with pytest.raises(NotFound):
            await find_links(connection, ada.id, _actor(ben))
        assert await find_links(connection, ada.id, _actor(ada)) == []


def test_mine_is_nothing_to_nobody() -> None:
    assert parse_search({"mine": ["true"]}, surface=Surface.PUBLIC).mine == OwnListings()
    assert parse_search({"mine": ["false"]}, surface=Surface.PUBLIC, mine=OwnListings((("a", "b"),))).mine is None
