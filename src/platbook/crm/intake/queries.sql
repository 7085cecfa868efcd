-- name: insert_event
-- Store an event, unless it was before. Waits for a transaction that stores the same one.
INSERT INTO lead_events (id, sender, event_id, state, reason, raw, received_at)
VALUES (%(id)s, %(sender)s, %(event_id)s, %(state)s, %(reason)s, %(raw)s, %(at)s)
ON CONFLICT (sender, event_id) DO NOTHING RETURNING id;

-- name: lock_event
-- The event of a sender's own id, locked for a change.
SELECT id, sender, event_id, state, reason, raw, received_at, lead_id, interaction_id, task_id, is_new, unknown_listing
FROM lead_events WHERE sender IS NOT DISTINCT FROM %(sender)s AND event_id = %(event_id)s FOR UPDATE;

-- name: lock_event_by_id
-- One event by our id, locked for a change.
SELECT id, sender, event_id, state, reason, raw, received_at, lead_id, interaction_id, task_id, is_new, unknown_listing
FROM lead_events WHERE id = %(id)s FOR UPDATE;

-- name: mark_processed
-- The result of an event.
UPDATE lead_events SET state = 'taken', reason = NULL, raw = %(raw)s, lead_id = %(lead_id)s,
    interaction_id = %(interaction_id)s, task_id = %(task_id)s, is_new = %(is_new)s,
    unknown_listing = %(unknown_listing)s WHERE id = %(id)s;

-- name: mark_rejected
-- Why an event is invalid.
UPDATE lead_events SET reason = %(reason)s, raw = %(raw)s WHERE id = %(id)s;

-- name: find_rejected_events
-- The rejected events.
SELECT id, sender, event_id, state, reason, raw, received_at, lead_id, interaction_id, task_id, is_new, unknown_listing
FROM lead_events WHERE state = 'refused';

-- name: find_events_of_leads
-- The processed events of some leads, as they were received.
SELECT id, sender, event_id, raw, received_at FROM lead_events WHERE lead_id = ANY(%(ids)s::uuid[]) ORDER BY id;

-- name: reassign_events
-- Events of a merged lead refer to the lead that remains.
UPDATE lead_events SET lead_id = %(into_id)s WHERE lead_id = %(lead_id)s;

-- name: erase_rejected_events
-- Delete rejected events that contain one of these addresses, or numbers in any notation.
DELETE FROM lead_events WHERE state = 'refused'
    AND (raw ILIKE ANY(%(emails)s::text[]) OR regexp_replace(raw, '[^0-9]', '', 'g') LIKE ANY(%(phones)s::text[]));

-- name: find_listing
-- The listing an event refers to: its areas and price, for rules.
SELECT id, list_price, array_remove(ARRAY[lower(city), lower(county_or_parish), lower(state_or_province),
    lower(postal_code)], NULL) AS areas
FROM properties WHERE id = %(id)s OR (provider_id = %(provider_id)s AND listing_key = %(listing_key)s) LIMIT 1;

-- name: find_rules
-- Every rule, in order.
SELECT id, name, place, enabled, method, sources, event_types, areas, min_price, max_price, claim_minutes, fallback_to,
    created_at, updated_at FROM lead_rules ORDER BY place, id;

-- name: get_rule
-- One rule.
SELECT id, name, place, enabled, method, sources, event_types, areas, min_price, max_price, claim_minutes, fallback_to,
    created_at, updated_at FROM lead_rules WHERE id = %(id)s;

-- name: find_matching_rules
-- The enabled rules whose conditions match, in order.
SELECT id, name, place, enabled, method, sources, event_types, areas, min_price, max_price, claim_minutes, fallback_to,
    created_at, updated_at FROM lead_rules
WHERE enabled AND (sources = '{}' OR lower(%(source)s::text) = ANY(sources))
    AND (event_types = '{}' OR %(type)s::text = ANY(event_types)) AND (areas = '{}' OR areas && %(areas)s::text[])
    AND (min_price IS NULL OR %(price)s::numeric >= min_price)
        AND (max_price IS NULL OR %(price)s::numeric <= max_price)
ORDER BY place, id;

-- name: lock_rule
-- Lock a rule while its rotation advances.
SELECT id FROM lead_rules WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: find_members
-- The members of a rule, in order.
SELECT m.user_id, m.weight, m.credit FROM lead_rule_members m JOIN users u ON u.id = m.user_id
WHERE m.rule_id = %(rule_id)s AND (u.is_active OR NOT %(active)s::boolean) ORDER BY m.place, m.user_id;

-- name: update_credits
-- The credit that a rotation left to each member.
UPDATE lead_rule_members m SET credit = rotated.credit
FROM unnest(%(users)s::uuid[], %(credits)s::integer[]) AS rotated (user_id, credit)
WHERE m.rule_id = %(rule_id)s AND m.user_id = rotated.user_id;

-- name: insert_rule
-- Insert one rule.
INSERT INTO lead_rules (id, name, place, enabled, method, sources, event_types, areas, min_price, max_price,
    claim_minutes, fallback_to, created_at, updated_at)
VALUES (%(id)s, %(name)s, %(place)s, %(enabled)s, %(method)s, %(sources)s::text[], %(event_types)s::text[],
    %(areas)s::text[], %(min_price)s, %(max_price)s, %(claim_minutes)s, %(fallback_to)s, %(at)s, %(at)s);

-- name: update_rule
-- Update every column of one rule.
UPDATE lead_rules SET name = %(name)s, place = %(place)s, enabled = %(enabled)s, method = %(method)s,
    sources = %(sources)s::text[], event_types = %(event_types)s::text[], areas = %(areas)s::text[],
    min_price = %(min_price)s, max_price = %(max_price)s, claim_minutes = %(claim_minutes)s,
    fallback_to = %(fallback_to)s, updated_at = %(at)s
WHERE id = %(id)s;

-- name: delete_rule
-- Delete one rule, and by cascade its members.
DELETE FROM lead_rules WHERE id = %(id)s;

-- name: delete_former_members
-- Delete those who are no longer members.
DELETE FROM lead_rule_members WHERE rule_id = %(rule_id)s AND user_id <> ALL(%(users)s::uuid[]);

-- name: upsert_members
-- The members in their order; those who were members keep their credit.
INSERT INTO lead_rule_members (rule_id, user_id, place, weight)
SELECT %(rule_id)s, user_id, place, weight
FROM unnest(%(users)s::uuid[], %(weights)s::integer[]) WITH ORDINALITY AS member (user_id, weight, place)
ON CONFLICT (rule_id, user_id) DO UPDATE SET place = excluded.place, weight = excluded.weight;
