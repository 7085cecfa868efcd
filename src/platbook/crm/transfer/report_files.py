"""The report of an import as files, written after every batch: they say what was stored if the process is killed."""

import csv
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import orjson

from platbook.base.errors import InvalidInput
from platbook.base.ids import new_id
from platbook.base.times import to_iso_z
from platbook.crm.csv_files import to_safe
from platbook.crm.transfer.report import ImportReport

_COLUMNS = ("file", "line", "reason", "outcome")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


class ReportFiles:
    """The two files of an import.

    `report`: a JSON document of state and counts; `refused`: CSV of refused rows, conflicts and unread values.
    """

    def __init__(self, folder: Path, system: str, at: datetime, refused: Path | None = None) -> None:
        """Create both files; InvalidInput where they cannot be written."""
        name = f"{at:%Y%m%dT%H%M%S}-{_NOT_IN_NAMES.sub('-', system)[:40]}-{new_id().hex[-6:]}"
        self.report = folder / f"{name}.json"
        self.refused = refused or folder / f"{name}.csv"
        self._system, self._started_at = system, at
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.refused.touch(mode=0o600)
            self.refused.write_text("", encoding="utf-8")
            self._append([_COLUMNS])
            self._write_report(ImportReport(), "running")
        except OSError as error:
            reason = (error.strerror or "unknown").lower()
            raise InvalidInput(f"{error.filename or folder} cannot be written ({reason})") from None

    def add(self, part: ImportReport, total: ImportReport) -> None:
        """Write the result of one more batch."""
        rows = [(one.kind.value, one.line, one.reason, "refused") for one in part.refused]
        for outcome, remarks in (("conflict", part.conflicts), ("unread", part.unread)):
            rows += [(one.kind.value, one.line, f"{one.field}: {one.reason}", outcome) for one in remarks]
        self._append(rows)
        self._write_report(total, "running")

    def finish(self, total: ImportReport, state: str = "finished") -> None:
        """Write how the import ended."""
        self._write_report(total, state)

    def _append(self, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            with self.refused.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([to_safe(value) for value in row] for row in rows)

    def _write_report(self, total: ImportReport, state: str) -> None:
        document = {
            "system": self._system,
            "state": state,
            "startedAt": to_iso_z(self._started_at),
            "counts": {kind.value: counts for kind, counts in total.counts.items()},
            "conflicts": len(total.conflicts),
            "unread": len(total.unread),
            "refusedFile": str(self.refused),
        }
        new = self.report.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        new.replace(self.report)
