-- name: insert_suppressions
-- Insert suppressions, but for those that stand already.
INSERT INTO suppressions (id, channel, address, stream, reason, source, at, created_at, created_by, lead_id)
SELECT id, channel, address, stream, reason, source, at, %(created_at)s, %(created_by)s, lead_id
FROM unnest(%(ids)s::uuid[], %(channels)s::text[], %(addresses)s::text[], %(streams)s::text[], %(reasons)s::text[],
    %(sources)s::text[], %(ats)s::timestamptz[], %(leads)s::uuid[])
    AS added (id, channel, address, stream, reason, source, at, lead_id)
ORDER BY address, channel, stream
ON CONFLICT DO NOTHING;

-- name: find_standing
-- The suppressions of addresses that stand, by the address or its keyed hash.
SELECT channel, address, address_hash, stream, at, source FROM suppressions
WHERE ended_at IS NULL AND address = ANY(%(addresses)s::text[])
UNION ALL
SELECT channel, address, address_hash, stream, at, source FROM suppressions
WHERE ended_at IS NULL AND address_hash = ANY(%(hashes)s::bytea[])
ORDER BY at, channel;

-- name: get_standing
-- The suppression of an address that stands, of one stream or of all.
SELECT id, channel, address, address_hash, stream, reason, source, at, created_at, created_by, lead_id, ended_at,
    ended_by, ended_reason
FROM suppressions
WHERE ended_at IS NULL AND address = %(address)s AND channel = %(channel)s
    AND stream IS NOT DISTINCT FROM %(stream)s::text;

-- name: get_suppression
-- One suppression.
SELECT id, channel, address, address_hash, stream, reason, source, at, created_at, created_by, lead_id, ended_at,
    ended_by, ended_reason
FROM suppressions WHERE id = %(id)s;

-- name: lock_suppression
-- One suppression, locked for a change.
SELECT id, channel, address, address_hash, stream, reason, source, at, created_at, created_by, lead_id, ended_at,
    ended_by, ended_reason
FROM suppressions WHERE id = %(id)s FOR UPDATE;

-- name: end_suppression
-- End a suppression.
UPDATE suppressions SET ended_at = %(at)s, ended_by = %(by)s, ended_reason = %(reason)s WHERE id = %(id)s;

-- name: find_of_person
-- Every suppression, ended ones too, that came from some leads or has one of their addresses.
SELECT id, channel, address, address_hash, stream, reason, source, at, created_at, created_by, lead_id, ended_at,
    ended_by, ended_reason
FROM suppressions
WHERE lead_id = ANY(%(leads)s::uuid[]) OR address = ANY(%(addresses)s::text[]) ORDER BY created_at, id;

-- name: delete_hashed_twins
-- Of an address to be replaced by its hash, what stands with that hash already.
DELETE FROM suppressions AS one USING unnest(%(addresses)s::text[], %(hashes)s::bytea[]) AS erased (address, hash)
WHERE one.address = erased.address AND one.ended_at IS NULL AND EXISTS (
    SELECT FROM suppressions AS twin WHERE twin.address_hash = erased.hash AND twin.channel = one.channel
        AND twin.stream IS NOT DISTINCT FROM one.stream AND twin.ended_at IS NULL);

-- name: hash_addresses
-- Replace addresses by their hashes, with what somebody wrote of the person.
UPDATE suppressions AS one SET address_hash = erased.hash, address = NULL, reason = 'erased', source = 'erased',
    lead_id = NULL, ended_reason = CASE WHEN one.ended_at IS NULL THEN NULL ELSE 'erased' END
FROM unnest(%(addresses)s::text[], %(hashes)s::bytea[]) AS erased (address, hash) WHERE one.address = erased.address;

-- name: insert_refusals
-- Suppress the contacts of every lead that refuses a channel by its latest statement.
INSERT INTO suppressions (id, channel, address, reason, source, at, created_at, created_by, lead_id)
SELECT gen_random_uuid(), refused.channel, contact.address, 'consent withdrawn', refused.source, refused.at, %(at)s,
    %(by)s, lead.id
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
