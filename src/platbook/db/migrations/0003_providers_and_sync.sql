CREATE TABLE mls_provider_configurations (
    provider_id text PRIMARY KEY,
    provider_name text NOT NULL,
    provider_type text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    credentials bytea,                         -- sealed; never leaves by the API or the log
    credential_names text[] NOT NULL DEFAULT '{}',
    field_mapping jsonb NOT NULL DEFAULT '{}',
    scope jsonb NOT NULL DEFAULT '{}',
    display jsonb NOT NULL DEFAULT '{}',
    retention text NOT NULL DEFAULT 'keep' CHECK (retention IN ('keep', 'erase')),
    interval_hours numeric NOT NULL DEFAULT 4 CHECK (interval_hours BETWEEN 0.25 AND 168),
    requests_per_second numeric CHECK (requests_per_second > 0),
    max_removal_share numeric NOT NULL DEFAULT 0.10 CHECK (max_removal_share BETWEEN 0 AND 1),
    enabled boolean NOT NULL DEFAULT true,
    archived_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The live state of a provider. `epoch` fences: a page is stored only by the run that holds the present epoch.
CREATE TABLE mls_sync_status (
    provider_id text PRIMARY KEY REFERENCES mls_provider_configurations ON DELETE CASCADE,
    epoch bigint NOT NULL DEFAULT 0,
    next_run_at timestamptz,
    last_success_at timestamptz,
    last_sweep_at timestamptz,
    consecutive_failures integer NOT NULL DEFAULT 0,
    needs_operator text,                       -- why a person must act, in words; null: nobody must
    blocked boolean NOT NULL DEFAULT false,    -- not scheduled until a person has acted
    current_sync_id uuid,
    stage text,
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    rate double precision,
    expected_end_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX mls_sync_status_due ON mls_sync_status (next_run_at);

-- Where the next run of a provider's resource starts (watermark), and the walk under way, if one is.
-- The checkpoint is saved in the transaction that stores its page.
CREATE TABLE mls_sync_cursors (
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    resource text NOT NULL,
    watermark text,
    watermark_scope text,                      -- the fingerprint of scope and settings the watermark stands for
    walk text,                                 -- full or incremental; null: no walk is under way
    walk_since text,
    walk_checkpoint text,
    walk_watermark text,
    walk_scope text,
    walk_done bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider_id, resource)
);

CREATE TABLE mls_sync_history (
    sync_id uuid PRIMARY KEY,
    parent_id uuid REFERENCES mls_sync_history ON DELETE CASCADE,
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    resource text,                             -- null on a parent
    sync_type text NOT NULL CHECK (sync_type IN ('full', 'incremental', 'sweep', 'record', 'retry')),
    status text NOT NULL CHECK (status IN ('waiting', 'running', 'success', 'partial', 'failed', 'cancelled')),
    dry_run boolean NOT NULL DEFAULT false,
    listing_key text,                          -- the one record of a 'record' run
    sweep_id uuid,                             -- the accepted sweep this run applies
    triggered_by text NOT NULL,
    cancel_requested_at timestamptz,
    queued_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    fetched bigint NOT NULL DEFAULT 0,
    added bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    deleted bigint NOT NULL DEFAULT 0,
    errored bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    stages jsonb NOT NULL DEFAULT '{}',
    error_type text,
    error text
);
-- One waiting and one running run per provider, whatever the number of workers.
CREATE UNIQUE INDEX mls_sync_history_waiting ON mls_sync_history (provider_id) WHERE parent_id IS NULL AND status = 'waiting';
CREATE UNIQUE INDEX mls_sync_history_running ON mls_sync_history (provider_id) WHERE parent_id IS NULL AND status = 'running';
CREATE INDEX mls_sync_history_recent ON mls_sync_history (queued_at DESC) WHERE parent_id IS NULL;
CREATE INDEX mls_sync_history_provider ON mls_sync_history (provider_id, queued_at DESC) WHERE parent_id IS NULL;
CREATE INDEX mls_sync_history_children ON mls_sync_history (parent_id) WHERE parent_id IS NOT NULL;

-- Records that could not be accepted, and runs that could not go on.
CREATE TABLE mls_sync_errors (
    id uuid PRIMARY KEY,
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    sync_id uuid NOT NULL REFERENCES mls_sync_history ON DELETE CASCADE,
    resource text,
    type text NOT NULL CHECK (type IN ('authentication', 'network', 'data_validation', 'rate_limit', 'protocol', 'unknown')),
    listing_key text,
    field text,
    reason text NOT NULL,
    raw text,                                  -- what the source said, for a retry and for a person to look at
    retry text NOT NULL DEFAULT 'pending' CHECK (retry IN ('pending', 'retrying', 'success', 'failed', 'abandoned')),
    attempts integer NOT NULL DEFAULT 0,
    at timestamptz NOT NULL,
    last_at timestamptz NOT NULL
);
-- A record refused again for the same provider is the same rejection, seen once more.
CREATE UNIQUE INDEX mls_sync_errors_open ON mls_sync_errors (provider_id, resource, listing_key)
    WHERE listing_key IS NOT NULL AND retry IN ('pending', 'retrying', 'failed');
CREATE INDEX mls_sync_errors_recent ON mls_sync_errors (provider_id, at DESC, id DESC);
CREATE INDEX mls_sync_errors_run ON mls_sync_errors (sync_id);

-- A sweep that was refused, and the keys it would have removed.
CREATE TABLE mls_sweeps (
    id uuid PRIMARY KEY,
    provider_id text NOT NULL REFERENCES mls_provider_configurations ON DELETE CASCADE,
    sync_id uuid NOT NULL,
    resource text NOT NULL,
    status text NOT NULL CHECK (status IN ('refused', 'accepted', 'superseded')),
    reason text NOT NULL,
    began_at timestamptz NOT NULL,
    active bigint NOT NULL,
    candidates bigint NOT NULL,
    removed bigint,
    decided_at timestamptz,
    decided_by text
);
CREATE INDEX mls_sweeps_provider ON mls_sweeps (provider_id, began_at DESC);

CREATE TABLE mls_sweep_candidates (
    sweep_id uuid NOT NULL REFERENCES mls_sweeps ON DELETE CASCADE,
    listing_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (sweep_id, listing_key)
);

-- The keys a sweep has seen so far. Unlogged: a sweep that a crash cuts short starts again anyway.
CREATE UNLOGGED TABLE mls_sweep_keys (
    sync_id uuid NOT NULL,
    listing_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (sync_id, listing_key)
);
