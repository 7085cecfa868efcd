import socket

from platbook.simulate.rets.quirks import QUIRKS
from tests.cli.program import Program


def test_every_quirk_is_listed(program: Program) -> None:
    done = program.run("simulate", "rets", "--list-quirks")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [str(quirk) for quirk in QUIRKS]
    assert all(info.description in line for line, info in zip(lines, QUIRKS.values(), strict=True))


def test_invalid_options_are_reported(program: Program) -> None:
    for options, message in (
        (("--quirk", "no-such-quirk"), "no-such-quirk"),
        (("--at", "yesterday"), "yesterday"),
        (("--at", "2020-01-01"), "starts at"),
    ):
        done = program.run("simulate", "rets", "--port", "0", *options)
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_a_used_port_is_reported(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = program.run("simulate", "rets", "--port", str(port))
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
