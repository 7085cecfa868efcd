-- name: add_user
-- A new user.
INSERT INTO users (id, email, password_hash, first_name, last_name, role, office, team, license_number, created_at)
VALUES (%(id)s, %(email)s, %(password_hash)s, %(first_name)s, %(last_name)s, %(role)s, %(office)s, %(team)s,
    %(license_number)s, %(at)s);

-- name: get_user
-- One user by id.
SELECT id, email, first_name, last_name, role, office, team, license_number, is_active,
    totp_confirmed_at IS NOT NULL AS has_totp, created_at, last_login_at
FROM users WHERE id = %(id)s;

-- name: get_user_id
-- The user an e-mail address belongs to; it comes in lower case.
SELECT id FROM users WHERE lower(email) = %(email)s;

-- name: get_belonging
-- Whose what belongs to a user is.
SELECT id AS owner, office, team FROM users WHERE id = %(id)s;

-- name: get_login
-- What a login is checked against. The address comes in lower case: what attempts are counted by must be what is found.
SELECT id, password_hash, is_active FROM users WHERE lower(email) = %(email)s;

-- name: change_user
-- What an admin may change of a user.
UPDATE users SET email = %(email)s, first_name = %(first_name)s, last_name = %(last_name)s, role = %(role)s,
    office = %(office)s, team = %(team)s, license_number = %(license_number)s WHERE id = %(id)s;

-- name: change_names
-- What a user may change of themselves.
UPDATE users SET first_name = %(first_name)s, last_name = %(last_name)s WHERE id = %(id)s RETURNING id;

-- name: set_active
-- Let a user in, or keep them out.
UPDATE users SET is_active = %(active)s WHERE id = %(id)s;

-- name: lock_admins
-- The admins who are let in, locked: whoever takes one away counts them one after another.
SELECT id FROM users WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE;

-- name: note_login
-- A user has logged in; the hash is renewed where its parameters were raised.
UPDATE users SET last_login_at = %(at)s, password_hash = coalesce(%(password_hash)s, password_hash) WHERE id = %(id)s;

-- name: set_password
-- A new password.
UPDATE users SET password_hash = %(password_hash)s WHERE id = %(id)s;

-- name: count_agents
-- How many of these are somebody an assistant may work for.
SELECT count(*) FROM users WHERE id = ANY(%(ids)s::uuid[]) AND role IN ('agent', 'manager');

-- name: attach_agents
-- The agents an assistant works for.
INSERT INTO assistant_agents (assistant_id, agent_id) SELECT %(assistant_id)s, unnest(%(ids)s::uuid[]);

-- name: detach_agents
-- An assistant works for nobody.
DELETE FROM assistant_agents WHERE assistant_id = %(assistant_id)s;

-- name: detach_from_assistants
-- Nobody works for an agent.
DELETE FROM assistant_agents WHERE agent_id = %(agent_id)s;

-- name: find_attached
-- The agents an assistant works for.
SELECT id, email, first_name, last_name, role, office, team, license_number, is_active,
    totp_confirmed_at IS NOT NULL AS has_totp, created_at, last_login_at
FROM users JOIN assistant_agents ON agent_id = id WHERE assistant_id = %(assistant_id)s ORDER BY email;

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
INSERT INTO invitations (id, email, role, office, team, invited_by, token_hash, created_at, expires_at)
VALUES (%(id)s, %(email)s, %(role)s, %(office)s, %(team)s, %(invited_by)s, %(token_hash)s, %(at)s, %(expires_at)s);

-- name: find_invitations
-- Invitations that can still be used, the newest first.
SELECT id, email, role, office, team, invited_by, created_at, expires_at FROM invitations
WHERE used_at IS NULL AND withdrawn_at IS NULL AND expires_at > %(at)s ORDER BY created_at DESC, id DESC;

-- name: withdraw_invitation
-- An invitation that nobody has used is good no more.
UPDATE invitations SET withdrawn_at = %(at)s WHERE id = %(id)s AND used_at IS NULL AND withdrawn_at IS NULL
RETURNING email;

-- name: use_invitation
-- An invitation is good once, for its own e-mail address, until it expires.
UPDATE invitations SET used_at = %(at)s
WHERE token_hash = %(token_hash)s AND lower(email) = lower(%(email)s) AND used_at IS NULL AND withdrawn_at IS NULL
    AND expires_at > %(at)s
RETURNING role, office, team;

-- name: use_newest_invitation
-- The newest invitation of an e-mail address that was proved in another way than by its token.
UPDATE invitations SET used_at = %(at)s WHERE id = (
    SELECT id FROM invitations
    WHERE lower(email) = lower(%(email)s) AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > %(at)s
    ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE)
RETURNING role, office, team;

-- name: add_reset
-- A reset of a password, known by its token's hash alone.
INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
VALUES (%(id)s, %(user_id)s, %(token_hash)s, %(at)s, %(expires_at)s);

-- name: use_reset
-- A reset is good once, until it expires, for a user who is let in.
UPDATE password_resets AS r SET used_at = %(at)s FROM users AS u
WHERE r.token_hash = %(token_hash)s AND r.used_at IS NULL AND r.expires_at > %(at)s AND u.id = r.user_id AND u.is_active
RETURNING u.id, u.email;

-- name: void_resets
-- Resets of a user that nobody has used are good no more.
UPDATE password_resets SET used_at = %(at)s WHERE user_id = %(user_id)s AND used_at IS NULL;

-- name: delete_dead_resets
-- Resets past their time.
DELETE FROM password_resets WHERE expires_at <= %(at)s;

-- name: get_totp
-- What a user's codes are made from, sealed, and whether a login asks for them.
SELECT totp_secret AS sealed, totp_confirmed_at IS NOT NULL AS confirmed FROM users WHERE id = %(user_id)s;

-- name: set_totp
-- What a user's codes are made from; no login asks for them before one was shown.
UPDATE users SET totp_secret = %(sealed)s, totp_confirmed_at = NULL, totp_last_step = 0 WHERE id = %(user_id)s;

-- name: confirm_totp
-- From now on a login asks for a code.
UPDATE users SET totp_confirmed_at = %(at)s WHERE id = %(user_id)s;

-- name: take_step
-- A code is good once, and with it every earlier one is not.
UPDATE users SET totp_last_step = %(step)s WHERE id = %(user_id)s AND totp_last_step < %(step)s;

-- name: remove_totp
-- No login of a user asks for a code any more.
UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = 0 WHERE id = %(user_id)s;

-- name: add_recovery_codes
-- Codes for whoever has lost what makes their codes, known by their hashes alone.
INSERT INTO recovery_codes (user_id, code_hash) SELECT %(user_id)s, unnest(%(hashes)s::bytea[]);

-- name: use_recovery_code
-- A recovery code is good once.
DELETE FROM recovery_codes WHERE user_id = %(user_id)s AND code_hash = %(code_hash)s;

-- name: delete_recovery_codes
-- All recovery codes of a user.
DELETE FROM recovery_codes WHERE user_id = %(user_id)s;

-- name: add_key
-- An API key, known by its hash alone.
INSERT INTO api_keys (id, user_id, name, key_hash, surface, scopes, created_at, expires_at)
VALUES (%(id)s, %(user_id)s, %(name)s, %(key_hash)s, %(surface)s, %(scopes)s, %(at)s, %(expires_at)s);

-- name: find_keys
-- The keys of a user, the newest first.
SELECT id, user_id, name, surface, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_keys
WHERE user_id = %(user_id)s ORDER BY created_at DESC, id DESC;

-- name: revoke_key
-- A key of a user is good no more.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, %(at)s) WHERE id = %(id)s AND user_id = %(user_id)s
RETURNING name;

-- name: revoke_keys
-- All keys of a user are good no more.
UPDATE api_keys SET revoked_at = %(at)s WHERE user_id = %(user_id)s AND revoked_at IS NULL;

-- name: get_key_caller
-- Who a key speaks for, while it is good and its user is let in.
SELECT u.id, u.email, u.role, u.office, u.team,
    ARRAY(SELECT agent_id FROM assistant_agents WHERE assistant_id = u.id) AS agents,
    k.id AS key_id, k.surface, k.scopes, k.expires_at, k.last_used_at
FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.key_hash = %(key_hash)s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(at)s)
    AND u.is_active;

-- name: note_key_use
-- A key is in use.
UPDATE api_keys SET last_used_at = %(at)s WHERE id = %(id)s;

-- name: find_links
-- Which members a user is or may be, those that wait for a decision first.
SELECT id, user_id, provider_id, member_key, member_name, basis, created_at, confirmed_at, confirmed_by
FROM named_member_links
WHERE user_id = %(user_id)s AND refused_at IS NULL ORDER BY confirmed_at IS NOT NULL, provider_id, member_key;

-- name: find_proposals
-- Every link that waits for a decision, with whom it is for.
SELECT l.id, l.user_id, u.email, l.provider_id, l.member_key, l.member_name, l.basis, l.created_at
FROM named_member_links l JOIN users u ON u.id = l.user_id WHERE l.confirmed_at IS NULL AND l.refused_at IS NULL;

-- name: get_link
-- One link of a user.
SELECT id, user_id, provider_id, member_key, member_name, basis, created_at, confirmed_at, confirmed_by
FROM named_member_links
WHERE id = %(id)s AND user_id = %(user_id)s AND refused_at IS NULL;

-- name: enter_link
-- An admin says which member a user is; what was proposed or refused before is settled by that.
INSERT INTO member_links (id, user_id, provider_id, member_key, basis, created_at, confirmed_at, confirmed_by)
VALUES (%(id)s, %(user_id)s, %(provider_id)s, %(member_key)s, 'entered', %(at)s, %(at)s, %(by)s)
ON CONFLICT (user_id, provider_id, member_key) DO UPDATE
    SET confirmed_at = coalesce(member_links.confirmed_at, %(at)s),
    confirmed_by = coalesce(member_links.confirmed_by, %(by)s), refused_at = NULL
RETURNING id;

-- name: confirm_link
-- An admin says that a proposal is right.
UPDATE member_links SET confirmed_at = %(at)s, confirmed_by = %(by)s WHERE id = %(id)s AND confirmed_at IS NULL;

-- name: refuse_link
-- An admin says that a user is not this member; it is not proposed again.
UPDATE member_links SET refused_at = %(at)s, confirmed_at = NULL, confirmed_by = NULL WHERE id = %(id)s;

-- name: find_member_keys
-- Which members some users are.
SELECT DISTINCT provider_id, member_key FROM member_links WHERE user_id = ANY(%(user_ids)s::uuid[])
    AND confirmed_at IS NOT NULL
ORDER BY 1, 2;

-- name: propose_links
-- Members of listings who seem to be users: by licence number, else by e-mail address, else by name and office. A
-- member somebody is confirmed to be is proposed to nobody else, and what was decided is left alone.
WITH members AS (
    SELECT provider_id, list_agent_key AS member_key,
        array_agg(DISTINCT lower(list_agent_email)) FILTER (WHERE list_agent_email IS NOT NULL) AS emails,
        array_agg(DISTINCT lower(more ->> 'ListAgentStateLicense'))
            FILTER (WHERE more ? 'ListAgentStateLicense') AS licenses,
        array_agg(DISTINCT lower(list_agent_full_name || E'\n' || list_office_name))
            FILTER (WHERE list_agent_full_name IS NOT NULL AND list_office_name IS NOT NULL) AS places
    FROM properties WHERE list_agent_key IS NOT NULL AND NOT is_local AND erased_at IS NULL GROUP BY 1, 2
), matches AS (
    SELECT u.id AS user_id, m.provider_id, m.member_key,
        CASE WHEN lower(u.license_number) = ANY(m.licenses) THEN 'license number'
             WHEN lower(u.email) = ANY(m.emails) THEN 'email'
             ELSE 'name and office' END AS basis
    FROM users u JOIN members m ON lower(u.license_number) = ANY(m.licenses) OR lower(u.email) = ANY(m.emails)
        OR lower(u.first_name || ' ' || u.last_name || E'\n' || u.office) = ANY(m.places)
    WHERE u.is_active
)
INSERT INTO member_links (id, user_id, provider_id, member_key, basis, created_at)
SELECT gen_random_uuid(), user_id, provider_id, member_key, basis, %(at)s FROM matches
WHERE NOT EXISTS (SELECT FROM member_links l WHERE l.provider_id = matches.provider_id
    AND l.member_key = matches.member_key AND l.confirmed_at IS NOT NULL)
ON CONFLICT (user_id, provider_id, member_key) DO NOTHING;

-- name: get_identity
-- The user somebody at an issuer is.
SELECT user_id FROM oidc_identities WHERE issuer = %(issuer)s AND subject = %(subject)s;

-- name: lock_user
-- One user, locked: of two subjects of an issuer that would become the user at once, the later one sees the earlier
-- one.
SELECT id FROM users WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: add_identity
-- Somebody at an issuer is a user, unless somebody else there is; of two sign-ins at once one says so.
INSERT INTO oidc_identities (issuer, subject, user_id, created_at)
SELECT %(issuer)s, %(subject)s, %(user_id)s, %(at)s
WHERE NOT EXISTS (
    SELECT FROM oidc_identities WHERE issuer = %(issuer)s AND user_id = %(user_id)s AND subject <> %(subject)s)
ON CONFLICT DO NOTHING;

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
