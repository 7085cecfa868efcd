-- name: find_external_records
-- The rows, and what was imported of them, of some ids of another system.
SELECT external_id, row_id, hash, field_digests, is_merged FROM crm_external_ids
WHERE system = %(system)s AND kind = %(kind)s AND external_id = ANY(%(ids)s::text[]);

-- name: upsert_external_ids
-- Insert ids of another system; of those that exist update the hash and the digests.
INSERT INTO crm_external_ids (system, kind, external_id, row_id, hash, field_digests)
SELECT %(system)s, %(kind)s, external_id, row_id, hash, digests
FROM unnest(%(ids)s::text[], %(rows)s::uuid[], %(hashes)s::bytea[], %(digests)s::bytea[])
    AS record (external_id, row_id, hash, digests)
ON CONFLICT (system, kind, external_id) DO UPDATE SET hash = excluded.hash, field_digests = excluded.field_digests;

-- name: find_person_ids
-- The ids that another system has for some leads.
SELECT row_id, external_id FROM crm_external_ids
WHERE system = %(system)s AND kind = 'person' AND row_id = ANY(%(rows)s::uuid[]);

-- name: find_person_ids_of_leads
-- The ids that any system has for some leads.
SELECT system, external_id FROM crm_external_ids WHERE kind = 'person' AND row_id = ANY(%(ids)s::uuid[])
ORDER BY system, external_id;

-- name: reassign_person_ids
-- External ids of a merged lead, and of its tags, refer to the lead that remains.
UPDATE crm_external_ids SET row_id = %(into_id)s, is_merged = true
WHERE kind IN ('person', 'tag') AND row_id = %(lead_id)s;

-- name: erase_external_ids
-- Delete the external ids of some rows.
DELETE FROM crm_external_ids WHERE row_id = ANY(%(ids)s::uuid[]);
