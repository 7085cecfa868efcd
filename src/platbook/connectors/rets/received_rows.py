"""What a walk has received of a class: each record once, however often paging brings it."""

from collections.abc import Sequence

from platbook.connectors.contract import RawRecord, RecordProblem, ReplyTooLarge
from platbook.connectors.paging import SeenKeys


class ReceivedRows:
    """The distinct keys that a walk has received, and the rows whose record could not be read (`rejected`: their keys).

    A source may have further rows for every request, so that no count and no end bounds a walk: `max_rows` does.
    """

    def __init__(self, max_rows: int) -> None:
        self.keys = SeenKeys()
        self.rejected: set[str | None] = set()
        self._max_rows = max_rows
        self._rows = self._problems = 0

    @property
    def found(self) -> int:
        """How many records of the source they are, which is compared with its count."""
        return len(self.keys) + self._problems

    def take(self, records: Sequence[RawRecord], problems: Sequence[RecordProblem] = ()) -> list[RawRecord]:
        """Add records; returns those that this walk did not have yet. ReplyTooLarge: there are too many rows."""
        self._problems += len(problems)
        self.rejected |= {problem.key for problem in problems}
        self._count_rows(len(problems))
        fresh = set(self.take_keys([record.key for record in records]))
        return [record for record in records if record.key in fresh]

    def take_keys(self, keys: Sequence[str]) -> list[str]:
        """Add keys; returns those that this walk did not have yet. ReplyTooLarge: there are too many rows."""
        self._count_rows(len(keys))
        return [key for key in keys if self.keys.add(key)]

    def _count_rows(self, rows: int) -> None:
        self._rows += rows
        if self._rows > self._max_rows:
            raise ReplyTooLarge(f"the source sends more than {self._max_rows} rows of a class (settings.maxClassRows)")
