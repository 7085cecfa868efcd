"""Clients generated from the OpenAPI document log in, page through a list by cursor, create a listing and find it.

`make clients` installs the generators. If they are not installed, the tests are skipped, except in CI.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.cli.program import PATIENCE, Served

HERE = Path(__file__).parent / "clients"
INSTALLED = Path(sys.prefix) / "clients"
LOGIN = ("admin@example.com", "password")


@dataclass
class Journey:
    """What a client reports of its journey."""

    keys: list[str]
    city: str
    price: float
    status: str
    found: list[str]
    created: str


def find_installed(name: str) -> Path:
    """Where `make clients` put a generator."""
    installed = INSTALLED / name
    if not installed.is_dir():
        reason = f"{name} is not installed; `make clients` does it"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    return installed


def run(*command: str | Path, where: Path, **environment: str) -> str:
    """Run a program to its end; its output."""
    done = subprocess.run(
        command,
        cwd=where,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(report: str, served: Served) -> None:
    """Check a journey: every listing once, and the created one as it was sent."""
    journey = Journey(**json.loads(report))
    with httpx.Client(base_url=f"{served.url}/api/v1", timeout=PATIENCE) as client:
        login = client.post("/auth/login", json=dict(zip(("email", "password"), LOGIN, strict=True))).json()
        client.headers["Authorization"] = f"Bearer {login['data']['token']}"
        listed = client.get("/properties", params={"limit": 100, "providerId": "sample_rets_provider"}).json()
    expected = sorted(one["listingKey"] for one in listed["data"]["properties"])
    assert len(expected) == 50
    assert sorted(set(journey.keys) & set(expected)) == expected
    assert len(set(journey.keys)) == len(journey.keys)
    assert (journey.city, journey.price, journey.status) == ("Austin", 489000, "Active")
    assert journey.created in journey.found


@pytest.fixture
def document(served: Served, tmp_path: Path) -> Path:
    """The OpenAPI document as a file."""
    path = tmp_path / "openapi.json"
    path.write_text(httpx.get(f"{served.url}/api/v1/openapi.json", timeout=PATIENCE).text)
    return path


def test_a_python_client(served: Served, document: Path, tmp_path: Path) -> None:
    installed = find_installed("openapi-python-client")
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    options = ["--meta", "none", "--output-path", tmp_path / "platbook_client", "--config", tmp_path / "config.yml"]
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--path", document, *options]
    run(*generate, where=tmp_path, PYTHONPATH=str(installed))
    path = f"{installed}{os.pathsep}{tmp_path}"
    check(run(sys.executable, HERE / "journey.py", served.url, *LOGIN, where=tmp_path, PYTHONPATH=path), served)


def test_a_typescript_client(served: Served, document: Path, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no Node on this machine")
    modules = find_installed("openapi-typescript") / "node_modules"
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "journey.ts", tmp_path)
    run(modules / ".bin/openapi-typescript", document, "-o", tmp_path / "schema.d.ts", where=tmp_path)
    (tmp_path / "node.d.ts").write_text("declare const process: { argv: string[] };\n")
    options = {"strict": True, "target": "es2022", "module": "nodenext", "lib": ["es2022", "dom"], "types": []}
    (tmp_path / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "files": ["journey.ts", "node.d.ts"]})
    )
    run(modules / ".bin/tsc", where=tmp_path)
    check(run("node", tmp_path / "journey.js", served.url, *LOGIN, where=tmp_path), served)
