-- One budget of requests per provider, shared by all workers and kept over restarts: the moment at which the next
-- request may leave, and until when the source told us to stay away.
CREATE TABLE source_quotas (
    provider_id text PRIMARY KEY REFERENCES mls_provider_configurations ON DELETE CASCADE,
    next_request_at timestamptz NOT NULL,
    closed_until timestamptz NOT NULL
);

-- The sessions open at a source. A seat is a lease: who dies gives it back by time.
CREATE TABLE source_seats (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    seat integer NOT NULL,
    holder uuid NOT NULL,
    leased_until timestamptz NOT NULL,
    PRIMARY KEY (provider_id, seat)
);
