"""Users, invitations, and the demo's administrator."""

from datetime import timedelta

import pytest

from platbook.accounts import (
    NewUser,
    UserAssignment,
    UserFilter,
    add_demo_admin,
    add_user,
    find_users,
    get_user,
    has_demo_password,
    invite,
    set_active,
)
from platbook.accounts.demo_user import EMAIL
from platbook.accounts.demo_user import PASSWORD as DEMO_PASSWORD
from platbook.accounts.invitations import LIFETIME, use_invitation
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotFound
from platbook.base.ids import new_id
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig


async def test_an_email_address_is_stored_in_lower_case_and_unique(rig: AccountsRig) -> None:
    user = await rig.add("Ada@Example.COM", Role.ADMIN)
    assert (user.email, user.role, user.is_active) == ("ada@example.com", Role.ADMIN, True)
    with pytest.raises(Conflict) as caught:
        await rig.add("ADA@example.com")
    assert caught.value.code == "USER_EXISTS"
    async with rig.database.read() as connection:
        assert [one.email for one in (await find_users(connection, COMMAND_LINE, UserFilter())).rows] == [
            "ada@example.com"
        ]


@pytest.mark.parametrize(
    ("user", "field"),
    [
        (NewUser("no address", PASSWORD, "Ada", "Moss"), "email"),
        (NewUser("ada@example.com", "short", "Ada", "Moss"), "password"),
        (NewUser("ada@example.com", DEMO_PASSWORD, "Ada", "Moss"), "password"),
        (NewUser("ada@example.com", PASSWORD, "  ", "Moss"), "firstName"),
        (NewUser("ada@example.com", PASSWORD, "Ada", "M" * 101), "lastName"),
    ],
)
async def test_an_invalid_user_is_refused_by_field(rig: AccountsRig, user: NewUser, field: str) -> None:
    async with rig.database.transaction() as connection:
        with pytest.raises(InvalidInput) as caught:
            await add_user(connection, user, COMMAND_LINE, rig.clock.now())
    assert [problem.field for problem in caught.value.details] == [field]
    assert await rig.rows("SELECT id FROM users") == []


async def test_an_unknown_user_is_not_found(rig: AccountsRig) -> None:
    async with rig.database.transaction() as connection:
        with pytest.raises(NotFound):
            await get_user(connection, new_id())
        with pytest.raises(NotFound):
            await set_active(connection, new_id(), COMMAND_LINE, rig.clock.now(), active=False)


async def test_the_demo_password_is_detected_while_it_can_log_in(rig: AccountsRig) -> None:
    async with rig.database.transaction() as connection:
        assert not await has_demo_password(connection)
        await add_demo_admin(connection, rig.clock.now())
        await add_demo_admin(connection, rig.clock.now())
        assert await has_demo_password(connection)
    tokens = await rig.sessions.log_in(EMAIL, DEMO_PASSWORD, ADDRESS)
    assert tokens.user.role == Role.ADMIN
    await rig.add("another@example.com", Role.ADMIN)
    await rig.set_active(EMAIL, active=False)
    async with rig.database.read() as connection:
        assert not await has_demo_password(connection)


async def test_the_demo_s_address_with_another_password_is_accepted(rig: AccountsRig) -> None:
    await rig.add(EMAIL, Role.ADMIN)
    async with rig.database.read() as connection:
        assert not await has_demo_password(connection)


async def test_an_invitation_is_stored_as_a_hash_and_expires(rig: AccountsRig) -> None:
    async with rig.database.transaction() as connection:
        token = await invite(
            connection, "New@example.com", UserAssignment(Role.MANAGER, "North", "A"), COMMAND_LINE, rig.clock.now()
        )
    (stored,) = await rig.rows("SELECT row_to_json(invitations)::text AS row FROM invitations")
    assert token not in str(stored["row"])
    rig.clock.advance(LIFETIME)
    async with rig.database.transaction() as connection:
        with pytest.raises(NotAllowed):
            await use_invitation(connection, token, "new@example.com", rig.clock.now())
        early = rig.clock.now() - timedelta(seconds=1)
        assert await use_invitation(connection, token, "NEW@example.com", early) == UserAssignment(
            Role.MANAGER, "North", "A"
        )
