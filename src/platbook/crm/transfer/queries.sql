-- name: find_external
-- What is known under another system's ids.
SELECT external_id, row_id, hash FROM crm_external_ids
WHERE system = %(system)s AND kind = %(kind)s AND external_id = ANY(%(ids)s);

-- name: add_external
-- Remember another system's ids, and what it said.
INSERT INTO crm_external_ids (system, kind, external_id, row_id, hash)
SELECT %(system)s, %(kind)s, external_id, row_id, hash
FROM unnest(%(ids)s::text[], %(rows)s::uuid[], %(hashes)s::bytea[]) AS given (external_id, row_id, hash)
ON CONFLICT (system, kind, external_id) DO UPDATE SET hash = excluded.hash;

-- name: find_linked
-- By which id another system calls these leads.
SELECT row_id, external_id FROM crm_external_ids
WHERE system = %(system)s AND kind = 'person' AND row_id = ANY(%(rows)s);

-- name: find_people
-- Leads by id, for whoever is going to change them.
SELECT id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status, priority,
    budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score, score_reasons,
    score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at, deleted_by
FROM leads WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE;

-- name: find_users
-- Users by e-mail address.
SELECT id, lower(email) AS email, office, team, is_active FROM users;

-- name: add_many_contacts
-- Let new leads be found by their contacts; what leads to somebody already is left out.
INSERT INTO lead_contacts (kind, value, lead_id)
SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[], %(leads)s::uuid[]) AS given (kind, value, lead_id)
ORDER BY 1, 2 ON CONFLICT DO NOTHING;

-- name: erase_refused_events
-- Events nobody understood that name a person by one of these addresses, or numbers however they are written.
DELETE FROM lead_events WHERE state = 'refused'
    AND (raw ILIKE ANY(%(emails)s::text[]) OR regexp_replace(raw, '[^0-9]', '', 'g') LIKE ANY(%(phones)s::text[]));

-- name: find_same_person
-- A lead, and those that were merged into it.
SELECT id FROM leads WHERE id = %(id)s OR merged_into = %(id)s;

-- name: erase_external_ids
-- What other systems call these leads, their notes and tasks.
DELETE FROM crm_external_ids WHERE row_id = ANY(%(ids)s) OR row_id IN (
    SELECT id FROM interactions WHERE lead_id = ANY(%(ids)s) UNION ALL SELECT id FROM tasks
    WHERE lead_id = ANY(%(ids)s));

-- name: erase_leads
-- These leads with tasks, log, events and contacts.
DELETE FROM leads WHERE id = ANY(%(ids)s);

-- name: export_tasks_of
-- Every task of some leads, also deleted ones.
SELECT id, title, created_by, created_at, updated_at, type, description, due_date, time_zone, priority, lead_id,
    assigned_to, lead_owner, office, team, completed_at, remind_minutes_before, remind_at, deleted_at, deleted_by
FROM tasks WHERE lead_id = ANY(%(ids)s) ORDER BY id;

-- name: export_interactions_of
-- The whole log of some leads, also entries marked deleted.
SELECT id, lead_id, type, interaction_date, actor, created_at, content, user_id, property_id, metadata, deleted_at,
    deleted_by
FROM interactions WHERE lead_id = ANY(%(ids)s) ORDER BY id;

-- name: export_events_of
-- Every event taken in for some leads, as it came.
SELECT id, sender, event_id, raw, received_at FROM lead_events WHERE lead_id = ANY(%(ids)s) ORDER BY id;

-- name: export_external_ids_of
-- What other systems call some leads.
SELECT system, external_id FROM crm_external_ids WHERE kind = 'person' AND row_id = ANY(%(ids)s)
ORDER BY system, external_id;

-- name: link_merged
-- A restored lead that was merged into another.
UPDATE leads SET merged_into = given.into_id FROM unnest(%(ids)s::uuid[], %(into)s::uuid[]) AS given (id, into_id)
WHERE leads.id = given.id;
