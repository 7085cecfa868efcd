"""The watermark of a walk: held back by the source's clock, and an overlap that covers a repeated hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from platbook.connectors.paging import advance_watermark, extend_overlap

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
OVERLAP = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("watermark", "times", "zone", "expected"),
    [
        (None, ["2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z"], UTC, "2026-11-01T11:00:00Z"),
        (None, ["2026-11-01T11:00:00Z", "2026-11-01T12:15:00Z"], UTC, "2026-11-01T11:00:00Z"),
        (None, ["2026-11-01T12:15:00Z", "9999-12-31T23:59:59Z"], UTC, "2026-11-01T12:00:00Z"),
        (None, ["2026-11-01T12:15:00"], NEW_YORK, "2026-11-01T07:00:00"),
        (None, ["2026-11-01T06:59:00", "2026-11-01T07:01:00"], NEW_YORK, "2026-11-01T06:59:00"),
        (None, ["9999-12-31T23:59:59"], NEW_YORK, None),
        (None, [None, "soon", ""], UTC, None),
        ("2026-11-01T11:30:00Z", ["2026-11-01T11:00:00Z"], UTC, "2026-11-01T11:30:00Z"),
        ("2026-11-01T11:30:00Z", [], UTC, "2026-11-01T11:30:00Z"),
        ("2026-11-01T12:15:00Z", [], UTC, "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:15:00Z", ["2026-11-01T11:00:00Z"], UTC, "2026-11-01T11:00:00Z"),
        ("2026-11-01T10:00:00Z", ["2026-11-01T13:00:00+02:00"], UTC, "2026-11-01T13:00:00+02:00"),
    ],
)
def test_the_watermark_is_the_greatest_time_that_is_not_ahead(
    watermark: str | None, times: list[str | None], zone: ZoneInfo, expected: str | None
) -> None:
    assert advance_watermark(watermark, times, NOON, zone) == expected


@pytest.mark.parametrize(
    ("watermark", "zone", "minutes"),
    [
        ("2026-11-01T01:50:00", NEW_YORK, 65),
        ("2026-11-01T02:05:00", NEW_YORK, 65),
        ("2026-03-08T03:10:00", NEW_YORK, 65),
        ("2026-11-01T12:00:00", NEW_YORK, 5),
        ("2026-11-01T01:50:00-04:00", NEW_YORK, 5),
        ("2026-11-01T01:50:00", UTC, 5),
        ("2026-04-05T01:50:00", ZoneInfo("Australia/Lord_Howe"), 65),
        ("0001-01-01T00:00:00", NEW_YORK, 5),
        ("soon", NEW_YORK, 5),
    ],
)
def test_the_overlap_covers_a_change_of_the_clocks(watermark: str, zone: ZoneInfo, minutes: int) -> None:
    assert extend_overlap(OVERLAP, watermark, zone) == timedelta(minutes=minutes)
    assert extend_overlap(timedelta(hours=2), watermark, zone) == timedelta(hours=2)
