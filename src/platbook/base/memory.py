"""A process's memory: what the C allocator returns to the system, and how often Python looks for unreachable cycles.

By default glibc retains freed memory for later allocations, in one arena per thread, and raises its thresholds with the
size of the blocks it sees freed. Pages of records and images processed on several threads then leave a process several
times as large as the memory in use, and it grows with every page.

Python looks for cycles after every 700 objects, and now and then through all of them. A page of 1,000 records is some
hundred thousand objects, nearly all freed by reference count: a sixth of a load's time went into looking at them.
"""

import ctypes
import gc

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
_LARGE_BLOCK = 16 * 1024 * 1024
"""Bytes. Smaller blocks are allocated and freed with every image; mapping new pages for each costs 7 % of the time."""
_ARENAS = 1
_COLLECT_AFTER = (50_000, 20, 20)
"""Objects before a collection of the youngest; collections of each generation before one of the next older."""


def return_freed_memory() -> None:
    """Use one arena and return large blocks at once. Call before any thread starts; does nothing without glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, _LARGE_BLOCK), (_TRIM_THRESHOLD, _LARGE_BLOCK), (_ARENA_MAX, _ARENAS)):
            mallopt(option, value)


def collect_garbage_less_often() -> None:
    """Raise the collector's thresholds and leave out the objects there are: modules, which live as long as the process.

    Call when a process has imported what it needs.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
