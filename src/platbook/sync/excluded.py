"""The keys of records that a source has and the replica leaves out: out of scope, or marked as deleted by the source.

A sweep fetches what its list of keys names and the replica has not. Without these keys it would fetch the same records
each time. Records that are stored and hidden as out of scope have their rows, and are not among them. The keys are
valid for one scope, by its fingerprint.
"""

from collections.abc import Sequence

from platbook.db import WriteConnection, load_queries
from platbook.sync.runs.run import RunLease

Q = load_queries(__package__ or "platbook.sync")


async def update_excluded_keys(
    connection: WriteConnection, lease: RunLease, scope: str, *, excluded: Sequence[str], stored: Sequence[str]
) -> None:
    """Add the keys of a page's records that are left out, and delete those of records that are stored now."""
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource}
    if excluded:
        await connection.run(Q.add_excluded_keys, {**params, "scope": scope, "keys": list(excluded)})
    if stored:
        await connection.run(Q.delete_excluded_keys, {**params, "keys": list(stored)})


async def delete_keys_of_other_scopes(connection: WriteConnection, lease: RunLease, scope: str) -> None:
    """Delete the keys that another scope left out."""
    params = {"provider_id": lease.run.provider_id, "resource": lease.resource, "scope": scope}
    await connection.run(Q.delete_keys_of_other_scopes, params)
