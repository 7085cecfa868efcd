-- Made-up listings of a real width: documents of 1.4 kB and a raw record of 3 kB each. Some towns, words and places
-- hold as many listings whatever the size of the market, others a fixed share of it.
INSERT INTO properties (
    id, provider_id, listing_key, listing_id, standard_status, property_type, list_price,
    unparsed_address, street_number, street_name, city, state_or_province, postal_code, subdivision_name,
    latitude, longitude, bedrooms_total, bathrooms_total, living_area, year_built, public_remarks, list_agent_key,
    list_office_key, photos_count, raw, listed_at, modified_at, stored_at, shows_address, document_version,
    internal_document, public_document, words, open_words, address_key, street_key)
SELECT
    gen_random_uuid(), 'board', 'K' || n, 'ML-' || n,
    (ARRAY['Active', 'Active', 'Pending', 'Closed'])[1 + n % 4], (ARRAY['Residential', 'Land'])[1 + n % 2],
    100000 + (n::bigint * 7919 % 900) * 1000,
    n % 9999 || ' Street' || n % 700 || ' St', n % 9999, 'Street' || n % 700,
    CASE WHEN n <= 20000 AND n % 40 = 7 THEN 'Town 7' ELSE 'Area ' || n % 8 END, 'TX',
    (70000 + n % 2000)::text, 'Acres ' || n % 3000,
    CASE WHEN n <= 500 THEN 30.05 ELSE 26 + (n::bigint * 104729 % 39000) / 10000.0 + 4.2 * (n % 2) END,
    CASE WHEN n <= 500 THEN -99.95 ELSE -106 + (n::bigint * 1299709 % 59000) / 10000.0 END,
    1 + n % 5, 1 + n % 3, 800 + n % 4000, 1920 + n % 100,
    'House number ' || n || ' with a garden and a word often' || n % 100
        || CASE WHEN n <= 500 THEN ' seldom77' ELSE '' END,
    'A' || n % 5000, 'O' || n % 300, n % 30, jsonb_build_object('what', repeat('r', 3000)),
    timestamptz '2026-01-01' + make_interval(mins => n),
    timestamptz '2026-06-01' + make_interval(secs => n::bigint * 7919 % 9000000),
    now(), n % 10 > 0, '1.bench', '{"x":"' || repeat('x', 1400) || '"}', '{"x":"' || repeat('y', 1100) || '"}',
    strip(to_tsvector('english', n % 9999 || ' ' || street || ' St ' || open_text)),
    CASE WHEN n % 10 = 0 THEN strip(to_tsvector('english', open_text)) END,
    lower(n % 9999 || ' ' || street || ' St'), lower(street || ' St')
FROM generate_series(1, %(rows)s) AS n, LATERAL (SELECT 'Street' || n % 700 AS street,
    CASE WHEN n <= 20000 AND n % 40 = 7 THEN 'Town 7' ELSE 'Area ' || n % 8 END || ' TX ' || 70000 + n % 2000
    || ' Acres ' || n % 3000 || ' ML' || n || ' ' || n || ' House number ' || n || ' with a garden and a word often' || n % 100
    || CASE WHEN n <= 500 THEN ' seldom77' ELSE '' END AS open_text) AS made;
INSERT INTO listing_terms SELECT 'word', word FROM unnest(ARRAY['garden', 'seldom77', 'often7', 'house', 'word']) AS word;
INSERT INTO mls_provider_configurations (provider_id, provider_name, provider_type) VALUES ('board', 'Board', 'MOCK');
VACUUM ANALYZE properties, listing_terms, mls_provider_configurations;
