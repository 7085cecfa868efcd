-- What is wrong with a source's values although its records are taken: one row for each fault of one field, with how
-- many listings have it now. `sample` is the text of one of them, short, and of nothing that is erased.
CREATE TABLE findings (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    resource text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('unreadable_value', 'suspicious_value', 'clock_ahead', 'object_stuck')),
    field text,
    reason text NOT NULL,
    count bigint NOT NULL,
    sample text,
    opened_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE UNIQUE INDEX findings_identity ON findings (provider_id, resource, kind, field, reason) NULLS NOT DISTINCT;

-- The findings of a listing as it is stored, as `kind:field:reason`, so that the next version's can be compared with
-- them; and the fields whose unreadable values withhold the public document, or the address in it.
ALTER TABLE properties ADD COLUMN finding_keys text[], ADD COLUMN withheld_fields text[];
