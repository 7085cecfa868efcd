"""Pages of other origins: allowed by the setting, or by their own key; and what caches may store."""

import pytest

from platbook.base.errors import InvalidInput
from platbook.base.origins import parse_origins
from platbook.base.settings import Settings
from platbook.storage import Access
from tests.api.conftest import Api

APP, SITE, OTHER = "https://app.example.com", "https://www.example.com", "https://evil.example.com"
LISTINGS = "/api/v1/properties"
KEY: dict[str, object] = {"name": "widget", "scopes": ["listings:read"], "surface": "public", "origins": [SITE]}


@pytest.fixture
def settings() -> Settings:
    return Settings(platbook_access_token_minutes=1440, cors_origins=f"{APP}, https://second.example.com")


async def _add_key(api: Api, **changed: object) -> str:
    answer = await api.call("POST", "/api/v1/auth/keys", json=KEY | changed)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["key"])


async def _get_by_key(api: Api, key: str, origin: str) -> str | None:
    answer = await api.call("GET", LISTINGS, who=None, headers={"Authorization": f"Bearer {key}", "Origin": origin})
    assert answer.status_code == 200
    assert "origin" in answer.headers["vary"].lower()
    return answer.headers.get("access-control-allow-origin")


async def test_the_setting_allows_its_origins_everything_and_others_nothing(api: Api) -> None:
    for origin, allowed in ((APP, APP), (OTHER, None), (f"{APP}.evil.com", None), ("null", None)):
        answer = await api.call("GET", LISTINGS, headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in answer.headers
        refused = await api.call("GET", LISTINGS, who=None, headers={"Origin": origin})
        assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (401, allowed)


async def test_a_public_key_is_used_by_pages_of_its_own_origins(api: Api) -> None:
    key, everywhere = await _add_key(api), await _add_key(api, origins=["*"])
    assert await _get_by_key(api, key, SITE) == SITE
    assert await _get_by_key(api, key, OTHER) is None
    assert await _get_by_key(api, key, APP) == APP, "by the setting"
    assert await _get_by_key(api, everywhere, OTHER) == OTHER


async def test_a_page_of_a_key_s_origin_reads_nothing_by_another_login(api: Api) -> None:
    await _add_key(api)
    for who in ("admin@example.com", None):
        path = LISTINGS if who else "/api/v1/auth/oidc/start"
        answer = await api.call("GET", path, who=who, headers={"Origin": SITE})
        is_error = answer.status_code >= 400
        assert answer.headers.get("access-control-allow-origin") == (SITE if is_error else None)


@pytest.mark.parametrize("path", [LISTINGS, "/api/v1/leads/events", "/media/public/aa/b.webp"])
async def test_a_preflight_request_is_answered_for_known_origins_alone(api: Api, path: str) -> None:
    await _add_key(api)
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin in (APP, SITE):
        answer = await api.call("OPTIONS", path, who=None, headers={"Origin": origin, **asked})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, origin)
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    refused = await api.call("OPTIONS", path, who=None, headers={"Origin": OTHER, **asked})
    assert refused.status_code == 405
    assert "access-control-allow-origin" not in refused.headers


async def test_a_revoked_key_s_origins_are_forgotten(api: Api) -> None:
    await _add_key(api)
    (listed,) = (await api.call("GET", "/api/v1/auth/keys")).json()["data"]["keys"]
    assert listed["origins"] == [SITE]
    await api.call("DELETE", f"/api/v1/auth/keys/{listed['id']}")
    asked = {"Origin": SITE, "Access-Control-Request-Method": "GET"}
    assert (await api.call("OPTIONS", LISTINGS, who=None, headers=asked)).status_code == 405


async def test_photos_are_shared_as_listings_are(api: Api) -> None:
    await api.services.storage.put("aa/b.webp", b"webp", Access.PUBLIC, content_type="image/webp")
    for origin, allowed in ((APP, APP), (OTHER, None)):
        answer = await api.call("GET", "/media/public/aa/b.webp", who=None, headers={"Origin": origin})
        assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (200, allowed)
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "changed", [{"surface": "internal"}, {"origins": ["www.example.com"]}, {"origins": ["https://a.test/x"]}]
)
async def test_origins_are_for_public_keys_and_are_origins(api: Api, changed: dict[str, object]) -> None:
    refused = await api.call("POST", "/api/v1/auth/keys", json=KEY | changed)
    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (400, "origins")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://WWW.Example.com/", {"https://www.example.com"}),
        ("https://a.test:443, http://a.test:80", {"https://a.test", "http://a.test"}),
        ("http://localhost:5173,http://[::1]:3000", {"http://localhost:5173", "http://[::1]:3000"}),
        ("*", {"*"}),
        ("", set[str]()),
    ],
)
def test_origins_are_read_as_browsers_write_them(text: str, expected: set[str]) -> None:
    assert parse_origins(text.split(","), "CORS_ORIGINS") == expected


@pytest.mark.parametrize("text", ["a.test", "ftp://a.test", "https://a.test/x", "https://*.a.test", "null"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="CORS_ORIGINS"):
        parse_origins([text], "CORS_ORIGINS")


@pytest.mark.parametrize(
    ("path", "cached"),
    [
        (LISTINGS, "private, no-cache"),
        ("/api/v1/leads", "no-store"),
        ("/api/v1/auth/me", "no-store"),
        ("/api/v1/admin/mls/status", "no-store"),
        ("/api/v1/nothing", "no-store"),
        ("/api/v1/openapi.json", "no-store"),
        ("/health/live", "no-store"),
    ],
)
async def test_only_listings_and_photos_may_be_stored(api: Api, path: str, cached: str) -> None:
    assert (await api.call("GET", path)).headers["cache-control"] == cached


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_short_addresses_lead_to_the_documentation(api: Api, path: str) -> None:
    answer = await api.call("GET", path, who=None)
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/v1/docs")


async def test_the_base_names_the_documentation(api: Api) -> None:
    entry = (await api.call("GET", "/api/v1", who=None)).json()["data"]
    for link in ("docs", "openapi"):
        assert (await api.call("GET", entry[link], who=None)).status_code == 200
