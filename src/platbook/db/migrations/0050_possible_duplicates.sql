-- Two leads that may be one person: found by what they have in common (evidence), decided by a person.
CREATE TABLE possible_duplicates (
    id uuid PRIMARY KEY,
    lead_id uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    other_id uuid NOT NULL REFERENCES leads ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'merged', 'dismissed')),
    evidence jsonb NOT NULL,
    found_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    CHECK (lead_id < other_id),
    UNIQUE (lead_id, other_id)
);
CREATE INDEX possible_duplicates_other ON possible_duplicates (other_id);
CREATE INDEX possible_duplicates_state ON possible_duplicates (state, found_at, id);
