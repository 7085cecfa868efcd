"""What holds for every route: the envelope, the gate, the table of rights, the description."""

import base64
import hashlib
import html
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from platbook.accounts import add_demo_admin
from platbook.accounts.demo_user import renew_demo_key
from platbook.api import create_api
from platbook.api.route_rights import PUBLIC, RIGHTS
from platbook.base.actor import Role
from platbook.base.rights import ROLES
from tests.api.conftest import Api

PAGE = Path(__file__).resolve().parents[2] / "docs/api.md"


async def _operations(api: Api) -> set[str]:
    document = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()
    return {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in document["paths"].items()
        for method in operations
        if path.startswith("/api/v1") and method != "head"
    }


async def test_the_table_of_rights_names_every_route_and_no_other(api: Api) -> None:
    assert await _operations(api) == set(RIGHTS)


async def test_every_route_refuses_who_may_not(api: Api) -> None:
    for route, right in RIGHTS.items():
        method, path = route.split(" ")
        address = "/api/v1" + re.sub(r"\{[^}]+\}", "01a20cc2-c827-7ea6-9dab-49ecc5a105db", path)
        answer = await api.call(method, address, who=None)
        if right is PUBLIC:
            assert answer.status_code in {400, 404}, route
            continue
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "MISSING_TOKEN"), route
        api.log_in_anew("agent@example.com")
        answer = await api.call(method, address, who="agent@example.com")
        assert (answer.status_code == 403) == (right not in ROLES[Role.AGENT]), (route, answer.text)


async def test_every_route_lets_in_who_may(api: Api) -> None:
    for route, right in RIGHTS.items():
        if right is not PUBLIC:
            method, path = route.split(" ")
            address = "/api/v1" + re.sub(r"\{[^}]+\}", "01a20cc2-c827-7ea6-9dab-49ecc5a105db", path)
            api.log_in_anew("admin@example.com")
            answer = await api.call(method, address)
            assert answer.status_code not in {401, 403, 500}, (route, answer.text)


async def test_every_route_refuses_a_query_word_it_does_not_know(api: Api) -> None:
    taking_any: list[str] = []
    for route in RIGHTS:
        method, path = route.split(" ")
        address = "/api/v1" + re.sub(r"\{[^}]+\}", "01a20cc2-c827-7ea6-9dab-49ecc5a105db", path)
        api.log_in_anew("admin@example.com")
        answer = await api.call(method, f"{address}?noSuchWord=1")
        if "noSuchWord" not in answer.text:
            taking_any.append(route)
        else:
            assert answer.status_code == 400, (route, answer.text)
    assert taking_any == ["GET /auth/oidc/callback"]


async def test_unknown_addresses_and_methods_are_in_the_envelope(api: Api) -> None:
    answer = await api.call("GET", "/api/v1/nothing")
    assert (answer.status_code, answer.json()["success"], answer.json()["error"]["code"]) == (404, False, "NOT_FOUND")
    answer = await api.call("DELETE", "/api/v1/auth/me")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/auth/me", "GET, HEAD, PUT"),
        ("/api/v1/properties", "GET, HEAD, POST"),
        ("/api/v1/properties/01a20cc2-c827-7ea6-9dab-49ecc5a105db", "DELETE, GET, HEAD, PUT"),
        ("/health/live", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_all_the_right_ones(api: Api, path: str, methods: str) -> None:
    answer = await api.call("PATCH", path, who=None)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/properties?city=nowhere", "/api/v1/nothing"])
async def test_a_look_is_answered_as_the_whole_without_its_body(api: Api, path: str) -> None:
    whole, look = await api.call("GET", path), await api.call("HEAD", path)
    assert (look.status_code, look.content) == (whole.status_code, b"")
    assert look.headers["content-length"] == str(len(whole.content))
    assert look.headers.get("etag") == whole.headers.get("etag")


async def test_a_look_may_see_no_more_than_the_whole(api: Api) -> None:
    assert (await api.call("HEAD", "/api/v1/properties", who=None)).status_code == 401


async def test_request_ids_come_back(api: Api) -> None:
    answer = await api.call("GET", "/health/live", who=None, headers={"X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    odd = await api.call("GET", "/health/live", who=None, headers={"X-Request-Id": "a b"})
    assert re.fullmatch(r"[0-9a-f]{32}", odd.headers["x-request-id"])
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_unknown_query_parameters_are_refused_by_name(api: Api) -> None:
    answer = await api.call("GET", "/api/v1/auth/me?colour=red")
    assert answer.json()["error"]["details"] == [{"field": "colour", "message": "is not a known parameter"}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"email": "a\\u0000b", "password": "x"}', 400),
        (b'{"email": "\\ud800", "password": "x"}', 400),
        (b"\xff\xfe", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b'{"email": "\\u0041", "password": ' + b"[" * 300 + b"]" * 300 + b"}", 400),
        (b"[" * 100_000, 400),
        (b'{"email": "a\\\\\\u0000b", "password": "x"}', 400),
        (b'{"email": "typed \\\\u0000", "password": "x"}', 401),
        (b'"' + b"x" * 1_100_000 + b'"', 413),
    ],
)
async def test_bodies_that_are_no_bodies(api: Api, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.call("POST", "/api/v1/auth/login", who=None, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["success"] is False


async def test_a_mistake_of_ours_tells_the_request_id_and_nothing_else(api: Api) -> None:
    await api.run_sql("ALTER TABLE users RENAME TO lost")
    answer = await api.call(
        "POST", "/api/v1/auth/login", who=None, json={"email": "a@b.example", "password": "hunter2"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert answer.headers["x-request-id"] in answer.text
    for word in ("users", "psycopg", "hunter2", "Traceback"):
        assert word not in answer.text


async def test_health(api: Api) -> None:
    assert (await api.call("GET", "/health/live", who=None)).json() == {"status": "ok"}
    assert (await api.call("GET", "/health/ready", who=None)).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("change", "ready", "word"),
    [
        ("DELETE FROM schema_migrations WHERE version = '0002_accounts'", 503, "0002_accounts"),
        ("DROP TABLE schema_migrations", 503, "0001_foundations"),
        ("INSERT INTO schema_migrations (version, sha256) VALUES ('9999_of_a_later_release', 'x')", 200, "ok"),
    ],
)
async def test_ready_means_migrated(api: Api, change: str, ready: int, word: str) -> None:
    await api.run_sql(change)
    answer = await api.call("GET", "/health/ready", who=None)
    assert answer.status_code == ready
    assert word in answer.text
    assert (await api.call("GET", "/health/live", who=None)).status_code == 200


async def test_the_documentation_names_every_route_and_loads_nothing_from_elsewhere(api: Api) -> None:
    page = await api.call("GET", "/api/v1/docs", who=None)
    assert page.status_code == 200
    for route in RIGHTS:
        assert f"<code>/api/v1{route.split(' ')[1]}</code>" in page.text.replace("<wbr>", ""), route
    assert not re.search(r"""(?:src|href|action)=["']?https?:|@import|url\(""", page.text), "an example may name one"


async def test_the_documentation_runs_its_own_script_alone(api: Api) -> None:
    page = await api.call("GET", "/api/v1/docs", who=None)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    for kind, tag in (("script-src", "script"), ("style-src", "style")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
        assert policy[kind] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
    assert (policy["default-src"], policy["connect-src"]) == ("'none'", "'self'")
    assert not re.search(r"""\son\w+=|\sstyle=""", page.text), "neither would be run"


async def test_each_operation_has_a_curl_line_and_a_form(api: Api) -> None:
    page = (await api.call("GET", "/api/v1/docs", who=None)).text
    assert page.count('<form class="trial"') == page.count("<pre>curl ") == page.count("<details>")
    lines = [html.unescape(line) for line in re.findall(r"<pre>(curl .*?)</pre>", page, re.DOTALL)]
    (line,) = [one for one in lines if one.startswith("curl -X POST http://platbook.test/api/v1/leads ")]
    arguments = shlex.split(line)
    body = json.loads(arguments[arguments.index("-d") + 1])
    assert "Authorization: Bearer $TOKEN" in arguments
    assert (await api.call("POST", "/api/v1/leads", json=body)).status_code == 400, "its e-mail addresses are text"


async def test_the_documentation_offers_a_key_in_the_demo_alone(api: Api) -> None:
    assert "pbk_" not in (await api.call("GET", "/api/v1/docs", who=None)).text
    async with api.services.database.transaction() as connection:
        await add_demo_admin(connection, api.clock.now())
        old = await renew_demo_key(connection, api.clock.now())
        key = await renew_demo_key(connection, api.clock.now())
    demo = create_api(replace(api.services, demo_key=key))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(demo), base_url="http://platbook.test") as client:
        assert f'data-key="{key}"' in (await client.get("/api/v1/docs")).text
        statuses = [
            (await client.get("/api/v1/leads", headers={"Authorization": f"Bearer {one}"})).status_code
            for one in (key, old)
        ]
    assert statuses == [200, 401]


async def test_the_page_of_routes_describes_each_as_the_openapi_document_does(api: Api) -> None:
    document = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()
    row = r"^\| (GET|POST|PUT|DELETE) `([^`]+)` \| [^|]* \| (.*?)(?: Query: [^|]*)? \|$"
    described = {(method, path): text for method, path, text in re.findall(row, PAGE.read_text(), re.MULTILINE)}
    assert {f"{method} {path}" for method, path in described} == set(RIGHTS)
    for (method, path), text in described.items():
        operation = document["paths"][f"/api/v1{path}"][method.lower()]
        assert text == " ".join(operation["description"].split()), f"{method} {path}"


async def test_the_description_speaks_of_refusals_as_they_are(api: Api) -> None:
    document = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in json.dumps(document), "what is not valid is answered 400"


async def test_the_description_says_who_may(api: Api) -> None:
    paths = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()["paths"]
    for route, right in RIGHTS.items():
        method, path = route.split(" ")
        operation = paths[f"/api/v1{path}"][method.lower()]
        assert ("security" in operation) == (right is not PUBLIC), route
        assert operation.get("x-roles", []) == [role for role in Role if right in ROLES[role]], route


async def test_each_route_names_just_the_errors_it_can_answer(api: Api) -> None:
    paths = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()["paths"]
    named = {
        code: status
        for status, response in paths["/api/v1/admin/mls/sweeps/{sweep_id}/accept"]["post"]["responses"].items()
        for code in response.get("x-codes", ())
    }
    assert named == {
        "VALIDATION_ERROR": "400", "MISSING_TOKEN": "401", "INVALID_TOKEN": "401", "FORBIDDEN": "403",
        "RATE_LIMITED": "429",
        "SWEEP_NOT_FOUND": "404", "SWEEP_DECIDED": "409", "SYNC_WAITING": "409", "SYNC_RUNNING": "409",
        "INTERNAL_SERVER_ERROR": "500", "UNAVAILABLE": "503",
    }  # fmt: skip
    assert "401" not in paths["/api/v1/auth/register"]["post"]["responses"]
    assert "413" not in paths["/api/v1/properties"]["get"]["responses"]


async def test_every_get_has_a_head(api: Api) -> None:
    paths = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()["paths"]
    for path, operations in paths.items():
        assert ("get" in operations) == ("head" in operations), path
    assert "content" not in paths["/api/v1/properties"]["head"]["responses"]["200"]


async def test_every_field_of_a_listing_is_described(api: Api) -> None:
    created = await api.call(
        "POST", "/api/v1/properties", json={"listPrice": 1, "standardStatus": "Active", "propertyType": "Land"}
    )
    listing = (await api.call("GET", f"/api/v1/properties/{created.json()['data']['id']}")).json()["data"]
    schemas = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()["components"]["schemas"]
    described = schemas["ListingRead"]["properties"]
    assert set(listing) <= set(described)
    for name in ("address", "bathrooms", "listAgent", "features", "schools"):
        assert set(listing[name]) == set(described[name]["properties"]), name
    assert described["standardStatus"]["anyOf"][0]["enum"][:2] == ["Active", "Active Under Contract"]
    assert {"Appliances", "ViewYN"} & set(schemas["FurtherFields"]["properties"]) == {"Appliances"}


async def test_every_operation_has_a_name_of_its_own(api: Api) -> None:
    paths = (await api.call("GET", "/api/v1/openapi.json", who=None)).json()["paths"]
    names = [operation["operationId"] for operations in paths.values() for operation in operations.values()]
    assert sorted(set(names)) == sorted(names)
    assert {"login", "listProperties"} <= set(names)


async def test_the_documentation_tells_who_may_and_what_to_say(api: Api) -> None:
    page = (await api.call("GET", "/api/v1/docs", who=None)).text
    assert "correct horse battery staple" in page
    assert "For admin." in page
    assert "No login is required." in page
