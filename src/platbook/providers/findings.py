"""Findings: what is wrong with a source's values although its records are taken, counted by fault and field.

A finding is open while a record has it, and closes by itself with the last one. Whoever stores records remembers the
findings of each and reports the difference (`record_findings`), so that a count is exact and costs what a page costs,
never what the table does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from platbook.base.views import Pagination, UtcDatetime, View, paginate
from platbook.db import ReadConnection, WriteConnection, load_queries
from platbook.db.lists import NumberedSource, PageNumber, find_numbered_page
from platbook.providers.finding import Finding, FindingChange, FindingKind

Q = load_queries(__package__ or "platbook.providers")


class FindingRead(View):
    """A fault in a source's values. `count` is how many records have it now, photos for `object_stuck`.

    Null `closedAt`: it is open. `sample` is the text of one of these records, null where none may be shown.
    """

    provider_id: str
    resource: str
    kind: FindingKind
    field: str | None
    reason: str
    count: int
    sample: str | None
    opened_at: UtcDatetime
    last_at: UtcDatetime
    closed_at: UtcDatetime | None


class FindingList(View):
    """One page of a provider's findings, the newest first."""

    findings: list[FindingRead]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings of a provider; None matches all."""

    provider_id: str
    kind: FindingKind | None = None
    is_open: bool | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    provider_id: str
    resource: str
    at: datetime
    change: FindingChange


@dataclass(slots=True)
class _Sum:
    """The changes of one finding in one transaction."""

    count: int = 0
    is_seen: bool = False
    is_lost: bool = False
    sample: str | None = None

    def add(self, change: FindingChange) -> None:
        self.count += change.change
        self.is_lost |= change.change < 0
        self.is_seen |= change.change >= 0
        self.sample = change.sample or self.sample


def record_findings(
    connection: WriteConnection, provider_id: str, resource: str, changes: Iterable[FindingChange], at: datetime
) -> None:
    """Count changes in the caller's transaction, together with all others that it records: at its end, in one order."""
    connection.before_commit(_apply_changes, [_Change(provider_id, resource, at, change) for change in changes])


async def is_finding_open(connection: ReadConnection, provider_id: str, resource: str, finding: Finding) -> bool:
    """Whether a finding is open now."""
    params = {
        "provider_id": provider_id,
        "resource": resource,
        "kind": finding.kind,
        "field": finding.field,
        "reason": finding.reason,
    }
    return bool(await connection.value(bool, Q.is_finding_open, params))


async def find_findings(
    connection: ReadConnection, finding_filter: FindingFilter, *, limit: int, page: int = 1
) -> FindingList:
    """One page of a provider's findings."""
    params = {
        "provider_id": finding_filter.provider_id,
        "kind": finding_filter.kind,
        "is_open": finding_filter.is_open,
    }
    found = await find_numbered_page(connection, _FINDINGS, PageNumber(page, limit), params)
    return FindingList(findings=found.rows, pagination=paginate(page, limit, found.total))


async def _apply_changes(connection: WriteConnection, items: Sequence[object]) -> None:
    sums: dict[tuple[str, str, Finding], _Sum] = {}
    at: dict[tuple[str, str, Finding], datetime] = {}
    for one in cast("Sequence[_Change]", items):
        key = (one.provider_id, one.resource, one.change.finding)
        sums.setdefault(key, _Sum()).add(one.change)
        at[key] = one.at
    if not sums:
        return
    ordered = sorted(sums, key=lambda key: (key[0], key[1], key[2].key))  # transactions lock them in one order
    await connection.run(
        Q.apply_finding_changes,
        {
            "provider_ids": [provider_id for provider_id, _, _ in ordered],
            "resources": [resource for _, resource, _ in ordered],
            "kinds": [str(finding.kind) for _, _, finding in ordered],
            "fields": [finding.field for _, _, finding in ordered],
            "reasons": [finding.reason for _, _, finding in ordered],
            "changes": [sums[key].count for key in ordered],
            "samples": [sums[key].sample for key in ordered],
            "seen": [sums[key].is_seen for key in ordered],
            "lost": [sums[key].is_lost for key in ordered],
            "at": [at[key] for key in ordered],
        },
    )


_FINDINGS: Final = NumberedSource(
    FindingRead, Q.find_findings, ("opened_at", "resource", "kind", "field"), descending=True, id_column="reason"
)
