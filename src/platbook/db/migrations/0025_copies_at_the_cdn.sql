-- Objects no longer public whose copies the CDN is to forget. Noted with what withdrew them, so that a CDN that does not
-- answer holds up nothing else and forgets nothing.
CREATE TABLE media_recalls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL
);
