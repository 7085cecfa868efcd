from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from platbook.base.times import as_utc, parse_http_date, parse_utc, to_iso_z

DENVER = ZoneInfo("America/Denver")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-01-31T08:15:00Z", UTC, datetime(2026, 1, 31, 8, 15, tzinfo=UTC)),
        ("2026-01-31T08:15:00", UTC, datetime(2026, 1, 31, 8, 15, tzinfo=UTC)),
        ("2026-01-31T08:15:00+02:00", UTC, datetime(2026, 1, 31, 6, 15, tzinfo=UTC)),
        ("2026-01-31T08:15:00", DENVER, datetime(2026, 1, 31, 15, 15, tzinfo=UTC)),
        ("2026-01-31T08:15:00Z", DENVER, datetime(2026, 1, 31, 8, 15, tzinfo=UTC)),
        ("2026-01-31", UTC, datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_iso_8601_is_parsed_into_utc(text: str, zone: tzinfo, expected: datetime) -> None:
    parsed = parse_utc(text, zone)
    assert parsed == expected
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-02-30", "0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"]
)
def test_an_invalid_or_out_of_range_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid isoformat|out of range|must be in range"):
        parse_utc(text)


def test_an_aware_datetime_is_converted_and_a_naive_one_gets_the_default_zone() -> None:
    east = timezone(timedelta(hours=2))
    assert as_utc(datetime(2026, 1, 31, 8, tzinfo=east), DENVER) == datetime(2026, 1, 31, 6, tzinfo=UTC)
    assert as_utc(datetime(2026, 7, 1, 8), DENVER) == datetime(2026, 7, 1, 14, tzinfo=UTC)  # noqa: DTZ001 - a naive one is the case


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sat, 31 Jan 2026 08:15:00 GMT", datetime(2026, 1, 31, 8, 15, tzinfo=UTC)),
        ("Sat, 31 Jan 2026 08:15:00 -0000", datetime(2026, 1, 31, 8, 15, tzinfo=UTC)),
        ("Sat, 31 Jan 2026 08:15:00 +0200", datetime(2026, 1, 31, 6, 15, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:00:00 -0500", None),
        ("Sat, 32 Jan 2026 08:15:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_an_http_date_is_parsed_into_utc_or_is_none(text: str, expected: datetime | None) -> None:
    assert parse_http_date(text) == expected


def test_iso_output_is_in_utc_with_a_z() -> None:
    assert to_iso_z(datetime(2026, 1, 31, 1, 15, tzinfo=DENVER)) == "2026-01-31T08:15:00Z"
    assert to_iso_z(datetime(2026, 1, 31, 8, 15, 0, 5000, tzinfo=UTC)) == "2026-01-31T08:15:00.005000Z"
