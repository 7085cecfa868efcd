"""Recorded replies of real RETS servers, and the Data Dictionary; tests that need them are skipped without them."""

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve()


def recorded_rets(name: str) -> bytes:
    """One recorded reply by its path below the recordings' folder; skips the test if it is missing."""
    return _read("rets", name, "the recorded reply")


def read_dictionary(name: str) -> bytes:
    """One file of RESO's Data Dictionary; skips the test if it is missing."""
    return _read("reso", name, "the Data Dictionary's")


def _read(folder: str, name: str, what: str) -> bytes:
    shared = Path(os.environ.get("PLATBOOK_SHARED") or _HERE.parents[3] / "shared")
    path = shared / folder / name
    if not path.is_file():
        pytest.skip(f"{what} {name} is not available; set PLATBOOK_SHARED to the folder of the recordings")
    return path.read_bytes()
