"""What came of fetching a photo, and what follows from it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from platbook.transport import CacheValidators

PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
"""How long a photo that could not be had is left alone after each attempt; after the last it is given up."""

_REJECTED_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class PhotoStored:
    """The photo is stored; `blob_id` None: what was held is still right."""

    blob_id: str | None
    known: CacheValidators


@dataclass(frozen=True, slots=True)
class PhotoFailed:
    """The photo could not be had. `is_rejected`: bytes came and are no picture."""

    reason: str
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class PhotoNotTried:
    """The photo's turn did not come."""


Outcome = PhotoStored | PhotoFailed | PhotoNotTried


def plan_retry(failed: PhotoFailed, attempts_before: int, pauses: Sequence[timedelta] = PAUSES) -> timedelta | None:
    """After how long to try again; None: give up. Bytes that are no picture get one more chance."""
    if failed.is_rejected and attempts_before + 1 >= _REJECTED_ATTEMPTS:
        return None
    return pauses[attempts_before] if attempts_before < len(pauses) else None
