"""Pictures off the event loop: side by side, within the budget of memory."""

import asyncio
import threading

import pytest

from platbook.base.errors import MediaRejected
from platbook.media.pictures import Picture, Recipe, Studio, studio, to_variants
from platbook.media.pictures.opening import Header
from tests.media.pictures import jpeg


class Watch:
    """Stands in for the making of variants, and notes how many are at it together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._together = threading.Event()
        self.now = self.most = 0

    def develop(self, content: bytes, header: Header, recipe: Recipe) -> Picture:
        """Wait a moment for company, then do the work."""
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now > 1:
                self._together.set()
        self._together.wait(0.2)
        with self._lock:
            self.now -= 1
        return Picture(header.format, header.width, header.height, "#000000", str(len(content)), (), str(recipe.effort))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch in the place of the real making."""
    watch = Watch()
    monkeypatch.setattr(studio, "develop", watch.develop)
    return watch


async def test_variants_are_those_made_on_the_spot() -> None:
    with Studio.open() as open_studio:
        made = await asyncio.gather(*(open_studio.to_variants(jpeg()) for _ in range(4)))
    assert made == [to_variants(jpeg())] * 4


async def test_a_refusal_comes_back_as_one() -> None:
    with Studio.open() as open_studio:
        with pytest.raises(MediaRejected, match="HTML"):
            await open_studio.to_variants(b"<html>")
        assert (await open_studio.to_variants(jpeg())).format == "jpeg"


@pytest.mark.parametrize(("memory", "together"), [(1, 1), (100 * 1024 * 1024, 2), (1024**3, 4)])
async def test_no_more_pictures_at_once_than_memory_allows(watch: Watch, memory: int, together: int) -> None:
    with Studio.open(threads=4, memory=memory) as open_studio:
        await asyncio.gather(*(open_studio.to_variants(jpeg()) for _ in range(6)))
    assert watch.most <= together
    assert (watch.most > 1) == (together > 1)


async def test_memory_of_who_gives_up_waiting_is_not_lost(watch: Watch) -> None:
    with Studio.open(threads=2, memory=1) as open_studio:
        tasks = [asyncio.create_task(open_studio.to_variants(jpeg())) for _ in range(4)]
        while watch.now == 0:
            await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        assert (await tasks[3]).format == "jpeg"
        await tasks[0]
    assert watch.most == 1
