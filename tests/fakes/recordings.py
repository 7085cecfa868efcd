"""Recorded replies of real RETS servers; tests that need them are skipped if they are not available."""

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve()


def recorded_rets(name: str) -> bytes:
    """One recorded reply by its path below the recordings' folder; skips the test if it is missing."""
    shared = Path(os.environ.get("PLATBOOK_SHARED") or _HERE.parents[3] / "shared")
    path = shared / "rets" / name
    if not path.is_file():
        pytest.skip(f"the recorded reply {name} is not available; set PLATBOOK_SHARED to the folder of the recordings")
    return path.read_bytes()
