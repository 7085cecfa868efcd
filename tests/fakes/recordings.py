"""The recorded replies of real RETS servers, where they are at hand; tests that need them are skipped elsewhere."""

import os
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve()


def recorded_rets(name: str) -> bytes:
    """One recorded reply by its path below the recordings' folder; skips the test where there is none."""
    shared = Path(os.environ.get("PLATBOOK_SHARED") or _HERE.parents[3] / "shared")
    path = shared / "rets" / name
    if not path.is_file():
        pytest.skip(f"the recorded reply {name} is not here; PLATBOOK_SHARED may name the folder that holds it")
    return path.read_bytes()
