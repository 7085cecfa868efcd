"""Setting providers up: adding, changing, trying, discovering and purging them.

Each function runs in the caller's transaction. Where its docstring says so, the caller then wakes a worker: the rows
hold the work, a job only wakes a worker, and the schedule picks up what no job announced.
"""

from platbook.sync.setup.display_rules import preview_display_rules, replace_display_rules
from platbook.sync.setup.providers import (
    AcceptedProposal,
    ReplacedProvider,
    accept_proposal,
    add_provider,
    archive_provider,
    change_interval,
    check_configuration,
    read_configuration,
    replace_provider,
    restore_provider,
    toggle_provider,
)
from platbook.sync.setup.purge import purge_provider

__all__ = [
    "AcceptedProposal",
    "ReplacedProvider",
    "accept_proposal",
    "add_provider",
    "archive_provider",
    "change_interval",
    "check_configuration",
    "preview_display_rules",
    "purge_provider",
    "read_configuration",
    "replace_display_rules",
    "replace_provider",
    "restore_provider",
    "toggle_provider",
]
