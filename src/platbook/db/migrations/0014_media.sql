-- What was fetched, once for all who show the same picture: bytes of one content under one recipe. Its id names the
-- content, so its objects' names do, too. `variants` holds size and format by name; `is_public` tells where its objects lie.
CREATE TABLE media_blobs (
    id text COLLATE "C" PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('making', 'stored', 'deleting')),
    recipe text,
    format text,
    bytes bigint,
    width integer,
    height integer,
    color text,
    placeholder text,
    flaw text,                                 -- what was wrong with the source's picture and did no harm
    variants jsonb NOT NULL DEFAULT '{}',
    original text,                             -- the name of the kept original's object, where originals are kept
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    unused_since timestamptz                   -- noted by the first step of the clean-up, acted upon by the second
);
CREATE INDEX media_blobs_unused ON media_blobs (unused_since) WHERE unused_since IS NOT NULL;
CREATE INDEX media_blobs_created ON media_blobs (created_at);

ALTER TABLE property_media DROP CONSTRAINT property_media_state_check;
ALTER TABLE property_media
    ADD CONSTRAINT property_media_state_check CHECK (state IN ('waiting', 'stored', 'failed', 'linked')),
    ADD COLUMN blob_id text COLLATE "C" REFERENCES media_blobs,
    ADD COLUMN etag text,                      -- what the source's server calls the bytes we hold
    ADD COLUMN last_modified text,
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN retry_at timestamptz,
    ADD COLUMN reason text;                    -- why the last attempt failed
CREATE INDEX property_media_blob ON property_media (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX property_media_failed ON property_media (provider_id) WHERE state = 'failed';
UPDATE property_media SET state = 'linked'
WHERE category IN ('Video', 'Document', 'Branded Virtual Tour', 'Unbranded Virtual Tour');

-- The listings whose photos are to be fetched: one row each, written with the page that caused it. Who claims a row
-- moves `due_at` to the end of the lease, so what a dead worker held is due again by itself. `rank` 0: not even its
-- first photo is there. New listings go before old ones.
CREATE TABLE media_work (
    property_id uuid PRIMARY KEY REFERENCES properties ON DELETE CASCADE,
    provider_id text COLLATE "C" NOT NULL,
    rank smallint NOT NULL,
    newest timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    holder uuid,
    sync_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0          -- moved by every new cause, so that work that came meanwhile is not lost
) WITH (fillfactor = 70);
CREATE INDEX media_work_next ON media_work (provider_id, rank, newest DESC, property_id);
CREATE INDEX media_work_due ON media_work (provider_id, due_at);
INSERT INTO media_work (property_id, provider_id, rank, newest, due_at, sync_id)
SELECT p.id, p.provider_id, 0, coalesce(p.listed_at, p.modified_at), now(), p.sync_id
FROM properties p WHERE EXISTS (SELECT FROM property_media m WHERE m.property_id = p.id AND m.state = 'waiting');

-- Pictures to be looked at again: may everybody still see them, does anybody still use them? Rows are only added here;
-- the triggers see to it that no way of hiding or showing a listing forgets its photos.
CREATE TABLE media_checks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    property_id uuid,
    blob_id text COLLATE "C",
    moved boolean NOT NULL DEFAULT false,      -- its objects lie elsewhere now: documents that tell of them are made anew
    at_once boolean NOT NULL DEFAULT false     -- what is unused is deleted without a time of grace
);

CREATE FUNCTION check_listing_media() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO media_checks (property_id) SELECT NEW.id
    WHERE EXISTS (SELECT FROM property_media WHERE property_id = NEW.id AND blob_id IS NOT NULL);
    RETURN NULL;
END $$;
-- Withdrawn documents are rebuilt at once: what the rebuilt ones say decides.
CREATE TRIGGER properties_media AFTER UPDATE ON properties FOR EACH ROW
    WHEN (NEW.document_version <> 'withdrawn' AND (OLD.document_version = 'withdrawn'
        OR (OLD.visible AND OLD.public_document IS NOT NULL) <> (NEW.visible AND NEW.public_document IS NOT NULL)))
    EXECUTE FUNCTION check_listing_media();

CREATE FUNCTION check_blob() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO media_checks (blob_id, at_once)
    VALUES (OLD.blob_id, coalesce((SELECT p.erased_at IS NOT NULL OR coalesce(c.retention = 'erase', false)
        FROM properties p LEFT JOIN mls_provider_configurations c USING (provider_id) WHERE p.id = OLD.property_id), true));
    RETURN NULL;
END $$;
CREATE TRIGGER property_media_gone AFTER DELETE ON property_media FOR EACH ROW
    WHEN (OLD.blob_id IS NOT NULL) EXECUTE FUNCTION check_blob();
CREATE TRIGGER property_media_changed AFTER UPDATE OF blob_id, permission ON property_media FOR EACH ROW
    WHEN (OLD.blob_id IS NOT NULL AND (OLD.blob_id IS DISTINCT FROM NEW.blob_id OR OLD.permission IS DISTINCT FROM NEW.permission))
    EXECUTE FUNCTION check_blob();

-- Further budgets of a provider, beside the requests per second: requests and bytes of photos, each as the moment up
-- to which it is spent.
CREATE TABLE source_budgets (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    name text NOT NULL,
    spent_until timestamptz NOT NULL,
    PRIMARY KEY (provider_id, name)
);

-- Seats of two kinds: sessions, and downloads at the same time.
ALTER TABLE source_seats ADD COLUMN kind text NOT NULL DEFAULT 'session';
ALTER TABLE source_seats DROP CONSTRAINT source_seats_pkey;
ALTER TABLE source_seats ADD PRIMARY KEY (provider_id, kind, seat);

ALTER TABLE mls_provider_configurations ADD COLUMN media jsonb NOT NULL DEFAULT '{}';
