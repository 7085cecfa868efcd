-- What is public, as far as SQL decides it: one function for listings and one for photos, used by every statement and
-- by the trigger below. Both are single expressions, so that the planner inlines them and partial indexes on `visible`
-- still serve.

-- A listing is public while lists show it and it has a public document. Whether it may have one is decided where the
-- document is written (listings/display.py).
CREATE FUNCTION listing_is_public(visible boolean, public_document text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN visible AND public_document IS NOT NULL;

-- A photo's Permission allows it, or there is none and the provider's display settings allow that. This is
-- `photo_is_public` of listings/display.py; a test holds the two equal.
CREATE FUNCTION photo_is_public(permission text[], display jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(permission && ARRAY['Public', 'IDX'], (display ->> 'photoDisplayWhenNull')::boolean, false);

-- Withdrawn documents are rebuilt at once: what the rebuilt ones say decides.
CREATE OR REPLACE TRIGGER properties_media AFTER UPDATE ON properties FOR EACH ROW
    WHEN (NEW.document_version <> 'withdrawn' AND (OLD.document_version = 'withdrawn'
        OR listing_is_public(OLD.visible, OLD.public_document)
            <> listing_is_public(NEW.visible, NEW.public_document)))
    EXECUTE FUNCTION check_listing_media();
