-- How many versions of records a run refused since they were older than one that was stored or received already.
ALTER TABLE mls_sync_history ADD COLUMN stale bigint NOT NULL DEFAULT 0;
