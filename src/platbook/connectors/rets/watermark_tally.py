"""Counts the records whose modification time is in no form that a later run can start from."""

from collections.abc import Sequence
from dataclasses import dataclass

from platbook.connectors.contract import RawRecord
from platbook.protocols.rets.query import parse_timestamp

_MAX_SAMPLE = 40


@dataclass(slots=True)
class WatermarkTally:
    """The records of one walk: how many there are, and how many have a time that cannot be read.

    `field` and `sample` are of the first of these.
    """

    records: int = 0
    unreadable: int = 0
    field: str = ""
    sample: str = ""

    def add(self, field: str, records: Sequence[RawRecord]) -> None:
        """Count the records of a page, whose modification time is this field."""
        self.records += len(records)
        for record in records:
            if record.modified is not None and parse_timestamp(record.modified) is None:
                self.unreadable += 1
                self.field, self.sample = self.field or field, self.sample or record.modified[:_MAX_SAMPLE]

    def to_sentences(self) -> list[str]:
        """The remark on them, if there are any."""
        if not self.unreadable:
            return []
        sentence = (
            f"{self.unreadable} of {self.records} records have a {self.field} that no later run can start from, "
            f"such as {self.sample!r}"
        )
        return [sentence if self.unreadable < self.records else f"{sentence}, so every run reads everything"]
