-- name: add_status
-- The live state of a provider, added when it is first needed.
INSERT INTO mls_sync_status (provider_id, updated_at) VALUES (%(provider_id)s, %(at)s) ON CONFLICT DO NOTHING;

-- name: request_run
-- A waiting run; nothing is added where one waits already.
INSERT INTO mls_sync_history (sync_id, provider_id, sync_type, status, dry_run, listing_key, sweep_id, triggered_by,
    queued_at)
VALUES (%(sync_id)s, %(provider_id)s, %(sync_type)s, 'waiting', %(dry_run)s, %(listing_key)s, %(sweep_id)s,
    %(triggered_by)s, %(at)s)
ON CONFLICT (provider_id) WHERE parent_id IS NULL AND status = 'waiting' DO NOTHING;

-- name: get_waiting
-- The run that waits for a provider.
SELECT sync_id FROM mls_sync_history WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'waiting';

-- name: raise_epoch
-- From now on, only the worker with this epoch (a fencing token) may store pages of the provider.
UPDATE mls_sync_status SET epoch = epoch + 1, updated_at = %(at)s WHERE provider_id = %(provider_id)s RETURNING epoch;

-- name: get_running
-- The run a dead worker left behind, to be resumed under its own id.
SELECT sync_id, provider_id, sync_type, dry_run, listing_key, sweep_id, triggered_by FROM mls_sync_history
WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'running' FOR UPDATE;

-- name: start_waiting
-- The waiting run starts.
UPDATE mls_sync_history SET status = 'running', started_at = %(at)s
WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'waiting'
RETURNING sync_id, provider_id, sync_type, dry_run, listing_key, sweep_id, triggered_by;

-- name: add_child
-- One run per resource under its parent.
INSERT INTO mls_sync_history (sync_id, parent_id, provider_id, resource, sync_type, status, dry_run, listing_key,
    triggered_by, queued_at, started_at)
VALUES (%(sync_id)s, %(parent_id)s, %(provider_id)s, %(resource)s, %(sync_type)s, 'running', %(dry_run)s,
    %(listing_key)s, %(triggered_by)s, %(at)s, %(at)s);

-- name: resume_child
-- The child of a resumed run is resumed with it.
UPDATE mls_sync_history SET status = 'running'
WHERE parent_id = %(parent_id)s AND resource = %(resource)s RETURNING sync_id;

-- name: add_remark
-- A remark on a run and its child, once.
UPDATE mls_sync_history SET remarks = array_append(remarks, %(remark)s::text)
WHERE sync_id = ANY(%(sync_ids)s) AND %(remark)s::text <> ALL (remarks);

-- name: start_status
-- A run takes over the live state.
UPDATE mls_sync_status SET current_sync_id = %(sync_id)s, stage = 'connecting', done = 0, total = NULL, rate = NULL,
    expected_end_at = NULL, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: check_epoch
-- The fence: no row where another worker holds the epoch. Locks the provider's state until the page is committed; true
-- where a cancel was requested.
UPDATE mls_sync_status s SET updated_at = clock_timestamp() FROM mls_sync_history h
WHERE s.provider_id = %(provider_id)s AND s.epoch = %(epoch)s AND h.sync_id = %(sync_id)s
RETURNING h.cancel_requested_at IS NOT NULL;

-- name: add_counts
-- What a page did, on the run and on its resource's child.
UPDATE mls_sync_history SET fetched = fetched + %(fetched)s, added = added + %(added)s, updated = updated + %(updated)s,
    unchanged = unchanged + %(unchanged)s, deleted = deleted + %(deleted)s, errored = errored + %(errored)s,
    stale = stale + %(stale)s, found_by_sweep = found_by_sweep + %(found_by_sweep)s
WHERE sync_id = ANY(%(sync_ids)s);

-- name: get_counts
-- What a run has done so far.
SELECT fetched, added, updated, unchanged, deleted, errored, stale, found_by_sweep FROM mls_sync_history
WHERE sync_id = %(sync_id)s;

-- name: request_cancel
-- Request the cancellation of the waiting and the running run of a provider; waiting ones end at once, with their
-- children.
WITH cancelled AS (
    UPDATE mls_sync_history SET cancel_requested_at = %(at)s,
        status = CASE WHEN status = 'waiting' THEN 'cancelled' ELSE status END,
        ended_at = CASE WHEN status = 'waiting' THEN %(at)s ELSE ended_at END
    WHERE provider_id = %(provider_id)s AND (status = 'waiting' OR status = 'running' AND parent_id IS NULL)
    RETURNING sync_id, parent_id, sync_type, dry_run, status)
SELECT sync_id, sync_type, dry_run, status = 'cancelled' AS is_ended FROM cancelled WHERE parent_id IS NULL;

-- name: postpone_next_run
-- A run of a scheduled kind was cancelled: the next one starts after the usual pause, not at once.
UPDATE mls_sync_status SET updated_at = %(at)s,
    next_run_at = greatest(CASE WHEN consecutive_failures > 0 THEN next_run_at END,
        %(at)s::timestamptz + %(pause)s::interval)
WHERE provider_id = %(provider_id)s;

-- name: bring_forward
-- The next run is due at this time at the latest. A provider that is being tried again after a failure keeps its pause.
UPDATE mls_sync_status SET updated_at = %(at)s, next_run_at = %(due)s
WHERE provider_id = %(provider_id)s AND consecutive_failures = 0 AND next_run_at > %(due)s;

-- name: get_pace
-- How often a provider's source is to be read.
SELECT make_interval(secs => p.interval_hours::float8 * 3600) AS interval, h.age AS hidden_after
FROM mls_provider_configurations p LEFT JOIN hide_when_stale() h ON h.provider_id = p.provider_id
WHERE p.provider_id = %(provider_id)s;

-- name: find_reading_times
-- When what is known of a provider's resources was read: the start of the last complete walk of each, and of the last
-- run that swept it, where it needs sweeps. NULL: never.
SELECT changes_as_of AS began_at FROM mls_copy_ages WHERE provider_id = %(provider_id)s
UNION ALL
SELECT swept_at FROM mls_copy_ages WHERE provider_id = %(provider_id)s AND removals_by = 'sweep';

-- name: find_due_providers
-- Providers that are due and have no waiting or running run, the most overdue first. Due is, too, what a clock that was
-- ahead has put further off than an interval with its jitter; only a source itself may ask for more, after a failure.
SELECT p.provider_id, CASE WHEN s.next_run_at > %(at)s THEN s.next_run_at END AS was_planned_at
FROM mls_provider_configurations p LEFT JOIN mls_sync_status s USING (provider_id)
WHERE p.enabled AND p.archived_at IS NULL AND NOT coalesce(s.blocked, false)
    AND (s.next_run_at IS NULL OR s.next_run_at <= %(at)s
        OR s.next_run_at > %(at)s::timestamptz + %(tolerance)s::interval
            + make_interval(secs => p.interval_hours::float8 * 3600 * %(longest)s::float8)
        AND (s.consecutive_failures = 0 OR s.updated_at > %(at)s::timestamptz + %(tolerance)s::interval))
    AND NOT EXISTS (SELECT FROM mls_sync_history h WHERE h.provider_id = p.provider_id AND h.parent_id IS NULL
        AND h.status IN ('waiting', 'running'))
ORDER BY s.next_run_at NULLS FIRST;

-- name: find_unattended_providers
-- Providers with a waiting run, or with a running one that has made no progress for a while: each should have a job.
SELECT DISTINCT h.provider_id FROM mls_sync_history h JOIN mls_sync_status s USING (provider_id)
WHERE h.parent_id IS NULL AND (h.status = 'waiting'
    OR h.status = 'running' AND s.updated_at < clock_timestamp() - make_interval(secs => %(silence)s))
ORDER BY h.provider_id;

-- name: get_cursor
-- The cursors of a provider's resource.
SELECT watermark, watermark_scope, walk, walk_since, walk_checkpoint, walk_watermark, walk_scope, walk_done,
    walk_began_at
FROM mls_sync_cursors WHERE provider_id = %(provider_id)s AND resource = %(resource)s;

-- name: save_walk
-- The checkpoint of a walk after the page being committed.
INSERT INTO mls_sync_cursors AS c (provider_id, resource, walk, walk_since, walk_checkpoint, walk_watermark,
    walk_scope, walk_done, walk_began_at, updated_at)
VALUES (%(provider_id)s, %(resource)s, %(walk)s, %(since)s, %(checkpoint)s, %(watermark)s, %(scope)s, %(done)s,
    %(began_at)s, %(at)s)
ON CONFLICT (provider_id, resource) DO UPDATE SET walk = excluded.walk, walk_since = excluded.walk_since,
    walk_checkpoint = excluded.walk_checkpoint, walk_watermark = excluded.walk_watermark,
    walk_scope = excluded.walk_scope, walk_done = excluded.walk_done, walk_began_at = excluded.walk_began_at,
    updated_at = excluded.updated_at;

-- name: save_watermark
-- The watermark of the next incremental run, and the scope it is valid for.
INSERT INTO mls_sync_cursors AS c (provider_id, resource, watermark, watermark_scope, updated_at)
VALUES (%(provider_id)s, %(resource)s, %(watermark)s, %(scope)s, %(at)s)
ON CONFLICT (provider_id, resource) DO UPDATE SET watermark = coalesce(excluded.watermark, c.watermark),
    watermark_scope = excluded.watermark_scope, updated_at = excluded.updated_at;

-- name: end_walk
-- The walk is complete.
UPDATE mls_sync_cursors SET walk = NULL, walk_since = NULL, walk_checkpoint = NULL, walk_watermark = NULL,
    walk_scope = NULL, walk_done = 0, walk_began_at = NULL, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND resource = %(resource)s;

-- name: delete_cursors
-- The next run reads everything.
DELETE FROM mls_sync_cursors WHERE provider_id = %(provider_id)s;

-- name: mark_retrying
-- Mark one rejection, or all open ones of a provider, for a retry by the next run.
UPDATE mls_sync_errors SET retry = 'retrying', last_at = %(at)s
WHERE (id = %(id)s OR (%(id)s::uuid IS NULL AND provider_id = %(provider_id)s))
    AND listing_key IS NOT NULL AND retry IN ('pending', 'failed', 'retrying')
RETURNING provider_id;

-- name: accept_sweep
-- A person accepts a refused sweep.
UPDATE mls_sweeps SET status = 'accepted', decided_at = %(at)s, decided_by = %(actor)s
WHERE id = %(sweep_id)s AND status = 'refused' RETURNING provider_id;

-- name: get_sweep_status
-- The status of a refused sweep.
SELECT status FROM mls_sweeps WHERE id = %(id)s;

-- name: get_error_retry
-- Whether an error can be retried: the record it names, and the status of its retry.
SELECT provider_id, listing_key, retry FROM mls_sync_errors WHERE id = %(id)s;
