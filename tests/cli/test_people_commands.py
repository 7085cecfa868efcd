"""`platbook user` and `platbook key`, beside a server of another process."""

import asyncio
import json
import socket
import time
from collections.abc import Generator
from typing import Any

import httpx2
import pytest

from platbook.db import Database, Query
from tests.cli.program import Program, fresh_home

PASSWORD = "correct horse battery"
NAMES = ["--first-name", "Ada", "--last-name", "Moss"]


@pytest.fixture
def program(database_url: str) -> Generator[Program]:
    """The program on a database of its own."""
    with fresh_home() as home:
        yield Program(home, {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": "44" * 32})


@pytest.fixture
def served(program: Program) -> Generator[str]:
    """Where a server of the same database answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with program.start("serve", "--port", str(port)) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                if httpx2.get(f"{url}/health/ready").status_code == 200:
                    break
            except httpx2.ConnectError:
                time.sleep(0.1)
        yield url
        process.terminate()
        process.communicate()


def _run(program: Program, *args: str, stdin: str | None = None) -> str:
    done = program.run(*args, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _get(served: str, path: str, token: str) -> int:
    return httpx2.get(f"{served}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}).status_code


def _log_in(served: str, password: str) -> Any:  # noqa: ANN401 - JSON
    body = {"email": "ada@example.com", "password": password}
    return httpx2.post(f"{served}/api/v1/auth/login", json=body)


def test_whoever_is_disabled_at_the_command_line_is_out_of_every_server_at_once(program: Program, served: str) -> None:
    _run(program, "user", "add", "ada@example.com", "--role", "admin", "--password-stdin", *NAMES, stdin=PASSWORD)
    _run(program, "user", "add", "ben@example.com", "--role", "admin", "--password-stdin", *NAMES, stdin=PASSWORD)
    token = _log_in(served, PASSWORD).json()["data"]["token"]
    made = json.loads(
        _run(program, "key", "add", "ada@example.com", "--name", "k", "--scope", "listings:read", "--json")
    )
    for credential in (token, made["key"]):
        assert _get(served, "/properties", credential) == 200
    _run(program, "user", "disable", "ada@example.com")
    for credential in (token, made["key"]):
        assert _get(served, "/properties", credential) == 401
    assert program.run("user", "disable", "ben@example.com").returncode != 0, "the last admin stays"
    (key,) = json.loads(_run(program, "key", "list", "ada@example.com", "--json"))["keys"]
    assert (key["id"], key["revokedAt"] is None) == (made["id"], False)


@pytest.mark.parametrize(
    ("tenant", "domains", "setting"),
    [("common", "office.example", "OIDC_EMAIL_TRUST"), ("a-tenant", "", "OIDC_EMAIL_DOMAINS")],
)
def test_a_server_does_not_start_on_addresses_that_prove_nothing(
    program: Program, tenant: str, domains: str, setting: str
) -> None:
    program.environment |= {
        "PLATBOOK_URL": "http://platbook.test",
        "OIDC_ISSUER": f"https://login.microsoftonline.com/{tenant}/v2.0",
        "OIDC_CLIENT_ID": "platbook",
        "OIDC_EMAIL_TRUST": "issuer",
        "OIDC_EMAIL_DOMAINS": domains,
    }
    done = program.run("serve", "--port", "0")
    assert done.returncode == 2
    assert f"{setting}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_user_is_changed_reset_and_linked(program: Program, served: str) -> None:
    _run(program, "user", "add", "ada@example.com", "--password-stdin", *NAMES, stdin=PASSWORD)
    _run(program, "user", "add", "help@example.com", "--role", "assistant", "--password-stdin", *NAMES, stdin=PASSWORD)
    zone = ["--time-zone", "America/Chicago"]
    changed = _run(program, "user", "change", "ada@example.com", "--office", "North [1]", "--team", "A", *zone)
    assert changed == "ada@example.com is agent, of North [1], A, America/Chicago."
    assert "America/Chicago" in _run(program, "user", "list")
    assert "ada@example.com" in _run(program, "user", "agents", "help@example.com", "--agent", "ada@example.com")
    token = _run(program, "user", "reset-link", "ada@example.com")
    reset = {"token": token, "password": "a new long password"}
    assert httpx2.post(f"{served}/api/v1/auth/password/reset", json=reset).status_code == 204
    assert _log_in(served, PASSWORD).status_code == 401
    assert _log_in(served, "a new long password").status_code == 200
    key = json.loads(_run(program, "key", "add", "ada@example.com", "--name", "k", "--scope", "crm:read", "--json"))
    _run(program, "key", "revoke", "ada@example.com", key["id"])
    assert _get(served, "/properties", key["key"]) == 401
    refused = program.run("key", "add", "ada@example.com", "--name", "k", "--scope", "mls:write")
    assert (refused.returncode != 0, "mls:write exceeds the rights of your role" in refused.stderr) == (True, True)
    assert program.run("user", "link", "ada@example.com", "no-such-provider", "A1").returncode != 0


def test_an_invitation_is_listed_withdrawn_and_stands_in_the_audit_log(program: Program) -> None:
    _run(program, "user", "add", "ada@example.com", "--password-stdin", *NAMES, stdin=PASSWORD)
    _run(program, "user", "invite", "bob@example.com", "--role", "auditor", "--office", "North")
    (waiting,) = json.loads(_run(program, "user", "invitations", "--json"))["invitations"]
    assert (waiting["email"], waiting["role"], waiting["office"]) == ("bob@example.com", "auditor", "North")
    _run(program, "user", "withdraw", waiting["id"])
    assert json.loads(_run(program, "user", "invitations", "--json")) == {"invitations": []}
    assert program.run("user", "withdraw", waiting["id"]).returncode == 2
    assert "password alone" in _run(program, "user", "remove-second-factor", "ada@example.com")
    entries = json.loads(_run(program, "audit", "--json", "--limit", "3"))["entries"]
    assert [one["act"] for one in entries] == ["totp removed", "invitation withdrawn", "user invited"]
    about = _run(program, "audit", "--kind", "invitation", "--subject", waiting["id"], "--since", "2020-01-01")
    assert [line.split("\t")[2] for line in about.splitlines()] == ["act", "invitation withdrawn", "user invited"]
    assert json.loads(_run(program, "audit", "--user", "ada@example.com", "--json"))["entries"] == []


async def test_asking_for_a_reset_is_answered_before_anybody_is_looked_up(
    program: Program, served: str, database: Database
) -> None:
    """So neither the answer nor its time can tell who is known: it comes while nobody can read the users at all."""
    _run(program, "user", "add", "ada@example.com", "--password-stdin", *NAMES, stdin=PASSWORD)
    lock = Query("lock", "Keep everybody out of the users.", "LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
    async with httpx2.AsyncClient(base_url=f"{served}/api/v1/auth/password") as client:
        async with database.transaction() as connection:
            await connection.run(lock)
            told = [
                await client.post("/reset-request", json={"email": email})
                for email in ("ada@example.com", "nobody@example.com")
            ]
        assert [(answer.status_code, answer.json()) for answer in told] == [(202, told[0].json())] * 2
    look = Query("look", "What waits to be sent.", "SELECT count(*) FROM outbox")
    sent, tries = 0, 0
    while not sent and (tries := tries + 1) < 200:
        async with database.read() as connection:
            sent = await connection.value(int, look)
        await asyncio.sleep(0.05)
    assert sent == 1
