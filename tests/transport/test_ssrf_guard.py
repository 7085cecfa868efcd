"""Which addresses are public, and that the address that was judged is the one that is connected to."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from crafted_source import CraftedSource, Slept, crafted_source, reply

from platbook.base.clock import SystemClock
from platbook.base.errors import MediaRejected, SourceBrokeProtocol, SourceUnavailable
from platbook.db import Database
from platbook.transport import DownloadLimits, SourceHosts, Transport
from platbook.transport.public_addresses import is_public
from platbook.transport.resolver import resolve
from platbook.transport.ssrf_guard import AddressRules

PUBLIC = (
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "192.0.1.0",
    "192.0.3.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "3ffe::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2001:0:808:808:0:ffff:f7f7:f7f7",
)
NOT_PUBLIC = (
    "0.0.0.0",  # noqa: S104 - judged, not bound
    "0.255.255.255",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:192.168.0.1",
    "::ffff:168.63.129.16",
    "::ffff:0:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::192.0.0.192",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "100:0:0:1::1",
    "1fff::1",
    "2001::1",
    "2001:0:808:808:0:ffff:80ff:fffe",
    "2001:0:a00:1:0:ffff:f7f7:f7f7",
    "2001:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


class Names:
    """Name resolution that answers from a list, one entry per question and the last one again and again."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        del port
        self.asked.append(host)
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]


def is_first_loopback(address: str) -> bool:
    """Takes 127.0.0.1 for the public internet, and any other address for a private one."""
    return address == "127.0.0.1"


@asynccontextmanager
async def opened(database: Database, names: Names) -> AsyncGenerator[Transport]:
    rules = AddressRules(names.resolve, is_first_loopback)
    async with Transport.open(database, SystemClock(), time_source=Slept().time_source(), rules=rules) as transport:
        yield transport


@pytest.fixture
async def source() -> AsyncGenerator[CraftedSource]:
    async with crafted_source(reply(b"jpeg")) as opened_source:
        yield opened_source


async def test_a_download_connects_to_the_address_that_was_judged(sources: Database, source: CraftedSource) -> None:
    """The name resolves to nothing at all, so only the judged address can have been connected to."""
    names = Names("127.0.0.1", "127.0.0.2")
    port = source.base.rpartition(":")[2]
    async with opened(sources, names) as transport:
        downloads = transport.downloads(DownloadLimits(1000))
        assert (await downloads.fetch(f"http://photos.invalid:{port}/1.jpg")).content == b"jpeg"
        with pytest.raises(MediaRejected, match=rf"photos\.invalid:{port} resolves to a private .*privateAddresses"):
            await downloads.fetch(f"http://photos.invalid:{port}/2.jpg")
    assert names.asked == ["photos.invalid", "photos.invalid"]
    assert source.targets == ["/1.jpg"]


async def test_a_public_source_cannot_lead_to_an_internal_address_by_its_own_name(
    sources: Database, source: CraftedSource
) -> None:
    names = Names("127.0.0.1", "127.0.0.2")
    async with opened(sources, names) as transport:
        base = source.base.replace("127.0.0.1", "localhost")
        client = transport.for_provider("harbour", SourceHosts.of([base]))
        async with client.send("GET", f"{base}/login") as answer:
            assert await answer.body() == b"jpeg"
        with pytest.raises(SourceBrokeProtocol, match="resolves to a private IP address, although the source itself"):
            async with client.send("GET", f"{base}/search"):
                pass
    assert source.targets == ["/login"]


async def test_a_source_of_the_operators_own_network_is_reached(sources: Database, source: CraftedSource) -> None:
    rules = AddressRules(is_public=lambda _: False)
    async with Transport.open(sources, SystemClock(), rules=rules) as transport:
        client = transport.for_provider("harbour", SourceHosts.of([source.base]))
        for path in ("/login", "/search"):
            async with client.send("GET", source.base + path) as answer:
                assert await answer.body() == b"jpeg"
    assert source.targets == ["/login", "/search"]


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
async def test_a_host_that_cannot_be_resolved_is_reported_with_its_port_and_not_tried_for_long(
    sources: Database, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    asked = 0

    async def fail(host: str, port: int, **_: object) -> list[object]:
        nonlocal asked
        asked += 1
        raise socket.gaierror(code, f"no {host}:{port}")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    slept, rules = Slept(), AddressRules(partial(resolve, seconds=0.05, pause=0.01))
    async with Transport.open(sources, SystemClock(), time_source=slept.time_source(), rules=rules) as transport:
        with pytest.raises(SourceUnavailable, match=r"^rets\.invalid:8443 cannot be resolved"):
            async with transport.for_provider("harbour").send("GET", "https://rets.invalid:8443/login?key=x"):
                pass
    assert slept.seconds == [], "no backoff"
    assert (asked > 1) is (code == socket.EAI_AGAIN)
