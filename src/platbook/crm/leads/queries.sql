-- name: add_lead
-- A new lead.
INSERT INTO leads (id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status,
    priority, budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score,
    score_reasons, score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at,
    deleted_by, search_text, name_text)
VALUES (%(id)s, %(created_at)s, %(updated_at)s, %(last_activity_at)s, %(first_name)s, %(last_name)s, %(emails)s::text[],
    %(phones)s::text[], %(source)s, %(status)s, %(priority)s, %(budget_min)s, %(budget_max)s, %(notes)s,
    %(tags)s::text[], %(custom_fields)s, %(assigned_to)s, %(office)s, %(team)s, %(consents)s, %(score)s,
    %(score_reasons)s::text[], %(score_until)s, %(ai_summary)s, %(activity)s, %(claimants)s::uuid[], %(claim_until)s,
    %(claim_fallback)s, %(merged_into)s, %(deleted_at)s, %(deleted_by)s, %(search_text)s, %(name_text)s);

-- name: save_lead
-- A lead as it is now.
UPDATE leads SET created_at = %(created_at)s, updated_at = %(updated_at)s, last_activity_at = %(last_activity_at)s,
    first_name = %(first_name)s, last_name = %(last_name)s, emails = %(emails)s::text[], phones = %(phones)s::text[],
    source = %(source)s, status = %(status)s, priority = %(priority)s, budget_min = %(budget_min)s,
    budget_max = %(budget_max)s, notes = %(notes)s, tags = %(tags)s::text[], custom_fields = %(custom_fields)s,
    assigned_to = %(assigned_to)s, office = %(office)s, team = %(team)s, consents = %(consents)s, score = %(score)s,
    score_reasons = %(score_reasons)s::text[], score_until = %(score_until)s, ai_summary = %(ai_summary)s,
    activity = %(activity)s, claimants = %(claimants)s::uuid[], claim_until = %(claim_until)s,
    claim_fallback = %(claim_fallback)s, merged_into = %(merged_into)s, deleted_at = %(deleted_at)s,
    deleted_by = %(deleted_by)s, search_text = %(search_text)s, name_text = %(name_text)s
WHERE id = %(id)s;

-- name: get_lead
-- One lead, also one that was merged or deleted.
SELECT id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status, priority,
    budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score, score_reasons,
    score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at, deleted_by
FROM leads WHERE id = %(id)s;

-- name: lock_lead
-- One lead, for whoever is going to change it.
SELECT id, created_at, updated_at, last_activity_at, first_name, last_name, emails, phones, source, status, priority,
    budget_min, budget_max, notes, tags, custom_fields, assigned_to, office, team, consents, score, score_reasons,
    score_until, ai_summary, activity, claimants, claim_until, claim_fallback, merged_into, deleted_at, deleted_by
FROM leads WHERE id = %(id)s FOR UPDATE;

-- name: add_contacts
-- Let a lead be found by these, but for those that lead to somebody already.
INSERT INTO lead_contacts (kind, value, lead_id)
SELECT kind, value, %(lead_id)s FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS given (kind, value)
ORDER BY kind, value
ON CONFLICT DO NOTHING;

-- name: find_contacts
-- Who is found by any of these.
SELECT kind, value, lead_id FROM lead_contacts
WHERE (kind, value) IN (SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]));

-- name: find_by_phones
-- For each number the leads that have it, those without an e-mail address first. Two tell whether there is exactly one.
-- The index finds a number in what the keyword search reads, where it follows two spaces.
SELECT given.phone, held.lead_id, held.has_email FROM unnest(%(phones)s::text[]) AS given (phone)
CROSS JOIN LATERAL (
    SELECT id AS lead_id, emails <> '{}' AS has_email FROM leads
    WHERE deleted_at IS NULL AND search_text LIKE '%%  ' || given.phone || '%%' AND phones @> ARRAY[given.phone]
    ORDER BY has_email, lead_id LIMIT 2
) AS held;

-- name: lock_contacts
-- Whoever acts on one of these people acts one after the other, from here to the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended(contact, 7)) FROM (
    SELECT kind || ':' || value AS contact FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS given (kind, value)
    ORDER BY 1
) AS ordered;

-- name: drop_contacts
-- A lead is no longer found by what it no longer has.
DELETE FROM lead_contacts WHERE lead_id = %(lead_id)s
    AND NOT (kind, value) IN (SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]));

-- name: move_contacts
-- Whoever was found as one lead is found as another.
UPDATE lead_contacts SET lead_id = %(into_id)s WHERE lead_id = %(lead_id)s;

-- name: move_tasks
-- A merged lead's tasks are the other's, and seen by whoever sees that.
UPDATE tasks SET lead_id = %(into_id)s, lead_owner = %(owner)s, office = coalesce(%(office)s, office),
    team = coalesce(%(team)s, team) WHERE lead_id = %(lead_id)s;

-- name: move_interactions
-- A merged lead's log is the other's.
UPDATE interactions SET lead_id = %(into_id)s WHERE lead_id = %(lead_id)s;

-- name: move_events
-- A merged lead's events answer with the other.
UPDATE lead_events SET lead_id = %(into_id)s WHERE lead_id = %(lead_id)s;

-- name: move_external_ids
-- What other systems call a merged lead leads to the other.
UPDATE crm_external_ids SET row_id = %(into_id)s WHERE kind = 'person' AND row_id = %(lead_id)s;

-- name: move_merged
-- What was merged into a lead that is merged itself.
UPDATE leads SET merged_into = %(into_id)s WHERE merged_into = %(lead_id)s;

-- name: give_tasks
-- A lead's tasks follow its owner: all are seen by them, and what nobody or the former owner was to do is theirs to do.
UPDATE tasks SET lead_owner = %(owner)s, office = %(office)s, team = %(team)s, updated_at = %(at)s,
    assigned_to = CASE WHEN completed_at IS NULL
        AND (assigned_to IS NULL OR assigned_to IS NOT DISTINCT FROM %(former)s)
        THEN %(owner)s ELSE assigned_to END
WHERE lead_id = %(lead_id)s AND deleted_at IS NULL;

-- name: hide_tasks
-- The tasks of a deleted lead.
UPDATE tasks SET deleted_at = %(at)s, deleted_by = %(by)s WHERE lead_id = %(lead_id)s AND deleted_at IS NULL;

-- name: hide_interactions
-- The log of a deleted lead.
UPDATE interactions SET deleted_at = %(at)s, deleted_by = %(by)s WHERE lead_id = %(lead_id)s AND deleted_at IS NULL;

-- name: find_stale_scores
-- Leads whose score changes by time alone, and has.
SELECT id FROM leads WHERE score_until <= %(at)s ORDER BY score_until LIMIT %(most)s FOR UPDATE SKIP LOCKED;

-- name: find_lapsed_claims
-- Leads that nobody claimed in the time they had.
SELECT id FROM leads WHERE claim_until <= %(at)s AND assigned_to IS NULL AND deleted_at IS NULL
ORDER BY claim_until LIMIT %(most)s FOR UPDATE SKIP LOCKED;
