"""A finding as a value: what is wrong with values of a record that is taken, and how two versions of it differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

_LONGEST_NAME: Final = 120
_LONGEST_SAMPLE: Final = 80


class FindingKind(StrEnum):
    """What is wrong: a value that cannot be read, one that cannot be true, a time ahead of the clock, a stuck photo."""

    UNREADABLE_VALUE = "unreadable_value"
    SUSPICIOUS_VALUE = "suspicious_value"
    CLOCK_AHEAD = "clock_ahead"
    OBJECT_STUCK = "object_stuck"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one field of the source; None: of no field. `reason` never holds a value."""

    kind: FindingKind
    field: str | None
    reason: str

    @property
    def key(self) -> str:
        """The finding as a record's row remembers it."""
        return f"{self.kind}:{self.field or ''}:{self.reason}"

    @classmethod
    def parse(cls, key: str) -> Self:
        """Read a remembered finding."""
        kind, _, rest = key.partition(":")
        field, _, reason = rest.rpartition(":")
        return cls(FindingKind(kind), field or None, reason)


@dataclass(frozen=True, slots=True)
class ValueFinding:
    """A finding of one record, with a sample of its text where that may be shown."""

    finding: Finding
    sample: str | None = None


@dataclass(frozen=True, slots=True)
class FindingChange:
    """How the number of records with a finding changes: 1, -1, or 0 where a record still has it after an update."""

    finding: Finding
    change: int
    sample: str | None = None


def to_finding(kind: FindingKind, field: str | None, reason: str) -> Finding:
    """A finding with names that can be stored: of bounded length, without control characters and colons."""
    return Finding(kind, _to_name(field) if field else None, _to_name(reason).replace(":", " "))


def to_sample(text: str) -> str | None:
    """The beginning of a value as it may be stored; None: nothing of it can be shown."""
    return _to_name(text, _LONGEST_SAMPLE).strip() or None


def compare_findings(before: Iterable[Finding], after: Iterable[ValueFinding]) -> list[FindingChange]:
    """What a record's new version changes: findings that it loses, gains, and still has."""
    had = set(before)
    has = {one.finding for one in after}
    changes = [FindingChange(finding, -1) for finding in had if finding not in has]
    return changes + [FindingChange(one.finding, int(one.finding not in had), one.sample) for one in after]


def _to_name(text: str, longest: int = _LONGEST_NAME) -> str:
    kept = text[:longest] if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(letter if letter.isprintable() else " " for letter in kept)
