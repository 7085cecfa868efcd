-- name: write_event
-- Something happened.
INSERT INTO outbox (id, kind, payload, sealed, created_at) VALUES (%(id)s, %(kind)s, %(payload)s, %(sealed)s, %(at)s);

-- name: count_workers
-- Workers that sent a heartbeat in the last so many seconds.
SELECT count(*) FROM queue.procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %(seconds)s);
