-- Indexes of folded texts. Searches go on while they are built; only writers of listings wait.
CREATE INDEX properties_city_price_folded ON properties (fold_text(city), list_price, id)
    INCLUDE (city, standard_status) WHERE visible;
CREATE INDEX properties_city_modified_folded ON properties (fold_text(city), modified_at DESC, id DESC) WHERE visible;
-- A listing that is not rebuilt yet is suggested by its address as it is.
CREATE INDEX properties_address_key ON properties (coalesce(address_key, lower(unparsed_address)) text_pattern_ops)
    WHERE visible;
CREATE INDEX properties_street_key ON properties (coalesce(street_key, lower(street_name)) text_pattern_ops)
    WHERE visible;
CREATE INDEX properties_mls_number ON properties (mls_number_key(listing_id) text_pattern_ops);
CREATE STATISTICS properties_city_folded ON (fold_text(city)) FROM properties;
CREATE STATISTICS properties_county_folded ON (fold_text(county_or_parish)) FROM properties;
CREATE INDEX listing_terms_folded ON listing_terms (fold_text(term) text_pattern_ops) WHERE kind <> 'word';

-- Words with accents are stored folded from now on, by the rebuild of their listings.
DELETE FROM listing_terms WHERE kind = 'word' AND octet_length(term) <> char_length(term);

-- Leads are searched folded and without apostrophes.
UPDATE leads SET search_text = replace(fold_text(search_text), '''', ''),
    name_text = replace(fold_text(name_text), '''', '')
WHERE octet_length(search_text) <> char_length(search_text) OR search_text LIKE '%''%';

ANALYZE properties, listing_terms;

DROP INDEX properties_city_price, properties_city_modified, properties_address, properties_street,
    properties_listing_id, listing_terms_places;
DROP STATISTICS properties_city_counts, properties_county_counts;
ALTER INDEX properties_city_price_folded RENAME TO properties_city_price;
ALTER INDEX properties_city_modified_folded RENAME TO properties_city_modified;
ALTER INDEX listing_terms_folded RENAME TO listing_terms_places;
ALTER STATISTICS properties_city_folded RENAME TO properties_city_counts;
ALTER STATISTICS properties_county_folded RENAME TO properties_county_counts;
