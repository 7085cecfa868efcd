from datetime import UTC, datetime, timedelta

import pytest

from platbook.cli.output.format import to_bytes, to_duration, to_hours, to_span

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (42, "42 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (86400 * 3 + 3600 * 4, "3 d 4 h"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert to_duration(seconds) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (None, "-"),
        (NOW, "now"),
        (NOW - timedelta(minutes=3, seconds=5), "3 min ago"),
        (NOW + timedelta(hours=2), "in 2 h"),
        (NOW - timedelta(days=4), "4 d ago"),
    ],
)
def test_moments(moment: datetime | None, words: str) -> None:
    assert to_span(NOW, moment) == words


@pytest.mark.parametrize(("value", "words"), [(0, "0 B"), (1536, "1.5 KB"), (5 << 30, "5.0 GB"), (3 << 40, "3.0 TB")])
def test_sizes(value: int, words: str) -> None:
    assert to_bytes(value) == words


@pytest.mark.parametrize(("hours", "words"), [(0.25, "15 min"), (4, "4 h"), (1.5, "1 h 30 min")])
def test_intervals(hours: float, words: str) -> None:
    assert to_hours(hours) == words
