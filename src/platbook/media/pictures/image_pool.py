"""Pictures made off the event loop: on as many threads as there are cores, within a budget of memory."""

import asyncio
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

from platbook.media.pictures.decode import MOST_MEMORY, read_header
from platbook.media.pictures.variant_spec import PLAIN, VariantSpec
from platbook.media.pictures.variants import ProcessedPicture, develop


class ImagePool:
    """Threads of a process that make variants. The library lets go of the interpreter while it works."""

    def __init__(self, threads: ThreadPoolExecutor, memory: int) -> None:
        self._threads = threads
        self._budget = _Budget(memory)

    @classmethod
    @contextmanager
    def open(cls, *, threads: int | None = None, memory: int = MOST_MEMORY) -> Generator[Self]:
        """Threads, one a core unless said otherwise, until the end of the block.

        `memory` is what all pictures at work may take together, in bytes: five of a common camera's by default. A
        machine of more cores takes more of it, or more processes.
        """
        with ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="studio") as pool:
            yield cls(pool, memory)

    async def to_variants(self, content: bytes, recipe: VariantSpec = PLAIN) -> ProcessedPicture:
        """As `variants.to_variants`, beside whatever else the event loop does; waits its turn for memory."""
        loop = asyncio.get_running_loop()
        header = await loop.run_in_executor(self._threads, read_header, content)
        await self._budget.take(header.memory)
        work = loop.run_in_executor(self._threads, develop, content, header, recipe)
        work.add_done_callback(lambda done: self._budget.give_back(header.memory, done))
        return await asyncio.shield(work)  # a thread cannot be stopped, so its memory is taken until it is done


class _Budget:
    """So many bytes, given out first come, first served, so that a large picture is not passed over for ever."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._door = asyncio.Lock()
        self._returned = asyncio.Event()

    async def take(self, wanted: int) -> None:
        """Wait until what is wanted is there, or all there is, and take it."""
        async with self._door:
            while self._taken + min(wanted, self._size) > self._size:
                self._returned.clear()
                await self._returned.wait()
            self._taken += min(wanted, self._size)

    def give_back(self, wanted: int, done: asyncio.Future[ProcessedPicture]) -> None:
        """What a piece of work took, once it is done; nobody may be left to hear how it went."""
        if not done.cancelled():
            done.exception()
        self._taken -= min(wanted, self._size)
        self._returned.set()
