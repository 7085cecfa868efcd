-- Keys of requests that create (header Idempotency-Key), each with what became of its request. `state`: claimed, while
-- the request is under way; committed, once a transaction of it was; answered, with the answer, encrypted; lost, where
-- it was committed and failed after that. A request may write only while its `claim_id` stands. Rows go after a day.
CREATE TABLE idempotency_keys (
    caller_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    claim_id uuid NOT NULL,
    claimed_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'claimed' CHECK (state IN ('claimed', 'committed', 'answered', 'lost')),
    status int,
    answer bytea,
    PRIMARY KEY (caller_id, key),
    CHECK ((state = 'answered') = (status IS NOT NULL AND answer IS NOT NULL))
);
CREATE INDEX idempotency_keys_claimed ON idempotency_keys (claimed_at);
