"""Sweeps that are interrupted, taken over, refused again and again."""

from platbook.connectors.contract import KeyPage
from platbook.sync.runs import SyncType
from tests.fakes.scripted_source import Source, all_keys, listing, one_page
from tests.sync.conftest import Desk, MakeDesk

KEYS = [str(number) for number in range(20)]


async def _stocked(desk: MakeDesk, **configuration: object) -> Desk:
    at = await desk(Source(one_page(*map(listing, KEYS)), all_keys(*KEYS)), **configuration)
    await at.sync()
    return at


async def _after_each_key_page(at: Desk, statement: str) -> None:
    """Let something happen once a sweep's page of keys is stored, behind its back."""
    await at.run_sql(
        f"CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$"
    )
    await at.run_sql("CREATE TRIGGER strike AFTER INSERT ON mls_sweep_keys EXECUTE FUNCTION strike()")


async def test_a_sweeper_that_was_taken_over_leaves_its_successors_keys_alone(desk: MakeDesk) -> None:
    at = await _stocked(desk)
    await _after_each_key_page(at, "UPDATE mls_sync_status SET epoch = epoch + 1")
    at.source.key_pages = [KeyPage(KEYS[:10]), KeyPage(KEYS[10:], complete=True, total=20)]
    assert (await at.sync(SyncType.SWEEP))["status"] == "running", "the row belongs to whoever took over"
    assert len(await at.rows("SELECT FROM mls_sweep_keys")) == 10


async def test_a_resumed_sweep_reads_every_key_anew(desk: MakeDesk) -> None:
    at = await _stocked(desk)
    (run,) = await at.rows("SELECT sync_id FROM mls_sync_history WHERE parent_id IS NULL")
    await at.run_sql("UPDATE mls_sync_history SET status = 'running', sync_type = 'sweep'")
    stale = "INSERT INTO mls_sweep_keys SELECT %(id)s, unnest(%(keys)s::text[])"
    await at.run_sql(stale, id=run["sync_id"], keys=KEYS)
    at.source.key_pages = [KeyPage(KEYS[:-1], complete=True)]
    assert await at.engine.run_next("board")
    assert "19" not in await at.keys(), "it went while nobody looked; that it was named once says nothing"
    assert await at.rows("SELECT FROM mls_sweep_keys") == []


async def test_keys_that_the_database_lost_in_a_crash_remove_nothing(desk: MakeDesk) -> None:
    at = await _stocked(desk, maxRemovalShare=1)
    crashed = "IF (SELECT count(*) FROM mls_sweep_keys) > 10"
    await _after_each_key_page(at, f"{crashed} THEN DELETE FROM mls_sweep_keys WHERE listing_key::int < 10; END IF")
    at.source.key_pages = [KeyPage(KEYS[:10]), KeyPage(KEYS[10:], complete=True)]
    run = await at.sync(SyncType.SWEEP)
    assert (run["status"], run["deleted"]) == ("failed", 0)
    assert "lost keys" in str(run["error"])
    assert len(await at.keys()) == 20
