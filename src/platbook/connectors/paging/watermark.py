"""The watermark of a walk: the modification time that the next incremental run starts from, less an overlap.

It is the least of two: the greatest time received, and the source's own clock when the walk began. A record whose time
is ahead of that clock holds nothing back and pushes nothing on: everything that changes after the walk began has a
later time than the clock then showed, but perhaps not than the one ahead. Every connector computes it here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from platbook.base.times import as_utc, to_iso_z
from platbook.reso.timestamps import find_offset_change

_LEAST_NEAR_CHANGE = timedelta(minutes=65)
_MARGIN = timedelta(minutes=5)


def advance_watermark(
    watermark: str | None, times: Iterable[str | None], walk_began: datetime, zone: tzinfo = UTC
) -> str | None:
    """The watermark after a page whose records have these modification times, in the source's own text.

    `walk_began` is the source's clock when the walk began, ours where it shows none; times without an offset are times
    of `zone`. The greatest time not ahead of it counts; where every time is ahead, such as those of an unknown zone in
    the east, it is `walk_began` itself. A text that is no timestamp never counts.
    """
    greatest, moment = watermark, None if watermark is None else _to_moment(watermark, zone)
    ahead = None if moment is None or moment <= walk_began else watermark
    if moment is None or ahead is not None:
        greatest = moment = None
    for text in times:
        received = None if text is None else _to_moment(text, zone)
        if received is None:
            continue
        if received > walk_began:
            ahead = text
        elif moment is None or received > moment:
            greatest, moment = text, received
    return greatest if greatest is not None or ahead is None else _to_text(walk_began, ahead, zone)


def extend_overlap(overlap: timedelta, watermark: str, zone: tzinfo = UTC) -> timedelta:
    """How far before a watermark to start: further where the clocks of `zone` change near a time without an offset.

    Times of the hour that is repeated when the clocks go back look older than they are, by up to that hour.
    """
    time = _parse(watermark)
    if time is None or time.tzinfo is not None:
        return overlap
    change = find_offset_change(time, zone)
    return max(overlap, _LEAST_NEAR_CHANGE, change + _MARGIN) if change else overlap


def _to_text(moment: datetime, like: str, zone: tzinfo) -> str:
    """A moment in whole seconds, in the form of another text: with an offset, or as a local time of `zone`."""
    seconds, other = moment.replace(microsecond=0), _parse(like)
    if other is None or other.tzinfo is not None:
        return to_iso_z(seconds)
    return seconds.astimezone(zone).replace(tzinfo=None).isoformat()


def _to_moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment a text names; None: it is no timestamp, or one that UTC cannot express."""
    time = _parse(text)
    try:
        return None if time is None else as_utc(time, zone)
    except ValueError:
        return None


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
