"""Pictures made off the event loop, on as many threads as there are cores."""

import asyncio
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

from platbook.media.pictures.recipe import PLAIN, Recipe
from platbook.media.pictures.variants import Picture, to_variants


class Studio:
    """Threads of a process that make variants. The library lets go of the interpreter while it works."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads

    @classmethod
    @contextmanager
    def open(cls, threads: int | None = None) -> Generator[Self]:
        """Threads, one a core unless said otherwise, until the end of the block."""
        with ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="studio") as pool:
            yield cls(pool)

    async def to_variants(self, content: bytes, recipe: Recipe = PLAIN) -> Picture:
        """As `variants.to_variants`, beside whatever else the event loop does."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, to_variants, content, recipe)
