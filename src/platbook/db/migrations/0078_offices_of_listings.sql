-- The offices that offer a listing, by key and MLS id: what display rules for own listings compare.
CREATE FUNCTION listing_offices(p properties) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_remove(ARRAY[p.list_office_key, p.list_office_mls_id, p.co_list_office_key,
        p.more ->> 'CoListOfficeMlsId'], NULL);
