"""Where an incremental walk starts, and what it reads: what changed by its own time, or by that of its photos.

Many sources move PhotosChangeTimestamp without ModificationTimestamp. So a class is searched twice: for the records
that changed, then for the others whose photos did. Two plain searches rather than one with OR: each is paged by its own
time, and a source that misreads an OR would leave changes out without an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from platbook.connectors.contract import Cursor, RawRecord
from platbook.connectors.paging import extend_overlap
from platbook.connectors.rets.paging import WalkQuery
from platbook.connectors.rets.settings import RetsSettings
from platbook.protocols.rets.query import all_of, modified_until, step_back

_PHOTOS = ";photos="


@dataclass(frozen=True, slots=True)
class RetsWatermark:
    """The greatest times received, of records and of their photos; stored as one text, in the source's own form."""

    modified: str
    photos: str | None = None

    @classmethod
    def parse(cls, text: str) -> "RetsWatermark":
        """Read the stored form; without a time of photos, it is the records' time."""
        modified, _, photos = text.partition(_PHOTOS)
        return cls(modified, photos or None)

    def to_cursor(self) -> Cursor:
        """The stored form."""
        photos = None if self.photos == self.modified else self.photos
        return Cursor(self.modified if photos is None else f"{self.modified}{_PHOTOS}{photos}")


def plan_changes(settings: RetsSettings, class_name: str, since: RetsWatermark) -> WalkQuery:
    """The search for records of a class that changed."""
    return WalkQuery(class_name, settings.queried_modified, "", settings.narrowing, _start(settings, since.modified))


def plan_photo_changes(settings: RetsSettings, class_name: str, since: RetsWatermark) -> WalkQuery:
    """The search for the other records of a class, whose photos changed alone."""
    unchanged = modified_until(settings.queried_modified, _start(settings, since.modified))
    start = _start(settings, since.photos or since.modified)
    return WalkQuery(class_name, settings.queried_photos_modified, "", all_of([unchanged, settings.narrowing]), start)


def has_photo_time(settings: RetsSettings, records: Sequence[RawRecord]) -> bool:
    """Whether records of a class have a time of their photos: as its columns say, or these records; none: they may."""
    field = settings.photos_modified_field
    if field is None:
        return False
    if settings.columns:
        return field in settings.columns
    return not records or any(field in record.fields for record in records)


def get_photo_time(settings: RetsSettings, record: RawRecord) -> str | None:
    """When a record's photos changed, in the source's own text."""
    text = None if settings.photos_modified_field is None else record.fields.get(settings.photos_modified_field)
    return text if isinstance(text, str) else None


def _start(settings: RetsSettings, watermark: str) -> str:
    overlap = timedelta(seconds=settings.overlap_seconds)
    return step_back(watermark, extend_overlap(overlap, watermark, ZoneInfo(settings.time_zone)))
