"""The checkpoint and the watermark of a MOCK walk, in their stored forms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from platbook.base.times import to_iso_z
from platbook.connectors.contract import Cursor, ProviderMisconfigured
from platbook.connectors.mock.feeds import FeedRecord
from platbook.connectors.paging import advance_watermark, parse_checkpoint


class MockCheckpoint(BaseModel):
    """The position of a walk: after the record `key`, modified at `modified`.

    The walk keeps the market's time `at`, so that a resumed one goes on through the very same market. The names of the
    fields are stored, and none has a default: a checkpoint without one of them would be another position.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: AwareDatetime
    since: AwareDatetime | None
    order: Literal["time", "key"]
    page: int
    total: int | None
    key: str | None
    modified: AwareDatetime | None
    greatest: AwareDatetime | None

    def advance(self, records: Sequence[FeedRecord]) -> "MockCheckpoint":
        """The checkpoint behind the last of the records."""
        changes: dict[str, object] = {"page": self.page + 1}
        if records:
            changes |= {"key": records[-1].raw.key, "modified": records[-1].modified}
            watermark = None if self.greatest is None else to_iso_z(self.greatest)
            greatest = advance_watermark(watermark, (to_iso_z(record.modified) for record in records), self.at)
            changes["greatest"] = None if greatest is None else datetime.fromisoformat(greatest)
        return self.model_copy(update=changes)


def read_checkpoint(cursor: Cursor) -> MockCheckpoint:
    """Read a stored checkpoint; ProviderMisconfigured if MOCK did not write it."""
    checkpoint = parse_checkpoint(MockCheckpoint, cursor)
    if checkpoint is None:
        raise ProviderMisconfigured(f"not a checkpoint of MOCK: {cursor[:80]!r}")
    return checkpoint


def read_watermark(cursor: Cursor) -> datetime:
    """Read a stored watermark; ProviderMisconfigured if MOCK did not write it."""
    try:
        return datetime.fromisoformat(cursor)
    except ValueError:
        raise ProviderMisconfigured(f"not a watermark of MOCK: {cursor[:80]!r}") from None
