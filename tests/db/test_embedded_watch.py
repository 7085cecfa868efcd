"""The supervision of the embedded server: its own failure is noticed, and what is closed is not started again."""

import asyncio
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

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


def test_a_server_that_was_closed_is_not_started_again(server: EmbeddedPostgres) -> None:
    server.close()
    server.restart()
    assert not server.is_running()
