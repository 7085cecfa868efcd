-- name: find_unseen_listings
-- Listings in scope, stored before the sweep began, that the source did not name.
SELECT p.listing_key FROM properties p
WHERE p.provider_id = %(provider_id)s AND p.removed_at IS NULL AND p.erased_at IS NULL AND p.out_of_scope_at IS NULL
    AND p.stored_at <= %(began_at)s
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = p.listing_key)
ORDER BY p.listing_key;

-- name: find_missing_listings
-- Keys the source named of listings that are neither stored, rejected nor known to be left out, in random order, with
-- how many there are. A removed or erased listing that it names is missing too. A dry run stores nothing, so what it
-- received is not missing. What stands for a key that cannot be stored is left out.
WITH missing AS (
    SELECT k.listing_key FROM mls_sweep_keys k
    WHERE k.sync_id = %(sync_id)s AND NOT (starts_with(k.listing_key, E'\x01') AND length(k.listing_key) = 65)
        AND NOT EXISTS (SELECT FROM properties p WHERE p.provider_id = %(provider_id)s
            AND p.listing_key = k.listing_key AND p.erased_at IS NULL
            AND (p.removed_at IS NULL OR p.out_of_scope_at IS NOT NULL))
        AND NOT EXISTS (SELECT FROM mls_excluded_keys x WHERE x.provider_id = %(provider_id)s
            AND x.resource = %(resource)s AND x.listing_key = k.listing_key AND x.scope = %(scope)s)
        AND NOT EXISTS (SELECT FROM mls_sync_errors e WHERE e.provider_id = %(provider_id)s
            AND e.resource = %(resource)s AND e.listing_key IS NOT NULL AND e.listing_key = k.listing_key
            AND e.retry IN ('pending', 'retrying', 'failed'))
    EXCEPT SELECT unnest(r.listing_keys) FROM mls_sync_history h JOIN mls_received_keys r USING (sync_id)
    WHERE h.sync_id = %(received_by)s AND h.dry_run)
SELECT listing_key, count(*) OVER () AS total FROM missing
ORDER BY md5(listing_key || %(sync_id)s::text) LIMIT %(limit)s;

-- name: erase_unseen_rejections
-- What rejected records held that the source has no more, as a complete sweep has proved, and that are no listing's.
-- One that this run itself received waits for the next sweep.
UPDATE mls_sync_errors e SET raw = NULL, reason = 'erased', retry = 'abandoned'
WHERE e.provider_id = %(provider_id)s AND e.resource = %(resource)s AND e.listing_key IS NOT NULL
    AND e.last_at <= %(began_at)s AND e.sync_id <> %(sync_id)s AND e.reason <> 'erased'
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = e.listing_key)
    AND NOT EXISTS (SELECT FROM properties p
        WHERE p.provider_id = e.provider_id AND p.listing_key = e.listing_key AND p.erased_at IS NULL);
