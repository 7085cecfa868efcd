-- name: keep_fact
-- Remember a fact of the installation; the first one stays.
INSERT INTO platbook_facts (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT DO NOTHING;

-- name: get_fact
-- A fact of the installation.
SELECT value FROM platbook_facts WHERE name = %(name)s;
