-- name: insert_possible_duplicates
-- Insert pairs of a lead and others, but for pairs that are known.
INSERT INTO possible_duplicates (id, lead_id, other_id, evidence, found_at)
SELECT id, least(lead_id, other_id), greatest(lead_id, other_id), evidence, %(at)s
FROM unnest(%(ids)s::uuid[], %(leads)s::uuid[], %(others)s::uuid[], %(evidence)s::jsonb[])
    AS pair (id, lead_id, other_id, evidence)
ORDER BY 2, 3
ON CONFLICT (lead_id, other_id) DO NOTHING;

-- name: lock_possible_duplicate
-- One pair, locked for a change.
SELECT id, lead_id, other_id, state, evidence, found_at, decided_at, decided_by FROM possible_duplicates
WHERE id = %(id)s FOR UPDATE;

-- name: get_possible_duplicate
-- One pair.
SELECT id, lead_id, other_id, state, evidence, found_at, decided_at, decided_by FROM possible_duplicates
WHERE id = %(id)s;

-- name: close_pair
-- The decision on a pair of leads.
UPDATE possible_duplicates SET state = %(state)s, decided_at = %(at)s, decided_by = %(by)s
WHERE lead_id = least(%(lead_id)s::uuid, %(other_id)s::uuid)
    AND other_id = greatest(%(lead_id)s::uuid, %(other_id)s::uuid);

-- name: dismiss_open_pairs
-- Close the open pairs of a lead that is deleted.
UPDATE possible_duplicates SET state = 'dismissed', decided_at = %(at)s, decided_by = %(by)s
WHERE state = 'open' AND (lead_id = %(lead_id)s OR other_id = %(lead_id)s);

-- name: delete_known_pairs
-- Delete the pairs of a merged lead that the lead that remains has itself.
DELETE FROM possible_duplicates d WHERE d.state <> 'merged' AND (d.lead_id = %(lead_id)s OR d.other_id = %(lead_id)s)
    AND EXISTS (
        SELECT FROM possible_duplicates known,
            LATERAL (SELECT CASE d.lead_id WHEN %(lead_id)s THEN d.other_id ELSE d.lead_id END AS id) AS third
        WHERE known.lead_id = least(%(into_id)s::uuid, third.id)
            AND known.other_id = greatest(%(into_id)s::uuid, third.id)
    );

-- name: move_pairs
-- Pairs of a merged lead become those of the lead that remains.
UPDATE possible_duplicates d SET
    lead_id = least(%(into_id)s::uuid, CASE d.lead_id WHEN %(lead_id)s THEN d.other_id ELSE d.lead_id END),
    other_id = greatest(%(into_id)s::uuid, CASE d.lead_id WHEN %(lead_id)s THEN d.other_id ELSE d.lead_id END)
WHERE d.state <> 'merged' AND (d.lead_id = %(lead_id)s OR d.other_id = %(lead_id)s);
