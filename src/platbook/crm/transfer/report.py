"""The result of an import: counts by file, every rejected row, and every field that was not taken, with its reason."""

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


@dataclass(frozen=True, slots=True)
class FieldRemark:
    """A field of an imported row that was not taken from the file, and why."""

    kind: FileKind
    line: int
    field: str
    reason: str


@dataclass(slots=True)
class ImportReport:
    """The result of an import. `conflicts`: values that stay as they are here; `unread`: those that make no sense."""

    counts: dict[FileKind, ImportCounts] = field(default_factory=dict[FileKind, ImportCounts])
    refused: list[RejectedRow] = field(default_factory=list[RejectedRow])
    conflicts: list[FieldRemark] = field(default_factory=list[FieldRemark])
    unread: list[FieldRemark] = field(default_factory=list[FieldRemark])

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
        self.conflicts += other.conflicts
        self.unread += other.unread

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
