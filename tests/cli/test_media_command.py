"""The demo with its photos, and `platbook media` beside it."""

import json
import time
from collections.abc import Generator
from contextlib import closing
from typing import cast

import httpx2 as httpx
import pytest

from tests.cli.program import PATIENCE, Program, Served, fresh_home, start_serving

BOXES = {"thumbnail": (200, 150), "medium": (800, 600), "large": (1920, 1440)}
WEBP = b"RIFF", b"WEBP"


@pytest.fixture(scope="module", params=[pytest.param("5"), pytest.param("50", marks=pytest.mark.soak)])
def photographed(request: pytest.FixtureRequest) -> Generator[Served]:
    """A demo that serves, with photos."""
    with fresh_home() as home:
        program = Program(home, environment={"PLATBOOK_PHOTO_BATCHES": "2"})
        served = start_serving(program, "demo", "--port", "0", "--listings", str(request.param))
        try:
            yield served
        finally:
            if served.process.poll() is None:
                served.interrupt()


def log_in(served: Served) -> httpx.Client:
    client = httpx.Client(base_url=f"{served.url}/api/v1", timeout=PATIENCE)
    login = client.post("/auth/login", json={"email": "admin@example.com", "password": "password"})
    client.headers["Authorization"] = f"Bearer {login.json()['data']['token']}"
    return client


def wait_for_photos(client: httpx.Client) -> list[dict[str, object]]:
    deadline = time.monotonic() + 5 * PATIENCE
    while time.monotonic() < deadline:
        (provider,) = client.get("/admin/mls/status").json()["data"]["providers"]
        if provider["photos"]["listingsWaiting"] == 0:
            break
        time.sleep(0.5)
    return cast(
        "list[dict[str, object]]", client.get("/properties", params={"limit": 100}).json()["data"]["properties"]
    )


def test_every_photo_answers_with_webp_inside_its_size_and_media_commands_tell_of_it(photographed: Served) -> None:
    with closing(log_in(photographed)) as client:
        listings = wait_for_photos(client)
        photos = [photo for one in listings for photo in cast("list[dict[str, object]]", one["media"])]
        assert len(photos) >= 2 * len(listings)
        for photo in photos:
            variants = cast("dict[str, dict[str, object]]", photo["variants"])
            assert variants.keys() == BOXES.keys(), photo
            assert photo["placeholder"]
            for size, (width, height) in BOXES.items():
                variant = variants[size]
                assert cast("int", variant["width"]) <= width
                assert cast("int", variant["height"]) <= height
        one = cast("dict[str, dict[str, str]]", photos[-1]["variants"])
        for variant in one.values():
            answer = httpx.get(f"{photographed.url}{variant['url']}", timeout=PATIENCE)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
            assert (answer.content[:4], answer.content[8:12]) == WEBP
            assert len(answer.content) == variant["bytes"]
        (run,) = client.get("/admin/mls/history", params={"limit": 1, "syncType": "full"}).json()["data"]["runs"]
        assert run["mediaDownloaded"] > 0
    shown = photographed.program.run("--demo", "media", "status", "sample_rets_provider", "--json")
    assert shown.returncode == 0, shown.stderr
    status = json.loads(shown.stdout)
    assert status["stored"] >= len(photos)
    assert status["failures"] == []
    for command in (("retry", "sample_rets_provider"), ("reprocess",), ("gc",)):
        done = photographed.program.run("--demo", "media", *command)
        assert done.returncode == 0, done.stderr
