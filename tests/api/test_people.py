"""People over HTTP: what admins do to users, users to themselves, and programs by keys."""

from typing import Any
from uuid import UUID

import pytest
from pyotp.totp import TOTP

from platbook.accounts.auth_throttle import LIMITS, LOGIN
from platbook.api.route_rights import BASE
from platbook.base.actor import Role
from platbook.jobs.outbox import open_payload
from tests.api.conftest import PASSWORD, Api, minutes

NEW: dict[str, Any] = {"email": "new@example.com", "password": PASSWORD, "firstName": "Nia", "lastName": "Long"}
HOUSE: dict[str, Any] = {"standardStatus": "Active", "propertyType": "Residential", "listPrice": 1}


async def _ask(
    api: Api, method: str, path: str, status: int, *, who: str | None = "admin@example.com", **body: object
) -> Any:  # noqa: ANN401 - JSON
    answer = await api.call(method, BASE + path, who=who, **_json(body))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def _make(api: Api, email: str, **said: object) -> str:
    body: dict[str, Any] = {**NEW, "email": email, **said}
    made = await _ask(api, "POST", "/users", 201, **body)
    return made["data"]["id"]


async def _log_in(api: Api, email: str, status: int = 200, **said: str) -> dict[str, Any]:
    body: dict[str, Any] = {"email": email, "password": PASSWORD, **said}
    answer = await _ask(api, "POST", "/auth/login", status, who=None, **body)
    return answer["data"] if status == 200 else answer["error"]


async def _by(api: Api, token: str, method: str, path: str, **body: object) -> int:
    header = {"Authorization": f"Bearer {token}"}
    return (await api.call(method, BASE + path, who=None, headers=header, **_json(body))).status_code


def _json(body: dict[str, object]) -> dict[str, Any]:
    return {"json": body} if body else {}


async def test_a_user_is_made_found_changed_and_kept_out(api: Api) -> None:
    user_id = await _make(api, "new@example.com", role="manager", office="North", team="A", licenseNumber="TX-1")
    assert (await _ask(api, "POST", "/users", 409, **NEW))["error"]["code"] == "USER_EXISTS"
    shown = (await _ask(api, "GET", f"/users/{user_id}", 200))["data"]
    assert (shown["role"], shown["office"], shown["team"], shown["licenseNumber"]) == ("manager", "North", "A", "TX-1")
    changed = (await _ask(api, "PUT", f"/users/{user_id}", 200, team=None, email="NIA@example.com"))["data"]
    assert (changed["office"], changed["team"], changed["email"]) == ("North", None, "nia@example.com")
    for query, found in (
        ("search=NIA", 1),
        ("role=manager&office=North", 1),
        ("office=South", 0),
        ("isActive=false", 0),
    ):
        page = (await _ask(api, "GET", f"/users?{query}", 200))["data"]
        assert (len(page["users"]), page["pagination"]["total"]) == (found, found), query
    login = await _log_in(api, "nia@example.com")
    key = (
        await api.call(
            "POST",
            f"{BASE}/auth/keys",
            who=None,
            headers={"Authorization": f"Bearer {login['token']}"},
            json={"name": "k", "scopes": ["listings:read"]},
        )
    ).json()["data"]["key"]
    assert await _by(api, key, "GET", "/properties") == 200
    await _ask(api, "POST", f"/users/{user_id}/disable", 200)
    assert await _by(api, key, "GET", "/properties") == 401
    assert await _by(api, login["token"], "GET", "/auth/me") == 401
    assert (
        await api.call("POST", f"{BASE}/auth/refresh", who=None, json={"refreshToken": login["refreshToken"]})
    ).status_code == 401
    await _log_in(api, "nia@example.com", 401)
    await _ask(api, "POST", f"/users/{user_id}/enable", 200)
    assert await _by(api, login["token"], "GET", "/auth/me") == 401, "what ended, ended for good"
    assert await _by(api, key, "GET", "/properties") == 401
    await _log_in(api, "nia@example.com")


async def test_the_last_admin_stays(api: Api) -> None:
    me = (await _ask(api, "GET", "/auth/me", 200))["data"]["id"]
    tried: list[tuple[str, str, dict[str, Any]]] = [("POST", "/disable", {}), ("PUT", "", {"role": "agent"})]
    for method, path, body in tried:
        answer = await _ask(api, method, f"/users/{me}{path}", 409, **body)
        assert answer["error"]["code"] == "LAST_ADMIN"
    await _make(api, "second@example.com", role="admin")
    await _ask(api, "PUT", f"/users/{me}", 200, role="agent")
    await _ask(api, "GET", "/users", 403)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": None}, "email"),
        ({"role": "king"}, "role"),
        ({"role": None}, "role"),
        ({"firstName": " "}, "firstName"),
        ({"office": "x" * 101}, "office"),
        ({"isActive": False}, "isActive"),
    ],
)
async def test_what_cannot_be_of_a_user_is_refused_by_name(api: Api, said: dict[str, Any], field: str) -> None:
    user_id = await _make(api, "new@example.com")
    answer = await _ask(api, "PUT", f"/users/{user_id}", 400, **said)
    assert [problem["field"] for problem in answer["error"]["details"]] == [field]


MANY: list[dict[str, Any]] = [
    {"email": "one@example.com", "role": "manager", "office": "North", "timeZone": "America/Denver"},
    {"email": "taken@example.com"},
    {"email": "nobody"},
    {"role": "agent"},
    {"email": "two@example.com", "role": "king"},
    {"email": "two@example.com"},
]
AS_CSV = """\
Email,Role,Office,TimeZone
one@example.com,manager,North,America/Denver
taken@example.com,,
nobody,,
,agent,
two@example.com,king,
two@example.com,,
"""


@pytest.mark.parametrize("csv", [False, True])
async def test_several_are_invited_by_a_list_or_a_file(api: Api, *, csv: bool) -> None:
    await _make(api, "taken@example.com")
    sent: dict[str, Any] = {"json": MANY}
    if csv:
        sent = {"content": AS_CSV, "headers": {"Content-Type": "text/csv; charset=utf-8"}}
    answer = await api.call("POST", f"{BASE}/users/invitations", **sent)
    assert answer.status_code == 200, answer.text
    outcome = answer.json()["data"]
    assert [(one["email"], one["role"]) for one in outcome["invitations"]] == [
        ("one@example.com", "manager"),
        ("two@example.com", "agent"),
    ]
    refused = [(one["row"], one["email"], one["code"]) for one in outcome["refused"]]
    assert refused == [
        (2, "taken@example.com", "USER_EXISTS"),
        (3, "nobody", "VALIDATION_ERROR"),
        (4, "", "VALIDATION_ERROR"),
        (5, "two@example.com", "VALIDATION_ERROR"),
    ]
    token = outcome["invitations"][0]["invitationToken"]
    register = {**NEW, "email": "one@example.com", "invitationToken": token}
    user = (await _ask(api, "POST", "/auth/register", 201, who=None, **register))["data"]["user"]
    assert (user["role"], user["office"], user["timeZone"]) == ("manager", "North", "America/Denver")


async def test_what_is_no_list_of_invitations_is_refused(api: Api) -> None:
    await _make(api, "taken@example.com")
    assert (await _ask(api, "POST", "/users/invitations", 409, email="taken@example.com"))["error"]["code"] == (
        "USER_EXISTS"
    )
    csv = {"Content-Type": "text/csv"}
    cases: list[dict[str, Any]] = [
        {"json": []},
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        {"content": b"name\nx\n", "headers": csv},
        {"content": b"email\n\xff\n", "headers": csv},
        {"content": b'email\n"x\n', "headers": csv},
    ]
    for sent in cases:
        answer = await api.call("POST", f"{BASE}/users/invitations", **sent)
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "body")


async def test_an_invitation_is_made_listed_used_and_taken_back(api: Api) -> None:
    asked: dict[str, Any] = {"email": "new@example.com", "role": "manager", "office": "North", "team": "A"}
    asked["timeZone"] = "America/Denver"
    made = (await _ask(api, "POST", "/users/invitations", 201, **asked))["data"]
    await _ask(api, "POST", "/users/invitations", 400, email="x@example.com", role="admin")
    listed = await api.call("GET", f"{BASE}/users/invitations")
    assert [(one["email"], one["timeZone"]) for one in listed.json()["data"]["invitations"]] == [
        ("new@example.com", "America/Denver")
    ]
    assert made["invitationToken"] not in listed.text
    assert listed.headers["cache-control"] == "no-store"
    user = (await _ask(api, "POST", "/auth/register", 201, who=None, **NEW, invitationToken=made["invitationToken"]))[
        "data"
    ]["user"]
    assert (user["role"], user["office"], user["team"]) == ("manager", "North", "A")
    assert user["timeZone"] == "America/Denver"
    again = (await _ask(api, "POST", "/users/invitations", 201, email="two@example.com"))["data"]
    (waiting,) = (await _ask(api, "GET", "/users/invitations", 200))["data"]["invitations"]
    await _ask(api, "DELETE", f"/users/invitations/{waiting['id']}", 204)
    await _ask(api, "DELETE", f"/users/invitations/{waiting['id']}", 404)
    register = {**NEW, "email": "two@example.com", "invitationToken": again["invitationToken"]}
    await _ask(api, "POST", "/auth/register", 403, who=None, **register)
    late = (await _ask(api, "POST", "/users/invitations", 201, email="three@example.com"))["data"]
    api.clock.advance(minutes(24 * 60))
    register = {**NEW, "email": "three@example.com", "invitationToken": late["invitationToken"]}
    await _ask(api, "POST", "/auth/register", 403, who=None, **register)


async def test_a_forgotten_password_is_reset_by_the_mailbox_alone(api: Api) -> None:
    await _make(api, "new@example.com")
    login = await _log_in(api, "new@example.com")
    told = [
        await _ask(api, "POST", "/auth/password/reset-request", 202, who=None, email=email)
        for email in ("new@example.com", "nobody@example.com")
    ]
    assert told[0] == told[1]
    (event,) = await api.rows("SELECT id, sealed FROM outbox")
    mail = open_payload(UUID(str(event["id"])), bytes(event["sealed"]), api.services.box)  # pyright: ignore[reportArgumentType] - bytea
    assert (mail["email"], str(mail["token"]) in str(told)) == ("new@example.com", False)
    reset = {"token": mail["token"], "password": "a new long password"}
    await _ask(api, "POST", "/auth/password/reset", 204, who=None, **reset)
    await _ask(api, "POST", "/auth/password/reset", 403, who=None, **reset)
    assert await _by(api, login["token"], "GET", "/auth/me") == 401
    await _log_in(api, "new@example.com", 401)
    await _log_in(api, "new@example.com", password="a new long password")


async def test_resets_are_asked_for_only_so_often(api: Api) -> None:
    for _ in range(LIMITS[LOGIN].pair.free):
        await _ask(api, "POST", "/auth/password/reset-request", 202, who=None, email="nobody@example.com")
    await _ask(api, "POST", "/auth/password/reset-request", 429, who=None, email="NOBODY@example.com")
    await _make(api, "new@example.com")
    await _log_in(api, "new@example.com")


async def test_an_admin_s_reset_goes_to_the_user_alone(api: Api) -> None:
    user_id = await _make(api, "new@example.com", password=None)
    answer = await _ask(api, "POST", f"/users/{user_id}/reset", 202)
    (event,) = await api.rows("SELECT id, sealed FROM outbox")
    mail = open_payload(UUID(str(event["id"])), bytes(event["sealed"]), api.services.box)  # pyright: ignore[reportArgumentType] - bytea
    assert str(mail["token"]) not in str(answer)
    await _ask(api, "POST", "/auth/password/reset", 204, who=None, token=mail["token"], password=PASSWORD)
    await _log_in(api, "new@example.com")


async def test_a_second_factor_from_setup_to_removal(api: Api) -> None:
    user_id = await _make(api, "new@example.com")
    api.users["new@example.com"] = await _user(api, user_id)
    me = "new@example.com"
    await _ask(api, "POST", "/auth/totp", 401, who=me, password="wrong password")
    setup = (await _ask(api, "POST", "/auth/totp", 201, who=me, password=PASSWORD))["data"]
    device = TOTP(setup["secret"])
    await _ask(api, "POST", "/auth/totp/confirm", 400, who=me, totp="nonsense")
    codes = (await _ask(api, "POST", "/auth/totp/confirm", 200, who=me, totp=device.at(api.clock.now())))["data"]
    assert len(codes["recoveryCodes"]) == 10
    assert (await _log_in(api, me, 401))["code"] == "TOTP_REQUIRED"
    api.clock.advance(minutes(1))
    code = device.at(api.clock.now())
    assert (await _log_in(api, me, totp=code))["user"]["hasTotp"] is True
    assert (await _log_in(api, me, 401, totp=code))["code"] == "INVALID_CREDENTIALS"
    await _log_in(api, me, totp=codes["recoveryCodes"][0])
    await _ask(api, "POST", "/auth/totp/remove", 401, who=me, password=PASSWORD)
    api.clock.advance(minutes(1))
    proof = {"password": PASSWORD, "totp": device.at(api.clock.now())}
    await _ask(api, "POST", "/auth/totp/remove", 204, who=me, **proof)
    await _log_in(api, me)
    await _ask(api, "DELETE", f"/users/{user_id}/totp", 204)


async def _user(api: Api, user_id: str) -> Any:  # noqa: ANN401 - the accounts' own
    from platbook.accounts import get_user  # noqa: PLC0415 - one use

    async with api.services.database.read() as connection:
        return await get_user(connection, UUID(user_id))


async def test_logging_out_ends_the_access_token_too(api: Api) -> None:
    await _make(api, "new@example.com")
    here, there = await _log_in(api, "new@example.com"), await _log_in(api, "new@example.com")
    assert await _by(api, here["token"], "POST", "/auth/logout") == 204
    assert await _by(api, here["token"], "GET", "/auth/me") == 401
    assert await _by(api, there["token"], "GET", "/auth/me") == 200
    change = {"password": PASSWORD, "newPassword": "a new long password"}
    third = await _log_in(api, "new@example.com")
    assert await _by(api, third["token"], "POST", "/auth/password", **change) == 204
    assert await _by(api, there["token"], "GET", "/auth/me") == 401
    assert await _by(api, third["token"], "GET", "/auth/me") == 200


async def test_a_key_is_shown_once_and_listed_without_itself(api: Api) -> None:
    until = "2026-01-03T12:00:00Z"
    asked: dict[str, Any] = {"name": "website", "scopes": ["listings:read"], "surface": "public", "expiresAt": until}
    made = (await _ask(api, "POST", "/auth/keys", 201, **asked))["data"]
    listed = await api.call("GET", f"{BASE}/auth/keys")
    (key,) = listed.json()["data"]["keys"]
    assert (key["id"], key["surface"], key["expiresAt"], key["lastUsedAt"]) == (made["id"], "public", until, None)
    assert made["key"] not in listed.text
    assert await _by(api, made["key"], "GET", "/properties") == 200
    assert await _by(api, made["key"], "GET", "/auth/me") == 403
    assert await _by(api, made["key"], "POST", "/properties", **HOUSE) == 403
    await _ask(api, "DELETE", f"/auth/keys/{made['id']}", 204)
    assert await _by(api, made["key"], "GET", "/properties") == 401


async def test_what_people_do_is_in_the_audit_log_without_secrets(api: Api) -> None:
    user_id = await _make(api, "new@example.com")
    await _ask(api, "PUT", f"/users/{user_id}", 200, role="manager", firstName="Another")
    key = (await _ask(api, "POST", "/auth/keys", 201, name="k", scopes=["mls:write"]))["data"]
    provider: dict[str, Any] = {
        "providerId": "board",
        "providerName": "B",
        "providerType": "MOCK",
        "credentials": {"password": "hunter2"},
    }
    await _ask(api, "POST", "/admin/mls/providers", 201, **provider)
    assert await _by(api, key["key"], "POST", "/admin/mls/sync", providerId="board", syncType="full") == 202
    log = await api.call("GET", f"{BASE}/audit?limit=100")
    entries = {entry["act"]: entry for entry in log.json()["data"]["entries"]}
    assert entries["user changed"]["details"] == {"fields": ["first_name", "role"], "role": ["agent", "manager"]}
    assert entries["user changed"]["subjectId"] == user_id
    assert entries["sync started"]["keyId"] == key["id"]
    assert entries["provider added"]["subjectId"] == "board"
    for secret in ("hunter2", PASSWORD, key["key"]):
        assert secret not in log.text
    found = (await _ask(api, "GET", f"/audit?subjectKind=user&subjectId={user_id}&act=user%20added", 200))["data"]
    assert [entry["act"] for entry in found["entries"]] == ["user added"]
    me = (await _ask(api, "GET", "/auth/me", 200))["data"]["id"]
    mine = (await _ask(api, "GET", f"/audit?userId={me}&limit=1", 200))["data"]
    assert (len(mine["entries"]), mine["pagination"]["total"]) == (1, 5)


async def test_an_act_that_fails_is_not_in_the_audit_log(api: Api) -> None:
    await _make(api, "new@example.com")
    await _ask(api, "POST", "/users", 409, **NEW)
    assert len(await api.rows("SELECT * FROM audit_log WHERE act = 'user added' AND actor = 'admin@example.com'")) == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [("author@x.example", 200), ("admin@example.com", 200), ("boss@x.example", 200), ("helper@x.example", 200),
     ("colleague@x.example", 403), ("faraway@x.example", 403), ("auditor@x.example", 403)],
)  # fmt: skip
async def test_a_local_listing_is_changed_by_whoever_writes_for_its_author(api: Api, who: str, status: int) -> None:
    people: dict[str, dict[str, Any]] = {
        "author@x.example": {"office": "North", "team": "A"},
        "boss@x.example": {"role": Role.MANAGER, "office": "North", "team": "B"},
        "helper@x.example": {"role": Role.ASSISTANT},
        "colleague@x.example": {"office": "North", "team": "A"},
        "faraway@x.example": {"role": Role.MANAGER, "office": "South"},
        "auditor@x.example": {"role": Role.AUDITOR},
    }
    ids = {email: await _make(api, email, **said) for email, said in people.items()}
    for email, user_id in ids.items():
        api.users[email] = await _user(api, user_id)
    await _ask(api, "PUT", f"/users/{ids['helper@x.example']}/agents", 200, agentIds=[ids["author@x.example"]])
    made = (await _ask(api, "POST", "/properties", 201, who="helper@x.example", **HOUSE))["data"]
    (row,) = await api.rows("SELECT author_id FROM properties")
    assert str(row["author_id"]) == ids["author@x.example"], "an assistant's listing is their agent's"
    await _ask(api, "PUT", f"/properties/{made['id']}", status, who=who, listPrice=2)
    mine = (await _ask(api, "GET", "/properties?mine=true", 200, who=who))["data"]["properties"]
    assert len(mine) == (1 if who in {"author@x.example", "helper@x.example"} else 0)


async def test_a_listing_is_made_for_those_one_writes_for_and_nobody_else(api: Api) -> None:
    near = await _make(api, "near@example.com", office="North")
    far = await _make(api, "far@example.com", office="South")
    for email, said in {"boss": {"role": "manager", "office": "North"}, "helper": {"role": "assistant"}}.items():
        api.users[email] = await _user(api, await _make(api, f"{email}@example.com", **said))
    await _ask(api, "POST", "/properties", 201, who="boss", **HOUSE, authorId=near)
    await _ask(api, "POST", "/properties", 403, who="boss", **HOUSE, authorId=far)
    await _ask(api, "POST", "/properties", 400, who="helper", **HOUSE)
    await _ask(api, "POST", "/properties", 403, who="helper", **HOUSE, authorId=near)
    await _ask(api, "POST", "/properties", 400, **HOUSE, authorId="nobody")
    await _ask(api, "POST", "/properties", 403, **HOUSE, authorId="01a20cc2-c827-7ea6-9dab-49ecc5a105db")
