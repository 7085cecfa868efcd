-- name: add_status
-- The live state of a provider, made when it is first needed.
INSERT INTO mls_sync_status (provider_id, updated_at) VALUES (%(provider_id)s, %(at)s) ON CONFLICT DO NOTHING;

-- name: request_run
-- A run that waits for its turn; nothing is added where one waits already.
INSERT INTO mls_sync_history (sync_id, provider_id, sync_type, status, dry_run, listing_key, sweep_id, triggered_by, queued_at)
VALUES (%(sync_id)s, %(provider_id)s, %(sync_type)s, 'waiting', %(dry_run)s, %(listing_key)s, %(sweep_id)s, %(triggered_by)s, %(at)s)
ON CONFLICT (provider_id) WHERE parent_id IS NULL AND status = 'waiting' DO NOTHING;

-- name: get_waiting
-- The run that waits for a provider.
SELECT sync_id FROM mls_sync_history WHERE provider_id = %(provider_id)s AND parent_id IS NULL AND status = 'waiting';

-- name: raise_epoch
-- From now on, only who holds this epoch may store pages of the provider.
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
INSERT INTO mls_sync_history (sync_id, parent_id, provider_id, resource, sync_type, status, dry_run, listing_key, triggered_by,
    queued_at, started_at)
VALUES (%(sync_id)s, %(parent_id)s, %(provider_id)s, %(resource)s, %(sync_type)s, 'running', %(dry_run)s, %(listing_key)s,
    %(triggered_by)s, %(at)s, %(at)s);

-- name: resume_child
-- The child of a resumed run goes on with it.
UPDATE mls_sync_history SET status = 'running'
WHERE parent_id = %(parent_id)s AND resource = %(resource)s RETURNING sync_id;

-- name: start_status
-- A run takes over the live state.
UPDATE mls_sync_status SET current_sync_id = %(sync_id)s, stage = 'connecting', done = 0, total = NULL, rate = NULL,
    expected_end_at = NULL, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: hold_epoch
-- The fence: still the holder of the epoch? Locks the provider's state until the page is committed, and tells of a cancel.
UPDATE mls_sync_status s SET updated_at = clock_timestamp() FROM mls_sync_history h
WHERE s.provider_id = %(provider_id)s AND s.epoch = %(epoch)s AND h.sync_id = %(sync_id)s
RETURNING h.cancel_requested_at IS NOT NULL;

-- name: report_progress
-- Where the run is now.
UPDATE mls_sync_status SET stage = %(stage)s, done = %(done)s, total = %(total)s, rate = %(rate)s,
    expected_end_at = %(expected_end_at)s, updated_at = clock_timestamp()
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: add_counts
-- What a page did, on the run and on its resource's child.
UPDATE mls_sync_history SET fetched = fetched + %(fetched)s, added = added + %(added)s, updated = updated + %(updated)s,
    unchanged = unchanged + %(unchanged)s, deleted = deleted + %(deleted)s, errored = errored + %(errored)s
WHERE sync_id = ANY(%(sync_ids)s);

-- name: add_effort
-- What a run cost: bytes and requests on the wire, and seconds by stage; and what is to be said of it besides.
UPDATE mls_sync_history SET bytes = bytes + %(bytes)s, requests = requests + %(requests)s, stages = %(stages)s,
    remarks = remarks || ARRAY(SELECT said FROM unnest(%(remarks)s::text[]) AS said WHERE said <> ALL (remarks))
WHERE sync_id = ANY(%(sync_ids)s);

-- name: get_counts
-- What a run has done so far.
SELECT fetched, added, updated, unchanged, deleted, errored FROM mls_sync_history WHERE sync_id = %(sync_id)s;

-- name: finish_run
-- A run and its children end; who no longer holds the epoch changes nothing.
UPDATE mls_sync_history SET status = %(status)s, ended_at = %(at)s, error_type = %(error_type)s, error = %(error)s
WHERE (sync_id = %(sync_id)s OR parent_id = %(sync_id)s) AND status = 'running'
    AND EXISTS (SELECT FROM mls_sync_status s WHERE s.provider_id = %(provider_id)s AND s.epoch = %(epoch)s);

-- name: settle_status
-- The live state after a run: when to come again, and whether a person must act. A refused sweep that waits asks for one
-- as long as it waits.
UPDATE mls_sync_status SET current_sync_id = NULL, stage = NULL, total = NULL, rate = NULL, expected_end_at = NULL,
    next_run_at = %(next_run_at)s, consecutive_failures = %(failures)s, needs_operator = coalesce(%(needs_operator)s, (
        SELECT 'the sweep was refused: ' || w.reason FROM mls_sweeps w
        WHERE w.provider_id = %(provider_id)s AND w.status = 'refused' AND w.candidates > 0 ORDER BY w.began_at DESC LIMIT 1)), blocked = %(blocked)s,
    last_success_at = coalesce(%(last_success_at)s, last_success_at), last_sweep_at = coalesce(%(last_sweep_at)s, last_sweep_at),
    updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: clear_current
-- The live state after a run that was cancelled, or was not of the schedule's kind: the schedule stays as it was.
UPDATE mls_sync_status SET current_sync_id = NULL, stage = NULL, total = NULL, rate = NULL, expected_end_at = NULL, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: get_failures
-- How often in a row a provider's runs failed.
SELECT consecutive_failures FROM mls_sync_status WHERE provider_id = %(provider_id)s;

-- name: get_last_sweep
-- When a provider was last swept with success, and when a whole sweep of it was last refused.
SELECT (SELECT last_sweep_at FROM mls_sync_status WHERE provider_id = %(provider_id)s) AS done_at,
    (SELECT max(began_at) FROM mls_sweeps WHERE provider_id = %(provider_id)s AND candidates > 0) AS refused_at;

-- name: unblock
-- A person has acted: the provider is due at once and may be tried again.
UPDATE mls_sync_status SET blocked = false, needs_operator = NULL, consecutive_failures = 0, next_run_at = %(at)s, updated_at = %(at)s
WHERE provider_id = %(provider_id)s;

-- name: request_cancel
-- Ask the waiting and the running run of a provider to stop; waiting ones stop at once, with their children.
WITH asked AS (
    UPDATE mls_sync_history SET cancel_requested_at = %(at)s,
        status = CASE WHEN status = 'waiting' THEN 'cancelled' ELSE status END,
        ended_at = CASE WHEN status = 'waiting' THEN %(at)s ELSE ended_at END
    WHERE provider_id = %(provider_id)s AND (status = 'waiting' OR status = 'running' AND parent_id IS NULL)
    RETURNING sync_id, parent_id, sync_type, dry_run, status)
SELECT sync_id, sync_type, dry_run, status = 'cancelled' AS is_ended FROM asked WHERE parent_id IS NULL;

-- name: put_off
-- A run of the schedule's kind was cancelled: the next one comes after the provider's interval, not at once.
UPDATE mls_sync_status s SET updated_at = %(at)s,
    next_run_at = greatest(s.next_run_at, %(at)s::timestamptz + make_interval(secs => p.interval_hours::float8 * 3600))
FROM mls_provider_configurations p
WHERE s.provider_id = %(provider_id)s AND p.provider_id = s.provider_id;

-- name: find_due_providers
-- Providers whose time has come and for which no run waits or runs, longest waiting first.
SELECT p.provider_id FROM mls_provider_configurations p LEFT JOIN mls_sync_status s USING (provider_id)
WHERE p.enabled AND p.archived_at IS NULL AND NOT coalesce(s.blocked, false)
    AND (s.next_run_at IS NULL OR s.next_run_at <= %(at)s)
    AND NOT EXISTS (SELECT FROM mls_sync_history h WHERE h.provider_id = p.provider_id AND h.parent_id IS NULL
        AND h.status IN ('waiting', 'running'))
ORDER BY s.next_run_at NULLS FIRST;

-- name: find_unattended_providers
-- Providers with a run that waits, or with one under way that has given no sign of life: each should have a job.
SELECT DISTINCT h.provider_id FROM mls_sync_history h JOIN mls_sync_status s USING (provider_id)
WHERE h.parent_id IS NULL AND (h.status = 'waiting'
    OR h.status = 'running' AND s.updated_at < clock_timestamp() - make_interval(secs => %(silence)s))
ORDER BY h.provider_id;

-- name: get_cursor
-- Where a provider's resource stands.
SELECT watermark, watermark_scope, walk, walk_since, walk_checkpoint, walk_watermark, walk_scope, walk_done
FROM mls_sync_cursors WHERE provider_id = %(provider_id)s AND resource = %(resource)s;

-- name: save_walk
-- The walk goes on: where it can be resumed after the page being committed.
INSERT INTO mls_sync_cursors AS c (provider_id, resource, walk, walk_since, walk_checkpoint, walk_watermark, walk_scope, walk_done, updated_at)
VALUES (%(provider_id)s, %(resource)s, %(walk)s, %(since)s, %(checkpoint)s, %(watermark)s, %(scope)s, %(done)s, %(at)s)
ON CONFLICT (provider_id, resource) DO UPDATE SET walk = excluded.walk, walk_since = excluded.walk_since,
    walk_checkpoint = excluded.walk_checkpoint, walk_watermark = excluded.walk_watermark, walk_scope = excluded.walk_scope,
    walk_done = excluded.walk_done, updated_at = excluded.updated_at;

-- name: save_watermark
-- The next incremental run starts here, for this scope.
INSERT INTO mls_sync_cursors AS c (provider_id, resource, watermark, watermark_scope, updated_at)
VALUES (%(provider_id)s, %(resource)s, %(watermark)s, %(scope)s, %(at)s)
ON CONFLICT (provider_id, resource) DO UPDATE SET watermark = coalesce(excluded.watermark, c.watermark),
    watermark_scope = excluded.watermark_scope, updated_at = excluded.updated_at;

-- name: end_walk
-- The walk is complete.
UPDATE mls_sync_cursors SET walk = NULL, walk_since = NULL, walk_checkpoint = NULL, walk_watermark = NULL, walk_scope = NULL,
    walk_done = 0, updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND resource = %(resource)s;

-- name: forget_cursors
-- The next run starts from nothing.
DELETE FROM mls_sync_cursors WHERE provider_id = %(provider_id)s;

-- name: add_rejection
-- A record that could not be accepted; seen again, it is the same rejection.
INSERT INTO mls_sync_errors AS e (id, provider_id, sync_id, resource, type, listing_key, field, reason, raw, at, last_at)
VALUES (%(id)s, %(provider_id)s, %(sync_id)s, %(resource)s, 'data_validation', %(listing_key)s, %(field)s, %(reason)s, %(raw)s, %(at)s, %(at)s)
ON CONFLICT (provider_id, resource, listing_key) WHERE listing_key IS NOT NULL AND retry IN ('pending', 'retrying', 'failed')
DO UPDATE SET sync_id = excluded.sync_id, field = excluded.field, reason = excluded.reason, raw = excluded.raw,
    attempts = e.attempts + 1, retry = CASE WHEN e.retry = 'retrying' THEN 'failed' ELSE e.retry END, last_at = excluded.last_at;

-- name: resolve_rejections
-- Records that are accepted now settle their earlier rejections; what was said of them is not kept longer than needed.
UPDATE mls_sync_errors SET retry = 'success', raw = NULL, last_at = %(at)s
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND listing_key = ANY(%(keys)s)
    AND listing_key IS NOT NULL AND retry IN ('pending', 'retrying', 'failed');

-- name: has_rejections
-- Whether a provider has open rejections.
SELECT EXISTS (SELECT FROM mls_sync_errors WHERE provider_id = %(provider_id)s AND listing_key IS NOT NULL
    AND retry IN ('pending', 'retrying', 'failed'));

-- name: find_retrying
-- Rejections a person asked to try again.
SELECT id, listing_key, raw FROM mls_sync_errors
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND retry = 'retrying'
ORDER BY listing_key, id LIMIT %(limit)s;

-- name: abandon_rejections
-- What was marked for a retry and holds nothing to retry with.
UPDATE mls_sync_errors SET retry = 'abandoned', last_at = %(at)s,
    reason = reason || ' (it cannot be tried again: what was kept of it is not a record)'
WHERE id = ANY(%(ids)s);

-- name: mark_retrying
-- One rejection, or all open ones of a provider, to be tried again by the next run.
UPDATE mls_sync_errors SET retry = 'retrying', last_at = %(at)s
WHERE (id = %(id)s OR (%(id)s::uuid IS NULL AND provider_id = %(provider_id)s))
    AND listing_key IS NOT NULL AND retry IN ('pending', 'failed', 'retrying')
RETURNING provider_id;

-- name: add_run_error
-- Why a run could not go on.
INSERT INTO mls_sync_errors (id, provider_id, sync_id, type, reason, raw, retry, at, last_at)
VALUES (%(id)s, %(provider_id)s, %(sync_id)s, %(type)s, %(reason)s, %(raw)s, 'abandoned', %(at)s, %(at)s);

-- name: erase_rejections
-- What rejected records said is erased with their listings.
UPDATE mls_sync_errors SET raw = NULL, reason = 'erased', retry = CASE WHEN retry = 'success' THEN retry ELSE 'abandoned' END
WHERE provider_id = %(provider_id)s AND listing_key = ANY(%(keys)s);

-- name: erase_unseen_rejections
-- What rejected records said that the source has no more, as a whole sweep has proved, and that are no listing's. One
-- that this run itself received waits for the next sweep.
UPDATE mls_sync_errors e SET raw = NULL, reason = 'erased', retry = 'abandoned'
WHERE e.provider_id = %(provider_id)s AND e.resource = %(resource)s AND e.listing_key IS NOT NULL
    AND e.last_at <= %(began_at)s AND e.sync_id <> %(sync_id)s AND e.reason <> 'erased'
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = e.listing_key)
    AND NOT EXISTS (SELECT FROM properties p
        WHERE p.provider_id = e.provider_id AND p.listing_key = e.listing_key AND p.erased_at IS NULL);

-- name: find_providers_to_erase
-- Providers that keep nothing of removed listings, and still hold what they kept before.
SELECT c.provider_id FROM mls_provider_configurations c WHERE c.retention = 'erase' AND EXISTS (
    SELECT FROM properties p WHERE p.provider_id = c.provider_id AND p.removed_at IS NOT NULL AND p.erased_at IS NULL);

-- name: hold_retention
-- A provider's retention, which nobody changes before this transaction ends.
SELECT retention FROM mls_provider_configurations WHERE provider_id = %(provider_id)s FOR SHARE;

-- name: find_kept
-- The next removed listings of a provider that are not erased.
SELECT id, listing_key FROM properties
WHERE provider_id = %(provider_id)s AND listing_key > %(after)s AND removed_at IS NOT NULL AND erased_at IS NULL
ORDER BY listing_key LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: erase_samples
-- What broken replies and records without a key said: it belongs to no listing that could be erased.
UPDATE mls_sync_errors SET raw = NULL
WHERE provider_id = %(provider_id)s AND listing_key IS NULL AND raw IS NOT NULL;

-- name: add_sweep_keys
-- Keys the source holds.
INSERT INTO mls_sweep_keys (sync_id, listing_key) SELECT %(sync_id)s, unnest(%(keys)s::text[]) ON CONFLICT DO NOTHING;

-- name: count_sweep_keys
-- How many distinct keys a sweep has seen.
SELECT count(*) FROM mls_sweep_keys WHERE sync_id = %(sync_id)s;

-- name: add_received_keys
-- The keys of a page that a run received.
INSERT INTO mls_received_keys (sync_id, listing_keys) VALUES (%(sync_id)s, %(keys)s);

-- name: delete_received_keys
-- The keys of a run that ends, and of runs that have ended without deleting theirs.
DELETE FROM mls_received_keys k WHERE k.sync_id = %(sync_id)s
    OR NOT EXISTS (SELECT FROM mls_sync_history h WHERE h.sync_id = k.sync_id AND h.status IN ('waiting', 'running'));

-- name: find_unseen
-- Listings in scope, stored before the sweep began, that the source did not name and the run has not received.
SELECT p.listing_key FROM properties p
WHERE p.provider_id = %(provider_id)s AND p.removed_at IS NULL AND p.erased_at IS NULL AND p.out_of_scope_at IS NULL
    AND p.stored_at <= %(began_at)s
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = p.listing_key)
EXCEPT SELECT unnest(r.listing_keys) FROM mls_received_keys r WHERE r.sync_id = %(sync_id)s
ORDER BY 1;

-- name: count_active
-- Listings of a provider that a sweep could remove.
SELECT count(*) FROM properties
WHERE provider_id = %(provider_id)s AND removed_at IS NULL AND erased_at IS NULL AND out_of_scope_at IS NULL;

-- name: delete_sweep_keys
-- The keys of a run that begins or ends a sweep, while it holds the epoch; and those of sweeps long dead.
DELETE FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s
    AND EXISTS (SELECT FROM mls_sync_status s WHERE s.provider_id = %(provider_id)s AND s.epoch = %(epoch)s)
    OR NOT EXISTS (SELECT FROM mls_sync_history h WHERE h.sync_id = k.sync_id AND h.status = 'running');

-- name: add_sweep
-- A sweep that was refused.
INSERT INTO mls_sweeps (id, provider_id, sync_id, resource, status, reason, began_at, active, candidates)
VALUES (%(id)s, %(provider_id)s, %(sync_id)s, %(resource)s, 'refused', %(reason)s, %(at)s, %(active)s, %(candidates)s);

-- name: add_candidates
-- The keys a refused sweep would have removed.
INSERT INTO mls_sweep_candidates (sweep_id, listing_key) SELECT %(sweep_id)s, unnest(%(keys)s::text[]);

-- name: supersede_sweeps
-- A newer sweep says more than older refused ones (one that was cut short, only more than those that were, too): what
-- they would have removed is of no more use.
WITH older AS (
    UPDATE mls_sweeps SET status = 'superseded', decided_at = %(at)s
    WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND status = 'refused'
        AND (candidates = 0 OR NOT %(only_cut_short)s)
    RETURNING id)
DELETE FROM mls_sweep_candidates c USING older WHERE c.sweep_id = older.id;

-- name: accept_sweep
-- A person accepts a refused sweep.
UPDATE mls_sweeps SET status = 'accepted', decided_at = %(at)s, decided_by = %(actor)s
WHERE id = %(sweep_id)s AND status = 'refused' RETURNING provider_id;

-- name: find_candidates
-- The keys of a refused sweep.
SELECT listing_key FROM mls_sweep_candidates WHERE sweep_id = %(sweep_id)s ORDER BY listing_key;

-- name: settle_sweep
-- How many of an accepted sweep's candidates were removed in the end.
UPDATE mls_sweeps SET removed = %(removed)s WHERE id = %(sweep_id)s;

-- name: get_discovery
-- What a provider's source said of itself when it was last asked.
SELECT mark, source, discovery, read_at FROM mls_discoveries WHERE provider_id = %(provider_id)s;

-- name: keep_discovery
-- What a source says of itself now.
INSERT INTO mls_discoveries (provider_id, mark, source, discovery, read_at)
VALUES (%(provider_id)s, %(mark)s, %(source)s, %(discovery)s, %(at)s)
ON CONFLICT (provider_id) DO UPDATE SET
    mark = excluded.mark, source = excluded.source, discovery = excluded.discovery, read_at = excluded.read_at;
