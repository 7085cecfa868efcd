-- What a person should know of how a run went, though it went well: which way of paging the source needed, what was repaired.
ALTER TABLE mls_sync_history ADD COLUMN remarks text[] NOT NULL DEFAULT '{}';

-- What a source said of itself when it was last asked. `mark` is the source's own word for that version of it.
CREATE TABLE mls_discoveries (
    provider_id text PRIMARY KEY REFERENCES mls_provider_configurations ON DELETE CASCADE,
    mark text,
    source text NOT NULL,                      -- the fingerprint of provider type and settings it was read with
    discovery jsonb NOT NULL,
    read_at timestamptz NOT NULL
);
