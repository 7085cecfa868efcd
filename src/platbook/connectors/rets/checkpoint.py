"""The checkpoint of a RETS walk, in its stored form. The names of the fields are stored and must not change."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from platbook.connectors.paging import KeysetPosition, OffsetPosition, TimeSlicePosition

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
