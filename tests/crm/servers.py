"""Server processes on one database, as a machine under load has them."""

import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2

PROGRAM = Path(sys.executable).with_name("platbook")
PASSWORD = "correct horse battery"
PATIENCE = 60


def environment(database_url: str) -> dict[str, str]:
    """What a process needs to work on a database; a test may send as much as it likes."""
    needed = {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": "44" * 32, "PLATBOOK_API_RATE": "0"}
    return {**os.environ, **needed}


@contextmanager
def served(database_url: str, count: int) -> Generator[list[str]]:
    """So many servers; their addresses, once each answers."""
    with ExitStack() as stack:
        addresses: list[str] = []
        for _ in range(count):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            command = [PROGRAM, "serve", "--port", str(port)]
            server = stack.enter_context(
                subprocess.Popen(
                    command, env=environment(database_url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            stack.callback(server.terminate)
            addresses.append(f"http://127.0.0.1:{port}")
        transport = httpx2.HTTPTransport(retries=10)
        with httpx2.Client(transport=transport, timeout=PATIENCE) as client:
            for address in addresses:
                assert client.get(f"{address}/health/ready").status_code == 200
        yield addresses


def log_in(address: str, email: str) -> dict[str, str]:
    """The headers of somebody's calls."""
    login = {"email": email, "password": PASSWORD}
    answer = httpx2.post(f"{address}/api/v1/auth/login", json=login, timeout=PATIENCE)
    return {"Authorization": f"Bearer {answer.json()['data']['token']}"}
