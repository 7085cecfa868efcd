"""What the transport waits by and counts with, passed in so that tests control time and read the counts."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeSource:
    """How to sleep (seconds), draw from [0, 1) for jitter, and read a monotonic clock (seconds)."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    random: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class TrafficCounter:
    """Requests sent (every attempt counts) and bytes of bodies received, as they came over the wire (compressed)."""

    requests: int = 0
    bytes: int = 0
