#!/usr/bin/python3
"""What stands for `systemctl` where systemd is not the first process: it starts and stops what the unit files say.

Of a unit it knows User, WorkingDirectory, Type, ExecStartPre, ExecStart and ExecStop, and instances of templates. It
does not restart what dies. It runs inside the Debian, by Debian's own Python.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDERS = ("/etc/systemd/system", "/lib/systemd/system")
STATE = Path("/run/units")
STOP_SECONDS = 30

Section = dict[str, list[str]]


def read_service(unit: str) -> Section:
    """The values of a unit's section [Service], with the name of its instance put in."""
    name, at, instance = unit.removesuffix(".service").partition("@")
    found = [file for folder in FOLDERS if (file := Path(folder, f"{name}{at}.service")).exists()]
    if not found:
        sys.exit(f"Unit {unit} not found.")
    section, values = "", Section()
    for line in found[0].read_text().replace("%i", instance).splitlines():
        key, equals, value = line.partition("=")
        if line.startswith("["):
            section = line.strip()
        elif section == "[Service]" and equals:
            values.setdefault(key.strip(), []).append(value.strip())
    return values


def run(line: str, service: Section) -> subprocess.Popen[bytes]:
    """Start a command of a unit, as the unit's account; the log gets what it prints."""
    user = service.get("User", ["root"])[-1]
    with Path(STATE, "log").open("ab") as log:
        return subprocess.Popen(
            [
                "/usr/bin/setpriv",
                f"--reuid={user}",
                f"--regid={user}",
                "--init-groups",
                *shlex.split(line.lstrip("-+!@")),
            ],
            cwd=service.get("WorkingDirectory", ["/"])[-1],
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def run_to_end(line: str, service: Section) -> None:
    """Run a command that ends by itself; the unit fails with it unless the line begins with a hyphen."""
    if run(line, service).wait() and not line.startswith("-"):
        sys.exit(f"{line} failed:\n{Path(STATE, 'log').read_text()[-2000:]}")


def start(unit: str) -> None:
    """Start a unit: one that forks is there when its command ends, another one runs on."""
    service = read_service(unit)
    for line in service.get("ExecStartPre", []):
        run_to_end(line, service)
    for line in service["ExecStart"]:
        if service.get("Type", ["simple"])[-1] == "simple":
            Path(STATE, unit).write_text(str(run(line, service).pid))
        else:
            run_to_end(line, service)


def stop(unit: str) -> None:
    """Stop a unit by its own command, or by SIGTERM, and wait for its processes."""
    service, state = read_service(unit), Path(STATE, unit)
    for line in service.get("ExecStop", []):
        run_to_end(line, service)
    if state.exists():
        group = int(state.read_text())
        os.killpg(group, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while Path(f"/proc/{group}").exists() and "Z" not in Path(f"/proc/{group}/stat").read_text().split()[2]:
            if time.monotonic() > deadline:
                sys.exit(f"{unit} does not stop")
            time.sleep(0.1)
        state.unlink()


def main() -> None:
    """Do what the command line says."""
    STATE.mkdir(exist_ok=True)
    command, *units = [word for word in sys.argv[1:] if word != "--now"]
    for unit in units:
        if command in {"stop", "restart"}:
            stop(unit)
        if command in {"start", "restart"} or (command == "enable" and "--now" in sys.argv):
            start(unit)


if __name__ == "__main__":
    main()
