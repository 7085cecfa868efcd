-- name: add_user
-- A new user.
INSERT INTO users (id, email, password_hash, first_name, last_name, role, office, team, created_at)
VALUES (%(id)s, %(email)s, %(password_hash)s, %(first_name)s, %(last_name)s, %(role)s, %(office)s, %(team)s, %(at)s);

-- name: get_user
-- One user by id.
SELECT id, email, first_name, last_name, role, office, team, is_active, created_at, last_login_at
FROM users WHERE id = %(id)s;

-- name: get_belonging
-- Whose what belongs to a user is.
SELECT id AS owner, office, team FROM users WHERE id = %(id)s;

-- name: get_login
-- What a login is checked against. The address comes in lower case: what attempts are counted by must be what is found.
SELECT id, password_hash, is_active FROM users WHERE lower(email) = %(email)s;

-- name: find_users
-- Every user by e-mail.
SELECT id, email, first_name, last_name, role, office, team, is_active, created_at, last_login_at
FROM users ORDER BY email LIMIT %(limit)s;

-- name: note_login
-- A user has logged in; the hash is renewed where its parameters were raised.
UPDATE users SET last_login_at = %(at)s, password_hash = coalesce(%(password_hash)s, password_hash) WHERE id = %(id)s;

-- name: set_active
-- Let a user in, or keep them out.
UPDATE users SET is_active = %(active)s WHERE lower(email) = lower(%(email)s) RETURNING id;

-- name: add_session
-- A login begins.
INSERT INTO sessions (id, user_id, began_at, expires_at) VALUES (%(id)s, %(user_id)s, %(at)s, %(expires_at)s);

-- name: extend_session
-- A login goes on.
UPDATE sessions SET expires_at = %(expires_at)s WHERE id = %(id)s;

-- name: end_session
-- A login and all that was rotated from it ends.
UPDATE sessions SET ended_at = %(at)s WHERE id = %(id)s AND ended_at IS NULL;

-- name: end_sessions
-- Every login of a user ends, but for one that may be named.
UPDATE sessions SET ended_at = %(at)s
WHERE user_id = %(user_id)s AND ended_at IS NULL AND id IS DISTINCT FROM %(except_id)s::uuid;

-- name: delete_dead_sessions
-- Logins past their time, with their refresh tokens.
DELETE FROM sessions WHERE expires_at <= %(at)s;

-- name: add_refresh_token
-- A refresh token, known by its hash alone.
INSERT INTO refresh_tokens (id, family_id, token_hash, issued_at, expires_at)
VALUES (%(id)s, %(session_id)s, %(token_hash)s, %(at)s, %(expires_at)s);

-- name: get_refresh_token
-- A refresh token and its login, locked so that two uses at once are one use and one reuse.
SELECT s.user_id, s.id AS session_id, t.expires_at, t.used_at, s.ended_at
FROM refresh_tokens t JOIN sessions s ON s.id = t.family_id WHERE t.token_hash = %(token_hash)s FOR UPDATE OF t;

-- name: use_refresh_token
-- A refresh token is good once.
UPDATE refresh_tokens SET used_at = %(at)s WHERE token_hash = %(token_hash)s;

-- name: get_session_caller
-- Who a login speaks for, while it has not ended and its user is let in.
SELECT u.id, u.email, u.role, u.office, u.team,
    ARRAY(SELECT agent_id FROM assistant_agents WHERE assistant_id = u.id) AS agents
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = %(id)s AND s.ended_at IS NULL AND u.is_active;

-- name: add_invitation
-- An invitation, known by its token's hash alone.
INSERT INTO invitations (id, email, role, token_hash, created_at, expires_at)
VALUES (%(id)s, %(email)s, %(role)s, %(token_hash)s, %(at)s, %(expires_at)s);

-- name: use_invitation
-- An invitation is good once, for its own e-mail address, until it expires.
UPDATE invitations SET used_at = %(at)s
WHERE token_hash = %(token_hash)s AND lower(email) = lower(%(email)s) AND used_at IS NULL AND expires_at > %(at)s
RETURNING role;

-- name: lock_subjects
-- Logins of one account, or from one address, are counted one after another; accounts are locked before addresses.
SELECT pg_advisory_xact_lock(hashtextextended(subject, 0))
FROM (SELECT unnest(%(subjects)s::text[]) AS subject ORDER BY 1) AS ordered;

-- name: add_failure
-- A login that failed, for its account and for its address.
INSERT INTO login_failures (subject, at) SELECT unnest(%(subjects)s::text[]), %(at)s;

-- name: count_failures
-- How often logins of any of these subjects failed lately, and when the oldest of those was.
SELECT subject, count(*) AS failures, min(at) AS oldest FROM login_failures
WHERE subject = ANY(%(subjects)s) AND at > %(since)s GROUP BY subject;

-- name: forget_failures
-- A good login clears its account; what is too old to count goes too.
DELETE FROM login_failures WHERE subject = %(subject)s OR at < %(since)s;

-- name: forget_one_failure
-- Take back one failure that a login counted when it began.
DELETE FROM login_failures WHERE ctid = (
    SELECT ctid FROM login_failures WHERE subject = %(subject)s AND at = %(at)s LIMIT 1 FOR UPDATE SKIP LOCKED
);
