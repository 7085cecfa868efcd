"""Display rules of a provider: what of its listings may be shown, as rows of settings."""

from typing import Annotated

from fastapi import APIRouter, Body

from platbook.api.authentication import Caller
from platbook.api.envelope import Success
from platbook.api.mls.params import At, DryRun, ProviderId
from platbook.api.services import ServicesDep
from platbook.application import providers as use_cases
from platbook.providers.providers import get_provider
from platbook.providers.rule_configuration import DisplayRulesWrite
from platbook.providers.rule_versions import get_rules
from platbook.providers.views import DisplayRulesRead
from platbook.sync.setup.views import RulePreviewRead

router = APIRouter()

_EXAMPLE = {
    "rules": [
        {"settings": {"listingDisplayWhenNull": True, "soldWithin": "P36M", "mls": "Sample MLS"}},
        {"originatingSystem": "Naples MLS", "feed": "VOW", "settings": {"hideFields": ["TaxAnnualAmount"]}},
        {"ours": True, "settings": {"statuses": ["Active", "Coming Soon", "Pending", "Closed"]}},
    ]
}
_Rules = Annotated[DisplayRulesWrite, Body(examples=[_EXAMPLE])]


@router.get("/providers/{provider_id}/display-rules")
async def get_display_rules(provider_id: ProviderId, services: ServicesDep, at: At = None) -> Success[DisplayRulesRead]:
    """All display rules of a provider, of all surfaces, as they are or as they were at a moment."""
    async with services.database.read() as connection:
        await get_provider(connection, provider_id)
        rules = await get_rules(connection, provider_id, at)
    return Success(data=DisplayRulesRead.of(provider_id, rules))


@router.put("/providers/{provider_id}/display-rules")
async def replace_display_rules(
    provider_id: ProviderId, body: _Rules, services: ServicesDep, caller: Caller, *, dry_run: DryRun = False
) -> Success[DisplayRulesRead | RulePreviewRead]:
    """Replace all display rules of a provider, as they are read. Listings they can concern are hidden until rebuilt.

    With `dryRun`, answer how many listings, addresses, photos and fields would appear and vanish, and write nothing.
    """
    rules = body.to_rules(provider_id)
    if dry_run:
        preview = await use_cases.preview_display_rules(services, provider_id, rules, caller)
        return Success(data=RulePreviewRead.of(provider_id, preview))
    current = await use_cases.replace_display_rules(services, provider_id, rules, caller)
    return Success(data=DisplayRulesRead.of(provider_id, current))
