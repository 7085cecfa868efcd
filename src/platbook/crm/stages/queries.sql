-- name: find_stages
-- Every stage, in order.
SELECT key, name, kind, place, created_at, updated_at, retired_at FROM lead_stages ORDER BY place, key;

-- name: get_stage
-- One stage.
SELECT key, name, kind, place, created_at, updated_at, retired_at FROM lead_stages WHERE key = %(key)s;

-- name: lock_stages
-- Every stage, locked for a change.
SELECT key, name, kind, place, created_at, updated_at, retired_at FROM lead_stages ORDER BY place, key FOR UPDATE;

-- name: insert_stage
-- Insert one stage.
INSERT INTO lead_stages (key, name, kind, place, created_at, updated_at)
VALUES (%(key)s, %(name)s, %(kind)s, %(place)s, %(at)s, %(at)s);

-- name: update_stage
-- Rename, retire or restore one stage.
UPDATE lead_stages SET name = %(name)s, retired_at = %(retired_at)s, updated_at = %(at)s WHERE key = %(key)s;

-- name: order_stages
-- The places of all stages.
UPDATE lead_stages SET place = ordered.place, updated_at = %(at)s
FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS ordered (key, place)
WHERE lead_stages.key = ordered.key AND lead_stages.place <> ordered.place;
