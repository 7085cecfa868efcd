-- Letters are replaced after Unicode's decomposition, so that what is folded folds to itself (`Ǽ` to `ae`, not to `æ`),
-- and the two small sigmas of Greek are one, which only some locales lower alike. This is `fold` of base/folding.py.
CREATE OR REPLACE FUNCTION fold_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN octet_length(value) = char_length(value) THEN lower(value)
        ELSE lower(replace(replace(replace(replace(replace(replace(replace(replace(
            translate(regexp_replace(normalize(replace(value, '´', ''''), NFKD), '[\u0300-\u036f]+', '', 'g'),
                '’‘ʼʻ′‐‑‒–—−øØłŁđĐðÐıςΣ', '''''''''''------oollddddiσσ'),
            'ß', 'ss'), 'ẞ', 'ss'), 'æ', 'ae'), 'Æ', 'ae'), 'œ', 'oe'), 'Œ', 'oe'), 'þ', 'th'), 'Þ', 'th')) END;

-- Indexes hold what the function made before; other characters than these fold as they did. Every city that a visible
-- listing has is one of the terms.
DO $$
BEGIN
    IF EXISTS (SELECT FROM listing_terms WHERE kind <> 'word' AND octet_length(term) <> char_length(term)
        AND term ~ '[ŉǢǣǼǽǾǿςϲ″‴⁗⁻₋ᴭᶞꟹ︱︲﹘𐞃𐞢𝚤𝛓𝜍𝝇𝞁𝞻]')
    THEN
        REINDEX INDEX listing_terms_places;
        REINDEX INDEX properties_city_price;
        REINDEX INDEX properties_city_modified;
    END IF;
END $$;

DELETE FROM listing_terms WHERE kind = 'word' AND octet_length(term) <> char_length(term) AND term <> fold_text(term);
UPDATE leads SET search_text = replace(fold_text(search_text), '''', ''),
    name_text = replace(fold_text(name_text), '''', '')
WHERE octet_length(search_text) <> char_length(search_text) AND search_text <> fold_text(search_text);
