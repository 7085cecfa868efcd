"""Settings, faults and credentials of a MOCK provider."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

_STARTED = datetime(2026, 1, 1, tzinfo=UTC)


class FaultKind(StrEnum):
    """The faults that can be configured."""

    TIMEOUT = "timeout"
    HTTP_500 = "http_500"
    RATE_LIMITED = "rate_limited"
    CUT_PAGE = "cut_page"
    LOGIN_REFUSED = "login_refused"
    """Strikes when the session is opened, whatever the fault's other fields are."""
    BAD_RECORD = "bad_record"
    """The page comes, but its first record holds values that cannot be understood."""
    UNREADABLE_RECORD = "unreadable_record"
    """The page comes, but its first record could not be read at all."""


class MockFault(BaseModel):
    """One fault, and when it strikes.

    It strikes at a `page` of a walk (from 1; resumed walks count on, so that it strikes as long as it is configured),
    at a `request` of a session (from 1; a new session gets past it), or with a seeded `chance` for each request, which
    also depends on the time. Without any of them it always strikes. `until` ends it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    walk: Literal["changes", "keys", "record", "count", "media", "any"] = "any"
    page: int | None = Field(default=None, ge=1, le=2**31)
    request: int | None = Field(default=None, ge=1, le=2**31)
    chance: float | None = Field(default=None, gt=0, le=1)
    retry_after: int = Field(default=30, ge=0, le=86_400, description="Seconds, for rate_limited.")
    until: AwareDatetime | None = Field(default=None, description="A time of the market's own.")


class MockSettings(BaseModel):
    """Settings of a MOCK provider.

    The market's time is `at` where it is set; otherwise it runs from `started` at `speed` market seconds per second of
    the session's clock. A time before `started` counts as `started`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    listings: int = Field(default=50, ge=1, le=5_000_000)
    started: AwareDatetime = _STARTED
    at: AwareDatetime | None = None
    speed: float = Field(default=1.0, ge=0.001, le=100_000_000)
    page_size: int = Field(default=1000, ge=1, le=50_000)
    order: Literal["time", "key"] = "time"
    videos: bool = Field(default=False, description="Each listing has a video, a document and two tours, too.")
    photos_alone: bool = Field(default=False, description="A change of photos does not move the record's own time.")
    volatile_fields: tuple[str, ...] = Field(
        default=(), description="Fields that change without a change of the record."
    )
    delay: float = Field(default=0.0, ge=0, le=3600, description="Seconds each request takes.")
    faults: tuple[MockFault, ...] = ()

    @model_validator(mode="after")
    def _anchor_speed(self) -> Self:
        if self.speed != 1 and "started" not in self.model_fields_set:
            raise ValueError("a speed other than 1 needs `started`, the time from which it counts")
        return self


class MockCredentials(BaseModel):
    """Any login is accepted, or none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str | None = None
    password: str | None = None
