"""A provider set up from its source's own words: discovered, proposed, accepted by a person, synced."""

import pytest

from platbook.base.actor import COMMAND_LINE
from platbook.base.errors import InvalidInput, NotFound
from platbook.connectors.contract import (
    Discovery,
    SourceClass,
    SourceField,
    SourceLookup,
    SourceResource,
    SourceValue,
)
from platbook.db import Database
from platbook.mapping.proposal import MatchEvidence, propose
from platbook.sync.runs.lifecycle import request_run
from platbook.sync.runs.run import RunRequest, SyncType
from platbook.sync.setup.discovery import Discoverer
from platbook.sync.setup.providers import AcceptedProposal, accept_proposal
from tests.fakes.rets_market import rets_market
from tests.fakes.scripted_source import Source
from tests.sync.conftest import MakeSyncRig
from tests.sync.rets_engine import add_rets_provider, rets_engine, stored


async def test_a_vendors_own_names_are_understood_once_the_proposal_is_accepted(database: Database) -> None:
    async with (
        rets_market(listings=25) as plain,
        rets_market("vendor-names", listings=25) as vendor,
        rets_engine(database) as engine,
    ):
        await add_rets_provider(engine, "plain", plain.url)
        await add_rets_provider(engine, "vendor", vendor.url, classes=None)
        discoverer = Discoverer(database, engine.transport, engine.box, engine.clock)
        found = await discoverer.discover("vendor")
        assert found.proposal.field_mapping
        again = await discoverer.discover("vendor")
        assert (again.read_at, again.proposal) == (found.read_at, found.proposal)
        refreshed = await discoverer.discover("vendor", refresh=True)
        assert refreshed.discovery == found.discovery
        accepted = AcceptedProposal(found.proposal.settings, found.proposal.field_mapping)
        async with database.transaction() as connection:
            await accept_proposal(connection, engine.box, "vendor", accepted, COMMAND_LINE, engine.clock.now())
        for provider_id in ("plain", "vendor"):
            await engine.run_next(provider_id)
            async with database.transaction() as connection:
                await request_run(connection, RunRequest(provider_id, SyncType.FULL), COMMAND_LINE, engine.clock.now())
            await engine.run_next(provider_id)
        assert await stored(database, "vendor") == await stored(database, "plain")
        assert len(await stored(database, "vendor")) == 25


async def test_only_a_connector_that_can_discovers(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    discoverer = Discoverer(rig.database, rig.engine.transport, rig.engine.box, rig.clock, rig.engine.find_connector)
    with pytest.raises(InvalidInput, match="providerType"):
        await discoverer.discover(rig.provider_id)
    with pytest.raises(NotFound):
        await discoverer.discover("nobody")


async def test_what_is_accepted_must_fit(database: Database) -> None:
    async with rets_engine(database) as engine:
        await add_rets_provider(engine, "board", "http://127.0.0.1:1/rets/login")
        for accepted, field in (
            (AcceptedProposal({"pageSize": "many"}, {}), "settings.pageSize"),
            (AcceptedProposal({}, {"LP": "nowhere"}), "fieldMapping.LP"),
        ):
            with pytest.raises(InvalidInput, match=field.replace(".", r"\.")):
                async with database.transaction() as connection:
                    await accept_proposal(connection, engine.box, "board", accepted, COMMAND_LINE, engine.clock.now())


def _discovery(*fields: SourceField, lookups: tuple[SourceLookup, ...] = ()) -> Discovery:
    one = SourceResource("Property", key_field="sysid", classes=[SourceClass("RES", fields=fields)], lookups=lookups)
    return Discovery([one], settings={"resource": "Property"}, listing_resource="Property")


@pytest.mark.parametrize(
    ("field", "target", "evidence"),
    [
        (SourceField("L1", standard_name="ListPrice"), "ListPrice", MatchEvidence.STANDARD_NAME),
        (SourceField("L1", standard_name="ListingID"), "ListingId", MatchEvidence.STANDARD_NAME),
        (SourceField("ListPrice"), "ListPrice", MatchEvidence.OWN_NAME),
        (SourceField("BedsTotal"), "BedroomsTotal", MatchEvidence.SYNONYM),
        (SourceField("L_1", label="Year Built"), "YearBuilt", MatchEvidence.LABEL),
        (SourceField("L_2", label="Acres", data_type="Decimal"), "LotSizeAcres", MatchEvidence.LABEL),
    ],
)
def test_a_field_is_matched_by_the_best_evidence(field: SourceField, target: str, evidence: MatchEvidence) -> None:
    (one,) = propose(_discovery(field)).fields
    assert (one.source, one.target, one.evidence) == (field.name, target, evidence)


def test_a_better_told_field_takes_the_target_and_types_must_agree() -> None:
    proposal = propose(
        _discovery(
            SourceField("sysid", standard_name="ListingKey"),
            SourceField("Beds", data_type="Int"),
            SourceField("BR", standard_name="BedroomsTotal", data_type="Int"),
            SourceField("ListPrice", data_type="Int"),
            SourceField("SoldPrice", data_type="DateTime"),
            SourceField("Oddity"),
        )
    )
    assert proposal.field_mapping == {"BR": "BedroomsTotal"}
    assert [one.source for one in proposal.rivals] == ["Beds"]
    assert set(proposal.unknown) == {"SoldPrice", "Oddity"}


def test_local_status_codes_become_standard_ones_where_their_words_are_plain() -> None:
    said = {"A": "A-Active", "S": "Sold", "Q": "Quiet", "P": "Pending"}
    values = [SourceValue(value, label) for value, label in said.items()]
    lookups = (SourceLookup("St", values),)
    proposal = propose(_discovery(SourceField("ST", label="Status", lookup="St"), lookups=lookups))
    entry = proposal.field_mapping["ST"]
    assert entry == [
        "MlsStatus",
        {"to": "StandardStatus", "lookup": {"A": "Active", "A-Active": "Active", "S": "Closed", "P": "Pending"}},
    ]
