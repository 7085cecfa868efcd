"""The outcome of fetching a photo, and when to retry it (backoff by a fixed schedule). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from platbook.providers.finding import Finding, FindingKind, to_finding
from platbook.transport.cache_validators import CacheValidators

RETRY_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
)
"""The delay after each failed attempt; after the last the photo is given up."""

_REJECTED_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class PhotoStored:
    """The photo is stored; `blob_id` None: the stored version is still current (not modified)."""

    blob_id: str | None
    validators: CacheValidators


@dataclass(frozen=True, slots=True)
class PhotoFailed:
    """The attempt failed. `is_rejected`: bytes came and are not an image."""

    reason: str
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class PhotoLinked:
    """A video, document or tour is no file that is stored (a web page, too large), so its address is shown."""

    reason: str


@dataclass(frozen=True, slots=True)
class PhotoNotTried:
    """The photo was not attempted."""


Outcome = PhotoStored | PhotoFailed | PhotoLinked | PhotoNotTried


def plan_retry(
    failed: PhotoFailed, attempts_before: int, delays: Sequence[timedelta] = RETRY_DELAYS
) -> timedelta | None:
    """After how long to try again; None: give up. Bytes that are not an image get one more attempt."""
    if failed.is_rejected and attempts_before + 1 >= _REJECTED_ATTEMPTS:
        return None
    return delays[attempts_before] if attempts_before < len(delays) else None


def to_stuck_finding(failed: PhotoFailed) -> Finding:
    """The finding of a photo that is given up: never the source's words, which may hold a URL."""
    reason = "not a picture" if failed.is_rejected else "every attempt failed"
    return to_finding(FindingKind.OBJECT_STUCK, "Media", reason)
