-- Each stored picture settles by itself: where copies of it are still to be deleted (`public`, `private`), how often
-- that or a move has failed, when it is tried again, why it failed, and the provider that has a finding of it.
ALTER TABLE media_blobs
    ADD COLUMN leftovers text[] DEFAULT '{}' NOT NULL,
    ADD COLUMN attempts integer DEFAULT 0 NOT NULL,
    ADD COLUMN retry_at timestamptz,
    ADD COLUMN reason text,
    ADD COLUMN finding_provider text;
CREATE INDEX media_blobs_retry ON media_blobs (retry_at) WHERE retry_at IS NOT NULL;
