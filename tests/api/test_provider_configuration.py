"""A provider's configuration goes out and comes back, over HTTP and by command; numbers have bounds."""

import json
from pathlib import Path
from typing import cast

import pytest

from platbook.base.errors import InvalidInput
from platbook.connectors.rets.settings import RetsSettings
from platbook.providers.assignments import apply_assignments
from tests.api.conftest import Api
from tests.api.test_command_line_views import RunCommand, command

__all__ = ["command"]

MLS = "/api/v1/admin/mls"
BOARD: dict[str, object] = {
    "providerId": "board",
    "providerName": "The Board",
    "providerType": "RETS",
    "settings": {"loginUrl": "https://rets.test/login", "classes": ["RES"], "trustedHosts": ["b.test"]},
    "credentials": {"username": "me", "password": "hunter2"},
    "fieldMapping": {"LP": "price", "$constants": {"Country": "US"}},
    "scope": {"statuses": ["Active"], "photosPerStatus": {"Closed": 1}},
    "display": {"mls": "The Board"},
    "media": {"headers": {"User-Agent": "{username}"}, "requestsPerSecond": 0.5},
    "retention": "erase",
    "intervalHours": 0.25,
    "allowedAgeHours": 1.5,
    "requestsPerSecond": 2.5,
    "maxRemovalShare": 0.15,
    "enabled": False,
}
BARE: dict[str, object] = {"providerId": "board", "providerName": "The Board", "providerType": "MOCK"}


async def _read(api: Api) -> dict[str, object]:
    return (await api.call("GET", f"{MLS}/providers/board")).json()["data"]


@pytest.mark.parametrize("configuration", [BOARD, BARE])
async def test_what_is_read_of_a_provider_is_taken_as_it_is(api: Api, configuration: dict[str, object]) -> None:
    assert (await api.call("POST", f"{MLS}/providers", json=configuration)).status_code == 201
    before = await _read(api)
    written = await api.call("PUT", f"{MLS}/providers/board", json=before)
    assert written.status_code == 200, written.text
    assert {**(await _read(api)), "updatedAt": None} == {**before, "updatedAt": None}


async def test_a_credential_is_kept_or_written_but_no_placeholder_is_stored(api: Api) -> None:
    copied = {**BOARD, "credentials": {"username": "set", "password": "set"}}
    refused = await api.call("POST", f"{MLS}/providers", json=copied)
    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (400, "credentials.username")
    assert (await api.call("POST", f"{MLS}/providers", json=BOARD)).status_code == 201
    half = {**BOARD, "credentials": {"username": "you", "password": "set"}}
    refused = await api.call("PUT", f"{MLS}/providers/board", json=half)
    assert (refused.status_code, refused.json()["error"]["details"][0]["field"]) == (400, "credentials.password")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"requestsPerSecond": 1e-300}, "requestsPerSecond: must be at least 0.001"),
        ({"requestsPerSecond": 1001}, "requestsPerSecond: must be at most 1000"),
        ({"intervalHours": 0.1}, "intervalHours: must be at least 0.25"),
        ({"allowedAgeHours": 0}, "allowedAgeHours: must be at least 0.25"),
        ({"allowedAgeHours": 9000}, "allowedAgeHours: must be at most 8760"),
        ({"allowedAgeHours": "soon"}, "allowedAgeHours: "),
        ({"maxRemovalShare": 1.5}, "maxRemovalShare: must be at most 1"),
        ({"media": {"requestsPerSecond": 1e-300}}, "media.requestsPerSecond: must be at least 0.001"),
        ({"media": {"requestsPerHour": 10**12}}, "media.requestsPerHour: must be at most 3600000"),
        ({"media": {"bytesPerHour": 10**18}}, "media.bytesPerHour: must be at most"),
        ({"scope": {"photosPerStatus": {"Closed": 10**9}}}, "scope.photosPerStatus.Closed: must be at most 100000"),
    ],
)
async def test_every_number_has_bounds_that_the_refusal_names(
    api: Api, changed: dict[str, object], message: str
) -> None:
    refused = await api.call("POST", f"{MLS}/providers", json={**BOARD, **changed})
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(message)


async def test_the_command_line_writes_what_it_shows_and_sets_single_values(
    api: Api, command: RunCommand, tmp_path: Path
) -> None:
    await api.call("POST", f"{MLS}/providers", json=BOARD)
    shown = await command("provider", "show", "board", "--json")
    before = await _read(api)
    file = tmp_path / "board.json"
    file.write_text(shown)
    await command("provider", "change", "board", str(file))
    assert {**(await _read(api)), "updatedAt": None} == {**before, "updatedAt": None}

    file.write_text(json.dumps({**json.loads(shown), "providerName": "Renamed", "credentials": {}}))
    sets = ("scope.statuses=Pending,Closed", "settings.pageSize=500", "media.requestsPerSecond=null")
    args = [part for one in sets for part in ("--set", one)]
    changed = json.loads(await command("provider", "change", "board", str(file), *args, "--json"))
    assert changed == await _read(api)
    assert changed["providerName"] == "Renamed"
    assert changed["scope"]["statuses"] == ["Pending", "Closed"]
    assert changed["settings"] == {**cast("dict[str, object]", before["settings"]), "pageSize": 500}
    assert changed["media"]["requestsPerSecond"] is None
    assert changed["credentials"] == {"password": "set", "username": "set"}
    file.write_text(json.dumps({**json.loads(shown), "providerId": "another"}))
    with pytest.raises(InvalidInput, match="must be board"):
        await command("provider", "change", "board", str(file))


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("scope.statuses=Active", {"scope": {"statuses": ["Active"]}}),
        (
            'scope.statuses=["Active", "Active Under Contract"]',
            {"scope": {"statuses": ["Active", "Active Under Contract"]}},
        ),
        ("scope.closedSince=2024-01-01", {"scope": {"closedSince": "2024-01-01"}}),
        ("scope.photosPerStatus.Closed=1", {"scope": {"photosPerStatus": {"Closed": 1}}}),
        ("providerName=2024", {"providerName": "2024"}),
        ("enabled=false", {"enabled": False}),
        ("requestsPerSecond=0.5", {"requestsPerSecond": 0.5}),
        ("settings.classes=RES, COM", {"settings": {"classes": ["RES", "COM"]}}),
        ("settings.brokerCode=007", {"settings": {"brokerCode": "007"}}),
        ("settings.pageSize=100", {"settings": {"pageSize": 100}}),
        ('settings.classFields.COM={"keyField": "ID"}', {"settings": {"classFields": {"COM": {"keyField": "ID"}}}}),
        ("settings.classFields.COM.keyField=5", {"settings": {"classFields": {"COM": {"keyField": "5"}}}}),
        ("fieldMapping.LP=price", {"fieldMapping": {"LP": "price"}}),
        ("media.headers.User-Agent=a=b", {"media": {"headers": {"User-Agent": "a=b"}}}),
        ("retention=null", {}),
    ],
)
def test_a_value_is_read_by_the_type_of_its_field(assignment: str, expected: dict[str, object]) -> None:
    assert (
        apply_assignments({"retention": "keep"} if "null" in assignment else {}, [assignment], RetsSettings) == expected
    )


@pytest.mark.parametrize("assignment", ["scope.statuses", "=1", "scope.=1", "credentials.password=hunter2", "a.b=1"])
def test_an_assignment_that_is_none_is_refused_without_its_value(assignment: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        apply_assignments({"a": 1}, [assignment], RetsSettings)
    assert "hunter2" not in str(refused.value)
