-- How many of a run's added and updated records only the list of keys of its sweep named.
ALTER TABLE mls_sync_history ADD COLUMN found_by_sweep bigint NOT NULL DEFAULT 0;

-- Keys of records that a source has and the replica leaves out: out of scope, or marked as deleted. A sweep that meets
-- them in the list of keys need not fetch them again, as long as the scope, by its fingerprint, is the same.
CREATE TABLE mls_excluded_keys (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    resource text NOT NULL,
    listing_key text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    PRIMARY KEY (provider_id, resource, listing_key)
);
