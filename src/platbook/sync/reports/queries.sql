-- name: find_statuses
-- The status of one provider, or of all that are not archived, without their counts of listings.
SELECT p.provider_id, p.provider_name, p.provider_type, p.enabled, p.archived_at,
    p.interval_hours::float8 AS interval_hours, s.next_run_at, s.last_success_at,
    coalesce(s.consecutive_failures, 0) AS consecutive_failures, s.needs_operator,
    coalesce(s.blocked, false) AS blocked, running.sync_id AS running_id, waiting.sync_id AS waiting_sync_id,
    s.current_sync_id, s.stage, coalesce(s.done, 0) AS done, s.total, s.rate, s.expected_end_at, c.watermark,
    ended.sync_id AS last_run_id, (SELECT count(*) FROM (
        SELECT FROM mls_sync_errors e WHERE e.provider_id = p.provider_id AND e.listing_key IS NOT NULL
            AND e.retry IN ('pending', 'retrying', 'failed') LIMIT 10000) AS open) AS open_errors,
    (SELECT count(*) FROM findings f WHERE f.provider_id = p.provider_id AND f.closed_at IS NULL) AS open_findings
FROM mls_provider_configurations p
LEFT JOIN mls_sync_status s USING (provider_id)
LEFT JOIN mls_sync_cursors c ON c.provider_id = p.provider_id AND c.resource = 'Property'
LEFT JOIN mls_sync_history running ON running.provider_id = p.provider_id AND running.parent_id IS NULL
    AND running.status = 'running'
LEFT JOIN mls_sync_history waiting ON waiting.provider_id = p.provider_id AND waiting.parent_id IS NULL
    AND waiting.status = 'waiting'
LEFT JOIN LATERAL (
    SELECT h.sync_id FROM mls_sync_history h
    WHERE h.provider_id = p.provider_id AND h.parent_id IS NULL AND h.ended_at IS NOT NULL
    ORDER BY h.queued_at DESC LIMIT 1) AS ended ON true
WHERE p.provider_id = %(provider_id)s OR (%(provider_id)s::text IS NULL AND p.archived_at IS NULL)
ORDER BY p.provider_id LIMIT %(limit)s;

-- name: count_some_listings
-- Counts over a provider's first rows, at most the given number: scanned, not erased, shown.
SELECT count(*) AS scanned, count(*) FILTER (WHERE erased_at IS NULL) AS total,
    count(*) FILTER (WHERE visible) AS active
FROM (SELECT erased_at, visible FROM properties WHERE provider_id = %(provider_id)s LIMIT %(most)s) AS first_rows;

-- name: find_run_ids
-- Runs by their ids; a filter that is NULL matches all.
SELECT h.sync_id, h.queued_at FROM mls_sync_history h
WHERE h.parent_id IS NULL AND (%(provider_id)s::text IS NULL OR h.provider_id = %(provider_id)s)
    AND (%(status)s::text IS NULL OR h.status = %(status)s)
    AND (%(sync_type)s::text IS NULL OR h.sync_type = %(sync_type)s)
    AND (%(since)s::timestamptz IS NULL OR h.queued_at >= %(since)s);

-- name: get_runs
-- Runs by their ids, and their runs of single resources. Photos carry the id of the run, not of the resource's run.
SELECT h.sync_id, h.parent_id, h.provider_id, h.resource, h.sync_type, h.status, h.dry_run, h.listing_key, h.sweep_id,
    h.triggered_by, h.queued_at, h.started_at, h.ended_at,
    floor(extract(epoch FROM h.ended_at - h.started_at) * 1000)::bigint AS duration_ms, h.fetched, h.added, h.updated,
    h.unchanged, h.deleted, h.errored, h.stale, h.found_by_sweep, h.bytes, h.requests, h.stages, h.remarks,
    h.error_type, h.error, m.media_downloaded, m.media_failed
FROM mls_sync_history h CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'stored') AS media_downloaded,
    count(*) FILTER (WHERE state = 'failed') AS media_failed
    FROM property_media WHERE sync_id = coalesce(h.parent_id, h.sync_id) AND state <> 'waiting') AS m
WHERE h.sync_id = ANY(%(ids)s) OR h.parent_id = ANY(%(ids)s)
ORDER BY h.queued_at, h.sync_id;

-- name: find_errors
-- A provider's errors, without the source's records.
SELECT id, provider_id, sync_id, resource, type, listing_key, field, reason, retry, attempts, at, last_at
FROM mls_sync_errors
WHERE provider_id = %(provider_id)s AND (%(type)s::text IS NULL OR type = %(type)s)
    AND (%(retry)s::text IS NULL OR retry = %(retry)s) AND (%(sync_id)s::uuid IS NULL OR sync_id = %(sync_id)s);

-- name: get_error
-- One error by its id.
SELECT id, provider_id, sync_id, resource, type, listing_key, field, reason, retry, attempts, at, last_at
FROM mls_sync_errors WHERE id = %(id)s;

-- name: get_error_raw
-- The source's record of one error.
SELECT raw FROM mls_sync_errors WHERE id = %(id)s;

-- name: sum_runs
-- Totals of the runs that ended; cancelled runs are left out of the durations.
SELECT count(*) AS runs, count(*) FILTER (WHERE status = 'success') AS succeeded,
    count(*) FILTER (WHERE status = 'partial') AS partial, count(*) FILTER (WHERE status = 'failed') AS failed,
    count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    coalesce(sum(fetched), 0)::bigint AS fetched, coalesce(sum(added), 0)::bigint AS added,
    coalesce(sum(updated), 0)::bigint AS updated, coalesce(sum(unchanged), 0)::bigint AS unchanged,
    coalesce(sum(deleted), 0)::bigint AS deleted, coalesce(sum(errored), 0)::bigint AS errored,
    coalesce(sum(stale), 0)::bigint AS stale, coalesce(sum(bytes), 0)::bigint AS bytes,
    coalesce(sum(requests), 0)::bigint AS requests, coalesce(sum(seconds), 0)::float8 AS seconds,
    round(1000 * avg(seconds) FILTER (WHERE status <> 'cancelled'))::bigint AS mean_duration_ms,
    round(1000 * percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FILTER (WHERE status <> 'cancelled'))::bigint
        AS p95_duration_ms
FROM (
    SELECT *, extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM mls_sync_history
    WHERE parent_id IS NULL AND NOT dry_run AND queued_at >= %(since)s AND ended_at IS NOT NULL
        AND (%(provider_id)s::text IS NULL OR provider_id = %(provider_id)s)) AS ended;

-- name: sum_errors
-- Errors by type, most frequent first.
SELECT e.type, sum(e.count)::bigint AS count FROM mls_provider_configurations p CROSS JOIN LATERAL (
    SELECT type, count(*) AS count FROM mls_sync_errors
    WHERE provider_id = p.provider_id AND at >= %(since)s GROUP BY type) AS e
WHERE %(provider_id)s::text IS NULL OR p.provider_id = %(provider_id)s
GROUP BY e.type ORDER BY count DESC, e.type;

-- name: sum_days
-- Runs that ended, by provider and day (UTC), newest day first.
SELECT provider_id, (queued_at AT TIME ZONE 'UTC')::date AS day, count(*) AS runs,
    count(*) FILTER (WHERE status = 'success') AS succeeded, count(*) FILTER (WHERE status = 'partial') AS partial,
    count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
    sum(fetched)::bigint AS fetched, sum(added)::bigint AS added, sum(updated)::bigint AS updated,
    sum(deleted)::bigint AS deleted, sum(errored)::bigint AS errored,
    round(1000 * avg(extract(epoch FROM ended_at - started_at)))::bigint AS mean_duration_ms
FROM mls_sync_history
WHERE parent_id IS NULL AND NOT dry_run AND queued_at >= %(since)s AND ended_at IS NOT NULL
    AND (%(provider_id)s::text IS NULL OR provider_id = %(provider_id)s)
GROUP BY 1, 2 ORDER BY 2 DESC, 1 LIMIT %(limit)s;

-- name: find_sweeps
-- Refused sweeps, each with its first candidates.
SELECT s.id, s.provider_id, s.sync_id, s.resource, s.status, s.reason, s.began_at, s.active, s.candidates, s.removed,
    s.decided_at, s.decided_by, ARRAY(
        SELECT c.listing_key FROM mls_sweep_candidates c WHERE c.sweep_id = s.id ORDER BY c.listing_key LIMIT %(keys)s
    ) AS candidate_keys
FROM mls_sweeps s
WHERE (%(provider_id)s::text IS NULL OR s.provider_id = %(provider_id)s)
    AND (%(status)s::text IS NULL OR s.status = %(status)s);

-- name: get_sweep
-- One refused sweep, with its candidates after a key.
SELECT s.id, s.provider_id, s.sync_id, s.resource, s.status, s.reason, s.began_at, s.active, s.candidates, s.removed,
    s.decided_at, s.decided_by, ARRAY(
        SELECT c.listing_key FROM mls_sweep_candidates c
        WHERE c.sweep_id = s.id AND (%(after)s::text IS NULL OR c.listing_key > %(after)s)
        ORDER BY c.listing_key LIMIT %(keys)s
    ) AS candidate_keys
FROM mls_sweeps s WHERE s.id = %(id)s;
