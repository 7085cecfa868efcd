"""What a person may do about providers and their syncs."""

import json
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from platbook.base.actor import Actor, Role, Surface
from platbook.base.errors import (
    Conflict,
    CredentialsRefused,
    Gone,
    InvalidInput,
    NotFound,
    PlatbookError,
    SourceUnavailable,
)
from platbook.connectors.contract import RawRecord
from platbook.db import ReadConnection
from platbook.listings.reading import get_listing_by_key
from platbook.listings.rebuild import rebuild_documents
from platbook.providers.configuration import Configuration
from platbook.providers.providers import get_provider, open_credentials
from platbook.sync import setup
from platbook.sync.reports.status import ProviderState, get_status
from platbook.sync.runs import requests, retries
from platbook.sync.runs._control_flow import RunTakenOver
from platbook.sync.runs.lifecycle import check_epoch, claim_run
from platbook.sync.runs.run import RunRequest, SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import MakeSyncRig, SyncRig

ADA = Actor("ada@example.com", role=Role.ADMIN)
SHOWN = {"InternetEntireListingDisplayYN": True, "InternetAddressDisplayYN": True}


def _shown(record: RawRecord) -> RawRecord:
    return replace(record, fields={**record.fields, **SHOWN})


def _configuration(**said: object) -> Configuration:
    given = {"providerId": "board", "providerName": "The Board", "providerType": "SCRIPTED", **said}
    return Configuration.model_validate(given)


async def _replace(rig: SyncRig, **said: object) -> setup.ReplacedProvider:
    async with rig.database.transaction() as connection:
        return await setup.replace_provider(connection, rig.engine.box, _configuration(**said), ADA, rig.clock.now())


async def _start(rig: SyncRig, sync_type: SyncType = SyncType.FULL, **said: object) -> requests.StartedRun:
    request = RunRequest(rig.provider_id, sync_type, **said)  # pyright: ignore[reportArgumentType] - by name
    async with rig.database.transaction() as connection:
        return await requests.start_sync(connection, request, ADA, rig.clock.now())


async def _archive(rig: SyncRig) -> None:
    async with rig.database.transaction() as connection:
        await setup.archive_provider(connection, "board", ADA, rig.clock.now())


async def test_a_sync_started_by_hand_waits_and_says_who_asked(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    started = await _start(rig)
    (row,) = await rig.rows("SELECT sync_id, status, sync_type, triggered_by FROM mls_sync_history")
    assert (started.provider_id, started.sync_type, started.status) == ("board", "full", "waiting")
    assert list(row.values()) == [started.sync_id, "waiting", "full", "ada@example.com"]
    with pytest.raises(Conflict) as conflict:
        await _start(rig)
    assert conflict.value.extra == {"syncId": str(started.sync_id)}


async def test_one_record_by_its_key_and_what_cannot_be_started(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(records={"7": listing("7")}))
    with pytest.raises(InvalidInput, match="listingKey"):
        await _start(rig, SyncType.SWEEP, listing_key="7")
    with pytest.raises(InvalidInput, match="syncType"):
        await _start(rig, SyncType.RETRY)
    assert (await _start(rig, listing_key="7")).sync_type is SyncType.RECORD
    await rig.engine.run_next("board")
    assert await rig.keys() == ["7"]
    rig.provider_id = "nobody"
    with pytest.raises(NotFound):
        await _start(rig)


async def test_a_provider_that_needs_an_operator_is_synced_by_hand(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1"), login_error=CredentialsRefused("no")))
    await rig.sync()
    rig.source.login_error = None
    await _start(rig)
    await rig.engine.run_next("board")
    assert await rig.rows("SELECT blocked, needs_operator FROM mls_sync_status") == [
        {"blocked": False, "needs_operator": None}
    ]


async def test_cancelling_stops_what_waits_and_is_a_conflict_where_nothing_does(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    started = await _start(rig)

    async def cancel(provider_id: str = "board") -> list[UUID]:
        async with rig.database.transaction() as connection:
            return await requests.cancel_sync(connection, provider_id, ADA, rig.clock.now())

    assert await cancel() == [started.sync_id]
    assert (await rig.rows("SELECT status FROM mls_sync_history"))[0]["status"] == "cancelled"
    with pytest.raises(Conflict):
        await cancel()
    with pytest.raises(NotFound):
        await cancel("nobody")


async def test_enabling_unblocks_and_makes_due_at_once(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(login_error=CredentialsRefused("no")))
    await rig.sync()
    async with rig.database.transaction() as connection:
        off = await setup.toggle_provider(connection, "board", ADA, rig.clock.now(), enabled=False)
        on = await setup.toggle_provider(connection, "board", ADA, rig.clock.now(), enabled=True)
        with pytest.raises(NotFound):
            await setup.toggle_provider(connection, "nobody", ADA, rig.clock.now(), enabled=True)
    assert (off.enabled, on.enabled) == (False, True)
    (status,) = await rig.rows("SELECT blocked, needs_operator, next_run_at FROM mls_sync_status")
    assert list(status.values()) == [False, None, rig.clock.now()]


async def test_an_interval_counts_from_the_last_success(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await rig.sync()
    (before,) = await rig.rows("SELECT last_success_at FROM mls_sync_status")
    async with rig.database.transaction() as connection:
        changed = await setup.change_interval(connection, "board", 0.5, ADA, rig.clock.now())
        for wrong in (0.2, 169):
            with pytest.raises(InvalidInput, match="intervalHours"):
                await setup.change_interval(connection, "board", wrong, ADA, rig.clock.now())
    assert changed.interval_hours == 0.5
    (due,) = await rig.rows("SELECT next_run_at - last_success_at = interval '30 minutes' AS so FROM mls_sync_status")
    assert due["so"] is True
    assert before["last_success_at"] == rig.clock.now()


async def test_after_failures_a_longer_interval_does_not_put_the_next_try_off(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(login_error=SourceUnavailable("no answer")))
    await rig.sync()
    before = await rig.rows("SELECT next_run_at FROM mls_sync_status")
    async with rig.database.transaction() as connection:
        await setup.change_interval(connection, "board", 100, ADA, rig.clock.now())
    assert await rig.rows("SELECT next_run_at FROM mls_sync_status") == before


async def test_errors_are_marked_and_one_retry_run_is_asked_for(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1", StandardStatus="x"), listing("2", StandardStatus="y")), all_keys("1", "2"))
    )
    await rig.sync()
    first, second = await rig.rows("SELECT id FROM mls_sync_errors ORDER BY listing_key")
    async with rig.database.transaction() as connection:
        one = await retries.retry_error(connection, UUID(str(first["id"])), ADA, rig.clock.now())
        again = await retries.retry_error(connection, UUID(str(second["id"])), ADA, rig.clock.now())
        everything = await retries.retry_all(connection, "board", ADA, rig.clock.now())
        for unknown in (
            retries.retry_error(connection, uuid4(), ADA, rig.clock.now()),
            retries.retry_all(connection, "nobody", ADA, rig.clock.now()),
        ):
            with pytest.raises(NotFound):
                await unknown
    assert (one.marked, everything.marked) == (1, 2)
    assert one.sync_id == again.sync_id == everything.sync_id
    await rig.engine.run_next("board")
    assert [row["retry"] for row in await rig.rows("SELECT retry FROM mls_sync_errors")] == ["failed", "failed"]


async def test_what_cannot_be_retried_is_a_conflict_and_nothing_to_retry_asks_for_no_run(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", StandardStatus="x")), all_keys("1")))
    await rig.sync()
    rig.source.pages = one_page(listing("1"))
    await rig.sync()
    rig.source.login_error = SourceUnavailable("no answer")
    await rig.sync()
    async with rig.database.transaction() as connection:
        for row in await rig.rows("SELECT id FROM mls_sync_errors"):
            with pytest.raises(Conflict):
                await retries.retry_error(connection, UUID(str(row["id"])), ADA, rig.clock.now())
        nothing = await retries.retry_all(connection, "board", ADA, rig.clock.now())
    assert (nothing.marked, nothing.sync_id) == (0, None)


async def _refused(sync_rig: MakeSyncRig) -> tuple[SyncRig, UUID]:
    keys = [str(number) for number in range(10, 20)]
    rig = await sync_rig(Source(one_page(*map(listing, keys)), all_keys(*keys)))
    await rig.sync()
    rig.source.key_pages = all_keys(*keys[:5])
    await rig.sync(SyncType.SWEEP)
    (sweep,) = await rig.rows("SELECT id FROM mls_sweeps")
    return rig, UUID(str(sweep["id"]))


async def test_an_accepted_sweep_is_applied_by_a_run(sync_rig: MakeSyncRig) -> None:
    rig, sweep_id = await _refused(sync_rig)
    async with rig.database.transaction() as connection:
        started = await requests.accept_sweep(connection, sweep_id, ADA, rig.clock.now())
        with pytest.raises(NotFound):
            await requests.accept_sweep(connection, uuid4(), ADA, rig.clock.now())
        with pytest.raises(Conflict, match="accepted"):
            await requests.accept_sweep(connection, sweep_id, ADA, rig.clock.now())
    assert (started.provider_id, started.sync_type) == ("board", "sweep")
    await rig.engine.run_next("board")
    assert len(await rig.keys()) == 5
    (sweep,) = await rig.rows("SELECT status, decided_by, removed FROM mls_sweeps")
    assert list(sweep.values()) == ["accepted", "ada@example.com", 5]


async def test_a_sweep_stays_refused_where_another_run_waits(sync_rig: MakeSyncRig) -> None:
    rig, sweep_id = await _refused(sync_rig)
    started = await _start(rig)
    with pytest.raises(Conflict) as conflict:
        async with rig.database.transaction() as connection:
            await requests.accept_sweep(connection, sweep_id, ADA, rig.clock.now())
    assert conflict.value.extra == {"syncId": str(started.sync_id)}
    assert (await rig.rows("SELECT status FROM mls_sweeps"))[0]["status"] == "refused"


async def test_a_configuration_is_read_with_each_fault_named() -> None:
    whole = {"providerId": "m", "providerName": "M", "providerType": "MOCK"}
    assert setup.read_configuration(whole).provider_id == "m"
    for wrong, field in (
        ({"providerType": "NONE"}, "providerType"),
        ({"settings": {"listings": -1}}, "settings.listings"),
        ({"credentials": {"password": ["hunter2"]}}, "credentials.password"),
        ({"fieldMapping": {"Price": "no such field"}}, "fieldMapping.Price"),
        ({"nonsense": 1}, "nonsense"),
    ):
        with pytest.raises(InvalidInput) as refused:
            setup.read_configuration({**whole, **wrong})
        assert [problem.field for problem in refused.value.details] == [field]
        assert "hunter2" not in str(refused.value)


async def test_an_added_provider_is_due_and_its_credentials_are_sealed(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    given = _configuration(providerId="other", credentials={"username": "ada", "password": "hunter2"})
    async with rig.database.transaction() as connection:
        await setup.add_provider(connection, rig.engine.box, given, ADA, rig.clock.now())
        provider = await get_provider(connection, "other")
        assert provider.credential_names == ["password", "username"]
        assert "hunter2" not in repr(provider)
        assert (await open_credentials(connection, rig.engine.box, "other"))["password"] == "hunter2"
        with pytest.raises(Conflict):
            await setup.add_provider(connection, rig.engine.box, given, ADA, rig.clock.now())
    (row,) = await rig.rows("SELECT credentials FROM mls_provider_configurations WHERE provider_id = 'other'")
    assert b"hunter2" not in bytes(row["credentials"])  # pyright: ignore[reportArgumentType] - a bytea column


async def test_another_display_withdraws_at_once_and_rebuilding_brings_back_what_may_be_shown(
    sync_rig: MakeSyncRig,
) -> None:
    pending = _shown(listing("2", StandardStatus="Pending"))
    rig = await sync_rig(Source(one_page(_shown(listing("1")), pending), all_keys("1", "2")))
    await rig.sync()
    assert await rig.rows("SELECT count(public_document) FROM properties") == [{"count": 2}]
    changed = await _replace(rig, display={"statuses": ["Active"], "mls": "Alder MLS"})
    assert changed.rebuild
    assert await rig.rows("SELECT count(public_document) FROM properties") == [{"count": 0}]
    assert await rebuild_documents(rig.database, rig.clock, "board", limit=1) == 1
    assert await rebuild_documents(rig.database, rig.clock, "board") == 1
    assert await rebuild_documents(rig.database, rig.clock, "board") == 0
    one, two = await rig.rows("SELECT public_document, internal_document FROM properties ORDER BY listing_key")
    assert json.loads(str(one["public_document"]))["attribution"]["mls"] == "Alder MLS"
    assert two["public_document"] is None
    assert json.loads(str(two["internal_document"]))["attribution"]["mls"] == "Alder MLS"
    assert not (await _replace(rig, display={"statuses": ["Active"], "mls": "Alder MLS"})).rebuild


async def test_a_display_changed_back_before_anything_was_rebuilt_is_rebuilt_too(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(_shown(listing("1"))), all_keys("1")))
    await rig.sync()
    assert await rebuild_documents(rig.database, rig.clock, "board") == 0
    await _replace(rig, display={"mls": "Alder MLS"})
    await _replace(rig)
    assert await rebuild_documents(rig.database, rig.clock, "board") == 1
    assert await rig.rows("SELECT count(public_document) FROM properties") == [{"count": 1}]


async def test_rebuilt_documents_equal_those_a_sync_writes(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(_shown(listing("1", LotFeatures=["Level"]))), all_keys("1")))
    await rig.sync()
    before = await rig.rows(
        "SELECT internal_document, public_document, shows_address, document_version FROM properties"
    )
    await rig.run_sql(
        "UPDATE properties SET document_version = 'old', internal_document = '{}', public_document = NULL"
    )
    assert await rebuild_documents(rig.database, rig.clock, "board") == 1
    after = await rig.rows("SELECT internal_document, public_document, shows_address, document_version FROM properties")
    assert after == before


async def test_a_changed_mapping_has_everything_read_again(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", Region="North")), all_keys("1")))
    await rig.sync()
    await _replace(rig, fieldMapping={"Region": "MLSAreaMajor"})
    await rig.engine.run_next("board")
    assert rig.source.asked_since == [None, None]
    assert (await rig.rows("SELECT mls_area_major FROM properties"))[0]["mls_area_major"] == "North"


async def test_a_run_under_way_is_fenced_off_by_a_change_and_taken_up_again_under_its_own_id(
    sync_rig: MakeSyncRig,
) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    started = await _start(rig)
    async with rig.database.transaction() as connection:
        lease = await claim_run(connection, "board", rig.clock.now())
    assert lease is not None
    await _replace(rig, providerName="Another name")
    with pytest.raises(RunTakenOver):
        async with rig.database.transaction() as connection:
            await check_epoch(connection, lease)
    assert await rig.engine.run_next("board")
    runs = await rig.rows("SELECT sync_id, status FROM mls_sync_history WHERE parent_id IS NULL")
    assert runs == [{"sync_id": started.sync_id, "status": "success"}]
    children = await rig.rows("SELECT parent_id, status FROM mls_sync_history WHERE parent_id IS NOT NULL")
    assert children == [{"parent_id": started.sync_id, "status": "success"}]


async def test_a_run_that_was_put_back_is_cancelled_with_its_child(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    started = await _start(rig)
    async with rig.database.transaction() as connection:
        await claim_run(connection, "board", rig.clock.now())
    await _replace(rig, providerName="Another name")
    assert await rig.rows("SELECT DISTINCT status FROM mls_sync_history") == [{"status": "waiting"}], "its child, too"
    async with rig.database.transaction() as connection:
        assert await requests.cancel_sync(connection, "board", ADA, rig.clock.now()) == [started.sync_id]
    runs = await rig.rows("SELECT status, ended_at IS NOT NULL AS ended FROM mls_sync_history")
    assert runs == [{"status": "cancelled", "ended": True}] * 2


async def test_a_run_asked_for_while_its_provider_was_archived_does_nothing(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await _archive(rig)
    assert (await rig.sync())["status"] == "cancelled"
    assert await rig.rows("SELECT 1 FROM properties") == []
    assert rig.source.logouts == 0, "the source was not asked"
    (status,) = await rig.rows("SELECT blocked, needs_operator, consecutive_failures FROM mls_sync_status")
    assert list(status.values()) == [False, None, 0]


async def test_errors_of_an_archived_provider_are_not_retried(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1", StandardStatus="?")), all_keys("1")))
    await rig.sync()
    await _archive(rig)
    (error,) = await rig.rows("SELECT id FROM mls_sync_errors")
    async with rig.database.transaction() as connection:
        with pytest.raises(Conflict, match="archived"):
            await retries.retry_error(connection, UUID(str(error["id"])), ADA, rig.clock.now())
        with pytest.raises(Conflict, match="archived"):
            await retries.retry_all(connection, "board", ADA, rig.clock.now())
    assert await rig.rows("SELECT retry FROM mls_sync_errors") == [{"retry": "pending"}]
    assert await rig.rows("SELECT 1 FROM mls_sync_history WHERE status = 'waiting'") == []


async def test_a_fenced_run_ends_where_another_waits(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    running = await _start(rig)
    async with rig.database.transaction() as connection:
        await claim_run(connection, "board", rig.clock.now())
    waiting = await _start(rig, SyncType.INCREMENTAL)
    await _replace(rig, fieldMapping={"Region": "MLSAreaMajor"})
    runs = await rig.rows(
        "SELECT sync_id, status, sync_type FROM mls_sync_history WHERE parent_id IS NULL ORDER BY queued_at"
    )
    assert runs == [
        {"sync_id": running.sync_id, "status": "cancelled", "sync_type": "full"},
        {"sync_id": waiting.sync_id, "status": "waiting", "sync_type": "full"},
    ]
    async with rig.database.read() as connection:
        assert (await get_status(connection, "board", rig.clock.now())).state is ProviderState.WAITING


async def test_archiving_hides_and_ends_what_runs_and_restoring_brings_back(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(
        Source(one_page(listing("1")), all_keys("1")), scope={"statuses": ["Active"]}, retention="erase"
    )
    await rig.sync()
    await _start(rig)
    await _archive(rig)
    assert await rig.keys() == []
    assert (await rig.rows("SELECT raw FROM properties"))[0]["raw"] is not None, "nothing is erased"
    assert not await rig.engine.run_next("board")
    with pytest.raises(Conflict):
        await _start(rig)
    async with rig.database.transaction() as connection:
        await setup.restore_provider(connection, rig.engine.box, "board", ADA, rig.clock.now())
        provider = await get_provider(connection, "board")
        with pytest.raises(Conflict):
            await setup.restore_provider(connection, rig.engine.box, "board", ADA, rig.clock.now())
    assert (provider.enabled, provider.archived_at, provider.retention) == (True, None, "erase")
    assert provider.requested_scope.statuses == {"Active"}
    assert await rig.keys() == ["1"]


async def test_a_worker_still_at_it_stores_nothing_after_archiving(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source())
    await _start(rig)
    async with rig.database.transaction() as connection:
        lease = await claim_run(connection, "board", rig.clock.now())
    assert lease is not None
    await _archive(rig)
    with pytest.raises(RunTakenOver):
        async with rig.database.transaction() as connection:
            await check_epoch(connection, lease)
    runs = await rig.rows("SELECT DISTINCT status FROM mls_sync_history")
    assert runs == [{"status": "cancelled"}], "the run and its child"


async def _read(connection: ReadConnection, rig: SyncRig, key: str) -> PlatbookError | None:
    try:
        await get_listing_by_key(connection, "board", key, Surface.INTERNAL, rig.clock.now())
    except PlatbookError as error:
        return error
    return None


@pytest.mark.parametrize("archived_before", [False, True])
async def test_purging_erases_everything_but_tombstones(sync_rig: MakeSyncRig, *, archived_before: bool) -> None:
    word = "Xylographer"
    records = [_shown(listing("1", PublicRemarks=word)), listing("2", City=word), listing("3", StandardStatus=word)]
    rig = await sync_rig(Source(one_page(*records), all_keys("1", "2", "3")), credentials={"username": word})
    await rig.sync()
    rig.source.pages = one_page(listing("1", "2026-01-09T00:00:00Z", PublicRemarks=word + " again"))
    await rig.sync(SyncType.INCREMENTAL)
    if archived_before:
        await _archive(rig)
    assert await setup.purge_provider(rig.database, "board", ADA, rig.clock.now()) == 2
    tables = await rig.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    for table in tables:
        found = await rig.rows(f'SELECT * FROM "{table["tablename"]}" AS t WHERE t::text ILIKE %(w)s', w=f"%{word}%")  # noqa: S608 - names from the catalogue
        assert found == [], table["tablename"]
    async with rig.database.read() as connection:
        for key in ("1", "2"):
            assert isinstance(await _read(connection, rig, key), Gone)
        with pytest.raises(NotFound):
            await get_provider(connection, "board")
    for table in ("mls_sync_history", "mls_sync_errors", "mls_sync_status", "mls_sync_cursors"):
        assert await rig.rows(f"SELECT * FROM {table}") == []  # noqa: S608 - names from the line above


async def test_purging_while_a_run_is_under_way_is_a_conflict(sync_rig: MakeSyncRig) -> None:
    rig = await sync_rig(Source(one_page(listing("1")), all_keys("1")))
    await rig.sync()
    await _start(rig)
    async with rig.database.transaction() as connection:
        await claim_run(connection, "board", rig.clock.now())
    with pytest.raises(Conflict):
        await setup.purge_provider(rig.database, "board", ADA, rig.clock.now())
    assert await rig.keys() == ["1"]
    with pytest.raises(NotFound):
        await setup.purge_provider(rig.database, "nobody", ADA, rig.clock.now())


async def test_purging_goes_batch_by_batch(sync_rig: MakeSyncRig) -> None:
    keys = [str(number) for number in range(2500)]
    plain = [listing(key, PublicRemarks=None, UnparsedAddress=None) for key in keys]
    rig = await sync_rig(Source(one_page(*plain), all_keys(*keys)))
    await rig.sync()
    assert await setup.purge_provider(rig.database, "board", ADA, rig.clock.now()) == 2500
    assert await rig.rows("SELECT count(*) FROM properties WHERE erased_at IS NULL OR raw IS NOT NULL") == [
        {"count": 0}
    ]
