"""Paging techniques that connectors share: by offset, by keyset and by time slice, with typed positions; watermarks.

Each pager decides what to request next and when the end is proven; the connector sends the requests. A position is
what a connector writes into its checkpoint, in its own form.
"""

from platbook.connectors.paging.checkpoints import parse_checkpoint
from platbook.connectors.paging.keyset import KeysetBatch, KeysetPosition, batch_rows, keys_after
from platbook.connectors.paging.offset import (
    OffsetIgnored,
    OffsetPage,
    OffsetPager,
    OffsetPosition,
    OffsetReply,
    OffsetStalled,
)
from platbook.connectors.paging.seen_keys import SeenKeys
from platbook.connectors.paging.time_slices import TimeSlicePage, TimeSlicePager, TimeSlicePosition, halve_interval
from platbook.connectors.paging.watermark import advance_watermark, extend_overlap

__all__ = [
    "KeysetBatch",
    "KeysetPosition",
    "OffsetIgnored",
    "OffsetPage",
    "OffsetPager",
    "OffsetPosition",
    "OffsetReply",
    "OffsetStalled",
    "SeenKeys",
    "TimeSlicePage",
    "TimeSlicePager",
    "TimeSlicePosition",
    "advance_watermark",
    "batch_rows",
    "extend_overlap",
    "halve_interval",
    "keys_after",
    "parse_checkpoint",
]
