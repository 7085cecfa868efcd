-- name: begin_event
-- An event comes in, unless it did before. Whoever takes in the same one now is waited for.
INSERT INTO lead_events (id, sender, event_id, state, reason, raw, received_at)
VALUES (%(id)s, %(sender)s, %(event_id)s, %(state)s, %(reason)s, %(raw)s, %(at)s)
ON CONFLICT (sender, event_id) DO NOTHING RETURNING id;

-- name: lock_event
-- The event that came in under a sender's own id.
SELECT id, sender, event_id, state, reason, raw, received_at, lead_id, interaction_id, task_id, is_new
FROM lead_events WHERE sender IS NOT DISTINCT FROM %(sender)s AND event_id = %(event_id)s FOR UPDATE;

-- name: lock_event_by_id
-- One event by our id.
SELECT id, sender, event_id, state, reason, raw, received_at, lead_id, interaction_id, task_id, is_new
FROM lead_events WHERE id = %(id)s FOR UPDATE;

-- name: finish_event
-- What became of an event.
UPDATE lead_events SET state = 'taken', reason = NULL, raw = %(raw)s, lead_id = %(lead_id)s,
    interaction_id = %(interaction_id)s, task_id = %(task_id)s, is_new = %(is_new)s WHERE id = %(id)s;

-- name: refuse_event
-- An event that came in again and still cannot be understood.
UPDATE lead_events SET reason = %(reason)s, raw = %(raw)s WHERE id = %(id)s;

-- name: find_refused
-- Events that wait for somebody who understands them.
SELECT id, sender, event_id, state, reason, raw, received_at, lead_id, interaction_id, task_id, is_new
FROM lead_events WHERE state = 'refused';

-- name: find_property
-- The listing an event names: where it stands and what it costs, for rules.
SELECT id, list_price, array_remove(ARRAY[lower(city), lower(county_or_parish), lower(state_or_province),
    lower(postal_code)], NULL) AS areas
FROM properties WHERE id = %(id)s OR (provider_id = %(provider_id)s AND listing_key = %(listing_key)s) LIMIT 1;

-- name: find_rules
-- Every rule in order.
SELECT id, name, place, enabled, method, sources, event_types, areas, min_price, max_price, claim_minutes, fallback_to,
    created_at, updated_at FROM lead_rules ORDER BY place, id;

-- name: get_rule
-- One rule.
SELECT id, name, place, enabled, method, sources, event_types, areas, min_price, max_price, claim_minutes, fallback_to,
    created_at, updated_at FROM lead_rules WHERE id = %(id)s;

-- name: find_fitting_rules
-- The rules whose conditions an event meets, in order.
SELECT id, name, place, enabled, method, sources, event_types, areas, min_price, max_price, claim_minutes, fallback_to,
    created_at, updated_at FROM lead_rules
WHERE enabled AND (sources = '{}' OR lower(%(source)s::text) = ANY(sources))
    AND (event_types = '{}' OR %(type)s::text = ANY(event_types)) AND (areas = '{}' OR areas && %(areas)s::text[])
    AND (min_price IS NULL OR %(price)s::numeric >= min_price)
        AND (max_price IS NULL OR %(price)s::numeric <= max_price)
ORDER BY place, id;

-- name: lock_rule
-- Turns of one rule are taken one after the other.
SELECT id FROM lead_rules WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: find_members
-- Whom a rule gives leads to, in their order.
SELECT m.user_id, m.weight, m.credit FROM lead_rule_members m JOIN users u ON u.id = m.user_id
WHERE m.rule_id = %(rule_id)s AND (u.is_active OR NOT %(active)s::boolean) ORDER BY m.place, m.user_id;

-- name: keep_credits
-- What a turn left everybody.
UPDATE lead_rule_members m SET credit = given.credit
FROM unnest(%(users)s::uuid[], %(credits)s::integer[]) AS given (user_id, credit)
WHERE m.rule_id = %(rule_id)s AND m.user_id = given.user_id;

-- name: add_rule
-- A new rule.
INSERT INTO lead_rules (id, name, place, enabled, method, sources, event_types, areas, min_price, max_price,
    claim_minutes, fallback_to, created_at, updated_at)
VALUES (%(id)s, %(name)s, %(place)s, %(enabled)s, %(method)s, %(sources)s::text[], %(event_types)s::text[],
    %(areas)s::text[], %(min_price)s, %(max_price)s, %(claim_minutes)s, %(fallback_to)s, %(at)s, %(at)s);

-- name: save_rule
-- A rule as it is now.
UPDATE lead_rules SET name = %(name)s, place = %(place)s, enabled = %(enabled)s, method = %(method)s,
    sources = %(sources)s::text[], event_types = %(event_types)s::text[], areas = %(areas)s::text[],
    min_price = %(min_price)s, max_price = %(max_price)s, claim_minutes = %(claim_minutes)s,
    fallback_to = %(fallback_to)s, updated_at = %(at)s
WHERE id = %(id)s;

-- name: delete_rule
-- A rule and its members' turns.
DELETE FROM lead_rules WHERE id = %(id)s;

-- name: drop_members
-- Who is no longer a member.
DELETE FROM lead_rule_members WHERE rule_id = %(rule_id)s AND user_id <> ALL(%(users)s::uuid[]);

-- name: add_members
-- The members in their order; whoever was one keeps their turn.
INSERT INTO lead_rule_members (rule_id, user_id, place, weight)
SELECT %(rule_id)s, user_id, place, weight
FROM unnest(%(users)s::uuid[], %(weights)s::integer[]) WITH ORDINALITY AS given (user_id, weight, place)
ON CONFLICT (rule_id, user_id) DO UPDATE SET place = excluded.place, weight = excluded.weight;
