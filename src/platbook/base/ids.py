"""Identifiers: UUID version 7 (RFC 9562 section 5.7), so that rows made together stand together in an index."""

import os
import time
from uuid import UUID

_VARIANT = 0x2 << 62
_VERSION = 0x7 << 76
_RANDOM_A = (1 << 12) - 1
_RANDOM_B = (1 << 62) - 1


def new_id() -> UUID:
    """Make an id that is greater than every id made in an earlier millisecond."""
    random = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | _VERSION | (((random >> 64) & _RANDOM_A) << 64) | _VARIANT | (random & _RANDOM_B)
    return UUID(int=value)
