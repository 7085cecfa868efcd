-- name: find_standard_names
-- The standard names of a provider's source fields, of those whose every standard name in the stored metadata has days,
-- views or the like in it: classes may give one name to different fields.
SELECT f ->> 'name' AS name, array_agg(DISTINCT f ->> 'standard_name') AS standard_names
FROM mls_discoveries d, jsonb_path_query(d.discovery, '$.resources[*].classes[*].fields[*]') AS f
WHERE d.provider_id = %(provider_id)s
GROUP BY 1 HAVING bool_and(coalesce(f ->> 'standard_name', '') ~* '(day|dom|view|hit|click)');

-- name: report_progress
-- The progress of a run.
UPDATE mls_sync_status SET stage = %(stage)s, done = %(done)s, total = %(total)s, rate = %(rate)s,
    expected_end_at = %(expected_end_at)s, updated_at = clock_timestamp()
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: add_effort
-- What a run cost: bytes and requests on the wire, and seconds by stage; and its remarks, each once.
UPDATE mls_sync_history SET bytes = bytes + %(bytes)s, requests = requests + %(requests)s, stages = %(stages)s,
    remarks = remarks || ARRAY(SELECT remark FROM unnest(%(remarks)s::text[]) AS remark WHERE remark <> ALL (remarks))
WHERE sync_id = ANY(%(sync_ids)s);

-- name: finish_run
-- A run and its children end; a worker that no longer holds the epoch changes nothing.
UPDATE mls_sync_history SET status = %(status)s, ended_at = %(at)s, error_type = %(error_type)s, error = %(error)s
WHERE (sync_id = %(sync_id)s OR parent_id = %(sync_id)s) AND status = 'running'
    AND EXISTS (SELECT FROM mls_sync_status s WHERE s.provider_id = %(provider_id)s AND s.epoch = %(epoch)s);

-- name: settle_status
-- The live state after a run: the time of the next one, and whether a person must act. A refused sweep needs one as
-- long as it is not decided.
UPDATE mls_sync_status SET current_sync_id = NULL, stage = NULL, total = NULL, rate = NULL, expected_end_at = NULL,
    next_run_at = %(next_run_at)s, consecutive_failures = %(failures)s, needs_operator = coalesce(%(needs_operator)s, (
        SELECT 'the sweep was refused: ' || w.reason FROM mls_sweeps w
        WHERE w.provider_id = %(provider_id)s AND w.status = 'refused' AND w.candidates > 0 ORDER BY w.began_at DESC
        LIMIT 1)), blocked = %(blocked)s, last_success_at = coalesce(%(last_success_at)s, last_success_at),
        updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: clear_current
-- The live state after a run that was cancelled, or is not of a scheduled kind: the schedule stays as it was.
UPDATE mls_sync_status SET current_sync_id = NULL, stage = NULL, total = NULL, rate = NULL, expected_end_at = NULL,
    updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND epoch = %(epoch)s;

-- name: get_failures
-- How many of a provider's runs failed in a row.
SELECT consecutive_failures FROM mls_sync_status WHERE provider_id = %(provider_id)s;

-- name: get_last_sweep
-- When a provider's resource was last swept, and when the last sweeps began that were applied and refused.
SELECT max(swept_at) AS swept_at, max(removals_as_of) AS applied_at, (
    SELECT max(began_at) FROM mls_sweeps WHERE provider_id = %(provider_id)s AND resource = %(resource)s
        AND candidates > 0) AS refused_at
FROM mls_copy_ages WHERE provider_id = %(provider_id)s AND resource = %(resource)s;

-- name: record_age
-- What a walk or a sweep of a run proves of the age of a resource's copy; what it says nothing of stays.
INSERT INTO mls_copy_ages AS a (provider_id, resource, removals_by, changes_as_of, removals_as_of, swept_at)
VALUES (%(provider_id)s, %(resource)s, %(removals_by)s, %(changes_as_of)s, %(removals_as_of)s,
    (SELECT started_at FROM mls_sync_history WHERE sync_id = %(child_id)s AND %(is_swept)s))
ON CONFLICT (provider_id, resource) DO UPDATE SET removals_by = excluded.removals_by,
    changes_as_of = coalesce(excluded.changes_as_of, a.changes_as_of),
    removals_as_of = coalesce(excluded.removals_as_of, a.removals_as_of),
    swept_at = coalesce(excluded.swept_at, a.swept_at);

-- name: record_accepted_sweep
-- A refused sweep was applied after all; removals are at least as old as its start.
UPDATE mls_copy_ages a SET removals_as_of = greatest(a.removals_as_of, w.began_at) FROM mls_sweeps w
WHERE w.id = %(sweep_id)s AND a.provider_id = w.provider_id AND a.resource = w.resource;

-- name: find_ages
-- How old the copy of a resource is, of one provider or of all.
SELECT p.provider_id, %(resource)s AS resource, a.changes_as_of, a.removals_as_of, a.removals_by,
    p.created_at AS added_at, make_interval(secs =>
        3600 * coalesce(p.allowed_age_hours, 1.5 * p.interval_hours)::float8) AS allowed_age,
    p.provider_id IN (SELECT stale FROM stale_providers(%(at)s) AS stale) AS is_stale
FROM mls_provider_configurations p
LEFT JOIN mls_copy_ages a ON a.provider_id = p.provider_id AND a.resource = %(resource)s
WHERE p.provider_id = %(provider_id)s OR %(provider_id)s::text IS NULL;

-- name: add_rejection
-- A record that could not be accepted; rejected again, it is the same rejection.
INSERT INTO mls_sync_errors AS e (id, provider_id, sync_id, resource, type, listing_key, field, reason, raw, at,
    last_at)
VALUES (%(id)s, %(provider_id)s, %(sync_id)s, %(resource)s, 'data_validation', %(listing_key)s, %(field)s, %(reason)s,
    %(raw)s, %(at)s, %(at)s)
ON CONFLICT (provider_id, resource, listing_key) WHERE listing_key IS NOT NULL
    AND retry IN ('pending', 'retrying', 'failed')
DO UPDATE SET sync_id = excluded.sync_id, field = excluded.field, reason = excluded.reason, raw = excluded.raw,
    attempts = e.attempts + 1, retry = CASE WHEN e.retry = 'retrying' THEN 'failed' ELSE e.retry END,
    last_at = excluded.last_at;

-- name: resolve_rejections
-- Records that are accepted now resolve their earlier rejections, whose content is no longer needed.
UPDATE mls_sync_errors SET retry = 'success', raw = NULL, last_at = %(at)s
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND listing_key = ANY(%(keys)s)
    AND listing_key IS NOT NULL AND retry IN ('pending', 'retrying', 'failed');

-- name: has_rejections
-- Whether a resource of a provider has open rejections.
SELECT EXISTS (SELECT FROM mls_sync_errors WHERE provider_id = %(provider_id)s AND resource = %(resource)s
    AND listing_key IS NOT NULL AND retry IN ('pending', 'retrying', 'failed'));

-- name: find_retries
-- Rejections marked for a retry.
SELECT id, listing_key, raw FROM mls_sync_errors
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND retry = 'retrying'
ORDER BY listing_key, id LIMIT %(limit)s;

-- name: abandon_rejections
-- Rejections that were marked for a retry and hold no record.
UPDATE mls_sync_errors SET retry = 'abandoned', last_at = %(at)s,
    reason = reason || ' (it cannot be retried: what is stored of it is not a record)'
WHERE id = ANY(%(ids)s);

-- name: add_run_error
-- The error that ended a run.
INSERT INTO mls_sync_errors (id, provider_id, sync_id, type, reason, raw, retry, at, last_at)
VALUES (%(id)s, %(provider_id)s, %(sync_id)s, %(type)s, %(reason)s, %(raw)s, 'abandoned', %(at)s, %(at)s);

-- name: erase_rejections
-- What rejected records held is erased with the records.
UPDATE mls_sync_errors SET raw = NULL, reason = 'erased',
    retry = CASE WHEN retry = 'success' THEN retry ELSE 'abandoned' END
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND listing_key = ANY(%(keys)s);

-- name: lock_retention
-- A provider's retention, locked against changes until this transaction ends.
SELECT retention FROM mls_provider_configurations WHERE provider_id = %(provider_id)s FOR SHARE;

-- name: add_excluded_keys
-- Keys of records that are left out of the replica under a scope.
INSERT INTO mls_excluded_keys (provider_id, resource, listing_key, scope)
SELECT %(provider_id)s, %(resource)s, k, %(scope)s FROM unnest(%(keys)s::text[]) AS k
WHERE NOT EXISTS (SELECT FROM mls_excluded_keys e WHERE e.provider_id = %(provider_id)s AND e.resource = %(resource)s
    AND e.listing_key = k AND e.scope = %(scope)s)
ON CONFLICT (provider_id, resource, listing_key) DO UPDATE SET scope = excluded.scope;

-- name: delete_excluded_keys
-- Keys of records that are stored now.
DELETE FROM mls_excluded_keys
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND listing_key = ANY(%(keys)s);

-- name: delete_keys_of_other_scopes
-- Keys of records that another scope left out.
DELETE FROM mls_excluded_keys
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND scope <> %(scope)s;

-- name: add_received_keys
-- The keys of a page that a run received.
INSERT INTO mls_received_keys (sync_id, listing_keys) VALUES (%(sync_id)s, %(keys)s);

-- name: find_received_keys
-- Those of some keys that a run has received. Each array is read once: searched for each key, the arrays of a large
-- resource would take minutes a page.
SELECT unnest(%(keys)s::text[]) INTERSECT SELECT unnest(listing_keys) FROM mls_received_keys
WHERE sync_id = %(sync_id)s ORDER BY 1;

-- name: add_received_deletions
-- The deletions of a page that a run received, with their times.
INSERT INTO mls_received_deletions AS d (sync_id, listing_key, modified)
SELECT %(sync_id)s, k, m FROM unnest(%(keys)s::text[], %(times)s::timestamptz[]) AS deletion (k, m)
ON CONFLICT (sync_id, listing_key) DO UPDATE SET modified = greatest(d.modified, excluded.modified);

-- name: has_received_deletions
-- Whether a run has received deletions.
SELECT EXISTS (SELECT FROM mls_received_deletions WHERE sync_id = %(sync_id)s);

-- name: find_received_deletions
-- Those of some keys that a run has received a deletion of.
SELECT listing_key, modified FROM mls_received_deletions
WHERE sync_id = %(sync_id)s AND listing_key = ANY(%(keys)s);

-- name: delete_received
-- The keys and deletions of a run that ends, which are its children's, and of runs that have ended without deleting
-- theirs.
WITH deletions AS (
    DELETE FROM mls_received_deletions d
    WHERE d.sync_id IN (SELECT c.sync_id FROM mls_sync_history c WHERE c.parent_id = %(sync_id)s)
        OR NOT EXISTS (
            SELECT FROM mls_sync_history h WHERE h.sync_id = d.sync_id AND h.status IN ('waiting', 'running')))
DELETE FROM mls_received_keys k
WHERE k.sync_id IN (SELECT c.sync_id FROM mls_sync_history c WHERE c.parent_id = %(sync_id)s)
    OR NOT EXISTS (SELECT FROM mls_sync_history h WHERE h.sync_id = k.sync_id AND h.status IN ('waiting', 'running'));

-- name: get_sweep_resource
-- The resource of a refused sweep.
SELECT resource FROM mls_sweeps WHERE id = %(sweep_id)s;
