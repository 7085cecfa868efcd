-- The words of a listing beside it: to look at a row for a common word is then cheap, where it was to read its remarks
-- anew. Sorting out rows by words is what a search with other filters does.
ALTER TABLE properties ADD COLUMN words tsvector GENERATED ALWAYS AS
    (listing_words(unparsed_address, city, postal_code, subdivision_name, listing_id, public_remarks)) STORED;
ALTER TABLE properties ALTER words SET STORAGE MAIN;
DROP INDEX properties_words;
DROP STATISTICS properties_word_counts;
CREATE INDEX properties_words ON properties USING gin (words) WHERE visible;

-- The two numbers ride along, so that listings in a place are counted without a look at the rows.
DROP INDEX properties_place;
CREATE INDEX properties_place ON properties USING gist (point(longitude, latitude)) INCLUDE (longitude, latitude)
    WHERE visible AND latitude IS NOT NULL;
