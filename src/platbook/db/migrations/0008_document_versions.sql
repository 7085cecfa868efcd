-- The version that all documents of a provider are known to have. No row: some may be older, and are looked for.
CREATE TABLE listing_document_versions (
    provider_id text COLLATE "C" PRIMARY KEY,
    version text NOT NULL
);
