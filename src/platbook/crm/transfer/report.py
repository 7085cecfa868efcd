"""What an import did: counts by file, and every refused row with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from platbook.crm.transfer.mapping import Kind


@dataclass(slots=True)
class Counts:
    """The rows of one file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was left out, and why."""

    kind: Kind
    line: int
    reason: str


@dataclass(slots=True)
class Report:
    """An import's result."""

    counts: dict[Kind, Counts] = field(default_factory=dict[Kind, Counts])
    refused: list[RefusedRow] = field(default_factory=list[RefusedRow])

    def of(self, kind: Kind) -> Counts:
        """The counts of one file."""
        return self.counts.setdefault(kind, Counts())

    def add(self, other: "Report") -> None:
        """What another part did, too."""
        for kind, counts in other.counts.items():
            mine = self.of(kind)
            for one in fields(Counts):
                setattr(mine, one.name, getattr(mine, one.name) + getattr(counts, one.name))
        self.refused += other.refused

    def refuse(self, kind: Kind, line: int, reason: str) -> None:
        """Note a row that is left out."""
        self.of(kind).refused += 1
        self.refused.append(RefusedRow(kind, line, reason))

    def in_words(self) -> Iterator[str]:
        """A line for each file."""
        for kind, counts in self.counts.items():
            yield (
                f"{kind}: {counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged,"
                f" {counts.refused} refused"
            )
