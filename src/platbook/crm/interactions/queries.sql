-- name: add_interaction
-- One entry of the log.
INSERT INTO interactions (id, lead_id, type, content, interaction_date, user_id, actor, property_id, metadata,
    created_at)
VALUES (%(id)s, %(lead_id)s, %(type)s, %(content)s, %(interaction_date)s, %(user_id)s, %(actor)s, %(property_id)s,
    %(metadata)s, %(created_at)s);

-- name: get_interaction
-- One entry that is not marked deleted.
SELECT id, lead_id, type, content, interaction_date, user_id, actor, property_id, metadata, created_at
FROM interactions WHERE id = %(id)s AND deleted_at IS NULL;

-- name: mark_deleted
-- An entry is taken off every list and stays.
UPDATE interactions SET deleted_at = %(at)s, deleted_by = %(by)s WHERE id = %(id)s AND deleted_at IS NULL;

-- name: has_property
-- Whether there is such a listing.
SELECT EXISTS (SELECT FROM properties WHERE id = %(id)s);

-- name: fold_numbers
-- Put the numbers of the months together in which something came, where many rows have come since the last time.
WITH taken AS (
    DELETE FROM interaction_numbers
    WHERE (SELECT count(*) FROM (SELECT FROM interaction_numbers WHERE NOT is_sum LIMIT %(many)s) AS new) >= %(many)s
        AND month IN (SELECT month FROM interaction_numbers WHERE NOT is_sum)
    RETURNING month, type, user_id, assigned_to, office, team, entries
)
INSERT INTO interaction_numbers (month, type, user_id, assigned_to, office, team, entries, is_sum)
SELECT month, type, user_id, assigned_to, office, team, sum(entries), true FROM taken
GROUP BY month, type, user_id, assigned_to, office, team HAVING sum(entries) <> 0;
