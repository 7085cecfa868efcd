"""Values as text for people: numbers, durations, times, settings. Pure."""

from datetime import datetime, timedelta

import orjson

from platbook.sync.reports.history import Run

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1024
_FEW_SECONDS = 10


def to_number(value: int) -> str:
    """12345 as 12,345."""
    return f"{value:,}"


def to_duration(seconds: float) -> str:
    """A duration in at most two units: 0.4 s, 42 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if seconds < _FEW_SECONDS:
        return f"{seconds:.1f} s"
    rounded = round(seconds)
    if rounded < _MINUTE:
        return f"{rounded} s"
    if rounded < _HOUR:
        return _to_two_units(rounded, _MINUTE, "min", 1, "s")
    if rounded < _DAY:
        return _to_two_units(rounded, _HOUR, "h", _MINUTE, "min")
    return _to_two_units(rounded, _DAY, "d", _HOUR, "h")


def to_span(now: datetime, time: datetime | None) -> str:
    """A time relative to now: "3 min ago", "in 2 h"; a dash for none."""
    if time is None:
        return "-"
    distance = time - now
    if abs(distance) < timedelta(seconds=1):
        return "now"
    text = _round_down(abs(distance).total_seconds())
    return f"in {text}" if distance > timedelta() else f"{text} ago"


def to_bytes(value: int) -> str:
    """1536 as 1.5 KB."""
    size = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KILO
    return f"{size:.1f} TB"


def to_changes(run: Run) -> str:
    """A run's changes: 10 added, 43 updated."""
    counts = {"added": run.added, "updated": run.updated, "removed": run.deleted, "rejected": run.errored}
    changes = [f"{to_number(count)} {name}" for name, count in counts.items() if count]
    if not changes and run.unchanged:
        return f"{to_number(run.unchanged)} unchanged"
    return ", ".join(changes) or "nothing"


def to_hours(hours: float) -> str:
    """An interval in hours: 4 h, 15 min, 1 h 30 min."""
    return to_duration(hours * _HOUR)


def to_text(value: object) -> str:
    """A setting's value on one line."""
    match value:
        case str():
            return value
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return orjson.dumps(value, default=str).decode() if value not in ({}, ()) else "-"


def _to_two_units(value: int, large: int, large_name: str, small: int, small_name: str) -> str:
    count, rest = divmod(value, large)
    part = rest // small
    return f"{count} {large_name} {part} {small_name}" if part else f"{count} {large_name}"


def _round_down(seconds: float) -> str:
    for size, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name}"
    return f"{int(seconds)} s"
