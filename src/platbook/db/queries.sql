-- name: keep_fact
-- Insert a fact of the installation; an existing one stays.
INSERT INTO platbook_facts (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT DO NOTHING;

-- name: get_fact
-- A fact of the installation.
SELECT value FROM platbook_facts WHERE name = %(name)s;

-- name: allow_idle
-- Allow this transaction to be idle for longer than the session's limit.
SELECT set_config('idle_in_transaction_session_timeout', %(idle)s, true);

-- name: end_frozen_sessions
-- End our own sessions whose statement (a COPY) began before the limit and waits for its client at this moment. No COPY
-- of ours may last that long.
WITH frozen AS MATERIALIZED (
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND application_name LIKE 'platbook%%'
        AND state = 'active' AND wait_event = 'ClientRead' AND pid <> pg_backend_pid()
        AND query_start < clock_timestamp() - make_interval(secs => %(seconds)s))
SELECT pid, pg_terminate_backend(pid) FROM frozen;
