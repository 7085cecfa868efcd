-- name: insert_interaction
-- Insert one interaction.
INSERT INTO interactions (id, lead_id, type, content, interaction_date, user_id, actor, property_id, metadata,
    created_at)
VALUES (%(id)s, %(lead_id)s, %(type)s, %(content)s, %(interaction_date)s, %(user_id)s, %(actor)s, %(property_id)s,
    %(metadata)s, %(created_at)s);

-- name: get_interaction
-- One interaction that is not deleted.
SELECT id, lead_id, type, content, interaction_date, user_id, actor, property_id, metadata, created_at
FROM interactions WHERE id = %(id)s AND deleted_at IS NULL;

-- name: find_interactions_of_leads
-- Every interaction of some leads, also deleted ones.
SELECT id, lead_id, type, interaction_date, actor, created_at, content, user_id, property_id, metadata, deleted_at,
    deleted_by
FROM interactions WHERE lead_id = ANY(%(ids)s::uuid[]) ORDER BY id;

-- name: mark_interaction_deleted
-- Soft-delete one interaction.
UPDATE interactions SET deleted_at = %(at)s, deleted_by = %(by)s WHERE id = %(id)s AND deleted_at IS NULL;

-- name: mark_interactions_deleted
-- Soft-delete the interactions of a lead.
UPDATE interactions SET deleted_at = %(at)s, deleted_by = %(by)s WHERE lead_id = %(lead_id)s AND deleted_at IS NULL;

-- name: reassign_interactions
-- Interactions of a merged lead become those of the lead that remains.
UPDATE interactions SET lead_id = %(into_id)s WHERE lead_id = %(lead_id)s;

-- name: has_listing
-- Whether a listing exists.
SELECT EXISTS (SELECT FROM properties WHERE id = %(id)s);

-- name: compact_counts
-- Sum the counts of every month that has new rows, once there are many of them.
WITH taken AS (
    DELETE FROM interaction_numbers
    WHERE (SELECT count(*) FROM (SELECT FROM interaction_numbers WHERE NOT is_sum LIMIT %(many)s) AS new) >= %(many)s
        AND month IN (SELECT month FROM interaction_numbers WHERE NOT is_sum)
    RETURNING month, type, user_id, assigned_to, office, team, entries
)
INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries, is_sum)
SELECT month, type, user_id, assigned_to, office, team, sum(entries), true FROM taken
GROUP BY month, type, user_id, assigned_to, office, team HAVING sum(entries) <> 0;

-- name: find_interaction_ids
-- The ids of every interaction of some leads, also of deleted ones.
SELECT id FROM interactions WHERE lead_id = ANY(%(ids)s::uuid[]);
