"""What a walk reads of one class, and what it yields."""

from collections.abc import Sequence
from dataclasses import dataclass

from platbook.connectors.contract import RawRecord, RecordProblem
from platbook.connectors.rets.checkpoint import WalkPosition
from platbook.protocols.rets.query import all_of, is_empty, modified_between, modified_since


@dataclass(frozen=True, slots=True)
class WalkQuery:
    """What a walk reads: what changed since a time (None: `everything`), narrowed by a further criterion.

    `expected` is how many records it found when it was last counted, where that is known.
    """

    class_name: str
    modified_field: str
    everything: str
    narrowed: str = ""
    since: str | None = None
    expected: int | None = None

    @property
    def dmql(self) -> str:
        """The whole query, in DMQL2."""
        start = self.everything if self.since is None else modified_since(self.modified_field, self.since)
        return all_of([start, self.narrowed])

    @property
    def undated(self) -> str:
        """The part of it that has no modification time, which no range of times finds."""
        return all_of([is_empty(self.modified_field), self.narrowed])

    def slice(self, start: str, end: str | None) -> str:
        """The part of it that changed between two times."""
        field = self.modified_field
        changed = modified_since(field, start) if end is None else modified_between(field, start, end)
        return all_of([changed, self.narrowed])


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Records of one class that are new to this walk, the position after them, and whether they are the last.

    `total` is how many records the source counts, where it does.
    """

    records: Sequence[RawRecord]
    problems: Sequence[RecordProblem]
    position: WalkPosition
    total: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class KeyBatch:
    """Keys of one class; `count`, on the last batch, is how many records the source counts."""

    keys: Sequence[str]
    count: int | None = None
