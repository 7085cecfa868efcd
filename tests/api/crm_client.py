"""Users of two offices, who call the CRM's routes by name."""

from dataclasses import dataclass
from typing import Any, cast

import httpx2

from platbook.accounts import get_user
from platbook.base.actor import Role
from platbook.base.ids import new_id
from platbook.db import Query
from tests.api.conftest import Api

PEOPLE = {
    "admin": (Role.ADMIN, None, None),
    "auditor": (Role.AUDITOR, None, None),
    "manager": (Role.MANAGER, "North", None),
    "lead": (Role.MANAGER, "North", "Elm"),
    "ann": (Role.AGENT, "North", "Elm"),
    "abe": (Role.AGENT, "North", "Oak"),
    "sue": (Role.AGENT, "South", None),
    "boss": (Role.MANAGER, "South", None),
    "assistant": (Role.ASSISTANT, "North", None),
}
"""By name: role, office, team. The assistant works for ann."""


_ADD = Query(
    "add_person",
    "Insert a user without a password, since hashing one is slow.",
    "INSERT INTO users (id, email, first_name, last_name, role, office, team, created_at)"
    " VALUES (%(id)s, %(email)s, 'Test', %(name)s, %(role)s, %(office)s, %(team)s, %(at)s)",
)

Json = dict[str, Any]


@dataclass
class CrmClient:
    """The API, called as one of PEOPLE."""

    api: Api

    async def request(self, method: str, path: str, who: str = "ann", *, json: Json | None = None) -> httpx2.Response:
        body: Json = {} if json is None else {"json": json}
        return await self.api.call(method, f"/api/v1{path}", who=f"{who}@example.com", **body)

    async def get(self, path: str, who: str = "ann") -> Json:
        answer = await self.request("GET", path, who)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def send(self, path: str, who: str = "ann", method: str = "POST", **body: object) -> Json:
        """Send a body that must be accepted; the data of the response."""
        answer = await self.request(method, path, who, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()["data"]

    async def expect_error(
        self, method: str, path: str, who: str = "ann", **body: object
    ) -> tuple[int, str, list[str]]:
        """Send a request that must fail: status, code, invalid fields."""
        answer = await self.request(method, path, who, json=body if body or method in {"POST", "PUT"} else None)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        details = error["details"]
        fields = [one["field"] for one in cast("list[dict[str, str]]", details)] if isinstance(details, list) else []
        return answer.status_code, error["code"], fields

    async def add_lead(self, who: str = "ann", **fields: object) -> Json:
        body: Json = {"lastName": "Lane", **fields}
        return await self.send("/leads", who, **body)

    def id_of(self, who: str) -> str:
        return str(self.api.users[f"{who}@example.com"].id)

    async def outbox(self) -> list[object]:
        return [row["kind"] for row in await self.api.rows("SELECT kind FROM outbox ORDER BY id")]


async def open_crm_client(api: Api) -> CrmClient:
    async with api.services.database.transaction() as connection:
        for name, (role, office, team) in PEOPLE.items():
            user_id = new_id()
            person = {"id": user_id, "email": f"{name}@example.com", "name": name, "role": role, "at": api.clock.now()}
            await connection.run(_ADD, person | {"office": office, "team": team})
            api.users[f"{name}@example.com"] = await get_user(connection, user_id)
    client = CrmClient(api)
    await api.run_sql(
        "INSERT INTO assistant_agents VALUES (%(assistant)s, %(agent)s)",
        assistant=client.id_of("assistant"),
        agent=client.id_of("ann"),
    )
    return client
