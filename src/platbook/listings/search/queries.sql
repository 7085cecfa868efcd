-- name: find_similar_words
-- Words of listings that are one edit away from a word, and those with the most similar trigrams.
SELECT term FROM listing_terms WHERE kind = 'word' AND term = ANY(%(edits)s::text[])
UNION
(SELECT term FROM listing_terms WHERE kind = 'word' AND term %% %(word)s::text
 ORDER BY similarity(term, %(word)s::text) DESC, term LIMIT 20);

-- name: find_places_by_prefix
-- Cities, postal codes and subdivisions by prefix.
SELECT kind, term FROM listing_terms WHERE kind <> 'word' AND fold_text(term) LIKE %(pattern)s::text
ORDER BY length(term), term LIMIT %(limit)s::integer;

-- name: find_similar_places
-- Cities and subdivisions spelled similarly to a text: one edit away, or by trigrams.
SELECT kind, term FROM listing_terms
WHERE kind IN ('city', 'subdivision') AND (fold_text(term) = ANY(%(edits)s::text[]) OR term %% %(text)s::text)
ORDER BY (fold_text(term) = ANY(%(edits)s::text[])) DESC, similarity(term, %(text)s::text) DESC, term
LIMIT %(limit)s::integer;

-- name: has_word_prefix
-- Whether any listing contains a word with this prefix: a word still being typed is not a misspelling.
SELECT EXISTS (SELECT FROM listing_terms
WHERE kind = 'word' AND term >= %(word)s::text AND term < %(after)s::text);

-- name: get_snapshot
-- The current snapshot, as a text that is equal while nothing changes; null where the clock changed what is public
-- since a moment, and on a replica, whose snapshots do not list the transactions in progress: two may be equal and
-- see different rows.
SELECT CASE WHEN NOT pg_is_in_recovery()
    AND NOT EXISTS (SELECT FROM properties WHERE public_until > %(since)s AND public_until <= %(now)s)
    AND ARRAY(SELECT * FROM stale_providers(%(since)s) ORDER BY 1)
        = ARRAY(SELECT * FROM stale_providers(%(now)s) ORDER BY 1)
    THEN pg_current_snapshot()::text END;

-- name: find_types
-- The stored property types, by one probe of the index for each (a loose index scan).
WITH RECURSIVE stored AS (
    (SELECT property_type AS value FROM properties WHERE visible AND property_type IS NOT NULL
        ORDER BY property_type LIMIT 1)
    UNION ALL
    SELECT (SELECT p.property_type FROM properties p WHERE p.visible AND p.property_type > stored.value
        ORDER BY p.property_type LIMIT 1)
    FROM stored WHERE stored.value IS NOT NULL)
SELECT value FROM stored WHERE value IS NOT NULL;

-- name: find_sub_types
-- The stored property sub-types, by one probe of the index for each (a loose index scan).
WITH RECURSIVE stored AS (
    (SELECT property_sub_type AS value FROM properties WHERE visible AND property_sub_type IS NOT NULL
        ORDER BY property_sub_type LIMIT 1)
    UNION ALL
    SELECT (SELECT p.property_sub_type FROM properties p WHERE p.visible AND p.property_sub_type > stored.value
        ORDER BY p.property_sub_type LIMIT 1)
    FROM stored WHERE stored.value IS NOT NULL)
SELECT value FROM stored WHERE value IS NOT NULL;

-- name: find_provider_ids
-- Every configured provider, and every one that has listings, by one probe of the index for each.
WITH RECURSIVE stored AS (
    (SELECT provider_id FROM properties ORDER BY provider_id LIMIT 1)
    UNION ALL
    SELECT (SELECT p.provider_id FROM properties p WHERE p.provider_id > stored.provider_id
        ORDER BY p.provider_id LIMIT 1)
    FROM stored WHERE stored.provider_id IS NOT NULL)
SELECT provider_id FROM stored WHERE provider_id IS NOT NULL
UNION SELECT provider_id FROM mls_provider_configurations;

-- name: get_listing
-- One listing by its id, or else by its provider and the source's key, also one that no list shows any more.
SELECT id, provider_id, listing_key, is_local, author_id, internal_document, public_document, shows_address,
    hidden_fields, originating_system_name AS originating_system, licences, listing_offices(properties) AS offices,
    listed_at, off_market_at, removed_at, out_of_scope_at IS NOT NULL AS out_of_scope,
    erased_at IS NOT NULL AS erased, hidden,
    listing_is_public(visible, public_document, public_until, %(now)s)
        AND provider_id <> ALL(ARRAY(SELECT * FROM stale_providers(%(now)s))) AS is_public, xmin::text AS row_version
FROM properties WHERE id = coalesce(%(id)s::uuid, (
    SELECT k.id FROM properties k WHERE k.provider_id = %(provider_id)s AND k.listing_key = %(listing_key)s));

-- name: get_public_view
-- What a public search may look at: the settings of current rules that take fields away, and the providers of whose
-- listings nothing is public, because their copy is older than their rule allows.
SELECT ARRAY(SELECT DISTINCT (
        SELECT jsonb_object_agg(key, value) FROM jsonb_each(settings) WHERE key = ANY(%(hiding)s::text[]))::text
    FROM display_rules WHERE valid_to IS NULL AND surface = 'public' AND settings ?| %(hiding)s::text[]) AS hiding,
    ARRAY(SELECT * FROM stale_providers(%(now)s) ORDER BY 1) AS stale;

-- name: get_notices
-- What providers want displayed with lists, as JSON.
SELECT coalesce(json_agg(json_build_object('providerId', r.provider_id, 'mls', r.settings ->> 'mls',
    'logo', r.settings ->> 'logo', 'creditLabel', r.settings ->> 'creditLabel',
    'copyright', r.settings ->> 'copyright', 'disclaimer', r.settings ->> 'disclaimer',
    'excludedNotice', r.settings ->> 'excludedNotice') ORDER BY r.provider_id), '[]')::text
FROM display_rules r JOIN mls_provider_configurations c USING (provider_id)
WHERE r.valid_to IS NULL AND r.surface = 'public' AND r.originating_system IS NULL AND r.feed IS NULL AND NOT r.ours
    AND c.archived_at IS NULL AND (%(provider_ids)s::text[] IS NULL OR r.provider_id = ANY(%(provider_ids)s))
    AND r.settings ?| ARRAY['mls', 'logo', 'creditLabel', 'copyright', 'disclaimer', 'excludedNotice'];

-- name: get_raw
-- The source's record of a listing as it was received.
SELECT raw::text FROM properties WHERE id = %(id)s;
