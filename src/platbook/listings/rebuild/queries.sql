-- name: is_version_current
-- Whether all documents of a provider are recorded as having this version.
SELECT EXISTS (SELECT FROM listing_document_versions WHERE provider_id = %(provider_id)s AND version = %(version)s);

-- name: record_version
-- Record that all documents of a provider have this version, unless a row has another.
INSERT INTO listing_document_versions AS v (provider_id, version)
SELECT %(provider_id)s, %(version)s WHERE NOT EXISTS (
    SELECT FROM properties WHERE provider_id = %(provider_id)s AND document_version <> %(version)s
        AND erased_at IS NULL)
ON CONFLICT (provider_id) DO UPDATE SET version = excluded.version;

-- name: delete_version
-- Delete that record: some documents of the provider may have an older version.
DELETE FROM listing_document_versions WHERE provider_id = %(provider_id)s;

-- name: withdraw_expired
-- Public documents whose time is over are withdrawn, and the photos with them.
UPDATE properties SET public_document = NULL, public_until = NULL, rule_id = NULL, hidden_fields = NULL
WHERE id = ANY(ARRAY(SELECT id FROM properties WHERE public_until <= %(now)s ORDER BY public_until
    LIMIT %(limit)s FOR UPDATE SKIP LOCKED));

-- name: find_stale
-- The next rows, in the order of their keys, whose documents have another version (keyset pagination).
SELECT id, listing_key FROM properties
WHERE provider_id = %(provider_id)s AND listing_key > %(after)s AND document_version <> %(version)s
    AND erased_at IS NULL
ORDER BY listing_key LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: set_documents
-- Write rebuilt documents and search words.
UPDATE properties p SET shows_address = s.shows_address, rule_id = s.rule_id, public_until = s.public_until,
    hidden_fields = string_to_array(nullif(s.hidden_fields, ''), ','), document_version = %(version)s,
    internal_document = s.internal, public_document = s.public, words = s.words::tsvector,
    open_words = s.open_words::tsvector, address_key = s.address_key, street_key = s.street_key
FROM unnest(%(ids)s::uuid[], %(shows_address)s::boolean[], %(rule_ids)s::uuid[], %(public_until)s::timestamptz[],
    %(hidden_fields)s::text[], %(internal)s::text[], %(public)s::text[], %(words)s::text[],
    %(open_words)s::text[], %(address_keys)s::text[], %(street_keys)s::text[])
    AS s (id, shows_address, rule_id, public_until, hidden_fields, internal, public, words, open_words,
        address_key, street_key)
WHERE p.id = s.id;

-- name: lock_existing
-- Lock those of some listings that are not erased.
SELECT id FROM properties WHERE id = ANY(%(ids)s) AND erased_at IS NULL ORDER BY id FOR UPDATE;
