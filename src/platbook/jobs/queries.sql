-- name: write_event
-- Something happened.
INSERT INTO outbox (id, kind, payload, sealed, created_at) VALUES (%(id)s, %(kind)s, %(payload)s, %(sealed)s, %(at)s);
