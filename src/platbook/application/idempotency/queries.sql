-- name: claim_key
-- Claim a caller's key for one request: a new one, one whose day is over, or one whose request died before it
-- committed.
INSERT INTO idempotency_keys AS stored (caller_id, key, fingerprint, claim_id, claimed_at)
VALUES (%(caller_id)s, %(key)s, %(fingerprint)s, %(claim_id)s, %(at)s)
ON CONFLICT (caller_id, key) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, claim_id = EXCLUDED.claim_id, claimed_at = EXCLUDED.claimed_at,
    state = DEFAULT, status = NULL, answer = NULL
WHERE stored.claimed_at < %(kept_since)s OR (stored.state = 'claimed' AND stored.claimed_at < %(alive_since)s);

-- name: get_key
-- What became of a key's request.
SELECT fingerprint, claimed_at, state, status, answer FROM idempotency_keys
WHERE caller_id = %(caller_id)s AND key = %(key)s;

-- name: mark_committed
-- In a transaction of the request: it is committed under this claim, or not at all.
UPDATE idempotency_keys SET state = 'committed'
WHERE caller_id = %(caller_id)s AND key = %(key)s AND claim_id = %(claim_id)s;

-- name: release_key
-- Forget a request that committed nothing.
DELETE FROM idempotency_keys
WHERE caller_id = %(caller_id)s AND key = %(key)s AND claim_id = %(claim_id)s AND state = 'claimed';

-- name: store_answer
-- Store the answer of a request.
UPDATE idempotency_keys SET state = 'answered', status = %(status)s, answer = %(answer)s
WHERE caller_id = %(caller_id)s AND key = %(key)s AND claim_id = %(claim_id)s;

-- name: mark_lost
-- A request committed and has no answer.
UPDATE idempotency_keys SET state = 'lost'
WHERE caller_id = %(caller_id)s AND key = %(key)s AND claim_id = %(claim_id)s;

-- name: delete_old_keys
-- Delete keys whose day is over.
DELETE FROM idempotency_keys WHERE claimed_at < %(kept_since)s;
