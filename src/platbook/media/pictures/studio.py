"""Pictures made off the event loop: on as many threads as there are cores, within a budget of memory."""

import asyncio
import os
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Self

from platbook.media.pictures.opening import MOST_MEMORY, read_header
from platbook.media.pictures.recipe import PLAIN, Recipe
from platbook.media.pictures.variants import Picture, develop


class Studio:
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

    async def to_variants(self, content: bytes, recipe: Recipe = PLAIN) -> Picture:
        """As `variants.to_variants`, beside whatever else the event loop does; waits its turn for memory."""
        loop = asyncio.get_running_loop()
        header = await loop.run_in_executor(self._threads, read_header, content)
        async with self._budget.take(header.memory):
            return await loop.run_in_executor(self._threads, develop, content, header, recipe)


class _Budget:
    """So many bytes, given out first come, first served, so that a large picture is not passed over for ever."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._door = asyncio.Lock()
        self._returned = asyncio.Event()

    @asynccontextmanager
    async def take(self, wanted: int) -> AsyncGenerator[None]:
        """Take what is wanted, or all there is, when it is there."""
        share = min(wanted, self._size)
        async with self._door:
            while self._taken + share > self._size:
                self._returned.clear()
                await self._returned.wait()
            self._taken += share
        try:
            yield
        finally:
            self._taken -= share
            self._returned.set()
