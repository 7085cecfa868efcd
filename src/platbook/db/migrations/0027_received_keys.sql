-- The keys that a run has received from its source, one row per page of its walk: its own sweep removes none of them.
-- Logged, unlike the keys of a sweep: a run that is resumed after a crash must know what it received before.
CREATE TABLE mls_received_keys (
    sync_id uuid NOT NULL REFERENCES mls_sync_history ON DELETE CASCADE,
    listing_keys text[] COLLATE "C" NOT NULL
);
CREATE INDEX mls_received_keys_run ON mls_received_keys (sync_id);
