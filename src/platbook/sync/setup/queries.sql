-- name: lock_status
-- Lock a provider's live state until this transaction ends: no page of a run is stored meanwhile.
SELECT FROM mls_sync_status WHERE provider_id = %(provider_id)s FOR UPDATE;

-- name: end_runs
-- Runs of a provider that was fenced off before: no one else will end them.
UPDATE mls_sync_history SET status = 'cancelled', cancel_requested_at = coalesce(cancel_requested_at, %(at)s),
    ended_at = %(at)s
WHERE provider_id = %(provider_id)s AND status IN ('waiting', 'running');

-- name: put_back_running
-- The run of a provider that was fenced off waits for its turn again with its children, under its own id, unless
-- another waits already.
UPDATE mls_sync_history h SET status = 'waiting'
WHERE provider_id = %(provider_id)s AND status = 'running' AND NOT EXISTS (
    SELECT FROM mls_sync_history w WHERE w.provider_id = h.provider_id AND w.parent_id IS NULL
        AND w.status = 'waiting');

-- name: end_running
-- The run of a provider that was fenced off ends; the one that waits does its work.
UPDATE mls_sync_history SET status = 'cancelled', ended_at = %(at)s,
    error = 'the provider was changed; the waiting run goes on'
WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'running'
    OR parent_id IN (SELECT sync_id FROM mls_sync_history
        WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'running') AND status = 'running';

-- name: forget_current
-- No run of the provider is under way any more.
UPDATE mls_sync_status SET current_sync_id = NULL, stage = NULL, total = NULL, rate = NULL, expected_end_at = NULL,
    updated_at = %(at)s
WHERE provider_id = %(provider_id)s;

-- name: is_running
-- Whether a run of the provider is under way.
SELECT EXISTS (SELECT FROM mls_sync_history WHERE provider_id = %(provider_id)s AND parent_id IS NULL
    AND status = 'running');

-- name: widen_waiting
-- A run that waits for what has changed shall read everything.
UPDATE mls_sync_history SET sync_type = 'full'
WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'waiting' AND sync_type = 'incremental';

-- name: count_from_last
-- A new interval counts from the last success. A provider that is being tried again after a failure keeps its shorter
-- pause.
UPDATE mls_sync_status SET updated_at = %(at)s, next_run_at = CASE
    WHEN consecutive_failures > 0 THEN least(next_run_at, %(at)s::timestamptz + make_interval(secs => %(seconds)s))
    ELSE coalesce(last_success_at, %(at)s::timestamptz) + make_interval(secs => %(seconds)s) END
WHERE provider_id = %(provider_id)s AND next_run_at IS NOT NULL;

-- name: find_batch
-- A provider's next listings that are not erased, in the order of their keys.
SELECT id, listing_key FROM properties
WHERE provider_id = %(provider_id)s AND listing_key > %(after)s AND erased_at IS NULL
ORDER BY listing_key LIMIT %(limit)s;

-- name: delete_provider_sweep_keys
-- What a provider's sweeps had seen.
DELETE FROM mls_sweep_keys k USING mls_sync_history h WHERE h.sync_id = k.sync_id AND h.provider_id = %(provider_id)s;

-- name: unblock
-- A person has acted: the provider is due at once and may be tried again.
UPDATE mls_sync_status SET blocked = false, needs_operator = NULL, consecutive_failures = 0, next_run_at = %(at)s,
    updated_at = %(at)s
WHERE provider_id = %(provider_id)s;

-- name: erase_samples
-- The samples of broken replies and of records without a key: they belong to no listing that could be erased.
UPDATE mls_sync_errors SET raw = NULL
WHERE provider_id = %(provider_id)s AND listing_key IS NULL AND raw IS NOT NULL;

-- name: get_discovery
-- The last stored discovery of a provider's source.
SELECT mark, source, discovery, read_at FROM mls_discoveries WHERE provider_id = %(provider_id)s;

-- name: keep_discovery
-- Store the discovery of a provider's source.
INSERT INTO mls_discoveries (provider_id, mark, source, discovery, read_at)
VALUES (%(provider_id)s, %(mark)s, %(source)s, %(discovery)s, %(at)s)
ON CONFLICT (provider_id) DO UPDATE SET
    mark = excluded.mark, source = excluded.source, discovery = excluded.discovery, read_at = excluded.read_at;
