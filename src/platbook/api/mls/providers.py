"""Providers: configurations, schedule, connection tests, discovery. Credentials are written and never read."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls.models import EnabledUpdate, IntervalUpdate, ProposalAccept
from platbook.api.mls.params import IncludeArchived, ProviderId, Purge, Refresh
from platbook.api.services import ServicesDep
from platbook.application import providers as use_cases
from platbook.base.errors import InvalidInput
from platbook.providers.configuration import Configuration
from platbook.providers.providers import find_providers, get_provider
from platbook.providers.views import ProviderList, ProviderRead
from platbook.sync import setup
from platbook.sync.setup.connection_test import ConnectionTester
from platbook.sync.setup.discovery import Discoverer
from platbook.sync.setup.views import ConnectionTestRead, DiscoveryRead

router = APIRouter()

_EXAMPLE = {
    "providerId": "sample_rets_provider",
    "providerName": "Sample MLS",
    "providerType": "MOCK",
    "settings": {"listings": 50},
    "credentials": {"username": "agent", "password": "the MLS's password"},
    "fieldMapping": {"ListPrice": "price"},
    "scope": {"statuses": ["Active", "Pending"]},
    "intervalHours": 4,
}
_Configuration = Annotated[Configuration, Body(examples=[_EXAMPLE])]


@router.put("/provider/{provider_id}/toggle")
async def toggle_provider(
    provider_id: ProviderId, body: EnabledUpdate, services: ServicesDep, caller: Caller
) -> Success[ProviderRead]:
    """Enable or disable a provider's schedule. Enabled, it is due at once and no longer blocked for an operator."""
    provider = await use_cases.toggle_provider(services, provider_id, caller, enabled=body.enabled)
    return Success(data=ProviderRead.of(provider))


@router.put("/provider/{provider_id}/interval")
async def change_interval(
    provider_id: ProviderId, body: IntervalUpdate, services: ServicesDep, caller: Caller
) -> Success[ProviderRead]:
    """Change how often a provider is synced, in hours, counted from its last success."""
    provider = await use_cases.change_interval(services, provider_id, body.interval_hours, caller)
    return Success(data=ProviderRead.of(provider))


@router.get("/providers")
async def get_providers(services: ServicesDep, *, archived: IncludeArchived = False) -> Success[ProviderList]:
    """The configurations of all providers, by id."""
    async with services.database.read() as connection:
        providers = await find_providers(connection, archived=archived)
    return Success(data=ProviderList(providers=[ProviderRead.of(one) for one in providers]))


@router.post("/providers", status_code=201)
async def add_provider(body: _Configuration, services: ServicesDep, caller: Caller) -> Success[ProviderRead]:
    """Add a provider; enabled, it is due at once. `loginUrl` is accepted at the top level too."""
    setup.check_configuration(body)
    provider = await use_cases.add_provider(services, body, caller)
    return Success(data=ProviderRead.of(provider))


@router.get("/providers/{provider_id}")
async def get_one_provider(provider_id: ProviderId, services: ServicesDep) -> Success[ProviderRead]:
    """One provider's configuration, an archived one's too."""
    async with services.database.read() as connection:
        return Success(data=ProviderRead.of(await get_provider(connection, provider_id)))


@router.put("/providers/{provider_id}")
async def replace_provider(
    provider_id: ProviderId, body: _Configuration, services: ServicesDep, caller: Caller
) -> Success[ProviderRead]:
    """Replace a provider's configuration, as it is read; credentials that are left out, or `set`, are kept.

    An archived provider is restored.
    """
    if body.provider_id != provider_id:
        raise InvalidInput.of("providerId", "differs from the id in the URL; a provider's id cannot be changed")
    setup.check_configuration(body)
    provider = await use_cases.replace_provider(services, body, caller)
    return Success(data=ProviderRead.of(provider))


@router.delete("/providers/{provider_id}", status_code=204)
async def remove_provider(
    provider_id: ProviderId,
    services: ServicesDep,
    caller: Caller,
    *,
    purge: Purge = False,
) -> Response:
    """Archive a provider: not scheduled, listings hidden, nothing erased. With `purge`, erase it for good."""
    if purge:
        await setup.purge_provider(services.database, provider_id, caller, services.clock.now())
        return Response(status_code=204)
    await use_cases.archive_provider(services, provider_id, caller)
    return Response(status_code=204)


@router.post("/providers/{provider_id}/test")
async def try_provider(provider_id: ProviderId, services: ServicesDep) -> Success[ConnectionTestRead]:
    """Test a provider's connection step by step; nothing is stored. `ok`: every step succeeded."""
    tester = ConnectionTester(services.database, services.transport, services.box, services.clock)
    return Success(data=ConnectionTestRead.of(await tester.probe(provider_id)))


@router.post("/providers/{provider_id}/discover")
async def discover_source(
    provider_id: ProviderId,
    services: ServicesDep,
    *,
    refresh: Refresh = False,
) -> Success[DiscoveryRead]:
    """Read a source's metadata (resources, classes, fields, lookups) and propose settings and a field mapping.

    The provider is not changed. Send the accepted part of the proposal to `discover/accept`.
    """
    discoverer = Discoverer(services.database, services.transport, services.box, services.clock)
    return Success(data=DiscoveryRead.of(await discoverer.discover(provider_id, refresh=refresh)))


@router.post("/providers/{provider_id}/discover/accept")
async def accept_proposal(
    provider_id: ProviderId, body: ProposalAccept, services: ServicesDep, caller: Caller
) -> Success[ProviderRead]:
    """Merge the accepted part of a proposal, changed or not, into the provider's settings and field mapping."""
    provider = await use_cases.accept_proposal(services, provider_id, body.to_accepted(), caller)
    return Success(data=ProviderRead.of(provider))
