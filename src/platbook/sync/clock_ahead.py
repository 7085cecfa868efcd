"""Records that claim the future: their modification time is ahead of the clock. They are stored, and remarked on.

One clock of several at a source that is fast, or a wrong `timeZone` of the provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)


def is_ahead(modified: datetime | None, now: datetime) -> bool:
    """Whether a time is further ahead of our clock than two clocks may differ."""
    return modified is not None and modified > now + TOLERANCE


@dataclass(slots=True)
class ClockAhead:
    """A run's records with times ahead of the clock: how many, and the first."""

    count: int = 0
    first: tuple[str, datetime] | None = None

    def add(self, records: Mapping[str, datetime]) -> None:
        """Add those of a page, by key."""
        self.count += len(records)
        if self.first is None:
            self.first = next(iter(records.items()), None)

    def to_remarks(self) -> list[str]:
        """The run's remark; none, where there were none."""
        if self.first is None:
            return []
        key, modified = self.first
        found = f"{self.count} records have a modification time ahead of the clock, the first of them {key}"
        return [f"{found} ({modified:%Y-%m-%dT%H:%M:%SZ}); they are stored, and any later version replaces them"]
