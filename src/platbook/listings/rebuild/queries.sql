-- name: find_stale
-- The next rows, in the order of their keys, whose documents were made under another version.
SELECT id, listing_key FROM properties
WHERE provider_id = %(provider_id)s AND listing_key > %(after)s AND document_version <> %(version)s AND erased_at IS NULL
ORDER BY listing_key LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: set_documents
-- Documents made anew.
UPDATE properties p SET shows_address = s.shows_address, document_version = %(version)s,
    internal_document = s.internal, public_document = s.public
FROM unnest(%(ids)s::uuid[], %(shows_address)s::boolean[], %(internal)s::text[], %(public)s::text[])
    AS s (id, shows_address, internal, public)
WHERE p.id = s.id;
