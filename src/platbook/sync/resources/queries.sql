-- name: find_unseen_listings
-- Listings in scope, stored before the sweep began, that the source did not name and the run has not received.
SELECT p.listing_key FROM properties p
WHERE p.provider_id = %(provider_id)s AND p.removed_at IS NULL AND p.erased_at IS NULL AND p.out_of_scope_at IS NULL
    AND p.stored_at <= %(began_at)s
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = p.listing_key)
EXCEPT SELECT unnest(r.listing_keys) FROM mls_received_keys r WHERE r.sync_id = %(received_by)s
ORDER BY 1;

-- name: erase_unseen_rejections
-- What rejected records held that the source has no more, as a complete sweep has proved, and that are no listing's.
-- One that this run itself received waits for the next sweep.
UPDATE mls_sync_errors e SET raw = NULL, reason = 'erased', retry = 'abandoned'
WHERE e.provider_id = %(provider_id)s AND e.resource = %(resource)s AND e.listing_key IS NOT NULL
    AND e.last_at <= %(began_at)s AND e.sync_id <> %(sync_id)s AND e.reason <> 'erased'
    AND NOT EXISTS (SELECT FROM mls_sweep_keys k WHERE k.sync_id = %(sync_id)s AND k.listing_key = e.listing_key)
    AND NOT EXISTS (SELECT FROM properties p
        WHERE p.provider_id = e.provider_id AND p.listing_key = e.listing_key AND p.erased_at IS NULL);
