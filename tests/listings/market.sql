-- A market of made-up rows, wide as real ones are, for the planner to plan over.
INSERT INTO properties (
    id, provider_id, listing_key, listing_id, standard_status, property_type, property_sub_type, list_price,
    unparsed_address, street_number, street_name, city, county_or_parish, state_or_province, postal_code, subdivision_name,
    latitude, longitude, bedrooms_total, bathrooms_total, living_area, year_built, public_remarks, list_agent_key,
    list_office_key, photos_count, listing_contract_date, listed_at, modified_at, stored_at, shows_address, document_version,
    internal_document, public_document, words, open_words, address_key, street_key)
SELECT
    gen_random_uuid(), 'board', 'K' || n, 'ML-' || n,
    (ARRAY['Active', 'Active', 'Pending', 'Closed'])[1 + n % 4], (ARRAY['Residential', 'Land'])[1 + n % 2], 'Sub ' || n % 900,
    CASE WHEN n % 50 > 0 THEN 100000 + (n::bigint * 7919 % 900) * 1000 END,
    n % 9999 || ' ' || street || ' St', n % 9999, street, 'City ' || n % 400, 'County ' || n % 40, 'TX',
    (70000 + n % 2000)::text, 'Acres ' || n % 3000,
    26 + (n::bigint * 104729 % 100000) / 10000.0, -106 + (n::bigint * 1299709 % 120000) / 10000.0,
    1 + n % 5, 1 + n % 3, 800 + n % 4000, 1920 + n % 100,
    'House number ' || n || ' has a word' || n % 1000 || ' and a common garden, a kitchen with rare' || n % 20000,
    'A' || n % 5000, 'O' || n % 300, n % 30,
    date '2026-01-01' + n % 300, timestamptz '2026-01-01' + make_interval(mins => n), timestamptz '2026-06-01' + make_interval(secs => n::bigint * 31 % 9000000),
    timestamptz '2026-11-01' - make_interval(secs => n::bigint * 7919 % 9000000), n % 10 > 0, '1.test', repeat('x', 600), CASE WHEN n % 5 > 0 THEN repeat('y', 600) END,
    strip(to_tsvector('english', n % 9999 || ' ' || street || ' St ' || open_text)),
    CASE WHEN n % 10 = 0 THEN strip(to_tsvector('english', open_text)) END,
    lower(n % 9999 || ' ' || street || ' St'), lower(street || ' St')
FROM generate_series(1, %(rows)s) AS n, LATERAL (SELECT 'Street' || n % 700 AS street,
    'City ' || n % 400 || ' TX ' || 70000 + n % 2000 || ' Acres ' || n % 3000 || ' ML' || n || ' ' || n
    || ' House number ' || n || ' has a word' || n % 1000 || ' and a common garden, a kitchen with rare' || n % 20000 AS open_text) AS named;
INSERT INTO listing_terms SELECT DISTINCT 'city', city FROM properties;
INSERT INTO listing_terms SELECT DISTINCT 'postalCode', postal_code FROM properties;
INSERT INTO listing_terms SELECT DISTINCT 'subdivision', subdivision_name FROM properties;
INSERT INTO listing_terms SELECT 'word', 'word' || n FROM generate_series(0, 999) AS n;
INSERT INTO listing_terms SELECT 'word', 'rare' || n FROM generate_series(0, 19999) AS n;
INSERT INTO listing_terms SELECT 'word', 'street' || n FROM generate_series(0, 699) AS n;
INSERT INTO listing_terms VALUES ('word', 'garden'), ('word', 'kitchen'), ('word', 'common'), ('word', 'house');
INSERT INTO listing_changes SELECT gen_random_uuid(), provider_id, id, modified_at, 'changed', '[{"field": "bedrooms"}]', 'sync', NULL, now()
FROM properties WHERE listing_key LIKE '%7';
VACUUM ANALYZE properties, listing_terms, listing_changes;
