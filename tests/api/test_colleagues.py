"""Whose names a user may read: of those who share a lead with them, and of those whom they manage."""

import pytest

from tests.api.conftest import Api
from tests.api.crm_client import CrmClient, open_crm_client


@pytest.fixture
async def crm_client(api: Api) -> CrmClient:
    return await open_crm_client(api)


async def _names(crm_client: CrmClient, who: str) -> list[str]:
    """The last names, which are the names in the tests."""
    users = (await crm_client.get("/users/colleagues", who))["users"]
    assert all(one.keys() == {"id", "name"} for one in users)
    return sorted(one["name"].removeprefix("Test ") for one in users)


async def test_an_agent_reads_the_names_of_those_who_share_a_lead(crm_client: CrmClient) -> None:
    assert await _names(crm_client, "ann") == ["ann"]
    lead = await crm_client.add_lead("ann", email="a@example.com")
    await crm_client.add_lead("abe", email="b@example.com")
    await crm_client.send("/interactions", "manager", leadId=lead["id"], type="Note Added", content="x")
    assert await _names(crm_client, "ann") == ["ann", "manager"]
    assert await _names(crm_client, "abe") == ["abe"]
    await crm_client.send("/tasks", "manager", title="Help", leadId=lead["id"], assignedTo=crm_client.id_of("abe"))
    assert await _names(crm_client, "ann") == ["abe", "ann", "manager"]
    assert await _names(crm_client, "abe") == ["abe", "ann"]
    assert await _names(crm_client, "assistant") == ["abe", "ann", "assistant", "manager"]
    await crm_client.request("DELETE", f"/leads/{lead['id']}", "admin")
    assert await _names(crm_client, "ann") == ["ann"]


async def test_whoever_reads_users_reads_their_names(crm_client: CrmClient) -> None:
    assert await _names(crm_client, "boss") == ["boss", "sue"]
    assert {"ann", "sue", "boss", "auditor"} <= set(await _names(crm_client, "auditor"))
