"""Answers about photos' administration."""

from collections.abc import Sequence
from typing import Self

from platbook.api.models import Model, Moment
from platbook.media.reports import PhotoFailure, PhotoStatus


class FailureAnswer(Model):
    """A photo that could not be had; `retryAt` null: it was given up."""

    listing_key: str
    media_key: str
    state: str
    attempts: int
    reason: str
    at: Moment
    retry_at: Moment | None


class PhotoStatusAnswer(Model):
    """A provider's photos by state; `listings` have photo work, `atWork` of them in hand, `putOff` for later.

    `copiesLiveSeconds`: how long a CDN may go on showing a photo that was withdrawn; 0: it is told to forget it.
    """

    provider_id: str
    waiting: int
    stored: int
    failed: int
    linked: int
    listings: int
    at_work: int
    put_off: int
    copies_live_seconds: int
    failures: list[FailureAnswer]

    @classmethod
    def of(cls, status: PhotoStatus, failures: Sequence[PhotoFailure], copies_live_seconds: int) -> Self:
        """As the reports say."""
        counts = {name: getattr(status, name) for name in PhotoStatus.__dataclass_fields__}
        return cls(
            **counts,
            copies_live_seconds=copies_live_seconds,
            failures=[FailureAnswer.model_validate(one) for one in failures],
        )


class RetriedAnswer(Model):
    """How many photos are to be tried again."""

    photos: int


class QueuedAnswer(Model):
    """Whether work was put in the queue; false: the same work waits there already."""

    queued: bool
