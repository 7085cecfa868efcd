"""Setting providers up: adding, changing, trying, discovering and purging them.

Each act runs in the caller's transaction. Where it says so, the caller then wakes a worker: the rows are the truth,
a job is a wake-up, and the schedule makes good what was not said.
"""

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
    "purge_provider",
    "read_configuration",
    "replace_provider",
    "restore_provider",
    "toggle_provider",
]
