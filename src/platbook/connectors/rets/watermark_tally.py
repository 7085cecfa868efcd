"""Counts the records whose modification time is in no form that a later run can start from."""

from collections.abc import Sequence
from dataclasses import dataclass

from platbook.connectors.contract import RawRecord
from platbook.protocols.rets.query import parse_timestamp

_MAX_SAMPLE = 40


@dataclass(slots=True)
class WatermarkTally:
    """The records of one walk: how many there are, and how many have a time that cannot be read."""

    records: int = 0
    unreadable: int = 0
    sample: str = ""

    def add(self, records: Sequence[RawRecord]) -> None:
        """Count the records of a page."""
        self.records += len(records)
        for record in records:
            if record.modified is not None and parse_timestamp(record.modified) is None:
                self.unreadable += 1
                self.sample = self.sample or record.modified[:_MAX_SAMPLE]

    def describe(self, modified_field: str) -> str | None:
        """A remark on them; None: there are none."""
        if not self.unreadable:
            return None
        sentence = (
            f"{self.unreadable} of {self.records} records have a {modified_field} that no later run can start from, "
            f"such as {self.sample!r}"
        )
        return sentence if self.unreadable < self.records else f"{sentence}, so every run reads everything"
