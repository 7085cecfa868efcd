-- The networks that users logged in from lately, which the limits of an account and of a client alone do not concern.
CREATE TABLE login_networks (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, network)
);
