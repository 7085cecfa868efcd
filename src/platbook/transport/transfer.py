"""Limits on what a source may send in one reply: time, rate and size. Pure, but for the clock that is passed in.

Only the time that is spent waiting for the source counts: while whoever reads the reply holds it, no clock runs.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from platbook.base.errors import ReplyTooLarge, SourceTooSlow
from platbook.base.http_reply import MAX_BODY_BYTES
from platbook.base.settings import Settings

PHOTO_RATE_SECONDS = 30.0
"""The minimum rate of a photo is an average over each so many seconds: a file is sent without long silences."""


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """The limits of one reply. `max_bytes` counts a body both as it is sent and decompressed.

    The minimum rate is an average over each `rate_seconds` of waiting, which must exceed the longest allowed silence.
    `max_body_bytes` is for replies that are held in memory whole. `seconds_setting` names the setting of `max_seconds`.
    """

    max_seconds: float = 3600
    min_bytes_per_second: float = 256
    rate_seconds: float = 180
    max_bytes: int = 4 * 1024**3
    max_body_bytes: int = MAX_BODY_BYTES
    photo_seconds: float = 600
    seconds_setting: str = "PLATBOOK_HTTP_MAX_SECONDS"

    @classmethod
    def from_settings(cls, settings: Settings) -> "TransferLimits":
        """Return the limits of a process's requests."""
        return cls(
            max_seconds=settings.platbook_http_max_seconds,
            min_bytes_per_second=settings.platbook_http_min_bytes_per_second,
            rate_seconds=settings.platbook_http_min_rate_seconds,
            max_bytes=settings.platbook_http_max_reply_bytes,
            max_body_bytes=settings.platbook_http_max_body_bytes,
            photo_seconds=settings.platbook_photo_max_seconds,
        )

    def for_photos(self) -> "TransferLimits":
        """Return the limits of one download of a photo, which has a shorter time, and is measured more often."""
        return replace(
            self,
            max_seconds=self.photo_seconds,
            rate_seconds=min(self.rate_seconds, PHOTO_RATE_SECONDS),
            seconds_setting="PLATBOOK_PHOTO_MAX_SECONDS",
        )


class TransferMeter:
    """Measures one reply against the limits. `name` is what errors call the source."""

    def __init__(self, limits: TransferLimits, name: str, monotonic: Callable[[], float]) -> None:
        self.received = self.decompressed = 0
        self._limits, self._name, self._monotonic = limits, name, monotonic
        self._waited = self._waited_before_window = 0.0
        self._received_before_window = 0

    def seconds_left(self) -> float:
        """How long the source may keep us waiting for its next bytes before a limit is exceeded."""
        limits = self._limits
        window = self._waited_before_window + limits.rate_seconds - self._waited
        if not self._is_slow_window():  # this window is passed already, so that the next one may be waited for whole
            window += limits.rate_seconds
        return max(0.0, min(limits.max_seconds - self._waited, window))

    def add_wait(self, started: float) -> None:
        """Count the time since `started` as waited for the source. SourceTooSlow."""
        self._waited += max(0.0, self._monotonic() - started)
        limits = self._limits
        if self._waited > limits.max_seconds:
            raise self.to_slow_error()
        while self._waited - self._waited_before_window >= limits.rate_seconds:
            if self._is_slow_window():
                raise self.to_slow_error()
            self._waited_before_window += limits.rate_seconds
            self._received_before_window = self.received

    def add_received(self, size: int) -> None:
        """Count bytes as they are sent. ReplyTooLarge."""
        self.received += size
        self._expect_size(self.received)

    def add_decompressed(self, size: int) -> None:
        """Count bytes of the body itself. ReplyTooLarge."""
        self.decompressed += size
        self._expect_size(self.decompressed)

    def to_slow_error(self) -> SourceTooSlow:
        """The error for the limit of time that is exceeded first."""
        limits = self._limits
        if self._waited_before_window + limits.rate_seconds < limits.max_seconds and self._is_slow_window():
            return SourceTooSlow(
                f"{self._name} sent fewer than {limits.min_bytes_per_second:g} bytes a second over "
                f"{limits.rate_seconds:g} seconds (PLATBOOK_HTTP_MIN_BYTES_PER_SECOND); {self.received} bytes came"
            )
        return SourceTooSlow(
            f"{self._name} took longer than {limits.max_seconds:g} seconds for one reply "
            f"({limits.seconds_setting}); {self.received} bytes came"
        )

    def _is_slow_window(self) -> bool:
        """Whether the bytes of the current window are too few for the whole of it."""
        received = self.received - self._received_before_window
        return received < self._limits.min_bytes_per_second * self._limits.rate_seconds

    def _expect_size(self, size: int) -> None:
        if size > self._limits.max_bytes:
            raise ReplyTooLarge(
                f"{self._name} sent more than {self._limits.max_bytes} bytes in one reply "
                "(PLATBOOK_HTTP_MAX_REPLY_BYTES)"
            )
