"""Password rules, hashing, and that a refused login costs the same for every user."""

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError

from platbook.accounts import passwords
from platbook.accounts.passwords import check_password, hash_password, needs_rehash, verify_password
from platbook.base.errors import InvalidInput, NotAuthenticated
from tests.accounts.conftest import ADDRESS, PASSWORD, AccountsRig


@pytest.mark.parametrize("password", ["", "seven77", "x" * 129, "password", "PassWord"])
def test_an_invalid_password_is_refused_by_field(password: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_password(password)
    assert [problem.field for problem in caught.value.details] == ["password"]


@pytest.mark.parametrize("password", ["eight888", "x" * 128, "пароль из слов", "        "])
def test_a_valid_password(password: str) -> None:
    check_password(password)


async def test_only_the_password_itself_is_accepted() -> None:
    stored = await hash_password("x" * 128)
    assert stored.startswith("$argon2id$")
    assert await verify_password("x" * 128, stored)
    assert not await verify_password("x" * 127, stored)
    assert not await verify_password("x" * 128 + "y", stored), "characters beyond the limit count too"
    assert not await verify_password("x" * 128, "not a hash")


@pytest.fixture
def full_costs(production_hasher: argon2.PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as in production."""
    monkeypatch.setattr(passwords, "hasher", production_hasher)


@pytest.mark.usefixtures("full_costs")
def test_a_weaker_hash_needs_a_rehash() -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("any")
    assert needs_rehash(weak)
    assert not needs_rehash(argon2.PasswordHasher().hash("any"))


def test_passwords_are_hashed_at_the_cost_that_rfc_9106_recommends(production_hasher: argon2.PasswordHasher) -> None:
    costs = production_hasher.time_cost, production_hasher.memory_cost, production_hasher.parallelism
    assert costs == (3, 64 * 1024, 4)


@pytest.mark.usefixtures("full_costs")
async def test_a_login_renews_a_weak_hash(rig: AccountsRig) -> None:
    await rig.add()
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await rig.run_sql("UPDATE users SET password_hash = %(weak)s", weak=weak)
    await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)
    (row,) = await rig.rows("SELECT password_hash FROM users")
    assert not needs_rehash(str(row["password_hash"]))
    await rig.sessions.log_in("ada@example.com", PASSWORD, ADDRESS)


@pytest.mark.parametrize("who", ["ada@example.com", "nobody@example.com", "out@example.com", "no address at all"])
async def test_every_refused_login_does_the_same_work(
    rig: AccountsRig, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.add()
    await rig.add("out@example.com")
    await rig.set_active("out@example.com", active=False)
    worked_on: list[argon2.Parameters] = []
    verify = argon2.PasswordHasher.verify

    def record_verify(hasher: argon2.PasswordHasher, stored: str, password: str) -> bool:
        try:
            return verify(hasher, stored, password)
        except VerifyMismatchError:  # not so a hash that cannot be read, which costs nothing to refuse
            worked_on.append(argon2.extract_parameters(stored))
            raise

    def refuse(_hasher: argon2.PasswordHasher, _password: str) -> str:
        raise AssertionError("a refused login makes no hash")

    same = argon2.extract_parameters(passwords.hasher.hash("any"))
    monkeypatch.setattr(argon2.PasswordHasher, "verify", record_verify)
    monkeypatch.setattr(argon2.PasswordHasher, "hash", refuse)
    with pytest.raises(NotAuthenticated) as caught:
        await rig.sessions.log_in(who, "wrong password", ADDRESS)
    assert (caught.value.code, str(caught.value)) == (
        "INVALID_CREDENTIALS",
        "the e-mail address or the password is wrong",
    )
    assert worked_on == [same]
