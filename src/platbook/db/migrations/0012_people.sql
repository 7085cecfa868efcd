-- What happened that somebody outside is to be told of, written in the transaction of what happened. A payload that is
-- a secret (the link of a password reset) is sealed whole. `taken_at`: whoever tells has it.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    sealed bytea,
    created_at timestamptz NOT NULL,
    taken_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE taken_at IS NULL;

-- Who did what, when, to what. It outlives whom it names, so nothing here refers to other tables.
CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    user_id uuid,
    key_id uuid,                               -- the API key it was done by; null: a login, or Platbook itself
    act text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_recent ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_user ON audit_log (user_id, at DESC, id DESC);
CREATE INDEX audit_log_subject ON audit_log (subject_kind, subject_id, at DESC, id DESC);

ALTER TABLE users
    ALTER password_hash DROP NOT NULL,         -- null: they sign in by OIDC, or have not chosen one yet
    ADD license_number text,
    ADD totp_secret bytea,                     -- sealed
    ADD totp_confirmed_at timestamptz,         -- null: set up and not asked for yet
    ADD totp_last_step bigint NOT NULL DEFAULT 0;  -- the time step of the last code used; none up to it is good again
CREATE INDEX users_office ON users (office, team);

-- The agents an assistant works for.
CREATE TABLE assistant_agents (
    assistant_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    agent_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (assistant_id, agent_id)
);
CREATE INDEX assistant_agents_agent ON assistant_agents (agent_id);

-- One login and all that is rotated from it. Its access tokens are good while it has not ended.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    began_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);
INSERT INTO sessions (id, user_id, began_at, expires_at, ended_at)
SELECT family_id, user_id, min(issued_at), max(expires_at), max(revoked_at) FROM refresh_tokens GROUP BY family_id, user_id;
ALTER TABLE refresh_tokens
    ADD FOREIGN KEY (family_id) REFERENCES sessions ON DELETE CASCADE,
    DROP revoked_at,                           -- a session ends as a whole
    DROP user_id;

ALTER TABLE invitations
    ADD office text,
    ADD team text,
    ADD invited_by text NOT NULL DEFAULT 'command line',
    ADD withdrawn_at timestamptz;
CREATE INDEX invitations_email ON invitations (lower(email));

CREATE TABLE password_resets (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX password_resets_user ON password_resets (user_id);

-- Codes for whoever has lost what makes their TOTP codes; each is good once.
CREATE TABLE recovery_codes (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    surface text NOT NULL CHECK (surface IN ('internal', 'public')),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz                   -- to the hour
);
CREATE INDEX api_keys_user ON api_keys (user_id);

-- Who somebody is at an OIDC issuer.
CREATE TABLE oidc_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX oidc_identities_user ON oidc_identities (user_id);

-- Which members of which MLS a user is. A row that nobody has confirmed is a proposal; a refused one is not made again.
CREATE TABLE member_links (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    provider_id text COLLATE "C" NOT NULL,
    member_key text COLLATE "C" NOT NULL,
    member_name text,
    basis text NOT NULL CHECK (basis IN ('entered', 'license number', 'email', 'name and office')),
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    confirmed_by text,
    refused_at timestamptz,
    UNIQUE (user_id, provider_id, member_key)
);
CREATE INDEX member_links_member ON member_links (provider_id, member_key);

-- "My listings".
CREATE INDEX properties_list_agent ON properties (provider_id, list_agent_key) WHERE list_agent_key IS NOT NULL;
CREATE INDEX properties_co_list_agent ON properties (provider_id, co_list_agent_key) WHERE co_list_agent_key IS NOT NULL;
CREATE INDEX properties_author ON properties (author_id) WHERE author_id IS NOT NULL;

-- Every server keeps what it knows of callers for a moment, as long as it hears of changes.
CREATE FUNCTION tell_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY access_changed;
    RETURN NULL;
END $$;
CREATE TRIGGER users_access_changed AFTER DELETE OR UPDATE OF email, role, office, team, is_active ON users
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER sessions_access_changed AFTER UPDATE OF ended_at ON sessions
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER api_keys_access_changed AFTER DELETE OR UPDATE OF revoked_at ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access_changed();
CREATE TRIGGER assistant_agents_access_changed AFTER INSERT OR DELETE ON assistant_agents
    FOR EACH STATEMENT EXECUTE FUNCTION tell_access_changed();
