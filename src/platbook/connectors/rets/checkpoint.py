"""The checkpoint of a RETS walk, in its stored form. The names of the fields are stored and must not change."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from platbook.connectors.paging import KeysetPosition, OffsetPosition, TimeSlicePosition, parse_checkpoint

PagingMode = Literal["offset", "key", "time"]


class WalkPosition(BaseModel):
    """The position of a walk through one class; which fields count depends on the paging mode (`way`).

    By offset: `offset`, `overlap`, `first` and `behind`, as in OffsetPosition. By key: `behind`, the last key done.
    By time: `until`, the oldest time done.
    """

    model_config = ConfigDict(extra="forbid")

    way: PagingMode = "offset"
    offset: int = Field(default=1, ge=1)
    overlap: int = Field(default=1, ge=0)
    first: str | None = None
    behind: str | None = None
    until: str | None = None

    @property
    def by_offset(self) -> OffsetPosition:
        """The position of a walk by offset."""
        return OffsetPosition(self.offset, self.overlap, self.first, self.behind)

    @property
    def by_key(self) -> KeysetPosition:
        """The position of a walk by key."""
        return KeysetPosition(self.behind)

    @property
    def by_time(self) -> TimeSlicePosition:
        """The position of a walk by time slices."""
        return TimeSlicePosition(self.until)

    @classmethod
    def of(cls, position: OffsetPosition | KeysetPosition | TimeSlicePosition) -> "WalkPosition":
        """The stored form of a pager's position."""
        match position:
            case OffsetPosition():
                return cls(
                    way="offset",
                    offset=position.offset,
                    overlap=position.overlap,
                    first=position.first,
                    behind=position.behind,
                )
            case KeysetPosition():
                return cls(way="key", behind=position.after)
            case TimeSlicePosition():
                return cls(way="time", until=position.until)


class _CheckpointWithoutStart(BaseModel):
    """A checkpoint of Platbook before it kept when a walk began, and before it searched by the time of photos."""

    model_config = ConfigDict(extra="forbid")

    class_index: int
    within: WalkPosition
    greatest: str | None


class RetsCheckpoint(BaseModel):
    """The position of a walk through all classes: which class, the position in it, the greatest times received.

    `began_at` is the source's own time when the walk began. `photos`: the position is in the search for records whose
    photos changed alone.
    """

    model_config = ConfigDict(extra="forbid")

    began_at: AwareDatetime
    class_index: int = 0
    within: WalkPosition = Field(default_factory=WalkPosition)
    greatest: str | None = None
    photos: bool = False
    greatest_photos: str | None = None

    @classmethod
    def parse(cls, text: str, now: datetime) -> "RetsCheckpoint | None":
        """Read a stored checkpoint, an older one too, whose walk counts as begun `now`; None: it cannot be read."""
        older = parse_checkpoint(_CheckpointWithoutStart, text)
        if older is not None:
            return cls(began_at=now, class_index=older.class_index, within=older.within, greatest=older.greatest)
        return parse_checkpoint(cls, text)
