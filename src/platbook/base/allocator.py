"""Settings of the C allocator that return freed memory to the operating system.

By default glibc retains freed memory for later allocations, in one arena per thread, and raises its thresholds with the
size of the blocks it sees freed. Pages of records and images processed on several threads then leave a process several
times as large as the memory in use, and it grows with every page.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
_LARGE_BLOCK = 16 * 1024 * 1024
"""Bytes. Smaller blocks are allocated and freed with every image; mapping new pages for each costs 7 % of the time."""
_ARENAS = 1


def return_freed_memory() -> None:
    """Use one arena and return large blocks at once. Call before any thread starts; does nothing without glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, _LARGE_BLOCK), (_TRIM_THRESHOLD, _LARGE_BLOCK), (_ARENA_MAX, _ARENAS)):
            mallopt(option, value)
