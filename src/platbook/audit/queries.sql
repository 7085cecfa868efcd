-- name: write_entry
-- One act.
INSERT INTO audit_log (id, at, actor, user_id, key_id, act, subject_kind, subject_id, details)
VALUES (%(id)s, %(at)s, %(actor)s, %(user_id)s, %(key_id)s, %(act)s, %(subject_kind)s, %(subject_id)s, %(details)s);

-- name: find_entries
-- Entries by user, act, subject and time; every filter may be left out.
SELECT id, at, actor, user_id, key_id, act, subject_kind, subject_id, details FROM audit_log
WHERE (%(user_id)s::uuid IS NULL OR user_id = %(user_id)s) AND (%(act)s::text IS NULL OR act = %(act)s)
    AND (%(subject_kind)s::text IS NULL OR subject_kind = %(subject_kind)s)
    AND (%(subject_id)s::text IS NULL OR subject_id = %(subject_id)s)
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s);
