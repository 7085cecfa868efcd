"""Memory that goes back to the system when its work is done.

glibc keeps what was freed for the next one to ask, in as many heaps as there are threads, and the more so the larger
the blocks it sees freed. Pages of records and pictures on several threads then leave a process several times as large
as what is in use, and it grows with every page.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
_LARGE = 16 * 1024 * 1024
"""Smaller blocks come and go with every picture; new pages for each would cost 7 % of the time."""
_HEAPS = 1


def give_memory_back() -> None:
    """For the whole process, before its threads begin: one heap, and large blocks go back at once. Only with glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE), (_ARENA_MAX, _HEAPS)):
            mallopt(option, value)
