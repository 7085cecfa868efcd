-- name: add_user
-- A new user.
INSERT INTO users (id, email, password_hash, first_name, last_name, role, office, team, license_number, time_zone,
    created_at)
VALUES (%(id)s, %(email)s, %(password_hash)s, %(first_name)s, %(last_name)s, %(role)s, %(office)s, %(team)s,
    %(license_number)s, %(time_zone)s, %(at)s);

-- name: find_office_manager
-- The manager of an office's team, or else of the office.
SELECT id, email, first_name, last_name, role, office, team, license_number, time_zone, is_active,
    totp_confirmed_at IS NOT NULL AS has_totp, created_at, last_login_at
FROM users WHERE is_active AND role = 'manager' AND office = %(office)s AND (team IS NULL OR team = %(team)s)
ORDER BY team IS NULL, created_at, id LIMIT 1;

-- name: get_user
-- One user by id.
SELECT id, email, first_name, last_name, role, office, team, license_number, time_zone, is_active,
    totp_confirmed_at IS NOT NULL AS has_totp, created_at, last_login_at
FROM users WHERE id = %(id)s;

-- name: get_user_id
-- The user with an e-mail address, which is passed in lower case.
SELECT id FROM users WHERE lower(email) = %(email)s;

-- name: get_ownership
-- The ownership of a user's records.
SELECT id AS owner, office, team FROM users WHERE id = %(id)s;

-- name: get_login
-- What a login is verified against. The address is passed in lower case, as attempts are counted by the same text.
SELECT id, password_hash, is_active FROM users WHERE lower(email) = %(email)s;

-- name: update_user
-- The fields of a user that can be changed.
UPDATE users SET email = %(email)s, first_name = %(first_name)s, last_name = %(last_name)s, role = %(role)s,
    office = %(office)s, team = %(team)s, license_number = %(license_number)s, time_zone = %(time_zone)s
WHERE id = %(id)s;

-- name: set_active
-- Enable or disable a user.
UPDATE users SET is_active = %(active)s WHERE id = %(id)s;

-- name: lock_admins
-- The active admins, locked, so that concurrent removals see each other.
SELECT id FROM users WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE;

-- name: mark_logged_in
-- Record a login; replace the hash if its parameters are outdated.
UPDATE users SET last_login_at = %(at)s, password_hash = coalesce(%(password_hash)s, password_hash) WHERE id = %(id)s;

-- name: set_password
-- A new password.
UPDATE users SET password_hash = %(password_hash)s WHERE id = %(id)s;

-- name: count_agents
-- How many of these users an assistant can work for.
SELECT count(*) FROM users WHERE id = ANY(%(ids)s::uuid[]) AND role IN ('agent', 'manager');

-- name: attach_agents
-- The agents an assistant works for.
INSERT INTO assistant_agents (assistant_id, agent_id) SELECT %(assistant_id)s, unnest(%(ids)s::uuid[]);

-- name: detach_agents
-- Detach an assistant from all agents.
DELETE FROM assistant_agents WHERE assistant_id = %(assistant_id)s;

-- name: detach_from_assistants
-- Detach an agent from all assistants.
DELETE FROM assistant_agents WHERE agent_id = %(agent_id)s;

-- name: find_attached_agents
-- The agents an assistant works for.
SELECT id, email, first_name, last_name, role, office, team, license_number, time_zone, is_active,
    totp_confirmed_at IS NOT NULL AS has_totp, created_at, last_login_at
FROM users JOIN assistant_agents ON agent_id = id WHERE assistant_id = %(assistant_id)s ORDER BY email;

-- name: add_session
-- Start a session.
INSERT INTO sessions (id, user_id, began_at, expires_at) VALUES (%(id)s, %(user_id)s, %(at)s, %(expires_at)s);

-- name: extend_session
-- Extend a session.
UPDATE sessions SET expires_at = %(expires_at)s WHERE id = %(id)s;

-- name: end_session
-- End a session and with it its tokens.
UPDATE sessions SET ended_at = %(at)s WHERE id = %(id)s AND ended_at IS NULL;

-- name: end_sessions
-- End every session of a user, except one if it is named.
UPDATE sessions SET ended_at = %(at)s
WHERE user_id = %(user_id)s AND ended_at IS NULL AND id IS DISTINCT FROM %(except_id)s::uuid;

-- name: delete_expired_sessions
-- Delete expired sessions with their refresh tokens.
DELETE FROM sessions WHERE expires_at <= %(at)s;

-- name: add_refresh_token
-- A refresh token, stored as a hash.
INSERT INTO refresh_tokens (id, family_id, token_hash, issued_at, expires_at)
VALUES (%(id)s, %(session_id)s, %(token_hash)s, %(at)s, %(expires_at)s);

-- name: get_refresh_token
-- A refresh token and its session, locked so that of two concurrent uses one is a reuse.
SELECT s.user_id, s.id AS session_id, t.expires_at, t.used_at, s.ended_at
FROM refresh_tokens t JOIN sessions s ON s.id = t.family_id WHERE t.token_hash = %(token_hash)s FOR UPDATE OF t;

-- name: use_refresh_token
-- Mark a refresh token as used.
UPDATE refresh_tokens SET used_at = %(at)s WHERE token_hash = %(token_hash)s;

-- name: get_session_caller
-- The user of a session that has not ended, if they are active.
SELECT u.id, u.email, u.role, u.office, u.team,
    ARRAY(SELECT agent_id FROM assistant_agents WHERE assistant_id = u.id) AS agents
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = %(id)s AND s.ended_at IS NULL AND u.is_active;

-- name: add_invitation
-- An invitation, with its token stored as a hash.
INSERT INTO invitations (id, email, role, office, team, time_zone, invited_by, token_hash, created_at, expires_at)
VALUES (%(id)s, %(email)s, %(role)s, %(office)s, %(team)s, %(time_zone)s, %(invited_by)s, %(token_hash)s, %(at)s,
    %(expires_at)s);

-- name: find_invitations
-- Invitations that are still valid, newest first.
SELECT id, email, role, office, team, time_zone, invited_by, created_at, expires_at FROM invitations
WHERE used_at IS NULL AND withdrawn_at IS NULL AND expires_at > %(at)s ORDER BY created_at DESC, id DESC;

-- name: withdraw_invitation
-- Withdraw an unused invitation.
UPDATE invitations SET withdrawn_at = %(at)s WHERE id = %(id)s AND used_at IS NULL AND withdrawn_at IS NULL
RETURNING email;

-- name: use_invitation
-- Use an invitation: once, for its e-mail address, until it expires.
UPDATE invitations SET used_at = %(at)s
WHERE token_hash = %(token_hash)s AND lower(email) = lower(%(email)s) AND used_at IS NULL AND withdrawn_at IS NULL
    AND expires_at > %(at)s
RETURNING role, office, team, time_zone;

-- name: use_newest_invitation
-- Use the newest invitation of an e-mail address that was verified in another way than by its token.
UPDATE invitations SET used_at = %(at)s WHERE id = (
    SELECT id FROM invitations
    WHERE lower(email) = lower(%(email)s) AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > %(at)s
    ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE)
RETURNING role, office, team, time_zone;

-- name: add_reset
-- A password reset, with its token stored as a hash.
INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)
VALUES (%(id)s, %(user_id)s, %(token_hash)s, %(at)s, %(expires_at)s);

-- name: use_reset
-- Use a password reset: once, until it expires, for an active user.
UPDATE password_resets AS r SET used_at = %(at)s FROM users AS u
WHERE r.token_hash = %(token_hash)s AND r.used_at IS NULL AND r.expires_at > %(at)s AND u.id = r.user_id AND u.is_active
RETURNING u.id, u.email;

-- name: void_resets
-- Invalidate a user's unused password resets.
UPDATE password_resets SET used_at = %(at)s WHERE user_id = %(user_id)s AND used_at IS NULL;

-- name: delete_expired_resets
-- Delete expired password resets.
DELETE FROM password_resets WHERE expires_at <= %(at)s;

-- name: get_totp
-- A user's TOTP secret, sealed, and whether logins require a code.
SELECT totp_secret AS sealed, totp_confirmed_at IS NOT NULL AS confirmed FROM users WHERE id = %(user_id)s;

-- name: set_totp
-- Store a new TOTP secret, not yet confirmed.
UPDATE users SET totp_secret = %(sealed)s, totp_confirmed_at = NULL, totp_last_step = 0 WHERE id = %(user_id)s;

-- name: confirm_totp
-- Enable TOTP: logins require a code from now on.
UPDATE users SET totp_confirmed_at = %(at)s WHERE id = %(user_id)s;

-- name: take_step
-- Use a time step: it and earlier ones are refused from now on.
UPDATE users SET totp_last_step = %(step)s WHERE id = %(user_id)s AND totp_last_step < %(step)s;

-- name: remove_totp
-- Disable TOTP for a user.
UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = 0 WHERE id = %(user_id)s;

-- name: add_recovery_codes
-- Recovery codes, stored as hashes.
INSERT INTO recovery_codes (user_id, code_hash) SELECT %(user_id)s, unnest(%(hashes)s::bytea[]);

-- name: use_recovery_code
-- Use a recovery code, once.
DELETE FROM recovery_codes WHERE user_id = %(user_id)s AND code_hash = %(code_hash)s;

-- name: delete_recovery_codes
-- All recovery codes of a user.
DELETE FROM recovery_codes WHERE user_id = %(user_id)s;

-- name: add_key
-- An API key, stored as a hash.
INSERT INTO api_keys (id, user_id, name, key_hash, surface, scopes, origins, rate_per_minute, created_at, expires_at)
VALUES (%(id)s, %(user_id)s, %(name)s, %(key_hash)s, %(surface)s, %(scopes)s, %(origins)s, %(rate_per_minute)s,
    %(at)s, %(expires_at)s);

-- name: find_keys
-- A user's keys, newest first.
SELECT id, user_id, name, surface, scopes, origins, rate_per_minute, created_at, expires_at, revoked_at, last_used_at
FROM api_keys
WHERE user_id = %(user_id)s ORDER BY created_at DESC, id DESC;

-- name: revoke_key
-- Revoke a key of a user.
UPDATE api_keys SET revoked_at = coalesce(revoked_at, %(at)s) WHERE id = %(id)s AND user_id = %(user_id)s
RETURNING name;

-- name: revoke_keys
-- Revoke all keys of a user.
UPDATE api_keys SET revoked_at = %(at)s WHERE user_id = %(user_id)s AND revoked_at IS NULL;

-- name: get_key_caller
-- The owner of a valid key, if they are active.
SELECT u.id, u.email, u.role, u.office, u.team,
    ARRAY(SELECT agent_id FROM assistant_agents WHERE assistant_id = u.id) AS agents,
    k.id AS key_id, k.surface, k.scopes, k.origins, k.rate_per_minute, k.expires_at, k.last_used_at
FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.key_hash = %(key_hash)s AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(at)s)
    AND u.is_active;

-- name: find_key_origins
-- The origins that valid keys name.
SELECT DISTINCT unnest(k.origins) FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.origins <> '{}' AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(at)s) AND u.is_active;

-- name: mark_key_used
-- Record when a key was used.
UPDATE api_keys SET last_used_at = %(at)s WHERE id = %(id)s;

-- name: find_links
-- The member links of a user, proposed ones first.
SELECT id, user_id, provider_id, member_key, member_name, basis, created_at, confirmed_at, confirmed_by
FROM named_member_links
WHERE user_id = %(user_id)s AND refused_at IS NULL ORDER BY confirmed_at IS NOT NULL, provider_id, member_key;

-- name: find_proposals
-- A page of proposed links with their users.
SELECT l.id, l.user_id, u.email, l.provider_id, l.member_key, l.member_name, l.basis, l.created_at
FROM named_member_links l JOIN users u ON u.id = l.user_id WHERE l.confirmed_at IS NULL AND l.refused_at IS NULL;

-- name: get_link
-- One link of a user.
SELECT id, user_id, provider_id, member_key, member_name, basis, created_at, confirmed_at, confirmed_by
FROM named_member_links
WHERE id = %(id)s AND user_id = %(user_id)s AND refused_at IS NULL;

-- name: add_link
-- Link a user to a member; a proposed or rejected link becomes a confirmed one.
INSERT INTO member_links (id, user_id, provider_id, member_key, basis, created_at, confirmed_at, confirmed_by)
VALUES (%(id)s, %(user_id)s, %(provider_id)s, %(member_key)s, 'entered', %(at)s, %(at)s, %(by)s)
ON CONFLICT (user_id, provider_id, member_key) DO UPDATE
    SET confirmed_at = coalesce(member_links.confirmed_at, %(at)s),
    confirmed_by = coalesce(member_links.confirmed_by, %(by)s), refused_at = NULL
RETURNING id;

-- name: confirm_link
-- Confirm a proposed link.
UPDATE member_links SET confirmed_at = %(at)s, confirmed_by = %(by)s WHERE id = %(id)s AND confirmed_at IS NULL;

-- name: reject_link
-- Reject a link; it is not proposed again.
UPDATE member_links SET refused_at = %(at)s, confirmed_at = NULL, confirmed_by = NULL WHERE id = %(id)s;

-- name: find_member_keys
-- The member keys of users.
SELECT DISTINCT provider_id, member_key FROM member_links WHERE user_id = ANY(%(user_ids)s::uuid[])
    AND confirmed_at IS NOT NULL
ORDER BY 1, 2;

-- name: propose_links
-- Propose links between users and agents of listings that match by licence number, else by e-mail address, else by name
-- and office. A member with a confirmed link is not proposed to other users, and decided links are left alone.
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
-- The user who is linked to a subject of an issuer.
SELECT user_id FROM oidc_identities WHERE issuer = %(issuer)s AND subject = %(subject)s;

-- name: lock_user
-- One user, locked: of two subjects of an issuer that are linked to the user concurrently, the later sees the earlier.
SELECT id FROM users WHERE id = %(id)s FOR NO KEY UPDATE;

-- name: add_identity
-- Link a subject of an issuer to a user, unless another subject there is linked to them already.
INSERT INTO oidc_identities (issuer, subject, user_id, created_at)
SELECT %(issuer)s, %(subject)s, %(user_id)s, %(at)s
WHERE NOT EXISTS (
    SELECT FROM oidc_identities WHERE issuer = %(issuer)s AND user_id = %(user_id)s AND subject <> %(subject)s)
ON CONFLICT DO NOTHING;

-- name: lock_subjects
-- Serialize the attempts of an account and of a client, in one order.
SELECT pg_advisory_xact_lock(hashtextextended(subject, 0))
FROM (SELECT unnest(%(subjects)s::text[]) AS subject ORDER BY 1) AS ordered;

-- name: add_failure
-- Count a failed attempt for its account and its client.
INSERT INTO login_failures (subject, at) SELECT unnest(%(subjects)s::text[]), %(at)s;

-- name: count_failures
-- Per subject, the number of failures in its window, and the time of the latest.
SELECT f.subject, count(*) AS failures, max(f.at) AS latest
FROM unnest(%(subjects)s::text[], %(since)s::timestamptz[]) AS counted (subject, since)
JOIN login_failures f ON f.subject = counted.subject AND f.at > counted.since GROUP BY f.subject;

-- name: add_refusal
-- Note that attempts are refused; none is noted where one was lately.
INSERT INTO login_failures (subject, at) SELECT %(subject)s, %(at)s
WHERE NOT EXISTS (SELECT FROM login_failures WHERE subject = %(subject)s AND at > %(since)s);

-- name: delete_failures
-- Delete the failures of a subject, and all that are older than the longest window.
DELETE FROM login_failures WHERE subject = %(subject)s OR at < %(since)s;

-- name: delete_failures_of_account
-- Delete the failures of an account, from whatever network.
DELETE FROM login_failures WHERE subject = %(account)s OR starts_with(subject, %(account)s || ' from ');

-- name: has_login_network
-- Whether a user has logged in from a network lately.
SELECT EXISTS (SELECT FROM login_networks n JOIN users u ON u.id = n.user_id
    WHERE u.email = %(email)s AND n.network = %(network)s AND n.last_at > %(since)s);

-- name: add_login_network
-- A user has logged in from a network.
INSERT INTO login_networks (user_id, network, last_at) VALUES (%(user_id)s, %(network)s, %(at)s)
ON CONFLICT (user_id, network) DO UPDATE SET last_at = excluded.last_at;

-- name: delete_old_login_networks
-- Forget a user's networks of long ago.
DELETE FROM login_networks WHERE user_id = %(user_id)s AND last_at < %(since)s;

-- name: delete_one_failure
-- Delete the one failure that an attempt counted when it was admitted.
DELETE FROM login_failures WHERE ctid = (
    SELECT ctid FROM login_failures WHERE subject = %(subject)s AND at = %(at)s LIMIT 1 FOR UPDATE SKIP LOCKED
);
