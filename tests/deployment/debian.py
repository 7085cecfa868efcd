"""A fresh Debian in a folder: bootstrapped from the mirror that this machine's apt uses, entered by namespaces.

No machine boots there: `systemctl` is a program of ours that starts what the unit files say, and PostgreSQL's unit,
which needs systemd's generators, is replaced by one that starts the cluster itself.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("debootstrap", "unshare", "nsenter", "ip", "openssl", "git")
PATIENCE = 900
"""Seconds after which a command hangs: some download packages."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HOSTS = "127.0.0.1 localhost listings.example.com s3.example.com\n"
_NO_SERVICES = "#!/bin/sh\nexit 101\n"
_CLUSTER_UNIT = """\
[Service]
Type=forking
ExecStart=/usr/bin/pg_ctlcluster 15 main start
ExecStop=/usr/bin/pg_ctlcluster 15 main stop
"""
_ENTER = """\
mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" sleep inf
"""


def find(program: str) -> str:
    """The path of a program of this machine that must be there."""
    path = shutil.which(program)
    assert path is not None, program
    return path


def lacking() -> str | None:
    """Why no Debian can be bootstrapped here, or None."""
    if os.geteuid() != 0:
        return "only root can bootstrap a Debian"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return f"not on this machine: {', '.join(missing)} (Debian: debootstrap iproute2 openssl git)"
    return None if _find_mirrors() else "this machine's apt knows no Debian"


@dataclass(frozen=True, slots=True)
class Room:
    """The namespaces of a Debian that is entered: its mounts and processes, and its own network or this machine's."""

    pid: int

    def run(self, script: str, *, stdin: str = "", **environment: str) -> str:
        """Run a script by bash as root and give its output; it fails at the first command that fails."""
        shell = ["/bin/bash", "-euo", "pipefail", "-c", f"cd /root\n{script}"]
        return self._run(["--mount", "--pid", "--net", "--root", "--wd"], shell, stdin, environment)

    def run_beside(self, *command: str, **environment: str) -> str:
        """Run a program of this machine in the Debian's network."""
        return self._run(["--net"], command, "", environment)

    def start_beside(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program of this machine in the Debian's network."""
        return subprocess.Popen(
            [find("nsenter"), "--target", str(self.pid), "--net", "--", *command],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _run(self, spaces: list[str], command: list[str] | tuple[str, ...], stdin: str, env: dict[str, str]) -> str:
        done = subprocess.run(
            [find("nsenter"), "--target", str(self.pid), *spaces, "--", *command],
            env={"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"} | env,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{command[-1]}\n{done.stdout[-4000:]}"
        return done.stdout


def bootstrap(root: Path) -> None:
    """Fill a folder with a minimal Debian of this machine's release."""
    mirror, codename = _find_mirrors()[0]
    subprocess.run(
        [find("debootstrap"), "--variant=minbase", codename, str(root), mirror], check=True, stdout=subprocess.DEVNULL
    )
    (root / "etc/hosts").write_text(_HOSTS)
    no_services = root / "usr/sbin/policy-rc.d"  # packages are installed in this machine's network
    no_services.write_text(_NO_SERVICES)
    no_services.chmod(0o755)


def replace_systemd(root: Path) -> None:
    """Put in place what stands for systemd."""
    program = root / "usr/local/bin/systemctl"
    shutil.copyfile(Path(__file__).with_name("systemctl.py"), program)
    program.chmod(0o755)
    unit = root / "etc/systemd/system/postgresql.service"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(_CLUSTER_UNIT)


def registry_access(root: Path) -> Mapping[str, str]:
    """Environment by which pip in the Debian reaches the registry that this machine's pip uses: index, authorities."""
    bundle = Path(os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt"))
    shutil.copyfile(bundle, root / "opt/registry-authorities.crt")
    index = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    )
    named = {"PIP_INDEX_URL": index.stdout.strip()} if index.returncode == 0 else {}
    proxies = {name: value for name, value in os.environ.items() if name.lower() in {"http_proxy", "https_proxy"}}
    return {"PIP_CERT": "/opt/registry-authorities.crt"} | named | proxies


@contextmanager
def entered(root: Path, *, own_network: bool) -> Generator[Room]:
    """Enter a Debian; every process in it ends with the block. Its own network has the loopback interface alone."""
    network = ["--net"] if own_network else []
    with ExitStack() as stack:
        process = subprocess.Popen(
            [
                find("unshare"),
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                *network,
                "--",
                "/bin/sh",
                "-c",
                _ENTER,
                str(root),
            ],
            start_new_session=True,
        )
        stack.enter_context(process)
        stack.callback(process.kill)
        room = Room(_wait_for_child(process))
        if own_network:
            room.run_beside("ip", "link", "set", "lo", "up")
        yield room


def _wait_for_child(process: subprocess.Popen[bytes]) -> int:
    """The first process of the namespaces, once it has entered the folder."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "the namespaces could not be entered"
        for child in children.read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "sleep":
                return int(child)
        time.sleep(0.05)
    raise TimeoutError("the namespaces were not entered")


def _find_mirrors() -> list[tuple[str, str]]:
    """Addresses of Debian and its release's code name, as this machine's apt has them; only of the main suite."""
    if shutil.which("apt-get") is None:
        return []
    listed = subprocess.run(
        [
            find("apt-get"),
            "indextargets",
            "--format",
            "$(REPO_URI) $(CODENAME)",
            "Created-By: Packages",
            "Origin: Debian",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [(row[0], row[1]) for row in rows if len(row) == 2 and "-" not in row[1]]
