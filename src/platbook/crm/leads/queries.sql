-- name: insert_lead
-- Insert one lead.
INSERT INTO leads (id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status,
    priority, budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score,
    score_reasons, score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at,
    deleted_by, search_text, name_text, stage_kind)
VALUES (%(id)s, %(created_at)s, %(updated_at)s, %(last_activity_at)s, %(first_name)s, %(last_name)s, %(emails)s::text[],
    %(phones)s::text[], %(source)s, %(status)s, %(priority)s, %(budget_min)s, %(budget_max)s, %(notes)s,
    %(tags)s::text[], %(custom_fields)s, %(assigned_to)s, %(office)s, %(team)s, %(consents)s, %(score)s,
    %(score_reasons)s::text[], %(score_until)s, %(ai_summary)s, %(activity)s, %(claimants)s::uuid[], %(claim_until)s,
    %(claim_fallback)s, %(merged_into)s, %(deleted_at)s, %(deleted_by)s, %(search_text)s, %(name_text)s,
    %(stage_kind)s);

-- name: update_lead
-- Update every column of one lead.
UPDATE leads SET created_at = %(created_at)s, updated_at = %(updated_at)s, last_activity_at = %(last_activity_at)s,
    first_name = %(first_name)s, last_name = %(last_name)s, emails = %(emails)s::text[], phones = %(phones)s::text[],
    source = %(source)s, status = %(status)s, priority = %(priority)s, budget_min = %(budget_min)s,
    budget_max = %(budget_max)s, notes = %(notes)s, tags = %(tags)s::text[], custom_fields = %(custom_fields)s,
    assigned_to = %(assigned_to)s, office = %(office)s, team = %(team)s, consents = %(consents)s, score = %(score)s,
    score_reasons = %(score_reasons)s::text[], score_until = %(score_until)s, ai_summary = %(ai_summary)s,
    activity = %(activity)s, claimants = %(claimants)s::uuid[], claim_until = %(claim_until)s,
    claim_fallback = %(claim_fallback)s, merged_into = %(merged_into)s, deleted_at = %(deleted_at)s,
    deleted_by = %(deleted_by)s, search_text = %(search_text)s, name_text = %(name_text)s,
    stage_kind = %(stage_kind)s
WHERE id = %(id)s;

-- name: get_lead
-- One lead, also one that is merged or deleted.
SELECT id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status, priority,
    budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score, score_reasons,
    score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at, deleted_by,
    stage_kind
FROM leads WHERE id = %(id)s;

-- name: get_leads
-- Leads by id, also those that are merged or deleted.
SELECT id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status, priority,
    budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score, score_reasons,
    score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at, deleted_by,
    stage_kind
FROM leads WHERE id = ANY(%(ids)s::uuid[]);

-- name: lock_leads
-- Leads by id, locked for a change in the order of their ids.
SELECT id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status, priority,
    budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score, score_reasons,
    score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at, deleted_by,
    stage_kind
FROM leads WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE;

-- name: insert_contacts
-- Insert contacts of leads, but for those that another lead has already.
INSERT INTO lead_contacts (kind, value, lead_id)
SELECT kind, value, lead_id
FROM unnest(%(kinds)s::text[], %(values)s::text[], %(leads)s::uuid[]) AS contact (kind, value, lead_id)
ORDER BY kind, value
ON CONFLICT DO NOTHING;

-- name: find_contacts
-- The leads of these contacts.
SELECT kind, value, lead_id FROM lead_contacts
WHERE (kind, value) IN (SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]));

-- name: find_by_phones
-- For each number up to twenty leads that have it, those without an e-mail address first. The trigram index finds a
-- number in the text of the keyword search, where it follows two spaces.
SELECT sought.phone, matched.lead_id, matched.has_email, matched.name_text
FROM unnest(%(phones)s::text[]) AS sought (phone)
CROSS JOIN LATERAL (
    SELECT id AS lead_id, emails <> '{}' AS has_email, name_text FROM leads
    WHERE deleted_at IS NULL AND search_text LIKE '%%  ' || sought.phone || '%%' AND phones @> ARRAY[sought.phone]
    ORDER BY has_email, lead_id LIMIT 20
) AS matched;

-- name: lock_contacts
-- Advisory locks on contacts, in order, to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(contact, 7)) FROM (
    SELECT kind || ':' || value AS contact
    FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS sought (kind, value)
    ORDER BY 1
) AS ordered;

-- name: delete_stale_contacts
-- Delete the contacts that a lead no longer has.
DELETE FROM lead_contacts WHERE lead_id = %(lead_id)s
    AND NOT (kind, value) IN (SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]));

-- name: reassign_contacts
-- Contacts of a merged lead point to the lead that remains.
UPDATE lead_contacts SET lead_id = %(into_id)s WHERE lead_id = %(lead_id)s;

-- name: reassign_merged
-- Leads that were merged into a lead that is merged itself point to the lead that remains.
UPDATE leads SET merged_into = %(into_id)s WHERE merged_into = %(lead_id)s;

-- name: find_merged_ids
-- A lead, and those that were merged into it.
SELECT id FROM leads WHERE id = %(id)s OR merged_into = %(id)s;

-- name: link_merged
-- Restored leads that were merged into another.
UPDATE leads SET merged_into = link.into_id FROM unnest(%(ids)s::uuid[], %(into)s::uuid[]) AS link (id, into_id)
WHERE leads.id = link.id;

-- name: erase_leads
-- Delete leads for good, and by cascade their contacts, tasks, interactions and events.
DELETE FROM leads WHERE id = ANY(%(ids)s::uuid[]);

-- name: lock_open_leads_of_disabled
-- Open leads whose owners are disabled, locked; those that others lock are skipped.
SELECT l.id FROM users u JOIN leads l ON l.assigned_to = u.id
WHERE NOT u.is_active AND l.deleted_at IS NULL AND l.stage_kind = %(open)s
LIMIT %(most)s FOR UPDATE OF l SKIP LOCKED;

-- name: count_open_leads
-- How many open leads a user has.
SELECT count(*) FROM leads WHERE assigned_to = %(user_id)s AND deleted_at IS NULL AND stage_kind = %(open)s;

-- name: find_stale_scores
-- Leads whose score has decayed by time.
SELECT id FROM leads WHERE score_until <= %(at)s ORDER BY score_until LIMIT %(most)s FOR UPDATE SKIP LOCKED;

-- name: find_lapsed_claims
-- Leads that nobody claimed in time.
SELECT id FROM leads WHERE claim_until <= %(at)s AND assigned_to IS NULL AND deleted_at IS NULL
ORDER BY claim_until LIMIT %(most)s FOR UPDATE SKIP LOCKED;
