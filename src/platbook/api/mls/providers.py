"""Providers: their configurations, switches and trials. Credentials are written and never read."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls.params import AcceptBody, IntervalBody, ProviderId, ToggleBody
from platbook.api.mls.syncs_models import DiscoveredAnswer, ProbeAnswer, ProviderAnswer, ProviderList
from platbook.api.services import Given
from platbook.api.wake import interrupt, wake, wake_for_documents
from platbook.base.errors import InvalidInput
from platbook.providers.configuration import Configuration
from platbook.providers.providers import find_providers, get_provider
from platbook.sync import setup
from platbook.sync.setup.connection_test import ConnectionTester
from platbook.sync.setup.discovery import Discoverer

router = APIRouter()

_SET = "set"
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
    provider_id: ProviderId, body: ToggleBody, given: Given, caller: Caller
) -> Success[ProviderAnswer]:
    """Switch a provider's schedule on or off. On means due at once, and no longer waiting for an operator."""
    async with given.database.transaction() as connection:
        provider = await setup.toggle_provider(connection, provider_id, caller, given.clock.now(), enabled=body.enabled)
    return Success(data=ProviderAnswer.of(provider))


@router.put("/provider/{provider_id}/interval")
async def change_interval(
    provider_id: ProviderId, body: IntervalBody, given: Given, caller: Caller
) -> Success[ProviderAnswer]:
    """Change how often a provider is synced, in hours; it counts from the last success."""
    async with given.database.transaction() as connection:
        provider = await setup.change_interval(connection, provider_id, body.interval_hours, caller, given.clock.now())
    return Success(data=ProviderAnswer.of(provider))


@router.get("/providers")
async def get_providers(
    given: Given, *, archived: Annotated[bool, Query(description="archived ones too")] = False
) -> Success[ProviderList]:
    """The configurations of all providers, by id."""
    async with given.database.read() as connection:
        found = await find_providers(connection, archived=archived)
    return Success(data=ProviderList(providers=[ProviderAnswer.of(provider) for provider in found]))


@router.post("/providers", status_code=201)
async def add_provider(body: _Configuration, given: Given, caller: Caller) -> Success[ProviderAnswer]:
    """Add a provider; enabled, it is due at once. `loginUrl` may stand on top, as in the classic form."""
    setup.check_configuration(body)
    async with given.database.transaction() as connection:
        await setup.add_provider(connection, given.box, body, caller, given.clock.now())
        provider = await get_provider(connection, body.provider_id)
    return Success(data=ProviderAnswer.of(provider))


@router.get("/providers/{provider_id}")
async def get_one_provider(provider_id: ProviderId, given: Given) -> Success[ProviderAnswer]:
    """One provider's configuration, an archived one's too."""
    async with given.database.read() as connection:
        return Success(data=ProviderAnswer.of(await get_provider(connection, provider_id)))


@router.put("/providers/{provider_id}")
async def replace_provider(
    provider_id: ProviderId, body: _Configuration, given: Given, caller: Caller
) -> Success[ProviderAnswer]:
    """Replace a provider's configuration whole; credentials that are left out stay. An archived one comes back."""
    if body.provider_id != provider_id:
        raise InvalidInput.of("providerId", "is not the one in the address; a provider keeps its id")
    configuration = _keep_credentials(body)
    setup.check_configuration(configuration)
    async with given.database.transaction() as connection:
        changed = await setup.replace_provider(connection, given.box, configuration, caller, given.clock.now())
        provider = await get_provider(connection, provider_id)
    await wake(given, provider_id)
    if changed.rebuild:
        await wake_for_documents(given, provider_id)
    return Success(data=ProviderAnswer.of(provider))


@router.delete("/providers/{provider_id}", status_code=204)
async def remove_provider(
    provider_id: ProviderId,
    given: Given,
    caller: Caller,
    *,
    purge: Annotated[bool, Query(description="erase its listings, runs, errors and credentials as well")] = False,
) -> Response:
    """Archive a provider: not scheduled, listings hidden, nothing erased. With `purge`, erase it for good."""
    if purge:
        await setup.purge_provider(given.database, provider_id, caller, given.clock.now())
        return Response(status_code=204)
    async with given.database.transaction() as connection:
        await setup.archive_provider(connection, provider_id, caller, given.clock.now())
    await interrupt(given, provider_id)
    return Response(status_code=204)


@router.post("/providers/{provider_id}/test")
async def try_provider(provider_id: ProviderId, given: Given) -> Success[ProbeAnswer]:
    """Try a provider's connection step by step; nothing is stored. `ok` says whether every step went well."""
    prober = ConnectionTester(given.database, given.transport, given.box, given.clock)
    return Success(data=ProbeAnswer.of(await prober.probe(provider_id)))


@router.post("/providers/{provider_id}/discover")
async def discover_source(
    provider_id: ProviderId,
    given: Given,
    *,
    afresh: Annotated[bool, Query(description="read it even if the source says that nothing has changed")] = False,
) -> Success[DiscoveredAnswer]:
    """Ask a provider's source what it is like: resources, classes, fields, lookups; and propose settings and a mapping.

    Nothing of the provider is changed. What a person accepts of the proposal goes to `discover/accept`.
    """
    discoverer = Discoverer(given.database, given.transport, given.box, given.clock)
    return Success(data=DiscoveredAnswer.of(await discoverer.discover(provider_id, refresh=afresh)))


@router.post("/providers/{provider_id}/discover/accept")
async def accept_proposal(
    provider_id: ProviderId, body: AcceptBody, given: Given, caller: Caller
) -> Success[ProviderAnswer]:
    """Lay what is accepted of a proposal, as it is or changed, over the provider's settings and field mapping."""
    async with given.database.transaction() as connection:
        changed = await setup.accept_proposal(
            connection, given.box, provider_id, body.to_accepted(), caller, given.clock.now()
        )
        provider = await get_provider(connection, provider_id)
    await wake(given, provider_id)
    if changed.rebuild:
        await wake_for_documents(given, provider_id)
    return Success(data=ProviderAnswer.of(provider))


def _keep_credentials(body: Configuration) -> Configuration:
    """What a reading answered for credentials is not a credential: all of it sent back leaves them as they are."""
    if body.credentials is None:
        return body
    echoed = [name for name, value in body.credentials.items() if value == _SET]
    if not echoed:
        return body
    if len(echoed) < len(body.credentials):
        raise InvalidInput.of(f"credentials.{echoed[0]}", "write it anew, or leave all credentials out to keep them")
    return body.model_copy(update={"credentials": None})
