"""The supervision of the embedded server: its own failure is noticed, and what is closed is not started again."""

import asyncio
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from platbook.base.errors import NeedsOperator
from platbook.db.embedded import EmbeddedPostgres, start_embedded, watch


@pytest.fixture
def server() -> Generator[EmbeddedPostgres]:
    """A server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with start_embedded(Path(folder)) as server:
            yield server


async def test_a_supervision_that_fails_ends_the_block_with_its_error(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> bool:
        raise RuntimeError("the process table cannot be read")

    monkeypatch.setattr(server, "is_running", refuse)
    monkeypatch.setattr(watch, "_CHECK_SECONDS", 0.01)
    with pytest.raises(RuntimeError, match="process table"):
        async with watch.watching(server):
            await asyncio.sleep(60)


async def test_a_full_disk_is_waited_for_beyond_the_last_try(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def restart() -> None:
        nonlocal tries
        tries += 1
        raise NeedsOperator("no space")

    monkeypatch.setattr(watch, "_CHECK_SECONDS", 0.01)
    monkeypatch.setattr(watch, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(server, "is_running", lambda: False)
    monkeypatch.setattr(server, "restart", restart)
    monkeypatch.setattr(server, "is_disk_full", lambda: tries < 20)
    with pytest.raises(NeedsOperator, match="did not stay up in 5 tries: no space"):
        await watch.keep_running(server)
    assert tries == 21, "with room, it is tried once more"


def test_a_server_that_was_closed_is_not_started_again(server: EmbeddedPostgres) -> None:
    server.close()
    server.restart()
    assert not server.is_running()
