-- The deletions that a run has received from its source, with their times: an older version of such a record on another
-- page of its walk does not bring it back. Deleted when the run ends.
CREATE TABLE mls_received_deletions (
    sync_id uuid NOT NULL REFERENCES mls_sync_history ON DELETE CASCADE,
    listing_key text COLLATE "C" NOT NULL,
    modified timestamptz NOT NULL,
    PRIMARY KEY (sync_id, listing_key)
);
