"""A random sample of keys."""

import hashlib
from collections.abc import Sequence
from heapq import nsmallest
from uuid import UUID


def draw_sample(keys: Sequence[str], size: int, seed: UUID) -> list[str]:
    """Draw `size` distinct keys at random, all where there are fewer; the same keys for the same seed."""
    return nsmallest(size, keys, key=lambda key: hashlib.blake2b(key.encode(), key=seed.bytes, digest_size=16).digest())
