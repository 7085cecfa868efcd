"""Logging in and out of every trouble."""

from typing import Any

import httpx2
import pytest

from platbook.accounts import NewUser, UserAssignment, add_user, get_user_by_email, invite, set_active
from platbook.accounts.auth_throttle import LIMITS
from platbook.accounts.auth_throttle import LOGIN as LOGIN_ATTEMPT
from platbook.base.actor import COMMAND_LINE, Role
from platbook.base.errors import InvalidInput
from platbook.base.settings import Settings
from tests.api.conftest import PASSWORD, Api, minutes

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
REFRESH = "/api/v1/auth/refresh"
ME = "/api/v1/auth/me"


async def _add(api: Api, email: str = "ada@example.com", role: Role = Role.AGENT) -> None:
    async with api.services.database.transaction() as connection:
        await add_user(connection, NewUser(email, PASSWORD, "Ada", "Moss", role), COMMAND_LINE, api.clock.now())


async def _try(api: Api, **said: str) -> httpx2.Response:
    body = {"email": "ada@example.com", "password": PASSWORD, **said}
    return await api.call("POST", LOGIN, who=None, json=body)


async def _log_in(api: Api, **said: str) -> dict[str, Any]:
    answer = await _try(api, **said)
    assert answer.status_code == 200
    return answer.json()["data"]


async def test_login_gives_tokens_that_work(api: Api) -> None:
    await _add(api)
    data = await _log_in(api, email="ADA@example.com")
    assert data["token"] == data["accessToken"]
    assert data["expiresIn"] == 1440 * 60
    answer = await api.call("GET", ME, who=None, headers={"Authorization": f"Bearer {data['token']}"})
    user = answer.json()["data"]
    assert (user["email"], user["firstName"], user["role"], user["isActive"]) == (
        "ada@example.com",
        "Ada",
        "agent",
        True,
    )
    assert user["createdAt"].endswith("Z")
    assert "password" not in answer.text.lower()
    assert set(answer.json()) == {"success", "data"}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", LOGIN, 401), ("POST", REFRESH, 400), ("GET", ME, 401), ("GET", LOGIN, 405)]
)
async def test_nothing_about_logins_is_stored_on_the_way(api: Api, method: str, path: str, status: int) -> None:
    body = {"email": "ada@example.com", "password": "x"}
    answer = await api.call(method, path, who=None, json=body)
    assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")


@pytest.mark.parametrize(
    "said",
    [{"password": "wrong"}, {"email": "nobody@example.com"}, {"email": "not an address"}, {"password": "x" * 1000}],
)
async def test_a_wrong_login_is_answered_alike(api: Api, said: dict[str, str]) -> None:
    await _add(api)
    answer = await _try(api, **said)
    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "INVALID_CREDENTIALS",
        "message": "the e-mail address or the password is wrong",
        "details": [],
    }


async def test_logins_refusals_and_log_outs_are_in_the_audit_log_without_what_was_typed(api: Api) -> None:
    await _add(api)
    token = (await _log_in(api))["token"]
    for said in ({"password": "typed wrong"}, {"email": "typed@example.com"}):
        assert (await _try(api, **said)).status_code == 401
    await api.call("POST", "/api/v1/auth/logout", who=None, headers={"Authorization": f"Bearer {token}"})
    first = await _log_in(api)
    await api.call("POST", REFRESH, who=None, json={"refreshToken": first["refreshToken"]})
    await api.call("POST", REFRESH, who=None, json={"refreshToken": first["refreshToken"]})
    async with api.services.database.transaction() as connection:
        ada = await get_user_by_email(connection, "ada@example.com")
        await set_active(connection, ada.id, COMMAND_LINE, api.clock.now(), active=False)
    assert (await _try(api)).status_code == 401
    acts = await api.rows(
        "SELECT actor, act, subject_id, details FROM audit_log WHERE act ~ '^(log|refresh)' ORDER BY id"
    )
    known, address = str(ada.id), acts[0]["details"]["address"]  # pyright: ignore[reportIndexIssue, reportUnknownVariableType] - an object
    assert [(one["actor"], one["act"], one["subject_id"]) for one in acts] == [
        ("ada@example.com", "logged in", known),
        ("somebody", "login refused", known),
        ("somebody", "login refused", "unknown"),
        ("ada@example.com", "logged out", known),
        ("ada@example.com", "logged in", known),
        ("somebody", "refresh token reused", known),
        ("somebody", "login refused", known),
    ]
    assert [one["details"] for one in acts if one["act"] == "login refused"] == [
        {"by": "password", "reason": reason, "address": address} for reason in ("password", "unknown", "disabled")
    ]
    assert "typed" not in str(acts)


async def test_too_many_failures_ask_for_patience_even_of_the_right_password(api: Api) -> None:
    await _add(api)
    for _ in range(LIMITS[LOGIN_ATTEMPT].pair.free):
        assert (await _try(api, password="wrong")).status_code == 401
    answer = await _try(api)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(answer.headers["retry-after"]) <= 901
    api.clock.advance(minutes(16))
    assert (await _try(api)).status_code == 200


async def test_a_refresh_token_is_good_once_and_reuse_ends_the_family(api: Api) -> None:
    await _add(api)
    first = (await _log_in(api))["refreshToken"]
    second = (await api.call("POST", REFRESH, who=None, json={"refreshToken": first})).json()["data"]["refreshToken"]
    assert second != first
    reused = await api.call("POST", REFRESH, who=None, json={"refreshToken": first})
    assert (reused.status_code, reused.json()["error"]["code"]) == (401, "INVALID_TOKEN")
    assert (await api.call("POST", REFRESH, who=None, json={"refreshToken": second})).status_code == 401
    assert (await _try(api)).status_code == 200, "a new login is a new family"


async def test_a_disabled_user_stops_at_once(api: Api) -> None:
    await _add(api)
    data = await _log_in(api)
    async with api.services.database.transaction() as connection:
        ada = await get_user_by_email(connection, "ada@example.com")
        await set_active(connection, ada.id, COMMAND_LINE, api.clock.now(), active=False)
    header = {"Authorization": f"Bearer {data['token']}"}
    assert (await api.call("GET", ME, who=None, headers=header)).status_code == 401
    refresh = {"refreshToken": data["refreshToken"]}
    assert (await api.call("POST", REFRESH, who=None, json=refresh)).status_code == 401
    assert (await _try(api)).status_code == 401


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "MISSING_TOKEN"),
        ("Basic abc", "MISSING_TOKEN"),
        ("Bearer nonsense", "INVALID_TOKEN"),
        ("Bearer", "MISSING_TOKEN"),
    ],
)
async def test_without_a_good_token_nothing_is_shown(api: Api, header: str | None, code: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await api.call("GET", ME, who=None, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


async def test_an_access_token_expires(api: Api) -> None:
    assert (await api.call("GET", ME)).status_code == 200
    api.clock.advance(minutes(1441))
    assert (await api.call("GET", ME)).status_code == 401


REGISTRATION = {"email": "new@example.com", "password": "a long password", "firstName": "New", "lastName": "Agent"}


async def test_registration_needs_an_invitation(api: Api) -> None:
    answer = await api.call("POST", REGISTER, who=None, json=REGISTRATION)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    async with api.services.database.transaction() as connection:
        token = await invite(connection, "new@example.com", UserAssignment(), COMMAND_LINE, api.clock.now())
    stranger = {**REGISTRATION, "email": "else@example.com", "invitationToken": token}
    assert (await api.call("POST", REGISTER, who=None, json=stranger)).status_code == 403
    answer = await api.call("POST", REGISTER, who=None, json={**REGISTRATION, "invitationToken": token})
    assert answer.status_code == 201
    assert answer.json()["data"]["user"]["role"] == "agent"
    again = await api.call("POST", REGISTER, who=None, json={**REGISTRATION, "invitationToken": token})
    assert again.status_code == 403, "an invitation is good once"


async def test_registration_never_makes_an_admin(api: Api) -> None:
    async with api.services.database.transaction() as connection:
        with pytest.raises(InvalidInput, match="role: must not be admin"):
            await invite(connection, "new@example.com", UserAssignment(Role.ADMIN), COMMAND_LINE, api.clock.now())
    answer = await api.call("POST", REGISTER, who=None, json={**REGISTRATION, "role": "admin"})
    assert answer.json()["error"]["details"] == [{"field": "role", "message": "is not a known field"}]


@pytest.mark.parametrize("settings", [Settings(platbook_allow_registration=True)])
async def test_open_registration_and_a_taken_address(api: Api) -> None:
    assert (await api.call("POST", REGISTER, who=None, json=REGISTRATION)).status_code == 201
    answer = await api.call("POST", REGISTER, who=None, json={**REGISTRATION, "email": "NEW@example.com"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "USER_EXISTS")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (LOGIN, {"password": "x"}, "email"),
        (LOGIN, {"email": "a@b.example", "password": "x", "extra": 1}, "extra"),
        (REGISTER, {**REGISTRATION, "password": "short"}, "password"),
        (REGISTER, {**REGISTRATION, "firstName": ""}, "firstName"),
        (LOGIN, {"email": "ada@example.com", "password": "x", "role": "admin"}, "role"),
        (REGISTER, {**REGISTRATION, "invitation_token": "x"}, "invitation_token"),
        (REFRESH, {}, "refreshToken"),
        (REFRESH, {"refreshToken": 5}, "refreshToken"),
    ],
)
async def test_a_bad_body_is_refused_by_field(api: Api, path: str, body: dict[str, object], field: str) -> None:
    answer = await api.call("POST", path, who=None, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [field]
