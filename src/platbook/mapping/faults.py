"""What was wrong with the values of one record: findings, and the fields that withhold it from the public."""

from typing import Final, NamedTuple

from platbook.listings.display import DECIDING_FIELDS
from platbook.providers.finding import FindingKind, ValueFinding, to_finding, to_sample
from platbook.reso.fields import Field, Kind

_MOST: Final = 50
_WITHOUT_SAMPLE: Final = frozenset({Kind.TEXT})


class HalfBaths(NamedTuple):
    """A total of bathrooms with a half: the source's field, its value, and how many of them are full."""

    source: str
    value: object
    full: int


class ValueFaults:
    """The faults met while one record is normalised, at most 50: the same one of one field counts once."""

    __slots__ = ("_found", "_withheld", "half_baths")

    def __init__(self) -> None:
        self.half_baths: HalfBaths | None = None
        self._found: dict[str, ValueFinding] | None = None
        self._withheld: frozenset[str] = frozenset()

    @property
    def findings(self) -> tuple[ValueFinding, ...]:
        """The findings, in the order in which they were met."""
        return () if self._found is None else tuple(self._found.values())

    @property
    def withheld(self) -> frozenset[str]:
        """RESO names of fields without a value that decide what may be public."""
        return self._withheld

    def add(self, kind: FindingKind, source: str, reason: str, sample: str | None = None) -> None:
        """Add a fault of a field of the source that costs no field of ours."""
        finding = to_finding(kind, source, reason)
        found = {} if self._found is None else self._found
        if len(found) < _MOST:
            found.setdefault(finding.key, ValueFinding(finding, sample))
        self._found = found

    def add_lost(self, kind: FindingKind, source: str, field: Field, value: object, reason: str) -> None:
        """Add a value that was left out, since it cannot be read or cannot be true."""
        self.add(kind, source, reason, _sample_of(field, value))
        if field.name in DECIDING_FIELDS:
            self._withheld |= {field.name}


def _sample_of(field: Field, value: object) -> str | None:
    """A value as others may see it: none of a confidential field, none of a text, which may hold anything."""
    if field.confidential or field.kind in _WITHOUT_SAMPLE or isinstance(value, (list, tuple, dict)):
        return None
    if isinstance(value, int) and abs(value) >= 10**40:  # Python refuses to format very long ones
        return None
    return to_sample(str(value))
