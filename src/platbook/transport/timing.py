"""What waits and what is left to chance, as arguments, so that tests need not wait and know what comes."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How to sleep (seconds), how to draw from [0, 1), and a clock that never goes back (seconds)."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    draw: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
