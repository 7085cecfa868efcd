-- name: begin_blob
-- A picture is being stored, or is stored already; either way it is not cleaned up now. One that could not be deleted
-- yet is stored anew, and whatever is left of it elsewhere is still deleted.
INSERT INTO media_blobs AS b (id, state, recipe, is_public, created_at, store_id)
VALUES (%(id)s, 'making', %(recipe)s, %(is_public)s, %(at)s, %(store_id)s)
ON CONFLICT (id) DO UPDATE SET unused_since = NULL,
    state = CASE WHEN b.state = 'deleting' THEN 'making' ELSE b.state END,
    recipe = CASE WHEN b.state = 'deleting' THEN excluded.recipe ELSE b.recipe END,
    is_public = CASE WHEN b.state = 'deleting' THEN excluded.is_public ELSE b.is_public END,
    store_id = CASE WHEN b.state = 'stored' THEN b.store_id ELSE excluded.store_id END,
    leftovers = CASE WHEN b.state = 'deleting' OR (b.state = 'making' AND b.store_id <> excluded.store_id)
        THEN array_remove(%(places)s::text[] || ARRAY[b.store_id || '/public', b.store_id || '/private'],
            %(store_id)s || CASE WHEN b.state = 'deleting' AND NOT excluded.is_public OR b.state = 'making'
                AND NOT b.is_public THEN '/private' ELSE '/public' END) ELSE b.leftovers END,
    retry_at = CASE WHEN b.state = 'deleting' THEN excluded.created_at ELSE b.retry_at END,
    created_at = CASE WHEN b.state = 'stored' THEN b.created_at ELSE excluded.created_at END
RETURNING state, is_public;

-- name: touch_blob
-- A stored picture is about to be used again; no row where it is not stored.
UPDATE media_blobs SET unused_since = NULL, created_at = greatest(created_at, %(at)s) WHERE id = %(id)s
    AND state = 'stored' RETURNING true;

-- name: finish_blob
-- All objects of a picture are stored.
UPDATE media_blobs SET state = 'stored', format = %(format)s, bytes = %(bytes)s, width = %(width)s, height = %(height)s,
    color = %(color)s, placeholder = %(placeholder)s, flaw = %(flaw)s, variants = %(variants)s, original = %(original)s,
    media_type = %(media_type)s
WHERE id = %(id)s AND state = 'making';

-- name: lock_blobs
-- Lock those of some pictures that are stored; they are not deleted before this transaction ends.
SELECT id FROM media_blobs WHERE id = ANY(%(ids)s) AND state = 'stored' ORDER BY id FOR SHARE;

-- name: add_checks
-- Queue a check of the pictures of a listing whose access is not what it should be.
INSERT INTO media_checks (blob_id)
SELECT DISTINCT b.id FROM property_media m JOIN media_blobs b ON b.id = m.blob_id
JOIN properties p ON p.id = m.property_id
WHERE m.property_id = %(property_id)s
    AND b.is_public <> (m.is_open AND listing_is_public(p.visible, p.public_document));

-- name: claim_checks
-- The next queued checks.
SELECT id, property_id, blob_id, moved, at_once FROM media_checks ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: delete_checks
-- Delete processed checks.
DELETE FROM media_checks WHERE id = ANY(%(ids)s);

-- name: find_blobs_of
-- The pictures of some listings.
SELECT DISTINCT blob_id FROM property_media WHERE property_id = ANY(%(ids)s) AND blob_id IS NOT NULL;

-- name: lock_blob
-- Lock one picture, to move or delete it.
SELECT id, state, store_id, is_public, variants, original, leftovers, attempts, retry_at, reason, finding_provider
FROM media_blobs WHERE id = %(id)s FOR UPDATE;

-- name: get_blob_use
-- How a picture is used: by how many photos, whether one of them is public, and whether that is undecided because a
-- listing's documents are being rebuilt.
SELECT count(*) AS photos,
    coalesce(bool_or(m.is_open AND listing_is_public(p.visible, p.public_document)), false) AS is_public,
    coalesce(bool_or(p.document_version = 'withdrawn' AND p.visible), false) AS is_undecided
FROM property_media m JOIN properties p ON p.id = m.property_id WHERE m.blob_id = %(id)s;

-- name: find_photo_of_blob
-- The photo of a listing that shows a picture.
SELECT media_key FROM property_media WHERE property_id = %(property_id)s AND blob_id = %(id)s AND state = 'stored'
ORDER BY "order" LIMIT 1;

-- name: set_blob_access
-- A picture's objects were copied to where it is shown from now on; the copies that are left are to be deleted. Queue
-- the documents that hold its URLs to be rebuilt.
WITH moved AS (
    UPDATE media_blobs SET is_public = %(is_public)s, leftovers = %(leftovers)s, retry_at = NULL
    WHERE id = %(id)s RETURNING id)
INSERT INTO media_checks (property_id, moved)
SELECT DISTINCT m.property_id, true FROM property_media m JOIN moved ON m.blob_id = moved.id;

-- name: find_movable
-- Pictures in stores that are to be left, in the order they were stored in; not those that failed and are tried later.
SELECT b.id FROM media_blobs b WHERE b.store_id IN (SELECT id FROM media_stores WHERE leaving AND id <> %(store_id)s)
    AND b.state = 'stored' AND (b.attempts = 0 OR b.retry_at IS NULL OR b.retry_at <= %(at)s)
    ORDER BY b.created_at LIMIT %(limit)s;

-- name: lock_movable
-- Lock one picture, to move it to another store; no row while somebody else has it.
SELECT id, state, store_id, is_public, variants, original, leftovers, attempts, retry_at, reason, finding_provider
FROM media_blobs WHERE id = %(id)s FOR UPDATE SKIP LOCKED;

-- name: switch_store
-- A picture's objects were copied to another store, which serves them from now on; the copies that are left are deleted
-- later. Queue the documents that hold its URLs to be rebuilt.
WITH moved AS (
    UPDATE media_blobs SET store_id = %(store_id)s, leftovers = %(leftovers)s, retry_at = %(retry_at)s, attempts = 0,
        reason = NULL, finding_provider = NULL WHERE id = %(id)s RETURNING id)
INSERT INTO media_checks (property_id, blob_id, moved)
SELECT DISTINCT m.property_id, NULL, true FROM property_media m JOIN moved ON m.blob_id = moved.id
UNION ALL SELECT NULL, id, false FROM moved;

-- name: find_blob_place
-- Which store holds a stored picture, and whether everybody may see it.
SELECT store_id, is_public FROM media_blobs WHERE id = %(id)s AND state = 'stored';

-- name: count_blobs_by_store
-- Pictures by the store that holds them.
SELECT store_id, count(*) AS pictures FROM media_blobs WHERE state = 'stored' GROUP BY store_id;

-- name: add_invalidation
-- Queue an object that is no longer public: the CDN's copies of it are to be invalidated.
INSERT INTO media_recalls (name, at) VALUES (%(name)s, %(at)s);

-- name: claim_invalidations
-- The next objects to be invalidated. One that became public again is only requested once more, which does no harm.
SELECT id, name FROM media_recalls ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: delete_invalidations
-- Delete what was invalidated.
DELETE FROM media_recalls WHERE id = ANY(%(ids)s);

-- name: find_providers_of
-- The provider of each of some listings.
SELECT provider_id, array_agg(id) AS ids FROM properties WHERE id = ANY(%(ids)s) GROUP BY provider_id
ORDER BY provider_id;

-- name: mark_unused
-- No photo uses this picture any more: the first step of its removal.
UPDATE media_blobs SET unused_since = coalesce(unused_since, %(at)s) WHERE id = %(id)s;

-- name: mark_deleting
-- The second step: from here on the picture cannot be used again.
UPDATE media_blobs SET state = 'deleting', unused_since = '-infinity' WHERE id = %(id)s;

-- name: mark_settled
-- A picture is where it should be and nowhere else.
UPDATE media_blobs SET leftovers = '{}', attempts = 0, retry_at = NULL, reason = NULL, finding_provider = NULL
WHERE id = %(id)s;

-- name: mark_stuck
-- A picture could not be moved or deleted; it is tried again.
UPDATE media_blobs SET attempts = attempts + 1, retry_at = %(retry_at)s, reason = %(reason)s,
    finding_provider = %(finding_provider)s WHERE id = %(id)s;

-- name: find_blob_provider
-- A provider whose listing uses, or used, a picture, and which can have findings.
SELECT m.provider_id FROM property_media m JOIN mls_provider_configurations c USING (provider_id)
WHERE m.blob_id = %(id)s ORDER BY 1 LIMIT 1;

-- name: find_retries
-- Pictures whose move or deletion is to be tried again now; not those that are to go to another store, where they are
-- checked again.
SELECT id FROM media_blobs WHERE retry_at <= %(at)s AND state <> 'making' AND id <> ALL(%(tried)s)
    AND NOT (leftovers = '{}' AND state = 'stored' AND store_id IN (SELECT id FROM media_stores WHERE leaving))
ORDER BY retry_at LIMIT %(limit)s;

-- name: find_stuck_blobs
-- Pictures that the store did not move or delete, the latest first.
SELECT b.id AS picture, b.state, b.attempts, b.reason, b.retry_at, (
    SELECT min(p.listing_key) FROM property_media m JOIN properties p ON p.id = m.property_id WHERE m.blob_id = b.id
) AS listing_key FROM media_blobs b WHERE b.retry_at IS NOT NULL AND b.reason IS NOT NULL
ORDER BY b.retry_at DESC, b.id LIMIT %(limit)s;

-- name: delete_blob
-- Delete a picture whose objects are gone.
DELETE FROM media_blobs WHERE id = %(id)s AND state = 'deleting';

-- name: find_unused
-- Pictures that no photo uses and that were not just made: stored and never recorded, or left unfinished.
SELECT b.id FROM media_blobs b WHERE b.unused_since IS NULL AND b.state <> 'deleting'
    AND b.created_at > %(since)s AND b.created_at < %(before)s AND b.id > %(after)s
    AND NOT EXISTS (SELECT FROM property_media m WHERE m.blob_id = b.id)
ORDER BY b.id LIMIT %(limit)s;

-- name: find_deletable
-- Pictures whose grace period is over, and those whose deletion was interrupted; not those that are tried later.
SELECT id FROM media_blobs WHERE unused_since < %(before)s AND retry_at IS NULL AND id > %(after)s
ORDER BY id LIMIT %(limit)s;

-- name: find_existing_blobs
-- Those of some ids that have a picture's row.
SELECT id FROM media_blobs WHERE id = ANY(%(ids)s);

-- name: adopt_blob
-- Adopt orphaned objects as an unused picture, as if left unfinished.
INSERT INTO media_blobs (id, state, created_at, unused_since, store_id)
VALUES (%(id)s, 'making', %(at)s, %(at)s, %(store_id)s)
ON CONFLICT DO NOTHING;

-- name: find_due_providers
-- Providers with photo work that is due and may be done: photos are enabled, and their login is not blocked.
SELECT c.provider_id FROM mls_provider_configurations c LEFT JOIN mls_sync_status s USING (provider_id)
WHERE c.archived_at IS NULL AND NOT coalesce(s.blocked, false) AND coalesce((c.media ->> 'fetch')::boolean, true)
    AND EXISTS (SELECT FROM media_work w WHERE w.provider_id = c.provider_id AND w.due_at <= clock_timestamp())
ORDER BY random();

-- name: is_run_pending
-- Whether a run of the provider is waiting or running.
SELECT EXISTS (SELECT FROM mls_sync_history WHERE provider_id = %(provider_id)s AND parent_id IS NULL
    AND status IN ('waiting', 'running'));

-- name: count_photos
-- A provider's photos by state, and its listings' photo work.
SELECT %(provider_id)s::text AS provider_id, m.waiting, m.stored, m.failed, m.linked, w.listings, w.at_work, w.put_off
FROM (SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'stored') AS stored,
        count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'linked') AS linked
    FROM property_media WHERE provider_id = %(provider_id)s) AS m,
    (SELECT count(*) AS listings, count(*) FILTER (WHERE holder IS NOT NULL AND due_at > clock_timestamp()) AS at_work,
        count(*) FILTER (WHERE holder IS NULL AND due_at > clock_timestamp()) AS put_off
    FROM media_work WHERE provider_id = %(provider_id)s) AS w;

-- name: count_pending_photos
-- A provider's listings with pending photo work, and its failed photos, from small indexes alone.
SELECT (SELECT count(*) FROM media_work WHERE provider_id = %(provider_id)s) AS listings_waiting,
    (SELECT count(*) FROM property_media WHERE provider_id = %(provider_id)s AND state = 'failed') AS failed;

-- name: find_failures
-- Photos that could not be fetched, the latest first, with their reasons.
SELECT p.listing_key, m.media_key, m.state, m.attempts, m.reason, m.updated_at AS at, m.retry_at
FROM property_media m JOIN properties p ON p.id = m.property_id
WHERE m.provider_id = %(provider_id)s AND m.reason IS NOT NULL AND m.state IN ('failed', 'waiting')
ORDER BY m.updated_at DESC, m.id LIMIT %(limit)s;

-- name: sum_blobs
-- What is stored: pictures and files, those everybody may see, those that are to go, and the bytes of their variants;
-- and how many withdrawn objects the CDN still has to forget.
SELECT count(*) FILTER (WHERE media_type IS NULL) AS pictures, count(media_type) AS files,
    count(*) FILTER (WHERE is_public) AS public,
    count(*) FILTER (WHERE unused_since IS NOT NULL) AS unused,
    coalesce(sum((SELECT sum((v.value ->> 'bytes')::bigint) FROM jsonb_each(variants) AS v)), 0)::bigint AS bytes,
    (SELECT count(*) FROM media_recalls) AS recalls,
    (SELECT count(*) FROM media_blobs WHERE retry_at IS NOT NULL AND reason IS NOT NULL) AS stuck
FROM media_blobs WHERE state = 'stored';

-- name: find_stale_blobs
-- Pictures in use made under another spec whose original is stored, in the order of their ids (keyset pagination).
SELECT DISTINCT b.id, b.original, b.is_public, b.store_id FROM media_blobs b JOIN property_media m ON m.blob_id = b.id
WHERE b.state = 'stored' AND b.media_type IS NULL AND b.recipe IS DISTINCT FROM %(recipe)s AND b.original IS NOT NULL
    AND b.id > %(after)s
    AND (%(provider_id)s::text IS NULL OR m.provider_id = %(provider_id)s)
ORDER BY b.id LIMIT %(limit)s;

-- name: find_blobs_without_original
-- Providers and listings that use pictures made under another spec whose original is not stored.
SELECT m.provider_id, array_agg(DISTINCT m.property_id) AS ids FROM media_blobs b
JOIN property_media m ON m.blob_id = b.id
WHERE b.state = 'stored' AND b.media_type IS NULL AND b.recipe IS DISTINCT FROM %(recipe)s AND b.original IS NULL
    AND (%(provider_id)s::text IS NULL OR m.provider_id = %(provider_id)s) AND m.provider_id <> %(local)s
GROUP BY m.provider_id;

-- name: find_listings_of_blob
-- The listings that use a picture.
SELECT DISTINCT property_id, provider_id FROM property_media WHERE blob_id = %(id)s;

-- name: find_public_objects
-- The public objects of some photos of a listing, in one store; not those of videos and documents.
SELECT v.value ->> 'name' AS name FROM property_media m
JOIN media_blobs b ON b.id = m.blob_id, jsonb_each(b.variants) AS v
WHERE m.property_id = %(property_id)s AND m.media_key = ANY(%(media_keys)s) AND b.is_public
    AND b.store_id = %(store_id)s AND b.media_type IS NULL;

-- name: lock_listing
-- Lock a listing's row before its photos' rows: the lock order of every writer of listings. Returns whether its
-- photos' findings count.
SELECT removed_at IS NULL AND out_of_scope_at IS NULL AND erased_at IS NULL FROM properties
WHERE id = %(id)s FOR UPDATE;

-- name: add_blob_check
-- Queue a check of one picture.
INSERT INTO media_checks (blob_id, at_once) VALUES (%(id)s, %(at_once)s);

-- name: add_rebuild
-- Queue a listing's documents to be rebuilt.
INSERT INTO media_checks (property_id, moved) VALUES (%(id)s, true);

-- name: find_misplaced
-- The pictures of a listing whose access is not what it should be.
SELECT DISTINCT b.id FROM property_media m JOIN media_blobs b ON b.id = m.blob_id
JOIN properties p ON p.id = m.property_id
WHERE m.property_id = %(property_id)s
    AND b.is_public <> (m.is_open AND listing_is_public(p.visible, p.public_document)) ORDER BY 1;

-- name: is_removable
-- Whether a picture, locked by the caller, may be deleted now: unused for the grace period, or its deletion was
-- interrupted, and no photo uses it.
SELECT unused_since < %(before)s AND NOT EXISTS (SELECT FROM property_media m WHERE m.blob_id = b.id)
FROM media_blobs b WHERE b.id = %(id)s;
