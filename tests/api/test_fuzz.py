"""Whatever is sent that the description allows, or nearly allows, no answer is a mistake of the server."""

import os
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar, cast

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from requests import Response

T_co = TypeVar("T_co", covariant=True)

EXAMPLES = int(os.environ.get("PLATBOOK_FUZZ_EXAMPLES", "15"))
SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
PASSWORD = "correct horse battery"
PROGRAM = Path(sys.executable).with_name("platbook")


class Case(Protocol):
    """One call the library thought of."""

    method: str
    formatted_path: str
    query: object
    body: object

    def call(self, *, headers: Mapping[str, str], timeout: float) -> Response: ...


class Operation(Protocol):
    """One route as the library sees it."""

    label: str

    def as_strategy(self) -> SearchStrategy[Case]: ...


class Ok(Protocol[T_co]):
    """A route that could be read."""

    def ok(self) -> T_co: ...


class Description(Protocol):
    """The server's own description of itself."""

    def get_all_operations(self) -> Iterator[Ok[Operation]]: ...


@pytest.fixture
def address(database_url: str) -> Generator[str]:
    """A server as a process, on a database with one administrator."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PLATBOOK_SECRET_KEY": "44" * 32,
        "PLATBOOK_API_RATE": "0",
    }
    name = ["--first-name", "Fuzz", "--last-name", "Er"]
    add = [PROGRAM, "user", "add", "fuzz@example.com", "--role", "admin", "--password-stdin", *name]
    subprocess.run(add, input=PASSWORD, text=True, env=environment, check=True, capture_output=True)
    serve = [PROGRAM, "serve", "--port", str(port)]
    with subprocess.Popen(serve, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def description(address: str) -> Description:
    """What the server says of itself."""
    return cast("Description", schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json", wait_for_schema=30))


def test_no_call_ends_in_a_mistake_of_the_server(address: str, description: Description) -> None:
    login = {"email": "fuzz@example.com", "password": PASSWORD}
    token = httpx2.post(f"{address}/api/v1/auth/login", json=login).json()["data"]["token"]
    headers = {"Authorization": f"Bearer {token}"}
    listing = {"standardStatus": "Active", "propertyType": "Land", "listPrice": 1000, "address": {"city": "Waco"}}
    assert httpx2.post(f"{address}/api/v1/properties", json=listing, headers=headers).status_code == 201
    mistakes: list[str] = []
    operations = [result.ok() for result in description.get_all_operations()]
    operations.sort(key=lambda one: one.label.endswith("/auth/logout"))  # last: it ends the login all others are in
    for operation in operations:
        assert httpx2.get(f"{address}/api/v1/auth/me", headers=headers).status_code == 200, operation.label

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=SLOW)
        @given(case=operation.as_strategy())
        def call(case: Case) -> None:
            answer = case.call(headers=headers, timeout=30)
            if answer.status_code >= 500:
                mistakes.append(f"{answer.status_code} {case.method} {case.formatted_path} {case.query} {case.body}")

        call()
    assert len(operations) > 35
    assert mistakes == []
