"""What a person may do about providers and their syncs: the acts behind the API and the command line.

Each act runs in the caller's transaction. Where it says so, the caller then wakes a worker: the rows are the truth,
a job is a wake-up, and the schedule makes good what was not said.
"""

from platbook.sync.administration.errors import Retrying, retry_all, retry_error
from platbook.sync.administration.providers import (
    Accepted,
    Changed,
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
from platbook.sync.administration.purge import purge_provider
from platbook.sync.administration.runs import Started, accept_sweep, cancel_sync, start_sync

__all__ = [
    "Accepted",
    "Changed",
    "Retrying",
    "Started",
    "accept_proposal",
    "accept_sweep",
    "add_provider",
    "archive_provider",
    "cancel_sync",
    "change_interval",
    "check_configuration",
    "purge_provider",
    "read_configuration",
    "replace_provider",
    "restore_provider",
    "retry_all",
    "retry_error",
    "start_sync",
    "toggle_provider",
]
