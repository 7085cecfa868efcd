-- name: find_near_words
-- Words listings have that one slip makes of a word, and those that share most of its letters.
SELECT term FROM listing_terms WHERE kind = 'word' AND term = ANY(%(edits)s::text[])
UNION
(SELECT term FROM listing_terms WHERE kind = 'word' AND term %% %(word)s::text
 ORDER BY similarity(term, %(word)s::text) DESC, term LIMIT 20);

-- name: find_places_by_prefix
-- Cities, postal codes and subdivisions that begin as a text does.
SELECT kind, term FROM listing_terms WHERE kind <> 'word' AND lower(term) LIKE %(pattern)s::text
ORDER BY length(term), term LIMIT %(most)s::integer;

-- name: find_places_nearby
-- Cities and subdivisions that are spelled nearly as a text is.
SELECT kind, term FROM listing_terms
WHERE kind IN ('city', 'subdivision') AND (lower(term) = ANY(%(edits)s::text[]) OR term %% %(text)s::text)
ORDER BY (lower(term) = ANY(%(edits)s::text[])) DESC, similarity(term, %(text)s::text) DESC, term
LIMIT %(most)s::integer;

-- name: has_word_prefix
-- Whether any listing's word begins so: a word that is still being typed is not a mistake.
SELECT EXISTS (SELECT FROM listing_terms
WHERE kind = 'word' AND term >= %(word)s::text AND term < %(after)s::text);

-- name: get_snapshot
-- The present state of the database, as a text that is equal while nothing changes; nothing on a replica, whose
-- snapshots do not name the transactions under way: two may be equal and see different rows.
SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot()::text END;

-- name: get_listing
-- One listing by our id, also one that no list shows any more.
SELECT id, provider_id, listing_key, is_local, author_id, internal_document, public_document, shows_address, listed_at,
    off_market_at, removed_at, out_of_scope_at IS NOT NULL AS out_of_scope, erased_at IS NOT NULL AS erased, hidden,
    visible, xmin::text AS row_version
FROM properties WHERE id = %(id)s;

-- name: get_listing_by_key
-- One listing by its provider and the source's key.
SELECT id, provider_id, listing_key, is_local, author_id, internal_document, public_document, shows_address, listed_at,
    off_market_at, removed_at, out_of_scope_at IS NOT NULL AS out_of_scope, erased_at IS NOT NULL AS erased, hidden,
    visible, xmin::text AS row_version
FROM properties WHERE provider_id = %(provider_id)s AND listing_key = %(listing_key)s;

-- name: get_raw
-- What the source said of a listing, whole.
SELECT raw::text FROM properties WHERE id = %(id)s;

-- name: find_changes
-- A listing's timeline; for a public reader only the entries about public fields.
SELECT id, at, kind, changes, source, sync_id FROM listing_changes
WHERE property_id = %(id)s AND (NOT %(public)s::boolean OR kind IN ('listed', 'removed', 'returned') OR EXISTS (
    SELECT FROM jsonb_array_elements(changes) AS change WHERE change ->> 'field' = ANY(%(words)s::text[])));
