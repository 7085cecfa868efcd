"""A Ceph cluster of one, its objects in memory, with its S3 gateway: a real S3 on loopback. Debian's packages suffice.

One monitor, one object store, one gateway; no login between them, and none of them reachable from elsewhere.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

PROGRAMS = ("ceph-mon", "ceph-osd", "ceph", "monmaptool", "radosgw", "radosgw-admin")
_PATIENCE_SECONDS = 90
_NOT_YET = "problem getting command descriptions"
"""What a monitor says that has no quorum for a moment, on a busy machine."""


@dataclass(frozen=True)
class Gateway:
    """Where it answers, and a login it knows."""

    url: str
    key_id: str
    secret: str


def missing() -> list[str]:
    """Programs this machine does not have."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@contextmanager
def running(folder: Path) -> Generator[Gateway]:
    """A gateway that answers, until the end of the block."""
    monitor, gateway = _free_port(), _free_port()
    configuration = folder / "ceph.conf"
    configuration.write_text(_configure(folder, monitor, gateway))
    ceph = _Ceph(folder, configuration)
    ceph.run("monmaptool", "--create", "--addv", "a", f"[v1:127.0.0.1:{monitor}]", "--fsid", _FSID, folder / "monmap")
    ceph.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", folder / "monmap")
    with ExitStack() as stack:
        ceph.start(stack, "ceph-mon", "-f", "-i", "a")
        store = str(uuid4())
        ceph.run("ceph", "--connect-timeout", "30", "osd", "new", store)
        (folder / "osd").mkdir()
        ceph.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", store)
        _start_store(ceph, stack)
        # The user is made before the gateway starts: both would else make the same pools at once.
        made = ceph.run("radosgw-admin", "user", "create", "--uid", "platbook", "--display-name", "Platbook")
        key = json.loads(made)["keys"][0]
        ceph.start(stack, "radosgw", "-f", "-n", "client.rgw")
        _wait_for(gateway)
        yield Gateway(f"http://127.0.0.1:{gateway}", key["access_key"], key["secret_key"])


_FSID = "3f2b6f0c-7a54-4c83-9f8e-5d3d6f1b2a10"


def _configure(folder: Path, monitor: int, gateway: int) -> str:
    return f"""
[global]
fsid = {_FSID}
mon host = [v1:127.0.0.1:{monitor}]
mon initial members = a
mon data = {folder}/mon
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms bind ipv6 = false
public network = 127.0.0.0/8
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon warn on pool no redundancy = false
mon allow pool size one = true
admin socket = {folder}/$name.asok
run dir = {folder}
crash dir = {folder}
log file = {folder}/$name.log
pid file =
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw data = {folder}/rgw
rgw thread pool size = 32
"""


class _Ceph:
    """Runs Ceph's programs with one configuration."""

    def __init__(self, folder: Path, configuration: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "CEPH_CONF": str(configuration)}

    def run(self, *command: str | Path) -> str:
        done = self._try(*command)
        until = time.monotonic() + _PATIENCE_SECONDS
        while _NOT_YET in done.stderr and time.monotonic() < until:
            time.sleep(0.5)
            done = self._try(*command)
        assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
        return done.stdout

    def _try(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )

    def start(self, stack: ExitStack, *command: str) -> subprocess.Popen[bytes]:
        process = stack.enter_context(
            subprocess.Popen(
                command, env=self._environment, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
        stack.callback(process.kill)
        return process


def _start_store(ceph: _Ceph, stack: ExitStack) -> None:
    """Start the object store, and again where it gave up, as it does if it speaks before it knows the cluster."""
    until = time.monotonic() + _PATIENCE_SECONDS
    store = ceph.start(stack, "ceph-osd", "-f", "-i", "0")
    while not json.loads(ceph.run("ceph", "osd", "stat", "--format", "json"))["num_up_osds"]:
        assert time.monotonic() < until, "the object store does not come up"
        if store.poll() is not None:
            store = ceph.start(stack, "ceph-osd", "-f", "-i", "0")
        time.sleep(0.2)


def _wait_for(port: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the gateway does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
