"""The conformance suite: what every connector has to do, checked against a source of the author's choice.

With pytest, load `platbook.connectors.testing.plugin`: each check is then a test of its own. Without it, `check_all`
runs them all. The source should hold a few pages of records and stand still, except where `Case.change` changes it.
"""

from platbook.connectors.testing.case import Case, ConformanceError, ConformanceRun, DeclaredCase
from platbook.connectors.testing.checks import (
    BROKEN_CHECKS,
    CHECKS,
    REPEATED_KEY_CHECKS,
    Check,
    check_all,
    check_broken_keys,
    check_broken_walk,
    check_incremental,
    check_key_sweep,
    check_media,
    check_records,
    check_repeated_keys,
    check_resume,
    check_single_records,
    check_walk,
    walk,
)

__all__ = [
    "BROKEN_CHECKS",
    "CHECKS",
    "REPEATED_KEY_CHECKS",
    "Case",
    "Check",
    "ConformanceError",
    "ConformanceRun",
    "DeclaredCase",
    "check_all",
    "check_broken_keys",
    "check_broken_walk",
    "check_incremental",
    "check_key_sweep",
    "check_media",
    "check_records",
    "check_repeated_keys",
    "check_resume",
    "check_single_records",
    "check_walk",
    "walk",
]
