"""Providers and their syncs."""

from platbook.base.actor import COMMAND_LINE
from platbook.base.ids import new_id
from platbook.base.rights import Right
from platbook.sync.setup.providers import add_provider, read_configuration
from tests.leaks.table import allows
from tests.leaks.world import Caller, Marker, Probe, World

_ERROR, _RUN, _SWEEP = new_id(), new_id(), new_id()
_BOARD = {
    "providerId": "board",
    "providerName": "provider name marker",
    "providerType": "MOCK",
    "settings": {"listings": 5},
    "credentials": {"username": "me", "password": "credential marker"},
}


async def furnish(world: World) -> None:
    """A provider, with something that went wrong."""
    services = world.api.services
    async with services.database.transaction() as connection:
        await add_provider(connection, services.box, read_configuration(_BOARD), COMMAND_LINE, services.clock.now())
    await world.api.run_sql(
        "INSERT INTO mls_sync_history (sync_id, provider_id, sync_type, status, triggered_by, queued_at) "
        "VALUES (%(run)s, 'board', 'full', 'success', 'run marker', now())",
        run=_RUN,
    )
    await world.api.run_sql(
        "INSERT INTO mls_sync_errors (id, provider_id, sync_id, type, listing_key, reason, raw, at, last_at) VALUES "
        "(%(id)s, 'board', %(run)s, 'data_validation', 'k', 'error marker', 'raw error marker', now(), now())",
        id=_ERROR,
        run=_RUN,
    )
    await world.api.run_sql(
        "INSERT INTO mls_sweeps (id, provider_id, sync_id, resource, status, reason, began_at, active, candidates) "
        "VALUES (%(id)s, 'board', %(run)s, 'Property', 'refused', 'sweep marker', now(), 1, 1)",
        id=_SWEEP,
        run=_RUN,
    )
    await world.api.run_sql(
        "INSERT INTO findings (provider_id, resource, kind, field, reason, count, sample, opened_at, last_at) VALUES "
        "('board', 'Property', 'unreadable_value', 'YearBuilt', 'finding marker', 1, '1890s', now(), now())"
    )

    world.markers += [
        Marker("provider name marker", lambda caller: allows(caller, Right.READ_STATUS)),
        Marker("run marker", _reads_syncs),
        Marker("error marker", _reads_syncs),
        Marker("sweep marker", _reads_syncs),
        Marker("finding marker", _reads_syncs),
        Marker("raw error marker", lambda caller: allows(caller, Right.READ_RAW)),
        Marker("credential marker", _nobody),
    ]


def _reads_syncs(caller: Caller) -> bool:
    return allows(caller, Right.READ_SYNCS)


def _nobody(_caller: Caller) -> bool:
    return False


_NO_SUCH = {"providerId": "no-such-provider"}
_NONE = {"provider_id": "no-such-provider"}
"""What would change the world is tried on nothing: whoever may is told that it is not there."""

PROBES = [
    Probe("POST /admin/mls/sync", body={"providerId": "no-such-provider"}),
    Probe("POST /admin/mls/sync/{provider_id}/cancel", path=_NONE),
    Probe("GET /admin/mls/status"),
    Probe("GET /admin/mls/status/{provider_id}"),
    Probe("GET /admin/mls/history"),
    Probe("GET /admin/mls/history/{provider_id}"),
    Probe("GET /admin/mls/errors/{provider_id}"),
    Probe("GET /admin/mls/errors/{error_id}/raw", path={"error_id": str(_ERROR)}),
    Probe("POST /admin/mls/errors/{error_id}/retry"),
    Probe("POST /admin/mls/errors/{provider_id}/retry-all", path=_NONE),
    Probe("GET /admin/mls/findings/{provider_id}"),
    Probe("GET /admin/mls/statistics"),
    Probe("PUT /admin/mls/provider/{provider_id}/toggle", path=_NONE, body={"enabled": True}),
    Probe("PUT /admin/mls/provider/{provider_id}/interval", path=_NONE, body={"intervalHours": 4}),
    Probe("GET /admin/mls/providers"),
    Probe("POST /admin/mls/providers", body=_BOARD),
    Probe("GET /admin/mls/providers/{provider_id}"),
    Probe("PUT /admin/mls/providers/{provider_id}", path=_NONE, body={**_BOARD, **_NO_SUCH}),
    Probe("DELETE /admin/mls/providers/{provider_id}", path=_NONE),
    Probe("GET /admin/mls/providers/{provider_id}/display-rules"),
    Probe("PUT /admin/mls/providers/{provider_id}/display-rules", path=_NONE, body={"rules": list[object]()}),
    Probe("POST /admin/mls/providers/{provider_id}/test", path=_NONE),
    Probe("POST /admin/mls/providers/{provider_id}/discover", path=_NONE),
    Probe("POST /admin/mls/providers/{provider_id}/discover/accept", path=_NONE, body={"settings": {}}),
    Probe("GET /admin/mls/media/{provider_id}"),
    Probe("POST /admin/mls/media/{provider_id}/retry", path=_NONE),
    Probe("POST /admin/mls/media/{provider_id}/reprocess", path=_NONE),
    Probe("POST /admin/mls/media/gc"),
    Probe("GET /admin/mls/sweeps"),
    Probe("POST /admin/mls/sweeps/{sweep_id}/accept"),
]
