"""Image processing off the event loop: on as many threads as there are cores, within a memory budget."""

import asyncio
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

from platbook.media.pictures.decode import MAX_MEMORY, read_header
from platbook.media.pictures.variant_spec import DEFAULT_SPEC, VariantSpec
from platbook.media.pictures.variants import ProcessedPicture, process


class ImagePool:
    """A process's thread pool that makes variants. The library releases the GIL while it works."""

    def __init__(self, threads: ThreadPoolExecutor, memory: int) -> None:
        self._threads = threads
        self._budget = _MemoryBudget(memory)

    @classmethod
    @contextmanager
    def open(cls, *, threads: int | None = None, memory: int = MAX_MEMORY) -> Generator[Self]:
        """A pool of `threads`, one a core by default, until the end of the block.

        `memory` is what all pictures in progress may take together, in bytes: five of a common camera's by default. A
        machine of many cores needs more of it, or more processes.
        """
        with ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="images") as pool:
            yield cls(pool, memory)

    async def to_variants(self, content: bytes, spec: VariantSpec = DEFAULT_SPEC) -> ProcessedPicture:
        """As `variants.to_variants`, without blocking the event loop; waits for its share of memory."""
        loop = asyncio.get_running_loop()
        header = await loop.run_in_executor(self._threads, read_header, content)
        await self._budget.acquire(header.memory)
        work = loop.run_in_executor(self._threads, process, content, header, spec)
        work.add_done_callback(lambda done: self._budget.release(header.memory, done))
        return await asyncio.shield(work)  # a thread cannot be cancelled, so its memory stays acquired until it is done


class _MemoryBudget:
    """A fair semaphore over bytes: first come, first served, so that a large picture is not starved."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._turn = asyncio.Lock()
        self._released = asyncio.Event()

    async def acquire(self, size: int) -> None:
        """Wait until `size` bytes are free, or the whole budget where `size` is larger, and take them."""
        async with self._turn:
            while self._taken + min(size, self._size) > self._size:
                self._released.clear()
                await self._released.wait()
            self._taken += min(size, self._size)

    def release(self, size: int, done: asyncio.Future[ProcessedPicture]) -> None:
        """Release `size` bytes once the work is done; its exception is retrieved, in case nobody awaits it."""
        if not done.cancelled():
            done.exception()
        self._taken -= min(size, self._size)
        self._released.set()
