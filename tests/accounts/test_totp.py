"""Two-factor authentication by TOTP and recovery codes."""

from datetime import timedelta

import pytest
from pyotp.totp import TOTP

from platbook.accounts import User
from platbook.accounts.auth_throttle import LIMITS, LOGIN
from platbook.accounts.totp import confirm_totp, remove_totp, renew_recovery_codes, set_up_totp
from platbook.base.actor import COMMAND_LINE, Actor, Role
from platbook.base.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound, TooManyAttempts
from platbook.base.ids import new_id
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig

EMAIL = "ada@example.com"
STEP = timedelta(seconds=30)


def _actor(user: User) -> Actor:
    return Actor(user.email, user.id, Role(user.role))


async def _set_up(rig: AccountsRig) -> tuple[Actor, TOTP, list[str]]:
    """Somebody with a device, and recovery codes."""
    ada = _actor(await rig.add())
    async with rig.database.transaction() as connection:
        setup = await set_up_totp(connection, rig.box, ada, rig.clock.now())
    device = TOTP(setup.secret)
    async with rig.database.transaction() as connection:
        codes = await confirm_totp(connection, rig.box, ada, device.at(rig.clock.now()), rig.clock.now())
    rig.clock.advance(STEP)
    return ada, device, codes


async def _try(rig: AccountsRig, code: str | None) -> str:
    try:
        await rig.sessions.log_in(EMAIL, PASSWORD, ADDRESS, code)
    except (NotAuthenticated, TooManyAttempts) as refused:
        return refused.code
    return "in"


async def test_a_login_requires_a_code_once_totp_is_confirmed(rig: AccountsRig) -> None:
    ada = _actor(await rig.add())
    async with rig.database.transaction() as connection:
        setup = await set_up_totp(connection, rig.box, ada, rig.clock.now())
    assert setup.uri == f"otpauth://totp/Platbook:ada%40example.com?secret={setup.secret}&issuer=Platbook"
    assert await _try(rig, None) == "in", "begun is not confirmed"
    async with rig.database.transaction() as connection:
        with pytest.raises(InvalidInput, match="totp"):
            await confirm_totp(connection, rig.box, ada, "000000x", rig.clock.now())
        await confirm_totp(connection, rig.box, ada, TOTP(setup.secret).at(rig.clock.now()), rig.clock.now())
    assert await _try(rig, None) == "TOTP_REQUIRED"
    assert await _try(rig, "123") == "INVALID_CREDENTIALS"
    (stored,) = await rig.rows("SELECT row_to_json(users)::text AS row FROM users")
    assert setup.secret not in str(stored["row"])


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_device_s_clock_may_drift_by_one_step(rig: AccountsRig, steps: int, *, good: bool) -> None:
    _, device, _ = await _set_up(rig)
    rig.clock.advance(2 * STEP)
    code = device.at(rig.clock.now() + steps * STEP)
    assert await _try(rig, f"{code[:3]} {code[3:]}") == ("in" if good else "INVALID_CREDENTIALS")


async def test_a_code_and_earlier_ones_are_not_accepted_again_and_their_refusal_is_audited(rig: AccountsRig) -> None:
    _, device, _ = await _set_up(rig)
    rig.clock.advance(2 * STEP)
    now = rig.clock.now()
    assert await _try(rig, device.at(now)) == "in"
    assert await _try(rig, device.at(now)) == "INVALID_CREDENTIALS"
    assert await _try(rig, device.at(now - STEP)) == "INVALID_CREDENTIALS"
    assert await _try(rig, device.at(now + STEP)) == "in"
    assert await _try(rig, "000000") == "INVALID_CREDENTIALS"
    refused = await rig.rows(
        "SELECT details->>'reason' AS reason FROM audit_log WHERE act = 'login refused' ORDER BY id"
    )
    assert [one["reason"] for one in refused] == ["used code", "used code", "code"]


async def test_a_right_password_without_a_code_clears_no_failures(rig: AccountsRig) -> None:
    await _set_up(rig)
    for _ in range(LIMITS[LOGIN].pair.free):
        assert await _try(rig, None) == "TOTP_REQUIRED", "which is no guess"
        assert await _try(rig, "000000") == "INVALID_CREDENTIALS"
    assert await _try(rig, None) == "RATE_LIMITED"


async def test_a_recovery_code_works_once_however_it_is_typed(rig: AccountsRig) -> None:
    ada, _, codes = await _set_up(rig)
    assert len(set(codes)) == 10
    assert await _try(rig, codes[0].upper().replace("-", " ")) == "in"
    assert await _try(rig, codes[0]) == "INVALID_CREDENTIALS"
    assert await _try(rig, codes[1]) == "in"
    async with rig.database.transaction() as connection:
        fresh = await renew_recovery_codes(connection, ada, rig.clock.now())
    assert await _try(rig, codes[2]) == "INVALID_CREDENTIALS"
    assert await _try(rig, fresh[0]) == "in"
    (stored,) = await rig.rows("SELECT json_agg(recovery_codes)::text AS rows FROM recovery_codes")
    assert not any(code.replace("-", "") in str(stored["rows"]) for code in fresh)


async def test_only_the_owner_or_an_admin_disables_totp(rig: AccountsRig) -> None:
    ada, _, codes = await _set_up(rig)
    other = _actor(await rig.add("other@example.com"))
    async with rig.database.transaction() as connection:
        with pytest.raises(NotAllowed):
            await remove_totp(connection, ada.user_id or new_id(), other, rig.clock.now())
        with pytest.raises(NotFound):
            await remove_totp(connection, new_id(), COMMAND_LINE, rig.clock.now())
        with pytest.raises(Conflict):
            await set_up_totp(connection, rig.box, ada, rig.clock.now())
        await remove_totp(connection, ada.user_id or new_id(), COMMAND_LINE, rig.clock.now())
    assert await _try(rig, None) == "in"
    async with rig.database.transaction() as connection:
        with pytest.raises(Conflict):
            await renew_recovery_codes(connection, ada, rig.clock.now())
        with pytest.raises(Conflict):
            await confirm_totp(connection, rig.box, ada, codes[0], rig.clock.now())
    acts = await rig.rows("SELECT act, actor FROM audit_log WHERE act LIKE 'totp%%' ORDER BY id")
    assert [(row["act"], row["actor"]) for row in acts] == [
        ("totp begun", EMAIL),
        ("totp confirmed", EMAIL),
        ("totp removed", "command line"),
    ]
