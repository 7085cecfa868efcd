-- name: begin_blob
-- A picture is being stored, or is stored already: nobody clears it away now. No row: it is just being deleted.
INSERT INTO media_blobs AS b (id, state, recipe, is_public, created_at)
VALUES (%(id)s, 'making', %(recipe)s, %(is_public)s, %(at)s)
ON CONFLICT (id) DO UPDATE SET unused_since = NULL,
    created_at = CASE WHEN b.state = 'making' THEN excluded.created_at ELSE b.created_at END
    WHERE b.state <> 'deleting'
RETURNING state, is_public;

-- name: touch_blob
-- A stored picture is about to be used again; no row where there is none.
UPDATE media_blobs SET unused_since = NULL, created_at = greatest(created_at, %(at)s) WHERE id = %(id)s
    AND state = 'stored' RETURNING true;

-- name: finish_blob
-- A picture's objects are all there.
UPDATE media_blobs SET state = 'stored', format = %(format)s, bytes = %(bytes)s, width = %(width)s, height = %(height)s,
    color = %(color)s, placeholder = %(placeholder)s, flaw = %(flaw)s, variants = %(variants)s, original = %(original)s
WHERE id = %(id)s AND state = 'making';

-- name: hold_blobs
-- Of some pictures those that are stored; nobody deletes them before this transaction ends.
SELECT id FROM media_blobs WHERE id = ANY(%(ids)s) AND state = 'stored' ORDER BY id FOR SHARE;

-- name: add_checks
-- Pictures of a listing that lie where they should not, to be moved.
INSERT INTO media_checks (blob_id)
SELECT DISTINCT b.id FROM property_media m JOIN media_blobs b ON b.id = m.blob_id
JOIN properties p ON p.id = m.property_id
LEFT JOIN mls_provider_configurations c ON c.provider_id = m.provider_id
WHERE m.property_id = %(property_id)s AND b.is_public <> (p.visible AND p.public_document IS NOT NULL AND (
    m.permission && ARRAY['Public', 'IDX']
    OR m.permission IS NULL AND coalesce((c.display ->> 'photoDisplayWhenNull')::boolean, false)));

-- name: claim_checks
-- The next pictures to be looked at again.
SELECT id, property_id, blob_id, moved, at_once FROM media_checks ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: end_checks
-- They were looked at.
DELETE FROM media_checks WHERE id = ANY(%(ids)s);

-- name: find_blobs_of
-- The pictures of some listings.
SELECT DISTINCT blob_id FROM property_media WHERE property_id = ANY(%(ids)s) AND blob_id IS NOT NULL;

-- name: hold_blob
-- One picture, for whoever moves or deletes it.
SELECT id, state, is_public, variants, original FROM media_blobs WHERE id = %(id)s FOR UPDATE;

-- name: find_use
-- What a picture is used for: how many photos show it, whether one of them may be seen by everybody, whether a
-- listing's documents are being rebuilt and nobody knows yet.
SELECT count(*) AS photos,
    coalesce(bool_or(p.visible AND p.public_document IS NOT NULL AND (m.permission && ARRAY['Public', 'IDX']
        OR m.permission IS NULL AND coalesce((c.display ->> 'photoDisplayWhenNull')::boolean, false))),
        false) AS is_shown, coalesce(bool_or(p.document_version = 'withdrawn' AND p.visible), false) AS is_undecided
FROM property_media m JOIN properties p ON p.id = m.property_id
LEFT JOIN mls_provider_configurations c ON c.provider_id = m.provider_id
WHERE m.blob_id = %(id)s;

-- name: place_blob
-- A picture's objects lie in another place now; documents that tell of them are to be made anew.
WITH moved AS (UPDATE media_blobs SET is_public = %(is_public)s WHERE id = %(id)s RETURNING id)
INSERT INTO media_checks (property_id, moved)
SELECT DISTINCT m.property_id, true FROM property_media m JOIN moved ON m.blob_id = moved.id;

-- name: add_recall
-- An object that is not public any more, whose copies the CDN is to forget.
INSERT INTO media_recalls (name, at) VALUES (%(name)s, %(at)s);

-- name: claim_recalls
-- The next objects whose copies are to be forgotten. One that became public again is asked for anew, which is no harm.
SELECT id, name FROM media_recalls ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: end_recalls
-- Their copies are forgotten.
DELETE FROM media_recalls WHERE id = ANY(%(ids)s);

-- name: find_providers_of
-- The provider of each of some listings.
SELECT provider_id, array_agg(id) AS ids FROM properties WHERE id = ANY(%(ids)s) GROUP BY provider_id
ORDER BY provider_id;

-- name: mark_unused
-- Nobody shows this picture any more: the first step of its removal.
UPDATE media_blobs SET unused_since = coalesce(unused_since, %(at)s) WHERE id = %(id)s;

-- name: mark_deleting
-- The second step: from here on nobody takes this picture up again.
UPDATE media_blobs SET state = 'deleting', unused_since = '-infinity' WHERE id = %(id)s;

-- name: delete_blob
-- A picture whose objects are gone.
DELETE FROM media_blobs WHERE id = %(id)s AND state = 'deleting';

-- name: find_unused
-- Pictures nobody shows and that were not just made: what was stored and never recorded, what was left half made.
SELECT b.id FROM media_blobs b WHERE b.unused_since IS NULL AND b.state <> 'deleting'
    AND b.created_at > %(since)s AND b.created_at < %(before)s AND b.id > %(after)s
    AND NOT EXISTS (SELECT FROM property_media m WHERE m.blob_id = b.id)
ORDER BY b.id LIMIT %(limit)s;

-- name: find_removable
-- Pictures whose time of grace is over, and those whose removal was cut short.
SELECT id FROM media_blobs WHERE unused_since < %(before)s AND id > %(after)s ORDER BY id LIMIT %(limit)s;

-- name: find_known
-- Of some ids those that are pictures'.
SELECT id FROM media_blobs WHERE id = ANY(%(ids)s);

-- name: adopt_blob
-- Objects nobody knows of: from now on they are a picture nobody uses, as if left half made.
INSERT INTO media_blobs (id, state, created_at, unused_since) VALUES (%(id)s, 'making', %(at)s, %(at)s)
ON CONFLICT DO NOTHING;

-- name: find_due_providers
-- Providers with photo work that is due and may be done: the photos are wanted, and no login of theirs is refused.
SELECT c.provider_id FROM mls_provider_configurations c LEFT JOIN mls_sync_status s USING (provider_id)
WHERE c.archived_at IS NULL AND NOT coalesce(s.blocked, false) AND coalesce((c.media ->> 'fetch')::boolean, true)
    AND EXISTS (SELECT FROM media_work w WHERE w.provider_id = c.provider_id AND w.due_at <= clock_timestamp())
ORDER BY random();

-- name: is_run_pending
-- Whether a run of the provider waits or is under way.
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
-- What is stored: pictures, those everybody may see, those that are to go, and the bytes of their variants; and how
-- many withdrawn objects the CDN still has to forget.
SELECT count(*) AS pictures, count(*) FILTER (WHERE is_public) AS public,
    count(*) FILTER (WHERE unused_since IS NOT NULL) AS unused,
    coalesce(sum((SELECT sum((v.value ->> 'bytes')::bigint) FROM jsonb_each(variants) AS v)), 0)::bigint AS bytes,
    (SELECT count(*) FROM media_recalls) AS recalls
FROM media_blobs WHERE state = 'stored';

-- name: find_stale_blobs
-- Shown pictures made by another recipe whose original is kept, in the order of their ids.
SELECT DISTINCT b.id, b.original, b.is_public FROM media_blobs b JOIN property_media m ON m.blob_id = b.id
WHERE b.state = 'stored' AND b.recipe IS DISTINCT FROM %(recipe)s AND b.original IS NOT NULL AND b.id > %(after)s
    AND (%(provider_id)s::text IS NULL OR m.provider_id = %(provider_id)s)
ORDER BY b.id LIMIT %(limit)s;

-- name: find_originless
-- Providers with shown pictures made by another recipe whose original is not kept.
SELECT m.provider_id, array_agg(DISTINCT m.property_id) AS ids FROM media_blobs b
JOIN property_media m ON m.blob_id = b.id
WHERE b.state = 'stored' AND b.recipe IS DISTINCT FROM %(recipe)s AND b.original IS NULL
    AND (%(provider_id)s::text IS NULL OR m.provider_id = %(provider_id)s) AND m.provider_id <> %(local)s
GROUP BY m.provider_id;

-- name: find_shown_by
-- The listings that show a picture.
SELECT DISTINCT property_id, provider_id FROM property_media WHERE blob_id = %(id)s;

-- name: find_public_objects
-- The objects of some photos of a listing that everybody may read.
SELECT v.value ->> 'name' AS name FROM property_media m
JOIN media_blobs b ON b.id = m.blob_id, jsonb_each(b.variants) AS v
WHERE m.property_id = %(property_id)s AND m.media_key = ANY(%(media_keys)s) AND b.is_public;

-- name: lock_listing
-- A listing's row, locked before its photos' rows, as whoever writes listings does.
SELECT FROM properties WHERE id = %(id)s FOR UPDATE;

-- name: add_blob_check
-- A picture to be looked at again.
INSERT INTO media_checks (blob_id) VALUES (%(id)s);

-- name: is_removable
-- Whether a picture, held by the caller, may be deleted now: unused for long, or half deleted already, and nobody
-- shows it.
SELECT unused_since < %(before)s AND NOT EXISTS (SELECT FROM property_media m WHERE m.blob_id = b.id)
FROM media_blobs b WHERE b.id = %(id)s;
