-- name: lock_stores
-- One process at a time adds a store.
SELECT pg_advisory_xact_lock(hashtextextended('media_stores', 11));

-- name: register_store
-- The store of the settings: its number, new or known, with the settings it is reached by now.
INSERT INTO media_stores AS s (id, kind, endpoint, bucket, region, public_base, credentials)
SELECT coalesce(max(id), 0) + 1, %(kind)s::text, %(endpoint)s::text, %(bucket)s::text, %(region)s::text,
    %(public_base)s::text, %(credentials)s::bytea FROM media_stores
ON CONFLICT (kind, endpoint, bucket) DO UPDATE SET region = excluded.region, public_base = excluded.public_base,
    credentials = excluded.credentials, leaving = false
RETURNING id;

-- name: find_store
-- One store.
SELECT id, kind, endpoint, bucket, region, public_base, credentials, leaving FROM media_stores WHERE id = %(id)s;

-- name: find_stores
-- All stores.
SELECT id, kind, endpoint, bucket, region, public_base, credentials, leaving FROM media_stores ORDER BY id;

-- name: leave_stores
-- The pictures of all stores but one are to be moved.
UPDATE media_stores SET leaving = true WHERE id <> %(id)s;
