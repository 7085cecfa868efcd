-- name: has_migrations
-- Whether this database was ever migrated.
SELECT to_regclass('public.schema_migrations') IS NOT NULL;

-- name: find_migrations
-- What was applied to this database.
SELECT version FROM public.schema_migrations;
