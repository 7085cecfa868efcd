"""Platbook is installed by `make install`, and by a wheel that holds everything the package needs."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Generator
from pathlib import Path

import pytest

from platbook.cli.options import to_command
from tests.cli.program import PATIENCE, fresh_home

ROOT = Path(__file__).resolve().parents[2]
COMPLETIONS = (
    "share/bash-completion/completions/platbook",
    "share/fish/vendor_completions.d/platbook.fish",
    "share/zsh/site-functions/_platbook",
)
INSTALLERS = (("pipx", "install"), ("uv", "tool", "install"))


def make(target: str, prefix: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", target, f"PREFIX={prefix}", f"VENV={sys.prefix}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: os.environ[name] for name in os.environ if not name.startswith("PLATBOOK_")} | environment
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE * 5, check=False)


def files_below(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder))
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("platbook-*.whl")
    return found


@pytest.fixture
def home() -> Generator[Path]:
    with fresh_home() as folder:
        yield folder


def test_make_install_puts_the_command_and_its_completion_in_place_and_uninstall_takes_both(tmp_path: Path) -> None:
    installed = make("install", tmp_path)
    assert installed.returncode == 0, installed.stderr
    assert f"Add {tmp_path}/bin to PATH" in installed.stdout
    assert files_below(tmp_path) == ["bin/platbook", *COMPLETIONS]
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    assert run("/bin/sh", "-c", "platbook --version", PATH=path).stdout.startswith("platbook 0.")
    again = make("install", tmp_path)
    assert again.returncode == 0, again.stderr
    assert make("uninstall", tmp_path).returncode == 0
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("target", ["install", "uninstall"])
def test_another_installation_stays_as_it_is(tmp_path: Path, target: str) -> None:
    other = tmp_path / "bin/platbook"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    done = make(target, tmp_path)
    assert done.returncode != 0
    assert "another installation" in done.stderr
    assert other.read_text() == "#!/bin/sh\n"


def test_commands_to_be_typed_next_name_the_program_as_this_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, link = tmp_path / "a checkout/bin/platbook", tmp_path / "bin/platbook"
    for folder in (program.parent, link.parent):
        folder.mkdir(parents=True)
    program.touch(0o755)
    link.symlink_to(program)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", str(link.parent))
    assert to_command("status") == "platbook status"
    monkeypatch.setenv("PATH", "/usr/bin")
    assert to_command("status") == f"'{program}' status"
    monkeypatch.chdir(program.parents[1])
    assert to_command("status") == "bin/platbook status"


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("platbook/")}
    source = ROOT / "src"
    kept = {str(file.relative_to(source)) for file in (source / "platbook").rglob("*") if file.is_file()}
    assert packed == {name for name in kept if "__pycache__" not in name}


@pytest.mark.soak
@pytest.mark.parametrize("installer", INSTALLERS, ids=lambda words: str(words[0]))
def test_the_wheel_can_be_installed_by(installer: tuple[str, ...], wheel: Path, home: Path) -> None:
    if shutil.which(installer[0]) is None:
        pytest.skip(f"{installer[0]} is not installed")
    bin_ = home / "bin"
    places = {"HOME": str(home), "PIPX_BIN_DIR": str(bin_), "PIPX_HOME": str(home / "pipx")}
    places |= {"UV_TOOL_BIN_DIR": str(bin_), "UV_TOOL_DIR": str(home / "uv"), "PLATBOOK_HOME": str(home / "data")}
    installed = run(*installer, str(wheel), **places)
    assert installed.returncode == 0, installed.stderr
    assert run(str(bin_ / "platbook"), "--version", **places).stdout.startswith("platbook 0.")
    synced = run(str(bin_ / "platbook"), "demo", "--once", **places)
    assert synced.returncode == 0, synced.stderr
    assert "50 listings synced: 50 added" in synced.stdout
