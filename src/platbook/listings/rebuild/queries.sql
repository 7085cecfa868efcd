-- name: get_display
-- A provider's display, which nobody changes before this transaction ends.
SELECT display FROM mls_provider_configurations WHERE provider_id = %(provider_id)s FOR SHARE;

-- name: is_known
-- Whether all documents of a provider are known to have this version.
SELECT EXISTS (SELECT FROM listing_document_versions WHERE provider_id = %(provider_id)s AND version = %(version)s);

-- name: remember_version
-- All documents of a provider have this version, unless a row is found that has not.
INSERT INTO listing_document_versions AS v (provider_id, version)
SELECT %(provider_id)s, %(version)s WHERE NOT EXISTS (
    SELECT FROM properties WHERE provider_id = %(provider_id)s AND document_version <> %(version)s
        AND erased_at IS NULL)
ON CONFLICT (provider_id) DO UPDATE SET version = excluded.version;

-- name: forget_version
-- Some documents of a provider may be of an older version.
DELETE FROM listing_document_versions WHERE provider_id = %(provider_id)s;

-- name: withdraw
-- Nothing of the provider is public until its documents are made anew. The version says so even if the display is
-- changed back.
UPDATE properties SET public_document = NULL, document_version = 'withdrawn'
WHERE provider_id = %(provider_id)s AND document_version NOT IN ('withdrawn', %(version)s) AND erased_at IS NULL;

-- name: find_stale
-- The next rows, in the order of their keys, whose documents were made under another version.
SELECT id, listing_key FROM properties
WHERE provider_id = %(provider_id)s AND listing_key > %(after)s AND document_version <> %(version)s
    AND erased_at IS NULL
ORDER BY listing_key LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: set_documents
-- Documents made anew.
UPDATE properties p SET shows_address = s.shows_address, document_version = %(version)s,
    internal_document = s.internal, public_document = s.public
FROM unnest(%(ids)s::uuid[], %(shows_address)s::boolean[], %(internal)s::text[], %(public)s::text[])
    AS s (id, shows_address, internal, public)
WHERE p.id = s.id;

-- name: find_present
-- Of some listings those that are not erased, locked.
SELECT id FROM properties WHERE id = ANY(%(ids)s) AND erased_at IS NULL ORDER BY id FOR UPDATE;
