"""Image processing off the event loop: in parallel, within the memory budget."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from platbook.base.errors import MediaRejected
from platbook.media.pictures import ImagePool, ProcessedPicture, VariantSpec, image_pool, to_variants
from platbook.media.pictures.decode import ImageHeader
from tests.media.pictures import jpeg, scene, write


class Watch:
    """Stands in for the processing, and counts how many run at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._together = threading.Event()
        self.now = self.most = 0

    def process(self, content: bytes, header: ImageHeader, spec: VariantSpec) -> ProcessedPicture:
        """Wait briefly for another call to overlap, then return."""
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now > 1:
                self._together.set()
        self._together.wait(0.2)
        with self._lock:
            self.now -= 1
        return ProcessedPicture(
            header.format, header.width, header.height, "#000000", str(len(content)), (), str(spec.effort)
        )


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch in place of the real processing."""
    watch = Watch()
    monkeypatch.setattr(image_pool, "process", watch.process)
    return watch


async def test_variants_are_those_of_the_synchronous_function() -> None:
    with ImagePool.open() as pool:
        made = await asyncio.gather(*(pool.to_variants(jpeg()) for _ in range(4)))
    assert made == [to_variants(jpeg())] * 4


async def test_a_rejection_is_raised_to_the_caller() -> None:
    with ImagePool.open() as pool:
        with pytest.raises(MediaRejected, match="HTML"):
            await pool.to_variants(b"<html>")
        assert (await pool.to_variants(jpeg())).format == "jpeg"


@pytest.mark.parametrize(("memory", "together"), [(1, 1), (100 * 1024 * 1024, 2), (1024**3, 4)])
async def test_no_more_pictures_run_at_once_than_memory_allows(watch: Watch, memory: int, together: int) -> None:
    with ImagePool.open(threads=4, memory=memory) as pool:
        await asyncio.gather(*(pool.to_variants(jpeg()) for _ in range(6)))
    assert watch.most <= together
    assert (watch.most > 1) == (together > 1)


async def test_the_memory_of_a_cancelled_call_is_released_once_its_thread_is_done(watch: Watch) -> None:
    with ImagePool.open(threads=2, memory=1) as pool:
        tasks = [asyncio.create_task(pool.to_variants(jpeg())) for _ in range(4)]
        while watch.now == 0:
            await asyncio.sleep(0)
        for task in tasks[:3]:  # one of them is running, the others wait
            task.cancel()
        assert (await tasks[3]).format == "jpeg"
        ended = await asyncio.gather(*tasks[:3], return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert watch.most == 1


WORK = """
import asyncio, re, sys
from pathlib import Path
from platbook.media.pictures import ImagePool

async def main():
    with ImagePool.open(threads=8) as pool:
        for _ in range(4):
            files = list(map(Path, sys.argv[1:])) * 6
            await asyncio.gather(*(pool.to_variants(file.read_bytes()) for file in files))

asyncio.run(main())
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_stays_small_whatever_the_queues_length(tmp_path: Path) -> None:
    files = {
        "camera.jpg": write(scene(4032, 3024), ".jpg", Q=85),
        "mls.jpg": write(scene(2048, 1536), ".jpg", Q=85),
        "camera.webp": write(scene(4000, 3000), ".webp", effort=0),
        "progressive.jpg": write(scene(7000, 5000), ".jpg", Q=85, interlace=True),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", WORK, *(str(tmp_path / name) for name in files)]
    done = subprocess.run(command, capture_output=True, check=True)
    assert int(done.stdout) * 1024 < 400 * 1024 * 1024
