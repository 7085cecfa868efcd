-- Which store holds a picture. The first store that is opened after this migration is number 1, and holds what was
-- stored before. `leaving`: its pictures are to be moved to the store of the settings.
CREATE TABLE media_stores (
    id smallint PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('folder', 'bucket')),
    endpoint text,
    bucket text,
    region text,
    public_base text,
    credentials bytea,
    leaving boolean DEFAULT false NOT NULL
);
CREATE UNIQUE INDEX media_stores_address ON media_stores (kind, endpoint, bucket) NULLS NOT DISTINCT;

ALTER TABLE media_blobs ADD COLUMN store_id smallint DEFAULT 1 NOT NULL;
CREATE INDEX media_blobs_store ON media_blobs (store_id, created_at);
-- Where copies are to be deleted is `STORE/ACCESS` from now on.
UPDATE media_blobs SET leftovers = (SELECT array_agg('1/' || one) FROM unnest(leftovers) AS one)
WHERE leftovers <> '{}';
