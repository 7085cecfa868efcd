-- Videos and documents that are stored as they are: their Content-Type. NULL: a picture, of which variants are stored.
ALTER TABLE media_blobs ADD COLUMN media_type text;

-- Whether a category of Media is that of an image. This is `is_image` of reso/media_category.py; a test holds the two
-- equal.
CREATE FUNCTION media_is_image(category text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN category COLLATE "C" !~* '(tours?|videos?|documents?)$';

-- Whether everybody may see a photo, video, document or tour of a public listing. What is no image shows where the
-- listing is, and a tour that is not unbranded is for its broker alone. This is `media_is_public` of
-- listings/display.py; a test holds the two equal.
CREATE FUNCTION media_is_public(category text, permission text[], display jsonb, shows_address boolean) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN photo_is_public(permission, display) AND (media_is_image(category) OR (shows_address
        AND (category COLLATE "C" !~* 'tours?$' OR category COLLATE "C" ~* 'unbranded')));

-- Withdrawn documents are rebuilt at once: what the rebuilt ones say decides.
CREATE OR REPLACE TRIGGER properties_media AFTER UPDATE ON properties FOR EACH ROW
    WHEN (NEW.document_version <> 'withdrawn' AND (OLD.document_version = 'withdrawn'
        OR OLD.shows_address <> NEW.shows_address
        OR listing_is_public(OLD.visible, OLD.public_document)
            <> listing_is_public(NEW.visible, NEW.public_document)))
    EXECUTE FUNCTION check_listing_media();

CREATE OR REPLACE TRIGGER property_media_changed AFTER UPDATE OF blob_id, permission, category ON property_media
    FOR EACH ROW WHEN (OLD.blob_id IS NOT NULL AND (OLD.blob_id IS DISTINCT FROM NEW.blob_id
        OR OLD.permission IS DISTINCT FROM NEW.permission OR OLD.category <> NEW.category))
    EXECUTE FUNCTION check_blob();
