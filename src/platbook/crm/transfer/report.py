"""The result of an import: counts by file, and every rejected row with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

from platbook.crm.transfer.mapping import FileKind


@dataclass(slots=True)
class ImportCounts:
    """The rows of one file."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not imported, and why."""

    kind: FileKind
    line: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """The result of an import."""

    counts: dict[FileKind, ImportCounts] = field(default_factory=dict[FileKind, ImportCounts])
    refused: list[RejectedRow] = field(default_factory=list[RejectedRow])

    def of(self, kind: FileKind) -> ImportCounts:
        """The counts of one file."""
        return self.counts.setdefault(kind, ImportCounts())

    def add(self, other: "ImportReport") -> None:
        """Add the result of another part."""
        for kind, counts in other.counts.items():
            mine = self.of(kind)
            for one in fields(ImportCounts):
                setattr(mine, one.name, getattr(mine, one.name) + getattr(counts, one.name))
        self.refused += other.refused

    def reject(self, kind: FileKind, line: int, reason: str) -> None:
        """Count a rejected row."""
        self.of(kind).refused += 1
        self.refused.append(RejectedRow(kind, line, reason))

    def to_lines(self) -> Iterator[str]:
        """A summary, one line per file."""
        for kind, counts in self.counts.items():
            yield (
                f"{kind}: {counts.added} added, {counts.changed} changed, {counts.unchanged} unchanged,"
                f" {counts.refused} refused"
            )
