"""Which of two versions of a record stands. Pure.

The source is the truth: what it sends now is taken, also with an older time. An older version is refused as stale where
it may be no longer what the source has: where the same walk has received a newer one already (a page that was replayed,
a record that was sent twice), in an incremental run, and when a stored rejection is retried. After an incremental walk
the records of such versions are read by their keys, which decides.

Times are compared as far as they say anything: equal times, and times without an offset in the hour that is repeated
when the clocks go back, do not make a version older; nor does a row whose time was ahead of the clock when it was
stored, or that is hidden now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import Enum, auto

from platbook.base.errors import RecordRejected
from platbook.base.times import parse_utc
from platbook.connectors.contract import RawRecord
from platbook.reso.timestamps import get_latest_moment, has_offset
from platbook.sync.resources.store import StoredState


class OlderVersions(Enum):
    """What becomes of a version that is older than the stored one."""

    TAKEN = auto()
    """It is what the source has now: it was just read by its key."""
    STALE_IF_RECEIVED = auto()
    """It is what the source has now, unless the same walk has received the record before: a full walk."""
    STALE = auto()
    """It may be outdated: an incremental walk, or the retry of a stored rejection."""


@dataclass(frozen=True, slots=True)
class Version:
    """When a version of a record was modified at the source. `raw` is the source's own text, in a time zone `zone`."""

    modified: datetime | None
    raw: str | None
    zone: tzinfo

    def is_older_than(self, other: datetime | None) -> bool:
        """Whether it is certainly older than a version of another time."""
        if self.modified is None or other is None or self.modified >= other:
            return False
        is_exact = self.raw is not None and has_offset(self.raw)
        return is_exact or get_latest_moment(self.modified, self.zone) < other


def is_older(version: Version, stored: StoredState) -> bool:
    """Whether a version is older than the stored one, as far as the row's time can be trusted."""
    if stored.modified is None or stored.removed or stored.out_of_scope:
        return False
    was_ahead = stored.stored_at is not None and stored.modified > stored.stored_at
    return not was_ahead and version.is_older_than(stored.modified)


def read_version(
    record: RawRecord, read_modified: Callable[[RawRecord], datetime | None], zone: tzinfo = UTC
) -> Version:
    """The version of a record that was not stored yet: its time as the mapping reads it, else as the connector does."""
    try:
        modified = read_modified(record)
    except RecordRejected:
        modified = None
    return Version(modified or _parse(record.modified, zone), record.modified, zone)


def select_newest(
    records: Sequence[RawRecord], read: Callable[[RawRecord], Version], now: datetime
) -> tuple[dict[str, RawRecord], int]:
    """The newest version of each record on a page by its key, and how many others there were.

    Of versions whose times are equal, ambiguous, unknown or ahead of the clock, the last one is the newest.
    """
    newest: dict[str, RawRecord] = {}
    versions: dict[str, Version] = {}
    for record in records:
        earlier = newest.get(record.key)
        if earlier is not None:
            best, version = versions.get(record.key) or read(earlier), read(record)
            if not _is_ahead(best, now) and version.is_older_than(best.modified):
                versions[record.key] = best
                continue
            versions[record.key] = version
        newest[record.key] = record
    return newest, len(records) - len(newest)


def _is_ahead(version: Version, now: datetime) -> bool:
    return version.modified is not None and version.modified > now


def _parse(text: str | None, zone: tzinfo) -> datetime | None:
    try:
        return None if text is None else parse_utc(text, zone)
    except ValueError:
        return None
