-- name: add_terms
-- Words and places that are not stored yet.
INSERT INTO listing_terms (kind, term) SELECT * FROM unnest(%(kinds)s::text[], %(terms)s::text[])
ON CONFLICT DO NOTHING;

-- name: find_differing
-- Of a page's keys, those whose row is missing, differs by its hash, or is not visible now. Unchanged rows send
-- nothing back.
SELECT k.listing_key, p.id, p.content_hash IS NOT DISTINCT FROM k.hash AS same_content,
    p.modification_timestamp AS modified, p.stored_at, p.removed_at IS NOT NULL AS removed,
    p.out_of_scope_at IS NOT NULL AS out_of_scope, p.erased_at IS NOT NULL AS erased
FROM unnest(%(keys)s::text[], %(hashes)s::bytea[]) AS k (listing_key, hash)
LEFT JOIN properties p ON p.provider_id = %(provider_id)s AND p.listing_key = k.listing_key
WHERE p.id IS NULL OR p.content_hash IS DISTINCT FROM k.hash OR p.removed_at IS NOT NULL
    OR p.out_of_scope_at IS NOT NULL;

-- name: mark_removed
-- The source no longer has these listings: hide them, keep them. Returns their findings, and whether these counted.
UPDATE properties SET removed_at = %(at)s, sync_id = %(sync_id)s
WHERE provider_id = %(provider_id)s AND listing_key = ANY(%(keys)s) AND removed_at IS NULL AND erased_at IS NULL
RETURNING id, finding_keys, out_of_scope_at IS NULL;

-- name: mark_returned
-- The source has these unchanged listings again, and they are in scope. Returns their findings, which count from now
-- on.
UPDATE properties SET removed_at = NULL, out_of_scope_at = NULL, stored_at = %(at)s, sync_id = %(sync_id)s
WHERE id = ANY(%(ids)s) AND erased_at IS NULL AND (removed_at IS NOT NULL OR out_of_scope_at IS NOT NULL)
RETURNING id, finding_keys, true;

-- name: mark_out_of_scope
-- These listings left the provider's scope. They are not removed: the source still has them. Returns their findings,
-- and whether these counted.
UPDATE properties SET out_of_scope_at = %(at)s, sync_id = %(sync_id)s
WHERE provider_id = %(provider_id)s AND listing_key = ANY(%(keys)s) AND out_of_scope_at IS NULL AND erased_at IS NULL
RETURNING id, finding_keys, removed_at IS NULL;

-- name: mark_scope_narrowed
-- Every stored listing outside a narrowed scope, or without a value that the scope compares.
UPDATE properties SET out_of_scope_at = %(at)s, sync_id = %(sync_id)s
WHERE provider_id = %(provider_id)s AND visible AND (
    (cardinality(%(statuses)s::text[]) = 0 OR standard_status = ANY(%(statuses)s))
    AND (cardinality(%(property_types)s::text[]) = 0 OR property_type = ANY(%(property_types)s))
    AND (%(closed_since)s::date IS NULL OR standard_status IS DISTINCT FROM 'Closed'
        OR close_date >= %(closed_since)s::date)
) IS NOT TRUE
RETURNING id, finding_keys, true;

-- name: count_active
-- Listings of a provider that are neither removed, erased nor out of scope.
SELECT count(*) FROM properties
WHERE provider_id = %(provider_id)s AND removed_at IS NULL AND erased_at IS NULL AND out_of_scope_at IS NULL;

-- name: find_providers_to_erase
-- Providers under retention `erase` that still have removed listings with their content.
SELECT c.provider_id FROM mls_provider_configurations c WHERE c.retention = 'erase' AND EXISTS (
    SELECT FROM properties p WHERE p.provider_id = c.provider_id AND p.removed_at IS NOT NULL AND p.erased_at IS NULL);

-- name: find_removed
-- The next removed listings of a provider that are not erased.
SELECT id, listing_key FROM properties
WHERE provider_id = %(provider_id)s AND listing_key > %(after)s AND removed_at IS NOT NULL AND erased_at IS NULL
ORDER BY listing_key LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: lock_counted_findings
-- Those of these listings whose findings count, with these.
SELECT id, finding_keys, true FROM properties WHERE id = ANY(%(ids)s) AND removed_at IS NULL
    AND out_of_scope_at IS NULL AND erased_at IS NULL ORDER BY id FOR UPDATE;

-- name: find_photo_findings
-- The findings of photos of these listings, which the caller has locked by an earlier statement.
SELECT finding_key FROM property_media WHERE property_id = ANY(%(ids)s) AND finding_key IS NOT NULL;

-- name: erase_listings
-- Leave a tombstone: key and dates. Typed values are emptied by the statement composed beside this one.
UPDATE properties SET erased_at = %(at)s, removed_at = coalesce(removed_at, %(at)s), more = '{}', raw = NULL,
    content_hash = NULL, internal_document = NULL, public_document = NULL, shows_address = false, finding_keys = NULL,
    withheld_fields = NULL, rule_id = NULL, public_until = NULL, hidden_fields = NULL, licences = NULL, words = NULL,
    open_words = NULL, address_key = NULL, street_key = NULL, sync_id = %(sync_id)s
WHERE id = ANY(%(ids)s) AND erased_at IS NULL
RETURNING id;

-- name: find_logged_visibility
-- The entries of a listing's log that say when it was public, the oldest first.
SELECT at, kind, changes FROM listing_changes
WHERE property_id = %(property_id)s AND (kind IN ('listed', 'returned') OR kind = ANY(%(leaving)s::text[])
    OR EXISTS (SELECT FROM jsonb_array_elements(changes) AS change
        WHERE change ->> 'field' = ANY(%(fields)s::text[])))
ORDER BY at, id;

-- name: erase_changes
-- An erased listing's change log keeps what happened and when, and loses the values.
UPDATE listing_changes SET changes = '[]' WHERE property_id = ANY(%(ids)s);

-- name: add_photo_work
-- A listing's photos are to be fetched. A new version tells a worker that holds the row that there is more to do.
INSERT INTO media_work AS w (property_id, provider_id, rank, newest, due_at, sync_id)
VALUES (%(property_id)s, %(provider_id)s, %(rank)s, %(newest)s, clock_timestamp(), %(sync_id)s)
ON CONFLICT (property_id) DO UPDATE SET rank = least(w.rank, excluded.rank), newest = excluded.newest,
    sync_id = excluded.sync_id, version = w.version + 1,
    due_at = CASE WHEN w.holder IS NULL THEN excluded.due_at ELSE w.due_at END;

-- name: add_photo_work_for
-- Photo work for listings, ordered by their stored times.
INSERT INTO media_work AS w (property_id, provider_id, rank, newest, due_at, sync_id)
SELECT id, provider_id, 1, coalesce(listed_at, modified_at), clock_timestamp(), sync_id FROM properties
WHERE id = ANY(%(ids)s) AND erased_at IS NULL
ON CONFLICT (property_id) DO UPDATE SET version = w.version + 1,
    due_at = CASE WHEN w.holder IS NULL THEN excluded.due_at ELSE w.due_at END;

-- name: link_waiting_photos
-- What waits of a provider and is not fetched any more is linked.
UPDATE property_media SET state = 'linked', reason = NULL, retry_at = NULL
WHERE provider_id = %(provider_id)s AND state = 'waiting'
    AND NOT CASE WHEN media_is_image(category) THEN %(photos)s::boolean ELSE %(files)s END RETURNING property_id;

-- name: fetch_linked_photos
-- What is linked of a provider and is fetched from now on waits.
UPDATE property_media SET state = 'waiting', attempts = 0, reason = NULL
WHERE provider_id = %(provider_id)s AND state = 'linked'
    AND CASE WHEN media_is_image(category) THEN %(photos)s::boolean ELSE %(files)s END RETURNING property_id;

-- name: find_without_photos
-- A provider's listings that count photos of which none is known.
SELECT id FROM properties p WHERE provider_id = %(provider_id)s AND photos_count > 0 AND erased_at IS NULL
    AND NOT EXISTS (SELECT FROM property_media m WHERE m.property_id = p.id);

-- name: claim_photo_work
-- Claim the most urgent listings of a provider whose work is due, under a lease.
WITH next AS (
    SELECT w.property_id FROM media_work w JOIN properties p ON p.id = w.property_id
    WHERE w.provider_id = %(provider_id)s AND w.due_at <= clock_timestamp() AND p.visible
    ORDER BY w.rank, w.newest DESC, w.property_id LIMIT %(limit)s FOR UPDATE OF w SKIP LOCKED)
UPDATE media_work w SET due_at = clock_timestamp() + %(lease)s::interval, holder = %(holder)s
FROM next, properties p WHERE w.property_id = next.property_id AND p.id = w.property_id
RETURNING w.property_id, p.listing_key, w.rank, w.version, w.attempts, w.sync_id, p.standard_status,
    p.photos_count, p.photos_change_timestamp, listing_is_public(p.visible, p.public_document) AS is_public,
    p.shows_address, p.originating_system_name AS originating_system, p.licences,
    listing_offices(p) AS offices, w.newest;

-- name: renew_photo_work
-- Renew the leases of a holder.
UPDATE media_work SET due_at = clock_timestamp() + %(lease)s::interval WHERE holder = %(holder)s
    AND property_id = ANY(%(ids)s);

-- name: lock_photo_work
-- Lock a listing's work until this transaction ends, if the holder still has it.
SELECT version FROM media_work WHERE property_id = %(property_id)s AND holder = %(holder)s FOR UPDATE;

-- name: release_photo_work
-- Release claims that were not completed, due again after a delay.
UPDATE media_work SET holder = NULL, due_at = clock_timestamp() + %(delay)s::interval,
    attempts = attempts + %(failures)s
WHERE property_id = ANY(%(ids)s) AND holder = %(holder)s;

-- name: reschedule_photo_work
-- Release what is left of a listing's work: due when its next photo is.
UPDATE media_work w SET holder = NULL, rank = 1, attempts = 0, due_at = coalesce(left_over.due_at, clock_timestamp())
FROM (SELECT min(coalesce(retry_at, clock_timestamp())) AS due_at FROM property_media
    WHERE property_id = %(property_id)s AND state = 'waiting') AS left_over
WHERE w.property_id = %(property_id)s AND w.holder = %(holder)s;

-- name: delete_finished_photo_work
-- Delete a listing's completed work, unless photos of it still wait or more work was added since it was claimed.
DELETE FROM media_work w WHERE property_id = %(property_id)s AND holder = %(holder)s AND version = %(version)s
    AND NOT EXISTS (SELECT FROM property_media m WHERE m.property_id = w.property_id AND m.state = 'waiting');

-- name: delete_provider_photo_work
-- Delete a provider's unclaimed photo work.
DELETE FROM media_work WHERE provider_id = %(provider_id)s AND holder IS NULL;

-- name: find_waiting_photos
-- The photos of some listings that are to be fetched, and the validators of the bytes stored already.
SELECT property_id, media_key, modified, attempts, etag, last_modified, blob_id IS NOT NULL AS is_stored,
    coalesce(retry_at > clock_timestamp(), false) AS is_deferred, finding_key
FROM property_media WHERE property_id = ANY(%(ids)s) AND state = 'waiting';

-- name: delete_photo_work
-- Nothing of these listings is to be fetched.
DELETE FROM media_work WHERE property_id = ANY(%(ids)s);

-- name: erase_media
-- An erased listing has no photos.
DELETE FROM property_media WHERE property_id = ANY(%(ids)s);

-- name: find_texts_of
-- The texts, present and former, of these listings that terms may come from, each with its field's path in the API.
SELECT t.field, t.text FROM properties p, LATERAL (VALUES ('address.full', unparsed_address), ('address.city', city),
    ('address.postalCode', postal_code), ('address.streetName', street_name), ('subdivisionName', subdivision_name),
    ('publicRemarks', public_remarks)) AS t (field, text)
WHERE p.id = ANY(%(ids)s) AND t.text IS NOT NULL
UNION
SELECT d ->> 'field', v.text FROM listing_changes c, jsonb_array_elements(c.changes) AS d,
    LATERAL (VALUES (d ->> 'from'), (d ->> 'to')) AS v (text)
WHERE c.property_id = ANY(%(ids)s) AND v.text IS NOT NULL
    AND d ->> 'field' IN ('address.full', 'address.city', 'address.postalCode', 'address.streetName', 'subdivisionName',
        'publicRemarks');

-- name: delete_unused_words
-- Delete words that match no listing any more.
DELETE FROM listing_terms t USING unnest(%(words)s::text[], %(queries)s::text[]) AS gone (word, query)
WHERE t.kind = 'word' AND t.term = gone.word AND NOT EXISTS (
    SELECT FROM properties WHERE visible AND words @@ gone.query::tsquery);

-- name: delete_unused_places
-- Delete places that match no listing any more.
DELETE FROM listing_terms t USING unnest(%(kinds)s::text[], %(places)s::text[]) AS gone (kind, term)
WHERE t.kind = gone.kind AND t.term = gone.term AND NOT CASE t.kind
    WHEN 'city' THEN EXISTS (SELECT FROM properties p WHERE p.visible AND fold_text(p.city) = fold_text(t.term)
        AND p.city = t.term)
    WHEN 'postalCode' THEN EXISTS (SELECT FROM properties p WHERE p.visible AND p.postal_code = t.term)
    ELSE EXISTS (SELECT FROM properties p WHERE p.visible AND p.subdivision_name = t.term) END;

-- name: get_media_of
-- The photos of some listings, with the stored picture of each.
SELECT m.property_id, m.media_key, m."order", m.category, m.caption, m.permission, m.modified, m.state,
    m.source_address, m.reason, m.finding_key, m.is_open, b.width, b.height, b.color, b.placeholder, b.variants,
    b.is_public, b.store_id, b.media_type
FROM property_media m LEFT JOIN media_blobs b ON b.id = m.blob_id
WHERE m.property_id = ANY(%(ids)s) ORDER BY m.property_id, m."order", m.media_key;

-- name: upsert_media
-- Upsert one photo; one whose content is new is to be fetched again, and is counted by the run that saw the change.
INSERT INTO property_media AS m (id, provider_id, property_id, media_key, "order", category, caption, permission,
    is_open, modified, source_address, state, sync_id, created_at, updated_at)
VALUES (%(id)s, %(provider_id)s, %(property_id)s, %(media_key)s, %(order)s, %(category)s, %(caption)s, %(permission)s,
    %(is_open)s, %(modified)s, %(source_address)s, %(state)s, %(sync_id)s, %(created_at)s, %(updated_at)s)
ON CONFLICT (property_id, media_key) DO UPDATE SET "order" = excluded."order", category = excluded.category,
    caption = excluded.caption, permission = excluded.permission, is_open = excluded.is_open,
    modified = excluded.modified,
    source_address = excluded.source_address, updated_at = excluded.updated_at,
    sync_id = CASE WHEN %(is_new)s THEN excluded.sync_id ELSE m.sync_id END,
    state = CASE WHEN %(is_new)s THEN excluded.state ELSE m.state END,
    reason = CASE WHEN %(is_new)s THEN NULL ELSE m.reason END,
    attempts = CASE WHEN %(is_new)s THEN 0 ELSE m.attempts END,
    retry_at = CASE WHEN %(is_new)s THEN NULL ELSE m.retry_at END,
    blob_id = CASE WHEN %(keeps_picture)s THEN m.blob_id END,
    etag = CASE WHEN media_is_image(m.category) = media_is_image(excluded.category) THEN m.etag END,
    last_modified = CASE WHEN media_is_image(m.category) = media_is_image(excluded.category) THEN m.last_modified END,
    finding_key = CASE WHEN excluded.state <> 'linked' THEN m.finding_key END;

-- name: set_media_open
-- Whether everybody may see some photos with their listings.
UPDATE property_media m SET is_open = s.is_open
FROM unnest(%(property_ids)s::uuid[], %(media_keys)s::text[], %(is_open)s::boolean[])
    AS s (property_id, media_key, is_open)
WHERE m.property_id = s.property_id AND m.media_key = s.media_key;

-- name: mark_photo_stored
-- A photo's bytes are stored. Where the source has another version by now, the photo still waits for that.
UPDATE property_media SET blob_id = coalesce(%(blob_id)s, blob_id), etag = %(etag)s, last_modified = %(last_modified)s,
    state = CASE WHEN modified IS NOT DISTINCT FROM %(modified)s THEN 'stored' ELSE state END,
    attempts = 0, retry_at = NULL, reason = NULL, finding_key = NULL, updated_at = %(at)s
WHERE property_id = %(property_id)s AND media_key = %(media_key)s;

-- name: mark_photo_failed
-- An attempt failed: the photo is tried again later, or given up with its reason and its finding.
UPDATE property_media SET attempts = attempts + 1, reason = %(reason)s, updated_at = %(at)s,
    state = CASE WHEN %(retry_in)s::interval IS NULL THEN 'failed' ELSE state END,
    retry_at = clock_timestamp() + %(retry_in)s::interval, finding_key = coalesce(%(finding_key)s, finding_key)
WHERE property_id = %(property_id)s AND media_key = %(media_key)s AND state = 'waiting'
    AND modified IS NOT DISTINCT FROM %(modified)s;

-- name: mark_media_linked
-- What is no file, or too large a one, is linked to.
UPDATE property_media SET state = 'linked', reason = %(reason)s, attempts = 0, retry_at = NULL, blob_id = NULL,
    etag = NULL, last_modified = NULL, finding_key = NULL, updated_at = %(at)s
WHERE property_id = %(property_id)s AND media_key = %(media_key)s AND state = 'waiting'
    AND modified IS NOT DISTINCT FROM %(modified)s;

-- name: note_photo_failure
-- Why the listing's photos could not be read from the source; the listing is tried again later, not the photo alone.
UPDATE property_media SET reason = %(reason)s, updated_at = %(at)s
WHERE property_id = %(property_id)s AND media_key = %(media_key)s AND state = 'waiting';

-- name: mark_photos_waiting
-- Have photos in some states fetched again, all of them or only what failed, videos too; returns their listings.
UPDATE property_media SET state = 'waiting', attempts = 0, retry_at = NULL, etag = NULL, last_modified = NULL,
    updated_at = %(at)s
WHERE provider_id = %(provider_id)s AND state = ANY(%(states)s)
    AND CASE WHEN %(failed_only)s::boolean THEN reason IS NOT NULL ELSE media_is_image(category) END
    AND (%(property_ids)s::uuid[] IS NULL OR property_id = ANY(%(property_ids)s))
RETURNING property_id;

-- name: relink_photos
-- Replace one stored picture by another.
UPDATE property_media SET blob_id = %(new)s WHERE property_id = %(property_id)s AND blob_id = %(old)s;

-- name: delete_media
-- Photos the source no longer lists.
DELETE FROM property_media WHERE property_id = %(property_id)s AND media_key = ANY(%(media_keys)s);

-- name: set_hidden
-- Hide or show everything of an archived provider.
UPDATE properties SET hidden = %(hidden)s WHERE provider_id = %(provider_id)s AND hidden <> %(hidden)s;

