"""MLS administration over HTTP: each route's way through, and its refusals."""

import pytest

from tests.api.conftest import Api
from tests.transport.crafted_source import crafted_source, reply

MLS = "/api/v1/admin/mls"
BOARD: dict[str, object] = {
    "providerId": "board",
    "providerName": "The Board",
    "providerType": "MOCK",
    "settings": {"listings": 5},
    "credentials": {"username": "me", "password": "hunter2"},
}


async def _add(api: Api) -> None:
    assert (await api.call("POST", f"{MLS}/providers", json=BOARD)).status_code == 201


async def test_a_provider_is_added_shown_changed_and_removed_without_its_secrets(api: Api) -> None:
    await _add(api)
    shown = await api.call("GET", f"{MLS}/providers/board")
    assert shown.json()["data"]["credentials"] == {"username": "set", "password": "set"}
    assert "hunter2" not in shown.text
    assert (await api.call("POST", f"{MLS}/providers", json=BOARD)).status_code == 409
    changed = {**BOARD, "providerName": "Another"}
    assert (await api.call("PUT", f"{MLS}/providers/board", json=changed)).status_code == 200
    assert len((await api.call("GET", f"{MLS}/providers")).json()["data"]["providers"]) == 1
    assert (await api.call("DELETE", f"{MLS}/providers/board")).status_code in {200, 204}
    assert (await api.call("GET", f"{MLS}/status")).json()["data"]["providers"] == []


async def test_a_sync_is_asked_for_once_and_cancelled(api: Api) -> None:
    await _add(api)
    asked = {"providerId": "board", "syncType": "full"}
    first = await api.call("POST", f"{MLS}/sync", json=asked)
    assert first.status_code == 202
    data = first.json()["data"]
    assert (data["providerId"], data["syncType"], data["status"]) == ("board", "full", "waiting")
    again = await api.call("POST", f"{MLS}/sync", json=asked)
    assert (again.status_code, again.json()["error"]["details"]) == (409, {"syncId": data["syncId"]})
    assert (await api.call("GET", f"{MLS}/status/board")).json()["data"]["state"] == "waiting"
    assert (await api.call("POST", f"{MLS}/sync/board/cancel")).status_code == 202
    assert (await api.call("POST", f"{MLS}/sync/board/cancel")).status_code == 409
    runs = (await api.call("GET", f"{MLS}/history/board?limit=1")).json()["data"]["runs"]
    assert [run["status"] for run in runs] == ["cancelled"]


async def test_switch_and_interval(api: Api) -> None:
    await _add(api)
    off = await api.call("PUT", f"{MLS}/provider/board/toggle", json={"enabled": False})
    assert off.json()["data"]["enabled"] is False
    slow = await api.call("PUT", f"{MLS}/provider/board/interval", json={"intervalHours": 6})
    assert slow.json()["data"]["intervalHours"] == 6


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "sync", {"syncType": "full"}, "providerId"),
        ("POST", "sync", {"providerId": "board", "syncType": "sideways"}, "syncType"),
        ("POST", "sync", {"providerId": "board", "syncType": "full", "colour": 1}, "colour"),
        ("PUT", "provider/board/toggle", {}, "enabled"),
        ("PUT", "provider/board/interval", {"intervalHours": 0.1}, "intervalHours"),
        ("PUT", "provider/board/interval", {"intervalHours": 169}, "intervalHours"),
        ("GET", "history?limit=101", None, "limit"),
        ("GET", "history?limit=0", None, "limit"),
        ("GET", "history?colour=red", None, "colour"),
        ("GET", "statistics?days=0", None, "days"),
        ("GET", "findings/board?kind=odd", None, "kind"),
        ("GET", "findings/board?open=perhaps", None, "open"),
    ],
)
async def test_invalid_requests_name_the_field(
    api: Api, method: str, path: str, body: dict[str, object] | None, field: str
) -> None:
    await _add(api)
    answer = await api.call(method, f"{MLS}/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert field in [detail["field"] for detail in answer.json()["error"]["details"]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "sync", {"providerId": "nobody", "syncType": "full"}),
        ("GET", "status/nobody", None),
        ("GET", "history/nobody", None),
        ("GET", "errors/nobody", None),
        ("GET", "findings/nobody", None),
        ("PUT", "provider/nobody/toggle", {"enabled": True}),
        ("PUT", "provider/nobody/interval", {"intervalHours": 4}),
        ("GET", "providers/nobody", None),
        ("DELETE", "providers/nobody", None),
        ("POST", "providers/nobody/test", None),
        ("POST", "errors/nobody/retry-all", None),
    ],
)
async def test_what_is_not_there_is_not_found(api: Api, method: str, path: str, body: dict[str, object] | None) -> None:
    answer = await api.call(method, f"{MLS}/{path}", json=body)
    assert (answer.status_code, answer.json()["success"]) == (404, False), answer.text


async def test_a_connection_is_tried_and_statistics_and_sweeps_are_told(api: Api) -> None:
    await _add(api)
    tried = (await api.call("POST", f"{MLS}/providers/board/test")).json()["data"]
    assert tried["ok"] is True
    assert "hunter2" not in str(tried)
    for path in ("statistics", "sweeps", "errors/board"):
        assert (await api.call("GET", f"{MLS}/{path}")).status_code == 200, path


@pytest.mark.parametrize("path", ["status", "history", "providers", "sweeps", "statistics"])
async def test_an_agent_may_see_none_of_it(api: Api, path: str) -> None:
    answer = await api.call("GET", f"{MLS}/{path}", who="agent@example.com")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert (await api.call("GET", f"{MLS}/{path}", who=None)).status_code == 401


async def test_what_is_done_about_photos_is_in_the_audit_log(api: Api) -> None:
    await _add(api)
    for path in ("board/retry", "board/reprocess", "gc"):
        assert (await api.call("POST", f"{MLS}/media/{path}")).status_code == 202
    assert (await api.call("POST", f"{MLS}/media/nobody/reprocess")).status_code == 404
    acts = await api.rows("SELECT actor, act, subject_id FROM audit_log WHERE subject_kind = 'photos' ORDER BY id")
    assert [(one["actor"], one["act"], one["subject_id"]) for one in acts] == [
        ("admin@example.com", "photos retried", "board"),
        ("admin@example.com", "photos to be made anew", "board"),
        ("admin@example.com", "store to be cleared", "all"),
    ]


@pytest.mark.parametrize("body", [b"<html>Maintenance</html>", b"\0\xff" * 500, b""])
async def test_a_source_that_answers_garbage_is_a_bad_gateway(api: Api, body: bytes) -> None:
    async with crafted_source(reply(body)) as source:
        settings = {"loginUrl": f"{source.base}/login"}
        added = await api.call("POST", f"{MLS}/providers", json={**BOARD, "providerType": "RETS", "settings": settings})
        assert added.status_code == 201
        answer = await api.call("POST", f"{MLS}/providers/board/discover")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "SOURCE_BROKE_PROTOCOL")
