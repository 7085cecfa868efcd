"""The suppression list as CSV: what the export writes and the import reads. Pure."""

import csv
import io
from collections.abc import Mapping, Sequence

from platbook.base.errors import InvalidInput
from platbook.base.times import parse_utc, to_iso_z
from platbook.crm.csv_files import to_safe
from platbook.crm.suppressions.register import SuppressionInput
from platbook.crm.suppressions.suppression import SuppressedChannel, Suppression, to_address, to_stream

HEADER = ("channel", "address", "addressHash", "stream", "reason", "source", "at")


def to_csv(rows: Sequence[Suppression]) -> str:
    """Rows as lines; formulas are escaped."""
    text = io.StringIO()
    writer = csv.writer(text)
    for one in rows:
        writer.writerow([to_safe(cell) for cell in to_cells(one)])
    return text.getvalue()


def to_cells(one: Suppression) -> tuple[str | None, ...]:
    """The cells of a row, in the order of `HEADER`."""
    hashed = None if one.address_hash is None else one.address_hash.hex()
    return one.channel, one.address, hashed, one.stream, one.reason, one.source, to_iso_z(one.at)


def read_csv_row(cells: Mapping[str, str], default_reason: str) -> SuppressionInput:
    """One line: `channel` and `address`, optionally `stream`, `reason`, `at`. Errors: InvalidInput."""
    channel = cells.get("channel", "").lower()
    if channel not in set(SuppressedChannel):
        raise InvalidInput.of("channel", f"must be one of {', '.join(SuppressedChannel)}")
    if "address" not in cells:
        raise InvalidInput.of("address", "is required; a hash alone is restored by a whole backup")
    try:
        at = parse_utc(cells["at"]) if "at" in cells else None
    except ValueError:
        raise InvalidInput.of("at", "is not a date or time in ISO 8601") from None
    reason = cells.get("reason", default_reason)
    address, stream = to_address(channel, cells["address"]), to_stream(cells.get("stream"))
    return SuppressionInput(SuppressedChannel(channel), address, reason, stream, at)
