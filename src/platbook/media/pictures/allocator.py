"""Memory that goes back to the system when a picture is done.

glibc keeps what was freed for the next one to ask, and the more so the larger the blocks it sees freed. Pictures of
many sizes on several threads then leave a process several times as large as what is in use.
"""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
_LARGE = 1024 * 1024
_ARENAS = 2


def give_memory_back() -> None:
    """For the whole process: large blocks are the system's own, and go back at once. Nothing where it is not glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in ((_MMAP_THRESHOLD, _LARGE), (_TRIM_THRESHOLD, _LARGE), (_ARENA_MAX, _ARENAS)):
            mallopt(option, value)
