-- What the installation remembers about itself: the secret key's check value, the document shape in use.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE platbook_facts (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
