"""Identifiers: UUID version 7 (RFC 9562 section 5.7), which sort by creation time and so append to an index."""

import os
import time
from uuid import UUID

_VARIANT = 0x2 << 62
_VERSION = 0x7 << 76
_RANDOM = (1 << 62) - 1
_NANOSECONDS = 1_000_000


def new_id() -> UUID:
    """Generate an id greater than all generated before it on this machine.

    The twelve bits after the millisecond hold its fraction (RFC 9562 section 6.2, method 3), finer than one call takes.
    """
    milliseconds, fraction = divmod(time.time_ns(), _NANOSECONDS)
    random = int.from_bytes(os.urandom(8), "big") & _RANDOM
    return UUID(int=(milliseconds << 80) | _VERSION | ((fraction << 12) // _NANOSECONDS << 64) | _VARIANT | random)
