-- The words of a listing are made where the listing is written (listings/words.py), by the functions that also split a
-- query. Until a stored listing is rebuilt in the background, it keeps the words it has. Nothing here rewrites a row of
-- properties.

-- Case, accents, typographic apostrophes and dashes do not count. This is `fold` of base/folding.py; a test holds the
-- two equal. The dictionary of unaccent is a file of the server, so it is neither immutable nor the same everywhere.
CREATE FUNCTION fold_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN octet_length(value) = char_length(value) THEN lower(value)
        ELSE lower(regexp_replace(normalize(
            replace(replace(replace(replace(replace(replace(replace(replace(
                translate(value, '’‘ʼʻ′´‐‑‒–—−øØłŁđĐðÐı', '''''''''''''------oollddddi'),
                'ß', 'ss'), 'ẞ', 'ss'), 'æ', 'ae'), 'Æ', 'ae'), 'œ', 'oe'), 'Œ', 'oe'), 'þ', 'th'), 'Þ', 'th'),
            NFKD), '[\u0300-\u036f]+', '', 'g')) END;

-- An MLS number in lower case, without punctuation: `to_mls_key` of listings/words.py, which a test holds it equal to.
CREATE FUNCTION mls_number_key(number text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(translate(number, ' -./_#', ''));

ALTER TABLE properties ALTER words DROP EXPRESSION;
ALTER TABLE properties
    ADD open_words tsvector,  -- those that do not reveal the address, where it is not public
    ADD address_key text,     -- the address in lower case and standard abbreviations, for suggestions
    ADD street_key text;      -- the same from the name of the street on
ALTER TABLE properties ALTER open_words SET STORAGE MAIN;
