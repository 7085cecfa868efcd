-- Addresses and numbers that must not be contacted by a channel. A row belongs to no lead: it outlives deletion, merge,
-- import and registering again (`lead_id` is whom it came from, for erasure alone). Erasing a person replaces the
-- address by its keyed hash. `stream`: one kind of message; NULL: every kind.
CREATE TABLE suppressions (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('email', 'call', 'sms')),
    address text COLLATE "C",
    address_hash bytea,
    stream text COLLATE "C",
    reason text NOT NULL,
    source text NOT NULL,
    at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    lead_id uuid,
    ended_at timestamptz,
    ended_by text,
    ended_reason text,
    CHECK ((address IS NULL) <> (address_hash IS NULL)),
    CHECK (num_nulls(ended_at, ended_by, ended_reason) IN (0, 3))
);
CREATE UNIQUE INDEX suppressions_address ON suppressions (address, channel, stream) NULLS NOT DISTINCT
    WHERE ended_at IS NULL AND address IS NOT NULL;
CREATE UNIQUE INDEX suppressions_hash ON suppressions (address_hash, channel, stream) NULLS NOT DISTINCT
    WHERE ended_at IS NULL AND address_hash IS NOT NULL;
CREATE INDEX suppressions_created ON suppressions (created_at, id);
CREATE INDEX suppressions_former ON suppressions (address) WHERE ended_at IS NOT NULL;
CREATE INDEX suppressions_lead ON suppressions (lead_id) WHERE lead_id IS NOT NULL;

-- Who had refused before, by the latest statement of a channel.
INSERT INTO suppressions (id, channel, address, reason, source, at, created_at, created_by, lead_id)
SELECT gen_random_uuid(), refused.channel, contact.address, 'consent withdrawn', refused.source, refused.at, now(),
    'migration', lead.id
FROM leads AS lead
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (one ->> 'channel') one ->> 'channel' AS channel, (one ->> 'given')::boolean AS given,
        coalesce(one ->> 'source', 'api') AS source, (one ->> 'at')::timestamptz AS at
    FROM jsonb_array_elements(lead.consents) WITH ORDINALITY AS statement (one, place)
    ORDER BY one ->> 'channel', (one ->> 'at')::timestamptz DESC, place DESC
) AS refused
CROSS JOIN LATERAL unnest(CASE WHEN refused.channel = 'email' THEN lead.emails ELSE lead.phones END)
    AS contact (address)
WHERE refused.channel IN ('email', 'call', 'sms') AND NOT refused.given
ORDER BY refused.at
ON CONFLICT DO NOTHING;
