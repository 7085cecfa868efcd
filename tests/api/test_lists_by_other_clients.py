"""A compressed list is read whole by libraries and programs of others, over a socket."""

import asyncio
import http.server
import json
import shutil
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import urllib3

from platbook.bootstrap.http_protocol import ClientLimits
from platbook.bootstrap.http_server import bind, create_server
from platbook.db import Database
from tests.api.listings_client import open_listings_client
from tests.listings.listing_rig import make_listing

PATIENCE = 90
ROWS = 100
NODE = """
const [url, token] = process.argv.slice(1);
const answer = await fetch(url, { headers: { authorization: `Bearer ${token}`, "accept-encoding": "gzip" } });
if (answer.headers.get("content-encoding") !== "gzip") throw new Error("the list is not in gzip");
process.stdout.write(Buffer.from(await answer.arrayBuffer()));
"""
PAGE = """<!doctype html><body><script>
fetch(URL_HERE, {headers: {authorization: "Bearer TOKEN_HERE"}}).then((answer) => answer.json()).then((list) => {
  document.body.textContent = list.data.properties.map((one) => one.listingKey + "=" + one.publicRemarks.length).join();
});
</script>"""


@dataclass
class ServedList:
    """A list behind the real server, and its bytes as they are."""

    url: str
    token: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}", "accept-encoding": "gzip"}


@pytest.fixture
async def served_list(database: Database) -> AsyncGenerator[ServedList]:
    async with open_listings_client(database, cors_origins="*") as client:
        remarks = [f"Ñ{number} garden, {number * 7919 % 1009} trees. " * 40 for number in range(ROWS)]
        await client.listing_rig.put(
            *(make_listing(f"k{number}", PublicRemarks=text) for number, text in enumerate(remarks))
        )
        bound = bind("127.0.0.1", 0)
        limits = ClientLimits(seconds=60)
        server = create_server(client.app, limits)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        try:
            plain = await client.get(f"?limit={ROWS}", accept_encoding="identity")
            assert len(plain.content) > 200_000
            url = f"http://127.0.0.1:{bound.getsockname()[1]}/api/v1/properties?limit={ROWS}"
            yield ServedList(url, client.tokens["admin"], plain.content)
        finally:
            server.should_exit = True
            await serving


async def run(*command: str | Path) -> bytes:
    """Run a program to its end; its output."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(PATIENCE):
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output


async def test_libraries_and_programs_read_a_compressed_list_whole(served_list: ServedList) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(served_list.url, headers=served_list.headers)
    assert (answer.headers["content-encoding"], answer.content == served_list.body) == ("gzip", True)

    other = await asyncio.to_thread(urllib3.request, "GET", served_list.url, headers=served_list.headers)
    assert (other.headers["content-encoding"], other.data == served_list.body) == ("gzip", True)

    if shutil.which("curl"):
        sent = [part for header in served_list.headers.items() for part in ("-H", ": ".join(header))]
        assert await run("curl", "--silent", "--fail", "--compressed", *sent, served_list.url) == served_list.body
    if shutil.which("node"):
        script = ("node", "--input-type=module", "-e", NODE)
        assert await run(*script, served_list.url, served_list.token) == served_list.body


@contextmanager
def serve_page(text: str) -> Generator[str]:
    """The URL of a page, from another origin than the list's."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no Chromium on this machine")
async def test_a_browser_reads_a_compressed_list_whole(served_list: ServedList, tmp_path: Path) -> None:
    page = PAGE.replace("URL_HERE", json.dumps(served_list.url)).replace("TOKEN_HERE", served_list.token)
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}")
    with serve_page(page) as url:
        shown = (await run("chromium", *options, "--virtual-time-budget=30000", "--dump-dom", url)).decode()
    rows = json.loads(served_list.body)["data"]["properties"]
    expected = ",".join(f"{row['listingKey']}={len(row['publicRemarks'])}" for row in rows)

    assert expected in shown
