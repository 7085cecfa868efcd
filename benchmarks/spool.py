"""Pages kept on disk between passes, so that a feed of any size is measured in the memory of one page."""

import gc
import pickle
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Spool(Generic[T]):
    """A row of pages, written once and read as often as wanted; only the page at hand is in memory."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="platbook-spool-"))
        self._count = 0

    def add(self, page: T) -> None:
        """Keep a page at the end."""
        (self._folder / str(self._count)).write_bytes(pickle.dumps(page, pickle.HIGHEST_PROTOCOL))
        self._count += 1

    def __iter__(self) -> Iterator[T]:
        for number in range(self._count):
            yield pickle.loads((self._folder / str(number)).read_bytes())  # noqa: S301 - written by `add` above

    def close(self) -> None:
        """Throw the pages away."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def time(self, work: Callable[[T], Awaitable[object]]) -> float:
        """Do something with each page in turn; seconds of the work alone, without reading the page."""
        took = 0.0
        for page in self:
            gc.collect()
            began = time.perf_counter()
            await work(page)
            took += time.perf_counter() - began
        return took
