-- name: add_sweep_keys
-- Keys the source holds.
INSERT INTO mls_sweep_keys (sync_id, listing_key) SELECT %(sync_id)s, unnest(%(keys)s::text[]) ON CONFLICT DO NOTHING;

-- name: count_sweep_keys
-- How many distinct keys a sweep has read.
SELECT count(*) FROM mls_sweep_keys WHERE sync_id = %(sync_id)s;

-- name: find_unlisted
-- Those of some keys that a list does not name.
SELECT unnest(%(keys)s::text[]) EXCEPT SELECT listing_key FROM mls_sweep_keys WHERE sync_id = %(sync_id)s ORDER BY 1;

-- name: delete_sweep_keys
-- The lists of keys of a run that begins or ends a sweep, while it holds the epoch; and those of runs that are not
-- running.
DELETE FROM mls_sweep_keys k WHERE k.sync_id = ANY(%(sync_ids)s)
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
-- A newer sweep supersedes older refused ones (one that was cut short, only those that were cut short, too); their
-- candidates are deleted.
WITH older AS (
    UPDATE mls_sweeps SET status = 'superseded', decided_at = %(at)s
    WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND status = 'refused'
        AND (candidates = 0 OR NOT %(only_cut_short)s)
    RETURNING id)
DELETE FROM mls_sweep_candidates c USING older WHERE c.sweep_id = older.id;

-- name: find_candidates
-- The keys of a refused sweep.
SELECT listing_key FROM mls_sweep_candidates WHERE sweep_id = %(sweep_id)s ORDER BY listing_key;

-- name: settle_sweep
-- How many of an accepted sweep's candidates were removed in the end.
UPDATE mls_sweeps SET removed = %(removed)s WHERE id = %(sweep_id)s;

-- name: close_rejections
-- Open rejections of records that were removed, because the source no longer has them.
UPDATE mls_sync_errors SET retry = 'abandoned', last_at = %(at)s,
    reason = reason || ' (the source no longer has the record)'
WHERE provider_id = %(provider_id)s AND resource = %(resource)s AND listing_key = ANY(%(keys)s)
    AND listing_key IS NOT NULL AND retry IN ('pending', 'retrying', 'failed');

-- name: close_unseen_rejections
-- Open rejections of records that a complete list of keys does not name. One that this run itself received waits for
-- the next sweep.
UPDATE mls_sync_errors e SET retry = 'abandoned', last_at = %(at)s,
    reason = e.reason || ' (the source no longer has the record)'
WHERE e.provider_id = %(provider_id)s AND e.resource = %(resource)s AND e.listing_key IS NOT NULL
    AND e.retry IN ('pending', 'retrying', 'failed') AND e.last_at <= %(began_at)s AND e.sync_id <> %(sync_id)s
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = e.listing_key);
